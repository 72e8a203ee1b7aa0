"""Painting with real mouse events: which voxels change, and what undo sees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.status import SliceStatus
from segdesk.ops.paint import disk_mask
from segdesk.ui.canvas.slice_view import SliceView
from tests.ui.canvas.bench_project import CASE, draw
from tests.ui.canvas.mouse import (
    CTRL,
    LEFT,
    NONE,
    RIGHT,
    SHIFT,
    drag,
    move,
    move_to,
    press,
    release,
    wheel,
)

PIXEL_MM = (1.0, 0.5)
SHAPE = (40, 60)


def labels(workbench: Workbench, index: int = 3) -> npt.NDArray[np.uint8]:
    return workbench.annotation(CASE).labels[index].copy()


def disk(row: float, column: float, radius_mm: float = 3.0) -> npt.NDArray[np.bool_]:
    plane = np.zeros(SHAPE, bool)
    region = disk_mask(row, column, radius_mm, PIXEL_MM, SHAPE)
    assert region is not None
    plane[region.area.window] = region.mask
    return plane


def test_a_click_paints_exactly_the_voxels_within_the_radius_and_makes_one_edit(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    view.hand.use_tool("brush")
    drag(canvas, (20, 30))
    # By hand: an ellipse of 3 rows and 6 columns around (20, 30).
    row, column = np.mgrid[:40, :60]
    expected = (row - 20) ** 2 + ((column - 30) * 0.5) ** 2 <= 9.0
    np.testing.assert_array_equal(labels(workbench) == 1, expected)
    assert [edit.name for edit in workbench.history.done[-1:]] == ["Brush"]
    assert sum(edit.name == "Brush" for edit in workbench.history.done) == 1
    assert workbench.statuses(CASE)[3] is SliceStatus.PARTIAL


def test_a_fast_move_leaves_no_gap(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    view.hand.use_tool("brush")
    view.hand.set_brush(2.0)
    drag(canvas, (20, 5), (20, 55))
    assert (labels(workbench)[20, 3:58] == 1).all()


def test_the_voxel_under_the_pointer_is_painted_after_zoom_and_pan(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    view.hand.use_tool("brush")
    view.hand.set_brush(0.5)
    canvas.set_viewport(canvas.viewport.zoomed(4.3, 120.0, 222.0).panned(13, -29))
    inside = canvas.voxel_at(QPointF(200, 300))
    row, column = round(inside[0]), round(inside[1])
    drag(canvas, (row + 0.3, column - 0.3))
    assert np.argwhere(labels(workbench)).tolist() == [[row, column]]


def test_the_right_button_erases_with_the_same_brush(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    draw(workbench, 3, np.full(SHAPE, 2))
    view.hand.use_tool("brush")
    drag(canvas, (20, 30), button=RIGHT)
    np.testing.assert_array_equal(labels(workbench) == 0, disk(20, 30))
    assert workbench.history.done[-1].name == "Erase"


def test_the_right_button_of_the_eraser_erases_too(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    draw(workbench, 3, np.full(SHAPE, 2))
    view.hand.use_tool("eraser")
    drag(canvas, (20, 30), button=RIGHT)
    np.testing.assert_array_equal(labels(workbench) == 0, disk(20, 30))


@pytest.mark.parametrize(("tool", "painted"), [("brush", 0), ("eraser", 1)])
def test_ctrl_turns_the_left_button_round_for_one_stroke(
    canvas: SliceView, view: ViewState, workbench: Workbench, tool: str, painted: int
) -> None:
    draw(workbench, 3, np.full(SHAPE, 2))
    view.hand.use_tool(tool)
    drag(canvas, (20, 30), modifiers=CTRL)
    np.testing.assert_array_equal(labels(workbench), np.where(disk(20, 30), painted, 2))


def test_painting_with_background_erases(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    draw(workbench, 3, np.full(SHAPE, 2))
    view.hand.use_tool("brush")
    view.hand.use_segment(0)
    drag(canvas, (20, 30))
    assert labels(workbench)[20, 30] == 0


def test_esc_leaves_no_trace_of_a_stroke(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    done = len(workbench.history.done)
    view.hand.use_tool("brush")
    press(canvas, (20, 20))
    move(canvas, (20, 40), LEFT)
    assert labels(workbench).any()
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert not labels(workbench).any()
    assert not workbench.annotation(CASE).provenance.any()
    release(canvas, (20, 40))
    assert not labels(workbench).any()
    assert len(workbench.history.done) == done
    assert workbench.statuses(CASE)[3] is SliceStatus.UNLABELLED


def test_a_stroke_goes_on_outside_the_widget_and_ends_there(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    view.hand.use_tool("brush")
    press(canvas, (20, 30))
    move(canvas, (20, 200), LEFT)
    release(canvas, (20, 200))
    assert (labels(workbench)[20, 30:] == 1).all()
    assert not canvas.stroke_in_progress
    assert workbench.history.done[-1].name == "Brush"


def test_a_release_that_never_came_ends_the_stroke_at_the_next_move(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    view.hand.use_tool("brush")
    press(canvas, (20, 20))
    move(canvas, (20, 40), NONE)
    assert workbench.history.done[-1].name == "Brush"
    np.testing.assert_array_equal(labels(workbench) == 1, disk(20, 20))


@pytest.mark.parametrize("key", ["Shift", "Control", "Alt", "Meta", "CapsLock"])
def test_a_modifier_in_mid_stroke_does_not_end_it(
    canvas: SliceView, view: ViewState, workbench: Workbench, qtbot: QtBot, key: str
) -> None:
    view.hand.use_tool("brush")
    view.hand.set_brush(2.0)
    press(canvas, (20, 5))
    move(canvas, (20, 20), LEFT)
    qtbot.keyPress(canvas, Qt.Key[f"Key_{key}"])
    assert canvas.stroke_in_progress
    move(canvas, (20, 40), LEFT)
    qtbot.keyRelease(canvas, Qt.Key[f"Key_{key}"])
    move(canvas, (20, 50), LEFT)
    release(canvas, (20, 55))
    assert (labels(workbench)[20, 5:56] == 1).all()
    assert sum(edit.name == "Brush" for edit in workbench.history.done) == 1


def test_a_lost_focus_keeps_what_was_painted(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    view.hand.use_tool("brush")
    press(canvas, (20, 20))
    QApplication.sendEvent(canvas, QFocusEvent(QEvent.Type.FocusOut))
    assert not canvas.stroke_in_progress
    assert workbench.history.done[-1].name == "Brush"


def test_hiding_and_detaching_keep_what_was_painted(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    view.hand.use_tool("brush")
    press(canvas, (10, 10))
    canvas.hide()
    assert labels(workbench)[10, 10] == 1
    canvas.show()
    press(canvas, (30, 10))
    canvas.detach()
    assert [edit.name for edit in workbench.history.done[-2:]] == ["Brush", "Brush"]


def test_a_turn_of_the_wheel_finishes_the_stroke_first(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    view.hand.use_tool("brush")
    press(canvas, (20, 20))
    wheel(canvas, up=120)
    assert view.crosshair.slice == 4
    assert workbench.history.done[-1].name == "Brush"
    move(canvas, (20, 50), LEFT)
    release(canvas, (20, 50))
    assert not labels(workbench, 4).any()


def test_a_locked_segment_says_why_nothing_is_painted(
    canvas: SliceView, view: ViewState, workbench: Workbench, qtbot: QtBot
) -> None:
    lock(workbench, 1)
    view.hand.use_tool("brush")
    with qtbot.waitSignal(canvas.refused) as said:
        press(canvas, (20, 20))
    assert said.args is not None
    assert "locked" in said.args[0]
    assert not canvas.stroke_in_progress
    assert not labels(workbench).any()


def test_a_stroke_over_a_locked_segment_says_that_it_stays(
    canvas: SliceView, view: ViewState, workbench: Workbench, qtbot: QtBot
) -> None:
    half = np.zeros(SHAPE)
    half[:, 30:] = 2
    draw(workbench, 3, half)
    lock(workbench, 2)
    view.hand.use_tool("brush")
    with qtbot.waitSignal(canvas.refused) as said:
        press(canvas, (20, 31))
    assert said.args is not None
    assert "Right lung" in said.args[0]
    release(canvas, (20, 31))
    assert (labels(workbench)[:, 30:] == 2).all()
    assert labels(workbench)[20, 29] == 1


@pytest.mark.parametrize("tool", ["brush", "lasso", "fill"])
def test_a_hidden_segment_is_not_painted_with_and_says_why(
    canvas: SliceView, view: ViewState, workbench: Workbench, qtbot: QtBot, tool: str
) -> None:
    workbench.show_segment(1, False)
    view.hand.use_tool(tool)
    with qtbot.waitSignal(canvas.refused, timeout=500) as said:
        press(canvas, (20, 20))
    assert said.args == ["The segment 'Left lung' is hidden. Show it in the segment list."]
    assert not canvas.stroke_in_progress
    assert not labels(workbench).any()


@pytest.mark.parametrize("unseen", [{"shown": False}, {"annotation": 0.0}])
def test_a_stroke_that_could_not_be_seen_brings_the_overlays_back_and_says_so(
    canvas: SliceView,
    view: ViewState,
    workbench: Workbench,
    qtbot: QtBot,
    unseen: dict[str, object],
) -> None:
    view.display.set_layers(**unseen)
    view.hand.use_tool("brush")
    with qtbot.waitSignal(canvas.refused, timeout=500) as said:
        press(canvas, (20, 20))
    assert said.args is not None
    assert "shown again" in said.args[0]
    release(canvas, (20, 20))
    assert view.display.layers.shown
    assert view.display.layers.annotation == pytest.approx(0.45)
    assert labels(workbench)[20, 20] == 1
    with qtbot.assertNotEmitted(canvas.refused):
        drag(canvas, (30, 20))


def test_a_press_while_peeking_ends_the_peek(canvas: SliceView, view: ViewState) -> None:
    view.hand.use_tool("brush")
    canvas.peek(True)
    at = canvas.pixel_of(20, 20).toPoint()
    before = canvas.grab().toImage().pixel(at)
    drag(canvas, (20, 20))
    assert canvas.grab().toImage().pixel(at) != before


def test_a_refused_press_leaves_the_overlays_off(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    lock(workbench, 1)
    view.display.set_layers(shown=False)
    view.hand.use_tool("brush")
    drag(canvas, (20, 20))
    assert not view.display.layers.shown


def test_a_refusal_does_not_take_the_place_of_what_the_mouse_would_do(
    canvas: SliceView, view: ViewState, workbench: Workbench, qtbot: QtBot
) -> None:
    lock(workbench, 1)
    view.hand.use_tool("brush")
    with qtbot.assertNotEmitted(canvas.said):
        drag(canvas, (20, 20))


def test_shift_and_the_wheel_leave_the_size_alone_during_a_stroke(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    view.hand.use_tool("brush")
    press(canvas, (20, 20))
    wheel(canvas, up=360, modifiers=SHIFT)
    assert view.hand.brush_mm == 6.0
    assert canvas.stroke_in_progress
    release(canvas, (20, 20))
    wheel(canvas, up=120, modifiers=SHIFT)
    assert view.hand.brush_mm > 6.0


def test_a_lasso_fills_its_inside_and_shows_its_trace(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    view.hand.use_tool("lasso")
    before = canvas.grab().toImage()
    press(canvas, (9.5, 9.5))
    for corner in ((9.5, 29.5), (19.5, 29.5), (19.5, 9.5)):
        move(canvas, corner, LEFT)
    on_trace = canvas.pixel_of(14.5, 29.5).toPoint()
    assert canvas.grab().toImage().pixel(on_trace) != before.pixel(on_trace)
    release(canvas, (19.5, 9.5))
    expected = np.zeros(SHAPE, np.uint8)
    expected[10:20, 10:30] = 1
    np.testing.assert_array_equal(labels(workbench), expected)
    assert workbench.history.done[-1].name == "Lasso"


def test_esc_drops_a_lasso(canvas: SliceView, view: ViewState, workbench: Workbench) -> None:
    view.hand.use_tool("lasso")
    press(canvas, (10, 10))
    move(canvas, (10, 30), LEFT)
    move(canvas, (30, 30), LEFT)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    release(canvas, (30, 30))
    assert not labels(workbench).any()


def test_enter_closes_a_lasso(canvas: SliceView, view: ViewState, workbench: Workbench) -> None:
    view.hand.use_tool("lasso")
    press(canvas, (9.5, 9.5))
    for corner in ((9.5, 29.5), (19.5, 29.5), (19.5, 9.5)):
        move(canvas, corner, LEFT)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert np.count_nonzero(labels(workbench)) == 200


def test_a_click_fills_a_closed_region_and_refuses_an_open_one_in_words(
    canvas: SliceView, view: ViewState, workbench: Workbench, qtbot: QtBot
) -> None:
    ring = np.zeros(SHAPE)
    ring[10:31, 10:31] = 1
    ring[12:29, 12:29] = 0
    draw(workbench, 3, ring)
    view.hand.use_tool("fill")
    drag(canvas, (20, 20))
    assert (labels(workbench)[10:31, 10:31] == 1).all()
    with qtbot.waitSignal(canvas.refused) as said:
        drag(canvas, (2, 2))
    assert said.args is not None
    assert "edge of the slice" in said.args[0]
    assert labels(workbench)[2, 2] == 0


def test_no_segment_to_draw_with_is_said(
    canvas: SliceView, view: ViewState, workbench: Workbench, qtbot: QtBot
) -> None:
    view.hand.use_tool("brush")
    view.hand.segment = 9
    with qtbot.waitSignal(canvas.refused) as said:
        press(canvas, (20, 20))
    assert said.args is not None
    assert "no segment" in said.args[0]


def test_a_second_button_during_a_stroke_does_nothing(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    view.hand.use_tool("brush")
    press(canvas, (20, 20))
    press(canvas, (20, 20), RIGHT)
    release(canvas, (20, 20), RIGHT)
    assert canvas.stroke_in_progress
    release(canvas, (20, 20))
    np.testing.assert_array_equal(labels(workbench) == 1, disk(20, 20))


def test_a_double_click_paints_twice(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    view.hand.use_tool("brush")
    drag(canvas, (20, 20))
    QTest.mouseDClick(canvas, LEFT, pos=canvas.pixel_of(30, 40).toPoint())
    assert labels(workbench)[20, 20] == labels(workbench)[30, 40] == 1


def test_the_brush_outline_is_what_a_click_paints(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    view.hand.use_tool("brush")
    canvas.set_viewport(canvas.viewport.zoomed(2.0, 250, 300))
    before = canvas.grab().toImage()
    move(canvas, (20.2, 29.7))
    outlined = canvas.grab().toImage()
    drag(canvas, (20.2, 29.7))
    painted = labels(workbench) == 1
    move_to(canvas, QPointF(1, 1))
    for row in range(14, 27):
        for column in range(18, 42):
            for other in ((row + 1, column), (row, column + 1)):
                edge = canvas.pixel_of((row + other[0]) / 2, (column + other[1]) / 2)
                at = edge.toPoint()
                is_drawn = any(
                    outlined.pixel(at.x() + dx, at.y() + dy)
                    != before.pixel(at.x() + dx, at.y() + dy)
                    for dx in (-1, 0, 1)
                    for dy in (-1, 0, 1)
                )
                assert is_drawn == (painted[row, column] != painted[other])


def lock(workbench: Workbench, number: int) -> None:
    workbench.change_segment(replace(workbench.segments[number], locked=True))
