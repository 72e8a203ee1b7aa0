"""Any plane is drawn, hovered over and painted, by real events, to voxels of a plain definition."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from segdesk.app.labelling.reviewing import say_right, set_status
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.grid import Grid
from segdesk.core.plane import Orientation, Plane
from segdesk.core.status import SliceStatus
from segdesk.ui.canvas import corner_texts
from segdesk.ui.canvas.slice_view import SliceView
from tests.ui.canvas.bench_project import CASE, add_case, draw
from tests.ui.canvas.mouse import LEFT, RIGHT, drag, move, press, release, wheel

SPACING = (5.0, 1.0, 0.5)
SHAPE = (6, 40, 60)
ACROSS: list[Orientation] = ["coronal", "sagittal"]
State = tuple[bytes, bytes, tuple[SliceStatus, ...]]


def show(view: ViewState, orientation: Orientation, index: int) -> Plane:
    case = view.crosshair.case
    assert case is not None
    plane = Plane.of(case.grid, orientation, index)
    view.pane.show(case.id, plane)
    return plane


def state(workbench: Workbench, id: str = CASE) -> State:
    mask = workbench.annotation(id)
    return mask.labels.tobytes(), mask.provenance.tobytes(), mask.statuses


def disc_of(plane: Plane, centre: tuple[float, float], radius_mm: float) -> npt.NDArray[np.bool_]:
    """Voxels of a plane within a radius, each asked by itself."""
    found = np.zeros(SHAPE, np.bool_)
    row_axis, column_axis = plane.axes
    for voxel in np.ndindex(*SHAPE):
        if voxel[plane.axis] == plane.index:
            down = (voxel[row_axis] - centre[0]) * SPACING[row_axis]
            right = (voxel[column_axis] - centre[1]) * SPACING[column_axis]
            found[voxel] = np.hypot(down, right) <= radius_mm
    return found


@pytest.mark.parametrize("orientation", ["axial", *ACROSS])
def test_a_dab_paints_a_disc_in_mm_on_its_plane_and_nothing_beside_it(
    canvas: SliceView, workbench: Workbench, view: ViewState, orientation: Orientation
) -> None:
    view.hand.use_tool("brush")
    view.hand.set_brush(13.0)
    plane = show(view, orientation, 4)
    centre = (3.0, 17.0)
    move(canvas, centre)
    hovered = canvas._hover.outline
    assert hovered is not None
    outlined = np.zeros(SHAPE, np.bool_)
    outlined[plane.box(hovered.region.area).window] = plane.solid(hovered.region.mask)
    np.testing.assert_array_equal(outlined, disc_of(plane, centre, 6.5))
    drag(canvas, centre)
    np.testing.assert_array_equal(
        workbench.annotation(CASE).labels == 1, disc_of(plane, centre, 6.5)
    )
    strokes = [edit for edit in workbench.history.done if edit.kind == "stroke"]
    assert [len(edit.patches) for edit in strokes] == [1]


@pytest.mark.parametrize("orientation", ACROSS)
@pytest.mark.parametrize("tool", ["brush", "lasso"])
def test_what_is_painted_across_comes_back_from_the_journal_and_by_undo(
    canvas: SliceView,
    workbench: Workbench,
    view: ViewState,
    orientation: Orientation,
    tool: str,
) -> None:
    workbench.loaded(CASE)
    say_right(workbench, CASE, 2)
    empty = state(workbench)
    view.hand.use_tool("brush" if tool == "brush" else "lasso")
    show(view, orientation, 21)
    drag(canvas, (0.6, 8.0), (4.7, 9.0), (4.2, 31.0), (1.1, 30.0))
    painted = state(workbench)
    labels = workbench.annotation(CASE).labels
    assert labels[1:5].any(axis=(1, 2)).all()
    others = np.delete(labels, 21, axis=1 if orientation == "coronal" else 2)
    assert not others.any()
    # As after a kill: the folder alone, nothing saved.
    again = Workbench.open(workbench.folder.path, writable=False)
    assert state(again) == painted
    again.close()
    assert workbench.undo() is not None
    assert state(workbench) == empty
    assert workbench.redo() is not None
    assert state(workbench) == painted


def test_a_stroke_across_makes_right_slices_partial_and_leaves_rejected_ones(
    canvas: SliceView, workbench: Workbench, view: ViewState
) -> None:
    for index in (1, 2):
        say_right(workbench, CASE, index)
    set_status(workbench, CASE, 2, SliceStatus.VERIFIED)
    set_status(workbench, CASE, 3, SliceStatus.REJECTED)
    view.hand.use_tool("brush")
    show(view, "coronal", 2)
    drag(canvas, (1.0, 20.0), (4.0, 20.0))
    statuses = workbench.annotation(CASE).statuses
    assert statuses[1:5] == (
        SliceStatus.PARTIAL,
        SliceStatus.PARTIAL,
        SliceStatus.REJECTED,
        SliceStatus.PREDICTED,
    )
    workbench.undo()
    assert workbench.annotation(CASE).statuses[1:4] == (
        SliceStatus.CORRECTED,
        SliceStatus.VERIFIED,
        SliceStatus.REJECTED,
    )


@pytest.mark.parametrize("orientation", ACROSS)
@pytest.mark.parametrize("mirrors", list(itertools.product((1.0, -1.0), repeat=3))[1::3])
def test_a_scan_stored_the_other_way_round_looks_and_paints_the_same_across(
    canvas: SliceView,
    workbench: Workbench,
    view: ViewState,
    orientation: Orientation,
    mirrors: tuple[float, float, float],
) -> None:
    voxels = np.random.default_rng(2).integers(-1000, 400, SHAPE, dtype=np.int16)
    turns = tuple(slice(None, None, int(sign)) for sign in mirrors)
    pictures: list[QImage] = []
    painted: list[npt.NDArray[np.uint8]] = []
    for id, signs, stored in (
        ("usual", (1.0, 1.0, 1.0), voxels),
        ("other", mirrors, np.ascontiguousarray(voxels[turns])),
    ):
        down, right = signs[1], signs[2]
        grid = Grid(SHAPE, SPACING, direction=(right, 0, 0, 0, down, 0, 0, 0, signs[0]))
        add_case(workbench, grid, stored, id=id)
        workbench.loaded(id)
        view.crosshair.show_case(id)
        view.hand.use_tool("brush")
        plane = Plane.of(grid, orientation, 7)
        index = 7 if signs[plane.axis] > 0 else SHAPE[plane.axis] - 8
        view.pane.show(id, plane.at(index))
        at = canvas.voxel_at(QPointF(240.3, 301.8))
        move(canvas, at)
        press(canvas, at)
        move(canvas, canvas.voxel_at(QPointF(180.2, 310.1)), LEFT)
        pictures.append(canvas.grab().toImage())
        release(canvas, canvas.voxel_at(QPointF(180.2, 310.1)))
        labels = workbench.annotation(id).labels
        painted.append(np.ascontiguousarray(labels if id == "usual" else labels[turns]))
    assert painted[0].any()
    np.testing.assert_array_equal(painted[0], painted[1])
    # But for the title, which counts planes as stored, and the line of (row, column).
    shown = [image.copy(0, 60, image.width(), image.height() - 120) for image in pictures]
    assert shown[0] == shown[1]


@pytest.mark.parametrize("orientation", ACROSS)
def test_parts_of_a_stroke_across_leave_the_same_pixels_as_a_full_paint(
    canvas: SliceView, workbench: Workbench, view: ViewState, orientation: Orientation
) -> None:
    draw(workbench, 3, np.full(SHAPE[1:], 2))
    view.hand.use_tool("brush")
    show(view, orientation, 21)
    QApplication.processEvents()
    press(canvas, (2.0, 10.0))
    for column in (12.0, 15.0, 22.4):
        move(canvas, (3.3, column), LEFT)
        QApplication.processEvents()
    in_parts = on_screen(canvas)
    canvas.update()
    assert on_screen(canvas) == in_parts
    release(canvas, (3.3, 22.4))


def test_an_undo_shows_the_plane_that_it_changes(
    canvas: SliceView, workbench: Workbench, view: ViewState
) -> None:
    view.hand.use_tool("brush")
    show(view, "sagittal", 30)
    drag(canvas, (2.0, 10.0))
    show(view, "sagittal", 5)
    edit = workbench.undo()
    assert edit is not None
    assert not view.pane.shows(edit)
    view.pane.reveal(edit)
    assert view.pane.shows(edit)
    assert (view.pane.axis, view.pane.index) == (2, 30)


def test_the_wheel_turns_the_planes_of_the_stack_on_screen_and_stops_at_its_ends(
    canvas: SliceView, view: ViewState
) -> None:
    before = view.crosshair.slice
    show(view, "coronal", 38)
    for _ in range(3):
        wheel(canvas, up=120)
        wheel(canvas, up=-120)
    assert view.pane.index == 38
    view.pane.step(5)
    assert view.pane.index == 39
    view.pane.step(-100)
    assert view.pane.index == 0
    assert view.crosshair.slice == before


def test_nothing_is_said_of_a_slice_that_is_not_on_screen(
    canvas: SliceView, workbench: Workbench, view: ViewState
) -> None:
    case = view.crosshair.case
    assert case is not None
    canvas.grab()
    assert canvas.scene.has_shown_slice
    show(view, "coronal", 11)
    canvas.grab()
    assert not canvas.scene.has_shown_slice
    said = corner_texts.facts(workbench, view.display, view.pane, case)
    assert said.title.startswith("Coronal   12 / 40   y ")
    assert (said.status, said.said) == (None, "")
    assert said.letters == ("S", "L", "I", "R")
    move(canvas, (2.0, 33.0))
    under = canvas.under_pointer()
    assert under is not None
    assert (under.slice, under.row, under.column) == (2, 11, 33)


@pytest.mark.parametrize("erase", [False, True])
def test_fill_and_the_right_button_work_across(
    canvas: SliceView, workbench: Workbench, view: ViewState, *, erase: bool
) -> None:
    for index in range(1, 5):
        draw(workbench, index, np.pad(np.full((10, 20), 1, np.uint8), ((10, 20), (15, 25))))
    view.hand.use_tool("fill")
    view.hand.use_segment(1)
    plane = show(view, "sagittal", 25)
    number = 0 if erase else 2
    view.hand.use_segment(2)
    drag(canvas, (2.0, 15.0), button=RIGHT if erase else LEFT)
    labels = workbench.annotation(CASE).labels
    assert (plane.cut(labels)[1:5, 10:20] == number).all()
    assert (np.delete(labels, 25, axis=2)[1:5, 10:20, 15:34] == 1).all()


def on_screen(canvas: SliceView) -> QImage:
    QApplication.processEvents()
    image = canvas.window().backingStore().paintDevice()
    assert isinstance(image, QImage)
    return image.copy()
