"""Drags: what the pointer does between a press and its release, one small class for each.

A drag ends with `release` or `cancel`, exactly once. What a stroke paints is decided by
`app.labelling.tools`; the others only change how the slice is looked at.
"""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPointF

from segdesk.app.labelling.restoring import Piece
from segdesk.app.labelling.tools.tool import Stroke
from segdesk.app.screen.display import Display
from segdesk.ui.canvas.viewport import Viewport

#: Pixels of a zooming drag that double the size.
DOUBLED_OVER = 140.0
#: A press that moves less than this, in pixels, is a click.
CLICK_REACH = 4


class Stage(Protocol):
    """What drags need of the slice view."""

    @property
    def viewport(self) -> Viewport: ...

    def set_viewport(self, viewport: Viewport) -> None: ...


class Drag(Protocol):
    """A press that goes on."""

    def move(self, position: QPointF) -> None: ...

    def release(self) -> None: ...

    def cancel(self) -> None: ...


class WindowDrag:
    """Window by x, level by y."""

    def __init__(self, display: Display, position: QPointF) -> None:
        self._display = display
        self._start = self._last = position
        self._before = display.window, display.preset

    def move(self, position: QPointF) -> None:
        if position == self._last:
            return
        self._last = position
        moved = position - self._start
        self._display.drag_window(self._before[0], moved.x(), moved.y())

    def release(self) -> None:
        """Nothing is left to do."""

    def cancel(self) -> None:
        self._display.set_window(*self._before)


class PieceDrag(WindowDrag):
    """As a WindowDrag; without a move it was a click on a piece that a prediction left out."""

    def __init__(self, display: Display, position: QPointF, piece: Piece) -> None:
        super().__init__(display, position)
        self.piece = piece
        self.is_click = True

    def move(self, position: QPointF) -> None:
        if self.is_click and (position - self._start).manhattanLength() < CLICK_REACH:
            return
        self.is_click = False
        super().move(position)


class PanDrag:
    """The slice follows the pointer."""

    def __init__(self, stage: Stage, position: QPointF) -> None:
        self._stage = stage
        self._start = position
        self._before = stage.viewport

    def move(self, position: QPointF) -> None:
        moved = position - self._start
        self._stage.set_viewport(self._before.panned(moved.x(), moved.y()))

    def release(self) -> None:
        """Nothing is left to do."""

    def cancel(self) -> None:
        self._stage.set_viewport(self._before)


class ZoomDrag:
    """Up enlarges about the point of the press; without a move it was a click."""

    def __init__(self, stage: Stage, position: QPointF) -> None:
        self._stage = stage
        self._start = position
        self._before = stage.viewport
        self.is_click = True

    def move(self, position: QPointF) -> None:
        moved = position - self._start
        if self.is_click and moved.manhattanLength() < CLICK_REACH:
            return
        self.is_click = False
        factor = 2.0 ** (-moved.y() / DOUBLED_OVER)
        self._stage.set_viewport(self._before.zoomed(factor, self._start.x(), self._start.y()))

    def release(self) -> None:
        """Nothing is left to do."""

    def cancel(self) -> None:
        self._stage.set_viewport(self._before)


class StrokeDrag:
    """A stroke of a tool, in voxels."""

    def __init__(self, stage: Stage, stroke: Stroke) -> None:
        self._stage = stage
        self.stroke = stroke

    def move(self, position: QPointF) -> None:
        self.stroke.move(self._stage.viewport.to_voxel(position.x(), position.y()))

    def release(self) -> None:
        self.stroke.release()

    def cancel(self) -> None:
        self.stroke.cancel()
