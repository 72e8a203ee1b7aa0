"""The brush: a disc that follows the pointer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segdesk.app.labelling.options import Options, Size
from segdesk.app.labelling.slate import Sheet, Slate
from segdesk.app.labelling.tools.tool import Point, Press, Tool, Words
from segdesk.core.edit import Edit
from segdesk.ops import paint
from segdesk.sentence import Sentence

#: Its diameter, which the eraser shares.
BRUSH = Size("brush_mm", Sentence("Brush size"), Sentence("Diameter on the patient"), 12.0)


class Brush(Tool):
    """Paints the active segment; the right button erases."""

    id = "brush"
    key = "B"
    words = Words(
        name=Sentence("Brush"),
        tip=Sentence("Paint the active segment; right erases"),
        hover=Sentence("Brush: left paints {segment}, right erases, {opposite} inverts"),
        hover_erasing=Sentence("Brush: erases"),
        done=Sentence("Brush"),
        done_erasing=Sentence("Erase"),
    )
    options = (BRUSH,)

    def outline(self, sheet: Sheet, point: Point, options: Options) -> paint.Region | None:
        return paint.disk_mask(*point, options[BRUSH] / 2, sheet.pixel_mm, sheet.shape)

    def press(self, slate: Slate, press: Press) -> BrushStroke:
        radius_mm = press.options[BRUSH] / 2
        return BrushStroke(slate, press.point, value=press.value, radius_mm=radius_mm)


class BrushStroke:
    """A disc that follows the pointer; points are joined by capsules, so nothing is left out.

    Parameters
    ----------
    value : segment number, 0 erases
    radius_mm : on the patient
    """

    def __init__(self, slate: Slate, point: Point, *, value: int, radius_mm: float) -> None:
        self._slate = slate
        self._last = point
        self._value = value
        self._radius_mm = radius_mm
        self.move(point)

    def move(self, point: Point) -> None:
        """Paint from the last point to this one."""
        slate = self._slate
        found = paint.capsule_mask(self._last, point, self._radius_mm, slate.pixel_mm, slate.shape)
        self._last = point
        slate.paint(found, self._value)

    def release(self) -> Edit | None:
        return self._slate.finish()

    def cancel(self) -> None:
        self._slate.cancel()

    def trace(self) -> npt.NDArray[np.float64] | None:
        return None
