"""The lasso: an outline whose inside is filled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segdesk.app.labelling.slate import Slate
from segdesk.app.labelling.tools.tool import Point, Press, Tool, Words
from segdesk.core.edit import Edit
from segdesk.ops import polygon
from segdesk.sentence import Sentence


class Lasso(Tool):
    """Draws around what becomes the active segment."""

    id = "lasso"
    key = "L"
    words = Words(
        name=Sentence("Lasso"),
        tip=Sentence("Draw around what shall be filled"),
        hover=Sentence("Lasso: draw around {segment}, right erases, {drop} drops it"),
        hover_erasing=Sentence("Lasso: erases what it goes around, {drop} drops it"),
        done=Sentence("Lasso"),
        done_erasing=Sentence("Lasso erase"),
    )

    def press(self, slate: Slate, press: Press) -> LassoStroke:
        # What refuses does so now, not after the outline has been drawn.
        slate.check_start()
        return LassoStroke(slate, press.point, value=press.value)


class LassoStroke:
    """A closed outline whose inside is filled at the release."""

    def __init__(self, slate: Slate, point: Point, *, value: int) -> None:
        self._slate = slate
        self._value = value
        self._points: list[Point] = [point]

    def move(self, point: Point) -> None:
        if point != self._points[-1]:
            self._points.append(point)

    def release(self) -> Edit | None:
        found = polygon.polygon_mask(self.trace(), self._slate.shape)
        if found is None:
            self._slate.cancel()
            return None
        self._slate.paint(found, self._value)
        return self._slate.finish()

    def cancel(self) -> None:
        self._points.clear()
        self._slate.cancel()

    def trace(self) -> npt.NDArray[np.float64]:
        return np.asarray(self._points, dtype=np.float64).reshape(-1, 2)
