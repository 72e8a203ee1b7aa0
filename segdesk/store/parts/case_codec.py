"""Cases as columns, one row for each, and back; `project_codec` puts them under cases/.

    ids, names, patients, pools       texts; a pool that nobody set is ""
    units, fingerprints, mask_sha256  texts
    shape, spacing_mm, origin_mm      (n, 3); direction (n, 9); stacked: the Grids
    slope, intercept, stored_min, stored_max, generation
    window                            (n, 2), level and width; NaN where there is none
    predictions, pool_reasons         texts of all cases one after the other; NAME_count of each
    statuses, complete                of all slices; see `complete_codec`
    source/                           kinds, series, axes (n, 3); notes and tags with counts

Columns, because a project has hundreds of cases and HDF5 takes as long for a small dataset as for
a large one. A case's own files hold its row too, so that an index can be made anew from them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from segdesk.core.case import AS_STORED, Axes, Case, Source
from segdesk.core.grid import Grid
from segdesk.core.split import POOLS, Pool
from segdesk.core.window import Window
from segdesk.sentence import Sentence, kept
from segdesk.store.disk.names import checked_id
from segdesk.store.parts.complete_codec import put_slices_of_cases, slices_of_cases
from segdesk.store.parts.hdf5 import Group, NewGroup
from segdesk.store.parts.value_codec import (
    UNITS,
    check_size,
    one_of,
    put_text_rows,
    text_rows_of,
)

NO_POOL = ""
#: Of a project; with more the window would be no use.
MOST_CASES = 10_000
_NO_WINDOW = (math.nan, math.nan)


def put_cases(cases: Sequence[Case], group: NewGroup) -> None:
    """Put cases into a new group."""
    group.texts("ids", [checked_id(case.id) for case in cases])
    group.texts("names", [case.name for case in cases])
    group.texts("patients", [case.patient for case in cases])
    group.texts("pools", [case.pool or NO_POOL for case in cases])
    group.texts("units", [case.unit for case in cases])
    group.texts("fingerprints", [case.fingerprint for case in cases])
    group.texts("mask_sha256", [case.mask_sha256 for case in cases])
    grids = [case.grid for case in cases]
    _put(group, "shape", [grid.shape for grid in grids], np.int64, 3)
    _put(group, "spacing_mm", [grid.spacing_mm for grid in grids], np.float64, 3)
    _put(group, "origin_mm", [grid.origin_mm for grid in grids], np.float64, 3)
    _put(group, "direction", [grid.direction for grid in grids], np.float64, 9)
    _put(group, "stacked", [grid.stacked for grid in grids], np.uint8)
    _put(group, "slope", [case.slope for case in cases], np.float64)
    _put(group, "intercept", [case.intercept for case in cases], np.float64)
    _put(group, "stored_min", [case.stored_min for case in cases], np.int64)
    _put(group, "stored_max", [case.stored_max for case in cases], np.int64)
    _put(group, "generation", [case.generation for case in cases], np.int64)
    windows = [case.window for case in cases]
    rows = [(it.level, it.width) if it is not None else _NO_WINDOW for it in windows]
    _put(group, "window", rows, np.float64, 2)
    put_text_rows(group, "predictions", [case.predictions for case in cases])
    put_text_rows(group, "pool_reasons", [case.pool_reasons for case in cases])
    put_slices_of_cases(group, [(case.statuses, case.complete) for case in cases])
    sources, origin = [case.source for case in cases], group.group("source")
    origin.texts("kinds", [source.kind for source in sources])
    origin.texts("series", [source.series for source in sources])
    _put(origin, "axes", [source.axes for source in sources], np.uint8, 3)
    put_text_rows(origin, "notes", [tuple(map(kept, source.notes)) for source in sources])
    put_text_rows(origin, "tags", [[name for name, _ in it.tags] for it in sources])
    put_text_rows(origin, "values", [[value for _, value in it.tags] for it in sources])


def cases_of(group: Group) -> tuple[Case, ...]:
    """The cases of a group.

    Raises
    ------
    ValueError, KeyError, UsageError
        Where the content is not what `put_cases` writes.
    """
    ids = group.texts("ids")
    count = len(ids)
    if count > MOST_CASES:
        raise ValueError(f"expected at most {MOST_CASES} cases, received {count}")
    # On many systems two names that differ in case only are one folder.
    if len({id.lower() for id in ids}) != count:
        raise ValueError("two cases have one id")

    def texts(name: str) -> tuple[str, ...]:
        return _as_many(name, group.texts(name), count)

    def numbers(name: str, dtype: npt.DTypeLike, width: int = 0) -> list[Any]:
        return _as_many(name, group.column(name, dtype, width=width).tolist(), count)

    grids = [
        _grid(*row)
        for row in zip(
            numbers("shape", np.int64, 3),
            numbers("spacing_mm", np.float64, 3),
            numbers("origin_mm", np.float64, 3),
            numbers("direction", np.float64, 9),
            numbers("stacked", np.uint8),
            strict=True,
        )
    ]
    sources = _sources(group.group("source"), count)
    names, patients, pools = texts("names"), texts("patients"), texts("pools")
    units, fingerprints, masks = texts("units"), texts("fingerprints"), texts("mask_sha256")
    slope, intercept = numbers("slope", np.float64), numbers("intercept", np.float64)
    lowest, highest = numbers("stored_min", np.int64), numbers("stored_max", np.int64)
    generation, windows = numbers("generation", np.int64), numbers("window", np.float64, 2)
    predictions = text_rows_of(group, "predictions", count)
    reasons = text_rows_of(group, "pool_reasons", count)
    for row, unit in enumerate(units):
        if unit == "RGB" and (slope[row], intercept[row]) != (1.0, 0.0):
            raise ValueError("colours are rescaled")
    slices = slices_of_cases(group, [grid.shape[0] for grid in grids])
    return tuple(
        Case(
            id=checked_id(ids[row]),
            grid=grids[row],
            unit=one_of(units[row], UNITS),
            fingerprint=fingerprints[row],
            stored_min=lowest[row],
            stored_max=highest[row],
            source=sources[row],
            slope=slope[row],
            intercept=intercept[row],
            patient=patients[row],
            pool=_pool(pools[row]),
            window=_window(*windows[row]),
            statuses=slices[row][0],
            complete=slices[row][1],
            generation=generation[row],
            predictions=tuple(checked_id(run, what="run") for run in predictions[row]),
            pool_reasons=reasons[row],
            name=names[row],
            mask_sha256=masks[row],
        )
        for row in range(count)
    )


def _sources(group: Group, count: int) -> list[Source]:
    rows = zip(
        _as_many("kinds", group.texts("kinds"), count),
        text_rows_of(group, "tags", count),
        text_rows_of(group, "values", count),
        text_rows_of(group, "notes", count),
        _as_many("series", group.texts("series"), count),
        _as_many("axes", group.column("axes", np.uint8, width=3).tolist(), count),
        strict=True,
    )
    return [
        Source(
            kind,
            tuple(zip(tags, values, strict=True)),
            tuple(map(Sentence.read, notes)),
            series,
            _axes(axes),
        )
        for kind, tags, values, notes, series, axes in rows
    ]


def _put(
    group: NewGroup, name: str, values: Sequence[Any], dtype: npt.DTypeLike, width: int = 0
) -> None:
    shape = (len(values), width) if width else (len(values),)
    group.column(name, np.array(values, dtype=dtype).reshape(shape))


def _grid(
    shape: list[int],
    spacing_mm: list[float],
    origin_mm: list[float],
    direction: list[float],
    stacked: int,
) -> Grid:
    slices, rows, columns = shape
    check_size(slices, rows, columns)
    k, j, i = spacing_mm
    x, y, z = origin_mm
    if stacked not in (0, 1):
        raise ValueError(f"expected 0 or 1, received stacked={stacked}")
    return Grid((slices, rows, columns), (k, j, i), (x, y, z), tuple(direction), bool(stacked))


def _pool(name: str) -> Pool | None:
    if name == NO_POOL:
        return None
    pool: Pool = one_of(name, POOLS)
    return pool


def _window(level: float, width: float) -> Window | None:
    return None if math.isnan(level) and math.isnan(width) else Window(level, width)


def _axes(axes: list[int]) -> Axes:
    if sorted(axes) != list(AS_STORED):
        raise ValueError(f"expected the axes 0, 1 and 2 in some order, received {axes}")
    return axes[0], axes[1], axes[2]


def _as_many(name: str, rows: Any, count: int) -> Any:
    if len(rows) != count:
        raise ValueError(f"expected {count} rows in '{name}', received {len(rows)}")
    return rows
