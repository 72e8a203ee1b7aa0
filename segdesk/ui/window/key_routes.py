"""Keys of the canvas work wherever no field is being typed in, and a click gives it the focus back.

Looked at where the window system's events come in, before any widget has them: dialogs, menus and
open lists have windows of their own, and cost nothing here.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QWindow
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QWidget,
)

from segdesk.ui.canvas.focus import is_typing
from segdesk.ui.canvas.slice_view import SliceView

_KEY = Qt.Key
_MOVES = frozenset(
    (
        *(_KEY.Key_Left, _KEY.Key_Right, _KEY.Key_Up, _KEY.Key_Down),
        *(_KEY.Key_Home, _KEY.Key_End, _KEY.Key_PageUp, _KEY.Key_PageDown),
    )
)
_PRESSES = frozenset((_KEY.Key_Space, _KEY.Key_Return, _KEY.Key_Enter))
#: What a list does with the row that is marked.
_ON_ROWS = frozenset((_KEY.Key_Delete, _KEY.Key_Backspace))


class KeyRoutes(QObject):
    """Owned by the window.

    Parameters
    ----------
    find_canvas : the slice view, or None where there is none
    """

    def __init__(self, window: QWidget, find_canvas: Callable[[], SliceView | None]) -> None:
        super().__init__(window)
        self._window = window
        self._find_canvas = find_canvas
        self._watched: QWindow | None = None

    def watch(self) -> None:
        """The window is shown, so that the system has one for it."""
        handle = self._window.windowHandle()
        if handle is not self._watched:
            self._watched = handle
            handle.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.MouseButtonRelease:
            # After the widget under it has done what the click means.
            QTimer.singleShot(0, self, self._give_back)
        elif kind == QEvent.Type.FocusOut and (canvas := self._find_canvas()) is not None:
            canvas.let_keys_go()
        elif kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            canvas = self._find_canvas()
            if isinstance(event, QKeyEvent) and canvas is not None and self._is_for(canvas, event):
                return QApplication.sendEvent(canvas, event)
        return False

    def _is_for(self, canvas: SliceView, event: QKeyEvent) -> bool:
        focus = QApplication.focusWidget()
        if focus is canvas or not canvas.isVisible() or is_typing(focus):
            return False
        return Qt.Key(event.key()) not in _kept_by(focus) and canvas.takes(event)

    def _give_back(self) -> None:
        """The canvas gets the focus, unless the click was into what goes on with keys."""
        canvas, focus = self._find_canvas(), QApplication.focusWidget()
        if canvas is None or focus is None or focus is canvas or not canvas.isVisible():
            return
        if QApplication.activePopupWidget() is not None or focus.window() is not self._window:
            return
        if not is_typing(focus) and not _is_edited(focus):
            canvas.setFocus(Qt.FocusReason.OtherFocusReason)


def _is_edited(widget: QWidget) -> bool:
    """A list whose rows are renamed or removed by keys."""
    if not isinstance(widget, QAbstractItemView):
        return False
    cell = widget.currentIndex().siblingAtColumn(0)
    while cell.isValid():
        if cell.flags() & Qt.ItemFlag.ItemIsEditable:
            return True
        cell = cell.siblingAtColumn(cell.column() + 1)
    return False


def _kept_by(widget: QWidget | None) -> frozenset[Qt.Key]:
    """Keys that a widget with the focus has a use of its own for."""
    match widget:
        case QAbstractItemView():
            return _MOVES | _PRESSES | _ON_ROWS
        case QComboBox():
            return _MOVES | _PRESSES
        case QAbstractSlider():
            return _MOVES
        case QAbstractButton():
            return _PRESSES
        case _:
            return frozenset()
