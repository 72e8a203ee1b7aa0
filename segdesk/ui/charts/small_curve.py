"""Loss and Dice of a run as two thin lines in the row of the training; no axes, no figures."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from segdesk.ui.charts.curve_points import Numbers
from segdesk.ui.look.sizes import scaled
from segdesk.ui.look.theme import GRID, Tokens
from segdesk.ui.look.translations import tr
from segdesk.ui.widgets.painting import PaintGuard

#: Of the widget, and between a line and its edge, in pixels.
SIZE, EDGE = QSize(26 * GRID, 6 * GRID), 2


class SmallCurve(QWidget):
    """Drawn by Qt alone, because it is there before the plots are loaded."""

    clicked = Signal()

    def __init__(self, tokens: Tokens) -> None:
        super().__init__()
        self.setObjectName("small_curve")
        self.setAccessibleName(tr("Loss and Dice of the training"))
        self.setToolTip(tr("Loss falls, Dice rises: click for the curves"))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._guard = PaintGuard(self)
        self._tokens = tokens
        nothing = np.zeros(0), np.zeros(0)
        self._loss, self._dice = nothing, nothing

    def sizeHint(self) -> QSize:
        return QSize(scaled(SIZE.width()), scaled(SIZE.height()))

    def set_tokens(self, tokens: Tokens) -> None:
        """Other colours."""
        self._tokens = tokens
        self.update()

    def show_points(self, loss: tuple[Numbers, Numbers], dice: tuple[Numbers, Numbers]) -> None:
        """Draw these, each float64 epochs and values of equal length."""
        self._loss, self._dice = loss, dice
        self.update()

    @property
    def points(self) -> int:
        """How many points are drawn."""
        return len(self._loss[0]) + len(self._dice[0])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._guard.paint(self._paint, with_words=False)

    def _paint(self) -> None:
        room = QRectF(self.rect()).adjusted(EDGE, EDGE, -EDGE, -EDGE)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            lines = ((self._loss, self._tokens.accent), (self._dice, self._tokens.good))
            last = max((float(at[-1]) for (at, _), _ in lines if len(at)), default=1.0)
            for (at, value), colour in lines:
                painter.setPen(QPen(QColor(colour), 1.5))
                _draw(painter, room, at / max(last, 1.0), value)


def _draw(painter: QPainter, room: QRectF, at: Numbers, value: Numbers) -> None:
    """One line, its lowest value below and its highest above; of a single value a dot.

    Parameters
    ----------
    at : 0 to 1 of the room's width
    """
    finite = np.isfinite(value)
    at, value = at[finite], value[finite]
    if not len(at):
        return
    low, high = float(value.min()), float(value.max())
    height = (value - low) / (high - low) if high > low else np.full(len(value), 0.5)
    spots = [
        QPointF(room.left() + x * room.width(), room.bottom() - y * room.height())
        for x, y in zip(at.tolist(), height.tolist(), strict=True)
    ]
    if len(spots) == 1:
        painter.drawEllipse(spots[0], 1.0, 1.0)
    else:
        painter.drawPolyline(QPolygonF(spots))
