"""Going on with the mask of the save before, where the newest of a case cannot be read."""

from __future__ import annotations

from dataclasses import replace

from segdesk.app.left_out import LeftOut, steps_before
from segdesk.app.workbench import Workbench
from segdesk.store.project_folder import PreviousMask


def follow(workbench: Workbench, previous: PreviousMask) -> None:
    """The index on the disk names the older mask (`ProjectFolder.take_previous`): here too.

    Of a project that is only read, the index names it only here.
    """
    row, older = workbench.project.case(previous.case.id), previous.case
    kept = replace(
        row, generation=older.generation, statuses=older.statuses, complete=older.complete
    )
    workbench.project = workbench.project.with_case(kept)
    left_out = workbench.left_out.get(row.id) or LeftOut("", before=workbench.history.of(row.id))
    if not left_out.before:
        left_out = replace(left_out, before=steps_before(left_out.edits, previous.apart))
    workbench.left_out[row.id] = replace(left_out, older=previous.when)
    # They were made on the mask that it replaces.
    workbench.forget_steps(row.id)
    workbench.index_changed.emit()


def bring_back(workbench: Workbench, previous: PreviousMask) -> str:
    """What the case has now that it was read: the older mask, and the changes since that fit it."""
    case = previous.case.id
    workbench.loaded(case)
    said = f"'{case}' has the mask of {previous.when}."
    return f"{said} {workbench.brought_back.pop(case, '')}".rstrip()
