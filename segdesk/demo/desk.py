"""The real window from outside: the `Desk`, shown as the program shows it, closed as by a reader.

The demo's walk and the tests sit at the same one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication, QDialog, QPushButton, QWidget

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.demo.hand import Impatient, click, drop, find_dialog, wait_until
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.window.main_window import MainWindow

#: Of the window, in logical pixels.
SIZE = (1200, 800)
#: For what waits until everything is saved and nothing runs.
CLOSING_S = 60.0


class Desk:
    """A window on screen, and what a reader would do with it.

    Parameters
    ----------
    window : not shown yet
    """

    def __init__(self, window: MainWindow, size: tuple[int, int] = SIZE) -> None:
        self.window = window
        self.is_closed = False
        self._gone = QSignalSpy(self.window.gone)
        self.window.resize(*size)
        self.window.show()
        self.window.activateWindow()
        # Shortcuts go to the active window only.
        QTest.qWaitForWindowActive(self.window)

    # What stands open; each raises Impatient where it does not

    @property
    def workbench(self) -> Workbench:
        workbench = self.window.session.workbench
        if workbench is None:
            raise Impatient("no project is open")
        return workbench

    @property
    def view(self) -> ViewState:
        view = self.window.session.view
        if view is None:
            raise Impatient("no project is open")
        return view

    @property
    def canvas(self) -> SliceView:
        canvas = self.window.canvas
        if canvas is None:
            raise Impatient("no project is open")
        return canvas

    def open(self, project: Path) -> None:
        """Open a project and wait until its mask is there."""
        self.window.open_project(project)
        self.wait_for_mask()

    # Waiting

    def wait_for_mask(self) -> None:
        """Until the case on screen can be drawn on."""
        session = self.window.session
        self.wait(lambda: session.case_id is not None and session.has_mask(session.case_id))
        self.canvas.setFocus()

    def wait(self, condition: Callable[[], object]) -> None:
        """Until a condition holds, and what followed from it has happened."""
        wait_until("what was waited for", lambda: bool(condition()))
        self.settle()

    def settle(self) -> None:
        """Let everything that was queued happen."""
        for _ in range(3):
            QApplication.processEvents()

    # The hand

    def key(
        self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        """Type on the canvas."""
        QTest.keyClick(self.canvas, key, modifiers)
        self.settle()

    def shortcut(
        self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        """Type with the window in front, whatever has the focus."""
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifiers)
        self.settle()

    def drop(self, *paths: Path) -> None:
        """Let files fall onto the window."""
        drop(self.window, paths)

    def dialog(self, id: str) -> QDialog:
        """The open dialog of that objectName, waited for."""
        self.wait(lambda: self.has_dialog(id))
        found = find_dialog(id)
        if found is None:
            raise Impatient(f"'{id}' has closed again")
        return found

    def has_dialog(self, id: str) -> bool:
        return find_dialog(id) is not None

    def press(self, parent: QWidget, id: str) -> None:
        """Click a button with the mouse; it is there and enabled."""
        button = parent.findChild(QPushButton, id)
        if button is None or not button.isEnabled():
            why = "is not there" if button is None else f"is disabled: {button.toolTip()}"
            raise Impatient(f"'{id}' {why}")
        click(button)
        self.settle()

    def open_curves(self) -> None:
        """Show what stands below the row of the training."""
        self.window.table["open_curves"].trigger()
        self.settle()

    # The end

    def close(self, *, asks: bool = True) -> None:
        """Close the window, with whatever runs in it, and wait until it is gone.

        Parameters
        ----------
        asks : False as where nobody can be asked
        """
        if asks:
            self.window.close()
        else:
            self.window.close_unasked()
        if self.has_dialog("training_runs_dialog"):
            self.press(self.dialog("training_runs_dialog"), "stop_training_first")
        # It hides at once, and is gone when everything is saved and nothing runs any more.
        wait_until("the window's end", lambda: self._gone.count() > 0, seconds=CLOSING_S)
        self.settle()
        self.is_closed = True
        self.window.deleteLater()
        QApplication.sendPostedEvents(self.window, QEvent.Type.DeferredDelete)
