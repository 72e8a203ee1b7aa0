"""Buttons and wheel of the slice view, turned into drags and steps.

Which gesture does what stands here and nowhere else.
What a stroke paints is decided by `app.labelling.tools`; keys belong to `keys.py`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Protocol

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QWheelEvent

from segdesk.app.labelling import restoring
from segdesk.app.labelling.accepting import filling, is_untouched
from segdesk.app.labelling.restoring import Piece
from segdesk.app.labelling.tools.ghosts import Ghost
from segdesk.app.labelling.tools.press import Held, locked_under, press
from segdesk.app.labelling.tools.tool import Look, Stroke
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.pane import Pane
from segdesk.app.screen.view_state import ViewState
from segdesk.core.annotation import Provenance
from segdesk.errors import UsageError
from segdesk.ui.canvas import sentences
from segdesk.ui.canvas.drags import (
    Drag,
    PanDrag,
    PieceDrag,
    Stage,
    StrokeDrag,
    WindowDrag,
    ZoomDrag,
)
from segdesk.ui.canvas.keys import MODIFIERS
from segdesk.ui.canvas.scene import Scene
from segdesk.ui.look.translations import translated

#: Angle of one notch of a wheel, in eighths of a degree (Qt's unit).
NOTCH = 120
#: Pixels of a touch pad that count as one notch, where it tells no angle.
NOTCH_PIXELS = 40
#: Zoom of one notch.
NOTCH_ZOOM = 1.2
#: Slices of one notch with Alt.
MANY_SLICES = 10

_ENDS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)
_CTRL = Qt.KeyboardModifier.ControlModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_ALT = Qt.KeyboardModifier.AltModifier


class Canvas(Stage, Protocol):
    """What the pointer needs of the slice view."""

    @property
    def workbench(self) -> Workbench: ...

    @property
    def view(self) -> ViewState: ...

    @property
    def pane(self) -> Pane: ...

    @property
    def scene(self) -> Scene: ...

    def show_layers(self) -> bool: ...

    def say(self, sentence: str) -> None: ...

    def ask_for_menu(self, position: QPointF) -> None: ...


class Pointer:
    """At most one drag at a time. Owned by the slice view."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._drag: Drag | None = None
        self._button = Qt.MouseButton.NoButton
        self._turned = 0.0
        #: Case and slice of a stroke that may start from the prediction.
        self._untouched: tuple[str, int] | None = None
        self.wheel_flipped = False
        self.pan_held = False
        self.window_held = False

    @property
    def drag(self) -> Drag | None:
        """What goes on between a press and its release."""
        return self._drag

    @property
    def stroke(self) -> StrokeDrag | None:
        """The drag, where it is one that paints."""
        return self._drag if isinstance(self._drag, StrokeDrag) else None

    # Buttons

    def press(
        self,
        position: QPointF,
        button: Qt.MouseButton,
        modifiers: Qt.KeyboardModifier,
        *,
        is_eraser: bool = False,
    ) -> None:
        """A button went down, or a pen. While a drag goes on, other buttons do nothing.

        Parameters
        ----------
        is_eraser : the pen's other end, which erases as the right button does
        """
        if self._drag is not None:
            return
        case = self._canvas.pane.case
        self._canvas.workbench.pressed_on = "" if case is None else case.id
        self._drag = self._begin(position, button, modifiers, is_eraser=is_eraser)
        self._button = button
        if self._drag is None:
            self._canvas.workbench.pressed_on = ""

    def move(self, position: QPointF, buttons: Qt.MouseButton) -> None:
        """The pointer moved. Where the release was lost, the drag ends here."""
        if self._drag is None:
            return
        if not buttons & self._button:
            self.finish()
            return
        self._follow(self._drag, position)

    def release(self, position: QPointF, button: Qt.MouseButton) -> None:
        """A button came up, perhaps outside the view."""
        if self._drag is None or button != self._button:
            return
        drag = self._drag
        self._follow(drag, position)
        self.finish()
        if isinstance(drag, ZoomDrag) and drag.is_click:
            self._canvas.ask_for_menu(position)
        elif isinstance(drag, PieceDrag) and drag.is_click:
            self.toggle(drag.piece)

    def piece_under(self, position: QPointF) -> Piece | None:
        """The piece that a click would restore, or leave out again; None for none.

        Only of a tool that paints nothing, and of a prediction that is seen.
        """
        view = self._canvas.view
        if view.hand.held.paints or self.pan_held or self.window_held:
            return None
        return self.piece_at(position)

    def piece_at(self, position: QPointF) -> Piece | None:
        """As `piece_under`, whatever the hand holds."""
        case, plane = self._canvas.pane.case, self._canvas.pane.plane
        if case is None or plane is None or not self._canvas.scene.shows_prediction:
            return None
        point = self._canvas.viewport.to_voxel(position.x(), position.y())
        row, column = (math.floor(value + 0.5) for value in point)
        rows, columns = plane.shape(case.grid)
        if not (0 <= row < rows and 0 <= column < columns):
            return None
        return restoring.piece_at(self._canvas.workbench, case.id, plane, (row, column))

    def toggle(self, piece: Piece) -> None:
        """Restore a piece, or leave it out again, where it is what the eye has seen."""
        case = self._canvas.pane.case
        if case is None:
            return
        try:
            done = self._canvas.scene.has_painted(piece.prediction) and restoring.toggle(
                self._canvas.workbench, case.id, piece
            )
        except UsageError as refusal:
            self._canvas.say(translated(refusal.words))
        else:
            self._canvas.say(sentences.toggled(piece) if done else sentences.another_prediction())

    def _follow(self, drag: Drag, position: QPointF) -> None:
        """Move a drag; where a case is just being changed it stays where it was."""
        try:
            drag.move(position)
        except UsageError as refusal:
            self._canvas.say(translated(refusal.words))

    def finish(self) -> None:
        """End the drag as a release does; whatever was painted is kept."""
        drag, self._drag = self._drag, None
        if drag is None:
            return
        self._canvas.workbench.pressed_on = ""
        try:
            drag.release()
        except UsageError as refusal:
            self._canvas.say(translated(refusal.words))
        else:
            self._tell_start()
        self._untouched = None

    def cancel(self) -> None:
        """Take the drag back without a trace."""
        drag, self._drag = self._drag, None
        self._canvas.workbench.pressed_on = ""
        if drag is not None:
            drag.cancel()

    # Keys during a drag

    def keeps(self, key: int) -> bool:
        """Whether a key is the drag's: it ends it, or is a modifier, which ends nothing and must
        not reach the menu bar, to which Alt would give the focus.
        """
        if self._drag is not None:
            return key in _ENDS or key in MODIFIERS
        return self._canvas.view.hand.ghost is not None and key in _ENDS

    def end_by(self, key: int) -> bool:
        """Enter and Esc go to the drag first, then to a ghost. Returns whether there was one."""
        if key not in _ENDS:
            return False
        is_esc, hand = key == Qt.Key.Key_Escape, self._canvas.view.hand
        if self._drag is not None:
            (self.cancel if is_esc else self.finish)()
        elif hand.ghost is None:
            return False
        elif is_esc:
            hand.drop_ghost()
        else:
            self._take(hand.ghost)
        return True

    def _take(self, ghost: Ghost) -> None:
        """Take a ghost where it is seen; where it is not, show it first."""
        pane = self._canvas.pane
        plane = pane.plane if pane.case is not None and pane.case.id == ghost.case else None
        if ghost.solid is not None and (plane is None or plane.area(ghost.solid.box) is None):
            pane.show(ghost.case, ghost.plane)
            self._canvas.say(sentences.ghost_is_here())
            return
        try:
            self._canvas.view.hand.take_ghost()
        except UsageError as refusal:
            self._canvas.say(translated(refusal.words))

    def _begin(
        self,
        position: QPointF,
        button: Qt.MouseButton,
        modifiers: Qt.KeyboardModifier,
        *,
        is_eraser: bool,
    ) -> Drag | None:
        view = self._canvas.view
        left = button == Qt.MouseButton.LeftButton
        right = button == Qt.MouseButton.RightButton
        if button == Qt.MouseButton.MiddleButton or (left and self.pan_held):
            return PanDrag(self._canvas, position)
        if left and self.window_held:
            return WindowDrag(view.display, position)
        if left or right:
            # The right button erases with every tool; Ctrl turns the left one round.
            erases, invert = right or is_eraser, bool(modifiers & _CTRL)
            opposite = not view.hand.held.erases if erases else invert
            held = Held(view.hand.held, view.hand.segment, view.hand.options, opposite, right)
            piece = self.piece_under(position) if left and not invert else None
            if piece is not None:
                return PieceDrag(view.display, position, piece)
            begin = self._begin_stroke if view.hand.held.paints else self._begin_look
            return begin(position, held)
        return None

    def _begin_look(self, position: QPointF, held: Held) -> Drag | None:
        """A press of a tool that changes no mask."""
        case, plane = self._canvas.pane.case, self._canvas.pane.plane
        if case is None or plane is None:
            return None
        point = self._canvas.viewport.to_voxel(position.x(), position.y())
        return self._drag_of(press(self._canvas.workbench, case.id, plane, point, held), position)

    def _drag_of(self, begun: Stroke | Look | Ghost | None, position: QPointF) -> Drag | None:
        match begun:
            case None:
                return None
            case Ghost():
                self._canvas.view.hand.hold(begun)
                return None
            case "window":
                return WindowDrag(self._canvas.view.display, position)
            case "zoom":
                return ZoomDrag(self._canvas, position)
            case stroke:
                return StrokeDrag(self._canvas, stroke)

    def _begin_stroke(self, position: QPointF, held: Held) -> Drag | None:
        view, workbench = self._canvas.view, self._canvas.workbench
        case, plane = self._canvas.pane.case, self._canvas.pane.plane
        if case is None or plane is None:
            return None
        scene = self._canvas.scene
        # Only a slice starts from its prediction: of another plane nobody has seen the slices.
        is_slice = plane.axis == 0
        may_start = is_slice and not held.tool.holds_ghost
        wanted = may_start and view.hand.starts_from_prediction and scene.shows_prediction
        # What came in this very moment is not what the hand saw.
        starts = wanted and scene.has_shown_prediction
        held = replace(held, from_prediction=starts)
        point = self._canvas.viewport.to_voxel(position.x(), position.y())
        place = (case.id, plane, point)
        locked = locked_under(workbench, *place, held.value)
        untouched = starts and is_untouched(workbench.annotation(case.id), plane.index)
        self._untouched = (case.id, plane.index) if untouched else None
        missed = wanted and not starts and self._comes_too_late(case.id, plane.index)
        try:
            begun = press(workbench, *place, held, view.hand.ghost)
        except UsageError as refusal:
            self._canvas.say(translated(refusal.words))
            return None
        was_hidden = self._canvas.show_layers()
        if locked:
            self._canvas.say(sentences.keeps_locked(locked))
        elif was_hidden:
            self._canvas.say(sentences.overlays_on_again())
        elif missed:
            self._canvas.say(sentences.prediction_came())
        else:
            self._tell_start()
        return self._drag_of(begun, position)

    def _comes_too_late(self, case: str, index: int) -> bool:
        """Whether a slice has a prediction that it could start from, or one is still being read."""
        workbench = self._canvas.workbench
        return workbench.awaits_prediction(case) or filling(workbench, case, index) is not None

    def _tell_start(self) -> None:
        """Say once that a stroke has started from the prediction."""
        if self._untouched is None:
            return
        case, index = self._untouched
        provenance = self._canvas.workbench.annotation(case).provenance[index]
        if (provenance == Provenance.PREDICTION).any():
            self._canvas.say(sentences.started_from_prediction())
            self._untouched = None

    # Wheel

    def wheel(self, event: QWheelEvent) -> None:
        """Slices, with Ctrl zoom, with Shift brush size, with Alt ten slices."""
        modifiers = event.modifiers()
        if event.phase() == Qt.ScrollPhase.ScrollMomentum:
            # What runs on after the fingers have left the pad goes further than anybody meant.
            return
        if modifiers & _CTRL:
            at = event.position()
            factor = NOTCH_ZOOM ** _notches(event)
            self._canvas.set_viewport(self._canvas.viewport.zoomed(factor, at.x(), at.y()))
        elif modifiers & _SHIFT:
            # A stroke keeps the size that it began with, and the outline shows what is painted.
            whole = self._whole(event)
            if whole and self.stroke is None:
                self._canvas.view.hand.step_size(whole)
        else:
            self.turn_slices(event)

    def turn_slices(self, event: QWheelEvent) -> None:
        """Slices alone, for a wheel beside the view too."""
        if event.phase() == Qt.ScrollPhase.ScrollMomentum:
            # Slices that run on after the fingers have left the pad are slices that nobody saw.
            return
        whole = self._whole(event)
        if not whole:
            return
        self.finish()
        towards_feet = whole if self.wheel_flipped else -whole
        many = MANY_SLICES if event.modifiers() & _ALT else 1
        self._canvas.pane.towards_feet(towards_feet * many)

    def _whole(self, event: QWheelEvent) -> int:
        """Whole notches so far; what is left over waits for the next event."""
        notches = _notches(event)
        if notches * self._turned < 0:
            self._turned = 0.0
        self._turned += notches
        whole = int(self._turned + (1e-6 if self._turned > 0 else -1e-6))
        self._turned -= whole
        return whole


def _notches(event: QWheelEvent) -> float:
    """How far the wheel was turned, in notches, away from the hand positive."""
    sideways = bool(event.modifiers() & (_ALT | _SHIFT))
    for delta, one in ((event.angleDelta(), NOTCH), (event.pixelDelta(), NOTCH_PIXELS)):
        # Qt gives Alt+wheel everywhere, and Shift+wheel on macOS, as a turn to the side.
        turned = delta.y() or (delta.x() if sideways else 0)
        if turned:
            return turned / one
    return 0.0
