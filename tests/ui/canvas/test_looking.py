"""Looking at the scan with real wheel, mouse and focus events: slices, window, zoom, pan, menu."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QEnterEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.display import value_range
from segdesk.app.screen.view_state import ViewState
from segdesk.core.grid import Grid
from segdesk.core.window import Window
from segdesk.ui.canvas.drags import WindowDrag
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.canvas.voxel_under import Under
from segdesk.ui.look.theme import DARK
from tests.ui.canvas.bench_project import CASE, add_case, draw
from tests.ui.canvas.mouse import (
    ALT,
    CTRL,
    LEFT,
    MIDDLE,
    RIGHT,
    SHIFT,
    drag,
    move,
    move_to,
    press,
    release,
    wheel,
)


def test_a_notch_towards_the_hand_goes_one_slice_towards_the_feet(
    canvas: SliceView, view: ViewState
) -> None:
    # This stack begins at the feet.
    wheel(canvas, up=-120)
    assert view.crosshair.slice == 2
    wheel(canvas, up=120)
    wheel(canvas, up=120)
    assert view.crosshair.slice == 4
    canvas.flip_wheel(True)
    wheel(canvas, up=120)
    assert view.crosshair.slice == 3


@pytest.mark.parametrize("tool", ["brush", "eraser", "lasso", "fill", "navigate"])
def test_the_wheel_means_slices_in_every_tool(
    canvas: SliceView, view: ViewState, tool: str
) -> None:
    view.hand.use_tool(tool)
    wheel(canvas, up=-120)
    assert view.crosshair.slice == 2


def test_a_touch_pad_adds_up_to_one_slice_per_notch(canvas: SliceView, view: ViewState) -> None:
    for _ in range(7):
        wheel(canvas, up=-15)
    assert view.crosshair.slice == 3
    wheel(canvas, up=-15)
    assert view.crosshair.slice == 2
    for _ in range(3):
        wheel(canvas, pixels=20)
    assert view.crosshair.slice == 3


def test_slices_do_not_run_on_after_the_fingers_have_left_the_pad(
    canvas: SliceView, view: ViewState
) -> None:
    wheel(canvas, up=-360, phase=Qt.ScrollPhase.ScrollMomentum)
    assert view.crosshair.slice == 3


def test_alt_and_the_wheel_go_ten_slices_although_qt_turns_it_sideways(
    canvas: SliceView, view: ViewState
) -> None:
    wheel(canvas, sideways=-120, modifiers=ALT)
    assert view.crosshair.slice == 0
    wheel(canvas, sideways=120)
    assert view.crosshair.slice == 0


@pytest.mark.parametrize(("up", "sideways"), [(120, 0), (0, 120)])
def test_shift_and_the_wheel_change_the_brush_on_every_system(
    canvas: SliceView, view: ViewState, up: int, sideways: int
) -> None:
    wheel(canvas, up=up, sideways=sideways, modifiers=SHIFT)
    assert view.hand.brush_mm > 6.0
    assert view.crosshair.slice == 3


def test_ctrl_and_the_wheel_zoom_about_the_cursor(canvas: SliceView) -> None:
    at = QPointF(130, 222)
    voxel = canvas.voxel_at(at)
    before = canvas.viewport.scale
    wheel(canvas, up=120, modifiers=CTRL, at=at)
    assert canvas.viewport.scale == pytest.approx(before * 1.2)
    # To the pixel: the slice's corner stays on whole pixels.
    assert canvas.voxel_at(at) == pytest.approx(voxel, abs=0.1)


def test_a_left_drag_in_navigate_changes_window_and_level_and_esc_takes_it_back(
    canvas: SliceView, view: ViewState, qtbot: QtBot
) -> None:
    before = view.display.window
    press(canvas, (20, 30))
    move_to(canvas, canvas.pixel_of(20, 30) + QPointF(40, 0), LEFT)
    assert view.display.window.width > before.width
    assert view.display.window.level == before.level
    move_to(canvas, canvas.pixel_of(20, 30) + QPointF(40, 30), LEFT)
    assert view.display.window.level < before.level
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert (view.display.window, view.display.preset) == (before, "lung")


@given(
    st.lists(st.tuples(st.floats(-80, 80), st.floats(-80, 80)), min_size=1, max_size=12),
)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
def test_the_window_follows_the_whole_drag_however_its_moves_are_bunched(
    view: ViewState, steps: list[tuple[float, float]]
) -> None:
    view.display.use_preset("mediastinum")
    drag = WindowDrag(view.display, QPointF(100, 100))
    right = down = 0.0
    for x, y in steps:
        right, down = right + x, down + y
        drag.move(QPointF(100 + right, 100 + down))
    in_steps = view.display.window
    drag.cancel()
    WindowDrag(view.display, QPointF(100, 100)).move(QPointF(100 + right, 100 + down))
    if (right, down) != (0, 0):
        assert in_steps.width == pytest.approx(view.display.window.width)
        assert in_steps.level == pytest.approx(view.display.window.level)
        # The scan's range of values is 1,400 wide: neither end of it is reached here.
        unclamped = 400 * math.exp(right / 300)
        assert view.display.window.width == pytest.approx(
            min(max(unclamped, 1.0), 4 * 1399), rel=1e-3
        )


@pytest.mark.parametrize(("right", "down"), [(3000, -9000), (3000, 9000), (-9000, 0)])
def test_a_window_drag_ends_where_the_scan_has_no_more_to_show(
    view: ViewState, right: float, down: float
) -> None:
    case = view.crosshair.case
    assert case is not None
    low, high = value_range(case)
    WindowDrag(view.display, QPointF(0, 0)).move(QPointF(right, down))
    width, level = view.display.window.width, view.display.window.level
    assert 1.0 <= width <= 4 * (high - low)
    assert low - width <= level <= high + width
    if down:
        assert level == (high + width if down < 0 else low - width)


def test_a_right_drag_in_navigate_zooms_and_asks_for_no_menu(
    canvas: SliceView, qtbot: QtBot
) -> None:
    before = canvas.viewport.scale
    with qtbot.assertNotEmitted(canvas.menu_wanted):
        drag(canvas, (20, 30), (10, 30), button=RIGHT)
    assert canvas.viewport.scale > before


def test_a_right_click_in_navigate_asks_for_the_menu_of_what_is_there(
    canvas: SliceView, workbench: Workbench, qtbot: QtBot
) -> None:
    plane = np.zeros((40, 60))
    plane[12, 33] = 2
    draw(workbench, 3, plane)
    with qtbot.waitSignal(canvas.menu_wanted) as asked:
        drag(canvas, (12.2, 32.8), button=RIGHT)
    assert asked.args is not None
    position, under = asked.args
    assert under == Under(CASE, 3, 12, 33, 2)
    assert position == canvas.mapToGlobal(canvas.pixel_of(12.2, 32.8).toPoint())


def test_the_menu_key_asks_in_every_tool(canvas: SliceView, view: ViewState, qtbot: QtBot) -> None:
    view.hand.use_tool("brush")
    move(canvas, (12, 33))
    key = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(5, 5), QPoint(5, 5))
    with qtbot.waitSignal(canvas.menu_wanted) as asked:
        QApplication.sendEvent(canvas, key)
    assert asked.args is not None
    assert asked.args[1] == Under(CASE, 3, 12, 33, 0)


def test_a_middle_drag_pans_in_every_tool(canvas: SliceView, view: ViewState) -> None:
    view.hand.use_tool("brush")
    before = canvas.pixel_of(20, 30)
    at = QPointF(before)
    press(canvas, (20, 30), MIDDLE)
    move_to(canvas, at + QPointF(33, -21), MIDDLE)
    assert canvas.pixel_of(20, 30) == before + QPointF(33, -21)
    release(canvas, (20, 30), MIDDLE)


def test_fit_undoes_zoom_and_pan_and_a_resize_keeps_it_fitted(canvas: SliceView) -> None:
    fitted = canvas.viewport
    canvas.set_viewport(fitted.zoomed(3, 10, 10))
    canvas.fit()
    assert canvas.viewport == fitted
    canvas.resize(800, 300)
    x, y, width, height = canvas.viewport.rectangle
    assert (x >= 0, y >= 0, x + width <= 800, y + height <= 300) == (True,) * 4
    canvas.set_viewport(canvas.viewport.zoomed(2, 100, 100))
    middle = canvas.voxel_at(QPointF(400, 150))
    canvas.resize(700, 500)
    assert canvas.voxel_at(QPointF(350, 250)) == pytest.approx(middle, abs=0.2)


def test_what_is_under_the_cursor_comes_to_the_middle(canvas: SliceView) -> None:
    move(canvas, (8, 50))
    canvas.centre_on_cursor()
    assert canvas.voxel_at(QPointF(250, 300)) == pytest.approx((8, 50), abs=0.2)


def test_voxels_are_drawn_true_to_the_patient(canvas: SliceView) -> None:
    origin = canvas.pixel_of(0, 0)
    assert canvas.pixel_of(1, 0).y() - origin.y() == pytest.approx(
        2 * (canvas.pixel_of(0, 1).x() - origin.x())
    )


def test_slices_without_geometry_are_drawn_with_square_pixels(
    workbench: Workbench, view: ViewState, canvas: SliceView
) -> None:
    grid = Grid((2, 30, 30), (1.0, 3.0, 1.0), stacked=False)
    add_case(workbench, grid, id="flat", unit="raw")
    workbench.loaded("flat")
    view.crosshair.show_case("flat")
    height, width = canvas.viewport.voxel
    assert height == width


def test_a_case_that_is_read_later_appears_when_it_is_there(
    workbench: Workbench, view: ViewState, canvas: SliceView
) -> None:
    add_case(workbench, Grid((4, 20, 20)), id="late")
    view.crosshair.show_case("late")
    waiting = canvas.grab().toImage()
    workbench.adopt("late", workbench.read_case("late"))
    assert canvas.viewport.shape == (20, 20)
    assert canvas.grab().toImage() != waiting


def test_a_press_takes_the_focus_and_the_pointer_takes_it_from_a_button(
    workbench: Workbench, view: ViewState, qtbot: QtBot
) -> None:
    button = QPushButton("x")
    window, canvas = beside(workbench, view, qtbot, button)
    button.setFocus()
    enter(canvas)
    assert canvas.hasFocus()
    button.setFocus()
    press(canvas, (20, 30))
    release(canvas, (20, 30))
    assert canvas.hasFocus()
    canvas.detach()
    window.close()


def test_the_pointer_leaves_the_focus_in_a_field_that_is_being_edited(
    workbench: Workbench, view: ViewState, qtbot: QtBot
) -> None:
    combo = QComboBox()
    combo.setEditable(True)
    for field in (QLineEdit(), QSpinBox(), combo):
        window, canvas = beside(workbench, view, qtbot, field)
        field.setFocus()
        enter(canvas)
        assert not canvas.hasFocus()
        press(canvas, (20, 30))
        release(canvas, (20, 30))
        assert canvas.hasFocus()
        canvas.detach()
        window.close()


def test_a_plain_list_of_choices_gives_the_focus_away(
    workbench: Workbench, view: ViewState, qtbot: QtBot
) -> None:
    combo = QComboBox()
    window, canvas = beside(workbench, view, qtbot, combo)
    combo.setFocus()
    enter(canvas)
    assert canvas.hasFocus()
    canvas.detach()
    window.close()


def test_no_input_method_stands_between_keys_and_canvas(canvas: SliceView) -> None:
    assert not canvas.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)


def test_the_status_line_says_what_the_mouse_would_do(
    canvas: SliceView, view: ViewState, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(canvas.said) as said:
        view.hand.use_tool("brush")
    assert said.args is not None
    assert said.args[0].startswith("Brush: left paints Left lung, right erases")
    with qtbot.waitSignal(canvas.said) as said:
        view.hand.use_segment(2)
    assert said.args is not None
    assert "Right lung" in said.args[0]
    with qtbot.waitSignal(canvas.said) as said:
        view.hand.use_segment(0)
    assert said.args == ["Brush: erases; wheel = slice, Shift+wheel = size"]


def test_a_detached_view_listens_to_nothing(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    canvas.detach()
    signals = [
        workbench.labels_changed,
        workbench.case_loaded,
        workbench.statuses_changed,
        workbench.segments_changed,
        workbench.predictions_changed,
        view.crosshair.case_changed,
        view.crosshair.slice_changed,
        view.crosshair.moved,
        view.pane.index_changed,
        view.pane.axis_changed,
        view.marks.marks_changed,
        view.hand.ghost_changed,
        view.display.window_changed,
        view.display.layers_changed,
        view.hand.tool_changed,
        view.hand.segment_changed,
        view.hand.options_changed,
    ]
    # Parts of the view state listen themselves: the hand to segments and cases, display and marks
    # to cases, the pane to its crosshair.
    hears = {workbench.segments_changed: 1, view.crosshair.case_changed: 3, view.crosshair.moved: 1}
    assert [len(each) for each in signals] == [hears.get(each, 0) for each in signals]


def test_the_window_of_the_view_state_is_what_is_drawn(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    value = int(workbench.volume(CASE).voxels[3, 20, 30])
    view.display.set_window(Window(value + 500, 100))
    at = canvas.pixel_of(20, 30).toPoint()
    assert canvas.grab().toImage().pixelColor(at).lightness() == 0
    view.display.set_window(Window(value - 500, 100))
    assert canvas.grab().toImage().pixelColor(at).lightness() == 255


def beside(
    workbench: Workbench, view: ViewState, qtbot: QtBot, other: QWidget
) -> tuple[QWidget, SliceView]:
    """A window that is active, and the canvas in it beside another widget."""
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    canvas = SliceView(workbench, view, view.pane, DARK)
    column.addWidget(canvas, 1)
    column.addWidget(other)
    window.resize(400, 500)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window, canvas


def enter(canvas: SliceView) -> None:
    at = QPointF(30, 30)
    QApplication.sendEvent(canvas, QEnterEvent(at, at, canvas.mapToGlobal(at)))
