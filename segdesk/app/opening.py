"""Opening a project for a hand: for writing where that may be, else to be read only."""

from __future__ import annotations

from pathlib import Path

from segdesk.app.project.on_failure import otherwise
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import cut_off
from segdesk.errors import ProjectReadOnly


def open_project(
    path: Path, *, reader: str = "", only_read: bool = False
) -> tuple[Workbench, tuple[str, ...]]:
    """The project with its journal replayed, and ids of the runs that were cut off with segdesk.

    Parameters
    ----------
    only_read : take no lock and write nothing, whatever is allowed. A folder or disk that may not
        be written to is opened so in any case.

    Raises
    ------
    ProjectError
        Where there is no project, it is damaged, or a newer segdesk made it.
    ProjectLocked
        Where it shall be written and another process has it open for writing.
    """
    if only_read:
        return Workbench.open(path, writable=False, reader=reader), ()
    try:
        workbench = Workbench.open(path, reader=reader)
    except ProjectReadOnly:
        return Workbench.open(path, writable=False, reader=reader), ()
    with otherwise(workbench.close):
        return workbench, cut_off.recover(workbench)
