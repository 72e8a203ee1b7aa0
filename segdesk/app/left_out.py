"""Cases that cannot be read when a project is opened: the rest of it goes on without them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from segdesk.app.unsaved import Unsaved
from segdesk.core.edit import Edit
from segdesk.errors import ProjectError, UsageError
from segdesk.store.project_folder import ProjectFolder


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """A case that cannot be read, though the journal names it.

    Parameters
    ----------
    problem : why
    edits : what the journal has of it, in order
    """

    problem: ProjectError
    edits: list[Edit]


def unreadable(
    cases: Mapping[str, LeftOut], folder: ProjectFolder, unsaved: Unsaved
) -> tuple[str, ...]:
    """Let the rest of the project be saved without these cases, and say so."""
    for case in cases:
        unsaved.cases.discard(case)
        folder.leave_out(case)
    return tuple(
        f"{row.problem.sentence} '{case}' is left out until it can be read."
        for case, row in cases.items()
    )


def bring_back(left_out: LeftOut, do: Callable[[Edit], object]) -> str:
    """Do again what the journal had of a case, now that its mask can be read.

    Parameters
    ----------
    do : does an Edit; ValueError and UsageError where it does not fit

    Returns
    -------
    What became of it, in sentences; "" where the journal had nothing.
    """
    brought, apart = 0, 0
    for edit in left_out.edits:
        kind = edit.kind if edit.kind == "stroke" else "change"
        try:
            do(replace(edit, kind=kind, group=""))
        except (ValueError, UsageError):
            apart += 1
        else:
            brought += 1
    said = list[str]()
    if brought:
        said.append(f"{counted(brought, 'change')} made since fit it and were done again.")
    if apart:
        said.append(f"{counted(apart, 'change')} did not fit and stay in the file apart.")
    return " ".join(said)


def counted(number: int, word: str) -> str:
    """A number of things in words, or nothing for none."""
    return "" if not number else f"{number} {word}{'' if number == 1 else 's'}"
