"""A case whose scan was lost, once an import has put it back: its mask and all else stays."""

from __future__ import annotations

from segdesk.app.files.importing import Request
from segdesk.app.project.workbench import Workbench
from segdesk.errors import ProjectError
from segdesk.sentence import Sentence


def lacks_its_scan(workbench: Workbench, case: str) -> bool:
    """Whether there is a case of this id whose scan cannot be read; all of it is read."""
    row = next((row for row in workbench.project.cases if row.id == case), None)
    try:
        if row is not None:
            workbench.folder.scans.location(row, checked=range(row.slices))
    except ProjectError:
        return True
    return False


def said_of(case: str, request: Request) -> Sentence:
    """What the import of the same scan has done."""
    said = Sentence(
        "The scan of '{case}' was put back; its mask, statuses and pool are as they were.",
        case=case,
    )
    if not request.labels:
        return said
    return Sentence.joined((said, Sentence("The labels that came with it were left out.")))


def bring_back(workbench: Workbench, case: str) -> str:
    """Do again what waited until the case could be read, now; on the Workbench's thread, for a
    caller without a window.

    Returns
    -------
    What became of it, in sentences; "" where nothing was lacking.

    Raises
    ------
    ProjectError
        Where its mask cannot be read.
    """
    workbench.loaded(case)
    return workbench.brought_back.pop(case, "")
