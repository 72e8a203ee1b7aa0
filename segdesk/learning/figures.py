"""How good a training is while it runs: accuracy and mean Dice, unknown voxels left out.

`accuracy` and `dice` are Keras metrics on the network's own pixels, for the training batches;
`SliceFigures` measures a validation slice on the scan's own grid. Tables with distances and
volumes, after the run, belong to `ops.metrics`.
"""

# Keras types what its operations return as None.
# pyright: reportOptionalOperand=false, reportOptionalSubscript=false, reportOperatorIssue=false

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from keras import ops

from segdesk.jobs.bundle import IGNORE
from segdesk.learning.losses import Tensor


def accuracy(target: Tensor, output: Tensor) -> Tensor:
    """Share of the known voxels whose class is right; 0 where none is known.

    Parameters
    ----------
    target : uint8, (n, rows, columns, 1), class indices or 255
    output : float, (n, rows, columns, classes) logits, or (n, rows, columns, 1) probability
    """
    known, truth = _known_and_truth(target)
    right = ops.logical_and(known, ops.equal(truth, _classes(output)))
    return _sum(right) / ops.maximum(_sum(known), 1.0)


def dice(target: Tensor, output: Tensor) -> Tensor:
    """Mean over the slices of the foreground's Dice, as `SliceFigures.dice` defines it.

    Parameters as in `accuracy`.
    """
    known, truth = _known_and_truth(target)
    found = _classes(output)
    of_classes: list[Tensor] = []
    present: list[Tensor] = []
    for number in range(1, max(2, output.shape[-1])):
        mine = ops.logical_and(known, ops.equal(found, number))
        real = ops.equal(truth, number)
        either = _sum(mine, axis=(1, 2)) + _sum(real, axis=(1, 2))
        shared = _sum(ops.logical_and(mine, real), axis=(1, 2))
        of_classes.append(2.0 * shared / ops.maximum(either, 1.0))
        present.append(ops.cast(either > 0, "float32"))
    count = sum(present[1:], present[0])
    total = sum(of_classes[1:], of_classes[0])
    return ops.mean(ops.where(count > 0, total / ops.maximum(count, 1.0), 1.0))


@dataclass(frozen=True, slots=True)
class SliceFigures:
    """One slice on its own grid.

    Parameters
    ----------
    right, known : voxels
    dice : mean over the segments that truth or prediction have; 1 where neither has any
    """

    right: int
    known: int
    dice: float

    @classmethod
    def of(cls, found: npt.NDArray[np.uint8], target: npt.NDArray[np.uint8]) -> SliceFigures:
        """Measure class indices, uint8, (rows, columns), against a target that may hold 255."""
        known = target != IGNORE
        found, truth = found[known], target[known]
        scores: list[float] = []
        for number in np.union1d(found, truth):
            if number:
                mine, real = found == number, truth == number
                scores.append(2.0 * np.count_nonzero(mine & real) / (mine.sum() + real.sum()))
        return cls(
            right=int(np.count_nonzero(found == truth)),
            known=int(np.count_nonzero(known)),
            dice=float(np.mean(scores)) if scores else 1.0,
        )


def _known_and_truth(target: Tensor) -> tuple[Tensor, Tensor]:
    truth = ops.cast(target[..., 0], "int32")
    return ops.not_equal(truth, IGNORE), truth


def _classes(output: Tensor) -> Tensor:
    if output.shape[-1] == 1:
        return ops.cast(output[..., 0] > 0.5, "int32")
    return ops.cast(ops.argmax(output, axis=-1), "int32")


def _sum(flags: Tensor, axis: tuple[int, ...] | None = None) -> Tensor:
    return ops.sum(ops.cast(flags, "float32"), axis=axis)
