"""What a change of the project or of what is on screen means to the slice view: the `Changes`.

Signals come in here; each marks what of the drawing is stale, and asks for a paint of as little as
changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QRect

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.pane import Pane
from segdesk.app.screen.view_state import ViewState
from segdesk.core.box import Box
from segdesk.core.case import Case
from segdesk.ops.blend import grown
from segdesk.ui.canvas.drawing import Drawing
from segdesk.ui.canvas.layer_items import rectangle_of
from segdesk.ui.canvas.viewport import Viewport
from segdesk.ui.widgets.bridge import Bridge

#: Outlines reach one voxel beyond what changed, and smoothing one more.
REACH = 2


class Screen(Protocol):
    """What a change asks of the slice view."""

    @property
    def viewport(self) -> Viewport: ...

    def finish_stroke(self) -> None: ...

    def fit(self) -> None: ...

    def show_hand(self) -> None: ...

    def paint_all(self) -> None: ...

    def paint_parts(self, parts: Sequence[QRect]) -> None: ...


class Changes:
    """Of one project in one pane. Owned by the slice view; hears until `bridge` is closed."""

    def __init__(
        self,
        screen: Screen,
        bridge: Bridge,
        workbench: Workbench,
        view: ViewState,
        pane: Pane,
        drawing: Drawing,
    ) -> None:
        self._screen = screen
        self._workbench, self._view, self._pane = workbench, view, pane
        self._drawing = drawing
        self._shown = ""
        listen = bridge.listen_now
        listen(workbench.case_loaded, self._take_loaded)
        listen(workbench.labels_changed, self._take_labels)
        for signal in (workbench.statuses_changed, workbench.predictions_changed):
            listen(signal, self._take_statuses)
        listen(workbench.proposed, self._take_proposal)
        listen(workbench.segments_changed, self._take_segments)
        listen(view.crosshair.case_changed, self.take_case)
        listen(view.marks.marks_changed, self._take_news)
        listen(pane.index_changed, self._take_plane)
        listen(pane.axis_changed, self.take_case)
        listen(view.display.window_changed, self._take_window)
        listen(view.display.layers_changed, self.take_layers)
        listen(view.hand.options_changed, screen.show_hand)
        listen(view.hand.segment_changed, screen.show_hand)
        listen(view.hand.tool_changed, screen.show_hand)
        listen(view.hand.ghost_changed, self.take_layers)

    @property
    def shown_case(self) -> Case | None:
        """The case on screen, once its arrays have been read."""
        case = self._pane.case
        return case if case is not None and case.id == self._shown else None

    def take_case(self) -> None:
        """Another case, or the same one across another axis."""
        self._screen.finish_stroke()
        case = self._view.crosshair.case
        self._shown = case.id if case and self._workbench.is_loaded(case.id) else ""
        self._drawing.scene.mark_image()
        self._drawing.mark_words()
        self._screen.fit()
        self._screen.show_hand()
        self._screen.paint_all()

    def take_layers(self) -> None:
        """Layers look otherwise, anywhere on the slice."""
        self._drawing.scene.mark_layers()
        self._screen.paint_all()

    def _take_loaded(self, case: str) -> None:
        if case == self._view.crosshair.case_id and not self._shown:
            self.take_case()

    def _take_news(self) -> None:
        if not self._shown:
            self._screen.paint_all()

    def _take_plane(self) -> None:
        self._screen.finish_stroke()
        self._take_window()

    def _take_window(self) -> None:
        self._drawing.scene.mark_image()
        self._drawing.mark_words()
        self._screen.paint_all()

    def _take_statuses(self, case: str) -> None:
        if case == self._view.crosshair.case_id:
            self._drawing.mark_words()
            self.take_layers()

    def _take_proposal(self, case: str, index: int) -> None:
        if self._pane.plane is not None and self._pane.plane.index == index:
            self._take_statuses(case)

    def _take_segments(self) -> None:
        self.take_layers()
        self._screen.show_hand()

    def _take_labels(self, case: str, boxes: tuple[Box, ...]) -> None:
        plane = self._pane.plane
        if case != self._view.crosshair.case_id or plane is None:
            return
        areas = [area for area in map(plane.area, boxes) if area is not None]
        for area in areas:
            self._drawing.scene.mark_area(area)
        viewport = self._screen.viewport
        around = [rectangle_of(viewport, grown(area, REACH, viewport.shape)) for area in areas]
        if around:
            self._screen.paint_parts(around)
