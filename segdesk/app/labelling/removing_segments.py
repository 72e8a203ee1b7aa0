"""Removing a segment: its voxels become background in every case, and undo brings them back.

One step of undo, made of a group of Edits: for each case with voxels as many as keep each of them
short, and at the end the one that takes the row out of the table. In every order in which that
may be cut off, what is there is a mask and a table that fit each other.

What becomes of the slices: a voxel that was removed counts as set by a tool, so a partial slice
does not teach that nothing is there. A slice that a person has called right stays right, for the
segments that are left; the number is never given again (`core.segment`), so nothing else can be
taken for the one that was removed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation, Provenance
from segdesk.core.cutting import redrawn
from segdesk.core.edit import Edit, SegmentChange
from segdesk.core.prediction import replacement
from segdesk.errors import UsageError
from segdesk.sentence import Sentence

#: Slices in one Edit. A large segment of 512x512 slices costs about 10 ms each on a busy machine,
#: and a window may not stand still for 60.
SLICES_IN_EDIT = 2


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
    """Where a segment has voxels in a case. Any thread that owns the annotation."""
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


def edits_of_case(
    annotation: Annotation, found: Found, number: int, *, name: str, group: str
) -> Iterator[Edit]:
    """The Edits that make a segment's voxels of a case background, a few slices each.

    Parameters
    ----------
    annotation : of the case; each Edit is made when it is asked for
    found : where to look
    name : what undo calls it
    group : from `new_group`
    """
    for start in range(0, len(found.slices), SLICES_IN_EDIT):
        changes = (
            replacement(
                annotation,
                index,
                np.where(annotation.labels[index] == number, 0, annotation.labels[index]),
                Provenance.TOOL,
            )
            for index in found.slices[start : start + SLICES_IN_EDIT]
        )
        patches = redrawn(annotation, (change for change in changes if change is not None))
        if patches:
            yield Edit(name, found.case, patches=patches, group=group)


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
        for edit in edits_of_case(loaded.annotation, found, number, name=name, group=group):
            workbench.do(edit)
    workbench.do(last_edit(workbench, number, name=name, group=group))
    return tuple(had)
