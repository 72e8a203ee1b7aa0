"""What is on screen: case and plane; how it is drawn is its Display, what is held its Hand. No Qt.

Input sets it, panels and canvas listen and ask. Nothing here changes a mask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psygnal import Signal

from segdesk.app.labelling.tools.tool import Tool
from segdesk.app.labelling.tools.toolbox import TOOLS
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.display import Display, first_window
from segdesk.app.screen.hand import Hand
from segdesk.app.screen.pane import Pane
from segdesk.core.case import Case
from segdesk.core.edit import Edit
from segdesk.core.plane import Plane
from segdesk.core.window import Window


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case was left: slice and window."""

    slice: int
    window: Window
    preset: str


class ViewState:
    """Owned by the window, on its thread. Each setter says what changed by its own signal."""

    case_changed = Signal()
    slice_changed = Signal()
    #: Another plane is shown, of another stack or another one of a stack across the slices.
    pane_changed = Signal()
    #: Which cases are new has changed.
    news_changed = Signal()

    def __init__(self, workbench: Workbench, tools: Sequence[Tool] = TOOLS) -> None:
        self.workbench = workbench
        self.hand = Hand(workbench, lambda: self.pane, tools)
        self.display = Display(lambda: self.case)
        self.case_id: str | None = None
        self.slice = 0
        #: The plane on screen where it lies across the slices.
        self._across: Plane | None = None
        self._places: dict[str, Place] = {}
        self._unreadable: dict[str, str] = {}
        self._new: frozenset[str] = frozenset()

    @property
    def case(self) -> Case | None:
        """The case on screen, as the index knows it."""
        return None if self.case_id is None else self.workbench.project.case(self.case_id)

    @property
    def new_cases(self) -> frozenset[str]:
        """Cases that came in the background and have not been looked at yet."""
        return self._new

    def mark_new(self, id: str) -> None:
        """A case came while another is on screen: it is marked until it is shown."""
        self._new |= {id}
        self.news_changed.emit()

    @property
    def unreadable(self) -> Mapping[str, str]:
        """Cases that could not be read, and why."""
        return self._unreadable

    def mark_unreadable(self, id: str, why: str) -> None:
        """A case could not be read: it is marked until it can."""
        self._unreadable[id] = why
        self.news_changed.emit()

    def mark_readable(self, id: str) -> None:
        """A case can be read again."""
        if self._unreadable.pop(id, None) is not None:
            self.news_changed.emit()

    # Where

    def show_case(self, id: str | None, slice: int | None = None) -> None:
        """Show a case where it was left, or at its middle slice the first time."""
        if self.case_id is not None:
            self._places[self.case_id] = Place(self.slice, self.display.window, self.display.preset)
        self.hand.drop_ghost()
        self.case_id = id
        self._across = None
        self.workbench.looked_at = id or ""
        if id in self._new:
            self._new -= {id}
            self.news_changed.emit()
        if id is not None:
            case = self.workbench.project.case(id)
            place = self._places.get(id) or Place(case.slices // 2, *first_window(case))
            self.slice = min(place.slice if slice is None else slice, case.slices - 1)
            self.display.window, self.display.preset = place.window, place.preset
        self.case_changed.emit()

    def show_slice(self, index: int) -> None:
        """Go to a slice; beyond the ends, to the end."""
        if self.case is None:
            return
        index = min(max(index, 0), self.case.slices - 1)
        if index != self.slice:
            self.slice = index
            self.slice_changed.emit()

    @property
    def plane(self) -> Plane | None:
        """What is on screen of the case: a slice, unless a Pane across them was set."""
        case = self.case
        if case is None:
            return None
        return self._across or Plane.across(case.grid, 0, self.slice)

    @property
    def pane(self) -> Pane | None:
        """What is on screen."""
        plane = self.plane
        return None if self.case_id is None or plane is None else Pane(self.case_id, plane)

    def show_pane(self, pane: Pane) -> None:
        """Show any plane of a case; beyond the ends of its stack, the last one."""
        if pane.case != self.case_id:
            self.show_case(pane.case)
        grid = self.workbench.project.case(pane.case).grid
        plane = pane.plane.at(min(max(pane.plane.index, 0), pane.plane.count(grid) - 1))
        if plane == self.plane:
            return
        if plane.axis == 0:
            self._across, self.slice = None, plane.index
        else:
            self._across = plane
        self.pane_changed.emit()

    def step(self, slices: int) -> None:
        """Go some planes on (towards the head where positive, for axial stacks)."""
        if self._across is None or self.case_id is None:
            self.show_slice(self.slice + slices)
        else:
            plane = self._across.at(self._across.index + slices)
            self.show_pane(Pane(self.case_id, plane))

    def towards_feet(self, slices: int) -> None:
        """Go some planes towards the feet, however the stack is ordered.

        Stacks without geometry, and those that do not lie across the body, go to higher indices.
        """
        axis = 0 if self._across is None else self._across.axis
        low, high = ("", "") if self.case is None else self.case.grid.axis_letters()[axis]
        self.step(-slices if (low, high) == ("I", "S") else slices)

    def reveal(self, edit: Edit) -> None:
        """Show the place that an Edit changed: undo jumps to it."""
        if not edit.case or not edit.slices or self.shows(edit):
            return
        if self._across is not None and edit.case == self.case_id and edit.patches:
            first, _ = edit.patches[0].box.ranges[self._across.axis]
            self.show_pane(Pane(edit.case, self._across.at(first)))
            return
        index = self.slice if self.slice in edit.slices else edit.slices[0]
        if edit.case != self.case_id:
            self.show_case(edit.case, index)
        else:
            self.show_slice(index)

    def shows(self, edit: Edit) -> bool:
        """Whether anything that an Edit changed is on screen."""
        if edit.case != self.case_id:
            return False
        across = self._across
        if across is None:
            return self.slice in edit.slices
        return any(across.area(patch.box) is not None for patch in edit.patches)
