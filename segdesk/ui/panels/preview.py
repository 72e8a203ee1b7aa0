"""A small picture of one slice with the labels that the network gives it now."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from segdesk.core.plane import Plane
from segdesk.core.segment import SegmentTable
from segdesk.core.volume import Volume
from segdesk.core.window import Window, grey_table, rgb_bytes, windowed
from segdesk.ui.look.theme import GRID
from segdesk.ui.look.translations import tr
from segdesk.ui.panels.elided import ElidedLabel
from segdesk.ui.widgets.painting import PaintGuard

#: Side of the picture in pixels: at least, and at most.
SMALLEST, LARGEST = 64, 160
OPACITY = 0.45


class PreviewPicture(QWidget):
    """Picture above, words below; hidden while there is nothing to show."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("preview")
        self.setAccessibleName(tr("What the network makes of this slice"))
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(GRID // 2)
        self._picture = _Picture()
        self._words = ElidedLabel("preview_words")
        rows.addWidget(self._picture, 1)
        rows.addWidget(self._words)
        self.clear_picture()

    def clear_picture(self) -> None:
        """Show nothing."""
        self._picture.show_image(None)
        self._words.show_line("")
        self.setVisible(False)

    def show_picture(
        self,
        volume: Volume,
        index: int,
        labels: npt.NDArray[np.uint8],
        segments: SegmentTable,
        window: Window,
        words: str,
    ) -> None:
        """Show a slice with labels.

        Parameters
        ----------
        labels : uint8, (rows, columns), segment numbers
        """
        # Two pixels for each that is shown are enough, and make the rest of this quick.
        step = max(1, max(labels.shape) // (2 * LARGEST))
        table = grey_table(window, slope=volume.slope, intercept=volume.intercept)
        stored = volume.voxels[index, ::step, ::step]
        colour = rgb_bytes(windowed(stored, table)).astype(np.float32)
        seen = labels[::step, ::step]
        for segment in segments:
            inside = seen == segment.number
            colour[inside] += OPACITY * (np.asarray(segment.rgb, np.float32) - colour[inside])
        turn_rows, turn_columns = Plane.across(volume.grid, 0, index).mirrored
        turned = colour[:: -1 if turn_rows else 1, :: -1 if turn_columns else 1]
        rgb = np.ascontiguousarray(turned.astype(np.uint8))
        rows, columns = seen.shape
        image = QImage(rgb.data, columns, rows, 3 * columns, QImage.Format.Format_RGB888)
        # A copy, because the array goes when this returns.
        self._picture.show_image(image.copy())
        self._words.show_line(words)
        self.setVisible(True)


class _Picture(QWidget):
    """An image as large as there is room, in its proportions."""

    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self._guard = PaintGuard(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(SMALLEST)
        self.setMaximumHeight(LARGEST)

    def show_image(self, image: QImage | None) -> None:
        self._image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._guard.paint(self._paint, with_words=False)

    def _paint(self) -> None:
        if self._image is None:
            return
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (self.width() - size.width()) // 2, (self.height() - size.height()) // 2
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRect(QPoint(left, top), size), self._image)
