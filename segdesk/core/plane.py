"""A plane through a scan as it is looked at: the `Plane`.

Across any of the three axes of a Grid. It maps (row, column) on it to voxels, and says which way
round it is drawn: as readers expect it, however a file stores it. Only the looking is turned:
voxels, the Grid and every Box stay as stored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from segdesk.core.box import Area, Box
from segdesk.core.grid import Grid

Orientation = Literal["sagittal", "coronal", "axial"]
#: By the body axis that a plane lies across: x, y, z.
ORIENTATIONS: tuple[Orientation, ...] = ("sagittal", "coronal", "axial")
#: Letters at the (top, left) edge of axial, coronal and sagittal planes, seen from the feet, the
#: front and the patient's left.
AS_READ = frozenset({("A", "R"), ("S", "R"), ("S", "A")})

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Plane:
    """Frozen, compares by value. Made by `across` or `of`, for the Grid that it goes through.

    Rows and columns of the plane are the two other axes of the Grid, in their order or, where
    `transposed`, in the opposite one. Places are (row, column), voxel centres at whole numbers.

    Parameters
    ----------
    axis : of the Grid that the plane lies across: 0 slice, 1 row, 2 column; 0 is a slice as stored
    index : along that axis
    transposed : whether rows of the plane follow the later of the two other axes
    mirrored : whether (rows, columns) of the plane are drawn from the last to the first
    """

    axis: int
    index: int
    transposed: bool = False
    mirrored: tuple[bool, bool] = (False, False)

    @classmethod
    def across(cls, grid: Grid, axis: int, index: int) -> Plane:
        """The plane across an axis of a Grid, turned as readers expect it.

        Slices without geometry are drawn as stored, and so is a slice whose rows and columns are
        swapped: its file shows it so, and its letters are true as they are.
        """
        return _first(grid, axis).at(index)

    @classmethod
    def of(cls, grid: Grid, orientation: Orientation, index: int) -> Plane:
        """The plane of an orientation; axial is a slice as stored where there is no geometry.

        Raises
        ------
        ValueError
            Where no axis of the Grid is nearest to that of the body.
        """
        for axis in range(3):
            if cls(axis, index).orientation(grid) == orientation:
                return cls.across(grid, axis, index)
        raise ValueError(f"expected a plane of the scan, received {orientation!r}")

    def at(self, index: int) -> Plane:
        """Another one of the same stack."""
        return replace(self, index=index)

    def orientation(self, grid: Grid) -> Orientation:
        """By the body axis that it lies across, as nearly as the Grid is turned."""
        if not grid.stacked:
            return ("axial", "coronal", "sagittal")[self.axis]
        return ORIENTATIONS[int(np.argmax(np.abs(grid.matrix[:, 2 - self.axis])))]

    @property
    def axes(self) -> tuple[int, int]:
        """The axes of the Grid that rows and columns of the plane follow."""
        first, second = (axis for axis in range(3) if axis != self.axis)
        return (second, first) if self.transposed else (first, second)

    @property
    def whole_slices(self) -> tuple[int, ...]:
        """The slices that somebody who looks at it sees as a whole: none where it lies across them.

        What is said of a slice, and what becomes of one that is drawn on, goes by these and never
        by `index`, which counts rows or columns there.
        """
        return () if self.axis else (self.index,)

    # Sizes

    def shape(self, grid: Grid) -> tuple[int, int]:
        """(rows, columns)."""
        rows, columns = self.axes
        return grid.shape[rows], grid.shape[columns]

    def count(self, grid: Grid) -> int:
        """How many planes its stack has."""
        return grid.shape[self.axis]

    def pixel_mm(self, grid: Grid) -> tuple[float, float]:
        """(row, column) size of a place; 1 mm each where slices have no geometry."""
        if not grid.stacked:
            return 1.0, 1.0
        rows, columns = self.axes
        return grid.spacing_mm[rows], grid.spacing_mm[columns]

    def edge_letters(self, grid: Grid) -> tuple[str, str, str, str]:
        """At the top, right, bottom and left edge as drawn; empty where there is no geometry."""
        letters = grid.axis_letters()
        rows, columns = (letters[axis] for axis in self.axes)
        down, right = self.mirrored
        return rows[down], columns[not right], rows[not down], columns[right]

    # Voxels

    def voxel(self, row: int, column: int) -> tuple[int, int, int]:
        """(slice, row, column) of a place."""
        index = [self.index] * 3
        for axis, value in zip(self.axes, (row, column), strict=True):
            index[axis] = value
        return index[0], index[1], index[2]

    def cut(self, array: npt.NDArray[T]) -> npt.NDArray[T]:
        """Its part of an array (slices, rows, columns[, channels]): a view, (rows, columns[,
        channels]) of the plane.
        """
        plane = array[(slice(None),) * self.axis + (self.index,)]
        return plane.swapaxes(0, 1) if self.transposed else plane

    def box(self, area: Area) -> Box:
        """The voxels of an area."""
        ranges = [(self.index, self.index + 1)] * 3
        for axis, ends in zip(self.axes, (area[:2], area[2:]), strict=True):
            ranges[axis] = ends
        return Box(*ranges[0], *ranges[1], *ranges[2])

    def area(self, box: Box) -> Area | None:
        """The places where it meets a box; None where it passes by."""
        first, stop = box.ranges[self.axis]
        if not first <= self.index < stop:
            return None
        rows, columns = (box.ranges[axis] for axis in self.axes)
        return Area(*rows, *columns)

    def solid(self, places: npt.NDArray[T]) -> npt.NDArray[T]:
        """An array of an area of the plane in the shape of its box."""
        return np.expand_dims(places.T if self.transposed else places, self.axis)


@lru_cache(maxsize=256)
def _first(grid: Grid, axis: int) -> Plane:
    """The first plane of a stack. Kept, because each event of the mouse asks for it."""
    if grid.stacked:
        letters = grid.axis_letters()
        for transposed in (False, True) if axis else (False,):
            plane = Plane(axis, 0, transposed)
            rows, columns = (letters[at] for at in plane.axes)
            for down, right in product((False, True), repeat=2):
                if (rows[down], columns[right]) in AS_READ:
                    return replace(plane, mirrored=(down, right))
    return Plane(axis, 0)
