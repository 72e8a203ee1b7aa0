"""The picture of one slice: image and layers in one RGB32 buffer, drawn by one call.

Two buffers of the slice's size: the windowed image, and the image with layers that Qt draws from
(a QImage over numpy's memory, nothing is copied). Where a slice is drawn mirrored, the buffer is
written from its other end: all that Qt gets is an ordinary picture, and areas stay as stored. How
layers mix stands in `ops.blend`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QBrush, QImage, QPainter, QTransform

from segdesk.app.screen.image_looks.look import ImageLook
from segdesk.core.box import Area
from segdesk.core.volume import Voxels
from segdesk.core.window import Window, grey_table, windowed
from segdesk.ops.blend import Layer, compose
from segdesk.ui.canvas.viewport import Viewport

#: From this many pixels per voxel on, voxels are drawn as squares, so that each can be seen;
#: below it the picture is smoothed.
SQUARES_FROM = 3.0


class SlicePicture:
    """Owned by the slice view, on its thread."""

    def __init__(self) -> None:
        self._windowed = np.zeros((0, 0), np.uint32)
        #: In the order of the voxels; where mirrored, a view of Qt's buffer from the other end.
        self._shown = np.zeros((0, 0), np.uint32)
        self._mirrored = (False, False)
        self._image = QImage()
        self._table: npt.NDArray[np.uint32] | None = None
        self._table_key: tuple[Window, float, float, str] | None = None
        self._in_colour = False

    def set_window(self, window: Window, slope: float, intercept: float, look: ImageLook) -> None:
        """Which values are black and white, and what the look makes of it, for the next `load`."""
        key = (window, slope, intercept, look.id)
        if key != self._table_key:
            table = grey_table(window, slope=slope, intercept=intercept)
            level = look.levels[table & 0xFF].astype(np.uint32)
            self._table = np.uint32(0xFF000000) | level * np.uint32(0x010101)
            self._table_key = key

    def load(self, voxels: Voxels, mirrored: tuple[bool, bool] = (False, False)) -> None:
        """Take a slice through the window; layers come with `compose`.

        Parameters
        ----------
        voxels : int16, (rows, columns), as stored; or uint8, (rows, columns, 3), in colour
        mirrored : whether (rows, columns) are drawn from the last to the first
        """
        if self._table is None:
            raise ValueError("expected a window before the first slice")
        if voxels.shape[:2] != self._windowed.shape or mirrored != self._mirrored:
            rows, columns = voxels.shape[:2]
            self._windowed = np.empty((rows, columns), np.uint32)
            buffer = np.empty((rows, columns), np.uint32)
            self._image = QImage(
                buffer.data, columns, rows, columns * 4, QImage.Format.Format_RGB32
            )
            # The view keeps the buffer alive for Qt.
            self._shown = buffer[:: -1 if mirrored[0] else 1, :: -1 if mirrored[1] else 1]
            self._mirrored = mirrored
        windowed(voxels, self._table, self._windowed)
        self._in_colour = voxels.ndim == 3

    def compose(self, layers: Sequence[Layer], area: Area | None = None) -> None:
        """Lay the layers over the slice, the lowest first: all of it, or around an area."""
        rows, columns = self._windowed.shape
        compose(
            self._windowed,
            layers,
            self._shown,
            area or Area(0, rows, 0, columns),
            in_colour=self._in_colour,
        )

    def paint(self, painter: QPainter, viewport: Viewport) -> None:
        """Draw the slice where the viewport puts it, to the same pixels whatever part is asked."""
        scale = painter.device().devicePixelRatioF()
        if min(viewport.voxel) * scale < SQUARES_FROM:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRectF(*viewport.rectangle), self._image, QRectF(self._image.rect()))
            return
        # Without smoothing, drawImage rounds the picture to whole pixels and then lets rows and
        # columns drift, differently for each part; a texture puts every voxel where it belongs.
        height, width = viewport.voxel
        texture = QBrush()
        texture.setTextureImage(self._image)
        texture.setTransform(QTransform(width, 0, 0, height, viewport.x, viewport.y))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.fillRect(QRectF(*viewport.rectangle), texture)


def rectangle_of(viewport: Viewport, area: Area) -> QRect:
    """The pixels that an area covers, and one more."""
    left, top, right, bottom = viewport.covered(area)
    rectangle = QRectF(QPointF(left, top), QPointF(right, bottom))
    return rectangle.toAlignedRect().adjusted(-1, -1, 1, 1)
