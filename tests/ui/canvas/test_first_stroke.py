"""The first stroke on an untouched slice starts from the prediction that is on the screen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from segdesk.app.labelling.reviewing import dismiss, set_status
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.annotation import Provenance
from segdesk.core.edit import Edit
from segdesk.core.status import SliceStatus
from segdesk.ui.canvas.slice_view import SliceView
from tests.ui.canvas.bench_project import CASE, predict
from tests.ui.canvas.mouse import LEFT, RIGHT, drag, move, press, release

Plane = npt.NDArray[np.uint8]
SLICE = 3
START = "Start from prediction"


@pytest.fixture
def predicted(workbench: Workbench) -> Plane:
    """A square of the first segment with a hole, on every slice."""
    labels = np.zeros((6, 40, 60), np.uint8)
    labels[:, 10:30, 15:45] = 1
    labels[:, 18:22, 28:32] = 0
    predict(workbench, labels)
    return labels[SLICE]


def now(workbench: Workbench) -> tuple[Plane, Plane, SliceStatus]:
    annotation = workbench.annotation(CASE)
    labels, provenance = annotation.labels[SLICE], annotation.provenance[SLICE]
    return labels.copy(), provenance.copy(), annotation.status(SLICE)


def is_empty(workbench: Workbench) -> bool:
    labels, provenance, status = now(workbench)
    return not labels.any() and not provenance.any() and status is SliceStatus.UNLABELLED


def names(workbench: Workbench) -> list[str]:
    return [edit.name for edit in workbench.history.done if edit.case]


def start(view: ViewState, tool: str) -> None:
    view.hand.use_tool(tool)
    view.hand.set_brush(4.0)


def test_an_eraser_corrects_the_prediction_and_undo_takes_back_one_after_the_other(
    canvas: SliceView, view: ViewState, workbench: Workbench, predicted: Plane
) -> None:
    start(view, "eraser")
    drag(canvas, (12, 20), (28, 20))
    labels, provenance, status = now(workbench)
    by_hand = provenance == Provenance.HAND
    assert by_hand.any() and not labels[by_hand].any()
    np.testing.assert_array_equal(labels[~by_hand], predicted[~by_hand])
    assert status is SliceStatus.PARTIAL
    assert names(workbench) == [START, "Erase"]
    workbench.undo()
    labels, provenance, status = now(workbench)
    np.testing.assert_array_equal(labels, predicted)
    assert set(np.unique(provenance)) == {Provenance.NOBODY, Provenance.PREDICTION}
    assert status is SliceStatus.PREDICTED
    workbench.undo()
    assert is_empty(workbench)
    workbench.redo()
    workbench.redo()
    labels, provenance, status = now(workbench)
    assert not labels[by_hand].any()
    assert status is SliceStatus.PARTIAL


def test_the_prediction_is_in_the_mask_from_the_press_on_and_esc_takes_back_both(
    canvas: SliceView, view: ViewState, workbench: Workbench, predicted: Plane
) -> None:
    said: list[str] = []
    canvas.refused.connect(said.append)
    start(view, "brush")
    press(canvas, (5, 5))
    labels, _, _ = now(workbench)
    np.testing.assert_array_equal(labels[10:], predicted[10:])
    assert labels[5, 5] == 1
    assert said == ["The stroke starts from the prediction. Ctrl+Z twice takes back both."]
    move(canvas, (5, 30), LEFT)
    revision = len(workbench.history.done)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert is_empty(workbench)
    assert len(workbench.history.done) == revision
    release(canvas, (5, 30))
    assert names(workbench) == []


def test_a_second_stroke_starts_from_nothing_more(
    canvas: SliceView, view: ViewState, workbench: Workbench, predicted: Plane
) -> None:
    start(view, "brush")
    drag(canvas, (5, 5))
    drag(canvas, (35, 5))
    assert names(workbench) == [START, "Brush", "Brush"]


def test_a_lasso_starts_from_it_and_one_without_an_inside_leaves_nothing(
    canvas: SliceView, view: ViewState, workbench: Workbench, predicted: Plane
) -> None:
    view.hand.use_tool("lasso")
    drag(canvas, (20, 20))
    assert is_empty(workbench) and names(workbench) == []
    drag(canvas, (16, 26), (16, 34), (24, 34), (24, 26))
    labels, _, _ = now(workbench)
    assert labels[20, 30] == 1
    np.testing.assert_array_equal(labels[:16], predicted[:16])
    assert names(workbench) == [START, "Lasso"]
    workbench.undo()
    workbench.undo()
    assert is_empty(workbench)


def test_fill_fills_a_hole_of_the_prediction_and_leaves_nothing_where_it_is_refused(
    canvas: SliceView, view: ViewState, workbench: Workbench, predicted: Plane
) -> None:
    view.hand.use_tool("fill")
    drag(canvas, (2, 2))
    assert is_empty(workbench) and names(workbench) == []
    drag(canvas, (12, 20))
    assert is_empty(workbench) and names(workbench) == []
    drag(canvas, (20, 30))
    labels, _, _ = now(workbench)
    assert (labels[10:30, 15:45] == 1).all()
    assert names(workbench) == [START, "Fill"]


def test_a_right_press_outside_of_the_slice_leaves_nothing(
    canvas: SliceView, view: ViewState, workbench: Workbench, predicted: Plane
) -> None:
    start(view, "brush")
    drag(canvas, (-15, 5), button=RIGHT)
    assert is_empty(workbench) and names(workbench) == []


@pytest.mark.parametrize("why", ["off", "overlays off", "faded out", "peeking", "dismissed"])
def test_a_stroke_starts_from_nothing_that_is_not_on_the_screen(
    canvas: SliceView, view: ViewState, workbench: Workbench, predicted: Plane, why: str
) -> None:
    match why:
        case "off":
            view.hand.starts_from_prediction = False
        case "overlays off":
            view.display.set_layers(shown=False)
        case "faded out":
            view.display.set_layers(prediction=0.0)
        case "peeking":
            canvas.peek(True)
        case _:
            dismiss(workbench, CASE, SLICE)
    start(view, "brush")
    drag(canvas, (5, 5))
    labels, provenance, _ = now(workbench)
    assert labels[5, 5] == 1 and not labels[10:].any()
    assert not (provenance == Provenance.PREDICTION).any()
    assert START not in names(workbench)


@pytest.mark.parametrize("status", [SliceStatus.CORRECTED, SliceStatus.REJECTED])
def test_a_stroke_on_a_slice_that_somebody_has_judged_starts_from_nothing(
    canvas: SliceView,
    view: ViewState,
    workbench: Workbench,
    predicted: Plane,
    status: SliceStatus,
) -> None:
    set_status(workbench, CASE, SLICE, status)
    start(view, "brush")
    drag(canvas, (5, 5))
    labels, _, after = now(workbench)
    assert labels[5, 5] == 1 and not labels[10:].any()
    assert after is status


@pytest.mark.parametrize("tool", ["brush", "eraser", "lasso", "fill"])
def test_a_lock_refuses_the_stroke_that_would_start_from_a_part(
    canvas: SliceView, view: ViewState, workbench: Workbench, predicted: Plane, tool: str
) -> None:
    said: list[str] = []
    canvas.refused.connect(said.append)
    workbench.change_segment(replace(workbench.segments[1], locked=True))
    view.hand.use_segment(2)
    start(view, tool)
    drag(canvas, (20, 30), (20, 34), (22, 34))
    assert is_empty(workbench) and names(workbench) == []
    count = np.count_nonzero(predicted)
    assert said[0].startswith(f"'Left lung' is locked, so {count} voxels of the prediction would")
    assert "'From the prediction'" in said[0]
    # The way out that it names.
    view.hand.starts_from_prediction = False
    start(view, "brush")
    drag(canvas, (5, 5))
    assert now(workbench)[0][5, 5] == 2


def test_what_comes_in_between_finds_whole_edits(
    canvas: SliceView, view: ViewState, workbench: Workbench, predicted: Plane, qtbot: QtBot
) -> None:
    start(view, "brush")
    press(canvas, (5, 5))
    # An Edit of a worker, say: first what has been drawn becomes one.
    workbench.add_segment("Other")
    move(canvas, (5, 30), LEFT)
    release(canvas, (5, 30))
    done: list[Edit] = list(workbench.history.done)[-4:]
    assert [edit.name for edit in done] == [START, "Brush", "Add segment", "Brush"]
    for _ in done:
        workbench.undo()
    assert is_empty(workbench)


def test_a_crash_finds_the_prediction_and_the_stroke_in_the_journal(
    canvas: SliceView, view: ViewState, workbench: Workbench, predicted: Plane
) -> None:
    start(view, "eraser")
    drag(canvas, (12, 20), (28, 20))
    # A reader beside the writer sees what a crash would leave: index and journal.
    beside = Workbench.open(workbench.folder.path, writable=False)
    for ours, theirs in zip(now(workbench), now(beside), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert names(beside) == [START, "Erase"]
    beside.close()
