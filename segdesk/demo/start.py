"""`segdesk demo`: the window on the demo project, or the whole journey where nobody can look."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from segdesk.app.files.demo import PROJECT, make_project, write_scans
from segdesk.core.regular_file import is_there
from segdesk.errors import InputError
from segdesk.sentence import Sentence


def run_demo(folder: Path) -> int:
    """Show the demo project; without a display walk the journey offscreen and write what was seen.

    Parameters
    ----------
    folder : for the phantoms, the project, and the pictures and report of a walk

    Raises
    ------
    InputError
        Where the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            Sentence(
                "The folder '{folder}' cannot be made: {reason}.",
                folder=str(folder),
                reason=error.strerror or Sentence("the system refused"),
            )
        ) from error
    if not has_display():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        # Qt reads the platform when it starts, so nothing of it is loaded before this line.
        from segdesk.demo.walk import walk

        return walk(folder)
    from segdesk.ui.application import run_window

    project = folder / PROJECT
    if not is_there(project):
        scans = folder / "scans"
        scans.mkdir(exist_ok=True)
        make_project(project, write_scans(scans))
    return run_window(project)


def has_display() -> bool:
    """Whether a window could be seen here."""
    if os.environ.get("QT_QPA_PLATFORM", "").startswith(("offscreen", "minimal")):
        return False
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
