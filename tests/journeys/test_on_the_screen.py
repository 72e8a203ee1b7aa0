"""Journey: nothing is confirmed, verified or taken that has not been on the screen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from segdesk.core.annotation import Provenance
from segdesk.core.prediction import Prediction
from segdesk.core.status import SliceStatus
from tests.journeys.test_what_is_right import (
    CASE,
    CTRL,
    SHIFT,
    SLICE,
    TABLE,
    finish_by_hand,
    in_the_panel,
    labels,
    predicted,
    said,
    status,
    workbench_of,
)
from tests.projects import disc, voxels
from tests.ui.canvas.bench_project import predict
from tests.ui.canvas.mouse import drag
from tests.windows import Desk

__all__ = ["predicted"]

CONFIRMING = {
    "Enter": (Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier),
    "Shift+Enter": (Qt.Key.Key_Return, SHIFT),
    "Ctrl+Enter": (Qt.Key.Key_Return, CTRL),
    "M": (Qt.Key.Key_M, Qt.KeyboardModifier.NoModifier),
}


@pytest.fixture
def drawn(desk: Desk, project: Path) -> npt.NDArray[np.uint8]:
    """The window with a slice that a hand has drawn on; nothing is predicted."""
    desk.open(project)
    return finish_by_hand(desk)


@pytest.mark.parametrize("keys", ["Enter", "Shift+Enter", "M"])
@pytest.mark.parametrize("way", ["overlays off", "faded out"])
def test_a_drawing_that_is_not_on_the_screen_is_shown_before_it_is_confirmed(
    desk: Desk, drawn: npt.NDArray[np.uint8], keys: str, way: str
) -> None:
    view = desk.window.session.view
    assert view is not None and drawn.any()
    if way == "overlays off":
        desk.key(Qt.Key.Key_S)
    else:
        view.display.set_layers(annotation=0.0)
        desk.settle()
    before = desk.canvas.grab().toImage()
    desk.key(*CONFIRMING[keys])
    assert status(desk) is SliceStatus.PARTIAL
    assert view.crosshair.slice == SLICE
    assert "was hidden and is shown now" in said(desk)
    assert desk.canvas.grab().toImage() != before
    desk.key(*CONFIRMING[keys])
    assert status(desk).teaches_whole
    assert np.array_equal(labels(desk), drawn)


@pytest.mark.parametrize("keys", ["Enter", "M"])
def test_a_drawing_is_not_confirmed_while_the_bare_image_is_looked_at(
    desk: Desk, drawn: npt.NDArray[np.uint8], keys: str
) -> None:
    desk.canvas.peek(True)
    desk.settle()
    desk.key(*CONFIRMING[keys])
    assert status(desk) is SliceStatus.PARTIAL
    assert "was hidden and is shown now" in said(desk)


@pytest.mark.parametrize("keys", ["Enter", "M"])
def test_what_a_hidden_segment_has_on_the_slice_is_not_confirmed_unseen(
    desk: Desk, drawn: npt.NDArray[np.uint8], keys: str
) -> None:
    workbench = workbench_of(desk)
    workbench.show_segment(1, False)
    desk.settle()
    desk.key(*CONFIRMING[keys])
    assert status(desk) is SliceStatus.PARTIAL
    count = np.count_nonzero(drawn == 1)
    assert said(desk) == (
        f"'Disc' is hidden and has {count} voxels here. Show it in the segment list first."
    )
    workbench.show_segment(1, True)
    desk.settle()
    desk.key(*CONFIRMING[keys])
    assert status(desk).teaches_whole


@pytest.mark.parametrize("keys", ["Enter", "M"])
def test_a_slice_on_which_nothing_is_to_be_seen_is_confirmed_with_overlays_off(
    desk: Desk, project: Path, keys: str
) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_S)
    desk.key(*CONFIRMING[keys])
    assert status(desk).teaches_whole


@pytest.mark.parametrize("way", ["overlays off", "faded out"])
def test_ctrl_enter_takes_no_prediction_that_is_not_on_the_screen(
    desk: Desk, predicted: npt.NDArray[np.uint8], way: str
) -> None:
    view = desk.window.session.view
    assert view is not None
    if way == "overlays off":
        desk.key(Qt.Key.Key_S)
    else:
        view.display.set_layers(prediction=0.0)
        desk.settle()
    desk.key(*CONFIRMING["Ctrl+Enter"])
    assert not labels(desk).any()
    assert status(desk) is SliceStatus.UNLABELLED
    assert "was hidden and is shown now" in said(desk)
    desk.key(*CONFIRMING["Ctrl+Enter"])
    assert np.array_equal(labels(desk), predicted[SLICE])


def test_an_untouched_slice_is_not_verified_as_empty_while_a_prediction_lies_on_it(
    desk: Desk, predicted: npt.NDArray[np.uint8]
) -> None:
    count = np.count_nonzero(predicted[SLICE] == 1)
    desk.key(Qt.Key.Key_M)
    assert status(desk) is SliceStatus.UNLABELLED
    assert said(desk) == (
        f"Nothing is drawn here yet, and the prediction has {count} voxels of Disc, {TABLE} of "
        "Table: Enter takes them, Backspace dismisses it."
    )
    # As empty as it is, by a reader who says so.
    desk.key(Qt.Key.Key_Backspace)
    desk.key(Qt.Key.Key_M)
    assert status(desk) is SliceStatus.VERIFIED
    assert not labels(desk).any()


def test_a_slice_that_took_its_prediction_is_verified_and_taken_back(
    desk: Desk, predicted: npt.NDArray[np.uint8]
) -> None:
    desk.key(Qt.Key.Key_Return)
    desk.key(Qt.Key.Key_M)
    assert status(desk) is SliceStatus.VERIFIED
    # What is taken back needs not be seen.
    desk.key(Qt.Key.Key_S)
    desk.key(Qt.Key.Key_M)
    assert status(desk) is SliceStatus.CORRECTED


def come(desk: Desk, made: npt.NDArray[np.uint8]) -> None:
    """A prediction arrives; the window has not painted since."""
    desk.settle()
    predict(workbench_of(desk), made, CASE)


@pytest.mark.parametrize("keys", ["Enter", "Shift+Enter", "Ctrl+Enter"])
def test_a_prediction_that_has_just_come_is_not_taken_before_it_was_painted(
    desk: Desk, project: Path, keys: str
) -> None:
    desk.open(project)
    made = disc(voxels())
    come(desk, made)
    # In the same turn of the loop: the key was pressed at a slice without a prediction.
    QTest.keyClick(desk.canvas, *CONFIRMING[keys])
    assert not labels(desk).any()
    assert status(desk) is SliceStatus.UNLABELLED
    desk.settle()
    assert said(desk) == (
        "The prediction has only just come onto the screen, so nothing was taken: look at it, "
        "then press again."
    )
    desk.key(*CONFIRMING[keys])
    assert np.array_equal(labels(desk), made[SLICE])
    assert status(desk) is SliceStatus.CORRECTED


def test_another_prediction_of_the_same_run_is_not_taken_before_it_was_painted(
    desk: Desk, predicted: npt.NDArray[np.uint8]
) -> None:
    other = np.zeros_like(predicted)
    other[:, 4:8, 4:8] = 1
    workbench = workbench_of(desk)
    run = workbench.predicted_by(CASE)
    assert run is not None
    workbench.add_prediction(run, CASE, Prediction(run, CASE, other, np.full_like(other, 200)))
    QTest.keyClick(desk.canvas, Qt.Key.Key_Return)
    assert not labels(desk).any()
    desk.settle()
    desk.key(Qt.Key.Key_Return)
    assert np.array_equal(labels(desk), other[SLICE])


def test_a_first_stroke_does_not_start_from_a_prediction_that_was_not_painted(
    desk: Desk, project: Path
) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    come(desk, disc(voxels()))
    drag(desk.canvas, (2, 2))
    desk.settle()
    provenance = workbench_of(desk).annotation(CASE).provenance[SLICE]
    assert (provenance == Provenance.HAND).any()
    assert not (provenance == Provenance.PREDICTION).any()
    assert said(desk) == (
        "The prediction came as you began: the stroke stands alone. Ctrl+Enter takes the rest."
    )


def test_a_slice_that_the_keys_ran_past_is_not_called_right(desk: Desk, project: Path) -> None:
    desk.open(project)
    for _ in range(2):
        QTest.keyClick(desk.canvas, Qt.Key.Key_Right)
        QTest.keyClick(desk.canvas, Qt.Key.Key_Return)
    desk.settle()
    assert {status(desk, index) for index in range(5)} == {SliceStatus.UNLABELLED}
    assert said(desk) == (
        "This slice has only just come onto the screen, so nothing was said of it: look at it, "
        "then press again."
    )
    desk.key(Qt.Key.Key_Return)
    view = desk.window.session.view
    assert view is not None
    assert status(desk, view.crosshair.slice) is SliceStatus.CORRECTED
    assert not in_the_panel(desk)


def test_backspace_dismisses_no_prediction_that_is_not_on_the_screen(
    desk: Desk, predicted: npt.NDArray[np.uint8]
) -> None:
    workbench = workbench_of(desk)
    run = workbench.predicted_by(CASE)
    assert run is not None
    desk.key(Qt.Key.Key_S)
    desk.key(Qt.Key.Key_Backspace)
    assert not workbench.annotation(CASE).is_dismissed(run, SLICE)
    assert "was hidden and is shown now" in said(desk)
    desk.key(Qt.Key.Key_Backspace)
    assert workbench.annotation(CASE).is_dismissed(run, SLICE)
