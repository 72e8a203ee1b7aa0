"""Where the pointer is and what is shown for it: outline, cursor, words, lasso trace."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from segdesk.app.labelling.restoring import Piece
from segdesk.app.labelling.slate import Sheet
from segdesk.app.screen.pane import Pane
from segdesk.app.screen.view_state import ViewState
from segdesk.core.case import Case
from segdesk.ui.canvas import sentences
from segdesk.ui.canvas.cursor import OutlineCursor, dark_rim
from segdesk.ui.canvas.drags import PanDrag
from segdesk.ui.canvas.pointer import Pointer
from segdesk.ui.canvas.viewport import Viewport

CURSORS = {"arrow": Qt.CursorShape.ArrowCursor, "cross": Qt.CursorShape.CrossCursor}


class Hover:
    """Owned by the slice view; `position` is None while the pointer is elsewhere."""

    def __init__(self, view: ViewState, pane: Pane, pointer: Pointer) -> None:
        self._view = view
        self._pane = pane
        self._pointer = pointer
        self.position: QPointF | None = None
        self.outline: OutlineCursor | None = None
        #: Under the pointer: what a click would restore, or leave out again.
        self.piece: Piece | None = None
        self._trace = QPolygonF()

    def follow(self, case: Case | None, viewport: Viewport) -> list[QRect]:
        """Take the outline and the trace where the pointer is; what has to be painted again."""
        before = self._covered(viewport)
        self.outline = self._outline_here(case, viewport)
        at = None if case is None else self.position
        self.piece = None if at is None else self._pointer.piece_under(at)
        self._trace = self._trace_now(viewport)
        return before + self._covered(viewport)

    def paint(self, painter: QPainter, viewport: Viewport, colour: QColor) -> None:
        """Draw the lasso's trace, or the outline of what a click would change."""
        if self._trace.size() > 1:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for pen in (QPen(dark_rim(), 3.0), QPen(colour, 1.5)):
                painter.setPen(pen)
                painter.drawPolyline(self._trace)
            painter.setPen(QPen(colour, 1.0, Qt.PenStyle.DotLine))
            painter.drawLine(self._trace.last(), self._trace.first())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if self.outline is not None:
            self.outline.paint(painter, viewport, colour)

    def cursor_shape(self) -> Qt.CursorShape:
        """What the pointer looks like."""
        if isinstance(self._pointer.drag, PanDrag):
            return Qt.CursorShape.ClosedHandCursor
        if self._pointer.pan_held:
            return Qt.CursorShape.OpenHandCursor
        if self._pointer.window_held:
            return Qt.CursorShape.SizeAllCursor
        if self.outline is not None:
            return Qt.CursorShape.BlankCursor
        if self.piece is not None and self._pointer.drag is None:
            return Qt.CursorShape.PointingHandCursor
        return CURSORS[self._view.hand.held.cursor]

    def piece_here(self) -> Piece | None:
        """The piece under the pointer, whatever the hand holds."""
        return None if self.position is None else self._pointer.piece_at(self.position)

    def words(self) -> str:
        """What the mouse would do now."""
        if self._pointer.pan_held:
            return sentences.pan_words()
        if self._pointer.window_held:
            return sentences.window_words()
        if self.piece is not None:
            return sentences.piece_words(self.piece)
        number, segments = self._view.hand.segment, self._view.workbench.segments
        name = segments[number].name if number in segments else ""
        return sentences.mouse_words(self._view.hand.held, name)

    def _outline_here(self, case: Case | None, viewport: Viewport) -> OutlineCursor | None:
        held = self._pointer.pan_held or self._pointer.window_held
        if case is None or self.position is None or held:
            return None
        plane = self._pane.plane
        if plane is None:
            return None
        point = viewport.to_voxel(self.position.x(), self.position.y())
        sheet = Sheet(self._view.workbench, case.id, plane)
        region = self._view.hand.held.outline(sheet, point, self._view.hand.options)
        return None if region is None else OutlineCursor(region)

    def _trace_now(self, viewport: Viewport) -> QPolygonF:
        stroke = self._pointer.stroke
        points = None if stroke is None else stroke.stroke.trace()
        if points is None:
            return QPolygonF()
        return QPolygonF([QPointF(*viewport.to_pixel(row, column)) for row, column in points])

    def _covered(self, viewport: Viewport) -> list[QRect]:
        rectangles: list[QRect] = []
        if self.outline is not None:
            rectangles.append(self.outline.rectangle(viewport))
        if not self._trace.isEmpty():
            around = QRectF(self._trace.boundingRect()).adjusted(-3, -3, 3, 3)
            rectangles.append(around.toAlignedRect())
        return rectangles
