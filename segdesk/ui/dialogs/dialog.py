"""What every dialog shares: name, margins, buttons that say what they do.

Dialogs are shown with `open()`, which returns at once, so nothing waits inside a dialog and the
work behind it goes on. They ask for a decision; what only has to be said goes to the banner.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from segdesk.ui.look import as_written
from segdesk.ui.look.theme import GRID
from segdesk.ui.widgets.plain_label import PlainLabel

#: Keys this soon after a dialog came up by itself were meant for the scan, in milliseconds.
KEYS_AFTER_MS = 500
_KEYS = (QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride)


class _NoKeysYet(QObject):
    """Swallows the keys of a dialog's widgets until it has been seen for a moment: keys that were
    pressed while it was being made and painted come after that.
    """

    def __init__(self, dialog: QDialog) -> None:
        super().__init__(dialog)
        self._seen = QElapsedTimer()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and not self._seen.isValid():
            self._seen.start()
        is_new = not self._seen.isValid() or self._seen.elapsed() < KEYS_AFTER_MS
        return event.type() in _KEYS and is_new


class Dialog(QDialog):
    """A dialog of the window; deletes itself when it is closed.

    Parameters
    ----------
    id : objectName
    title : also the accessible name
    """

    def __init__(self, id: str, title: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setObjectName(id)
        self.setWindowTitle(as_written.title(title))
        self.setAccessibleName(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(5 * GRID, 5 * GRID, 5 * GRID, 4 * GRID)
        self.rows.setSpacing(3 * GRID)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(2 * GRID)
        self._buttons.addStretch(1)

    def add_button(
        self, id: str, text: str, pressed: Callable[[], object], *, role: str = ""
    ) -> QPushButton:
        """A button at the right end of the last row; the one with a role is the default."""
        button = QPushButton(as_written.caption(text))
        button.setObjectName(id)
        button.setAccessibleName(text)
        button.setProperty("role", role)
        button.setAutoDefault(bool(role))
        button.setDefault(bool(role))
        button.clicked.connect(lambda: pressed())
        self._buttons.addWidget(button)
        return button

    def take_no_keys_yet(self) -> None:
        """For a dialog that opens when a task ends: a Return that was meant for the scan, given
        as it comes up, presses none of its buttons. Called when all its widgets are there.
        """
        filter_ = _NoKeysYet(self)
        for widget in (self, *self.findChildren(QWidget)):
            widget.installEventFilter(filter_)

    def end_rows(self) -> None:
        """Put the row of buttons below everything else, and take the size that the text needs."""
        self.rows.addLayout(self._buttons)
        if self.rows.hasHeightForWidth():
            # Left to itself, Qt takes the height that the text would need in a narrow column.
            width = max(self.minimumWidth(), self.sizeHint().width())
            self.resize(width, self.rows.totalHeightForWidth(width))


def sentence(text: str, *, role: str = "") -> QLabel:
    """A label that wraps and can be copied from."""
    label = PlainLabel(text)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setProperty("role", role)
    return label


def grey_out(item: QTreeWidgetItem, palette: QPalette) -> None:
    """A row that is only there to be read; a style sheet would leave its text bright."""
    item.setDisabled(True)
    brush = palette.brush(QPalette.ColorGroup.Disabled, QPalette.ColorRole.WindowText)
    for column in range(item.columnCount()):
        item.setForeground(column, brush)
