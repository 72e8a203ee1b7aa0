"""Navigate: the tool at start, which only looks."""

from __future__ import annotations

from segdesk.app.labelling.slate import Slate
from segdesk.app.labelling.tools.tool import Look, Press, Tool, Words
from segdesk.sentence import Sentence


class Navigate(Tool):
    """Window and level by the left button, zoom by the right; paints nothing."""

    id = "navigate"
    key = "Esc"
    words = Words(
        name=Sentence("Navigate"),
        tip=Sentence("Drag for window and level; nothing is painted"),
        hover=Sentence("Navigate: drag = window and level, right drag = zoom"),
        hover_erasing=Sentence("Navigate: drag = window and level, right drag = zoom"),
    )
    needs = "case"
    cursor = "arrow"
    paints = False

    def press(self, slate: Slate, press: Press) -> Look:
        return "zoom" if press.is_right else "window"
