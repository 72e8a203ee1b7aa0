"""Scans are drawn as readers expect them, whichever way their rows and columns are stored."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.box import Box
from segdesk.core.grid import Grid
from segdesk.core.plane import Plane
from segdesk.formats.nifti import open_nifti
from segdesk.ui.canvas import corner_texts
from segdesk.ui.canvas.slice_view import SliceView
from tests.ui.canvas.bench_project import add_case, draw, predict
from tests.ui.canvas.mouse import LEFT, move, move_to, press, release

SHAPE = (6, 40, 60)
#: What a reader expects at the top and at the left, by the body axis that the slices follow.
TOP_AND_LEFT = {0: ("S", "A"), 1: ("S", "R"), 2: ("A", "R")}
MIRRORS = [(True, True), (True, False), (False, True)]


def directions() -> list[tuple[tuple[int, int, int], Grid]]:
    """Every way to lay columns, rows and slices along the body's axes: 48 of them."""
    found: list[tuple[tuple[int, int, int], Grid]] = []
    for axes in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            matrix = np.zeros((3, 3))
            for column, (axis, sign) in enumerate(zip(axes, signs, strict=True)):
                matrix[axis, column] = sign
            grid = Grid((2, 3, 4), direction=tuple(matrix.ravel().tolist()))
            found.append(((axes[0], axes[1], axes[2]), grid))
    return found


def test_every_stack_is_turned_as_it_is_read_unless_rows_and_columns_are_swapped() -> None:
    for (column_axis, row_axis, slice_axis), grid in directions():
        _, rows, columns = grid.axis_letters()
        turn_rows, turn_columns = Plane.across(grid, 0, 0).mirrored
        if row_axis > column_axis:
            assert (rows[turn_rows], columns[turn_columns]) == TOP_AND_LEFT[slice_axis]
        else:
            assert (turn_rows, turn_columns) == (False, False)


def test_slices_without_geometry_are_drawn_as_stored() -> None:
    turned = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0)
    grid = Grid((2, 3, 4), direction=turned, stacked=False)
    assert Plane.across(grid, 0, 0).mirrored == (False, False)


@pytest.mark.parametrize("turned", MIRRORS)
@pytest.mark.parametrize("zoom", [1.0, 2.37])
@pytest.mark.parametrize("tool", ["navigate", "brush", "lasso"])
def test_a_scan_stored_the_other_way_round_looks_and_paints_the_same(
    canvas: SliceView,
    workbench: Workbench,
    view: ViewState,
    turned: tuple[bool, bool],
    zoom: float,
    tool: str,
) -> None:
    voxels = np.random.default_rng(2).integers(-1000, 400, SHAPE, dtype=np.int16)
    plane = np.zeros(SHAPE[1:], np.uint8)
    plane[5:20, 8:33] = 2
    pictures: list[QImage] = []
    painted: list[npt.NDArray[np.uint8]] = []
    for id, turn in (("usual", (False, False)), ("other", turned)):
        add_case(workbench, grid_turned(turn), as_stored(voxels, turn), id=id)
        workbench.loaded(id)
        draw(workbench, 3, as_stored(plane, turn), id)
        view.crosshair.show_case(id, 3)
        view.hand.use_tool(tool)
        canvas.fit()
        canvas.set_viewport(canvas.viewport.zoomed(zoom, 240, 310))
        move_to(canvas, QPointF(243, 317))
        press_at(canvas, QPointF(243, 317))
        for at in (QPointF(181, 340), QPointF(160.4, 401.7)):
            move_to(canvas, at, LEFT)
        pictures.append(canvas.grab().toImage())
        release(canvas, canvas.voxel_at(QPointF(160.4, 401.7)))
        labels = workbench.annotation(id).labels[3]
        painted.append(as_stored(labels, turn))
    assert pictures[0].pixelColor(250, 300) == pictures[1].pixelColor(250, 300)
    assert without_reading(pictures[0]) == without_reading(pictures[1])
    np.testing.assert_array_equal(painted[0], painted[1])


@pytest.mark.parametrize("turned", MIRRORS)
@pytest.mark.parametrize("zoom", [0.3, 1.0, 2.37, 6.0])
@pytest.mark.parametrize("style", ["fill", "difference"])
def test_the_boxes_of_a_stroke_leave_the_same_pixels_as_a_full_paint_where_mirrored(
    canvas: SliceView,
    workbench: Workbench,
    view: ViewState,
    turned: tuple[bool, bool],
    zoom: float,
    style: str,
) -> None:
    add_case(workbench, grid_turned(turned), id="other")
    workbench.loaded("other")
    predict(workbench, np.random.default_rng(3).integers(0, 3, SHAPE, dtype=np.uint8), "other")
    draw(workbench, 3, np.full(SHAPE[1:], 2), "other")
    canvas.resize(701, 603)
    view.crosshair.show_case("other", 3)
    view.display.set_layers(style=style)
    view.hand.use_tool("brush")
    canvas.set_viewport(canvas.viewport.zoomed(zoom, 340.3, 290.9))
    move(canvas, (20, 30))
    QApplication.processEvents()
    press(canvas, (20, 30))
    for column in (32, 35, 33.4, 28):
        move(canvas, (21.3, column), LEFT)
        QApplication.processEvents()
    in_parts = on_screen(canvas)
    canvas.update()
    assert on_screen(canvas) == in_parts
    release(canvas, (21.3, 28))


def test_voxels_and_boxes_of_a_mirrored_scan_stay_as_stored(
    canvas: SliceView, workbench: Workbench, view: ViewState
) -> None:
    add_case(workbench, grid_turned((True, True)), id="other")
    workbench.loaded("other")
    view.crosshair.show_case("other", 3)
    view.hand.use_tool("brush")
    view.hand.set_brush(0.5)
    boxes: list[Box] = []
    workbench.labels_changed.connect(lambda _, changed: boxes.extend(changed))
    press(canvas, (4, 7))
    release(canvas, (4, 7))
    assert np.argwhere(workbench.annotation("other").labels).tolist() == [[3, 4, 7]]
    assert (boxes[0].row0, boxes[0].column0) == (4, 7)
    move(canvas, (4, 7))
    under = canvas.under_pointer()
    assert under is not None
    assert (under.row, under.column, under.segment) == (4, 7, 1)
    # The first rows and columns of the file lie at the lower right.
    at = canvas.pixel_of(4, 7)
    assert at.x() > canvas.width() / 2
    assert at.y() > canvas.height() / 2


def test_the_letters_of_a_nifti_scan_are_those_that_a_reader_expects(
    workbench: Workbench, view: ViewState, canvas: SliceView, shared_data: Path
) -> None:
    grid = open_nifti(shared_data / "chest3d_mask/totalseg/example_ct_sm.nii.gz").grid
    case = add_case(workbench, grid, id="nifti")
    workbench.loaded("nifti")
    view.crosshair.show_case("nifti")
    said = corner_texts.facts(workbench, view.display, view.pane, case)
    assert said.letters == ("A", "L", "P", "R")
    assert said.title.startswith("Axial ")
    assert canvas.viewport.mirrored == (True, True)


def test_a_sagittal_stack_says_so_with_the_face_at_the_left(
    workbench: Workbench, view: ViewState, qtbot: QtBot
) -> None:
    # Columns go to the front, rows to the feet, slices to the left: both letters the other way.
    direction = (0.0, 0.0, 1.0, -1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    case = add_case(workbench, Grid((4, 20, 20), direction=direction), id="sagittal")
    workbench.loaded("sagittal")
    view.crosshair.show_case("sagittal")
    said = corner_texts.facts(workbench, view.display, view.pane, case)
    assert said.letters == ("S", "P", "I", "A")
    assert said.title.startswith("Sagittal   3 / 4   x ")


def test_letters_stay_true_where_rows_and_columns_are_swapped(
    workbench: Workbench, view: ViewState
) -> None:
    # Columns go to the back, rows to the left.
    direction = (0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    case = add_case(workbench, Grid((4, 20, 20), direction=direction), id="swapped")
    workbench.loaded("swapped")
    view.crosshair.show_case("swapped")
    said = corner_texts.facts(workbench, view.display, view.pane, case)
    assert said.letters == ("R", "P", "L", "A")
    assert said.title.startswith("Axial ")


def grid_turned(turned: tuple[bool, bool]) -> Grid:
    """The grid of the other tests with rows and columns stored from the other end."""
    down, right = (-1.0 if turn else 1.0 for turn in turned)
    return Grid(SHAPE, (5.0, 1.0, 0.5), direction=(right, 0, 0, 0, down, 0, 0, 0, 1.0))


def as_stored(values: npt.NDArray[Any], turned: tuple[bool, bool]) -> npt.NDArray[Any]:
    """Rows and columns, the last two axes, from the other end; its own inverse."""
    rows, columns = (-1 if turn else 1 for turn in turned)
    return np.ascontiguousarray(values[..., ::rows, ::columns])


def press_at(canvas: SliceView, at: QPointF) -> None:
    press(canvas, canvas.voxel_at(at))


def on_screen(canvas: SliceView) -> QImage:
    QApplication.processEvents()
    image = canvas.window().backingStore().paintDevice()
    assert isinstance(image, QImage)
    return image.copy()


def without_reading(image: QImage) -> QImage:
    """The picture above the line with the voxel's (row, column), which are as stored."""
    return image.copy(0, 0, image.width(), image.height() - 60)
