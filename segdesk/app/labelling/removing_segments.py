"""Removing a segment: its voxels become background in every case, and undo brings them back.

One step of undo, made of a group of Edits: one for each case with voxels, and at the end the one
that takes the row out of the table. In every order in which that may be cut off, what is there is a
mask and a table that fit each other.

What becomes of the slices: a voxel that was removed counts as set by a tool, so a partial slice
does not teach that nothing is there. A slice that a person has called right stays right, for the
segments that are left; the number is never given again (`core.segment`), so nothing else can be
taken for the one that was removed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation, Provenance
from segdesk.core.cutting import SliceChange, redrawn
from segdesk.core.edit import Edit, SegmentChange
from segdesk.errors import UsageError
from segdesk.sentence import Sentence


@dataclass(frozen=True, slots=True)
class Found:
    """Where a segment has voxels in a case; `slices` ascending, empty where it has none."""

    case: str
    voxels: int
    slices: tuple[int, ...]


def check_removable(workbench: Workbench, number: int) -> None:
    """Refuse to remove what is not there, or is locked.

    Raises
    ------
    UsageError
        Then.
    """
    segment = workbench.segments[number]
    if segment.locked:
        raise UsageError(
            Sentence("The segment '{segment}' is locked and stays as it is.", segment=segment.name),
            "Unlock it in the segment list.",
        )


def look_for(annotation: Annotation, case: str, number: int) -> Found:
    """Where a segment has voxels in a case, as far as nobody draws meanwhile. Any thread."""
    counts = [int(np.count_nonzero(plane == number)) for plane in annotation.labels]
    slices = tuple(index for index, count in enumerate(counts) if count)
    return Found(case, sum(counts), slices)


def generations(workbench: Workbench) -> dict[str, int]:
    """For each case the number of its mask on disk, to tell later what was saved since."""
    return {case.id: case.generation for case in workbench.project.cases}


def come_since(workbench: Workbench, number: int, seen: dict[str, int]) -> tuple[Found, ...]:
    """Cases to look at again, because labels may have come from the background since.

    What is not saved is in memory; what was saved and has left the memory has another generation.

    Parameters
    ----------
    seen : from `generations`, as of the last look; what is looked at now is put there
    """
    now = generations(workbench)
    again = [
        id
        for id, generation in now.items()
        if (
            workbench.loaded(id).counts.voxels(number)
            if workbench.is_loaded(id)
            else seen.get(id) != generation
        )
    ]
    seen.update(now)
    return tuple(Found(id, 0, ()) for id in again)


def new_group() -> str:
    """An id for one removal."""
    return secrets.token_hex(8)


def edit_of_case(
    annotation: Annotation,
    case: str,
    number: int,
    *,
    name: str,
    group: str,
    go_on: Callable[[], object] = lambda: None,
) -> Edit:
    """The Edit that makes a segment's voxels of a case background; empty where it has none.

    Any thread, while nothing changes the mask.

    Parameters
    ----------
    annotation : of the case
    name : what undo calls it
    group : from `new_group`
    go_on : called at each slice; raises where nobody wants it any more
    """

    def changes() -> Iterator[SliceChange]:
        background = np.zeros(annotation.grid.shape[1:], np.uint8)
        for index, plane in enumerate(annotation.labels):
            go_on()
            take = plane == number
            if take.any():
                yield SliceChange(index, take, background, Provenance.TOOL)

    return Edit(name, case, patches=redrawn(annotation, changes()), group=group)


def last_edit(workbench: Workbench, number: int, *, name: str, group: str) -> Edit:
    """The Edit that takes the row out of the table, and out of its left/right partner."""
    table = workbench.segments
    partners = tuple(
        SegmentChange(row, replace(row, partner=0)) for row in table if row.partner == number
    )
    gone = SegmentChange(table[number], None)
    return Edit(name, "", segments=(*partners, gone), group=group)


def name_of(workbench: Workbench, number: int) -> str:
    """What undo calls the removal of a segment."""
    return Sentence("Remove segment '{name}'", name=workbench.segments[number].name)


def remove_segment(workbench: Workbench, number: int) -> tuple[Found, ...]:
    """Remove a segment now; reads every case that is not in memory.

    For a caller without a window, which does the same in parts.

    Returns
    -------
    Where it had voxels.

    Raises
    ------
    UsageError
        Where it is not there, or locked.
    """
    check_removable(workbench, number)
    workbench.settle()
    name, group = name_of(workbench, number), new_group()
    had: list[Found] = []
    for case in workbench.project.cases:
        is_kept = workbench.is_loaded(case.id)
        loaded = workbench.loaded(case.id) if is_kept else workbench.read_case(case.id)
        if not loaded.counts.voxels(number):
            continue
        found = look_for(loaded.annotation, case.id, number)
        workbench.adopt(case.id, loaded)
        had.append(found)
        workbench.do(edit_of_case(loaded.annotation, case.id, number, name=name, group=group))
    workbench.do(last_edit(workbench, number, name=name, group=group))
    return tuple(had)
