"""The folder of a new, empty project, made whole or not at all; `project_folder` opens it."""

from __future__ import annotations

import secrets
from pathlib import Path

from segdesk.core.lasting import new_folder
from segdesk.core.project import Project
from segdesk.errors import ProjectError
from segdesk.store.disk.layout import PROJECT_FILE
from segdesk.store.disk.lock import ProjectLock
from segdesk.store.disk.translate import writing
from segdesk.store.journal.journal_file import Journal
from segdesk.store.parts import project_file


def make(path: Path) -> None:
    """Make the folder; whoever opens it first holds its lock.

    Windows renames no folder in which a file is open, so the lock that is tried here is let go of
    before the folder gets its name. It says early whether the disk knows locks at all.

    Raises
    ------
    ProjectError
        Where something is there already, or the disk refuses; then nothing is left behind.
    """
    check_place(path)
    with writing(f"The project '{path.name}'"), new_folder(path) as temporary:
        lock = ProjectLock.acquire(temporary)
        try:
            (temporary / "cases").mkdir()
            (temporary / "runs").mkdir()
            Journal.create(temporary, 0, 1).close()
            project_file.write(temporary, Project(id=secrets.token_hex(16)), 0)
        finally:
            lock.release()


def check_place(path: Path) -> None:
    """Refuse a place where no new project can be made.

    Raises
    ------
    ProjectError
        Where something is there already, there is no folder to put it into, or it would lie inside
        of a project: who removes that one would remove both.
    """
    if path.exists() or path.is_symlink():
        raise ProjectError(f"There is already something at '{path.name}'.", "Choose another name.")
    if not path.parent.is_dir():
        raise ProjectError(
            f"There is no folder '{path.parent}' to put the project into.",
            "Make the folder first.",
        )
    home = path.absolute().parent.resolve()
    for folder in (home, *home.parents):
        is_one = (folder / PROJECT_FILE).is_file() and (folder / "runs").is_dir()
        if is_one or project_file.holds_cases(folder):
            raise ProjectError(
                f"'{path.name}' would lie inside the project '{folder.name}'.",
                "Choose a place outside of it.",
            )
