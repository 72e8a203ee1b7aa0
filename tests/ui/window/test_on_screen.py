"""A first start fits the screen with the frame that the system puts around the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtWidgets import QApplication, QMainWindow, QStyle
from pytestqt.qtbot import QtBot

from segdesk.ui.application import open_window
from segdesk.ui.window.main_window import FIRST_SIZE, MainWindow
from segdesk.ui.window.on_screen import OnScreen

#: A window that is smaller than any screen.
SMALL = QSize(300, 200)


@pytest.fixture
def first(qtbot: QtBot, settings_folder: Path) -> MainWindow:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    opened = open_window(application, settings_folder=settings_folder)
    opened.faults.uninstall()
    return opened.window


def test_a_first_window_leaves_room_for_a_title_bar(qtbot: QtBot, first: MainWindow) -> None:
    room = first.screen().availableSize()
    title = first.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight)
    assert room.height() < FIRST_SIZE[1], "the screen of the tests is smaller than the window"
    assert title > 0 and first.height() + title <= room.height()
    first.close()
    qtbot.wait(50)


def test_what_its_frame_pushes_out_of_the_screen_comes_back_once_the_frame_is_known(
    qtbot: QtBot,
) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    room = window.screen().availableGeometry()
    window.setGeometry(room)
    OnScreen(window)
    window.show()
    qtbot.waitUntil(lambda: window.frameGeometry() != window.geometry())
    qtbot.waitUntil(lambda: room.contains(window.frameGeometry()))
    assert window.frameGeometry().size() == room.size()


def test_a_window_that_fits_stays_where_it_is(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    place = QRect(window.screen().availableGeometry().topLeft(), SMALL).translated(40, 60)
    window.setGeometry(place)
    OnScreen(window)
    window.show()
    qtbot.wait(50)
    assert window.geometry() == place
