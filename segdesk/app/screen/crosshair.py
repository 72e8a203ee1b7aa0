"""Where the reader is: the `Crosshair`, a case and the voxel of it that all views share. No Qt.

Each view is a `Pane` that goes through it. What is remembered of a case stands with what it is
about: here the voxel at which it was left, in the `Display` its window.
"""

from __future__ import annotations

from psygnal import Signal

from segdesk.app.project.workbench import Workbench
from segdesk.core.case import Case

#: Slice, row and column.
Voxel = tuple[int, int, int]


class Crosshair:
    """Owned by the window, on its thread. Says by its signals where it has gone."""

    #: Another case, or the same one shown anew; `moved` is not said beside it.
    case_changed = Signal()
    #: Another slice of the same case.
    slice_changed = Signal()
    #: Another voxel of the same case: the axes along which it moved (0 slice, 1 row, 2 column).
    moved = Signal(tuple)

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench
        self.case_id: str | None = None
        self.voxel: Voxel = (0, 0, 0)
        #: Where cases were left.
        self._left: dict[str, Voxel] = {}

    @property
    def case(self) -> Case | None:
        """The case on screen, as the index knows it."""
        return None if self.case_id is None else self._workbench.project.case(self.case_id)

    @property
    def slice(self) -> int:
        """The slice that is looked at, confirmed, rejected, taken."""
        return self.voxel[0]

    def show_case(self, id: str | None, slice: int | None = None) -> None:
        """Show a case where it was left, or at its middle the first time.

        Parameters
        ----------
        slice : the one to show, whichever it was left at; beyond the last, the last
        """
        if self.case_id is not None:
            self._left[self.case_id] = self.voxel
        self.case_id = id
        self._workbench.looked_at = id or ""
        case = self.case
        if case is not None:
            slices, rows, columns = case.grid.shape
            at = self._left.get(case.id, (slices // 2, rows // 2, columns // 2))
            self.voxel = _inside(case, at if slice is None else (slice, *at[1:]))
        self.case_changed.emit()

    def show_slice(self, index: int) -> None:
        """Go to a slice; beyond the ends, to the end."""
        self.move_to((index, *self.voxel[1:]))

    def move_to(self, voxel: Voxel) -> None:
        """Go to a voxel of the case; beyond the ends, to the end."""
        case = self.case
        if case is None:
            return
        before, self.voxel = self.voxel, _inside(case, voxel)
        axes = tuple(axis for axis in range(3) if self.voxel[axis] != before[axis])
        if 0 in axes:
            self.slice_changed.emit()
        if axes:
            self.moved.emit(axes)


def _inside(case: Case, voxel: Voxel) -> Voxel:
    """The nearest voxel of a case."""
    slice, row, column = (
        min(max(index, 0), count - 1) for index, count in zip(voxel, case.grid.shape, strict=True)
    )
    return slice, row, column
