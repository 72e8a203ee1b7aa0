"""What lies under a place of the slice view: asked for by the menu and by "pick"."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdesk.core.plane import Plane


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
    case: str, labels: npt.NDArray[np.uint8], plane: Plane, point: tuple[float, float]
) -> Under | None:
    """The voxel at a point of a plane; None outside.

    Parameters
    ----------
    labels : uint8, (slices, rows, columns)
    point : (row, column), not rounded; centres at whole numbers
    """
    row, column = (math.floor(value + 0.5) for value in point)
    shown = plane.cut(labels)
    if not (0 <= row < shown.shape[0] and 0 <= column < shown.shape[1]):
        return None
    return Under(case, *plane.voxel(row, column), int(shown[row, column]))
