"""Cases that cannot be read when a project is opened: the rest of it goes on without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from segdesk.app.unsaved import Unsaved
from segdesk.core.edit import Edit
from segdesk.errors import ProjectError
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
