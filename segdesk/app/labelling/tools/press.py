"""A press on the image: what keeps any tool from beginning, and the Slate that it gets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from segdesk.app.labelling.accepting import start_edit
from segdesk.app.labelling.options import Options
from segdesk.app.labelling.slate import Slate, refuse_closed
from segdesk.app.labelling.tools import ghosts
from segdesk.app.labelling.tools.ghosts import Ghost
from segdesk.app.labelling.tools.tool import Look, Point, Press, Stroke, Tool
from segdesk.app.project.workbench import Workbench
from segdesk.core.plane import Plane
from segdesk.errors import UsageError


@dataclass(frozen=True, slots=True)
class Held:
    """What is held at the press.

    Parameters
    ----------
    segment : the active one; 0 is background
    is_opposite : erase with a tool that draws, draw with the eraser
    is_right : by the right button
    from_prediction : the first stroke on an untouched slice starts from its prediction
    """

    tool: Tool
    segment: int
    options: Options
    is_opposite: bool = False
    is_right: bool = False
    from_prediction: bool = False

    @property
    def value(self) -> int:
        """The segment number that voxels get, 0 erases."""
        return 0 if self.tool.erases != self.is_opposite else self.segment


def press(
    workbench: Workbench,
    case: str,
    plane: Plane,
    point: Point,
    held: Held,
    ghost: Ghost | None = None,
) -> Stroke | Look | Ghost | None:
    """Begin a gesture on a plane, or go on with one of many presses.

    Parameters
    ----------
    ghost : that the hand holds, of the same tool

    Returns
    -------
    What goes on with the pointer, a ghost to hold, or None where the press was all of it.

    Raises
    ------
    UsageError
        Where there is no such segment, it is locked or hidden, the tool cannot work here, or a
        locked or hidden segment keeps some of the prediction out that the stroke starts from.
    """
    value, tool = held.value, held.tool
    if tool.paints:
        refuse_closed(workbench.segments, value)
    pressed = Press(point, value, held.options, held.is_right)
    if tool.holds_ghost:
        if ghost is None:
            return ghosts.made(
                workbench, tool, case, plane, value=value, options=held.options, presses=(pressed,)
            )
        if (ghost.case, ghost.plane) != (case, plane):
            raise UsageError(
                "What was begun on another plane waits there.", "Take it or drop it first."
            )
        return ghosts.with_press(workbench, ghost, pressed)
    starts = held.from_prediction and plane.axis == 0
    start = partial(start_edit, workbench, case, plane.index) if starts else None
    name = tool.words.done if value else tool.words.done_erasing
    slate = Slate(workbench, case, plane, name, start=start)
    return tool.press(slate, pressed)


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
