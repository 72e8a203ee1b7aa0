"""Axial is axial: volumes stored in other planes are turned at import, and back at export.

Only axes are permuted: no voxel is resampled, none is mirrored. Which way round rows and columns
are drawn is decided by the window (`core.plane`), and slices may run up or down, as in
a file whose slices are axial already. DICOM series stay in the planes in which they were acquired:
only there is a slice what the scanner made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from segdesk.core.case import AS_STORED, Axes
from segdesk.core.grid import Grid
from segdesk.core.tolerances import AXIS_CLEARER
from segdesk.formats.geometry import reordered
from segdesk.formats.stored import Stored
from segdesk.formats.unpacking import spooled
from segdesk.sentence import Sentence

#: Bytes of planes that are turned at a time.
TURNED = 1 << 22
PLANES = {"L": "sagittal", "R": "sagittal", "P": "coronal", "A": "coronal"}


def axial(stored: Stored) -> Stored:
    """The same numbers with the most axial axis as the slice axis; see `axial_axes`."""
    axes = axial_axes(stored.grid)
    if axes == AS_STORED:
        return stored

    def read() -> npt.NDArray[Any]:
        turned = np.transpose(stored.read(), axes)
        # Written once more, plane by plane: a plane out of the turned view would touch all of it.
        return spooled(_blocks(turned), turned.shape, turned.dtype, stored.name)

    return replace(
        stored,
        grid=reordered(stored.grid, axes),
        read=read,
        axes=axes,
        notes=(*stored.notes, _note(stored.grid, axes)),
    )


def _blocks(array: npt.NDArray[Any]) -> Iterator[bytes]:
    count = max(1, TURNED // (array[0].size * array.itemsize))
    for start in range(0, len(array), count):
        yield np.ascontiguousarray(array[start : start + count]).tobytes()


def _note(grid: Grid, axes: Axes) -> str:
    stored = PLANES.get(grid.axis_letters()[0][1])
    what = Sentence("swaps rows and columns")
    if axes[0] and stored:
        what = Sentence("stores {plane} slices", plane=stored)
    return Sentence(
        "The file {what}; they were put in axial order, nothing was resampled. What is exported "
        "for it is in the file's own order again.",
        what=what,
    )


def axial_axes(grid: Grid) -> Axes:
    """Which axis of a file becomes slice, row and column.

    The slice axis is the one nearest to the patient's long axis, the row axis the one of the other
    two that is nearer to front and back. As stored: what has no geometry, and what is one slice,
    row or column.
    """
    if not grid.stacked or min(grid.shape) == 1:
        return AS_STORED
    # Rows: x, y, z of the patient; columns: slice, row and column axis of the file.
    along = np.abs(grid.matrix[:, ::-1])
    slices = _most(along[2], (0, 1, 2))
    first, second = (axis for axis in (0, 1, 2) if axis != slices)
    rows = _most(along[1], (first, second))
    return slices, rows, second if rows == first else first


def _most(along: npt.NDArray[np.float64], axes: tuple[int, ...]) -> int:
    """The axis that lies most along a direction; the first of them where none clearly does."""
    best = max(axes, key=lambda axis: along[axis])
    return best if along[best] > along[axes[0]] + AXIS_CLEARER else axes[0]


def in_source_order(
    array: npt.NDArray[Any], grid: Grid, axes: Axes
) -> tuple[npt.NDArray[Any], Grid]:
    """An array and its Grid as the file had them before `axial`.

    Parameters
    ----------
    array : (slices, rows, columns), of the grid's shape; a view of it is returned
    axes : as `core.case.Source.axes`
    """
    if axes == AS_STORED:
        return array, grid
    back = source_axes(axes)
    return np.transpose(array, back), reordered(grid, back)


def source_axes(axes: Axes) -> Axes:
    """Which axis of the volume lies along each axis of the file: `axes` the other way round."""
    back = np.argsort(axes).tolist()
    return back[0], back[1], back[2]
