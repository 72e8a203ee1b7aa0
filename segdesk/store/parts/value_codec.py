"""Small values as HDF5 attributes and columns, for the codecs of this room."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar, get_args

import numpy as np

from segdesk.core.grid import Grid
from segdesk.core.volume import Unit
from segdesk.store.parts.hdf5 import Group, NewGroup

Name = TypeVar("Name", bound=str)
#: Of a scan; more are refused before anything of that size is allocated.
LARGEST_SIDE, MOST_VOXELS = 100_000, 1 << 36
UNITS: tuple[Unit, ...] = get_args(Unit)


def put_grid(grid: Grid, group: NewGroup) -> None:
    """A Grid as five attributes."""
    group.put(
        shape=grid.shape,
        spacing_mm=tuple(float(step) for step in grid.spacing_mm),
        origin_mm=tuple(float(place) for place in grid.origin_mm),
        direction=tuple(float(cosine) for cosine in grid.direction),
        stacked=grid.stacked,
    )


def check_size(slices: int, rows: int, columns: int) -> None:
    """Refuse a scan that no scanner makes, before anything of its size is allocated.

    Raises
    ------
    ValueError
        Where it has too many voxels.
    """
    if max(slices, rows, columns) > LARGEST_SIDE or slices * rows * columns > MOST_VOXELS:
        raise ValueError(f"expected a scan of this world, received {slices}×{rows}×{columns}")


def grid_of(group: Group) -> Grid:
    """The Grid of five attributes."""
    slices, rows, columns = group.integers("shape")
    check_size(slices, rows, columns)
    k, j, i = group.numbers("spacing_mm")
    x, y, z = group.numbers("origin_mm")
    direction, stacked = group.numbers("direction"), group.flag("stacked")
    return Grid((slices, rows, columns), (k, j, i), (x, y, z), direction, stacked)


def put_pairs(group: NewGroup, rows: tuple[tuple[str, str], ...]) -> None:
    """Text pairs as two columns."""
    group.texts("names", [name for name, _ in rows])
    group.texts("values", [value for _, value in rows])


def pairs_of(group: Group) -> tuple[tuple[str, str], ...]:
    """The text pairs of two columns."""
    return tuple(zip(group.texts("names"), group.texts("values"), strict=True))


def put_text_rows(group: NewGroup, name: str, rows: Sequence[Sequence[str]]) -> None:
    """Rows of different lengths as two columns: all texts one after the other, and the lengths."""
    group.texts(name, [text for row in rows for text in row])
    put_lengths(group, name, rows)


def text_rows_of(group: Group, name: str, count: int) -> list[tuple[str, ...]]:
    """The rows of `put_text_rows`.

    Raises
    ------
    ValueError
        Where there are not `count`, or their lengths do not add up.
    """
    texts = group.texts(name)
    return [texts[row] for row in rows_of(group, name, count, len(texts))]


def put_lengths(group: NewGroup, name: str, rows: Sequence[Sequence[object]]) -> None:
    """How long each row of a column NAME is."""
    group.column(f"{name}_count", np.array([len(row) for row in rows], dtype=np.int64))


def rows_of(group: Group, name: str, count: int, total: int) -> list[slice]:
    """Where in a column NAME of `total` items each row lies; raises as `text_rows_of`."""
    lengths: list[int] = group.column(f"{name}_count", np.int64).tolist()
    if len(lengths) != count or any(length < 0 for length in lengths) or sum(lengths) != total:
        raise ValueError(f"expected {count} rows of {total} in '{name}', received {lengths[:8]}")
    ends = list(accumulate(lengths))
    return [slice(end - length, end) for length, end in zip(lengths, ends, strict=True)]


def one_of(name: str, options: tuple[Name, ...]) -> Name:
    """The option of that name.

    Raises
    ------
    ValueError
        Where there is none.
    """
    for option in options:
        if option == name:
            return option
    raise ValueError(f"expected one of {options}, received {name!r}")
