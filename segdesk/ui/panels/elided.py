"""A line of text that is cut with an ellipsis where there is no room, whole in its tooltip."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QStyleOption

from segdesk.core.printable import printable
from segdesk.ui.look.as_written import tip
from segdesk.ui.widgets.labels import use_role
from segdesk.ui.widgets.painting import PaintGuard
from segdesk.ui.widgets.plain_label import PlainLabel


class ElidedLabel(PlainLabel):
    """One line; takes the room that is left and asks for none.

    Parameters
    ----------
    id : objectName
    role : of the style sheet: dim, warn, bad; `show_line` can change it
    """

    def __init__(self, id: str, role: str = "dim") -> None:
        super().__init__()
        self.setObjectName(id)
        self._guard = PaintGuard(self)
        self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_line(self, text: str, role: str = "dim") -> None:
        """Show this text in a role's colour."""
        use_role(self, role)
        text = printable(text)
        if text != self.text():
            self.setText(text)
            self.setToolTip(tip(text))
            self.setAccessibleName(text)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        self._guard.paint(self._paint, with_words=False)

    def _paint(self) -> None:
        with QPainter(self) as painter:
            self._paint_line(painter)

    def _paint_line(self, painter: QPainter) -> None:
        option = QStyleOption()
        option.initFrom(self)
        room = self.contentsRect()
        line = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        self.style().drawItemText(
            painter,
            room,
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
            option.palette,
            self.isEnabled(),
            line,
            self.foregroundRole(),
        )
