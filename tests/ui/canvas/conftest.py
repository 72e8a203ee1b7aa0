"""A small project with non-square voxels, and a slice view on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.grid import Grid
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.look.theme import DARK
from tests.ui.canvas.bench_project import add_case, new_project, shown

#: Rows are twice as tall as columns are wide.
GRID = Grid((6, 40, 60), (5.0, 1.0, 0.5))


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    workbench = new_project(tmp_path)
    add_case(workbench, GRID)
    yield workbench
    workbench.close()


@pytest.fixture
def view(workbench: Workbench) -> ViewState:
    """Shows the case at slice 3, in Navigate, with a brush of 6 mm."""
    view = shown(workbench)
    view.hand.set_brush(6.0)
    return view


@pytest.fixture
def canvas(workbench: Workbench, view: ViewState, qtbot: QtBot) -> Iterator[SliceView]:
    canvas = SliceView(workbench, view, view.pane, DARK)
    qtbot.addWidget(canvas)
    canvas.resize(500, 600)
    canvas.show()
    qtbot.waitExposed(canvas)
    canvas.activateWindow()
    yield canvas
    canvas.detach()
