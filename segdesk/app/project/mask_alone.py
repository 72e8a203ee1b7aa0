"""The mask of a case whose scan cannot be read: it needs the Grid and no voxel of the scan."""

from __future__ import annotations

from segdesk.app.project.left_out import lacked
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation
from segdesk.core.removed_segments import clearing


def mask_alone(workbench: Workbench, case: str) -> tuple[Annotation, int]:
    """A mask with all that was drawn on it, made from the disk and for the caller to keep. Any
    thread; changes nothing.

    Returns
    -------
    The mask, and how many changes since it was written do not fit it: they are kept apart once the
    case can be read.

    Raises
    ------
    ProjectError
        Where the mask itself cannot be read.
    """
    mask = workbench.folder.read_annotation(workbench.project.case(case))
    row = workbench.left_out.get(case)
    misfits = 0
    if row is not None:
        edits, found = lacked(mask, row)
        misfits = sum(edit not in edits for edit in found.hidden)
        for edit in edits:
            try:
                mask.apply(edit)
            except ValueError:
                misfits += 1
    edit, count = clearing(mask, case, workbench.segments.gone)
    if count:
        mask.apply(edit)
    return mask, misfits
