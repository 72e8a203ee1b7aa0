"""A small picture of one slice with the labels that the network gives it now."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from segdesk.core.segment import SegmentTable
from segdesk.core.volume import Volume
from segdesk.core.window import Window, grey_table
from segdesk.ui.panels.panel import label

SIDE = 128
OPACITY = 0.45


class PreviewPicture(QWidget):
    """Picture above, words below; hidden while there is nothing to show."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("preview")
        self.setAccessibleName(self.tr("What the network makes of this slice"))
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        self._picture = QLabel()
        self._picture.setFixedSize(SIDE, SIDE)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._words = label("", "dim")
        rows.addWidget(self._picture)
        rows.addWidget(self._words)
        self.clear_picture()

    def clear_picture(self) -> None:
        """Show nothing."""
        self._picture.clear()
        self._words.setText("")
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
        table = grey_table(window, slope=volume.slope, intercept=volume.intercept)
        stored = np.ascontiguousarray(volume.voxels[index])
        grey = (table[stored.view(np.uint16)] & 0xFF).astype(np.float32)
        colour = np.repeat(grey[..., None], 3, axis=2)
        for segment in segments:
            inside = labels == segment.number
            colour[inside] += OPACITY * (np.asarray(segment.rgb, np.float32) - colour[inside])
        rgb = np.ascontiguousarray(colour.astype(np.uint8))
        rows, columns = labels.shape
        image = QImage(rgb.data, columns, rows, 3 * columns, QImage.Format.Format_RGB888)
        pixmap = QPixmap.fromImage(image)
        self._picture.setPixmap(
            pixmap.scaled(
                SIDE,
                SIDE,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        )
        self._words.setText(words)
        self.setVisible(True)
