"""A tiny Workbench for the store's tests: draws, journals, replays."""

from __future__ import annotations

import numpy as np

from segdesk.core.annotation import Annotation, Provenance
from segdesk.core.box import Box
from segdesk.core.completeness import status_move
from segdesk.core.edit import Dismissal, Edit, Patch, Planes
from segdesk.core.history import Stacks
from segdesk.core.project import Project
from segdesk.core.status import SliceStatus
from segdesk.store.project_folder import Opened, ProjectFolder


def stroke(mask: Annotation, case: str, step: int) -> Edit:
    """An Edit that paints a small square, its place and label told by `step`."""
    slices, rows, columns = mask.grid.shape
    k, row, column = step % slices, step * 3 % (rows - 3), step * 5 % (columns - 3)
    box = Box(k, k + 1, row, row + 3, column, column + 3)
    before, touched = mask.labels[box.window].copy(), mask.provenance[box.window].copy()
    planes = Planes(
        before,
        np.full_like(before, step % 4),
        touched,
        np.full_like(touched, Provenance.HAND),
    )
    status = mask.status(k)
    after = SliceStatus.PARTIAL if status is SliceStatus.UNLABELLED else SliceStatus.CORRECTED
    segments = range(1, 2 + step % 3)
    move = status_move(mask, k, after, cause="said right", segments=segments)
    moves = () if move is None else (move,)
    return Edit("Brush", case, patches=(Patch.of(box, planes),), statuses=moves, time=float(step))


def dismissal(run: str, case: str, index: int) -> Edit:
    return Edit("Dismiss", case, dismissals=(Dismissal(run, index, False, True),))


def paint(folder: ProjectFolder, mask: Annotation, case: str, step: int) -> None:
    """Apply one stroke and journal it, as the Workbench does."""
    edit = stroke(mask, case, step)
    mask.apply(edit)
    folder.append(edit)


def masks_of(folder: ProjectFolder, opened: Opened) -> dict[str, Annotation]:
    """Read every mask and replay the journal on it."""
    masks = {case.id: folder.read_annotation(case) for case in opened.project.cases}
    for entry in opened.entries:
        edit = entry if isinstance(entry, Edit | Stacks) else entry.applied
        if isinstance(edit, Edit) and edit.case:
            masks[edit.case].apply(edit)
    return masks


def save(folder: ProjectFolder, project: Project, masks: dict[str, Annotation]) -> Project:
    """A whole save."""
    saving = folder.begin_save(project, masks)
    saved = saving.run()
    saving.finish()
    return saved


def same(a: Annotation, b: Annotation) -> bool:
    """Whether two masks hold the same in every respect."""
    return (
        np.array_equal(a.labels, b.labels)
        and np.array_equal(a.provenance, b.provenance)
        and a.statuses == b.statuses
        and a.complete == b.complete
        and a.dismissed == b.dismissed
    )
