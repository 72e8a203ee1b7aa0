"""A project that was closed is heard by nobody of the window."""

from __future__ import annotations

from pathlib import Path

from psygnal import Signal

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from tests.windows import Desk


def listeners(workbench: Workbench, view: ViewState) -> dict[str, int]:
    """How many listen to each signal of a project and of what is on screen of it."""
    parts = (workbench, view.crosshair, view.marks, view.display, view.pane, view.hand)
    return {
        f"{type(part).__name__}.{name}": len(getattr(part, name))
        for part in parts
        for kind in type(part).__mro__
        for name, field in vars(kind).items()
        if isinstance(field, Signal)
    }


def test_nobody_listens_to_a_project_that_was_closed(desk: Desk, project: Path) -> None:
    desk.open(project)
    workbench, view = desk.window.session.workbench, desk.window.session.view
    assert workbench is not None and view is not None
    open_ = listeners(workbench, view)
    desk.window.close_project()
    desk.wait(lambda: desk.window.session.workbench is None)
    closed = listeners(workbench, view)
    # Parts of the view state hear each other, and the hand of segments.
    own = listeners(workbench, ViewState(workbench))
    own["Workbench.segments_changed"] -= 1
    assert closed == own
    assert all(
        open_[name] > own[name] for name in ("Workbench.labels_changed", "Pane.index_changed")
    )
