"""The lasso: which voxels of a slice lie inside a closed outline.

Same coordinates and the same `Region` as `paint.py`. On the start-up path: numpy only. A test of
each voxel against each edge (scikit-image's `draw.polygon`) takes the box times the points of a
freehand outline; the scan-line here takes the box plus the outline's length.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from segdesk.core.box import Area
from segdesk.ops.paint import Region


def polygon_mask(
    points: Sequence[tuple[float, float]] | npt.NDArray[np.float64],
    shape: tuple[int, int],
) -> Region | None:
    """Voxels whose centre lies inside a closed polygon, by the nonzero winding rule.

    Nonzero, not even-odd: a hand that overshoots its starting point or crosses its own line must
    not punch holes. A centre that lies on an edge is in on the side of the lower row and column
    and out on the other, so polygons that share an edge share no voxel.

    Parameters
    ----------
    points : (n, 2), row and column of the corners in order, may lie outside the slice; the last
        is joined to the first
    shape : (rows, columns) of the slice

    Returns
    -------
    The smallest area around the places inside the plane, and their mask; None where there are none
    (a point or a line encloses nothing).
    """
    corners = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    if len(corners) < 3 or np.linalg.matrix_rank(corners - corners[0], tol=1e-6) < 2:
        return None
    row0 = int(np.clip(np.ceil(corners[:, 0].min()), 0, shape[0]))
    row1 = int(np.clip(np.floor(corners[:, 0].max()) + 1, 0, shape[0]))
    column0 = int(np.clip(np.ceil(corners[:, 1].min()), 0, shape[1]))
    column1 = int(np.clip(np.floor(corners[:, 1].max()) + 1, 0, shape[1]))
    if row0 >= row1 or column0 >= column1:
        return None
    row, column, step = _crossings(corners, row0, row1)
    turns = np.zeros((row1 - row0, column1 - column0 + 1), np.int32)
    # A crossing left of the box turns its whole row; one at its right turns only the spare column.
    column = np.clip(np.ceil(column), column0, column1).astype(np.intp)
    np.add.at(turns, (row - row0, column - column0), step)
    mask = np.cumsum(turns[:, :-1], axis=1) != 0
    return _tight(mask, Area(row0, row1, column0, column1))


def _crossings(
    corners: npt.NDArray[np.float64], row0: int, row1: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    """Where the polygon's edges cross the centres of rows row0 to row1 - 1.

    Returns
    -------
    For each crossing its row, its column and +1 where the edge goes down, -1 where it goes up.
    """
    starts, ends = corners, np.roll(corners, -1, axis=0)
    goes_down = starts[:, 0] < ends[:, 0]
    # Both directions of an edge are computed from the same end: what goes there and back cancels.
    upper = np.where(goes_down[:, None], starts, ends)
    lower = np.where(goes_down[:, None], ends, starts)
    first = np.clip(np.ceil(upper[:, 0]), row0, row1).astype(np.intp)
    count = np.clip(np.ceil(lower[:, 0]), row0, row1).astype(np.intp) - first
    edge = np.repeat(np.arange(len(corners)), count)
    position = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    row = first[edge] + position
    height = (lower - upper)[edge, 0]
    share = (row - upper[edge, 0]) / height
    column = upper[edge, 1] + share * (lower - upper)[edge, 1]
    return row, column, np.where(goes_down[edge], 1, -1).astype(np.int32)


def _tight(mask: npt.NDArray[np.bool_], area: Area) -> Region | None:
    rows = np.flatnonzero(mask.any(axis=1))
    if not rows.size:
        return None
    columns = np.flatnonzero(mask.any(axis=0))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    left, right = int(columns[0]), int(columns[-1]) + 1
    tight = Area(area.row0 + top, area.row0 + bottom, area.column0 + left, area.column0 + right)
    return Region(tight, mask[top:bottom, left:right])
