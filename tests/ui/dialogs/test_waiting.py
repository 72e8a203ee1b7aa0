"""What goes by itself: the dialog while something short is under way, and a message."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QFrame, QPushButton
from pytestqt.qtbot import QtBot

from segdesk.ui.dialogs.waiting import WaitingDialog
from tests.windows import Desk


@pytest.mark.usefixtures("qtbot")
def test_what_was_cancelled_may_go_on_telling_until_it_ends() -> None:
    cancelled: list[bool] = []
    dialog = WaitingDialog(None, "waiting", "Copying", lambda: cancelled.append(True))
    dialog.open()
    dialog.tell(1, 3)
    button = dialog.findChild(QPushButton, "cancel_waiting")
    assert button is not None
    button.click()
    # What the window's loop does at once: a closed dialog deletes itself.
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    dialog.tell(2, 3)
    dialog.end()
    assert cancelled == [True]


def test_an_end_closes_it(qtbot: QtBot) -> None:
    dialog = WaitingDialog(None, "waiting", "Copying", lambda: None)
    with qtbot.waitSignal(dialog.accepted):
        dialog.open()
        dialog.end()


def test_a_message_whose_time_is_up_while_it_goes_is_no_bug(desk: Desk) -> None:
    banner = desk.window.banner
    banner.say("Said once.")
    (message,) = [row for row in banner.findChildren(QFrame, "message") if row.isVisible()]
    banner.clear()
    # What its timer does, which runs until Qt has deleted it.
    message.left.emit(message)  # pyright: ignore[reportAttributeAccessIssue]
    assert banner.text == ""
