"""What a paint of the slice view draws, from the ground up: black, picture, pointer, words.

What of the picture is stale is known by the `Scene`; the words in the corners are made anew here
once something that they say has changed.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QFont, QPainter, QRegion

from segdesk.app.labelling.restoring import Piece
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.pane import Pane
from segdesk.app.screen.view_state import ViewState
from segdesk.core.case import Case
from segdesk.ui.canvas import corner_texts
from segdesk.ui.canvas.hover import Hover
from segdesk.ui.canvas.overlays import Overlays, paint_ground
from segdesk.ui.canvas.scene import Scene
from segdesk.ui.canvas.viewport import Viewport
from segdesk.ui.canvas.voxel_under import Under
from segdesk.ui.look.theme import Tokens


class Drawing:
    """Of one project in one pane. Owned by the slice view.

    Parameters
    ----------
    font : of the view, in which the words over the picture are written
    """

    def __init__(
        self, workbench: Workbench, view: ViewState, pane: Pane, tokens: Tokens, font: QFont
    ) -> None:
        self._workbench, self._view, self._pane = workbench, view, pane
        self.scene = Scene(workbench, view, pane, tokens)
        self._overlays = Overlays(tokens, font)
        self._facts: corner_texts.Facts | None = None

    def set_tokens(self, tokens: Tokens) -> None:
        self._overlays.set_tokens(tokens)
        self.scene.set_tokens(tokens)

    def mark_words(self) -> None:
        """Title, window or status may say something else now."""
        self._facts = None

    def paint(
        self,
        painter: QPainter,
        dirty: QRegion,
        case: Case,
        viewport: Viewport,
        hover: Hover,
        under: Under | None,
    ) -> None:
        """Draw the plane of a case, whose arrays are in memory.

        Parameters
        ----------
        dirty : what is painted again, in the view's pixels
        under : the voxel under the pointer; None outside the slice
        """
        self.scene.bring_up_to_date(case)
        paint_ground(painter, QRect(0, 0, *viewport.size), dirty, viewport)
        self.scene.paint(painter, viewport)
        hover.paint(painter, viewport, self._overlays.colour)
        self._paint_words(painter, dirty, case, viewport, under, hover.piece_here())

    def paint_waiting(self, painter: QPainter, dirty: QRegion, size: QSize) -> None:
        """Black, and over it why the case on screen is not seen, where there is one."""
        paint_ground(painter, QRect(0, 0, size.width(), size.height()), dirty, None)
        case = self._view.crosshair.case
        if case is not None:
            why = self._view.marks.unreadable.get(case.id, "")
            self._overlays.paint_waiting(painter, size, why)

    def _paint_words(
        self,
        painter: QPainter,
        dirty: QRegion,
        case: Case,
        viewport: Viewport,
        under: Under | None,
        piece: Piece | None,
    ) -> None:
        if self._facts is None:
            self._facts = corner_texts.facts(self._workbench, self._view.display, self._pane, case)
        differs = self.scene.shows_difference
        leaves_out = self.scene.shows_left_out
        self._overlays.paint_facts(painter, self._facts, viewport, dirty, differs, leaves_out)
        left_out = None if piece is None or piece.is_restored else piece
        reading = None
        if under is not None:
            reading = corner_texts.reading(self._workbench, case, under, left_out)
        bar = corner_texts.scale_bar(case.grid, viewport.scale, viewport.size[0])
        self._overlays.paint_reading(painter, reading, bar, QSize(*viewport.size), dirty)
