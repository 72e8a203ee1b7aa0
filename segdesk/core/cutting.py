"""From voxels before and after to Patches, tile by tile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from segdesk.core.annotation import Annotation, Provenance
from segdesk.core.box import TILE, Area, Box
from segdesk.core.edit import Patch, Planes

Labels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


#: What a box of one slice has along its slices, where anything of it is True.
SLICE: Mask = np.ones(1, np.bool_)


class SliceChange(NamedTuple):
    """Some voxels of a slice get other labels.

    Parameters
    ----------
    slice : index
    take : bool, (rows, columns): which; at least one
    wanted : uint8, (rows, columns): the labels that they get
    by : and their provenance
    """

    slice: int
    take: Mask
    wanted: Labels
    by: Provenance


def changed_area(changed: Mask) -> Area | None:
    """The smallest area around the True places of a plane, or None where there are none."""
    rows = np.flatnonzero(changed.any(axis=1))
    if rows.size == 0:
        return None
    columns = np.flatnonzero(changed.any(axis=0))
    return Area(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)


def changed_box(box: Box, changed: Mask) -> Box | None:
    """The smallest box around the True voxels of a box, or None where there are none.

    Parameters
    ----------
    changed : bool of the box's shape
    """
    # By shadows, which are small: asked at each move of a brush, and for each tile of a stroke.
    is_slice = changed.shape[0] == 1
    shadow: Mask = changed[0] if is_slice else np.logical_or.reduce(changed, axis=0)
    rows = np.logical_or.reduce(shadow, axis=1)
    if not rows.any():
        return None
    columns = np.logical_or.reduce(shadow, axis=0)
    slices = SLICE if is_slice else np.logical_or.reduce(changed, axis=(1, 2))
    sides: list[int] = []
    for line, (start, _) in zip((slices, rows, columns), box.ranges, strict=True):
        sides += [start + int(line.argmax()), start + len(line) - int(line[::-1].argmax())]
    return Box(*sides)


def cut(box: Box, planes: Planes) -> tuple[Patch, ...]:
    """The Patches of what differs in a box: one for each tile, no larger than what differs there.

    Parameters
    ----------
    planes : four uint8 arrays of the box's shape
    """
    found: list[Patch] = []
    for tile in box.tiles():
        inside = Planes(*(plane[tile.within(box)] for plane in planes))
        differs = inside.labels_before != inside.labels_after
        differs |= inside.provenance_before != inside.provenance_after
        tight = changed_box(tile, differs)
        if tight is not None:
            found.append(Patch.of(tight, Planes(*(p[tight.within(tile)] for p in inside))))
    return tuple(found)


def redrawn(annotation: Annotation, changes: Iterable[SliceChange]) -> tuple[Patch, ...]:
    """The Patches that give slices their wanted labels.

    The slices of one row of tiles are kept until the last of them has come, so that a Patch holds
    all of its tile.

    Parameters
    ----------
    changes : by slice, ascending; asked one by one

    Raises
    ------
    ValueError
        Where they do not ascend.
    """
    found: list[Patch] = []
    waiting: list[SliceChange] = []
    for change in changes:
        if waiting and change.slice <= waiting[-1].slice:
            raise ValueError(f"expected ascending slices, received {change.slice}")
        if waiting and change.slice // TILE[0] != waiting[-1].slice // TILE[0]:
            found += _row_of_tiles(annotation, waiting)
            waiting.clear()
        waiting.append(change)
    found += _row_of_tiles(annotation, waiting)
    return tuple(found)


def _row_of_tiles(annotation: Annotation, changes: list[SliceChange]) -> Iterator[Patch]:
    areas = [changed_area(change.take) for change in changes]
    around: Box | None = None
    for change, area in zip(changes, areas, strict=True):
        if area is not None:
            own = Box.of_slice(change.slice, area)
            around = own if around is None else around.union(own)
    if around is None:
        return
    labels, provenance = annotation.labels[around.window], annotation.provenance[around.window]
    after, setter = labels.copy(), provenance.copy()
    for change, area in zip(changes, areas, strict=True):
        if area is None:
            continue
        inside, take = Box.of_slice(change.slice, area).within(around), change.take[area.window]
        after[inside][0][take] = change.wanted[area.window][take]
        setter[inside][0][take] = change.by
    yield from cut(around, Planes(labels, after, provenance, setter))
