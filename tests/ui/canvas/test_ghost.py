"""A ghost: drawn and not yet in the mask; Enter takes it as one Edit, Esc drops it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from segdesk.app.labelling.tools.toolbox import TOOLS
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.plane import Plane
from segdesk.ops.paint import disk_mask
from segdesk.ui.canvas.slice_view import SliceView
from tests.exercises.dots import DOT, Dots
from tests.ui.canvas.bench_project import CASE
from tests.ui.canvas.mouse import RIGHT, drag, move

PIXEL_MM, SHAPE = (1.0, 0.5), (40, 60)


@pytest.fixture
def view(workbench: Workbench) -> ViewState:
    """As in the other tests, with a tool more in the hand's reach, which is held."""
    workbench.loaded(CASE)
    view = ViewState(workbench, (*TOOLS, Dots()))
    view.crosshair.show_case(CASE)
    view.hand.use_tool("dots")
    return view


def state(workbench: Workbench) -> tuple[object, ...]:
    mask = workbench.annotation(CASE)
    return mask.labels.tobytes(), mask.provenance.tobytes(), mask.statuses


def dots(*points: tuple[float, float], diameter_mm: float = 6.0) -> npt.NDArray[np.bool_]:
    plane = np.zeros(SHAPE, bool)
    for point in points:
        region = disk_mask(*point, diameter_mm / 2, PIXEL_MM, SHAPE)
        assert region is not None
        plane[region.area.window] |= region.mask
    return plane


def seen(canvas: SliceView, row: float, column: float) -> int:
    place = canvas.pixel_of(row, column).toPoint()
    return canvas.grab().toImage().pixel(place)


def test_presses_are_drawn_and_enter_makes_one_edit_of_them(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    move(canvas, (2, 2))
    bare = [seen(canvas, *point) for point in ((12, 15), (28, 45), (20, 30))]
    before, known = state(workbench), len(workbench.history.done)
    drag(canvas, (12, 15))
    drag(canvas, (28, 45))
    assert state(workbench) == before and len(workbench.history.done) == known
    drawn = [seen(canvas, *point) for point in ((12, 15), (28, 45), (20, 30))]
    assert drawn[0] != bare[0] and drawn[1] != bare[1] and drawn[2] == bare[2]
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert view.hand.ghost is None
    assert [edit.name for edit in workbench.history.done[known:]] == ["Dots"]
    labels = workbench.annotation(CASE).labels
    np.testing.assert_array_equal(labels[3] == 1, dots((12, 15), (28, 45)))
    assert not labels[[0, 1, 2, 4, 5]].any()
    workbench.undo()
    assert state(workbench) == before


def test_esc_drops_it_without_a_trace_and_keeps_the_tool(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    move(canvas, (2, 2))
    before, bare = state(workbench), seen(canvas, 12, 15)
    drag(canvas, (12, 15))
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert view.hand.ghost is None and view.hand.tool == "dots"
    assert state(workbench) == before and seen(canvas, 12, 15) == bare
    # Nothing is left that Enter could take.
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert state(workbench) == before


def test_the_last_press_is_taken_back_one_by_one(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    for point in ((12, 15), (28, 45), (20, 30)):
        drag(canvas, point)
    view.hand.take_back_press()
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    drawn = workbench.annotation(CASE).labels[3] == 1
    np.testing.assert_array_equal(drawn, dots((12, 15), (28, 45)))
    drag(canvas, (20, 30))
    view.hand.take_back_press()
    assert view.hand.ghost is None


def test_it_follows_the_options_with_presses_and_without(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    before = state(workbench)
    view.hand.set_size(DOT, 10.0)
    ghost = view.hand.ghost
    assert ghost is not None and ghost.solid is not None and not ghost.presses
    np.testing.assert_array_equal(ghost.solid.mask[0], dots((20, 30), diameter_mm=10.0))
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    drag(canvas, (12, 15))
    view.hand.set_size(DOT, 4.0)
    assert state(workbench) == before
    QTest.keyClick(canvas, Qt.Key.Key_Enter)
    drawn = workbench.annotation(CASE).labels[3] == 1
    np.testing.assert_array_equal(drawn, dots((12, 15), diameter_mm=4.0))


def test_the_right_button_makes_one_that_erases(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    drag(canvas, (12, 15))
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    drag(canvas, (12, 15), button=RIGHT)
    assert workbench.annotation(CASE).labels[3, 12, 15] == 1
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert not workbench.annotation(CASE).labels.any()
    assert workbench.history.done[-1].name == "Dots erase"


def test_enter_where_it_is_not_seen_shows_it_and_takes_nothing(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    drag(canvas, (12, 15))
    view.crosshair.show_slice(5)
    before = state(workbench)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert view.crosshair.slice == 3 and state(workbench) == before and view.hand.ghost is not None
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert workbench.annotation(CASE).labels[3].any()


def test_a_press_on_another_slice_is_refused_while_it_waits(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    drag(canvas, (12, 15))
    held = view.hand.ghost
    view.crosshair.show_slice(5)
    said: list[str] = []
    canvas.refused.connect(said.append)
    drag(canvas, (20, 30))
    assert "another plane" in said[-1]
    assert view.hand.ghost is held


def test_a_segment_that_was_locked_meanwhile_is_not_drawn_with(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    drag(canvas, (12, 15))
    workbench.change_segment(replace(workbench.segments[1], locked=True))
    said: list[str] = []
    canvas.refused.connect(said.append)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert "locked" in said[-1]
    assert view.hand.ghost is not None and not workbench.annotation(CASE).labels.any()


def test_it_goes_with_the_tool_and_with_the_case(canvas: SliceView, view: ViewState) -> None:
    drag(canvas, (12, 15))
    view.hand.use_tool("brush")
    assert view.hand.ghost is None
    view.hand.use_tool("dots")
    drag(canvas, (12, 15))
    view.crosshair.show_case(CASE)
    assert view.hand.ghost is None


@pytest.mark.parametrize("axis", range(3))
def test_it_is_held_drawn_and_taken_on_any_plane(
    canvas: SliceView, view: ViewState, workbench: Workbench, axis: int
) -> None:
    grid = workbench.project.case(CASE).grid
    plane = Plane.across(grid, axis, grid.shape[axis] // 2)
    view.pane.show(CASE, plane)
    rows, columns = plane.shape(grid)
    move(canvas, (0, 0))
    bare = seen(canvas, rows // 2, columns // 2)
    drag(canvas, (rows // 2, columns // 2))
    assert seen(canvas, rows // 2, columns // 2) != bare
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    region = disk_mask(rows // 2, columns // 2, 3.0, plane.pixel_mm(grid), (rows, columns))
    assert region is not None
    drawn = np.zeros((rows, columns), bool)
    drawn[region.area.window] = region.mask
    labels = workbench.annotation(CASE).labels
    np.testing.assert_array_equal(plane.cut(labels) == 1, drawn)
    assert np.count_nonzero(labels) == np.count_nonzero(drawn)
