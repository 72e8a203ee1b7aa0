"""The strip of statuses: colours, order, clicks, tall stacks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from segdesk.app.labelling import reviewing
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.grid import Grid
from segdesk.core.prediction import Proposal
from segdesk.core.status import SliceStatus
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.canvas.status_strip import StatusStrip
from segdesk.ui.look.theme import DARK
from tests.ui.canvas.bench_project import CASE, add_case, predict
from tests.ui.canvas.mouse import CTRL, SHIFT, wheel


@pytest.fixture
def strip(workbench: Workbench, view: ViewState, qtbot: QtBot) -> Iterator[StatusStrip]:
    strip = StatusStrip(workbench, view, DARK)
    qtbot.addWidget(strip)
    strip.resize(strip.width(), 600)
    strip.show()
    yield strip
    strip.detach()


def test_the_head_is_at_the_top(strip: StatusStrip) -> None:
    # This stack begins at the feet.
    assert strip.rectangle_of(5).top() < strip.rectangle_of(0).top()


def test_a_stack_that_begins_at_the_head_is_drawn_from_the_top(
    strip: StatusStrip, workbench: Workbench, view: ViewState
) -> None:
    down = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, -1.0)
    add_case(workbench, Grid((6, 8, 8), direction=down), id="down")
    view.crosshair.show_case("down")
    assert strip.rectangle_of(0).top() < strip.rectangle_of(5).top()


def test_a_click_goes_to_the_slice_and_a_drag_follows(strip: StatusStrip, view: ViewState) -> None:
    click_at(strip, 1)
    assert view.crosshair.slice == 1
    QTest.mousePress(strip, Qt.MouseButton.LeftButton, pos=middle_of(strip, 5))
    QTest.mouseMove(strip, middle_of(strip, 2))
    QTest.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=middle_of(strip, 2))
    assert view.crosshair.slice == 2


def test_a_status_is_drawn_in_its_colour_as_soon_as_it_changes(
    strip: StatusStrip, workbench: Workbench
) -> None:
    reviewing.set_status(workbench, CASE, 1, SliceStatus.VERIFIED)
    image = strip.grab().toImage()
    assert image.pixelColor(middle_of(strip, 1)).name() == DARK.verified
    assert image.pixelColor(middle_of(strip, 2)).name() == DARK.unlabelled


def test_a_dot_stands_beside_what_needs_a_look(strip: StatusStrip, workbench: Workbench) -> None:
    assert not has_dot(strip, 1)
    predict(workbench, np.ones((6, 40, 60), np.uint8))
    reviewing.say_right(workbench, CASE, 2)
    reviewing.dismiss(workbench, CASE, 4)
    assert [has_dot(strip, index) for index in range(6)] == [True, True, False, True, False, True]


def test_a_slice_that_a_training_proposes_something_of_gets_its_dot(
    strip: StatusStrip, workbench: Workbench
) -> None:
    workbench.annotation(CASE)
    workbench.propose(Proposal("run-001", CASE, 40, 3, np.ones((40, 60), np.uint8)))
    assert [has_dot(strip, index) for index in range(6)] == [False] * 3 + [True, False, False]
    # A second slice: the first proposal of a case brings the strip up to date in any case.
    workbench.propose(Proposal("run-001", CASE, 60, 1, np.ones((40, 60), np.uint8)))
    assert has_dot(strip, 1)
    reviewing.dismiss(workbench, CASE, 3)
    assert not has_dot(strip, 3)


def test_the_slice_on_screen_has_a_frame(strip: StatusStrip, view: ViewState) -> None:
    before = strip.grab().toImage()
    view.crosshair.show_slice(0)
    after = strip.grab().toImage()
    edge = QPoint(middle_of(strip, 0).x(), round(strip.rectangle_of(0).top() - 2))
    assert before != after
    assert after.pixelColor(edge) != before.pixelColor(edge)


def test_every_slice_of_a_tall_stack_can_be_reached_by_its_mark(
    strip: StatusStrip, workbench: Workbench, view: ViewState
) -> None:
    add_case(workbench, Grid((1200, 2, 2)), id="tall")
    workbench.loaded("tall")
    view.crosshair.show_case("tall")
    reviewing.set_status(workbench, "tall", 0, SliceStatus.REJECTED)
    for index in range(200):
        reviewing.set_status(workbench, "tall", index, SliceStatus.CORRECTED)
    assert [strip.slice_at(strip.rectangle_of(k).center().y()) for k in (0, 7, 1199)] == [
        0,
        7,
        1199,
    ]
    image = strip.grab().toImage()
    assert image.pixelColor(middle_of(strip, 100)).name() == DARK.corrected
    assert image.pixelColor(middle_of(strip, 1100)).name() == DARK.unlabelled


@pytest.mark.parametrize(("flipped", "expected"), [(False, 2), (True, 4)])
def test_the_wheel_over_the_strip_means_slices_like_over_the_canvas(
    strip: StatusStrip, canvas: SliceView, view: ViewState, *, flipped: bool, expected: int
) -> None:
    canvas.flip_wheel(flipped)
    strip.wheel_turned.connect(canvas.turn_slices)
    wheel(strip, up=-60)
    assert view.crosshair.slice == 3
    wheel(strip, up=-60)
    assert view.crosshair.slice == expected


def test_a_wheel_over_the_strip_neither_zooms_nor_changes_the_brush(
    strip: StatusStrip, canvas: SliceView, view: ViewState
) -> None:
    strip.wheel_turned.connect(canvas.turn_slices)
    before = canvas.viewport
    wheel(strip, up=-120, modifiers=CTRL)
    wheel(strip, up=-120, modifiers=SHIFT)
    assert view.crosshair.slice == 1
    assert (canvas.viewport, view.hand.brush_mm) == (before, 6.0)


def test_no_case_is_an_empty_strip(strip: StatusStrip, view: ViewState) -> None:
    view.crosshair.show_case(None)
    image = strip.grab().toImage()
    assert image.pixelColor(10, 300).name() == DARK.panel
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(10, 300))


def click_at(strip: StatusStrip, index: int) -> None:
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=middle_of(strip, index))


def middle_of(strip: StatusStrip, index: int) -> QPoint:
    return strip.rectangle_of(index).center().toPoint()


def has_dot(strip: StatusStrip, index: int) -> bool:
    x = strip.width() - 5
    y = middle_of(strip, index).y()
    image = strip.grab().toImage()
    return any(
        image.pixelColor(x + dx, y + dy).name() != DARK.panel
        for dx in (-1, 0, 1)
        for dy in (-2, 0, 2)
    )
