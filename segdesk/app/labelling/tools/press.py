"""What a press on the slice starts, for each tool: the one place that knows all of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from segdesk.app.labelling.accepting import start_edit
from segdesk.app.labelling.tools.strokes import BrushStroke, LassoStroke, fill_at
from segdesk.app.labelling.tools.tool import Point, Stroke, ToolId
from segdesk.app.project.workbench import Workbench
from segdesk.core.grid import Grid
from segdesk.errors import UsageError


@dataclass(frozen=True, slots=True)
class Hand:
    """What is held at the press.

    Parameters
    ----------
    tool : any but navigate
    segment : the active one; 0 is background
    diameter_mm : of the brush
    opposite : erase with a tool that draws, draw with the eraser
    from_prediction : the first stroke on an untouched slice starts from its prediction
    """

    tool: ToolId
    segment: int
    diameter_mm: float
    opposite: bool = False
    from_prediction: bool = False

    @property
    def value(self) -> int:
        """The segment number that voxels get, 0 erases."""
        return 0 if (self.tool == "eraser") != self.opposite else self.segment


def press(workbench: Workbench, case: str, index: int, point: Point, hand: Hand) -> Stroke | None:
    """Begin a gesture on a slice.

    Returns
    -------
    What goes on with the pointer, or None where the press was all of it (fill) or the tool
    changes nothing (navigate).

    Raises
    ------
    UsageError
        Where there is no such segment, it is locked or hidden, the tool cannot work here, or a
        locked or hidden segment keeps some of the prediction out that the stroke starts from.
    """
    value = hand.value
    if value and value not in workbench.segments:
        raise UsageError("There is no segment to draw with.", "Add one to the segment list.")
    if value and workbench.segments[value].locked:
        name = workbench.segments[value].name
        raise UsageError(f"The segment '{name}' is locked.", "Unlock it in the segment list.")
    if value and not workbench.segments[value].visible:
        name = workbench.segments[value].name
        raise UsageError(f"The segment '{name}' is hidden.", "Show it in the segment list.")
    start = partial(start_edit, workbench, case, index) if hand.from_prediction else None
    if hand.tool in ("brush", "eraser"):
        return BrushStroke(
            workbench,
            case,
            index,
            point,
            value=value,
            radius_mm=hand.diameter_mm / 2,
            pixel_mm=drawn_pixel_mm(workbench.project.case(case).grid),
            start=start,
        )
    if hand.tool == "lasso":
        return LassoStroke(workbench, case, index, point, value=value, start=start)
    if hand.tool == "fill":
        fill_at(workbench, case, index, point, value=value, start=start)
    return None


def locked_under(workbench: Workbench, case: str, index: int, point: Point, value: int) -> str:
    """Name of the locked segment under a point that a stroke leaves as it is, or ""."""
    grid = workbench.project.case(case).grid
    row, column = int(point[0] + 0.5), int(point[1] + 0.5)
    if min(point) < -0.5 or row >= grid.shape[1] or column >= grid.shape[2]:
        return ""
    number = int(workbench.annotation(case).labels[index, row, column])
    if number == value or number not in workbench.segments.locked:
        return ""
    return workbench.segments[number].name


def drawn_pixel_mm(grid: Grid) -> tuple[float, float]:
    """(row, column) size of a pixel; 1 mm each where slices have no geometry."""
    return grid.spacing_mm[1:] if grid.stacked else (1.0, 1.0)
