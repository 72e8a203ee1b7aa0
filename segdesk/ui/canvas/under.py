"""What lies under a place of the slice view: asked for by the menu and by "pick"."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Under:
    """One voxel.

    Parameters
    ----------
    case : id
    slice, row, column : of the voxel
    segment : number of the segment there, 0 is background
    """

    case: str
    slice: int
    row: int
    column: int
    segment: int


def under_at(
    case: str, labels: npt.NDArray[np.uint8], index: int, point: tuple[float, float]
) -> Under | None:
    """The voxel at a point of a slice; None outside.

    Parameters
    ----------
    labels : uint8, (slices, rows, columns)
    point : (row, column), not rounded; centres at whole numbers
    """
    row, column = (math.floor(value + 0.5) for value in point)
    if not (0 <= row < labels.shape[1] and 0 <= column < labels.shape[2]):
        return None
    return Under(case, index, row, column, int(labels[index, row, column]))
