"""A network's answer: batches of one shape in, probabilities out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

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
        #: Pixels that go through at once, once more were too many for the memory; None before.
        self.most_pixels: int | None = None

    def outputs(self, images: Floats) -> Floats:
        """What the network says, float32, (n, rows, columns, outputs).

        Where so many slices at once need more memory than there is, half of them go through at a
        time, from then on.

        Parameters
        ----------
        images : float32, (n, rows, columns, channels), 1 <= n

        Raises
        ------
        TrainingError
            Where the device's memory is too small for one.
        """
        count, pixels = len(images), images.shape[1] * images.shape[2]
        if self.most_pixels is not None and count * pixels > self.most_pixels:
            at_once = max(1, self.most_pixels // pixels)
        else:
            at_once = count
        if at_once < count:
            parts = [
                self.outputs(images[one.start : one.stop]) for one in in_batches(count, at_once)
            ]
            return np.concatenate(parts)
        try:
            return np.asarray(self._answer(images), np.float32)
        except backend.OUT_OF_MEMORY as error:
            if count > 1:
                self.most_pixels = (count // 2) * pixels
                return self.outputs(images)
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
    powers = np.exp(outputs - over_classes(np.maximum, outputs)[..., None])
    powers /= over_classes(np.add, powers)[..., None]
    return powers


def over_classes(what: np.ufunc, chances: Floats) -> Floats:
    """A sum or the like over the last axis, which is short: one class after the other takes a
    tenth of the time of NumPy's own way through it."""
    return np.asarray(reduce(what, np.moveaxis(chances, -1, 0)), np.float32)


def in_batches(count: int, batch: int) -> Iterator[range]:
    """Ranges of at most `batch` indices that cover 0 to `count`."""
    for start in range(0, count, batch):
        yield range(start, min(start + batch, count))
