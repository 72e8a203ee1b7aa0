"""Text over an image: light, with a dark rim, so that it is read on lung and on bone."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QFontMetricsF, QPainter, QStaticText

_RIM_OFFSETS = [QPointF(x, y) for x in (-1, 1) for y in (-1, 1)]
#: Texts whose glyphs stay laid out: most of what stands over a slice is the same from one paint to
#: the next. Figures under the pointer go by, so that all are dropped now and then.
KEPT = 256


class RimmedText:
    """Writes in one font. Owned by the overlays of a slice view."""

    def __init__(self, font: QFont) -> None:
        self.font = font
        self.metrics = QFontMetrics(font)
        self._ascent = QFontMetricsF(font).ascent()
        self._kept: dict[str, QStaticText] = {}
        self.use(QColor(Qt.GlobalColor.white), QColor(Qt.GlobalColor.black))

    def use(self, colour: QColor, rim: QColor) -> None:
        """In these colours from now on."""
        self._colour, self._rim = colour, rim

    @property
    def kept(self) -> int:
        """How many texts stay laid out."""
        return len(self._kept)

    def write(self, painter: QPainter, baseline: QPointF, text: str) -> None:
        """From a point of the baseline on, which is taken to a whole pixel."""
        if not text:
            return
        laid_out = self._laid_out(text)
        at = QPointF(round(baseline.x()), round(baseline.y()) - self._ascent)
        painter.setFont(self.font)
        painter.setPen(self._rim)
        for offset in _RIM_OFFSETS:
            painter.drawStaticText(at + offset, laid_out)
        painter.setPen(self._colour)
        painter.drawStaticText(at, laid_out)

    def _laid_out(self, text: str) -> QStaticText:
        """Once for the rim and the text; `drawText` would do it five times."""
        found = self._kept.get(text)
        if found is None:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            found = QStaticText(text)
            # Names of segments are text, never markup.
            found.setTextFormat(Qt.TextFormat.PlainText)
            self._kept[text] = found
        return found
