"""The view of one case: joins picture, overlays, pointer and keys in one widget.

Signals from the workbench and the view state mark what is stale (`scene.py`) and ask for a paint of
as little as changed; events go on to `pointer.py` and `keys.py`. Masks are changed by
`app.labelling.tools` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QEnterEvent,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QSinglePointEvent,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.pane import Pane
from segdesk.app.screen.view_state import ViewState
from segdesk.core.box import Box
from segdesk.core.case import Case
from segdesk.ops.blend import grown
from segdesk.ui.canvas import corner_texts, sentences
from segdesk.ui.canvas.focus import is_typing
from segdesk.ui.canvas.hover import Hover
from segdesk.ui.canvas.keys import KeyDispatcher, Keyed
from segdesk.ui.canvas.layer_items import rectangle_of
from segdesk.ui.canvas.overlays import Overlays, paint_ground, reading_rectangle
from segdesk.ui.canvas.pointer import Pointer
from segdesk.ui.canvas.pointing import is_eraser, pointed_at
from segdesk.ui.canvas.scene import Scene
from segdesk.ui.canvas.viewport import Viewport
from segdesk.ui.canvas.voxel_under import Under, under_at
from segdesk.ui.look.theme import Tokens
from segdesk.ui.widgets.bridge import Bridge
from segdesk.ui.widgets.painting import PaintGuard

SMALLEST = QSize(160, 120)
#: Outlines reach one voxel beyond what changed, and smoothing one more.
REACH = 2


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
        self._overlays = Overlays(tokens, self.font())
        self._bridge = Bridge(self)
        self._viewport = Viewport.fitted((1, 1), (1.0, 1.0), (SMALLEST.width(), SMALLEST.height()))
        self._is_fitted = True
        self._shown = ""
        self._hint = ""
        self._facts: corner_texts.Facts | None = None
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
        self._scene = Scene(workbench, view, pane, self._tokens)
        self._hover = Hover(view, pane, self._pointer)
        listen = self._bridge.listen_now
        listen(workbench.case_loaded, self._take_loaded)
        listen(workbench.labels_changed, self._take_labels)
        for signal in (workbench.statuses_changed, workbench.predictions_changed):
            listen(signal, self._take_statuses)
        listen(workbench.proposed, self._take_proposal)
        listen(workbench.segments_changed, self._take_segments)
        listen(view.crosshair.case_changed, self._take_case)
        listen(view.marks.marks_changed, self._take_news)
        listen(pane.index_changed, self._take_plane)
        listen(pane.axis_changed, self._take_case)
        listen(view.display.window_changed, self._take_window)
        listen(view.display.layers_changed, self._take_layers)
        listen(view.hand.options_changed, self._show_hand)
        listen(view.hand.segment_changed, self._show_hand)
        listen(view.hand.tool_changed, self._show_hand)
        listen(view.hand.ghost_changed, self._take_layers)
        self._take_case()

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
        self._overlays.set_tokens(tokens)
        self._scene.set_tokens(tokens)
        self.update()

    def flip_wheel(self, flipped: bool) -> None:
        """Whether the wheel towards the hand goes towards the head."""
        self._pointer.wheel_flipped = flipped

    # Where things are

    @property
    def viewport(self) -> Viewport:
        return self._viewport

    def set_viewport(self, viewport: Viewport) -> None:
        """Zoomed or panned by hand: kept until `fit`."""
        if viewport != self._viewport:
            self._is_fitted = False
            self._place(viewport)

    def pixel_of(self, row: float, column: float) -> QPointF:
        """Where a point in voxels lies in the widget."""
        return QPointF(*self._viewport.to_pixel(row, column))

    def voxel_at(self, position: QPointF | QPoint) -> tuple[float, float]:
        """(row, column), not rounded, of a place in the widget; also outside the slice."""
        return self._viewport.to_voxel(position.x(), position.y())

    def fit(self) -> None:
        """The slice as large as it can be seen whole."""
        case, plane = self._shown_case(), self._pane.plane
        if case is not None and plane is not None:
            self._is_fitted = True
            size, grid = (self.width(), self.height()), case.grid
            shape, pixel_mm = plane.shape(grid), plane.pixel_mm(grid)
            self._place(Viewport.fitted(shape, pixel_mm, size, plane.mirrored))

    def centre_on_cursor(self) -> None:
        """Bring what is under the pointer to the middle."""
        if self._hover.position is not None:
            self.set_viewport(self._viewport.centred(*self.voxel_at(self._hover.position)))

    def under_pointer(self) -> Under | None:
        """The voxel under the pointer; None outside the slice."""
        return None if self._hover.position is None else self._under(self._hover.position)

    # Held keys

    def use_hold_window(self, held: bool) -> None:
        """While held, a drag changes window and level in every tool."""
        self._pointer.window_held = held
        self._show_hand()

    def use_hold_pan(self, held: bool) -> None:
        """While held, a drag moves the slice in every tool."""
        self._pointer.pan_held = held
        self._show_hand()

    def peek(self, held: bool) -> None:
        """While held, the bare image is shown."""
        self._scene.is_bare = held
        self._take_layers()

    def turn_slices(self, event: QWheelEvent) -> None:
        """Go to other slices by a wheel that was turned beside the view."""
        if self._shown_case() is not None:
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
        return self._scene

    def show_layers(self) -> bool:
        """Bring the annotation on screen, peeking or not. Returns whether it was not there."""
        was_bare = self._scene.is_bare
        if was_bare:
            self.peek(False)
        return self._view.display.show_annotation() or was_bare

    def say(self, sentence: str) -> None:
        """Put a sentence into the status line for a moment."""
        self.refused.emit(sentence)

    def ask_for_menu(self, position: QPointF) -> None:
        """Ask for the menu of what lies at a place of the widget."""
        under = self._under(position)
        if under is not None:
            self.menu_wanted.emit(self.mapToGlobal(position.toPoint()), under)

    # What changed

    def _take_case(self) -> None:
        self.finish_stroke()
        case = self._view.crosshair.case
        self._shown = case.id if case and self._workbench.is_loaded(case.id) else ""
        self._scene.mark_image()
        self._facts = None
        self.fit()
        self._show_hand()
        self.update()

    def _take_loaded(self, case: str) -> None:
        if case == self._view.crosshair.case_id and not self._shown:
            self._take_case()

    def _take_news(self) -> None:
        if not self._shown:
            self.update()

    def _take_plane(self) -> None:
        self.finish_stroke()
        self._take_window()

    def _take_window(self) -> None:
        self._scene.mark_image()
        self._facts = None
        self.update()

    def _take_layers(self) -> None:
        self._scene.mark_layers()
        self.update()

    def _take_statuses(self, case: str) -> None:
        if case == self._view.crosshair.case_id:
            self._facts = None
            self._take_layers()

    def _take_proposal(self, case: str, index: int) -> None:
        if self._pane.plane is not None and self._pane.plane.index == index:
            self._take_statuses(case)

    def _take_segments(self) -> None:
        self._take_layers()
        self._show_hand()

    def _take_labels(self, case: str, boxes: tuple[Box, ...]) -> None:
        plane = self._pane.plane
        if case != self._view.crosshair.case_id or plane is None:
            return
        areas = [area for area in map(plane.area, boxes) if area is not None]
        for area in areas:
            self._scene.mark_area(area)
            self.update(rectangle_of(self._viewport, grown(area, REACH, self._viewport.shape)))
        if areas:
            self.update(reading_rectangle(self.size()))

    # Places

    def _shown_case(self) -> Case | None:
        """The case on screen, once its arrays have been read."""
        case = self._pane.case
        return case if case is not None and case.id == self._shown else None

    def _place(self, viewport: Viewport) -> None:
        self._viewport = viewport
        self._show_hand()
        self.update()

    def _under(self, position: QPointF) -> Under | None:
        case, plane = self._shown_case(), self._pane.plane
        if case is None or plane is None:
            return None
        labels = self._workbench.annotation(case.id).labels
        return under_at(case.id, labels, plane, self.voxel_at(position))

    # The pointer

    def _show_hand(self) -> None:
        """Brush outline, cursor and status line for what the mouse would do now."""
        self._follow()
        sentence = self._hover.words() if self._shown_case() is not None else ""
        if sentence != self._hint:
            self._hint = sentence
            self.said.emit(sentence)

    def _follow(self) -> None:
        """Bring what goes with the pointer to where it is."""
        for rectangle in self._hover.follow(self._shown_case(), self._viewport):
            self.update(rectangle)
        self.update(reading_rectangle(self.size()))
        shape = self._hover.cursor_shape()
        if shape != self.cursor().shape():
            self.setCursor(shape)

    # Events of Qt

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._guard.paint(lambda: self._paint(event)):
            # Half of it may have been brought up to date.
            self._scene.mark_image()

    def _paint(self, event: QPaintEvent) -> None:
        case = self._shown_case()
        if case is not None:
            self._scene.bring_up_to_date(case)
        with QPainter(self) as painter:
            shown = self._viewport if case is not None else None
            paint_ground(painter, self.rect(), event.region(), shown)
            if case is not None:
                self._scene.paint(painter, self._viewport)
                self._hover.paint(painter, self._viewport, self._overlays.colour)
                self._paint_overlays(painter, case, event.region())
            elif self._view.crosshair.case is not None:
                why = self._view.marks.unreadable.get(self._view.crosshair.case.id, "")
                self._overlays.paint_waiting(painter, self.size(), why)

    def _paint_overlays(self, painter: QPainter, case: Case, dirty: QRegion) -> None:
        if self._facts is None:
            self._facts = corner_texts.facts(self._workbench, self._view.display, self._pane, case)
        differs = self._scene.shows_difference
        self._overlays.paint_facts(painter, self._facts, self._viewport, dirty, differs)
        under = self.under_pointer()
        reading = corner_texts.reading(self._workbench, case, under) if under is not None else None
        bar = corner_texts.scale_bar(case.grid, self._viewport.scale, self.width())
        self._overlays.paint_reading(painter, reading, bar, self.size(), dirty)

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._pointer.drag is not None:
            # What lies under the hand stays there until the drag has ended.
            self._place(replace(self._viewport, size=(self.width(), self.height())))
        elif self._is_fitted:
            self.fit()
        elif self._shown_case() is not None:
            self._place(self._viewport.resized((self.width(), self.height())))

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
        if self._shown_case() is not None:
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
        if self._shown_case() is not None:
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
