"""Journey: the real trainer, from strokes in the real window to a reopened project."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from segdesk.app.files import importing, joining
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Provenance
from segdesk.core.status import SliceStatus
from segdesk.ui.widgets.number_field import NumberField
from tests.projects import add_case, voxels
from tests.ui.canvas.mouse import drag
from tests.windows import Desk, open_desk

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
#: The start of Keras on a busy machine, in milliseconds.
TRAINER_MS = 180_000

pytestmark = pytest.mark.keras


def small_project(folder: Path) -> Path:
    workbench = Workbench.create(folder / "small.segdesk", reader="tester")
    add_case(workbench, scan=voxels((8, 48, 48)))
    path = workbench.folder.path
    workbench.close()
    return path


def widget(desk: Desk, kind: type, id: str) -> QWidget:
    found = desk.window.findChild(kind, id)
    assert found is not None, id
    return found


def choose(desk: Desk, id: str, data: object) -> None:
    box = widget(desk, QComboBox, id)
    assert isinstance(box, QComboBox)
    QTest.keyClick(box, Qt.Key.Key_Home)
    while box.currentData() != data and box.currentIndex() < box.count() - 1:
        QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.currentData() == data


def press_train(desk: Desk, *, size: int = 0) -> None:
    """Two epochs by the real form and button."""
    choose(desk, "plan_budget", "epochs")
    epochs = widget(desk, NumberField, "plan_epochs")
    assert isinstance(epochs, NumberField)
    epochs.set_value(2)
    if size:
        desk.press(desk.window, "more_settings")
        choose(desk, "plan_size", size)
    desk.press(desk.window, "train_button")


def open_curves(desk: Desk) -> None:
    """The row of training opens to its curves and settings."""
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    desk.shortcut(Qt.Key.Key_T, modifiers)


def picture(desk: Desk, id: str) -> QImage:
    return widget(desk, QWidget, id).grab().toImage()


def wait_long(qtbot: QtBot, desk: Desk, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=TRAINER_MS)
    desk.settle()


def paint_and_accept(desk: Desk, *slices: int) -> None:
    """A blob on each of these slices, called right with Enter."""
    rows, columns = desk_workbench(desk).annotation("case-001").labels.shape[1:]
    desk.key(Qt.Key.Key_B)
    for index in slices:
        go_to(desk, index)
        for share in (0.45, 0.5, 0.55):
            row = round(rows * share)
            drag(desk.canvas, (row, columns // 3), (row, 2 * columns // 3))
        desk.key(Qt.Key.Key_Return)
        assert desk_workbench(desk).statuses("case-001")[index] is SliceStatus.CORRECTED


def go_to(desk: Desk, index: int) -> None:
    view = desk.window.session.view
    assert view is not None
    desk.key(Qt.Key.Key_Home)
    desk.key(Qt.Key.Key_Left)
    onwards = Qt.Key.Key_Left if view.crosshair.slice else Qt.Key.Key_Right
    desk.key(Qt.Key.Key_Home)
    for _ in range(400):
        if view.crosshair.slice == index:
            return
        desk.key(onwards)
    pytest.fail(f"slice {index} was not reached")


def desk_workbench(desk: Desk) -> Workbench:
    workbench = desk.window.session.workbench
    assert workbench is not None
    return workbench


def walk(qtbot: QtBot, desk: Desk, settings_folder: Path, path: Path, *, size: int = 0) -> None:
    """Paint, train, paint meanwhile, accept, undo, redo, save, reopen."""
    desk.open(path)
    workbench = desk_workbench(desk)
    slices = workbench.project.case("case-001").slices
    paint_and_accept(desk, 1, 2, 3, 5)
    open_curves(desk)
    qtbot.waitUntil(lambda: desk.window.findChild(QWidget, "chart_loss") is not None)
    press_train(desk, size=size)
    wait_long(qtbot, desk, lambda: workbench.project.runs[-1].device != "")
    before = picture(desk, "chart_loss")
    go_to(desk, slices - 1)
    drag(desk.canvas, (4, 4), (4, 14))
    assert desk.window.training.is_running
    painted = workbench.annotation("case-001").labels[slices - 1].copy()
    assert painted.any()
    wait_long(qtbot, desk, lambda: not desk.window.training.is_running)
    run = workbench.project.runs[-1]
    assert (run.outcome, len(run.epochs)) == ("finished", 2), run.reason
    assert run.epochs[0].loss != run.epochs[1].loss
    QTest.qWait(200)
    assert picture(desk, "chart_loss") != before
    assert workbench.predicted_by("case-001") == run.id

    prediction = workbench.prediction("case-001")
    assert prediction is not None
    # Two epochs learn little: the slice with most of it shows most.
    counts = np.count_nonzero(prediction.labels, axis=(1, 2))
    counts[[1, 2, 3, 5, slices - 1]] = -1
    index = int(np.argmax(counts))
    assert counts[index] > 0
    go_to(desk, index)
    with_prediction = desk.canvas.grab().toImage()
    desk.key(Qt.Key.Key_S)
    assert desk.canvas.grab().toImage() != with_prediction
    desk.key(Qt.Key.Key_S)

    annotation = workbench.annotation("case-001")
    desk.key(Qt.Key.Key_Return)
    accepted = annotation.labels[index].copy()
    assert np.array_equal(accepted, prediction.labels[index])
    assert (annotation.provenance[index][accepted > 0] == Provenance.PREDICTION).all()
    assert annotation.status(index) is SliceStatus.CORRECTED
    desk.shortcut(Qt.Key.Key_Z, CTRL)
    assert not annotation.labels[index].any()
    desk.shortcut(Qt.Key.Key_Z, CTRL | SHIFT)
    assert np.array_equal(annotation.labels[index], accepted)
    assert np.array_equal(annotation.labels[slices - 1], painted)

    desk.shortcut(Qt.Key.Key_S, CTRL)
    desk.wait(lambda: not workbench.has_unsaved)
    labels, provenance = annotation.labels.copy(), annotation.provenance.copy()
    statuses, runs = annotation.statuses, workbench.project.runs
    desk.close()
    again = open_desk(settings_folder)
    again.open(path)
    reopened = desk_workbench(again)
    found = reopened.annotation("case-001")
    assert reopened.recovered == 0
    assert np.array_equal(found.labels, labels)
    assert np.array_equal(found.provenance, provenance)
    assert found.statuses == statuses
    assert reopened.project.runs == runs
    kept = reopened.prediction("case-001")
    assert kept is not None and np.array_equal(kept.labels, prediction.labels)
    open_curves(again)
    qtbot.waitUntil(lambda: again.window.findChild(QWidget, "chart_dice") is not None)
    facts = again.window.findChild(QPushButton, "train_button")
    assert facts is not None and facts.isEnabled()
    again.close()


def test_strokes_become_a_network_a_prediction_and_a_reopened_project(
    qtbot: QtBot, desk: Desk, settings_folder: Path, tmp_path: Path
) -> None:
    walk(qtbot, desk, settings_folder, small_project(tmp_path))


def test_the_same_on_a_real_chest_ct(
    qtbot: QtBot, desk: Desk, settings_folder: Path, tmp_path: Path, shared_data: Path
) -> None:
    path = tmp_path / "chest.segdesk"
    workbench = Workbench.create(path, reader="tester")
    found = importing.choose(importing.survey([shared_data / "chest_dicom"]))
    for request in importing.requests(workbench, found):
        joining.import_scan(workbench, request)
    workbench.close()
    walk(qtbot, desk, settings_folder, path, size=64)
