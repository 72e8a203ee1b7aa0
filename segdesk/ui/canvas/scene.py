"""What of the picture is stale, and how it is brought up to date: the `Scene`.

Signals only mark; the next paint does the work once, however many changes came before it. A
stroke marks the box that it changed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QPainter

from segdesk.app.accepting import offered
from segdesk.app.view_state import ViewState
from segdesk.app.workbench import Workbench
from segdesk.core.case import Case
from segdesk.core.edit import Box
from segdesk.ops.blend import Look, Rgb
from segdesk.ui.canvas.layer_items import SlicePicture
from segdesk.ui.canvas.reading_order import mirrored
from segdesk.ui.canvas.viewport import Viewport
from segdesk.ui.theme import Tokens


class Scene:
    """The slice on screen with its layers. Owned by the slice view."""

    def __init__(self, workbench: Workbench, view: ViewState, tokens: Tokens) -> None:
        self._workbench = workbench
        self._view = view
        self._tokens = tokens
        self._picture = SlicePicture()
        self._image_stale = True
        self._layers_stale = True
        self._stale_box: Box | None = None
        #: The bare image for as long as it is set.
        self.is_bare = False

    def set_tokens(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._layers_stale = True

    def mark_image(self) -> None:
        """Another slice, case or window."""
        self._image_stale = True

    def mark_layers(self) -> None:
        """Layers look otherwise, anywhere on the slice."""
        self._layers_stale = True

    def mark_box(self, box: Box) -> None:
        """Labels of the slice on screen have changed inside a box."""
        self._stale_box = box if self._stale_box is None else self._stale_box.union(box)

    def bring_up_to_date(self, case: Case) -> None:
        """Do what was marked; the case's arrays are in memory."""
        if not (self._image_stale or self._layers_stale or self._stale_box):
            return
        loaded = self._workbench.loaded(case.id)
        index = self._view.slice
        box = self._stale_box
        if self._image_stale:
            self._picture.set_window(self._view.window, case.slope, case.intercept)
            self._picture.load(loaded.volume.voxels[index], mirrored(case.grid))
        if self._image_stale or self._layers_stale:
            self._picture.set_look(self._look())
            box = None
        self._picture.blend(loaded.annotation.labels[index], self._prediction(case, index), box)
        self._image_stale = self._layers_stale = False
        self._stale_box = None

    def paint(self, painter: QPainter, viewport: Viewport) -> None:
        self._picture.paint(painter, viewport)

    @property
    def shows_prediction(self) -> bool:
        """Whether a prediction would be seen."""
        return self._has_layers and self._view.layers.prediction > 0

    @property
    def _has_layers(self) -> bool:
        return self._view.layers.shown and not self.is_bare

    def _look(self) -> Look | None:
        if not self._has_layers:
            return None
        layers = self._view.layers
        return Look(
            style=layers.style,
            annotation=layers.annotation,
            prediction=layers.prediction,
            colours=tuple((s.number, *s.rgb) for s in self._workbench.segments if s.visible),
            false_positive=_rgb(self._tokens.false_positive),
            false_negative=_rgb(self._tokens.false_negative),
        )

    def _prediction(self, case: Case, index: int) -> npt.NDArray[np.uint8] | None:
        """The prediction of the slice, unless it is hidden or was dismissed."""
        if not self.shows_prediction:
            return None
        prediction = offered(self._workbench, case.id, index)
        return None if prediction is None else prediction.labels[index]


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
