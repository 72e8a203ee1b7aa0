"""What of the picture is stale, and how it is brought up to date: the `Scene`.

Signals only mark; the next paint does the work once, however many changes came before it. A
stroke marks the area that it changed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QPainter

from segdesk.app.labelling.accepting import offered, offered_by
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.pane import Pane
from segdesk.app.screen.view_state import ViewState
from segdesk.core.annotation import Annotation
from segdesk.core.box import Area
from segdesk.core.case import Case
from segdesk.core.plane import Plane
from segdesk.core.prediction import Offer, Prediction, Proposal
from segdesk.ops.blend import Layer, Rgb
from segdesk.ops.layers import Inks, Look, overlays
from segdesk.ops.paint import Region
from segdesk.ui.canvas.layer_items import SlicePicture
from segdesk.ui.canvas.viewport import Viewport
from segdesk.ui.look.theme import Tokens

#: Case, plane, and the prediction where one is seen.
Shown = tuple[str, Plane, Offer | None]


class Scene:
    """The plane of a pane with its layers. Owned by the slice view."""

    def __init__(self, workbench: Workbench, view: ViewState, pane: Pane, tokens: Tokens) -> None:
        self._workbench = workbench
        self._view = view
        self._pane = pane
        self._tokens = tokens
        self._picture = SlicePicture()
        self._hatched: tuple[Offer | None, Plane, npt.NDArray[np.uint8] | None] | None = None
        self._image_stale = True
        self._layers_stale = True
        self._stale: Area | None = None
        #: Case, slice and prediction: of the picture, and of what was painted last.
        self._pictured: Shown | None = None
        self._painted: Shown | None = None
        #: Whether pieces are hatched on the plane that was drawn last.
        self.shows_left_out = False
        #: As the layers looked when they were last drawn.
        self._inks = Inks(self._look())
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

    def mark_area(self, area: Area) -> None:
        """Labels of the slice on screen have changed inside an area."""
        self._stale = area if self._stale is None else self._stale.union(area)

    def bring_up_to_date(self, case: Case) -> None:
        """Do what was marked; the case's arrays are in memory."""
        if not (self._image_stale or self._layers_stale or self._stale):
            return
        loaded = self._workbench.loaded(case.id)
        plane, area = self._pane.plane, self._stale
        if plane is None:
            return
        if self._image_stale:
            display = self._view.display
            self._picture.set_window(display.window, case.slope, case.intercept, display.image_look)
            self._picture.load(plane.cut(loaded.volume.voxels), plane.mirrored)
        if self._image_stale or self._layers_stale:
            area = None
        if self._layers_stale:
            self._inks = self._inks_now()
        prediction = self._prediction(case, plane)
        layers = self._layers(plane, loaded.annotation, prediction)
        self._picture.compose(layers, area)
        self._pictured = (case.id, plane, prediction)
        self._image_stale = self._layers_stale = False
        self._stale = None

    def paint(self, painter: QPainter, viewport: Viewport) -> None:
        self._picture.paint(painter, viewport)
        self._painted = self._pictured

    @property
    def has_shown_slice(self) -> bool:
        """Whether the slice that the hand acts on has been painted since it was turned to."""
        case, plane = self._place
        if plane is None or plane.axis or self._painted is None:
            return False
        return self._painted[:2] == (case, plane)

    @property
    def has_shown_prediction(self) -> bool:
        """Whether the prediction that is offered on the slice now has been painted."""
        case, plane = self._place
        if case is None or plane is None or self._painted is None or not self.has_shown_slice:
            return False
        return self._painted[2] is not None and self._painted[2] is offered(
            self._workbench, case, plane.index
        )

    @property
    def shows_what_is_gone(self) -> bool:
        """Whether what was painted of a prediction is not what is offered on the slice now."""
        case, plane = self._place
        if case is None or plane is None or self._painted is None or not self.has_shown_slice:
            return False
        shown = self._painted[2]
        return shown is not None and shown is not offered(self._workbench, case, plane.index)

    def has_painted(self, prediction: Prediction) -> bool:
        """Whether what is on the screen is this prediction, on the plane that is shown now."""
        case, plane = self._place
        painted = self._painted
        return painted is not None and painted[:2] == (case, plane) and painted[2] is prediction

    @property
    def _place(self) -> tuple[str | None, Plane | None]:
        return self._view.crosshair.case_id, self._pane.plane

    @property
    def shows_prediction(self) -> bool:
        """Whether a prediction would be seen."""
        return self._has_layers and self._view.display.layers.prediction > 0

    @property
    def shows_difference(self) -> bool:
        """Whether the colours say where annotation and prediction differ."""
        (case, plane), style = self._place, self._view.display.layers.style
        if case is None or plane is None or style != "difference" or not self.shows_prediction:
            return False
        if plane.axis:
            return self._workbench.predicted_by(case) is not None
        return offered_by(self._workbench, case, plane.index) is not None

    @property
    def _has_layers(self) -> bool:
        return self._view.display.layers.shown and not self.is_bare

    def _layers(
        self, plane: Plane, annotation: Annotation, prediction: Offer | None
    ) -> tuple[Layer, ...]:
        """What is laid over the image of the plane, from the lowest to the uppermost."""
        self.shows_left_out = False
        if not self._has_layers:
            return ()
        predicted = None if prediction is None else _cut(plane, prediction)
        left_out = self._left_out(plane, prediction)
        self.shows_left_out = left_out is not None
        ghost = self._ghost(plane)
        return overlays(self._inks, plane.cut(annotation.labels), predicted, ghost, left_out)

    def _left_out(self, plane: Plane, prediction: Offer | None) -> npt.NDArray[np.uint8] | None:
        """What of a prediction is left out on a plane; looked for once, not with each stroke."""
        kept = self._hatched
        if kept is None or kept[0] is not prediction or kept[1] != plane:
            found = prediction.left_out_on(plane) if isinstance(prediction, Prediction) else None
            self._hatched = kept = prediction, plane, found
        return kept[2]

    def _ghost(self, plane: Plane) -> tuple[Region, int] | None:
        """What of the hand's ghost lies on a plane, and its segment number."""
        ghost = self._view.hand.ghost
        if ghost is None or ghost.solid is None or ghost.case != self._view.crosshair.case_id:
            return None
        box, mask = ghost.solid
        area = plane.area(box)
        if area is None:
            return None
        inside = plane.at(plane.index - box.ranges[plane.axis][0])
        return Region(area, inside.cut(mask)), ghost.value

    def _inks_now(self) -> Inks:
        """Made anew where the look is another."""
        look = self._look()
        return self._inks if look == self._inks.look else Inks(look)

    def _look(self) -> Look:
        layers = self._view.display.layers
        return Look(
            style=layers.style,
            annotation=layers.annotation,
            prediction=layers.prediction,
            colours=tuple((s.number, *s.rgb) for s in self._workbench.segments if s.visible),
            false_positive=_rgb(self._tokens.false_positive),
            false_negative=_rgb(self._tokens.false_negative),
        )

    def _prediction(self, case: Case, plane: Plane) -> Offer | None:
        """The prediction, unless it is hidden or was dismissed on the slice that is shown."""
        if not self.shows_prediction:
            return None
        if plane.axis:
            return self._workbench.prediction(case.id)
        return offered(self._workbench, case.id, plane.index)


def _cut(plane: Plane, prediction: Offer) -> npt.NDArray[np.uint8]:
    """What a prediction has on a plane; a proposal is one of a slice."""
    if plane.axis == 0:
        return plane.at(0).cut(prediction.of_slice(plane.index)[None])
    if isinstance(prediction, Proposal):
        raise ValueError("expected a slice, received another plane")
    return prediction.cut(plane)


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
