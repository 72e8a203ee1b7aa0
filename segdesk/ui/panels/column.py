"""Panels below each other in a dock; where the window has no room for all of them, they scroll."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QStyle, QVBoxLayout, QWidget

from segdesk.ui.look.theme import GRID
from segdesk.ui.look.translations import tr

#: A window may be made so low that no more of the column is seen, in pixels.
LOWEST = 30 * GRID


class Column(QScrollArea):
    """As wide as its panels need, also while they scroll.

    Parameters
    ----------
    id : objectName
    panels : from above, each with its share of the room that is left
    """

    def __init__(self, id: str, panels: Sequence[tuple[QWidget, int]]) -> None:
        super().__init__()
        self.setObjectName(id)
        self.setAccessibleName(tr("Segments, layers and history"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        self._inside = QWidget()
        rows = QVBoxLayout(self._inside)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        for panel, share in panels:
            rows.addWidget(panel, share)
        self.setWidget(self._inside)

    def minimumSizeHint(self) -> QSize:
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, self)
        return QSize(self._inside.minimumSizeHint().width() + bar, LOWEST)

    def sizeHint(self) -> QSize:
        return QSize(self.minimumSizeHint().width(), self._inside.sizeHint().height())
