"""What a press on the slice starts, for each tool: the one place that knows all of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from segdesk.app.labelling.accepting import start_edit
from segdesk.app.labelling.slate import Slate
from segdesk.app.labelling.tools.strokes import BrushStroke, LassoStroke, fill_at
from segdesk.app.labelling.tools.tool import Point, Stroke, ToolId
from segdesk.app.project.workbench import Workbench
from segdesk.core.plane import Plane
from segdesk.errors import UsageError
from segdesk.sentence import Sentence


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


#: What undo calls a gesture: with a segment, and with background.
NAMES: dict[ToolId, tuple[str, str]] = {
    "brush": (Sentence("Brush"), Sentence("Erase")),
    "eraser": (Sentence("Brush"), Sentence("Erase")),
    "lasso": (Sentence("Lasso"), Sentence("Lasso erase")),
    "fill": (Sentence("Fill"), Sentence("Fill erase")),
}


def press(workbench: Workbench, case: str, plane: Plane, point: Point, hand: Hand) -> Stroke | None:
    """Begin a gesture on a plane.

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
        raise UsageError(
            Sentence("The segment '{name}' is locked.", name=name), "Unlock it in the segment list."
        )
    if value and not workbench.segments[value].visible:
        name = workbench.segments[value].name
        raise UsageError(
            Sentence("The segment '{name}' is hidden.", name=name), "Show it in the segment list."
        )
    if hand.tool not in NAMES:
        return None
    starts = hand.from_prediction and plane.axis == 0
    start = partial(start_edit, workbench, case, plane.index) if starts else None
    slate = Slate(workbench, case, plane, NAMES[hand.tool][not value], start=start)
    if hand.tool == "fill":
        fill_at(slate, point, value=value)
        return None
    if hand.tool == "lasso":
        if start is not None:
            # What refuses does so now, not after the outline has been drawn.
            start()
        return LassoStroke(slate, point, value=value)
    return BrushStroke(slate, point, value=value, radius_mm=hand.diameter_mm / 2)


def locked_under(workbench: Workbench, case: str, plane: Plane, point: Point, value: int) -> str:
    """Name of the locked segment under a point that a stroke leaves as it is, or ""."""
    labels = plane.cut(workbench.annotation(case).labels)
    row, column = int(point[0] + 0.5), int(point[1] + 0.5)
    if min(point) < -0.5 or row >= labels.shape[0] or column >= labels.shape[1]:
        return ""
    number = int(labels[row, column])
    if number == value or number not in workbench.segments.locked:
        return ""
    return workbench.segments[number].name
