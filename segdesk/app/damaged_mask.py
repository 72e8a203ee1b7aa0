"""Going on with the mask of the save before, where the newest of a case cannot be read."""

from __future__ import annotations

from dataclasses import replace

from segdesk.app.recovered import counted
from segdesk.app.workbench import Workbench
from segdesk.errors import UsageError
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
    """Do again what the journal had of a case that was left out, where it fits the older mask.

    Returns
    -------
    What became of it, in a sentence.
    """
    brought, apart = 0, 0
    row = workbench.left_out.pop(case, None)
    for edit in row.edits if row is not None else ():
        kind = edit.kind if edit.kind == "stroke" else "change"
        try:
            workbench.do(replace(edit, kind=kind, group=""))
        except (ValueError, UsageError):
            apart += 1
        else:
            brought += 1
    said = [f"'{case}' has the mask of the save before."]
    if brought:
        said.append(f"{counted(brought, 'change')} made since fit it and were done again.")
    if apart:
        said.append(f"{counted(apart, 'change')} did not fit and stay in the file apart.")
    return " ".join(said)
