"""A network's answer: batches of one shape in, probabilities out."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
import numpy.typing as npt

from segdesk.errors import TrainingError
from segdesk.learning import backend
from segdesk.ops.resample import Shape
from segdesk.sentence import Sentence

Floats = npt.NDArray[np.float32]
#: Slices that go through a network at once, and how many pixels they may have together.
MOST_SLICES, MOST_PIXELS = 8, 8 * 256 * 256


class Forward:
    """Runs a network on batches of slices.

    Parameters
    ----------
    network : as `registry.build` makes it, or loaded; its weights may change in between
    """

    def __init__(self, network: keras.Model) -> None:
        self.network = network
        self._answer = backend.answer(network)

    def outputs(self, images: Floats) -> Floats:
        """What the network says, float32, (n, rows, columns, outputs).

        Parameters
        ----------
        images : float32, (n, rows, columns, channels), 1 <= n

        Raises
        ------
        TrainingError
            Where the device's memory is too small.
        """
        try:
            return np.asarray(self._answer(images), np.float32)
        except backend.OUT_OF_MEMORY as error:
            raise TrainingError(
                Sentence(
                    "The memory is too small to predict slices of {shape}x{shape_2}.",
                    shape=images.shape[1],
                    shape_2=images.shape[2],
                ),
                "Train at a smaller size or with fewer filters.",
            ) from error


def batch_for(shape: Shape) -> int:
    """How many slices of (rows, columns) go through a network at a time."""
    rows, columns = shape
    return max(1, min(MOST_SLICES, MOST_PIXELS // (rows * columns)))


def probabilities(outputs: Floats) -> Floats:
    """Probability of each class, background first, that adds up to 1 in each voxel.

    Parameters
    ----------
    outputs : float32, (…, classes) logits, or (…, 1) a sigmoid's probability of the one segment
    """
    if outputs.shape[-1] == 1:
        return np.concatenate([1.0 - outputs, outputs], axis=-1)
    powers = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def in_batches(count: int, batch: int) -> Iterator[range]:
    """Ranges of at most `batch` indices that cover 0 to `count`."""
    for start in range(0, count, batch):
        yield range(start, min(start + batch, count))
