"""Where an Edit was, in words, for undo and the history list."""

from __future__ import annotations

from segdesk.app.project.workbench import Workbench
from segdesk.core.edit import Edit
from segdesk.ui.look import counted_words
from segdesk.ui.look.translations import tr


def case_words(id: str, workbench: Workbench) -> str:
    """What a case is called on the screen; one that is gone is called by its id."""
    return next((case.title for case in workbench.project.cases if case.id == id), id)


def place_words(edit: Edit, workbench: Workbench) -> str:
    """Slices and case, such as "slice 16 of case-001"; slices count from 1.

    The case is named where the project has another one too. Empty where only segments change.
    """
    cases = workbench.project.cases
    is_alone = len(cases) == 1 and cases[0].id == edit.case
    case = "" if is_alone else case_words(edit.case, workbench)
    slices = edit.slices
    if not slices:
        return case
    if len(slices) == 1:
        if case:
            return tr("slice {n} of {case}", n=slices[0] + 1, case=case)
        return tr("slice {n}", n=slices[0] + 1)
    if case:
        return tr("{slices} of {case}", slices=counted_words.slices(len(slices)), case=case)
    return counted_words.slices(len(slices))
