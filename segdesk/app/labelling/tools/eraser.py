"""The eraser: the brush with background on its left button."""

from __future__ import annotations

from segdesk.app.labelling.tools.brush import Brush
from segdesk.app.labelling.tools.tool import Words
from segdesk.sentence import Sentence


class Eraser(Brush):
    """Erases whatever segment is active; Ctrl paints it."""

    id = "eraser"
    key = "E"
    words = Words(
        name=Sentence("Eraser"),
        tip=Sentence("Erase; {opposite} paints"),
        hover=Sentence("Eraser: left erases, {opposite} paints {segment}"),
        hover_erasing=Sentence("Eraser: erases"),
        done=Sentence("Brush"),
        done_erasing=Sentence("Erase"),
    )
    erases = True
