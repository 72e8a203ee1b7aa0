"""What lies under a place of the slice view: asked for by the menu and by "pick"."""

from __future__ import annotations

from dataclasses import dataclass


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
