"""Fill: the connected region of one label around a click, and what a mask encloses.

Same coordinates as `paint.py`. Whether a region that reaches the border of the slice may be
filled is the tool's decision (`app.labelling.tools`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from segdesk.core.box import Area, Box


class Fill(NamedTuple):
    """A filled region: the area around it, a mask, whether it reaches the plane's border."""

    area: Area
    mask: npt.NDArray[np.bool_]
    touches_border: bool


def fill_region(labels_plane: npt.NDArray[np.uint8], seed: tuple[int, int]) -> Fill:
    """The 4-connected region of equal label around a voxel.

    Parameters
    ----------
    labels_plane : uint8, (rows, columns)
    seed : (row, column) of a voxel of the plane

    Raises
    ------
    ValueError
        Where the seed lies outside the plane.
    """
    # Here and not above: SciPy costs 0.3 s and the window starts without it.
    from scipy import ndimage

    rows, columns = labels_plane.shape
    if not (0 <= seed[0] < rows and 0 <= seed[1] < columns):
        raise ValueError(f"expected a seed inside {labels_plane.shape}, received seed={seed}")
    regions = np.empty(labels_plane.shape, np.int32)
    ndimage.label(labels_plane == labels_plane[seed], output=regions)
    number = int(regions[seed])
    row, column = ndimage.find_objects(regions, max_label=number)[number - 1]
    area = Area(row.start, row.stop, column.start, column.stop)
    touches = area.row0 == 0 or area.column0 == 0 or area.row1 == rows or area.column1 == columns
    return Fill(area, regions[row, column] == number, touches)


def holes(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """What a mask encloses and has not: background without a way out, diagonals not counted.

    Parameters
    ----------
    mask : bool, (rows, columns) of a slice or (slices, rows, columns)
    """
    from scipy import ndimage

    filled = np.empty_like(mask)
    ndimage.binary_fill_holes(mask, output=filled)
    return filled & ~mask


def box_around(mask: npt.NDArray[np.bool_]) -> Box | None:
    """The smallest box around what is set, (slices, rows, columns); None where nothing is."""
    ranges: list[int] = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        found = np.flatnonzero(mask.any(axis=others))
        if not found.size:
            return None
        ranges += [int(found[0]), int(found[-1]) + 1]
    return Box(*ranges)
