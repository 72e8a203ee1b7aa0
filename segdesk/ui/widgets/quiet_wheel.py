"""The wheel changes a field only where the reader is in it: who scrolls past must change nothing.

The filter sits on the fields themselves and never on the application, because each mouse move over
the canvas would pass through Python then.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QSlider, QWidget

FIELDS = (QComboBox, QAbstractSpinBox, QSlider)


class _QuietWheel(QObject):
    """Hands the wheel on to what lies around a field without the focus."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.Wheel:
            return False
        if not isinstance(watched, QWidget) or watched.hasFocus():
            return False
        # Ignored, so that Qt offers it to the parent: a scroll area scrolls on.
        event.ignore()
        return True


def quieten_wheel(window: QWidget) -> None:
    """Keep the wheel from every field of a window that does not have the focus.

    Called once its panels are built. By Qt's own policy the wheel would also give the focus.
    """
    quiet = _QuietWheel(window)
    for field in window.findChildren(QWidget):
        if isinstance(field, FIELDS):
            field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            field.installEventFilter(quiet)
