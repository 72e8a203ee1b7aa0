"""What a prediction leaves out: hatched, named under the pointer, and restored by a click."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from segdesk.app.labelling.reviewing import dismiss, say_right
from segdesk.app.project.saving import save
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.grid import Grid
from segdesk.core.plane import Plane
from segdesk.ops import layers
from segdesk.ui.canvas.drags import CLICK_REACH
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.look.theme import DARK
from tests.ui.canvas.bench_project import CASE, add_case, new_project, predict, shown
from tests.ui.canvas.mouse import CTRL, LEFT, RIGHT, drag, move, press, release

SHAPE = (6, 40, 60)
SLICE = 3
#: (row, column) of a small piece, and of a place that has none.
PIECE, NOTHING = (34.0, 50.0), (34.0, 20.0)
Planes = npt.NDArray[np.uint8]


def planes() -> tuple[Planes, Planes]:
    labels, left_out = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    labels[:, 8:28, 15:45] = 1
    left_out[2:5, 32:37, 46:55] = 1
    return labels, left_out


@pytest.fixture
def predicted(workbench: Workbench) -> Planes:
    labels, left_out = planes()
    predict(workbench, labels, left_out=left_out)
    return left_out[SLICE]


@pytest.fixture
def said(canvas: SliceView) -> list[str]:
    said: list[str] = []
    canvas.refused.connect(said.append)
    return said


def click(canvas: SliceView, voxel: tuple[float, float], button: Qt.MouseButton = LEFT) -> None:
    canvas.grab()
    move(canvas, voxel)
    press(canvas, voxel, button)
    release(canvas, voxel, button)


def restored(workbench: Workbench) -> bool:
    prediction = workbench.prediction(CASE)
    assert prediction is not None
    return bool(prediction.of_slice(SLICE)[34, 50])


def part(canvas: SliceView, rows: slice, columns: slice) -> QImage:
    """What is painted of some voxels."""
    first, last = (
        canvas.pixel_of(rows.start, columns.start),
        canvas.pixel_of(rows.stop, columns.stop),
    )
    image = canvas.grab().toImage()
    return image.copy(
        int(first.x()), int(first.y()), int(last.x() - first.x()), int(last.y() - first.y())
    )


def test_a_click_restores_the_piece_and_one_more_leaves_it_out(
    canvas: SliceView, view: ViewState, workbench: Workbench, predicted: Planes, said: list[str]
) -> None:
    window = view.display.window
    click(canvas, PIECE)
    assert restored(workbench)
    assert said == [
        "Part of the prediction again: Left lung, 0.34 mL. One more click leaves it out."
    ]
    assert not workbench.annotation(CASE).labels.any()
    assert view.display.window == window
    click(canvas, PIECE)
    assert not restored(workbench)
    assert said[-1] == "Left out again: Left lung, 0.34 mL."
    workbench.undo()
    assert restored(workbench)
    # Enter takes what is shown.
    say_right(workbench, CASE, SLICE)
    assert np.array_equal(workbench.annotation(CASE).labels[SLICE] != 0, planes()[0][3] + predicted)


def test_a_drag_from_there_is_a_drag(
    canvas: SliceView, view: ViewState, workbench: Workbench, predicted: Planes
) -> None:
    del predicted
    window = view.display.window
    canvas.grab()
    drag(canvas, PIECE, (34.0, 51.0), (30.0, 58.0))
    assert view.display.window != window and not restored(workbench)
    click(canvas, NOTHING)
    click(canvas, PIECE, RIGHT)
    assert not restored(workbench)
    press(canvas, PIECE, LEFT, CTRL)
    release(canvas, PIECE)
    assert not restored(workbench)


@pytest.mark.parametrize("tool", ["brush", "eraser", "fill"])
def test_a_tool_that_paints_paints(
    canvas: SliceView, view: ViewState, workbench: Workbench, predicted: Planes, tool: str
) -> None:
    del predicted
    view.hand.starts_from_prediction = False
    view.hand.use_tool(tool)
    view.hand.set_brush(4.0)
    click(canvas, PIECE)
    assert not restored(workbench)
    assert workbench.annotation(CASE).dismissed == frozenset()


def test_the_mouse_says_what_it_would_do(
    canvas: SliceView, view: ViewState, workbench: Workbench, predicted: Planes
) -> None:
    del predicted
    hints: list[str] = []
    canvas.said.connect(hints.append)
    canvas.grab()
    move(canvas, PIECE)
    assert hints[-1] == (
        "Click = restore this piece of the prediction (Left lung, 0.34 mL), left out: smaller "
        "than any labelled piece"
    )
    assert canvas.cursor().shape() is Qt.CursorShape.PointingHandCursor
    move(canvas, NOTHING)
    assert hints[-1].startswith("Navigate")
    assert canvas.cursor().shape() is Qt.CursorShape.ArrowCursor
    click(canvas, PIECE)
    assert hints[-1] == "Click = leave this piece out again (Left lung, 0.34 mL)"
    dismiss(workbench, CASE, SLICE)
    move(canvas, PIECE)
    assert hints[-1].startswith("Navigate")
    click(canvas, PIECE)
    assert restored(workbench)


@pytest.mark.parametrize("style", ["fill", "outline", "difference"])
def test_the_hatch_is_told_from_a_prediction_and_from_nothing(
    canvas: SliceView, view: ViewState, workbench: Workbench, style: layers.Style
) -> None:
    view.display.set_layers(style=style)
    rows, columns = slice(32, 37), slice(46, 55)
    labels, left_out = planes()
    predict(workbench, labels)
    nothing = part(canvas, rows, columns)
    predict(workbench, labels, left_out=left_out)
    hatched = part(canvas, rows, columns)
    click(canvas, PIECE)
    move(canvas, NOTHING)
    back = part(canvas, rows, columns)
    assert restored(workbench)
    assert len({bytes(one.constBits()) for one in (nothing, hatched, back)}) == 3
    view.display.set_layers(prediction=0.0)
    assert part(canvas, rows, columns) == nothing


def test_nothing_is_hatched_where_layers_are_off(
    canvas: SliceView, view: ViewState, workbench: Workbench, predicted: Planes
) -> None:
    del predicted
    canvas.grab()
    assert canvas.scene.shows_left_out
    canvas.peek(True)
    canvas.grab()
    assert not canvas.scene.shows_left_out
    click(canvas, PIECE)
    assert not restored(workbench)
    canvas.peek(False)
    view.crosshair.show_slice(0)
    canvas.grab()
    assert not canvas.scene.shows_left_out


def test_a_click_on_what_was_replaced_in_that_moment_is_said_and_does_nothing(
    canvas: SliceView, workbench: Workbench, predicted: Planes, said: list[str]
) -> None:
    canvas.grab()
    move(canvas, PIECE)
    press(canvas, PIECE)
    labels, left_out = planes()
    predict(workbench, labels, left_out=np.roll(left_out, 2, axis=2))
    release(canvas, PIECE)
    assert said == [
        "The prediction has just changed, so nothing was restored: look, then click again."
    ]
    assert workbench.annotation(CASE).dismissed == frozenset()
    # Not painted since it came: neither.
    predict(workbench, labels, left_out=np.roll(left_out, 1, axis=2))
    press(canvas, PIECE)
    release(canvas, PIECE)
    assert len(said) == 2 and workbench.annotation(CASE).dismissed == frozenset()
    click(canvas, PIECE)
    assert restored(workbench)


def test_strokes_go_on_while_a_prediction_comes_with_pieces(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    view.hand.use_tool("brush")
    view.hand.set_brush(4.0)
    canvas.grab()
    press(canvas, PIECE)
    labels, left_out = planes()
    predict(workbench, labels, left_out=left_out)
    canvas.grab()
    move(canvas, (34.0, 40.0), LEFT)
    release(canvas, (34.0, 40.0))
    drawn = workbench.annotation(CASE).labels[SLICE]
    assert drawn[34, 50] and drawn[34, 40] and not drawn[10, 20]
    assert canvas.scene.shows_left_out


def test_across_the_slices_pieces_are_hatched_and_clicked_too(
    canvas: SliceView, view: ViewState, workbench: Workbench, predicted: Planes
) -> None:
    del predicted
    view.pane.show(CASE, Plane.across(workbench.project.case(CASE).grid, 1, 34))
    canvas.grab()
    assert canvas.scene.shows_left_out
    click(canvas, (3.0, 50.0))
    assert restored(workbench)


@pytest.mark.parametrize("others", [False, True])
def test_a_hand_that_trembles_restores_the_piece_it_pressed_on(
    canvas: SliceView, view: ViewState, workbench: Workbench, said: list[str], others: bool
) -> None:
    """Across the slices a pixel further may be a slice on which the piece is not, or another is."""
    labels, left_out = planes()
    left_out[5, 2:4, 2:5] = others
    predict(workbench, labels, left_out=left_out)
    view.pane.show(CASE, Plane.across(workbench.project.case(CASE).grid, 1, 34))
    canvas.grab()
    # The last slice of the piece, at the edge to the next one.
    pressed, released = canvas.pixel_of(4.49, 50.0), canvas.pixel_of(4.51, 50.0)
    assert (pressed - released).manhattanLength() < CLICK_REACH
    press(canvas, (4.49, 50.0))
    release(canvas, (4.51, 50.0))
    assert restored(workbench)
    assert said[-1].startswith("Part of the prediction again: Left lung, 0.34 mL.")
    prediction = workbench.prediction(CASE)
    assert prediction is not None and len(prediction.restored) == 1
    assert not prediction.of_slice(5)[2, 3]
    ((_, index),) = workbench.annotation(CASE).dismissed
    assert index == 4


def test_a_project_that_is_only_read_says_so(tmp_path: Path, qtbot: QtBot) -> None:
    made = new_project(tmp_path)
    add_case(made, Grid(SHAPE, (5.0, 1.0, 0.5)))
    made.loaded(CASE)
    labels, left_out = planes()
    predict(made, labels, left_out=left_out)
    save(made)
    path = made.folder.path
    made.close()
    workbench = Workbench.open(path, writable=False)
    view = shown(workbench)
    canvas = SliceView(workbench, view, view.pane, DARK)
    qtbot.addWidget(canvas, before_close_func=SliceView.detach)
    canvas.resize(500, 600)
    canvas.show()
    qtbot.waitExposed(canvas)
    said: list[str] = []
    canvas.refused.connect(said.append)
    view.crosshair.show_slice(SLICE)
    click(canvas, PIECE)
    assert said == ["This project is read only here: nothing can be changed in it."]
    assert not restored(workbench)
    workbench.close()


def test_the_menu_asks_for_what_is_under_the_pointer(
    canvas: SliceView, workbench: Workbench, predicted: Planes
) -> None:
    del predicted
    canvas.grab()
    QTest.mouseMove(canvas, QPoint(1, 1))
    assert canvas.piece_under_pointer() is None
    move(canvas, PIECE)
    found = canvas.piece_under_pointer()
    assert found is not None
    canvas.toggle_piece(found)
    assert restored(workbench)


def test_a_dab_looks_for_no_piece_again(
    canvas: SliceView, view: ViewState, predicted: Planes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is hatched on a slice is looked for when it comes onto the screen."""
    del predicted
    view.hand.use_tool("brush")
    view.hand.set_brush(4.0)
    canvas.grab()
    looked: list[object] = []
    monkeypatch.setattr(
        type(view.workbench.prediction(CASE)), "left_out_on", lambda *a: looked.append(a)
    )
    view.hand.starts_from_prediction = False
    drag(canvas, (20.0, 20.0), (20.0, 22.0), (20.0, 25.0))
    canvas.grab()
    assert looked == []
