"""Where the pointer is and what is shown for it: brush outline, cursor, words, lasso trace."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from segdesk.app.screen.view_state import ViewState
from segdesk.core.case import Case
from segdesk.ops.paint import disk_mask
from segdesk.ui.canvas import words
from segdesk.ui.canvas.cursor import BrushCursor, dark_rim
from segdesk.ui.canvas.drags import PanDrag
from segdesk.ui.canvas.pointer import Pointer
from segdesk.ui.canvas.viewport import Viewport


class Hover:
    """Owned by the slice view; `position` is None while the pointer is elsewhere."""

    def __init__(self, view: ViewState, pointer: Pointer) -> None:
        self._view = view
        self._pointer = pointer
        self.position: QPointF | None = None
        self.brush: BrushCursor | None = None
        self._trace = QPolygonF()

    def follow(self, case: Case | None, viewport: Viewport) -> list[QRect]:
        """Take the brush and the trace where the pointer is; what has to be painted again."""
        before = self._covered(viewport)
        self.brush = self._brush_here(case, viewport)
        self._trace = self._trace_now(viewport)
        return before + self._covered(viewport)

    def paint(self, painter: QPainter, viewport: Viewport, colour: QColor) -> None:
        """Draw the lasso's trace, or the brush's outline."""
        if self._trace.size() > 1:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for pen in (QPen(dark_rim(), 3.0), QPen(colour, 1.5)):
                painter.setPen(pen)
                painter.drawPolyline(self._trace)
            painter.setPen(QPen(colour, 1.0, Qt.PenStyle.DotLine))
            painter.drawLine(self._trace.last(), self._trace.first())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if self.brush is not None:
            self.brush.paint(painter, viewport, colour)

    def cursor_shape(self) -> Qt.CursorShape:
        """What the pointer looks like."""
        if isinstance(self._pointer.drag, PanDrag):
            return Qt.CursorShape.ClosedHandCursor
        if self._pointer.pan_held:
            return Qt.CursorShape.OpenHandCursor
        if self._pointer.window_held:
            return Qt.CursorShape.SizeAllCursor
        if self.brush is not None:
            return Qt.CursorShape.BlankCursor
        if self._view.tool == "navigate":
            return Qt.CursorShape.ArrowCursor
        return Qt.CursorShape.CrossCursor

    def words(self) -> str:
        """What the mouse would do now."""
        if self._pointer.pan_held:
            return words.pan_words()
        if self._pointer.window_held:
            return words.window_words()
        number, segments = self._view.segment, self._view.workbench.segments
        name = segments[number].name if number in segments else ""
        return words.mouse_words(self._view.tool, name)

    def _brush_here(self, case: Case | None, viewport: Viewport) -> BrushCursor | None:
        held = self._pointer.pan_held or self._pointer.window_held
        if case is None or self.position is None or held:
            return None
        if self._view.tool not in ("brush", "eraser"):
            return None
        row, column = viewport.to_voxel(self.position.x(), self.position.y())
        radius_mm = self._view.brush_mm / 2
        plane = self._view.plane
        if plane is None:
            return None
        grid = case.grid
        region = disk_mask(row, column, radius_mm, plane.pixel_mm(grid), plane.shape(grid))
        return None if region is None else BrushCursor(region)

    def _trace_now(self, viewport: Viewport) -> QPolygonF:
        stroke = self._pointer.stroke
        points = None if stroke is None else stroke.stroke.trace()
        if points is None:
            return QPolygonF()
        return QPolygonF([QPointF(*viewport.to_pixel(row, column)) for row, column in points])

    def _covered(self, viewport: Viewport) -> list[QRect]:
        rectangles: list[QRect] = []
        if self.brush is not None:
            rectangles.append(self.brush.rectangle(viewport))
        if not self._trace.isEmpty():
            around = QRectF(self._trace.boundingRect()).adjusted(-3, -3, 3, 3)
            rectangles.append(around.toAlignedRect())
        return rectangles
