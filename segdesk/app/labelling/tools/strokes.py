"""Brush and eraser, lasso and fill as strokes on one slice."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from segdesk.app.labelling.editing import Gesture, Start
from segdesk.app.labelling.tools.tool import Point
from segdesk.app.project.workbench import Workbench
from segdesk.core.box import Box
from segdesk.core.edit import Edit
from segdesk.errors import UsageError
from segdesk.ops import fill, paint, polygon


class BrushStroke:
    """A disc that follows the pointer; points are joined by capsules, so nothing is left out.

    Parameters
    ----------
    value : segment number, 0 erases
    radius_mm : on the patient
    pixel_mm : (row, column)
    start : what the stroke starts from, as for `Gesture`
    """

    def __init__(
        self,
        workbench: Workbench,
        case: str,
        index: int,
        point: Point,
        *,
        value: int,
        radius_mm: float,
        pixel_mm: tuple[float, float],
        start: Start | None = None,
    ) -> None:
        name = "Brush" if value else "Erase"
        self._gesture = Gesture(workbench, case, name, on_screen=index, start=start)
        self._index = index
        self._last = point
        self._value = value
        self._radius_mm = radius_mm
        self._pixel_mm = pixel_mm
        self._shape = workbench.project.case(case).grid.slice_shape
        self.move(point)

    def move(self, point: Point) -> None:
        """Paint from the last point to this one."""
        found = paint.capsule_mask(self._last, point, self._radius_mm, self._pixel_mm, self._shape)
        self._last = point
        if found is not None:
            box = Box.of_slice(self._index, found.area)
            self._gesture.paint(box, found.mask[None], self._value)

    def release(self) -> Edit | None:
        return self._gesture.finish()

    def cancel(self) -> None:
        self._gesture.cancel()

    def trace(self) -> npt.NDArray[np.float64] | None:
        return None


class LassoStroke:
    """A closed outline whose inside is filled at the release."""

    def __init__(
        self,
        workbench: Workbench,
        case: str,
        index: int,
        point: Point,
        *,
        value: int,
        start: Start | None = None,
    ) -> None:
        name = "Lasso" if value else "Lasso erase"
        self._gesture = Gesture(workbench, case, name, on_screen=index, start=start)
        if start is not None:
            # What refuses does so now, not after the outline has been drawn.
            start()
        self._index = index
        self._value = value
        self._points: list[Point] = [point]
        self._shape = workbench.project.case(case).grid.slice_shape

    def move(self, point: Point) -> None:
        if point != self._points[-1]:
            self._points.append(point)

    def release(self) -> Edit | None:
        found = polygon.polygon_mask(self.trace(), self._shape)
        if found is None:
            self._gesture.cancel()
            return None
        box = Box.of_slice(self._index, found.area)
        self._gesture.paint(box, found.mask[None], self._value)
        return self._gesture.finish()

    def cancel(self) -> None:
        self._points.clear()
        self._gesture.cancel()

    def trace(self) -> npt.NDArray[np.float64]:
        return np.asarray(self._points, dtype=np.float64).reshape(-1, 2)


def fill_at(
    workbench: Workbench,
    case: str,
    index: int,
    point: Point,
    *,
    value: int,
    start: Start | None = None,
) -> Edit | None:
    """Fill the connected region of one label under a point with another.

    Regions are those of what the fill starts from.

    Returns
    -------
    The Edit, or None where the region has that label already.

    Raises
    ------
    UsageError
        Where the point lies outside, or the region is background that is open to the border.
    """
    gesture = Gesture(
        workbench, case, "Fill" if value else "Fill erase", on_screen=index, start=start
    )
    gesture.begin()
    try:
        region = _region(workbench.annotation(case).labels[index], point, value)
    except UsageError:
        gesture.cancel()
        raise
    if region is None:
        gesture.cancel()
        return None
    gesture.paint(Box.of_slice(index, region.area), region.mask[None], value)
    return gesture.finish()


def _region(labels: npt.NDArray[np.uint8], point: Point, value: int) -> fill.Fill | None:
    """The region under a point; None outside of the slice, or where it has the label already."""
    # Half up, as the brush does it; round() would take 0.5 and 1.5 both to an even voxel.
    row, column = math.floor(point[0] + 0.5), math.floor(point[1] + 0.5)
    if not (0 <= row < labels.shape[0] and 0 <= column < labels.shape[1]):
        return None
    if labels[row, column] == value:
        return None
    region = fill.fill_region(labels, (row, column))
    if labels[row, column] == 0 and region.touches_border:
        raise UsageError(
            "This region is open to the edge of the slice.", "Close its outline first, then fill."
        )
    return region
