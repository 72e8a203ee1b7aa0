"""The training panel and its controller, with a small child that speaks the protocol."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QProgressBar,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from segdesk.app.labelling.reviewing import say_right
from segdesk.app.project.workbench import Workbench
from segdesk.core.run import Run, plan_for
from segdesk.ui.dialogs.message import WIDTH
from segdesk.ui.flows import training_controller
from segdesk.ui.look.sizes import scaled
from segdesk.ui.panels.elided import ElidedLabel
from segdesk.ui.widgets.number_field import NumberField
from tests.app.runs.test_running import child
from tests.projects import begin_brush, make_project, stroke
from tests.windows import Desk, open_desk

OpenDesk = Callable[..., Desk]
#: A child that goes on until it is told to stop.
UNTIL_STOPPED = "import time\nwhile not channel.should_stop(): time.sleep(0.01)"
#: A child that hears neither a stop nor a terminate.
DEAF = (
    "import signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "channel.leave_on_stop = False\n"
    "while True: time.sleep(0.01)"
)


@pytest.fixture
def desk_with(
    qtbot: QtBot, settings_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> OpenDesk:
    """Opens a project of which two slices teach, with a child that does this in the middle."""
    monkeypatch.setenv("SEGDESK_LOGS", str(tmp_path / "logs"))

    def make(middle: str = "", *, taught: bool = True) -> Desk:
        (tmp_path / "projects").mkdir()
        workbench = make_project(tmp_path / "projects", cases=2)
        if taught:
            teach(workbench)
        path = workbench.folder.path
        workbench.close()
        desk = open_desk(settings_folder, trainer_command=child(tmp_path, middle))
        desk.open(path)
        desk.open_curves()
        return desk

    return make


def teach(workbench: Workbench) -> None:
    for index in (1, 3):
        begin_brush(workbench, "case-001", index, (10.0, 14.0), value=1, radius_mm=4.0).release()
        say_right(workbench, "case-001", index)


def panel(desk: Desk) -> QWidget:
    found = desk.window.training_panel
    assert found is not None
    return found


def text(desk: Desk, id: str) -> str:
    found = panel(desk).findChild(QLabel, id)
    assert found is not None
    return found.text() if found.isVisible() else ""


def button(desk: Desk, id: str) -> QPushButton:
    found = panel(desk).findChild(QPushButton, id)
    assert found is not None
    return found


def newest(desk: Desk) -> Run:
    workbench = desk.window.session.workbench
    assert workbench is not None
    return workbench.project.runs[-1]


def wait_for_epoch(desk: Desk) -> None:
    desk.wait(lambda: bool(newest(desk).epochs) or not desk.window.training.is_running)


def wait_for_end(desk: Desk) -> None:
    desk.wait(lambda: not desk.window.training.is_running)


def test_train_is_disabled_with_its_reason_until_a_slice_is_right(desk_with: OpenDesk) -> None:
    desk = desk_with(taught=False)
    assert not button(desk, "train_button").isEnabled()
    assert "No slice teaches yet" in button(desk, "train_button").toolTip()
    workbench = desk.window.session.workbench
    assert workbench is not None
    teach(workbench)
    desk.settle()
    assert button(desk, "train_button").isEnabled()
    desk.close()


def test_what_was_predicted_says_nothing_of_which_run_has_become_the_one_in_use(
    desk_with: OpenDesk,
) -> None:
    desk = desk_with()
    said: list[str] = []
    assert desk.window.training_panel is not None
    desk.window.training_panel.said.connect(said.append)
    desk.press(panel(desk), "train_button")
    wait_for_end(desk)
    assert "In use: run-001" in said[-1]
    desk.window.table["predict_all"].trigger()
    wait_for_end(desk)
    assert said[-1] == "run-001: All done."
    desk.close()


def test_a_finished_run_says_what_it_was_and_how_it_ended(desk_with: OpenDesk) -> None:
    desk = desk_with()
    desk.press(panel(desk), "train_button")
    wait_for_end(desk)
    said = text(desk, "training_facts")
    who = "1 slice of case-001 teaches, 1 validates"
    for part in ("lung U-Net", who, "All done", "CPU", "no GPU"):
        assert part in said
    assert "flatters" in text(desk, "training_state")
    desk.close()


def test_who_teaches_is_said_before_train_and_beside_the_run_and_can_be_changed(
    desk_with: OpenDesk,
) -> None:
    desk = desk_with(UNTIL_STOPPED)
    workbench = desk.window.session.workbench
    assert workbench is not None
    assert text(desk, "training_lessons") == "1 slice of case-001 teaches, 1 validates"
    for index in (0, 2, 4):
        stroke(workbench, index)
        say_right(workbench, "case-001", index)
    now = "2 slices of case-001 teach, 2 stay out beside those that validate, 1 validates"
    desk.wait(lambda: text(desk, "training_lessons") == now)
    words = panel(desk).findChild(QLabel, "training_lessons")
    assert words is not None and "they neither teach nor validate" in words.toolTip()
    # The link opens the pools of the case on screen.
    desk.press(panel(desk), "change_pools")
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    entries = [action for action in menu.actions() if not action.isSeparator()]
    assert entries[0].text() == "Pool of case-001" and not entries[0].isEnabled()
    assert [action.objectName() for action in entries][1:] == [
        "pool_split",
        "pool_train",
        "pool_validation",
        "pool_test",
    ]
    menu.close()
    desk.press(panel(desk), "train_button")
    wait_for_epoch(desk)
    assert now in text(desk, "training_facts")
    # While it learns, the panel says who teaches it, not who would teach another one.
    assert text(desk, "training_lessons") == ""
    desk.press(panel(desk), "stop_button")
    wait_for_end(desk)
    desk.window.table["pool_test"].trigger()
    dialog = desk.dialog("pool_reason_dialog")
    assert dialog.width() >= scaled(WIDTH)
    reason = dialog.findChild(QLineEdit, "pool_reason")
    assert reason is not None
    QTest.keyClicks(reason, "held back")
    desk.press(dialog, "move_pool")
    desk.wait(lambda: text(desk, "training_lessons") == "case-001, 5 slices, is kept for the test")
    # What was true of the run stays true of it.
    assert now in text(desk, "training_facts")
    desk.close()


def test_what_has_no_room_in_the_row_is_said_shorter_and_not_cut(desk_with: OpenDesk) -> None:
    desk = desk_with(UNTIL_STOPPED)
    lessons, state = (
        panel(desk).findChild(ElidedLabel, id) for id in ("training_lessons", "training_state")
    )
    assert lessons is not None and state is not None
    whole = "1 slice of case-001 teaches, 1 validates"
    desk.wait(lambda: lessons.text() == whole)
    desk.window.resize(1600, 900)
    desk.settle()
    assert lessons.seen == whole
    desk.press(panel(desk), "train_button")
    wait_for_epoch(desk)
    desk.press(panel(desk), "stop_button")
    wait_for_end(desk)
    flatters = "validated on neighbouring slices of the same scans, so the figure flatters"
    assert state.text() == flatters == state.seen
    desk.window.resize(960, 540)
    desk.settle()
    assert state.isVisible() and state.seen == "the figure flatters"
    assert lessons.seen in ("1 teaches, 1 validates", "")
    # All of it is in the tooltips.
    assert state.toolTip() == flatters and whole in lessons.toolTip()
    desk.close()


def test_the_time_left_is_whole_beside_what_to_be_careful_about(desk_with: OpenDesk) -> None:
    desk = desk_with(UNTIL_STOPPED)
    desk.window.resize(960, 540)
    desk.press(panel(desk), "train_button")
    wait_for_epoch(desk)
    note = "After the network: pieces of Table smaller than 40 voxels are left out, and the edge"
    workbench = desk.workbench
    workbench.follow_run(replace(workbench.project.runs[-1], notes=(note,)), keep=False)
    desk.settle()
    state = panel(desk).findChild(ElidedLabel, "training_state")
    assert state is not None and state.isVisible() and note in state.text()
    left = panel(desk).findChild(ElidedLabel, "training_left")
    assert left is not None
    left.show_line("epoch 1000 · 59 min 59 s left")
    desk.settle()
    assert left.seen == left.text()
    desk.press(panel(desk), "stop_button")
    wait_for_end(desk)
    desk.close()


def test_a_killed_trainer_leaves_a_window_that_says_so_and_trains_again(
    desk_with: OpenDesk,
) -> None:
    desk = desk_with(UNTIL_STOPPED)
    desk.press(panel(desk), "train_button")
    wait_for_epoch(desk)
    session = desk.window.training.session
    assert session is not None
    pid = session.client.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for_end(desk)
    run = newest(desk)
    assert run.outcome == "crashed" and "kill" in run.reason.lower()
    assert run.reason.split(".")[0] in text(desk, "training_state")
    state = panel(desk).findChild(QLabel, "training_state")
    assert state is not None and state.property("role") == "bad"
    desk.press(panel(desk), "train_button")
    wait_for_epoch(desk)
    assert newest(desk).id == "run-002"
    desk.press(panel(desk), "stop_button")
    wait_for_end(desk)
    desk.close()


def test_one_stop_ends_the_training_and_the_prediction_after_it_and_keeps_the_weights(
    desk_with: OpenDesk,
) -> None:
    desk = desk_with(
        "import time\n"
        "channel.leave_on_stop = False\n"
        'channel.send(Note("ready"))\n'
        "while bundle.train and not channel.should_stop(): time.sleep(0.01)\n"
        "if bundle.train:\n"
        '    channel.send(Judged("", 1, 0.5))\n'
        '    channel.send(Finished("stopped", "Stopped.", 1, 0.5)); sys.exit(0)'
    )
    desk.press(panel(desk), "train_button")
    # From then on a stop is asked for, as after the real trainer's first checkpoint.
    desk.wait(lambda: "ready" in newest(desk).notes)
    started = QSignalSpy(desk.window.training.started)
    desk.press(panel(desk), "stop_button")
    wait_for_end(desk)
    desk.settle()
    assert newest(desk).outcome == "stopped" and newest(desk).has_weights
    workbench = desk.window.session.workbench
    assert workbench is not None
    assert workbench.predicted_by("case-001") is None
    assert started.count() == 0 and not desk.window.training.is_running
    desk.close()


def test_a_prediction_that_is_stopped_does_not_begin_again(desk_with: OpenDesk) -> None:
    desk = desk_with(
        "channel.leave_on_stop = False\n"
        'channel.send(Progress("case-001", 1, 5))\n'
        "import time\n"
        "while not channel.should_stop(): time.sleep(0.01)\n"
        'channel.send(Finished("stopped", "Stopped.", 1, 0.5)); sys.exit(0)'
    )
    started = QSignalSpy(desk.window.training.started)
    desk.press(panel(desk), "train_button")
    desk.wait(lambda: "predicting case-001" in text(desk, "training_left"))
    desk.press(panel(desk), "stop_button")
    wait_for_end(desk)
    desk.settle()
    assert started.count() == 1 and not desk.window.training.is_running
    desk.close()


def test_pause_and_go_on_reach_the_child(desk_with: OpenDesk) -> None:
    desk = desk_with(
        "import time\n"
        "while not channel.should_stop():\n"
        "    channel.wait_while_paused()\n"
        '    channel.send(Note("tick")); time.sleep(0.02)'
    )
    ticks = QSignalSpy(desk.window.training.message)
    desk.press(panel(desk), "train_button")
    wait_for_epoch(desk)
    desk.press(panel(desk), "pause_button")
    assert text(desk, "training_left") == "paused"
    assert button(desk, "pause_button").text() == "Go on"
    quiet = -1
    while quiet != ticks.count():
        quiet = ticks.count()
        QTest.qWait(300)
    desk.press(panel(desk), "pause_button")
    desk.wait(lambda: ticks.count() > quiet)
    desk.press(panel(desk), "stop_button")
    wait_for_end(desk)
    desk.close()


def test_a_child_that_does_not_listen_is_ended_the_hard_way_when_the_window_closes(
    desk_with: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_controller, "CLOSE_MS", 200)
    monkeypatch.setattr(training_controller, "TERMINATE_MS", 200)
    desk = desk_with(DEAF)
    desk.press(panel(desk), "train_button")
    wait_for_epoch(desk)
    session = desk.window.training.session
    assert session is not None
    pid = session.client.pid()
    assert pid is not None
    desk.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_closing_the_project_while_training_stops_it_and_keeps_the_run(
    desk_with: OpenDesk,
) -> None:
    desk = desk_with(UNTIL_STOPPED)
    path = desk.window.session.path
    assert path is not None
    desk.press(panel(desk), "train_button")
    wait_for_epoch(desk)
    desk.window.close_project()
    desk.press(desk.dialog("training_runs_dialog"), "stop_training_first")
    desk.wait(lambda: desk.window.session.workbench is None)
    assert not desk.window.training.is_running
    desk.open(path)
    run = newest(desk)
    assert run.outcome != "running" and len(run.epochs) == 1
    assert text(desk, "training_facts").startswith("lung U-Net ·")
    desk.close()


def test_opening_another_project_while_training_ends_it_in_the_first(
    desk_with: OpenDesk, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    other = make_project(tmp_path / "more")
    path = other.folder.path
    other.close()
    desk = desk_with(UNTIL_STOPPED)
    first = desk.window.session.path
    assert first is not None
    desk.press(panel(desk), "train_button")
    wait_for_epoch(desk)
    desk.window.open_project(path)
    desk.press(desk.dialog("training_runs_dialog"), "stop_training_first")
    desk.wait(lambda: desk.window.session.path == path)
    desk.wait_for_mask()
    assert not desk.window.training.is_running
    assert text(desk, "training_facts") == ""
    desk.close()
    workbench = Workbench.open(first, writable=False)
    assert workbench.project.runs[-1].outcome != "running"
    workbench.close()


def test_a_second_training_cannot_start_beside_the_first(desk_with: OpenDesk) -> None:
    desk = desk_with(UNTIL_STOPPED)
    desk.press(panel(desk), "train_button")
    wait_for_epoch(desk)
    assert not button(desk, "train_button").isEnabled()
    assert "stop it first" in button(desk, "train_button").toolTip()
    desk.shortcut(Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    workbench = desk.window.session.workbench
    assert workbench is not None and len(workbench.project.runs) == 1
    desk.press(panel(desk), "stop_button")
    wait_for_end(desk)
    desk.close()


def test_a_network_for_one_segment_refuses_two_in_the_panel(desk_with: OpenDesk) -> None:
    desk = desk_with()
    workbench = desk.window.session.workbench
    assert workbench is not None
    workbench.add_segment("Other")
    for index in range(workbench.project.cases[0].slices):
        say_right(workbench, workbench.project.cases[0].id, index)
    choose(desk, "plan_network", "encoder_decoder")
    desk.press(panel(desk), "train_button")
    assert "learns one segment" in text(desk, "training_state")
    assert workbench.project.runs == () and not desk.window.training.is_running
    desk.close()


def test_a_network_brings_its_own_defaults_and_fine_tuning_keeps_the_runs(
    desk_with: OpenDesk,
) -> None:
    desk = desk_with()
    choose(desk, "plan_network", "encoder_decoder")
    form = desk.window.training_panel
    assert form is not None
    plan = form.form.plan()
    assert plan == plan_for("encoder_decoder")
    epochs = panel(desk).findChild(NumberField, "plan_epochs")
    assert epochs is not None and epochs.isVisible() and epochs.count == 10
    desk.press(panel(desk), "train_button")
    wait_for_end(desk)
    choose(desk, "plan_network", "unet_norm")
    choose(desk, "plan_start", "run-001")
    plan = form.form.plan()
    assert (plan.network, plan.filters, plan.start_from) == ("encoder_decoder", 32, "run-001")
    network = panel(desk).findChild(QComboBox, "plan_network")
    assert network is not None and not network.isEnabled() and "keeps" in network.toolTip()
    desk.press(panel(desk), "train_button")
    wait_for_end(desk)
    assert newest(desk).plan.start_from == "run-001"
    assert "fine-tuned from run-001" in text(desk, "training_facts")
    desk.close()


def test_an_earlier_run_can_be_looked_at_again(desk_with: OpenDesk) -> None:
    desk = desk_with()
    for network in ("unet", "unet_fast"):
        choose(desk, "plan_network", network)
        desk.press(panel(desk), "train_button")
        wait_for_end(desk)
    assert text(desk, "training_facts").startswith("lung U-Net ·")
    choose(desk, "training_run", "run-001")
    assert text(desk, "training_facts").startswith("classic U-Net ·")
    desk.close()


def test_the_bar_the_time_left_and_the_curve_follow_the_steps(desk_with: OpenDesk) -> None:
    desk = desk_with(
        "import time\n"
        "at = 0\n"
        "while not channel.should_stop():\n"
        "    at += 1\n"
        "    channel.send(Step(2, at, 1000, 0.2 + at % 20 / 20, 10.0, 30.0)); time.sleep(0.02)"
    )
    desk.press(panel(desk), "train_button")
    desk.wait(lambda: text(desk, "training_left") == "epoch 2 · 30 s left")
    bar = panel(desk).findChild(QProgressBar, "training_progress")
    assert bar is not None and bar.isVisible() and bar.value() == 250
    desk.wait(lambda: panel(desk).findChild(QWidget, "chart_dice") is not None)
    loss = panel(desk).findChild(QWidget, "chart_loss")
    assert loss is not None
    before = loss.grab().toImage()
    desk.wait(lambda: loss.grab().toImage() != before)
    desk.press(panel(desk), "stop_button")
    wait_for_end(desk)
    assert not bar.isVisible()
    desk.close()


def choose(desk: Desk, id: str, data: str) -> None:
    """Choose a row of a combo box by the arrow keys."""
    box = panel(desk).findChild(QComboBox, id)
    assert box is not None
    QTest.keyClick(box, Qt.Key.Key_Home)
    while box.currentData() != data and box.currentIndex() < box.count() - 1:
        QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.currentData() == data
    desk.settle()
