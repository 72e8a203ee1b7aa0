"""The last door before a change of a project that is only read: nothing is changed in it."""

from __future__ import annotations

from segdesk.errors import UsageError
from segdesk.store.project_folder import ProjectFolder


def check_may_change(folder: ProjectFolder) -> None:
    """Let a change begin.

    Raises
    ------
    UsageError
        Where the project is open for reading only.
    """
    if not folder.writable:
        raise UsageError("This project is read only here: nothing can be changed in it.")
