"""A line of text that is said shorter, or cut with an ellipsis, where there is no room; all of it
stands in its tooltip."""

from __future__ import annotations

from collections.abc import Sequence

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
        self._shorter: tuple[str, ...] = ()
        self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_line(self, text: str, role: str = "dim", shorter: Sequence[str] = ()) -> None:
        """Show this text in a role's colour.

        Parameters
        ----------
        shorter : what is said instead where that has no room, the longest first; only the last one
            is cut
        """
        use_role(self, role)
        text = printable(text)
        self._shorter = tuple(map(printable, shorter))
        self.update()
        if text != self.text():
            self.setText(text)
            self.setToolTip(tip(text))
            self.setAccessibleName(text)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    @property
    def seen(self) -> str:
        """What there is room for, of what may be said."""
        room, metrics = self.contentsRect().width(), self.fontMetrics()
        said = (self.text(), *self._shorter)
        for text in said:
            if metrics.horizontalAdvance(text) <= room:
                return text
        return metrics.elidedText(said[-1], Qt.TextElideMode.ElideRight, room)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._guard.paint(self._paint, with_words=False)

    def _paint(self) -> None:
        with QPainter(self) as painter:
            self._paint_line(painter)

    def _paint_line(self, painter: QPainter) -> None:
        option = QStyleOption()
        option.initFrom(self)
        self.style().drawItemText(
            painter,
            self.contentsRect(),
            self.alignment(),
            option.palette,
            self.isEnabled(),
            self.seen,
            self.foregroundRole(),
        )
