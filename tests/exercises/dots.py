"""Dots: a gesture of many presses that also follows from its options alone, held as a ghost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segdesk.app.labelling.options import Options, Size
from segdesk.app.labelling.slate import Sheet, Solid
from segdesk.app.labelling.tools.tool import Press, Tool, Words
from segdesk.core.box import Area
from segdesk.ops.paint import Region, disk_mask

DOT = Size("dots_mm", "Dot size", "Diameter of a dot", 6.0)


class Dots(Tool):
    """Each press is a dot more; without one, a dot in the middle shows how large they are."""

    id = "dots"
    key = "U"
    words = Words("Dots", "Dots", "Dots in {segment}", "Dots erase", "Dots", "Dots erase")
    options = (DOT,)
    holds_ghost = True
    previews = True

    def ghost(self, sheet: Sheet, presses: Sequence[Press], options: Options) -> Solid | None:
        rows, columns = sheet.shape
        mask = np.zeros(sheet.shape, bool)
        for point in [press.point for press in presses] or [(rows // 2, columns // 2)]:
            region = disk_mask(*point, options[DOT] / 2, sheet.pixel_mm, sheet.shape)
            if region is not None:
                mask[region.area.window] |= region.mask
        return sheet.solid(Region(Area(0, rows, 0, columns), mask)) if mask.any() else None
