"""What is on screen and in hand of one open project: the `ViewState`, a list of its parts. No Qt.

Input sets a part, panels and canvas listen to it and ask it. Nothing here changes a mask.
"""

from __future__ import annotations

from collections.abc import Sequence

from segdesk.app.labelling.tools.tool import Tool
from segdesk.app.labelling.tools.toolbox import TOOLS
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.case_marks import CaseMarks
from segdesk.app.screen.crosshair import Crosshair
from segdesk.app.screen.display import Display
from segdesk.app.screen.hand import Hand
from segdesk.app.screen.pane import Pane


class ViewState:
    """Made for an open project and handed to whatever shows it. Does nothing itself.

    The parts hear of another case from the crosshair, and before anybody else does: by the time
    that a widget is told, the window is the case's and the ghost of the one before is dropped.

    Parameters
    ----------
    tools : of which one is held
    """

    def __init__(self, workbench: Workbench, tools: Sequence[Tool] = TOOLS) -> None:
        self.workbench = workbench
        self.crosshair = Crosshair(workbench)
        self.marks = CaseMarks(self.crosshair)
        self.display = Display(self.crosshair)
        #: The active one: keys, panels and the hand's previews act on it.
        self.pane = Pane(self.crosshair)
        self.hand = Hand(workbench, self.crosshair, lambda: self.pane, tools)
