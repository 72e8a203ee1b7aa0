"""Outlines of masks as closed polygons, where a mask has to become a path."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def outlines(mask: npt.NDArray[np.bool_], *, shortest: int = 8) -> list[npt.NDArray[np.float64]]:
    """The outer and inner outlines of a mask, at half a voxel around it.

    Parameters
    ----------
    mask : bool, (rows, columns)
    shortest : outlines of fewer points are left out

    Returns
    -------
    float64, (n, 2) as (row, column), closed (the last point is the first), the longest first.

    References
    ----------
    Marching squares as in `skimage.measure.find_contours`.
    """
    # scikit-image is only needed once a path is asked for, not when the program starts.
    from skimage.measure import find_contours

    # A margin, so that a mask at the border has a closed outline too.
    found = find_contours(np.pad(mask, 1).astype(np.float32), 0.5)
    kept = [path - 1.0 for path in found if len(path) >= shortest]
    return sorted(kept, key=len, reverse=True)
