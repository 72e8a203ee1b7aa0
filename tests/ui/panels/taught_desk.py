"""The window on a project of which two slices teach, with a child in the trainer's place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.projects import make_project
from tests.ui.panels.test_training import teach
from tests.windows import Desk, open_desk


def taught_desk(folder: Path, settings: Path, command: Sequence[str]) -> Desk:
    """Open it, with curves and settings shown; the caller closes it.

    Parameters
    ----------
    folder : where the project and the settings go
    command : starts the child
    """
    (folder / "projects").mkdir()
    workbench = make_project(folder / "projects", cases=2)
    teach(workbench)
    workbench.close()
    desk = open_desk(settings, trainer_command=command)
    desk.open(workbench.folder.path)
    desk.open_curves()
    return desk
