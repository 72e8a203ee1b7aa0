"""What a path that falls onto the window is: a project, or something to import."""

from __future__ import annotations

from pathlib import Path

from segdesk.app.unpacking import is_packed
from segdesk.store.disk.layout import PROJECT_FILE
from segdesk.ui.dialogs.new_project import ENDING


def dropped_project(path: Path) -> Path | None:
    """The project that a path stands for: its folder, the index in that, or a packed project.
    None: no project."""
    if is_packed(path):
        return path
    if path.name == PROJECT_FILE and path.is_file():
        path = path.parent
    return path if path.suffix == ENDING and path.is_dir() else None
