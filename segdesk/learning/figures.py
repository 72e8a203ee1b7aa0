"""How good a training is while it runs: accuracy and Dice, unknown voxels left out.

`accuracy` and `Overlap` look at the network's own pixels in the training batches; a validation
slice is counted on the scan's own grid by `ops.metrics.tally`. Either way Dice comes from voxels
added up for each segment, over an epoch's batches or over the chosen slices: in a mean over slices
each empty one would count as a success. Tables with distances and volumes, after the run, belong
to `app` and `ops.metrics`.
"""

# Keras types what its operations return as None.
# pyright: reportOptionalOperand=false, reportOptionalSubscript=false, reportOperatorIssue=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from segdesk.jobs.bundle import IGNORE
from segdesk.learning.losses import Tensor
from segdesk.ops.metrics import Tally, dice


def accuracy(target: Tensor, output: Tensor, incomplete: Tensor) -> Tensor:
    """Share of the known voxels whose class is right; 0 where none is known.

    Background of a slice that is not complete for a class may be that class.

    Parameters
    ----------
    target : uint8, (n, rows, columns, 1), class indices or 255
    output : float, (n, rows, columns, classes) logits, or (n, rows, columns, 1) probability
    incomplete : float32, (n, classes), 1 for each class that the slice is not complete for
    """
    known, truth = _known_and_truth(target)
    found = _classes(output)
    flat = ops.reshape(found, (ops.shape(found)[0], -1))
    open_ = ops.reshape(ops.take_along_axis(incomplete, flat, axis=1), ops.shape(found)) > 0
    may_be = ops.logical_and(ops.equal(truth, 0), open_)
    right = ops.logical_and(known, ops.logical_or(ops.equal(truth, found), may_be))
    return _sum(right) / ops.maximum(_sum(known), 1.0)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Voxels of each segment in any number of batches; overlaps add up.

    Parameters
    ----------
    shared, found, real : class 1, 2, …: in both, in the network's answer, in the truth
    known : of any class, background included, on the slices that are complete for this one
    """

    shared: tuple[float, ...]
    found: tuple[float, ...]
    real: tuple[float, ...]
    known: tuple[float, ...]

    def __add__(self, other: Overlap) -> Overlap:
        return Overlap(
            _added(self.shared, other.shared),
            _added(self.found, other.found),
            _added(self.real, other.real),
            _added(self.known, other.known),
        )

    @property
    def dice(self) -> float | None:
        """Mean over the segments that the truth shows; None where it shows none."""
        scores = [
            2.0 * both / (one + other)
            for both, one, other in zip(self.shared, self.found, self.real, strict=True)
            if other
        ]
        return float(np.mean(scores)) if scores else None

    @property
    def constant_dice(self) -> float:
        """See the function of this name."""
        return constant_dice(list(zip(self.real, self.known, strict=True)))


class OverlapOfBatch(keras.metrics.Metric):
    """The `Overlap` of the batch in hand, counted within the training step.

    A class is counted on the slices that are complete for it.

    Parameters
    ----------
    classes : of the network, background included
    """

    def __init__(self, classes: int) -> None:
        super().__init__(name="overlap")
        self._numbers = range(1, classes)
        self._counts = self.add_variable((4, classes - 1), "zeros", dtype="float32", name="counts")

    def update_state(self, target: Tensor, output: Tensor, incomplete: Tensor) -> None:
        """Count a batch; parameters as in `accuracy`."""
        known, truth = _known_and_truth(target)
        found = _classes(output)
        rows: list[Tensor] = []
        for number in self._numbers:
            counts = ops.equal(incomplete[:, number], 0.0)[:, None, None]
            here = ops.logical_and(known, counts)
            mine = ops.logical_and(here, ops.equal(found, number))
            real = ops.logical_and(here, ops.equal(truth, number))
            both = ops.logical_and(mine, real)
            rows.append(ops.stack([_sum(both), _sum(mine), _sum(real), _sum(here)]))
        self._counts.assign_add(ops.stack(rows, axis=1))

    def result(self) -> Tensor:
        """Keras asks for one figure: voxels of the truth."""
        return ops.sum(self._counts[2])

    @property
    def overlap(self) -> Overlap:
        """Of everything since the last reset."""
        shared, found, real, known = np.asarray(self._counts).tolist()
        return Overlap(tuple(shared), tuple(found), tuple(real), tuple(known))


def shown_dice(counted: Tally) -> float | None:
    """Mean Dice of the segments that the truth of the counted slices shows.

    Always the same segments on the same slices, so that epochs and runs can be compared; one stray
    voxel of a segment that is nowhere does not decide. None where no segment is shown.
    """
    scores = [dice(counts) for _, counts in counted.segments if counts.in_truth]
    return float(np.mean([score or 0.0 for score in scores])) if scores else None


def constant_dice(rows: Sequence[tuple[float, float]]) -> float:
    """The best Dice that one and the same class everywhere would score: a network that is no better
    has not looked at its images.

    Parameters
    ----------
    rows : for each segment its voxels in the truth, and all that were compared
    """
    shown = [(real, compared) for real, compared in rows if real]
    if not shown:
        return 0.0
    return max(2.0 * real / (real + compared) for real, compared in shown) / len(shown)


def _known_and_truth(target: Tensor) -> tuple[Tensor, Tensor]:
    truth = ops.cast(target[..., 0], "int32")
    return ops.not_equal(truth, IGNORE), truth


def _classes(output: Tensor) -> Tensor:
    if output.shape[-1] == 1:
        return ops.cast(output[..., 0] > 0.5, "int32")
    return ops.cast(ops.argmax(output, axis=-1), "int32")


def _sum(flags: Tensor, axis: tuple[int, ...] | None = None) -> Tensor:
    return ops.sum(ops.cast(flags, "float32"), axis=axis)


def _added(one: tuple[float, ...], other: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(first + second for first, second in zip(one, other, strict=True))
