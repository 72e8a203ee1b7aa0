"""Going on with the mask of the save before, where the newest of a case cannot be read."""

from __future__ import annotations

from dataclasses import replace

from segdesk.app.workbench import Workbench
from segdesk.store.project_folder import PreviousMask


def follow(workbench: Workbench, previous: PreviousMask) -> None:
    """The index on the disk names the older mask (`ProjectFolder.take_previous`): here too."""
    row, older = workbench.project.case(previous.case.id), previous.case
    kept = replace(
        row, generation=older.generation, statuses=older.statuses, complete=older.complete
    )
    workbench.project = workbench.project.with_case(kept)
    workbench.index_changed.emit()


def bring_back(workbench: Workbench, case: str) -> str:
    """What the case has now that it was read: the older mask, and the changes since that fit it."""
    workbench.loaded(case)
    said = f"'{case}' has the mask of the save before."
    return f"{said} {workbench.brought_back.pop(case, '')}".rstrip()
