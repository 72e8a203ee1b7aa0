"""Every tool and every command of the canvas on planes across the slices of a scan that is no cube.

There `Plane.index` counts rows or columns: whoever takes it for a slice says something of a slice
that nobody sees, or of one that is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QLabel

from segdesk.app.labelling.editing import Gesture
from segdesk.app.labelling.tools.toolbox import TOOLS
from segdesk.app.project.workbench import Workbench
from segdesk.core.box import Box
from segdesk.core.grid import Grid
from segdesk.core.plane import Plane
from segdesk.core.status import SliceStatus
from segdesk.ops import fill, paint, polygon
from segdesk.ops.paint import Region
from tests.projects import SHAPE
from tests.ui.canvas.bench_project import draw, predict
from tests.ui.canvas.mouse import RIGHT, drag, move
from tests.windows import Desk

CASE = "case-001"
#: Beyond the last slice, and inside of rows and columns: the kind of index that is mistaken.
INDEX = 20
#: Off the centres of voxels, so that no edge goes through one.
POINTS = ((0.6, 5.6), (0.6, 12.4), (3.4, 12.4), (3.4, 5.6))
KEYS = {
    "brush": Qt.Key.Key_B,
    "eraser": Qt.Key.Key_E,
    "lasso": Qt.Key.Key_L,
    "fill": Qt.Key.Key_F,
}


def across(desk: Desk, project: Path, axis: int) -> tuple[Workbench, Grid, Plane]:
    desk.open(project)
    grid = desk.workbench.project.case(CASE).grid
    desk.view.pane.show(CASE, Plane.across(grid, axis, INDEX))
    desk.settle()
    desk.canvas.grab()
    plane = desk.view.pane.plane
    assert plane is not None and (plane.axis, plane.index) == (axis, INDEX)
    return desk.workbench, grid, plane


def words_of(desk: Desk) -> str:
    """What stands in the status line."""
    line = desk.window.findChild(QLabel, "status_words")
    assert line is not None
    return line.text()


def regions_of(
    tool: str, labels: npt.NDArray[np.uint8], plane: Plane, grid: Grid, brush_mm: float
) -> Sequence[Region | None]:
    """What a drag through `POINTS` means, by the plain functions."""
    shape = plane.shape(grid)
    if tool == "lasso":
        return [polygon.polygon_mask(POINTS, shape)]
    if tool == "fill":
        found = fill.fill_region(labels, (round(POINTS[0][0]), round(POINTS[0][1])))
        return [Region(found.area, found.mask)]
    mm = plane.pixel_mm(grid)
    ends = zip((POINTS[0], *POINTS), (*POINTS, POINTS[-1]), strict=True)
    # From one point to the next, and a stroke begins and ends where it stands.
    return [paint.capsule_mask(one, other, brush_mm / 2, mm, shape) for one, other in ends]


@pytest.mark.parametrize("axis", [1, 2])
@pytest.mark.parametrize("tool", [tool.id for tool in TOOLS if tool.paints])
def test_a_tool_changes_the_voxels_of_its_plane_and_no_other(
    desk: Desk, project: Path, tool: str, axis: int
) -> None:
    workbench, grid, plane = across(desk, project, axis)
    solid = np.zeros(SHAPE, np.uint8)
    solid[:, 2:-2, 2:-2] = 1 if tool == "eraser" else 0
    if tool == "fill":
        # A ring that is closed on both planes.
        solid[:, 4:22, 4:26] = 1
        solid[1:-1, 6:21, 6:24] = 0
    for index in range(SHAPE[0]):
        draw(workbench, index, solid[index])
    annotation = workbench.annotation(CASE)
    desk.key(KEYS[tool])
    desk.view.hand.set_brush(3.0)
    before = annotation.labels.copy(), annotation.provenance.copy()
    wanted = before[0].copy()
    value = 0 if tool == "eraser" else 1
    for region in regions_of(tool, plane.cut(before[0]), plane, grid, desk.view.hand.brush_mm):
        assert region is not None
        plane.cut(wanted)[region.area.window][region.mask] = value
    move(desk.canvas, POINTS[0])
    drag(desk.canvas, *(POINTS[:1] if tool == "fill" else POINTS))
    desk.settle()
    np.testing.assert_array_equal(annotation.labels, wanted)
    assert (wanted != before[0]).any()
    # Nobody has seen one of these slices as a whole.
    touched = np.flatnonzero((wanted != before[0]).any(axis=(1, 2)))
    assert not any(annotation.status(int(index)).teaches_whole for index in touched)
    desk.window.table["undo"].trigger()
    desk.settle()
    for now, then in zip((annotation.labels, annotation.provenance), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("axis", [1, 2])
def test_no_key_of_the_canvas_says_anything_of_a_slice_that_is_not_seen(
    desk: Desk, project: Path, axis: int
) -> None:
    workbench, _, _ = across(desk, project, axis)
    predict(workbench, np.ones(SHAPE, np.uint8), CASE)
    desk.settle()
    desk.canvas.grab()
    annotation = workbench.annotation(CASE)

    def state() -> tuple[object, ...]:
        return (
            annotation.labels.tobytes(),
            annotation.statuses,
            annotation.complete,
            annotation.dismissed,
        )

    before, said = state(), {}
    for action in desk.window.table.actions:
        if not action.canvas:
            continue
        move(desk.canvas, (2.0, 10.0))
        desk.window.table.run(action)
        desk.settle()
        desk.canvas.grab()
        assert state() == before, action.id
        said[action.id] = words_of(desk)
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QDialog):
                widget.reject()
        desk.view.pane.go_to(INDEX)
    of_slices = ("slice_is_right", "slice_is_right_next", "take_prediction", "dismiss_prediction")
    for id in (*of_slices, "verify_slice", "reject_slice"):
        assert "No slice is seen as a whole here" in said[id], id


@pytest.mark.parametrize("axis", [1, 2])
def test_the_menu_of_a_place_and_the_erasing_button_mean_the_voxel_that_is_seen(
    desk: Desk, project: Path, axis: int
) -> None:
    workbench, _, plane = across(desk, project, axis)
    for index in range(SHAPE[0]):
        draw(workbench, index, np.ones(SHAPE[1:]), CASE)
    move(desk.canvas, (3.0, 9.0))
    under = desk.canvas.under_pointer()
    assert under is not None
    assert (under.slice, under.row, under.column) == plane.voxel(3, 9)
    assert under.segment == 1
    desk.key(KEYS["brush"])
    desk.view.hand.set_brush(1.0)
    drag(desk.canvas, (3.0, 9.0), button=RIGHT)
    labels = workbench.annotation(CASE).labels
    assert [tuple(map(int, at)) for at in np.argwhere(labels == 0)] == [plane.voxel(3, 9)]


def test_an_operation_asked_for_across_the_slices_has_seen_none_of_them(
    desk: Desk, project: Path
) -> None:
    workbench, _, _ = across(desk, project, 1)
    index = desk.view.crosshair.slice
    ring = np.ones((1, 8, 8), np.bool_)
    ring[:, 2:-2, 2:-2] = False
    gesture = Gesture(workbench, CASE, "Ring")
    gesture.paint(Box(index, index + 1, 4, 12, 4, 12), ring, 1)
    gesture.finish()
    annotation = workbench.annotation(CASE)
    desk.view.pane.show(CASE, Plane.across(annotation.grid, 0, index))
    desk.settle()
    desk.canvas.grab()
    desk.key(Qt.Key.Key_Return)
    assert annotation.status(index) is SliceStatus.CORRECTED
    desk.view.pane.show(CASE, Plane.across(annotation.grid, 1, INDEX))
    desk.window.table["fill_holes"].trigger()
    desk.press(desk.dialog("operation_dialog"), "start_operation")
    desk.wait(lambda: annotation.status(index) is SliceStatus.PARTIAL)
    assert annotation.labels[index, 6:10, 6:10].all()
