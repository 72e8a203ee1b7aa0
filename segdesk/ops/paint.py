"""The brush: which voxels of a slice lie under a disc or a stroke, and what outlines them.

A brush is a circle in mm on the patient, so an ellipse where pixels are not square. Points are
(row, column) floats with voxel centres at integers. What the voxels become is decided by
`app.labelling.editing` (locks, HU range, provenance); drawing belongs to `ui.canvas`. On the
start-up path: numpy only.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from segdesk.core.box import Area

Mask = npt.NDArray[np.bool_]
#: A voxel whose centre lies on the rim is in, whatever rounding says; in pixels.
RIM = 1e-6


class Region(NamedTuple):
    """Some places of a plane: the smallest area around them and a mask of its shape."""

    area: Area
    mask: Mask


def disk_mask(
    centre_row: float,
    centre_column: float,
    radius_mm: float,
    pixel_mm: tuple[float, float],
    shape: tuple[int, int],
) -> Region | None:
    """Voxels whose centre lies within a radius of a point, and the voxel under the point.

    A disc no wider than a voxel is the voxel under the point alone.

    Parameters
    ----------
    centre_row, centre_column : float, may lie outside the slice
    radius_mm : float > 0
    pixel_mm : (row, column) size of a pixel, each > 0
    shape : (rows, columns) of the slice

    Returns
    -------
    The smallest area around the places inside the plane, and their mask; None where there are none.
    """
    centre = (centre_row, centre_column)
    return capsule_mask(centre, centre, radius_mm, pixel_mm, shape)


def capsule_mask(
    from_point: tuple[float, float],
    to_point: tuple[float, float],
    radius_mm: float,
    pixel_mm: tuple[float, float],
    shape: tuple[int, int],
) -> Region | None:
    """Voxels whose centre lies within a radius of the segment between two points.

    The voxels under the segment itself are in too, so that the thinnest brush leaves no gap. A
    brush no wider than a voxel paints these alone.

    Parameters
    ----------
    from_point, to_point : (row, column), may lie outside the slice
    radius_mm, pixel_mm, shape : as for `disk_mask`

    Returns
    -------
    As `disk_mask`.

    Raises
    ------
    ValueError
        Where the radius or a pixel size is not positive.

    Notes
    -----
    A capsule is convex, so it meets each row in one run. Only the ends of the runs are computed:
    the cost grows with the rows that the brush covers and never with the scan.
    """
    if not (radius_mm > 0 and min(pixel_mm) > 0):
        raise ValueError(
            f"expected sizes > 0 mm, received radius_mm={radius_mm}, pixel_mm={pixel_mm}"
        )
    row_mm, column_mm = pixel_mm
    reach = radius_mm + RIM * min(pixel_mm)
    path = _voxels_under(from_point, to_point)
    # The voxel under the cursor may lie just outside a tiny radius, hence the extra half pixel.
    margin = max(reach / row_mm, 0.5)
    row0 = max(math.floor(min(from_point[0], to_point[0]) - margin), 0)
    row1 = min(math.ceil(max(from_point[0], to_point[0]) + margin) + 1, shape[0])
    if row0 >= row1:
        return None
    y = (np.arange(row0, row1, dtype=np.float64) - from_point[0]) * row_mm
    along = ((to_point[0] - from_point[0]) * row_mm, (to_point[1] - from_point[1]) * column_mm)
    is_thin = 2 * radius_mm <= min(pixel_mm) * (1 + RIM)
    low, high = _nothing(len(y)) if is_thin else _runs(y, along, reach)
    first = _clipped(np.ceil(low / column_mm + from_point[1]), shape[1])
    stop = _clipped(np.floor(high / column_mm + from_point[1]) + 1, shape[1])
    within = (path[:, 0] >= row0) & (path[:, 0] < row1)
    path = path[within & (path[:, 1] >= 0) & (path[:, 1] < shape[1])]
    np.minimum.at(first, path[:, 0] - row0, path[:, 1])
    np.maximum.at(stop, path[:, 0] - row0, path[:, 1] + 1)
    return _region_of_runs(first, stop, row0)


def _voxels_under(from_point: tuple[float, float], to_point: tuple[float, float]) -> npt.NDArray:
    """Voxels under points of the segment at most one voxel apart: an 8-connected line."""
    longest = max(abs(to_point[0] - from_point[0]), abs(to_point[1] - from_point[1]))
    points = np.linspace(from_point, to_point, math.ceil(longest) + 1)
    return np.floor(points + 0.5).astype(np.intp)


def _nothing(rows: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Runs that are empty: from inf to -inf."""
    return np.full(rows, np.inf), np.full(rows, -np.inf)


def _runs(
    y: npt.NDArray[np.float64], along: tuple[float, float], reach: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Where rows at `y` meet a capsule from (0, 0) to `along` (y, x), all in mm.

    Returns
    -------
    Lowest and highest x for each row; inf and -inf where a row does not meet it.
    """
    low, high = _nothing(len(y))
    for end_y, end_x in ((0.0, 0.0), along):
        squared = reach**2 - (y - end_y) ** 2
        met = squared >= 0
        half = np.sqrt(squared[met])
        low[met] = np.minimum(low[met], end_x - half)
        high[met] = np.maximum(high[met], end_x + half)
    length = math.hypot(*along)
    if length <= RIM * reach:
        return low, high
    # The straight part is the rectangle |across| <= reach, 0 <= forward <= length.
    unit_y, unit_x = along[0] / length, along[1] / length
    band_low, band_high = _between(y * unit_x, unit_y, -reach, reach)
    forward_low, forward_high = _between(-y * unit_y, unit_x, 0.0, length)
    band_low, band_high = np.maximum(band_low, forward_low), np.minimum(band_high, forward_high)
    met = band_low <= band_high
    low[met] = np.minimum(low[met], band_low[met])
    high[met] = np.maximum(high[met], band_high[met])
    return low, high


def _between(
    offset: npt.NDArray[np.float64], factor: float, least: float, most: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The x with least <= factor * x - offset <= most, as (lowest, highest)."""
    if abs(factor) < 1e-12:
        inside = (-offset >= least) & (-offset <= most)
        return np.where(inside, -np.inf, np.inf), np.where(inside, np.inf, -np.inf)
    ends = (offset + least) / factor, (offset + most) / factor
    return np.minimum(*ends), np.maximum(*ends)


def _clipped(columns: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.intp]:
    return np.clip(columns, 0, size).astype(np.intp)


def _region_of_runs(
    first: npt.NDArray[np.intp], stop: npt.NDArray[np.intp], row0: int
) -> Region | None:
    filled = np.flatnonzero(first < stop)
    if not filled.size:
        return None
    top, bottom = int(filled[0]), int(filled[-1]) + 1
    left, right = int(first[filled].min()), int(stop[filled].max())
    columns = np.arange(left, right)
    first, stop = first[top:bottom, None], stop[top:bottom, None]
    area = Area(row0 + top, row0 + bottom, left, right)
    return Region(area, (columns >= first) & (columns < stop))


def outline_edges(mask: Mask) -> npt.NDArray[np.intp]:
    """The pixel edges around the True voxels of a mask, holes included.

    Parameters
    ----------
    mask : bool, (rows, columns); outside counts as False

    Returns
    -------
    intp, (edges, 4): row0, column0, row1, column1 in corner coordinates, where voxel (r, c) has
    its corners at (r, c) and (r + 1, c + 1). Each edge is one pixel long, horizontal ones first.
    """
    padded = np.pad(mask, 1)
    row, column = np.nonzero(padded[1:, 1:-1] != padded[:-1, 1:-1])
    horizontal = np.stack([row, column, row, column + 1], axis=1)
    row, column = np.nonzero(padded[1:-1, 1:] != padded[1:-1, :-1])
    vertical = np.stack([row, column, row + 1, column], axis=1)
    return np.concatenate([horizontal, vertical])
