"""Journey: train from the window, take the prediction, close while a training runs.

The child is a small one that speaks the protocol; the trainer itself is tested in `learning`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Provenance
from segdesk.core.status import SliceStatus
from tests.app.runs.test_running import child
from tests.ui.canvas.mouse import drag
from tests.windows import Desk, open_desk

CTRL = Qt.KeyboardModifier.ControlModifier
#: A child that goes on until it is told to stop.
UNTIL_STOPPED = "import time\nwhile not channel.should_stop(): time.sleep(0.01)"


def teach(desk: Desk) -> Workbench:
    """Paint on two slices of a case of the training pool and call them right."""
    desk.window.table["pool_train"].trigger()
    desk.key(Qt.Key.Key_B)
    for _ in range(2):
        drag(desk.canvas, (12, 12), (12, 20))
        desk.key(Qt.Key.Key_Return)
        desk.key(Qt.Key.Key_Right)
    workbench = desk.window.session.workbench
    assert workbench is not None
    return workbench


def test_a_training_brings_curves_and_a_prediction_that_is_accepted_as_one_edit(
    qtbot: QtBot, project: Path, settings_folder: Path, tmp_path: Path
) -> None:
    desk = open_desk(settings_folder, trainer_command=child(tmp_path))
    desk.open(project)
    assert not desk.window.table["train"].isEnabled()
    workbench = teach(desk)
    desk.shortcut(Qt.Key.Key_T, CTRL)
    assert desk.window.table["stop_training"].isEnabled()
    desk.wait(lambda: not desk.window.training.is_running)
    run = workbench.project.runs[-1]
    assert run.outcome == "finished"
    assert [epoch.number for epoch in run.epochs] == [1]
    assert workbench.predicted_by("case-001") == run.id
    before = workbench.annotation("case-001").labels.copy()
    assert desk.window.table["accept_predictions"].isEnabled()
    desk.window.table["accept_predictions"].trigger()
    annotation = workbench.annotation("case-001")
    by_prediction = annotation.provenance == Provenance.PREDICTION
    assert by_prediction.any()
    assert (annotation.labels[by_prediction] == 1).all()
    assert SliceStatus.PREDICTED in annotation.statuses
    desk.shortcut(Qt.Key.Key_Z, CTRL)
    assert np.array_equal(workbench.annotation("case-001").labels, before)
    desk.close()


def test_closing_while_a_training_runs_stops_it_and_saves(
    qtbot: QtBot, project: Path, settings_folder: Path, tmp_path: Path
) -> None:
    desk = open_desk(settings_folder, trainer_command=child(tmp_path, UNTIL_STOPPED))
    desk.open(project)
    workbench = teach(desk)
    desk.shortcut(Qt.Key.Key_T, CTRL)
    desk.wait(lambda: bool(workbench.project.runs[-1].epochs))
    drag(desk.canvas, (5, 5), (5, 9))
    assert desk.window.training.is_running
    desk.close()
    assert not desk.window.training.is_running
    again = Workbench.open(project)
    assert again.recovered == 0
    assert again.project.runs[-1].outcome == "stopped"
    assert again.annotation("case-001").labels.any()
    again.close()
