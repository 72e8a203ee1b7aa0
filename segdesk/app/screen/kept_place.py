"""Where a reader left a project: the case and slice on screen, kept in the project itself.

No Edit and no change that a save would have to write: the index takes it along when the project is
let go. What a hand prefers everywhere (brush, opacity) belongs to `settings`.
"""

from __future__ import annotations

from dataclasses import replace

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.crosshair import Crosshair

#: The pair of a project's settings that says it: slice, then case.
PLACE = "place"


def keep_place(workbench: Workbench, crosshair: Crosshair) -> None:
    """Have the place of today written with the index; nothing where it is there already."""
    if crosshair.case_id is None or not workbench.folder.writable:
        return
    pair = (PLACE, f"{crosshair.slice} {crosshair.case_id}")
    if pair not in workbench.project.settings:
        others = [old for old in workbench.project.settings if old[0] != PLACE]
        workbench.follow_project(replace(workbench.project, settings=(*others, pair)))


def kept_place(workbench: Workbench) -> tuple[str, int] | None:
    """Case and slice; None where none was kept, or the case is gone."""
    index, _, case = dict(workbench.project.settings).get(PLACE, "").partition(" ")
    known = any(row.id == case for row in workbench.project.cases)
    return (case, int(index)) if known and index.isdecimal() else None
