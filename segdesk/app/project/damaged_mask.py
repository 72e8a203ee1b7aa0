"""Going on with the mask of the save before, where the newest of a case cannot be read."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from segdesk.app.project.left_out import LeftOut
from segdesk.app.project.workbench import Workbench
from segdesk.core.case import Case
from segdesk.core.edit import Edit
from segdesk.errors import ProjectError
from segdesk.sentence import Sentence
from segdesk.store.project_folder import PreviousMask


def look(workbench: Workbench, case: Case) -> PreviousMask | None:
    """The mask of a case as of the save before, where it can be read; and what was done since
    stays, whatever becomes of the journals. Any thread.

    Raises
    ------
    ProjectError
        Where the folder of the case cannot be looked into, or the disk refuses.
    """
    if workbench.folder.writable:
        workbench.folder.waiting_edits.keep(case.id)
    return workbench.folder.previous_mask(case)


def is_whole(workbench: Workbench, case: Case) -> bool:
    """Whether the mask of a case that cannot be read can: then its scan is the trouble. Any
    thread."""
    try:
        workbench.folder.read_annotation(case)
    except ProjectError:
        return False
    return True


class Waiting(NamedTuple):
    """What was done on a case since an older mask.

    Parameters
    ----------
    steps : what led on from there, as far back as nothing is missing
    apart : what lies before a gap in the journals
    """

    steps: tuple[Edit, ...]
    apart: tuple[Edit, ...]


def take(workbench: Workbench, previous: PreviousMask) -> Waiting:
    """Have the index name an older mask; gives what was done since. Any thread.

    Raises
    ------
    ProjectError
        Where a Save runs, the newest mask can be read again or the disk refuses; nothing has
        changed then.
    """
    case, folder = previous.case, workbench.folder
    edits = folder.waiting_edits
    steps = edits.keep(case.id) if folder.writable else edits.of(case.id)
    apart = edits.before_gap(case.id, case.generation)
    if folder.writable:
        folder.take_previous(previous)
    return Waiting(steps, apart)


def follow(workbench: Workbench, previous: PreviousMask, waiting: Waiting) -> None:
    """The index names the older mask (`take`): here too."""
    row, older = workbench.project.case(previous.case.id), previous.case
    kept = replace(
        row,
        generation=older.generation,
        statuses=older.statuses,
        complete=older.complete,
        mask_sha256=older.mask_sha256,
    )
    workbench.project = workbench.project.with_case(kept)
    left_out = workbench.left_out.get(row.id) or LeftOut("", steps=waiting.steps)
    workbench.left_out[row.id] = replace(left_out, older=previous.when, apart=waiting.apart)
    # They were made on the mask that it replaces.
    workbench.forget_steps(row.id)
    workbench.index_changed.emit()


def bring_back(workbench: Workbench, previous: PreviousMask) -> str:
    """What the case has now that it was read: the older mask, and the changes since that fit it."""
    case = previous.case.id
    workbench.loaded(case)
    said = Sentence("'{case}' has the mask of {when}.", case=case, when=previous.when)
    return Sentence.joined((said, workbench.brought_back.pop(case, "")))
