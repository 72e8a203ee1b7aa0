"""What is written over the slice: title, window, status, letters, value under the pointer, scale.

What it says stands in `corner_texts.py`, how text is drawn over an image in `rimmed_text.py`.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPolygonF, QRegion

from segdesk.core.status import SliceStatus
from segdesk.ui.canvas import sentences
from segdesk.ui.canvas.corner_texts import Facts, Reading
from segdesk.ui.canvas.rimmed_text import RimmedText
from segdesk.ui.canvas.viewport import Viewport
from segdesk.ui.look.sizes import scaled, small_size, text_size
from segdesk.ui.look.theme import GRID, Tokens

#: From the widget's edge to text, in pixels.
EDGE = 3 * GRID
#: From one line to the next, and what the reading under the pointer and the scale bar may cover,
#: in pixels of text of the designed size.
LINE, READING_SIZE = 18, QSize(480, 72)
#: The widest that stand in the columns of a reading; narrower figures leave the rest empty, so that
#: nothing jumps while the pointer moves.
WIDEST_VALUE, WIDEST_MM, WIDEST_INDEX = "value −0000.00", "−000.0", "0000"
#: Views smaller than this, in pixels, say less.
ROOMY = QSize(360, 240)


class Overlays:
    """Fonts and colours of what is written. Owned by the slice view."""

    def __init__(self, tokens: Tokens, base: QFont) -> None:
        self._line = scaled(LINE)
        self._text = RimmedText(_sized(base, text_size()))
        self._small = RimmedText(_sized(base, small_size()))
        self._letter = RimmedText(_sized(base, text_size() + 2, bold=True))
        #: What is painted again; text elsewhere costs nothing.
        self._dirty = QRegion()
        self.set_tokens(tokens)

    def set_tokens(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._on_image = QColor(tokens.image_text)
        rim = QColor(Qt.GlobalColor.black)
        rim.setAlpha(170)
        self._rim = rim
        for text in (self._text, self._small, self._letter):
            text.use(self._on_image, rim)

    @property
    def colour(self) -> QColor:
        """Of everything that is written or drawn over the image."""
        return self._on_image

    def paint_facts(
        self,
        painter: QPainter,
        facts: Facts,
        viewport: Viewport,
        dirty: QRegion,
        is_difference: bool = False,
        leaves_out: bool = False,
    ) -> None:
        """Title, window, status and letters, as far as they lie in what is painted again.

        Parameters
        ----------
        is_difference : the colours say where annotation and prediction differ: they get a legend
        leaves_out : pieces are hatched that the prediction leaves out: so do they
        """
        self._dirty = dirty
        self._paint_letters(painter, facts, viewport)
        width, height = viewport.size
        differences = len(sentences.difference_words()) if is_difference else 0
        lines = 3 + differences + leaves_out
        if not dirty.intersects(QRect(0, 0, width, EDGE + lines * self._line)):
            return
        roomy = width >= ROOMY.width() and height >= ROOMY.height()
        baseline = EDGE + self._text.metrics.ascent()
        self._text.write(painter, QPointF(EDGE, baseline), facts.title)
        if roomy:
            self._text.write(painter, QPointF(EDGE, baseline + self._line), facts.window)
            if facts.status is not None:
                self._paint_status(painter, facts.said, facts.status, width)
            if is_difference:
                self._paint_legend(painter, baseline + 2 * self._line)
            if leaves_out:
                self._paint_hatch(painter, baseline + (2 + differences) * self._line)

    def _paint_hatch(self, painter: QPainter, baseline: float) -> None:
        """What the hatch of small pieces means."""
        side = 3 * GRID
        square = QRectF(EDGE, baseline - side + 1, side, side)
        painter.fillRect(square.adjusted(-1, -1, 1, 1), self._rim)
        painter.setPen(QPen(self._on_image, 1.0, Qt.PenStyle.DotLine))
        painter.drawRect(square.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setPen(QPen(self._on_image, 1.0))
        for at in range(GRID, side, GRID):
            across, down = QPointF(at, 0), QPointF(0, at)
            painter.drawLine(square.topLeft() + across, square.bottomRight() - down)
            painter.drawLine(square.topLeft() + down, square.bottomRight() - across)
        painter.drawLine(square.topLeft(), square.bottomRight())
        words = sentences.left_out_words()
        self._text.write(painter, QPointF(EDGE + side + 2 * GRID, baseline), words)

    def _paint_legend(self, painter: QPainter, baseline: float) -> None:
        """What the colours of a difference mean, a line each."""
        drawn, predicted = self._tokens.false_negative, self._tokens.false_positive
        half = 1.5 * GRID
        for at, (text, colours) in enumerate(
            zip(
                sentences.difference_words(),
                ((predicted, predicted), (drawn, drawn), (predicted, drawn)),
                strict=True,
            )
        ):
            line = baseline + at * self._line
            top = line - 2 * half + 1
            painter.fillRect(QRectF(EDGE - 1, top - 1, 2 * half + 2, 2 * half + 2), self._rim)
            for side, colour in enumerate(colours):
                painter.fillRect(QRectF(EDGE + side * half, top, half, 2 * half), QColor(colour))
            self._text.write(painter, QPointF(EDGE + 2 * half + 2 * GRID, line), text)

    def paint_reading(
        self,
        painter: QPainter,
        reading: Reading | None,
        bar: tuple[float, float] | None,
        size: QSize,
        dirty: QRegion,
    ) -> None:
        """The voxel under the pointer in two lines, and under it the scale bar."""
        if not dirty.intersects(reading_rectangle(size)):
            return
        self._dirty = dirty
        baseline = size.height() - EDGE - self._small.metrics.descent()
        if bar is not None:
            length_mm, length = bar
            right = EDGE + length
            y = baseline - GRID + 0.5
            bracket = QPolygonF(
                [
                    QPointF(EDGE + 0.5, y - GRID),
                    QPointF(EDGE + 0.5, y),
                    QPointF(right, y),
                    QPointF(right, y - GRID),
                ]
            )
            painter.setPen(QPen(self._rim, 3.0))
            painter.drawPolyline(bracket)
            painter.setPen(QPen(self._on_image, 1.0))
            painter.drawPolyline(bracket)
            self._small.write(painter, QPointF(right + 2 * GRID, baseline), f"{length_mm:g} mm")
        if reading is not None:
            line = self._line if bar is not None else 0
            self._write_reading(painter, reading, baseline - line)

    def _write_reading(self, painter: QPainter, reading: Reading, baseline: float) -> None:
        metrics = self._text.metrics
        upper, gap = baseline - self._line, 3 * GRID
        self._text.write(painter, QPointF(EDGE, upper), reading.value)
        name = EDGE + metrics.horizontalAdvance(WIDEST_VALUE) + gap
        # No wider than what is painted again when the pointer moves.
        room = int(scaled(READING_SIZE.width()) - name) - GRID
        words = metrics.elidedText(reading.name, Qt.TextElideMode.ElideRight, room)
        self._text.write(painter, QPointF(name, upper), words)
        left = float(EDGE)
        for letters, widest, figures in (
            ("xyz", WIDEST_MM, reading.millimetres),
            ("ijk", WIDEST_INDEX, reading.voxel),
        ):
            width = metrics.horizontalAdvance(widest)
            for letter, figure in zip(letters[: len(figures)], figures, strict=True):
                self._text.write(painter, QPointF(left, baseline), letter)
                left += metrics.horizontalAdvance(letter) + GRID
                self._text.write(painter, QPointF(left, baseline), figure)
                left += width + 3 * GRID
            if figures and letters == "xyz":
                self._text.write(painter, QPointF(left, baseline), "mm")
                left += metrics.horizontalAdvance("mm") + 2 * gap

    def paint_waiting(self, painter: QPainter, size: QSize, why: str) -> None:
        """A case that is still being read, or why it could not be."""
        self._dirty = QRegion(0, 0, size.width(), size.height())
        metrics = self._text.metrics
        lines = _in_lines(why or sentences.reading(), metrics, size.width() - 2 * EDGE)
        baseline = (size.height() - self._line * (len(lines) - 1)) / 2
        for at, text in enumerate(lines):
            left = (size.width() - metrics.horizontalAdvance(text)) / 2
            self._text.write(painter, QPointF(left, baseline + at * self._line), text)

    def _paint_status(self, painter: QPainter, said: str, status: SliceStatus, width: int) -> None:
        metrics = self._text.metrics
        dot = 2 * GRID
        around = dot + 7 * GRID
        # The letter in the middle stays free.
        room = width // 2 - EDGE - around - self._letter.metrics.height()
        text = metrics.elidedText(said, Qt.TextElideMode.ElideRight, room)
        chip = QRectF(0, 0, metrics.horizontalAdvance(text) + around, scaled(6 * GRID))
        chip.moveTopRight(QPointF(width - EDGE, EDGE - 2 * GRID + 4))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._tokens.raised))
        painter.drawRoundedRect(chip, chip.height() / 2, chip.height() / 2)
        painter.setBrush(QColor(self._tokens.status(status)))
        painter.drawEllipse(QRectF(chip.left() + 2.5 * GRID, chip.center().y() - GRID, dot, dot))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setFont(self._text.font)
        painter.setPen(QColor(self._tokens.text))
        left = chip.left() + 2.5 * GRID + dot + 1.5 * GRID
        middle = (metrics.ascent() - metrics.descent()) / 2
        painter.drawText(QPointF(left, chip.center().y() + middle), text)

    def _paint_letters(self, painter: QPainter, facts: Facts, viewport: Viewport) -> None:
        """Beside the edges of the slice where there is room, else just inside the view."""
        x, y, width, height = viewport.rectangle
        view = QRectF(0, 0, *viewport.size)
        seen = QRectF(x, y, width, height) & view
        if seen.isEmpty():
            return
        metrics = self._letter.metrics
        side = metrics.height()
        middle = seen.center()
        title = EDGE + self._text.metrics.horizontalAdvance(facts.title)
        top = side / 2 + (GRID if title < middle.x() - side else EDGE + self._line)
        places = (
            QPointF(middle.x(), max(y - side / 2, top)),
            QPointF(min(x + width + side / 2, view.width() - side / 2 - GRID), middle.y()),
            QPointF(middle.x(), min(y + height + side / 2, view.height() - side / 2 - GRID)),
            QPointF(max(x - side / 2, side / 2 + GRID), middle.y()),
        )
        lift = (metrics.ascent() - metrics.descent()) / 2
        for letter, place in zip(facts.letters, places, strict=True):
            around = QRect(int(place.x()) - side, int(place.y()) - side, 2 * side, 2 * side)
            if letter and self._dirty.intersects(around):
                half = metrics.horizontalAdvance(letter) / 2
                self._letter.write(painter, place + QPointF(-half, lift), letter)


def _in_lines(text: str, metrics: QFontMetrics, room: int) -> list[str]:
    """A text in lines that are no wider than `room` pixels; a word that is wider is shortened."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if metrics.horizontalAdvance(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(metrics.elidedText(word, Qt.TextElideMode.ElideRight, room))
    return [line for line in lines if line]


def reading_rectangle(size: QSize) -> QRect:
    """Where `paint_reading` draws."""
    covers = QSize(scaled(READING_SIZE.width()), scaled(READING_SIZE.height()))
    return QRect(QPoint(0, size.height() - covers.height()), covers)


def _sized(base: QFont, pixels: int, *, bold: bool = False) -> QFont:
    font = QFont(base)
    font.setPixelSize(pixels)
    font.setBold(bold)
    return font


def paint_ground(painter: QPainter, area: QRect, dirty: QRegion, viewport: Viewport | None) -> None:
    """Black, as the image's own darkest, wherever the picture does not cover all of a pixel.

    Parameters
    ----------
    area : of the view
    viewport : where the picture lies; None where there is none
    """
    if viewport is not None:
        picture = QRectF(*viewport.rectangle).toAlignedRect().adjusted(1, 1, -1, -1)
        dirty = dirty.subtracted(QRegion(picture))
    painter.setClipRegion(dirty)
    painter.fillRect(area, Qt.GlobalColor.black)
    painter.setClipping(False)
