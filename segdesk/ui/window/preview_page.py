"""The middle slice of a scan that is still being imported: shown as soon as it is decoded."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from segdesk.core.volume import Voxels
from segdesk.core.window import Window, grey_table, windowed
from segdesk.ui.look.theme import GRID, Tokens
from segdesk.ui.look.translations import tr
from segdesk.ui.widgets.painting import PaintGuard


class PreviewPage(QWidget):
    """One slice, fitted, without tools."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__()
        self.setObjectName("import_preview")
        self.setAccessibleName(tr("First look at the scan that is being imported"))
        self._tokens = tokens
        self._pixels: npt.NDArray[np.uint32] | None = None
        self._image = QImage()
        self._guard = PaintGuard(self)

    def show_plane(self, plane: Voxels, window: Window) -> None:
        """Show a slice as it is stored, through a window in stored numbers."""
        rows, columns = plane.shape[:2]
        # Kept, because the QImage only points to it.
        self._pixels = windowed(plane, grey_table(window))
        self._image = QImage(
            self._pixels.data, columns, rows, columns * 4, QImage.Format.Format_RGB32
        )
        self.update()

    def clear(self) -> None:
        """The import has ended."""
        self._image = QImage()
        self._pixels = None

    def set_tokens(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._guard.paint(self._paint)

    def _paint(self) -> None:
        with QPainter(self) as painter:
            self._paint_plane(painter)

    def _paint_plane(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        if not self._image.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            size = QSizeF(self._image.size()).scaled(
                QSizeF(self.size()), Qt.AspectRatioMode.KeepAspectRatio
            )
            place = QRectF(0, 0, size.width(), size.height())
            place.moveCenter(QRectF(self.rect()).center())
            painter.drawImage(place, self._image)
        painter.setPen(QColor(self._tokens.image_text))
        painter.drawText(
            self.rect().adjusted(3 * GRID, 3 * GRID, -3 * GRID, -3 * GRID),
            Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft,
            tr("First look; the other slices are on their way"),
        )
