"""The window's door: sentences for people, bugs for the log, and the window lives on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QLabel, QPlainTextEdit
from pytestqt.qtbot import QtBot

from segdesk.errors import Cancelled, ProjectError, UsageError
from segdesk.ui.faults import Faults
from tests.windows import Desk


@pytest.fixture
def faults(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    monkeypatch.setenv("SEGDESK_LOGS", str(tmp_path / "logs"))
    made = Faults()
    made.install()
    yield made
    made.uninstall()


def test_a_bug_goes_to_the_log_and_can_be_copied_and_the_window_lives_on(
    faults: Faults, desk: Desk, tmp_path: Path
) -> None:
    def slot() -> None:
        raise ZeroDivisionError("nobody expected this")

    QTimer.singleShot(0, slot)
    dialog = desk.dialog("bug_dialog")
    details = dialog.findChild(QPlainTextEdit, "message_details")
    assert details is not None and "nobody expected this" in details.toPlainText()
    desk.press(dialog, "copy_bug")
    assert "ZeroDivisionError" in QGuiApplication.clipboard().text()
    assert "nobody expected this" in (tmp_path / "logs" / "segdesk.log").read_text("utf-8")
    assert desk.window.isVisible()


def test_a_hundred_bugs_show_one_dialog(faults: Faults, desk: Desk, qtbot: QtBot) -> None:
    for _ in range(100):
        faults.show_error(RuntimeError("again"))
    shown = [
        row
        for row in QGuiApplication.topLevelWindows()
        if row.isVisible() and row.objectName().startswith("bug_dialog")
    ]
    assert len(shown) == 1
    dialog: QDialog = desk.dialog("bug_dialog")
    desk.press(dialog, "close_bug")
    faults.show_error(RuntimeError("a new one"))
    desk.press(desk.dialog("bug_dialog"), "close_bug")


def test_what_a_user_can_mend_is_a_sentence_and_a_hint(faults: Faults, desk: Desk) -> None:
    faults.show_error(ProjectError("The disk is full.", "Free some space."))
    dialog = desk.dialog("error_dialog")
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    assert texts == ["The disk is full.", "Free some space."]
    desk.press(dialog, "close_message")


def test_a_refusal_is_said_and_a_cancel_is_silent(faults: Faults, desk: Desk) -> None:
    said: list[str] = []
    faults.said.connect(said.append)
    faults.show_error(UsageError("Not now.", "Later."))
    faults.show_error(Cancelled())
    assert said == ["Not now. Later."]
    assert not desk.has_dialog("error_dialog")
