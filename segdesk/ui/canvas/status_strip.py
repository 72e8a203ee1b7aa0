"""The column beside the slice view: one mark for each slice, its status as colour.

The head is at the top where the stack has letters. A dot says that N would stop there, a frame
where the view is; a press or a drag goes there. Marks of a tall stack share pixels and are drawn as
one image, so 1,200 slices cost no more than 30.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from segdesk.app.labelling import reviewing
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.status import SliceStatus
from segdesk.ui.canvas import sentences
from segdesk.ui.look.as_written import tip
from segdesk.ui.look.theme import GRID, Tokens
from segdesk.ui.widgets.bridge import Bridge
from segdesk.ui.widgets.painting import PaintGuard

#: Width of a mark, and of the gutter at its right where dots stand, in pixels.
MARK = 14
GUTTER = 10
#: Height of a slice at most; from this height on, marks stand apart.
TALLEST = 28.0
APART_FROM = 6.0
DOT = 4.0


class StatusStrip(QWidget):
    """Statuses of the case on screen. Owned by the workplace.

    A slice that is right for some segments only, because the others came later, is half in the
    colour of a partial one.

    Parameters
    ----------
    workbench, view : what is shown; `attach` shows another project
    tokens : colours
    """

    #: The `QWheelEvent` of a wheel turned over the strip; valid during the emission only.
    wheel_turned = Signal(object)

    def __init__(
        self, workbench: Workbench, view: ViewState, tokens: Tokens, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("status_strip")
        self.setAccessibleName(sentences.strip_name())
        self.setFixedWidth(GRID + MARK + GUTTER)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._tokens = tokens
        self._bridge = Bridge(self)
        self._guard = PaintGuard(self)
        self._picture: QPixmap | None = None
        self._drawn_for = (self.size(), 1.0)
        self.attach(workbench, view)

    def attach(self, workbench: Workbench, view: ViewState) -> None:
        """Show this project from now on."""
        self.detach()
        self._workbench, self._view = workbench, view
        listen = self._bridge.listen_now
        listen(workbench.case_loaded, self._take_case)
        listen(workbench.statuses_changed, self._take_case)
        listen(workbench.predictions_changed, self._take_case)
        listen(workbench.proposed, self._take_proposal)
        listen(workbench.segments_changed, self._read)
        listen(view.crosshair.case_changed, self._read)
        listen(view.crosshair.slice_changed, self._take_slice)
        self._read()

    def detach(self) -> None:
        """Listen to nothing any more."""
        self._bridge.close()

    def set_tokens(self, tokens: Tokens) -> None:
        """Use other colours."""
        self._tokens = tokens
        self._picture = None
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self.width(), 240)

    # Places

    def rectangle_of(self, index: int) -> QRectF:
        """Where the mark of a slice is."""
        top = self._top + self._step * self._position(index)
        gap = 2.0 if self._step >= APART_FROM else 0.0
        return QRectF(GRID, top, MARK, self._step - gap)

    def slice_at(self, y: float) -> int:
        """The slice at a height; beyond the ends, the first or the last."""
        position = min(max(int((y - self._top) / self._step), 0), len(self._statuses) - 1)
        return self._position(position)

    @property
    def _step(self) -> float:
        """Height of a slice."""
        return min((self.height() - 2 * GRID) / max(len(self._statuses), 1), TALLEST)

    @property
    def _top(self) -> float:
        return (self.height() - self._step * len(self._statuses)) / 2

    def _position(self, index: int) -> int:
        """From slice to place counted from the top, and back: the two are the same."""
        return len(self._statuses) - 1 - index if self._head_is_last else index

    # What is shown

    def _take_case(self, case: str) -> None:
        if case == self._view.crosshair.case_id:
            self._read()

    def _take_proposal(self, case: str, index: int) -> None:
        """The first one of a slice may give it a dot; a newer one changes nothing here."""
        if case == self._view.crosshair.case_id and not self._wanted[index]:
            self._read()

    def _take_slice(self) -> None:
        self.update()

    def _read(self) -> None:
        """Take the statuses of the case on screen."""
        case = self._view.crosshair.case
        self._statuses: tuple[SliceStatus, ...] = ()
        self._wanted: tuple[bool, ...] = ()
        #: Statuses of the right half of the marks.
        self._halves: tuple[SliceStatus, ...] = ()
        self._head_is_last = False
        if case is not None:
            self._statuses = self._workbench.statuses(case.id)
            self._wanted = reviewing.wanted_looks(self._workbench, case.id)
            whole = frozenset(status for status in SliceStatus if status.teaches_whole)
            pairs = zip(self._statuses, self._wanted, strict=True)
            self._halves = tuple(
                [SliceStatus.PARTIAL if wanted and has in whole else has for has, wanted in pairs]
            )
            self._head_is_last = case.grid.axis_letters()[0] == ("I", "S")
        self._picture = None
        self.update()

    # Events of Qt

    def paintEvent(self, event: QPaintEvent) -> None:
        self._guard.paint(lambda: self._paint(event), with_words=False)

    def _paint(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            drawn_for = (self.size(), self.devicePixelRatioF())
            if self._picture is None or self._drawn_for != drawn_for:
                self._picture, self._drawn_for = self._drawn(), drawn_for
            painter.drawPixmap(0, 0, self._picture)
            if self._statuses:
                self._paint_frame(painter)

    def _drawn(self) -> QPixmap:
        """All but the frame, which alone moves with a step through the slices."""
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(QColor(self._tokens.panel))
        if self._statuses:
            with QPainter(picture) as painter:
                if self._step >= APART_FROM:
                    self._paint_marks(painter)
                else:
                    self._paint_column(painter)
                self._paint_dots(painter)
        return picture

    def _paint_marks(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        colours = {status: QColor(self._tokens.status(status)) for status in SliceStatus}
        for index, status in enumerate(self._statuses):
            mark = self.rectangle_of(index)
            painter.setBrush(colours[status])
            painter.drawRoundedRect(mark, 2, 2)
            half = self._halves[index]
            if half is not status:
                painter.setClipRect(mark.adjusted(MARK / 2, 0, 0, 0))
                painter.setBrush(colours[half])
                painter.drawRoundedRect(mark, 2, 2)
                painter.setClipping(False)

    def _paint_column(self, painter: QPainter) -> None:
        colours = np.array(
            [QColor(self._tokens.status(status)).rgb() for status in SliceStatus], np.uint32
        )
        column = colours[np.array([self._statuses, self._halves], np.intp).T]
        if self._head_is_last:
            column = column[::-1]
        column = np.ascontiguousarray(column)
        image = QImage(column.data, 2, len(column), 8, QImage.Format.Format_RGB32)
        height = self._step * len(column)
        painter.drawImage(QRectF(GRID, self._top, MARK, height), image, QRectF(image.rect()))

    def _paint_dots(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._tokens.text))
        x = GRID + MARK + GUTTER / 2
        pitch, rows = self._dots()
        for row in rows:
            painter.drawEllipse(QPointF(x, self._top + (row + 0.5) * pitch), DOT / 2, DOT / 2)

    def _dots(self) -> tuple[float, frozenset[int]]:
        """Height of a row of dots, and the rows that have one.

        Dots of a tall stack would run together: those within one dot's height are drawn as one.
        """
        wanted = np.flatnonzero(self._wanted)
        if self._head_is_last:
            wanted = len(self._wanted) - 1 - wanted
        step = self._step
        pitch = max(step, DOT + 1)
        gap = 2.0 if step >= APART_FROM else 0.0
        rows = ((step * wanted + (step - gap) / 2) / pitch).astype(int)
        return pitch, frozenset(rows.tolist())

    def _paint_frame(self, painter: QPainter) -> None:
        mark = self.rectangle_of(self._view.crosshair.slice)
        frame = QRectF(mark.left(), mark.center().y() - 2, mark.width(), 4).united(mark)
        painter.setPen(QPen(QColor(self._tokens.text), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame.adjusted(-1.5, -1.5, 1.5, 1.5), 3, 3)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.wheel_turned.emit(event)
        event.accept()

    def _go(self, event: QMouseEvent) -> None:
        if self._statuses:
            self._view.crosshair.show_slice(self.slice_at(event.position().y()))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tip(event)
            return True
        return super().event(event)

    def _show_tip(self, event: QHelpEvent) -> None:
        if not self._statuses:
            QToolTip.hideText()
            return
        index = self.slice_at(event.pos().y())
        case = self._view.crosshair.case
        said = "" if case is None else sentences.said_of_slice(self._workbench, case.id, index)
        text = tip(sentences.slice_and_status(index + 1, said))
        QToolTip.showText(event.globalPos(), text, self, QRect(0, event.pos().y(), self.width(), 1))
