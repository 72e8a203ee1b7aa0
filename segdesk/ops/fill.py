"""Fill: the connected region of one label around a click.

Same coordinates as `paint.py`. Whether a region that reaches the border of the slice may be
filled is the tool's decision (`app.labelling.tools`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from segdesk.core.edit import Box


class Fill(NamedTuple):
    """A filled region: bounding box, mask of its shape, whether it reaches the slice's border."""

    box: Box
    mask: npt.NDArray[np.bool_]
    touches_border: bool


def fill_region(
    labels_plane: npt.NDArray[np.uint8], seed: tuple[int, int], slice_index: int = 0
) -> Fill:
    """The 4-connected region of equal label around a voxel.

    Parameters
    ----------
    labels_plane : uint8, (rows, columns)
    seed : (row, column) of a voxel of the plane
    slice_index : goes into the box

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
    box = Box(slice_index, row.start, row.stop, column.start, column.stop)
    touches = box.row0 == 0 or box.column0 == 0 or box.row1 == rows or box.column1 == columns
    return Fill(box, regions[row, column] == number, touches)
