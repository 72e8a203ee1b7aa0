"""The folder of a new, empty project, made whole or not at all; `project_folder` opens it."""

from __future__ import annotations

import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from segdesk.core.durable_files import new_folder, partial_name
from segdesk.core.project import Project
from segdesk.errors import ProjectError, ProjectLocked
from segdesk.sentence import Sentence
from segdesk.store.disk.disk_errors import writing
from segdesk.store.disk.layout import PROJECT_FILE
from segdesk.store.disk.lock import LOCK, ProjectLock
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
    with writing(Sentence("The project '{path}'", path=path.name)), new_folder(path) as temporary:
        lock = ProjectLock.acquire(temporary)
        try:
            (temporary / "cases").mkdir()
            (temporary / "runs").mkdir()
            journal = Journal.create(temporary, 0, 1)
            journal.close()
            project = Project(id=secrets.token_hex(16), journal=journal.id)
            project_file.write(temporary, project, 0)
        finally:
            lock.release()


@contextmanager
def building(path: Path) -> Generator[Path, None, None]:
    """Give a folder to fill, which becomes `path` after the block, or vanishes where it raises;
    nobody else makes a project of that name meanwhile.

    Raises
    ------
    ProjectError
        As `check_place`, or where the disk refuses.
    """
    check_place(path)
    with writing(Sentence("The project '{path}'", path=path.name)), new_folder(path) as temporary:
        lock = _taken(temporary)
        try:
            yield temporary
            if lock is not None and not lock.is_in(temporary):
                # What began in the same moment has taken this one for what a killed one left.
                raise ProjectError(
                    Sentence(
                        "Another program has removed what was made of '{path}' so far.",
                        path=path.name,
                    ),
                    "Try again, or choose another name.",
                )
        finally:
            if lock is not None:
                lock.release()


def _taken(folder: Path) -> ProjectLock | None:
    """The lock; None on a disk that knows none: what is made there can still be read."""
    try:
        return ProjectLock.acquire(folder)
    except ProjectLocked:
        raise
    except ProjectError:
        return None


def check_place(path: Path) -> None:
    """Refuse a place where no new project can be made.

    Raises
    ------
    ProjectError
        Where something is there already or is being made, there is no folder to put it into, or it
        would lie inside of a project: who removes that one would remove both. Also where nobody can
        look there.
    """
    with writing(Sentence("The project '{path}'", path=path.name)):
        _check_place(path)


def _check_place(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise ProjectError(
            Sentence("There is already something at '{path}'.", path=path.name),
            "Choose another name.",
        )
    if not path.parent.is_dir():
        raise ProjectError(
            Sentence(
                "There is no folder '{parent}' to put the project into.", parent=str(path.parent)
            ),
            "Make the folder first.",
        )
    _check_alone(path)
    if (project := around(path.parent)) is not None:
        raise ProjectError(
            Sentence(
                "'{path}' would lie inside the project '{project}'.",
                path=path.name,
                project=project.name,
            ),
            "Choose a place outside of it.",
        )


def around(folder: Path) -> Path | None:
    """The project that a folder is, or lies in; None where there is none."""
    home = folder.absolute().resolve()
    return next((each for each in (home, *home.parents) if _is_project(each)), None)


def _is_project(folder: Path) -> bool:
    """Whether a project lies there, with an index or without one; not where nobody may look."""
    try:
        is_one = (folder / PROJECT_FILE).is_file() and (folder / "runs").is_dir()
    except OSError:
        return False
    return is_one or project_file.holds_cases(folder)


def _check_alone(path: Path) -> None:
    """Else the folder that another program fills would be taken for what a killed one left."""
    temporary = partial_name(path)
    if not (temporary / LOCK).exists():
        return
    try:
        ProjectLock.acquire(temporary).release()
    except ProjectLocked as error:
        raise ProjectError(
            Sentence(
                "Another program is making a project '{path}' there at this moment.", path=path.name
            ),
            "Wait until it is done, or choose another name.",
        ) from error
    except ProjectError:
        return
