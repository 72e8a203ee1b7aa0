"""A case that could not be read for a while, and whose strokes wait in its folder alone."""

from __future__ import annotations

from pathlib import Path

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from tests.projects import stroke


def left_in_its_folder(path: Path, mask: Path, away: Path) -> None:
    """Save other cases until no journal has what was done on one whose mask is out of reach.

    Parameters
    ----------
    path : of the project, which is closed
    mask : taken away meanwhile; it is back at its place afterwards
    away : where to, a path that is free
    """
    mask.rename(away)
    workbench = Workbench.open(path)
    for index in range(3):
        stroke(workbench, index, case="case-002")
        workbench.history.clear()
        saving.save(workbench)
    workbench.close()
    away.rename(mask)
