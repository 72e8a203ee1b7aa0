"""The mask of a case whose scan cannot be read: it needs the Grid and no voxel of the scan."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from segdesk.app.project.left_out import lacked
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation
from segdesk.core.removed_segments import clearing


class Alone(NamedTuple):
    """A mask with all that was drawn on it and fits, and what it lacks.

    Parameters
    ----------
    mask : the caller's to keep
    misfits : how many changes since it was written do not fit it: they are kept apart once the case
        can be read
    older : words for when the older mask is from that has taken the place of a newer one, where
        what else was changed since may not be in it; else ""
    damage : a sentence where not all that waits for it could be read, else ""
    """

    mask: Annotation
    misfits: int
    older: str = ""
    damage: str = ""


def mask_alone(workbench: Workbench, case: str) -> Alone:
    """A mask made from the disk. Any thread; changes nothing.

    Raises
    ------
    ProjectError
        Where the mask itself cannot be read.
    """
    mask = workbench.folder.read_annotation(workbench.project.case(case))
    row = workbench.left_out.get(case)
    misfits, older = 0, ""
    if row is not None:
        edits, found = lacked(mask, row)
        tried = [replace(edit, segments=()) for edit in edits]
        misfits = len(row.apart) + sum(edit not in tried for edit in found.hidden)
        older = "" if found.is_all else row.older
        for edit in edits:
            try:
                mask.apply(edit)
            except ValueError:
                misfits += 1
    edit, count = clearing(mask, case, workbench.segments.gone)
    if count:
        mask.apply(edit)
    return Alone(mask, misfits, older, workbench.folder.waiting_edits.damage(case))
