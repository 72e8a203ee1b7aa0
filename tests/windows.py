"""The real window for tests: opened as the program opens it, closed as a reader closes it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QApplication, QDialog, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from segdesk.app.project import saving
from segdesk.ui.application import open_window
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.window.main_window import MainWindow
from tests.projects import make_project

#: For what runs on a worker, in milliseconds.
PATIENCE_MS = 20_000


class Desk:
    """A window, and what a reader would do with it."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window = window
        self.is_closed = False
        self._qtbot = qtbot
        self._gone = QSignalSpy(window.gone)

    @property
    def canvas(self) -> SliceView:
        canvas = self.window.canvas
        assert canvas is not None
        return canvas

    def open(self, project: Path) -> None:
        """Open a project and wait until its mask is there."""
        self.window.open_project(project)
        self.wait_for_mask()

    def wait_for_mask(self) -> None:
        session = self.window.session
        self._qtbot.waitUntil(
            lambda: session.case_id is not None and session.has_mask(session.case_id),
            timeout=PATIENCE_MS,
        )
        self.settle()
        self.canvas.setFocus()

    def wait(self, condition: Callable[[], bool | None]) -> None:
        self._qtbot.waitUntil(condition, timeout=PATIENCE_MS)
        self.settle()

    def settle(self) -> None:
        """Let everything that was queued happen."""
        for _ in range(3):
            QApplication.processEvents()

    def key(
        self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        """Type on the canvas."""
        self._qtbot.keyClick(self.canvas, key, modifiers)
        self.settle()

    def shortcut(
        self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        """Type with the window in front, whatever has the focus."""
        self._qtbot.keyClick(QApplication.focusWidget() or self.window, key, modifiers)
        self.settle()

    def drop(self, *paths: Path) -> None:
        """Let files fall onto the window."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        place = QPointF(self.window.rect().center())
        buttons, modifiers = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        entered = QDragEnterEvent(
            place.toPoint(), Qt.DropAction.CopyAction, data, buttons, modifiers
        )
        QApplication.sendEvent(self.window, entered)
        assert entered.isAccepted()
        dropped = QDropEvent(place, Qt.DropAction.CopyAction, data, buttons, modifiers)
        QApplication.sendEvent(self.window, dropped)

    def dialog(self, id: str) -> QDialog:
        """The open dialog of that objectName, waited for."""
        self.wait(lambda: self._find(id) is not None)
        found = self._find(id)
        assert found is not None
        return found

    def has_dialog(self, id: str) -> bool:
        return self._find(id) is not None

    def _find(self, id: str) -> QDialog | None:
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QDialog) and widget.objectName() == id and widget.isVisible():
                return widget
        return None

    def press(self, parent: QWidget, id: str) -> None:
        """Click a button with the mouse."""
        button = parent.findChild(QPushButton, id)
        assert button is not None, id
        assert button.isEnabled(), button.toolTip()
        self._qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        self.settle()

    def open_curves(self) -> None:
        """Show what stands below the row of the training."""
        self.window.table["open_curves"].trigger()
        self.settle()

    def close(self) -> None:
        """Close the window, with whatever runs in it, and wait until it is gone."""
        self.window.close()
        if self.has_dialog("training_runs_dialog"):
            self.press(self.dialog("training_runs_dialog"), "stop_training_first")
        self.wait(lambda: self._gone.count() > 0)
        self.is_closed = True
        self.window.deleteLater()
        QApplication.sendPostedEvents(self.window, QEvent.Type.DeferredDelete)


@pytest.fixture
def settings_folder(tmp_path: Path) -> Path:
    return tmp_path / "settings"


@pytest.fixture
def desk(
    qtbot: QtBot, settings_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """The empty window."""
    monkeypatch.setenv("SEGDESK_LOGS", str(tmp_path / "logs"))
    made = open_desk(qtbot, settings_folder)
    yield made
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QDialog):
            widget.reject()
    if not made.is_closed:
        made.close()


def open_desk(
    qtbot: QtBot, settings_folder: Path, *, trainer_command: Sequence[str] | None = None
) -> Desk:
    """Open a window with these settings."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    opened = open_window(
        application, settings_folder=settings_folder, trainer_command=trainer_command
    )
    # A bug has to fail the test, not to show a dialog.
    opened.faults.uninstall()
    # Not handed to qtbot, which would delete the window while it is still saving.
    opened.window.resize(1200, 800)
    opened.window.show()
    qtbot.waitExposed(opened.window)
    opened.window.activateWindow()
    return Desk(opened.window, qtbot)


@pytest.fixture(scope="session")
def saved_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once; `project` is a copy."""
    workbench = make_project(tmp_path_factory.mktemp("saved"), cases=2)
    workbench.history.clear()
    saving.save(workbench)
    workbench.close()
    return workbench.folder.path


@pytest.fixture
def project(saved_project: Path, tmp_path: Path) -> Path:
    """A saved project with two cases and the segment "Disc", and nothing to undo."""
    return Path(shutil.copytree(saved_project, tmp_path / "projects" / saved_project.name))
