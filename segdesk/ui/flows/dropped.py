"""What a path that falls onto the window is: a project, or something to import."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDropEvent

from segdesk.app.project import endings
from segdesk.app.project.unpacking import is_packed
from segdesk.core.regular_file import is_folder, is_regular
from segdesk.store.disk.layout import PROJECT_FILE
from segdesk.ui.look.translations import tr


def dropped_project(path: Path) -> Path | None:
    """The project that a path stands for: its folder, the index in that, or a packed project.
    None: no project."""
    if is_packed(path):
        return path
    if path.name == PROJECT_FILE and is_regular(path):
        path = path.parent
    return path if path.suffix == endings.FOLDER and is_folder(path) else None


def take_dropped(
    paths: list[Path],
    *,
    open_project: Callable[[Path], None],
    import_files: Callable[[list[Path]], None],
    say: Callable[[str], None],
) -> None:
    """Open the one project that was dropped, or import everything."""
    projects = [project for path in paths if (project := dropped_project(path)) is not None]
    if projects and len(paths) > 1:
        say(tr("One project can be open at a time: drop it alone."))
    elif projects:
        open_project(projects[0])
    elif paths:
        import_files(paths)


def take_as_copy(event: QDropEvent) -> None:
    """Take files as a copy whatever was proposed: the program that a move is accepted from may
    delete them.
    """
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()
