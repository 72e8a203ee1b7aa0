"""How a scan is drawn: window, look of the image, layers over it. No Qt.

Input sets it, panels and canvas listen and ask. Nothing here changes a voxel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from psygnal import Signal

from segdesk.app.screen.crosshair import Crosshair
from segdesk.app.screen.image_looks.look import ImageLook
from segdesk.app.screen.image_looks.shelf import IMAGE_LOOKS
from segdesk.core.case import Case
from segdesk.core.window import AS_IT_IS, PRESETS, Window, full_range

#: How the mask is drawn.
OverlayStyle = Literal["fill", "outline", "difference"]
STYLES: tuple[OverlayStyle, ...] = ("fill", "outline", "difference")
#: Pixels of a window drag that make the window e times as wide, and that move the level by one
#: width; and the widest window as a multiple of the scan's range of values.
PIXELS_PER_E = 300.0
PIXELS_PER_LEVEL = 500.0
WIDEST = 4.0


@dataclass(frozen=True, slots=True)
class Layers:
    """What is drawn over the image.

    Parameters
    ----------
    shown : overlays on at all
    style : of annotation; the prediction is an outline, or hatched, in the same colours
    annotation, prediction : opacity 0 to 1; 0 hides the layer
    """

    shown: bool = True
    style: OverlayStyle = "fill"
    annotation: float = 0.45
    prediction: float = 0.9


class Display:
    """Owned by the window, on its thread. Each setter says what changed by its own signal.

    Parameters
    ----------
    crosshair : has the case on screen; each case is shown in the window that it was left in
    looks : of the image; the first one is in use at start
    """

    #: The image is drawn otherwise: by another window, or another look.
    window_changed = Signal()
    layers_changed = Signal()

    def __init__(self, crosshair: Crosshair, looks: Sequence[ImageLook] = IMAGE_LOOKS) -> None:
        self._crosshair = crosshair
        self.window = PRESETS["lung"]
        self.preset = "lung"
        #: The case that the window is of, and the windows in which others were left.
        self._case_id: str | None = None
        self._left: dict[str, tuple[Window, str]] = {}
        self.image_look = looks[0]
        self.layers = Layers()
        crosshair.case_changed.connect(self._take_case)

    def use_image_look(self, look: ImageLook) -> None:
        """Draw the image through another look."""
        if look is not self.image_look:
            self.image_look = look
            self.window_changed.emit()

    def set_window(self, window: Window, preset: str = "") -> None:
        self.window, self.preset = window, preset
        self.window_changed.emit()

    def use_preset(self, name: str) -> None:
        """A preset by name, or "file": the window that the scan's file asks for."""
        case = self._crosshair.case
        if name == "file" and case is not None:
            self.set_window(file_window(case), "file")
        elif name in PRESETS:
            self.set_window(PRESETS[name], name)

    def drag_window(self, start: Window, right: float, down: float) -> None:
        """Window by x (wider to the right), level by y (down is brighter: a lower level).

        Goes by the whole way of the drag, so the window depends on where the pointer is and not
        on how many moves brought it there.

        Parameters
        ----------
        start : the window before the drag
        right, down : distance from where the drag began, in screen pixels
        """
        case = self._crosshair.case
        if case is None:
            return
        low, high = value_range(case)
        least = max(case.slope, 1e-6)
        widest = max(WIDEST * (high - low), least)
        width = min(max(start.width * math.exp(right / PIXELS_PER_E), least), widest)
        level = start.level - down * start.width / PIXELS_PER_LEVEL
        self.set_window(Window(min(max(level, low - width), high + width), width))

    def set_layers(self, **changes: object) -> None:
        """Change fields of `layers` by name."""
        self.layers = replace(self.layers, **changes)
        self.layers_changed.emit()

    def show_annotation(self) -> bool:
        """Bring the annotation on screen where overlays are off or it has faded out.

        Returns
        -------
        Whether it could not be seen before.
        """
        if self.layers.shown and self.layers.annotation > 0:
            return False
        self.set_layers(shown=True, annotation=self.layers.annotation or Layers().annotation)
        return True

    def show_prediction(self) -> None:
        """Bring the prediction on screen where overlays are off or it has faded out."""
        prediction = self.layers.prediction or Layers().prediction
        self.set_layers(shown=True, prediction=prediction)

    def fade(self, steps: int) -> None:
        """Annotation fainter or stronger by tenths."""
        faded = round(self.layers.annotation + 0.1 * steps, 2)
        self.set_layers(annotation=min(max(faded, 0.0), 1.0))

    def next_style(self) -> None:
        at = STYLES.index(self.layers.style)
        self.set_layers(style=STYLES[(at + 1) % len(STYLES)])

    def _take_case(self) -> None:
        """The window of the case that is shown now; who hears of the case asks for it anyway."""
        if self._case_id is not None:
            self._left[self._case_id] = self.window, self.preset
        case = self._crosshair.case
        self._case_id = self._crosshair.case_id
        if case is not None:
            self.window, self.preset = self._left.get(case.id) or first_window(case)


def value_range(case: Case) -> tuple[float, float]:
    """Smallest and largest value of a case."""
    low = case.stored_min * case.slope + case.intercept
    high = case.stored_max * case.slope + case.intercept
    return low, high


def first_window(case: Case) -> tuple[Window, str]:
    """How a case is shown the first time: HU in the lung window, arrays over their whole range."""
    if case.unit == "HU":
        return PRESETS["lung"], "lung"
    return file_window(replace(case, window=None)), "file"


def file_window(case: Case) -> Window:
    """The window that the scan's file asks for, or that shows all of it; colours as they are."""
    if case.unit == "RGB":
        return AS_IT_IS
    return case.window or full_range(*value_range(case))
