"""What is held: tool, segment, options, and a ghost that is not taken yet. No Qt.

Input sets it, panels and canvas listen and ask. Where it acts stands in `pane`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from psygnal import Signal

from segdesk.app.labelling.options import (
    LARGEST_SIZE_MM,
    SIZE_STEP,
    Option,
    Options,
    Size,
    Switch,
    rounded,
)
from segdesk.app.labelling.tools import ghosts
from segdesk.app.labelling.tools.brush import BRUSH
from segdesk.app.labelling.tools.ghosts import Ghost
from segdesk.app.labelling.tools.tool import Tool
from segdesk.app.labelling.tools.toolbox import TOOLS
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.crosshair import Crosshair
from segdesk.app.screen.pane import Pane
from segdesk.core.edit import Edit

Value = TypeVar("Value", float, bool)


class Hand:
    """Owned by the window, on its thread. Each setter says what changed by its own signal.

    Parameters
    ----------
    crosshair : a ghost goes with the case on screen
    pane : gives the active one
    tools : of which one is held; the first one at start
    """

    tool_changed = Signal()
    segment_changed = Signal()
    options_changed = Signal()
    ghost_changed = Signal()

    def __init__(
        self,
        workbench: Workbench,
        crosshair: Crosshair,
        pane: Callable[[], Pane],
        tools: Sequence[Tool] = TOOLS,
    ) -> None:
        self._workbench = workbench
        self._pane = pane
        self._tools = {tool.id: tool for tool in tools}
        self.tool = tools[0].id
        self.segment = 1
        self.options = Options()
        self.ghost: Ghost | None = None
        #: Whether the first stroke on an untouched slice starts from the prediction on it.
        self.starts_from_prediction = True
        workbench.segments_changed.connect(self._leave_removed_segment)
        crosshair.case_changed.connect(self.drop_ghost)

    # Tool

    @property
    def held(self) -> Tool:
        """The tool in the hand; `tool` is its id."""
        return self._tools[self.tool]

    def use_tool(self, tool: str) -> None:
        """Take another tool, by its id. What the one before was about to change is dropped."""
        if tool != self.tool and tool in self._tools:
            self.drop_ghost()
            self.tool = tool
            self.tool_changed.emit()

    # Segment

    def use_segment(self, number: int) -> None:
        """Make a segment active; 0 is background, the eraser."""
        if number != self.segment and (number == 0 or number in self._workbench.segments):
            self.segment = number
            self.segment_changed.emit()

    def _leave_removed_segment(self) -> None:
        """The active segment is gone: the next in the list, or the last, is active."""
        numbers = self._workbench.segments.numbers
        if numbers and self.segment and self.segment not in numbers:
            later = (number for number in numbers if number > self.segment)
            self.use_segment(next(later, numbers[-1]))

    def step_segment(self, step: int) -> None:
        """The next or previous segment, round and round."""
        numbers = self._workbench.segments.numbers
        if not numbers:
            return
        at = numbers.index(self.segment) if self.segment in numbers else -step
        self.use_segment(numbers[(at + step) % len(numbers)])

    # Options

    def set_option(self, option: Option[Value], value: Value) -> None:
        """Set an option of a tool; what it is about to change follows."""
        self.options = self.options.changed(option, value)
        self.options_changed.emit()
        if any(own.id == option.id for own in self.held.options):
            self._follow_options()

    def set_size(self, size: Size, millimetres: float) -> None:
        """Set a size of a tool, as near as the case on screen allows."""
        low, high = self.size_range
        self.set_option(size, min(max(millimetres, low), high))

    @property
    def size_range(self) -> tuple[float, float]:
        """The smallest size, one voxel whatever that is, and the largest; in mm (in pixels where
        slices have no geometry).
        """
        case, plane = self._pane().case, self._pane().plane
        if case is None or plane is None:
            return 1.0, LARGEST_SIZE_MM
        smallest = min(plane.pixel_mm(case.grid))
        return smallest, max(LARGEST_SIZE_MM, 10 * smallest)

    @property
    def size_unit(self) -> str:
        """What sizes are counted in: "mm", or "px" where slices have no geometry."""
        case = self._pane().case
        return "mm" if case is None or case.grid.stacked else "px"

    def set_switch(self, switch: Switch, is_on: bool) -> None:
        """Turn an option of a tool on or off."""
        self.set_option(switch, is_on)

    @property
    def brush_mm(self) -> float:
        """Diameter of the brush."""
        return self.options[BRUSH]

    def set_brush(self, diameter_mm: float) -> None:
        """Another size of the brush, as near as the case on screen allows."""
        self.set_size(BRUSH, diameter_mm)

    def step_size(self, steps: float) -> None:
        """The size of the tool in the hand, or of the brush where it has none, some steps on."""
        size = self.held.size or BRUSH
        self.set_size(size, rounded(self.options[size] * SIZE_STEP**steps))

    # Ghost

    def hold(self, ghost: Ghost | None) -> None:
        """Hold another ghost, or none."""
        if ghost is not self.ghost:
            self.ghost = ghost
            self.ghost_changed.emit()

    def drop_ghost(self) -> None:
        """Leave everything as it is; also where the case is left."""
        self.hold(None)

    def take_back_press(self) -> None:
        """The ghost as before its last press; without one it goes."""
        if self.ghost is not None:
            self.hold(ghosts.without_last_press(self._workbench, self.ghost))

    def take_ghost(self) -> Edit | None:
        """Make one Edit of the ghost; None where there is none, or it changes nothing.

        Raises
        ------
        UsageError
            Where it may not be taken; then it stays.
        """
        if self.ghost is None:
            return None
        edit = ghosts.take(self._workbench, self.ghost)
        self.drop_ghost()
        return edit

    def _follow_options(self) -> None:
        case, plane = self._pane().case, self._pane().plane
        if self.ghost is not None:
            self.hold(ghosts.with_options(self._workbench, self.ghost, self.options))
        elif self.held.previews and case is not None and plane is not None:
            value = 0 if self.held.erases else self.segment
            self.hold(
                ghosts.made(
                    self._workbench, self.held, case.id, plane, value=value, options=self.options
                )
            )
