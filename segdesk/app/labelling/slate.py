"""What a tool sees and may do: the `Slate`, a plane of a case that one gesture paints on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segdesk.app.labelling.editing import Gesture, Start
from segdesk.app.project.workbench import Workbench
from segdesk.core.edit import Edit
from segdesk.core.plane import Plane
from segdesk.core.volume import Voxels
from segdesk.ops.paint import Region


class Slate:
    """A plane of a case, for one gesture. A tool sees this and never the Workbench.

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
        self._workbench, self._case, self._plane = workbench, case, plane
        # Of a plane across the slices no slice is on screen as a whole.
        on_screen = () if plane.axis else (plane.index,)
        self._gesture = Gesture(workbench, case, name, on_screen=on_screen, start=start)
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

    def begin(self) -> None:
        """Take what the gesture starts from now; see `Gesture.begin`."""
        self._gesture.begin()

    def paint(self, region: Region | None, value: int) -> bool:
        """Give a region a label, within the rules. Returns whether anything changed."""
        if region is None:
            return False
        box = self._plane.box(region.area)
        return self._gesture.paint(box, self._plane.solid(region.mask), value)

    def finish(self) -> Edit | None:
        """Make one Edit of it; None where nothing changed."""
        return self._gesture.finish()

    def cancel(self) -> None:
        """Take everything back without a trace."""
        self._gesture.cancel()
