"""Fill: a click gives the region under it another label."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from segdesk.app.labelling.slate import Slate
from segdesk.app.labelling.tools.tool import Point, Press, Tool, Words
from segdesk.core.edit import Edit
from segdesk.errors import UsageError
from segdesk.ops import fill as regions
from segdesk.ops.paint import Region
from segdesk.sentence import Sentence


class Fill(Tool):
    """Fills an outline or a hole; a press is all of it."""

    id = "fill"
    key = "F"
    words = Words(
        name=Sentence("Fill"),
        tip=Sentence("Fill an outline or a hole: click inside it"),
        hover=Sentence("Fill: click makes the region {segment}, right click erases"),
        hover_erasing=Sentence("Fill: click erases the region"),
        done=Sentence("Fill"),
        done_erasing=Sentence("Fill erase"),
    )

    def press(self, slate: Slate, press: Press) -> None:
        fill_at(slate, press.point, value=press.value)


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
    slate.paint(Region(region.area, region.mask), value)
    return slate.finish()


def _region(labels: npt.NDArray[np.uint8], point: Point, value: int) -> regions.Fill | None:
    """The region under a point; None outside of the slice, or where it has the label already."""
    # Half up, as the brush does it; round() would take 0.5 and 1.5 both to an even voxel.
    row, column = math.floor(point[0] + 0.5), math.floor(point[1] + 0.5)
    if not (0 <= row < labels.shape[0] and 0 <= column < labels.shape[1]):
        return None
    if labels[row, column] == value:
        return None
    region = regions.fill_region(labels, (row, column))
    if labels[row, column] == 0 and region.touches_border:
        raise UsageError(
            "This region is open to the edge of the slice.", "Close its outline first, then fill."
        )
    return region
