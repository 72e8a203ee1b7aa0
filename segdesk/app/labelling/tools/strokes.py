"""Brush and eraser, lasso and fill as strokes on one plane."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from segdesk.app.labelling.slate import Slate
from segdesk.app.labelling.tools.tool import Point
from segdesk.core.edit import Edit
from segdesk.errors import UsageError
from segdesk.ops import fill, paint, polygon


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


def fill_at(slate: Slate, point: Point, *, value: int) -> Edit | None:
    """Fill the connected region of one label under a point with another.

    Regions are those of what the fill starts from.

    Returns
    -------
    The Edit, or None where the region has that label already.

    Raises
    ------
    UsageError
        Where the region is background that is open to the border.
    """
    slate.begin()
    try:
        region = _region(slate.labels, point, value)
    except UsageError:
        slate.cancel()
        raise
    if region is None:
        slate.cancel()
        return None
    slate.paint(paint.Region(region.area, region.mask), value)
    return slate.finish()


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
