"""The stamp: a square of a fixed size."""

from __future__ import annotations

import numpy as np

from segdesk.app.labelling.options import Options, Size
from segdesk.app.labelling.slate import Sheet, Slate
from segdesk.app.labelling.tools.tool import Point, Press, Tool, Words
from segdesk.core.box import Area
from segdesk.ops.paint import Region
from segdesk.sentence import Sentence

SIDE = Size("stamp_mm", Sentence("Stamp side"), Sentence("Side of the square"), 8.0)


class Stamp(Tool):
    """Each press puts a square down."""

    id = "stamp"
    key = "U"
    words = Words(
        name=Sentence("Stamp"),
        tip=Sentence("Put a square of the active segment down"),
        hover=Sentence("Stamp: click puts a square of {segment} down, right click erases one"),
        hover_erasing=Sentence("Stamp: click erases a square"),
        done=Sentence("Stamp"),
        done_erasing=Sentence("Stamp erase"),
    )
    options = (SIDE,)

    def outline(self, sheet: Sheet, point: Point, options: Options) -> Region | None:
        ends: list[int] = []
        for at, size_mm, length in zip(point, sheet.pixel_mm, sheet.shape, strict=True):
            half = options[SIDE] / size_mm / 2
            first, stop = int(np.ceil(at - half)), int(np.floor(at + half)) + 1
            ends += [max(first, 0), min(stop, length)]
        area = Area(*ends)
        if area.row0 >= area.row1 or area.column0 >= area.column1:
            return None
        return Region(area, np.ones(area.shape, bool))

    def press(self, slate: Slate, press: Press) -> None:
        slate.paint(self.outline(slate, press.point, press.options), press.value)
        slate.finish()
