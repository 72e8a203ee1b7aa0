"""A case whose scan was lost, once an import has put it back: its mask and all else stays."""

from __future__ import annotations

from segdesk.app.files.importing import Request
from segdesk.app.project.workbench import Workbench
from segdesk.sentence import Sentence


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
