"""Journey: what Enter, Ctrl+Enter and an acceptance in bulk make right, and what they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Provenance
from segdesk.core.run import Run, plan_for
from segdesk.core.status import SliceStatus
from tests.projects import SHAPE, disc, voxels
from tests.ui.canvas.bench_project import predict
from tests.ui.canvas.mouse import drag
from tests.windows import Desk, open_desk

CASE = "case-001"
#: The slice that a project opens at.
SLICE = 2
TABLE, SKIN = 40, 64
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def workbench_of(desk: Desk) -> Workbench:
    workbench = desk.window.session.workbench
    assert workbench is not None
    return workbench


def labels(desk: Desk, index: int = SLICE) -> npt.NDArray[np.uint8]:
    return workbench_of(desk).annotation(CASE).labels[index].copy()


def status(desk: Desk, index: int = SLICE) -> SliceStatus:
    return workbench_of(desk).statuses(CASE)[index]


def said(desk: Desk) -> str:
    words = desk.window.findChild(QLabel, "status_words")
    assert words is not None
    return words.text()


def in_the_panel(desk: Desk) -> str:
    words = desk.window.findChild(QLabel, "slice_only_predicted")
    assert words is not None
    return words.text() if words.isVisible() else ""


@pytest.fixture
def predicted(desk: Desk, project: Path) -> npt.NDArray[np.uint8]:
    """The window with a prediction: the disc, and in every slice a table and a strip of skin."""
    desk.open(project)
    workbench_of(desk).add_segment("Table")
    labels = disc(voxels())
    labels[:, 22:, 4:24] = 2
    labels[:, :2, :] = 1
    predict(workbench_of(desk), labels, CASE)
    desk.settle()
    assert np.count_nonzero(labels[SLICE] == 2) == TABLE
    return labels


def finish_by_hand(desk: Desk) -> npt.NDArray[np.uint8]:
    """Draw what is no table and no skin."""
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 10), (12, 20))
    return labels(desk)


def test_enter_on_an_untouched_slice_takes_what_is_on_the_screen(
    desk: Desk, predicted: npt.NDArray[np.uint8]
) -> None:
    desk.key(Qt.Key.Key_Return)
    np.testing.assert_array_equal(labels(desk), predicted[SLICE])
    assert status(desk) is SliceStatus.CORRECTED
    disc_voxels = np.count_nonzero(predicted[SLICE] == 1)
    assert said(desk) == f"Right; {disc_voxels} voxels of Disc, {TABLE} of Table taken."
    desk.shortcut(Qt.Key.Key_Z, CTRL)
    assert not labels(desk).any()
    assert status(desk) is SliceStatus.UNLABELLED
    desk.shortcut(Qt.Key.Key_Z, CTRL | SHIFT)
    np.testing.assert_array_equal(labels(desk), predicted[SLICE])
    assert status(desk) is SliceStatus.CORRECTED


def test_a_segment_that_the_prediction_knows_nothing_of_is_named_where_it_is_taken(
    desk: Desk, predicted: npt.NDArray[np.uint8]
) -> None:
    workbench = workbench_of(desk)
    learnt = tuple((row.number, row.name) for row in workbench.segments)
    run = Run("run-001", plan_for(), started=0.0, outcome="finished", segments=learnt, best=1)
    workbench.put_run(run)
    workbench.add_segment("Tumour")
    desk.key(Qt.Key.Key_Return)
    assert status(desk) is SliceStatus.CORRECTED
    assert said(desk).endswith("The prediction knows nothing of Tumour: look whether any is here.")


def test_enter_on_a_slice_that_was_finished_by_hand_adds_nothing_and_names_what_it_left(
    desk: Desk, project: Path, qtbot: QtBot, settings_folder: Path
) -> None:
    desk.open(project)
    workbench = workbench_of(desk)
    workbench.add_segment("Table")
    drawn = finish_by_hand(desk)
    # What a network says that has learnt too little: a table and a strip of skin.
    unwanted = np.zeros(SHAPE, np.uint8)
    unwanted[SLICE] = drawn
    unwanted[SLICE, 22:, 4:24] = 2
    unwanted[SLICE, :2, :] = 1
    predict(workbench, unwanted, CASE)
    desk.settle()
    desk.key(Qt.Key.Key_Return)
    np.testing.assert_array_equal(labels(desk), drawn)
    assert status(desk) is SliceStatus.CORRECTED
    left = f"{SKIN} voxels of Disc, {TABLE} of Table more: Ctrl+Enter takes them"
    assert said(desk) == f"Right as it is filled; the prediction has {left}."
    assert in_the_panel(desk) == f"The prediction has {left}."
    # Again: it is right already, and says the same.
    desk.window.messages.say("")
    desk.key(Qt.Key.Key_Return)
    np.testing.assert_array_equal(labels(desk), drawn)
    assert left in said(desk)
    desk.key(Qt.Key.Key_Return, CTRL)
    np.testing.assert_array_equal(labels(desk), unwanted[SLICE])
    provenance = workbench.annotation(CASE).provenance[SLICE]
    assert (provenance[22:, 4:24] == Provenance.PREDICTION).all()
    assert status(desk) is SliceStatus.CORRECTED
    assert not in_the_panel(desk)
    desk.shortcut(Qt.Key.Key_Z, CTRL)
    np.testing.assert_array_equal(labels(desk), drawn)
    desk.shortcut(Qt.Key.Key_Y, CTRL)
    desk.close()
    again = open_desk(settings_folder)
    again.open(project)
    np.testing.assert_array_equal(labels(again), unwanted[SLICE])
    assert status(again) is SliceStatus.CORRECTED
    again.close()


def test_the_button_beside_right_takes_the_prediction(
    desk: Desk, predicted: npt.NDArray[np.uint8]
) -> None:
    desk.press(desk.window, "slice_take")
    np.testing.assert_array_equal(labels(desk), predicted[SLICE])
    assert status(desk) is SliceStatus.CORRECTED
    desk.shortcut(Qt.Key.Key_Z, CTRL)
    desk.canvas.setFocus()
    desk.key(Qt.Key.Key_Backspace)
    button = desk.window.findChild(QPushButton, "slice_take")
    assert button is not None and not button.isEnabled()
    assert "dismissed" in button.toolTip()


@pytest.mark.parametrize("way", ["overlays off", "faded out"])
def test_a_prediction_that_is_not_on_the_screen_is_shown_before_enter_takes_it(
    desk: Desk, predicted: npt.NDArray[np.uint8], way: str
) -> None:
    view = desk.window.session.view
    assert view is not None
    if way == "overlays off":
        desk.key(Qt.Key.Key_S)
    else:
        view.display.set_layers(prediction=0.0)
    before = desk.canvas.grab().toImage()
    desk.key(Qt.Key.Key_Return)
    assert not labels(desk).any()
    assert status(desk) is SliceStatus.UNLABELLED
    assert "was hidden and is shown now" in said(desk)
    assert desk.canvas.grab().toImage() != before
    desk.key(Qt.Key.Key_Return)
    np.testing.assert_array_equal(labels(desk), predicted[SLICE])


def test_shift_enter_stays_where_enter_was_refused(
    desk: Desk, predicted: npt.NDArray[np.uint8]
) -> None:
    view, workbench = desk.window.session.view, workbench_of(desk)
    assert view is not None
    workbench.show_segment(2, False)
    desk.key(Qt.Key.Key_Return, SHIFT)
    assert view.crosshair.slice == SLICE
    assert status(desk) is SliceStatus.UNLABELLED
    assert said(desk).startswith(f"'Table' is hidden, so {TABLE} voxels of the prediction would")
    assert "Show it in the segment list" in said(desk)
    workbench.show_segment(2, True)
    desk.key(Qt.Key.Key_Return, SHIFT)
    assert status(desk) is SliceStatus.CORRECTED
    assert view.crosshair.slice != SLICE


def test_bulk_acceptance_with_a_locked_segment_is_refused_and_has_a_way_out(
    desk: Desk, predicted: npt.NDArray[np.uint8]
) -> None:
    workbench, table = workbench_of(desk), desk.window.table
    assert not table["accept_but_closed"].isEnabled()
    workbench.change_segment(replace(workbench.segments[1], locked=True))
    desk.settle()
    table["accept_predictions"].trigger()
    desk.settle()
    out = np.count_nonzero(predicted == 1)
    assert said(desk).startswith(f"'Disc' is locked, so {out:,} voxels of the prediction would")
    assert not workbench.annotation(CASE).labels.any()
    assert set(workbench.statuses(CASE)) == {SliceStatus.UNLABELLED}
    table["accept_but_closed"].trigger()
    desk.settle()
    assert said(desk) == (
        f"Taken on 5 slices: {5 * TABLE} voxels, {5 * TABLE * 0.01:.1f} mL. "
        f"Left out: {out:,} voxels of Disc, locked or hidden."
    )
    assert set(workbench.statuses(CASE)) == {SliceStatus.PREDICTED}
    desk.shortcut(Qt.Key.Key_Z, CTRL)
    assert not workbench.annotation(CASE).labels.any()
    assert set(workbench.statuses(CASE)) == {SliceStatus.UNLABELLED}
    desk.shortcut(Qt.Key.Key_Z, CTRL | SHIFT)
    assert set(workbench.statuses(CASE)) == {SliceStatus.PREDICTED}


def test_bulk_acceptance_says_what_it_left_out_and_why(
    desk: Desk, predicted: npt.NDArray[np.uint8]
) -> None:
    desk.key(Qt.Key.Key_Return)
    desk.key(Qt.Key.Key_Right)
    desk.key(Qt.Key.Key_X)
    desk.key(Qt.Key.Key_Right)
    desk.key(Qt.Key.Key_Backspace)
    desk.window.table["accept_predictions"].trigger()
    desk.settle()
    assert said(desk).startswith("Taken on 2 slices: ")
    assert said(desk).endswith(
        "Left out: 1 slice called right, 1 slice rejected, 1 slice with a dismissed prediction."
    )


def test_verified_names_what_only_the_prediction_has(
    desk: Desk, predicted: npt.NDArray[np.uint8]
) -> None:
    desk.window.table["start_from_prediction"].trigger()
    drawn = finish_by_hand(desk)
    desk.key(Qt.Key.Key_M)
    assert status(desk) is SliceStatus.VERIFIED
    assert np.array_equal(labels(desk), drawn)
    assert f"{TABLE} of Table more: Ctrl+Enter takes them" in said(desk)
    desk.key(Qt.Key.Key_M)
    assert status(desk) is SliceStatus.CORRECTED


def test_the_first_stroke_corrects_the_prediction_and_enter_adds_nothing_to_it(
    desk: Desk, predicted: npt.NDArray[np.uint8], project: Path, qtbot: QtBot, settings_folder: Path
) -> None:
    desk.key(Qt.Key.Key_E)
    drag(desk.canvas, (23, 3), (23, 25))
    corrected = labels(desk)
    erased = workbench_of(desk).annotation(CASE).provenance[SLICE] == Provenance.HAND
    assert erased.any() and not corrected[erased].any()
    np.testing.assert_array_equal(corrected[~erased], predicted[SLICE][~erased])
    assert status(desk) is SliceStatus.PARTIAL
    desk.key(Qt.Key.Key_Return)
    np.testing.assert_array_equal(labels(desk), corrected)
    assert status(desk) is SliceStatus.CORRECTED
    for _ in range(3):
        desk.shortcut(Qt.Key.Key_Z, CTRL)
    assert not labels(desk).any()
    for _ in range(3):
        desk.shortcut(Qt.Key.Key_Y, CTRL)
    np.testing.assert_array_equal(labels(desk), corrected)
    desk.close()
    again = open_desk(settings_folder)
    again.open(project)
    np.testing.assert_array_equal(labels(again), corrected)
    assert status(again) is SliceStatus.CORRECTED
    again.close()


def test_whether_a_stroke_starts_from_the_prediction_is_a_check_that_is_remembered(
    desk: Desk, project: Path, qtbot: QtBot, settings_folder: Path
) -> None:
    def check(desk: Desk) -> QCheckBox:
        box = desk.window.findChild(QCheckBox, "from_prediction")
        assert box is not None
        return box

    desk.open(project)
    assert not check(desk).isVisible()
    predict(workbench_of(desk), disc(voxels()), CASE)
    desk.settle()
    assert check(desk).isVisible() and check(desk).isChecked()
    assert desk.window.table["start_from_prediction"].isChecked()
    qtbot.mouseClick(check(desk), Qt.MouseButton.LeftButton)
    desk.settle()
    assert not check(desk).isChecked()
    assert not desk.window.table["start_from_prediction"].isChecked()
    desk.canvas.setFocus()
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (2, 2))
    provenance = workbench_of(desk).annotation(CASE).provenance
    assert not (provenance == Provenance.PREDICTION).any()
    desk.close()
    again = open_desk(settings_folder)
    again.open(project)
    assert check(again).isVisible() and not check(again).isChecked()
    again.key(Qt.Key.Key_Right)
    again.key(Qt.Key.Key_B)
    drag(again.canvas, (2, 2))
    provenance = workbench_of(again).annotation(CASE).provenance
    assert not (provenance == Provenance.PREDICTION).any()
    again.window.table["start_from_prediction"].trigger()
    again.key(Qt.Key.Key_Left)
    again.key(Qt.Key.Key_Left)
    drag(again.canvas, (2, 2))
    assert (workbench_of(again).annotation(CASE).provenance == Provenance.PREDICTION).any()
    again.close()
