"""Stop always ends, and a training is never ended without a word; the children are real ones."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from PySide6.QtCore import QElapsedTimer, Qt, QTimer
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QComboBox, QLabel

from segdesk.jobs.messages import Finished
from segdesk.jobs.weights_file import fault_of
from segdesk.ui.application import SignalWatch
from segdesk.ui.flows import training_controller
from tests.app.runs.test_running import child
from tests.ui.panels.test_training import (
    DEAF,
    UNTIL_STOPPED,
    OpenDesk,
    button,
    desk_with,
    newest,
    panel,
    text,
    wait_for_end,
    wait_for_epoch,
)
from tests.windows import Desk

__all__ = ["desk_with"]

CONTROL = Qt.KeyboardModifier.ControlModifier


def child_of(desk: Desk) -> int:
    session = desk.window.training.session
    assert session is not None
    pid = session.client.pid()
    assert pid is not None
    return pid


def start(desk: Desk) -> int:
    desk.press(panel(desk), "train_button")
    wait_for_epoch(desk)
    desk.wait(lambda: newest(desk).best == 1)
    return child_of(desk)


def be_impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STOP_MS", "TERMINATE_MS"):
        monkeypatch.setattr(training_controller, name, 300)


def test_a_child_that_hears_nothing_is_ended_and_its_last_weights_are_kept(
    desk_with: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (training_controller.STOP_MS, training_controller.TERMINATE_MS) == (10_000, 2000)
    be_impatient(monkeypatch)
    desk = desk_with(DEAF)
    pid = start(desk)
    desk.press(panel(desk), "stop_button")
    assert text(desk, "training_left") == "stopping…"
    wait_for_end(desk)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    run = newest(desk)
    assert run.outcome == "stopped" and run.best == 1
    assert "did not stop by itself" in run.reason and "epoch 1 are kept" in run.reason
    workbench = desk.window.session.workbench
    assert workbench is not None
    assert fault_of(workbench.folder.runs.paths(run.id).weights(1), run.weights_sha256) == ""
    assert button(desk, "train_button").isEnabled()
    desk.close()


def test_a_stop_that_comes_when_the_child_has_ended_stops_what_would_be_predicted(
    desk_with: OpenDesk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(training_controller, "STOP_MS", 300)
    desk = desk_with()
    desk.press(panel(desk), "train_button")
    wait_for_end(desk)
    # A worse run: what was to be predicted is, with the first one, when this one has ended.
    child(tmp_path, dice=0.2, rival=0.7)
    wanted = panel(desk).findChild(QComboBox, "plan_predict")
    assert wanted is not None
    wanted.setCurrentIndex(wanted.findData("all"))
    controller = desk.window.training
    started = QSignalSpy(controller.started)

    def stop(message: object) -> None:
        if isinstance(message, Finished):
            desk.window.table["stop_training"].trigger()

    controller.message.connect(stop)
    desk.press(panel(desk), "train_button")
    desk.wait(lambda: newest(desk).outcome == "finished" and not controller.is_running)
    assert started.count() == 1
    desk.close()


def test_the_window_goes_on_while_a_deaf_child_is_ended(
    desk_with: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_impatient(monkeypatch)
    desk = desk_with(DEAF)
    start(desk)
    clock, gaps, timer = QElapsedTimer(), [], QTimer()
    timer.timeout.connect(lambda: gaps.append(clock.restart()))
    clock.start()
    timer.start(5)
    desk.press(panel(desk), "stop_button")
    wait_for_end(desk)
    timer.stop()
    # No time is asserted on a busy machine: whoever waits on this thread stops the timer.
    assert len(gaps) > 6
    desk.close()


def test_a_second_stop_does_not_begin_the_patience_anew(
    desk_with: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_impatient(monkeypatch)
    desk = desk_with(DEAF)
    start(desk)
    again = QTimer()
    again.timeout.connect(desk.window.training.stop)
    again.start(50)
    desk.shortcut(Qt.Key.Key_Period, CONTROL)
    wait_for_end(desk)
    again.stop()
    assert newest(desk).outcome == "stopped"
    desk.close()


def test_closing_asks_while_a_network_learns_and_staying_changes_nothing(
    desk_with: OpenDesk,
) -> None:
    desk = desk_with("channel.leave_on_stop = False\n" + UNTIL_STOPPED)
    pid = start(desk)
    desk.window.close()
    dialog = desk.dialog("training_runs_dialog")
    words = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "run-001 is learning" in words and "(epoch 1)" in words
    desk.press(dialog, "stay_open")
    assert desk.window.isVisible() and desk.window.training.is_running
    os.kill(pid, 0)
    assert not desk.window.training.is_stopping
    desk.window.close()
    desk.dialog("training_runs_dialog").reject()
    desk.settle()
    assert desk.window.training.is_running and desk.window.isVisible()
    desk.close()


def test_closing_says_where_there_is_nothing_to_keep_yet(desk_with: OpenDesk) -> None:
    desk = desk_with(UNTIL_STOPPED)
    desk.press(panel(desk), "train_button")
    desk.window.close()
    dialog = desk.dialog("training_runs_dialog")
    words = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "no weights to keep yet" in words
    desk.press(dialog, "stay_open")
    wait_for_epoch(desk)
    desk.close()


def test_closing_hides_the_window_at_once_and_ends_a_deaf_child_by_timer(
    desk_with: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert training_controller.CLOSE_MS == 5000
    monkeypatch.setattr(training_controller, "CLOSE_MS", 300)
    monkeypatch.setattr(training_controller, "TERMINATE_MS", 300)
    desk = desk_with(DEAF)
    pid = start(desk)
    gone = QSignalSpy(desk.window.gone)
    desk.window.close()
    desk.press(desk.dialog("training_runs_dialog"), "stop_training_first")
    assert not desk.window.isVisible() and gone.count() == 0
    os.kill(pid, 0)
    desk.wait(lambda: gone.count() == 1)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    desk.is_closed = True
    desk.window.deleteLater()


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_signal_of_the_system_closes_without_asking(desk_with: OpenDesk) -> None:
    desk = desk_with("channel.leave_on_stop = False\n" + UNTIL_STOPPED)
    pid = start(desk)
    gone = QSignalSpy(desk.window.gone)
    watch = SignalWatch(desk.window.close_unasked, desk.window)
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        desk.wait(lambda: gone.count() == 1)
    finally:
        watch.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    desk.is_closed = True
    desk.window.deleteLater()


def test_a_window_that_could_not_save_comes_back(
    desk_with: OpenDesk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from segdesk.store.journal import journal_file as journal
    from tests.journeys.test_nothing_is_lost import workbench_of

    desk = desk_with("channel.leave_on_stop = False\n" + UNTIL_STOPPED)
    start(desk)
    workbench_of(desk).add_segment("Left")
    desk.settle()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(journal, "put_all", full)
        desk.window.close()
        desk.press(desk.dialog("training_runs_dialog"), "stop_training_first")
        said = desk.dialog("save_failed_dialog")
        assert desk.window.isVisible()
        desk.press(said, "stay_open")
    assert desk.window.isVisible() and not desk.window.training.is_running
    desk.close()
