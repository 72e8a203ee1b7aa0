"""Taking a case out of the open project, and naming one.

Neither is an Edit: what goes to the bin can't be undone here, so whoever calls asks before. Masks
and segments that stay are not touched. Which files go where belongs to `store.removed`.
"""

from __future__ import annotations

from dataclasses import replace

from segdesk.app.project.workbench import Workbench
from segdesk.core.status import SliceStatus
from segdesk.errors import UsageError
from segdesk.sentence import Sentence

#: Longest name of a case.
LONGEST_NAME = 80
#: The pair of a project's settings that keeps ids out of use: the records of runs name them.
REMOVED = "removed_cases"


def take_out(workbench: Workbench, id: str) -> None:
    """The index without a case, in memory; `folder.write_index` puts it on disk, on any thread.

    Its id is never given again, because the records of runs and what they learnt from name it.

    Raises
    ------
    UsageError
        Where there is no such case, or the journal still names it: a save comes first.
    """
    workbench.project.case(id)
    if workbench.is_unsaved(id):
        raise UsageError(
            Sentence("'{id}' has changes that are not saved.", id=id), "Save, then remove it."
        )
    removed = (*removed_ids(workbench), id)
    settings = [pair for pair in workbench.project.settings if pair[0] != REMOVED]
    project = replace(
        workbench.project,
        cases=tuple(case for case in workbench.project.cases if case.id != id),
        settings=(*settings, (REMOVED, " ".join(removed))),
    )
    workbench.forget_case(id)
    workbench.follow_project(project)


def removed_ids(workbench: Workbench) -> tuple[str, ...]:
    """Ids of cases that were removed."""
    return tuple(dict(workbench.project.settings).get(REMOVED, "").split())


def what_goes(workbench: Workbench, id: str) -> tuple[int, int]:
    """How many slices somebody has worked on, and how many predictions a removal takes along."""
    statuses = workbench.statuses(id)
    touched = sum(status is not SliceStatus.UNLABELLED for status in statuses)
    return touched, len(workbench.project.case(id).predictions)


def rename(workbench: Workbench, id: str, name: str) -> None:
    """Call a case otherwise; its id, which files and the records of runs go by, stays.

    Parameters
    ----------
    name : empty, or the id itself, for the id

    Raises
    ------
    UsageError
        Where the name is too long, does not print, or another case goes by it.
    """
    name = name.strip()
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageError(
            Sentence(
                "A name has up to {longest_name} printable letters.", longest_name=LONGEST_NAME
            ),
            "Choose another.",
        )
    case = workbench.project.case(id)
    name = "" if name == id else name
    others = [other for other in workbench.project.cases if other.id != id]
    if name and any(name in (other.id, other.title) for other in others):
        raise UsageError(
            Sentence("Another case is called '{name}'.", name=name), "Choose another name."
        )
    if name != case.name:
        workbench.follow_project(workbench.project.with_case(replace(case, name=name)))
