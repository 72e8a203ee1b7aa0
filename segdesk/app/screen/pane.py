"""One view of the case on screen: the `Pane`, a stack of planes of which one is seen. No Qt.

All panes go through one `Crosshair`: a step in one moves it, and those that look along another axis
keep their plane. A canvas draws one pane; keys and panels act on the active one.
"""

from __future__ import annotations

from psygnal import Signal

from segdesk.app.screen.crosshair import Crosshair
from segdesk.core.case import Case
from segdesk.core.edit import Edit
from segdesk.core.plane import Plane


class Pane:
    """Owned by the window, on its thread. Keeps its axis when another case is shown.

    Parameters
    ----------
    axis : of the Grid, across which its planes lie: 0 slice, 1 row, 2 column
    """

    #: Another plane of the same stack is seen.
    index_changed = Signal()
    #: The planes of another axis are seen.
    axis_changed = Signal()

    def __init__(self, crosshair: Crosshair, axis: int = 0) -> None:
        self._crosshair = crosshair
        self._axis = axis
        crosshair.moved.connect(self._follow)

    @property
    def axis(self) -> int:
        return self._axis

    @property
    def index(self) -> int:
        """Which plane of its stack goes through the crosshair."""
        return self._crosshair.voxel[self._axis]

    @property
    def count(self) -> int:
        """How many planes its stack has; 0 without a case."""
        case = self.case
        return 0 if case is None else case.grid.shape[self._axis]

    @property
    def case(self) -> Case | None:
        """The case on screen, as the index knows it."""
        return self._crosshair.case

    @property
    def plane(self) -> Plane | None:
        """What is seen of the case; None without one."""
        case = self.case
        return None if case is None else Plane.across(case.grid, self._axis, self.index)

    # Where

    def show(self, case: str, plane: Plane) -> None:
        """Show any plane of a case; beyond the ends of its stack, the last one."""
        if case != self._crosshair.case_id:
            self._crosshair.show_case(case)
        before, self._axis = self._axis, plane.axis
        self.go_to(plane.index)
        if self._axis != before:
            self.axis_changed.emit()

    def go_to(self, index: int) -> None:
        """Go to a plane of the stack; beyond the ends, to the end."""
        voxel = self._crosshair.voxel
        slice, row, column = (index if axis == self._axis else voxel[axis] for axis in range(3))
        self._crosshair.move_to((slice, row, column))

    def step(self, planes: int) -> None:
        """Go some planes on (towards the head where positive, for axial stacks)."""
        self.go_to(self.index + planes)

    def towards_feet(self, planes: int) -> None:
        """Go some planes towards the feet, however the stack is ordered.

        Stacks without geometry, and those that do not lie across the body, go to higher indices.
        """
        case = self.case
        letters = ("", "") if case is None else case.grid.axis_letters()[self._axis]
        self.step(-planes if letters == ("I", "S") else planes)

    # Edits

    def shows(self, edit: Edit) -> bool:
        """Whether anything that an Edit changed is seen."""
        case, plane = self.case, self.plane
        if case is None or plane is None or edit.case != case.id:
            return False
        if self._axis == 0:
            return self.index in edit.slices
        return any(plane.area(patch.box) is not None for patch in edit.patches)

    def reveal(self, edit: Edit) -> None:
        """Show the place that an Edit changed: undo jumps to it."""
        if not edit.case or not edit.slices or self.shows(edit):
            return
        here = self._crosshair
        slice = here.slice if here.slice in edit.slices else edit.slices[0]
        lies_across = self._axis != 0 and bool(edit.patches)
        if edit.case != here.case_id:
            here.show_case(edit.case, slice)
        elif not lies_across:
            here.show_slice(slice)
        if lies_across and not self.shows(edit):
            first, _ = edit.patches[0].box.ranges[self._axis]
            self.go_to(first)

    def _follow(self, axes: tuple[int, ...]) -> None:
        if self._axis in axes:
            self.index_changed.emit()
