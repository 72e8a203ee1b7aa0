"""An index that is older than masks beside it: put back from a backup, or by a program that syncs.

A save that is cut off leaves newer masks too, but beside the mask that the index names and the
journals that lead from there. Where one of these is gone, a later save has removed it, and the
newer mask is all there is of what was drawn since: nobody may remove it, or write over it.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from segdesk.core.case import Case
from segdesk.core.project import Project
from segdesk.errors import ProjectError, UsageError
from segdesk.sentence import Sentence
from segdesk.store.disk.layout import PREVIOUS_FILE, Layout, journal_name
from segdesk.store.journal.chain import chain
from segdesk.store.parts import project_file
from segdesk.store.previous_mask import older_generations


def newer_masks(layout: Layout, project: Project, generation: int) -> tuple[str, ...]:
    """Names of the case folders with masks that an outdated index knows nothing of.

    Parameters
    ----------
    project, generation : as the index says

    Returns
    -------
    Sorted; empty where the index is the newest, or all that is newer can be replayed. A folder that
    the index does not name counts where its mask is newer than the last save that the index knows:
    one that was being removed has none.

    Raises
    ------
    ProjectError
        Where nobody can look there.
    """
    with layout.looking():
        is_journal_there = (layout.root / journal_name(generation)).exists()
    led_to = -1
    named = {case.id: case.generation for case in project.cases}
    found: list[str] = []
    for case in layout.folders("cases"):
        number, newest = named.get(case), newest_mask(layout, case)
        if number is not None and is_journal_there and _is_there(layout, case, number):
            continue
        if number is not None and is_journal_there and newest > number:
            # Its mask is gone; a newer one may be of a save that failed, and costs nobody else.
            led_to = max(led_to, _led_to(layout, project, generation))
            if newest <= led_to:
                continue
        if newest > (generation if number is None else number):
            found.append(case)
    return tuple(found)


def _led_to(layout: Layout, project: Project, generation: int) -> int:
    """The last save that was begun since the one of the index, where the journals lead up to it and
    nothing says that it succeeded; else `generation`."""
    with suppress(OSError, ProjectError):
        if (layout.root / PREVIOUS_FILE).exists():
            before = project_file.read(layout.root, PREVIOUS_FILE)[1]
            if before > generation:
                return generation
        journals = chain(layout.root, generation, project.journal).journals
        return journals[-1].number if journals else generation
    return generation


def _is_there(layout: Layout, case: str, generation: int) -> bool:
    try:
        return generation == 0 or layout.annotation(case, generation).is_file()
    except (OSError, ProjectError, UsageError):
        return False


def newest_mask(layout: Layout, case: str) -> int:
    """The highest number of a case's masks, whether an index names it or not; 0 for none, and where
    nobody may look."""
    try:
        numbers = older_generations(layout, case, sys.maxsize)
    except (ProjectError, UsageError):
        return 0
    return max(numbers, default=0)


@contextmanager
def unless_saved_since(folder: Path, case: Case, *, is_writer: bool) -> Generator[None, None, None]:
    """Where a case cannot be read because another program has saved or removed it since the project
    was opened here to be read, say that instead; raises ProjectError."""
    try:
        yield
    except ProjectError as error:
        if is_writer and newest_mask(Layout(folder), case.id) > case.generation:
            raise ProjectError(
                Sentence(
                    "{problem} A newer one, of a save that failed, is there.",
                    problem=error.sentence,
                ),
                _takes_newest(folder),
            ) from error
        if is_writer or _is_named(folder, case):
            raise
        raise ProjectError(
            Sentence(
                "Another program has saved the project since it was opened here to be "
                "read: '{case}' is not what it was.",
                case=case.id,
            ),
            "Open the project again.",
        ) from error


def _is_named(folder: Path, case: Case) -> bool:
    """Whether the index of today says of a case what it said."""
    try:
        rows = project_file.read(folder)[0].cases
    except ProjectError:
        return True
    return (case.id, case.generation) in ((row.id, row.generation) for row in rows)


def refusal(layout: Layout, cases: tuple[str, ...]) -> ProjectError:
    """Why such a project is not opened for writing, and the way out."""
    return ProjectError(
        Sentence(
            "The index of the project '{root}' is older than the masks of {cases}, as "
            "after a part of a backup was put back.",
            root=layout.root.name,
            cases=_listed(cases),
        ),
        Sentence(
            "Nothing is written there. {takes_newest}", takes_newest=_takes_newest(layout.root)
        ),
    )


def _takes_newest(folder: Path) -> Sentence:
    """What helps there, as it can be typed."""
    return Sentence(
        "{command} makes a project of the newest masks.",
        command=project_file.repair_command(folder),
    )


def _listed(cases: tuple[str, ...]) -> str:
    names = ", ".join(f"'{case}'" for case in cases[:3])
    if len(cases) <= 3:
        return names
    return Sentence("{names} and {count} more", names=names, count=len(cases) - 3)
