"""Half-open boxes of voxels (`Box`), of places on a plane (`Area`), and the tiles of a mask."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

#: Slices, rows and columns of a tile. The tiles of a mask begin at voxel (0, 0, 0).
TILE = (16, 64, 64)


class Area(NamedTuple):
    """A half-open rectangle of (row, column) on a plane."""

    row0: int
    row1: int
    column0: int
    column1: int

    @property
    def shape(self) -> tuple[int, int]:
        return self.row1 - self.row0, self.column1 - self.column0

    @property
    def window(self) -> tuple[slice, slice]:
        """The index of the area in an array (rows, columns)."""
        return slice(self.row0, self.row1), slice(self.column0, self.column1)

    def union(self, other: Area) -> Area:
        """The smallest area around both."""
        return Area(
            min(self.row0, other.row0),
            max(self.row1, other.row1),
            min(self.column0, other.column0),
            max(self.column1, other.column1),
        )

    def meet(self, other: Area) -> Area | None:
        """What both have, or None."""
        rows = max(self.row0, other.row0), min(self.row1, other.row1)
        columns = max(self.column0, other.column0), min(self.column1, other.column1)
        return Area(*rows, *columns) if rows[0] < rows[1] and columns[0] < columns[1] else None

    def within(self, other: Area) -> tuple[slice, slice]:
        """The index of this area in an array of another one around it."""
        row, column = self.row0 - other.row0, self.column0 - other.column0
        return slice(row, row + self.shape[0]), slice(column, column + self.shape[1])


class Box(NamedTuple):
    """A half-open box in slice, row and column."""

    slice0: int
    slice1: int
    row0: int
    row1: int
    column0: int
    column1: int

    @classmethod
    def of_slice(cls, index: int, area: Area) -> Box:
        """An area of one slice."""
        return cls(index, index + 1, *area)

    @classmethod
    def whole(cls, shape: tuple[int, int, int]) -> Box:
        """All of an array of this shape."""
        return cls(0, shape[0], 0, shape[1], 0, shape[2])

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.slice1 - self.slice0, self.row1 - self.row0, self.column1 - self.column0

    @property
    def size(self) -> int:
        """How many voxels it holds."""
        slices, rows, columns = self.shape
        return slices * rows * columns

    @property
    def slices(self) -> range:
        return range(self.slice0, self.slice1)

    @property
    def ranges(self) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
        """(first, stop) by axis: slice, row, column."""
        return (
            (self.slice0, self.slice1),
            (self.row0, self.row1),
            (self.column0, self.column1),
        )

    @property
    def window(self) -> tuple[slice, slice, slice]:
        """The index of the box in an array (slices, rows, columns)."""
        return (
            slice(self.slice0, self.slice1),
            slice(self.row0, self.row1),
            slice(self.column0, self.column1),
        )

    def within(self, other: Box) -> tuple[slice, slice, slice]:
        """The index of the box in an array that holds another box, which is around it."""
        return (
            slice(self.slice0 - other.slice0, self.slice1 - other.slice0),
            slice(self.row0 - other.row0, self.row1 - other.row0),
            slice(self.column0 - other.column0, self.column1 - other.column0),
        )

    def union(self, other: Box) -> Box:
        """The smallest box around both."""
        return Box(
            min(self.slice0, other.slice0),
            max(self.slice1, other.slice1),
            min(self.row0, other.row0),
            max(self.row1, other.row1),
            min(self.column0, other.column0),
            max(self.column1, other.column1),
        )

    # Tiles

    @property
    def tile(self) -> tuple[int, int, int]:
        """Which tile its first voxel lies in, counted along slice, row and column."""
        return self.slice0 // TILE[0], self.row0 // TILE[1], self.column0 // TILE[2]

    @property
    def is_in_one_tile(self) -> bool:
        """Whether it lies in one tile; an empty box does."""
        # One by one, because it is asked for each Patch of a journal.
        slices, rows, columns = TILE
        return (
            self.slice1 <= (self.slice0 // slices + 1) * slices
            and self.row1 <= (self.row0 // rows + 1) * rows
            and self.column1 <= (self.column0 // columns + 1) * columns
        )

    def whole_tile(self, shape: tuple[int, int, int]) -> Box:
        """All of the tile that its first voxel lies in, as far as a mask of this shape reaches."""
        places = zip(self.tile, TILE, shape, strict=True)
        ranges = ((at * side, min((at + 1) * side, end)) for at, side, end in places)
        slices, rows, columns = ranges
        return Box(*slices, *rows, *columns)

    def tiles(self) -> Iterator[Box]:
        """Its parts tile by tile, in the order of slice, row and column."""
        parts = (
            [
                (max(start, first), min(start + side, stop))
                for start in range(first - first % side, stop, side)
                if first < stop
            ]
            for (first, stop), side in zip(self.ranges, TILE, strict=True)
        )
        for slices, rows, columns in product(*parts):
            yield Box(*slices, *rows, *columns)
