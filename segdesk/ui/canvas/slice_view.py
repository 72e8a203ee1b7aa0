"""The view of one case, the widget: events of the window system go to pointer, keys and drawing.

What changes of the project is heard by `changes.py`, which asks for a paint; what that draws stands
in `drawing.py`, where the slice lies in `placement.py`. Masks are changed by `app.labelling.tools`
alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QEnterEvent,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QSinglePointEvent,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

from segdesk.app.labelling.restoring import Piece
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.pane import Pane
from segdesk.app.screen.view_state import ViewState
from segdesk.ui.canvas import sentences
from segdesk.ui.canvas.changes import Changes
from segdesk.ui.canvas.drawing import Drawing
from segdesk.ui.canvas.event_position import is_eraser, pointed_at
from segdesk.ui.canvas.focus import is_typing
from segdesk.ui.canvas.hover import Hover
from segdesk.ui.canvas.keys import KeyDispatcher, Keyed
from segdesk.ui.canvas.overlays import reading_rectangle
from segdesk.ui.canvas.placement import Placement
from segdesk.ui.canvas.pointer import Pointer
from segdesk.ui.canvas.scene import Scene
from segdesk.ui.canvas.viewport import Viewport
from segdesk.ui.canvas.voxel_under import Under, under_at
from segdesk.ui.look.theme import Tokens
from segdesk.ui.widgets.bridge import Bridge
from segdesk.ui.widgets.painting import PaintGuard

SMALLEST = QSize(160, 120)


class SliceView(QWidget):
    """One case, plane by plane. Owned by the workplace; lives on its thread.

    Parameters
    ----------
    workbench, view, pane : what is shown, and which planes of it; `attach` shows another project
    tokens : colours
    """

    #: What the mouse would do now; for the status line until it means something else.
    said = Signal(str)
    #: Why something was refused, or was done otherwise; for the status line for a moment.
    refused = Signal(str)
    #: Global position and the `Under` there.
    menu_wanted = Signal(QPoint, object)

    def __init__(self, workbench: Workbench, view: ViewState, pane: Pane, tokens: Tokens) -> None:
        super().__init__()
        self.setObjectName("slice_view")
        self.setAccessibleName(sentences.view_name())
        self.setMinimumSize(SMALLEST)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self._tokens = tokens
        self._bridge = Bridge(self)
        self._placement = Placement((SMALLEST.width(), SMALLEST.height()))
        self._hint = ""
        self._guard = PaintGuard(self)
        #: Counts what is done here with a button, a key or the wheel.
        self.touches = 0
        self._pointer = Pointer(self)
        self._keys = KeyDispatcher(self.finish_stroke, self)
        self._keys.refused.connect(self.refused)
        self.attach(workbench, view, pane)

    # What is shown

    @property
    def workbench(self) -> Workbench:
        return self._workbench

    @property
    def view(self) -> ViewState:
        return self._view

    @property
    def pane(self) -> Pane:
        """Which planes are drawn here, and where among them."""
        return self._pane

    def attach(self, workbench: Workbench, view: ViewState, pane: Pane) -> None:
        """Show this project from now on."""
        self.detach()
        self._workbench, self._view, self._pane = workbench, view, pane
        self._drawing = Drawing(workbench, view, pane, self._tokens, self.font())
        self._hover = Hover(view, pane, self._pointer)
        self._changes = Changes(self, self._bridge, workbench, view, pane, self._drawing)
        self._changes.take_case()

    def detach(self) -> None:
        """Finish what is going on and listen to nothing any more."""
        self.finish_stroke()
        self._keys.let_go()
        self._bridge.close()

    def set_actions(self, actions: Sequence[Keyed]) -> None:
        """The table of actions; the canvas dispatches those with `canvas=True`."""
        self._keys.set_actions(actions)

    def takes(self, event: QKeyEvent) -> bool:
        """Whether a key means something here."""
        return self._pointer.keeps(event.key()) or self._keys.action_for(event) is not None

    def let_keys_go(self) -> None:
        """The keyboard is somewhere else now: what was held comes up."""
        self._keys.let_go()

    def set_tokens(self, tokens: Tokens) -> None:
        """Use other colours."""
        self._tokens = tokens
        self._drawing.set_tokens(tokens)
        self.update()

    def flip_wheel(self, flipped: bool) -> None:
        """Whether the wheel towards the hand goes towards the head."""
        self._pointer.wheel_flipped = flipped

    # Where things are

    @property
    def viewport(self) -> Viewport:
        return self._placement.viewport

    def set_viewport(self, viewport: Viewport) -> None:
        """Zoomed or panned by hand: kept until `fit`."""
        if self._placement.move(viewport):
            self._take_place()

    def pixel_of(self, row: float, column: float) -> QPointF:
        """Where a point in voxels lies in the widget."""
        return QPointF(*self.viewport.to_pixel(row, column))

    def voxel_at(self, position: QPointF | QPoint) -> tuple[float, float]:
        """(row, column), not rounded, of a place in the widget; also outside the slice."""
        return self.viewport.to_voxel(position.x(), position.y())

    def fit(self) -> None:
        """The slice as large as it can be seen whole."""
        case, plane = self._changes.shown_case, self._pane.plane
        if case is not None and plane is not None:
            self._placement.fit(case, plane, (self.width(), self.height()))
            self._take_place()

    def centre_on_cursor(self) -> None:
        """Bring what is under the pointer to the middle."""
        if self._hover.position is not None:
            self.set_viewport(self.viewport.centred(*self.voxel_at(self._hover.position)))

    def under_pointer(self) -> Under | None:
        """The voxel under the pointer; None outside the slice."""
        return None if self._hover.position is None else self._under(self._hover.position)

    # Held keys

    def use_hold_window(self, held: bool) -> None:
        """While held, a drag changes window and level in every tool."""
        self._pointer.window_held = held
        self.show_hand()

    def use_hold_pan(self, held: bool) -> None:
        """While held, a drag moves the slice in every tool."""
        self._pointer.pan_held = held
        self.show_hand()

    def peek(self, held: bool) -> None:
        """While held, the bare image is shown."""
        self._drawing.scene.is_bare = held
        self._changes.take_layers()

    def turn_slices(self, event: QWheelEvent) -> None:
        """Go to other slices by a wheel that was turned beside the view."""
        if self._changes.shown_case is not None:
            self._pointer.turn_slices(event)
            self._follow()

    # Strokes

    @property
    def stroke_in_progress(self) -> bool:
        """Whether a stroke has been begun and not finished."""
        return self._pointer.stroke is not None

    def finish_stroke(self) -> None:
        """End whatever drag goes on as a release does; nothing that was painted is lost."""
        if self._pointer.drag is not None:
            self._pointer.finish()
            self._follow()

    @property
    def scene(self) -> Scene:
        """What of the slice is on the screen."""
        return self._drawing.scene

    def show_layers(self) -> bool:
        """Bring the annotation on screen, peeking or not. Returns whether it was not there."""
        was_bare = self._drawing.scene.is_bare
        if was_bare:
            self.peek(False)
        return self._view.display.show_annotation() or was_bare

    def say(self, sentence: str) -> None:
        """Put a sentence into the status line for a moment."""
        self.refused.emit(sentence)

    def piece_under_pointer(self) -> Piece | None:
        """The piece under the pointer that a prediction left out, or a reader restored; None for
        none."""
        return self._hover.piece_here()

    def toggle_piece(self, piece: Piece) -> None:
        """Restore it, or leave it out again."""
        self._pointer.toggle(piece)

    def ask_for_menu(self, position: QPointF) -> None:
        """Ask for the menu of what lies at a place of the widget."""
        under = self._under(position)
        if under is not None:
            self.menu_wanted.emit(self.mapToGlobal(position.toPoint()), under)

    def paint_all(self) -> None:
        """Paint the whole view again."""
        self.update()

    def paint_parts(self, parts: Sequence[QRect]) -> None:
        """Paint these again, and the reading under the pointer."""
        for part in parts:
            self.update(part)
        self.update(reading_rectangle(self.size()))

    # Places

    def _take_place(self) -> None:
        self.show_hand()
        self.update()

    def _under(self, position: QPointF) -> Under | None:
        case, plane = self._changes.shown_case, self._pane.plane
        if case is None or plane is None:
            return None
        labels = self._workbench.annotation(case.id).labels
        return under_at(case.id, labels, plane, self.voxel_at(position))

    # The pointer

    def show_hand(self) -> None:
        """Brush outline, cursor and status line for what the mouse would do now."""
        self._follow()
        self._say_hint()

    def _say_hint(self) -> None:
        sentence = self._hover.words() if self._changes.shown_case is not None else ""
        if sentence != self._hint:
            self._hint = sentence
            self.said.emit(sentence)

    def _follow(self) -> None:
        """Bring what goes with the pointer to where it is."""
        piece = self._hover.piece
        self.paint_parts(self._hover.follow(self._changes.shown_case, self.viewport))
        if piece != self._hover.piece:
            self._say_hint()
        shape = self._hover.cursor_shape()
        if shape != self.cursor().shape():
            self.setCursor(shape)

    # Events of Qt

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._guard.paint(lambda: self._paint(event)):
            # Half of it may have been brought up to date.
            self._drawing.scene.mark_image()

    def _paint(self, event: QPaintEvent) -> None:
        case = self._changes.shown_case
        with QPainter(self) as painter:
            if case is None:
                self._drawing.paint_waiting(painter, event.region(), self.size())
                return
            under = self.under_pointer()
            self._drawing.paint(painter, event.region(), case, self.viewport, self._hover, under)

    def resizeEvent(self, event: QResizeEvent) -> None:
        moved = self._placement.resize(
            (self.width(), self.height()),
            self._changes.shown_case,
            self._pane.plane,
            is_dragged=self._pointer.drag is not None,
        )
        if moved:
            self._take_place()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if self.takes(event):
                event.accept()
                return True
            # A shortcut of the window (undo, save) finds the stroke finished.
            self.finish_stroke()
        if event.type() == QEvent.Type.UngrabMouse:
            self.finish_stroke()
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._release(event)

    def tabletEvent(self, event: QTabletEvent) -> None:
        """A pen is heard itself: as a mouse it would be a tip at both ends, on whole pixels."""
        kind = QEvent.Type
        heard = {
            kind.TabletPress: self._press,
            kind.TabletMove: self._move,
            kind.TabletRelease: self._release,
        }
        heard[event.type()](event)
        event.accept()

    def _press(self, event: QSinglePointEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.touches += 1
        self._keys.hold_what_is_down()
        at = self._hover.position = self._pointed_at(event)
        if self._changes.shown_case is not None:
            self._pointer.press(at, event.button(), event.modifiers(), is_eraser=is_eraser(event))
        elif self._view.crosshair.case_id is not None and self._view.hand.held.paints:
            self.refused.emit(sentences.not_read_yet(self._view.crosshair.case_id))
        self._follow()

    def _move(self, event: QSinglePointEvent) -> None:
        self._hover.position = self._pointed_at(event)
        self._pointer.move(self._hover.position, event.buttons())
        self._follow()

    def _release(self, event: QSinglePointEvent) -> None:
        self._pointer.release(self._pointed_at(event), event.button())
        if not self.rect().contains(event.position().toPoint()):
            self._hover.position = None
        self._follow()

    def _pointed_at(self, event: QSinglePointEvent) -> QPointF:
        return pointed_at(event, self.devicePixelRatioF())

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.touches += 1
        self._hover.position = self._pointed_at(event)
        if self._changes.shown_case is not None:
            self._pointer.wheel(event)
        self._follow()
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        # The right button belongs to the tools; its menu comes with the release of a click.
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.ask_for_menu(self._hover.position or QPointF(self.rect().center()))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.touches += 1
        if self._pointer.end_by(event.key()):
            self._follow()
        elif not self._keys.press(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not self._keys.release(event):
            super().keyReleaseEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._hover.position = self._pointed_at(event)
        if not is_typing(QApplication.focusWidget()):
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.said.emit(self._hint)
        self._follow()

    def leaveEvent(self, event: QEvent) -> None:
        if self._pointer.drag is None:
            self._hover.position = None
            self._follow()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._keys.let_go()
        self.finish_stroke()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._keys.let_go()
        self.finish_stroke()
        super().hideEvent(event)
