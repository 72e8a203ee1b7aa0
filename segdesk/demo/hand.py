"""A hand at mouse and keyboard: real Qt events on the real widgets, for the demo and the tests.

Everything goes through the event queue as it would from a person; nothing is called past the
widgets.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEventLoop, QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from segdesk.ui.canvas.slice_view import SliceView

Widget = TypeVar("Widget", bound=QWidget)
LEFT = Qt.MouseButton.LeftButton
#: Between two looks at a condition, in milliseconds.
LOOK_MS = 10
#: Between two deeds; no hand is faster.
PAUSE_MS = 10


class Impatient(Exception):
    """Something that should have happened did not, in the time that it was given."""


def wait_until(what: str, condition: Callable[[], bool], *, seconds: float = 20.0) -> None:
    """Let events happen until a condition holds.

    Raises
    ------
    Impatient
        Where it does not come true in time.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Impatient(f"{what} did not happen within {seconds:.0f} s")
        pause(LOOK_MS)


def pause(milliseconds: int) -> None:
    """Let events happen for so long.

    In a loop as the program's own, and not by `QTest.qWait`: that keeps Python's other threads
    waiting, and a slot that raises ends it, or the process.
    """
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def find(kind: type[Widget], id: str, *, seconds: float = 20.0) -> Widget:
    """The visible widget of that objectName, in whichever window; waits for it."""
    found: list[Widget] = []

    def look() -> bool:
        found[:] = [
            widget
            for top in QApplication.topLevelWidgets()
            for widget in (top, *top.findChildren(kind, id))
            if isinstance(widget, kind) and widget.objectName() == id and widget.isVisible()
        ]
        return bool(found)

    wait_until(f"'{id}' on screen", look, seconds=seconds)
    return found[0]


def find_dialog(id: str) -> QDialog | None:
    """The open dialog of that objectName, or None."""
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QDialog) and widget.objectName() == id and widget.isVisible():
            return widget
    return None


def click(widget: QWidget, at: QPoint | None = None) -> None:
    """Move there and click, once it can be clicked."""
    wait_until(f"'{widget.objectName()}' enabled", widget.isEnabled)
    spot = widget.rect().center() if at is None else at
    QTest.mouseMove(widget, spot)
    QTest.mouseClick(widget, LEFT, pos=spot)
    pause(PAUSE_MS)


def press(widget: QWidget, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
    """Press and release a key, in the active window as a person would."""
    window = widget.window()
    if not window.isActiveWindow():
        # Without a window manager nobody activates a window when the dialog before it closes.
        window.activateWindow()
        QTest.qWaitForWindowActive(window)
    held = Qt.KeyboardModifier.NoModifier
    for modifier in modifiers:
        held |= modifier
    QTest.keyClick(widget, key, held)
    pause(PAUSE_MS)


def type_into(widget: QWidget, text: str) -> None:
    """Replace a field's text."""
    widget.setFocus()
    press(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(widget, text)


def drop(window: QWidget, paths: Sequence[Path]) -> None:
    """Drop files or folders on a window."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path.resolve())) for path in paths])
    spot = window.rect().center()
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(spot, Qt.DropAction.CopyAction, data, LEFT, none)
    QApplication.sendEvent(window, enter)
    if enter.isAccepted():
        dropped = QDropEvent(QPointF(spot), Qt.DropAction.CopyAction, data, LEFT, none)
        QApplication.sendEvent(window, dropped)


def draw(canvas: SliceView, path: npt.NDArray[np.float64]) -> None:
    """Press at the first point of a path, follow it, release at its end.

    Parameters
    ----------
    path : float64, (n, 2) as (row, column)
    """
    spots = [canvas.pixel_of(float(row), float(column)).toPoint() for row, column in path]
    QTest.mouseMove(canvas, spots[0])
    QTest.mousePress(canvas, LEFT, pos=spots[0])
    for spot in spots[1:]:
        QTest.mouseMove(canvas, spot)
    QTest.mouseRelease(canvas, LEFT, pos=spots[-1])
    pause(PAUSE_MS)
