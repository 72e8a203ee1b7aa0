"""What a tool sees and may do: a `Sheet` is a plane of a case to look at, a `Slate` to paint on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from segdesk.app.labelling.editing import Gesture, Start
from segdesk.app.project.workbench import Workbench
from segdesk.core.box import Box
from segdesk.core.edit import Edit
from segdesk.core.plane import Plane
from segdesk.core.segment import SegmentTable
from segdesk.core.volume import Voxels
from segdesk.errors import UsageError
from segdesk.ops.paint import Region
from segdesk.sentence import Sentence


class Solid(NamedTuple):
    """Some voxels of a scan: a box around them, and a mask of its shape."""

    box: Box
    mask: npt.NDArray[np.bool_]


class Sheet:
    """A plane of a case as a tool sees it, which never sees the Workbench.

    Parameters
    ----------
    workbench : whose masks are looked at
    case : id
    plane : what the reader sees
    """

    def __init__(self, workbench: Workbench, case: str, plane: Plane) -> None:
        self._workbench, self._case, self._plane = workbench, case, plane
        grid = workbench.project.case(case).grid
        #: (rows, columns) of the plane, and (row, column) size of a place in mm.
        self.shape = plane.shape(grid)
        self.pixel_mm = plane.pixel_mm(grid)

    @property
    def labels(self) -> npt.NDArray[np.uint8]:
        """uint8, (rows, columns), read-only: as they are now."""
        return self._plane.cut(self._workbench.annotation(self._case).labels)

    @property
    def voxels(self) -> Voxels:
        """The scan as stored, read-only: int16, (rows, columns), or uint8, (rows, columns, 3)."""
        return self._plane.cut(self._workbench.volume(self._case).voxels)

    def solid(self, region: Region) -> Solid:
        """The voxels of a region of the plane."""
        return Solid(self._plane.box(region.area), self._plane.solid(region.mask))


class Slate(Sheet):
    """A plane of a case, for one gesture.

    Parameters
    ----------
    workbench : whose masks are painted on
    case : id
    plane : what the reader sees
    name : what undo calls the gesture
    start : what the gesture starts from, as for `Gesture`
    """

    def __init__(
        self,
        workbench: Workbench,
        case: str,
        plane: Plane,
        name: str,
        *,
        start: Start | None = None,
    ) -> None:
        super().__init__(workbench, case, plane)
        self._start = start
        self._gesture = Gesture(workbench, case, name, on_screen=plane.whole_slices, start=start)

    def check_start(self) -> None:
        """Refuse now what would be refused at the first voxel.

        Raises
        ------
        UsageError
            Where what the gesture starts from may not be taken.
        """
        if self._start is not None:
            self._start()

    def begin(self) -> None:
        """Take what the gesture starts from now; see `Gesture.begin`."""
        self._gesture.begin()

    def paint(self, region: Region | None, value: int) -> bool:
        """Give a region a label, within the rules. Returns whether anything changed."""
        if region is None:
            return False
        return self.paint_solid(self.solid(region), value)

    def paint_solid(self, solid: Solid, value: int) -> bool:
        """The same with voxels of any planes."""
        return self._gesture.paint(*solid, value)

    def finish(self) -> Edit | None:
        """Make one Edit of it; None where nothing changed."""
        return self._gesture.finish()

    def cancel(self) -> None:
        """Take everything back without a trace."""
        self._gesture.cancel()


def refuse_closed(table: SegmentTable, value: int) -> None:
    """Refuse to draw with a segment that is not there, or that nobody would see change.

    Parameters
    ----------
    table : of the project
    value : 0 erases, which needs no segment

    Raises
    ------
    UsageError
        Naming it.
    """
    if not value:
        return
    if value not in table:
        raise UsageError("There is no segment to draw with.", "Add one to the segment list.")
    row = table[value]
    if row.locked:
        raise UsageError(
            Sentence("The segment '{name}' is locked.", name=row.name),
            "Unlock it in the segment list.",
        )
    if not row.visible:
        raise UsageError(
            Sentence("The segment '{name}' is hidden.", name=row.name),
            "Show it in the segment list.",
        )
