"""Two slice views of one case side by side: one crosshair, each with its own planes and zoom."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.pane import Pane
from segdesk.app.screen.view_state import ViewState
from segdesk.core.plane import Plane
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.look.theme import DARK
from tests.ui.canvas.bench_project import CASE, add_case, draw, shown
from tests.ui.canvas.conftest import GRID
from tests.ui.canvas.mouse import LEFT, drag, move, press, wheel


@pytest.fixture
def beside(workbench: Workbench, view: ViewState, qtbot: QtBot) -> Iterator[SliceView]:
    """A view of coronal planes, at row 20."""
    beside = SliceView(workbench, view, Pane(view.crosshair, axis=1), DARK)
    qtbot.addWidget(beside)
    beside.resize(400, 300)
    beside.show()
    qtbot.waitExposed(beside)
    yield beside
    beside.detach()


def picture(canvas: SliceView) -> QImage:
    """The middle, where nothing is written over the scan."""
    return canvas.grab(canvas.rect().adjusted(100, 100, -100, -100)).toImage()


def test_the_wheel_over_one_leaves_the_picture_and_the_zoom_of_the_other(
    canvas: SliceView, beside: SliceView, view: ViewState
) -> None:
    beside.set_viewport(beside.viewport.zoomed(2.0, 150.0, 120.0))
    zoomed, shown, across = beside.viewport, picture(canvas), picture(beside)
    wheel(canvas, up=-120)
    assert picture(beside) == across
    assert picture(canvas) != shown
    shown = picture(canvas)
    wheel(beside, up=-120)
    assert picture(canvas) == shown
    assert picture(beside) != across
    assert beside.viewport == zoomed
    assert view.crosshair.voxel == (2, 21, 30)


def test_a_second_view_draws_hovers_and_paints_as_one_that_is_alone(
    beside: SliceView, workbench: Workbench, view: ViewState, qtbot: QtBot
) -> None:
    draw(workbench, 3, np.full(GRID.shape[1:], 2))
    alone = shown(workbench)
    alone.pane.show(CASE, Plane.across(GRID, 1, 20))
    single = SliceView(workbench, alone, alone.pane, DARK)
    qtbot.addWidget(single, before_close_func=SliceView.detach)
    single.resize(beside.size())
    single.show()
    qtbot.waitExposed(single)
    for state, canvas in ((view, beside), (alone, single)):
        state.hand.set_brush(9.0)
        state.hand.use_tool("brush")
        move(canvas, (2.0, 30.0))
    assert beside.grab().toImage() == single.grab().toImage()
    # Before the release, which draws all of it anew.
    press(beside, (2.0, 10.0))
    move(beside, (4.0, 30.0), LEFT)
    move(single, (4.0, 30.0))
    assert beside.grab().toImage() == single.grab().toImage()


def test_a_stroke_in_one_is_seen_in_the_other(
    canvas: SliceView, beside: SliceView, workbench: Workbench, view: ViewState
) -> None:
    view.hand.use_tool("brush")
    shown = picture(canvas)
    drag(beside, (3.0, 30.0))
    labels = workbench.annotation(CASE).labels
    plane = Plane.across(GRID, 1, 20)
    assert plane.cut(labels).any() and not np.delete(labels, 20, axis=1).any()
    assert picture(canvas) != shown


def test_another_case_is_shown_in_both_and_each_keeps_its_axis(
    canvas: SliceView, beside: SliceView, workbench: Workbench, view: ViewState
) -> None:
    add_case(workbench, GRID, np.full(GRID.shape, -600, np.int16), id="other")
    workbench.loaded("other")
    before = picture(canvas), picture(beside)
    view.crosshair.show_case("other")
    after = picture(canvas), picture(beside)
    assert after[0] != before[0] and after[1] != before[1]
    assert beside.viewport.shape == (GRID.shape[0], GRID.shape[2])
    assert canvas.viewport.shape == GRID.shape[1:]
