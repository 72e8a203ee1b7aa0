"""The mask of a case whose scan cannot be read: it needs the Grid and no voxel of the scan."""

from __future__ import annotations

from contextlib import suppress

from segdesk.app.project.left_out import lacked
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation
from segdesk.core.removed_segments import clearing


def mask_alone(workbench: Workbench, case: str) -> Annotation:
    """A mask with all that was drawn on it, made from the disk and for the caller to keep. Any
    thread; changes nothing.

    Raises
    ------
    ProjectError
        Where the mask itself cannot be read.
    """
    mask = workbench.folder.read_annotation(workbench.project.case(case))
    row = workbench.left_out.get(case)
    for edit in lacked(mask, row)[0] if row is not None else ():
        # One that does not fit is kept apart once the case can be read.
        with suppress(ValueError):
            mask.apply(edit)
    edit, count = clearing(mask, case, workbench.segments.gone)
    if count:
        mask.apply(edit)
    return mask
