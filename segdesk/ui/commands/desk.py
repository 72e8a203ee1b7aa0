"""What commands act on: the `Desk` hands them the open project, the canvas and the flows.

The groups of the table get it instead of the window, so that no command can reach the rest of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtWidgets import QWidget

from segdesk.app.screen.pane import Pane
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.commands.reasons import Reasons
from segdesk.ui.flows.case_care import CaseCare
from segdesk.ui.flows.elsewhere import SaveElsewhere
from segdesk.ui.flows.exchange import Exchange
from segdesk.ui.flows.imports import ImportFlow
from segdesk.ui.flows.opening import Opening
from segdesk.ui.flows.operating import Operating
from segdesk.ui.flows.packing import Packing
from segdesk.ui.flows.session import Session
from segdesk.ui.flows.training_controller import TrainingController
from segdesk.ui.look.preferences import Preferences
from segdesk.ui.panels.docks import Docks
from segdesk.ui.panels.training import TrainingPanel


class Frame(Protocol):
    """What the window itself does for a command."""

    def close(self) -> object: ...

    def close_project(self) -> None: ...

    def save(self) -> None: ...

    def show_shortcuts(self) -> None: ...

    def show_palette(self) -> None: ...

    def show_about(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Made once by the window, for all projects that it shows.

    Parameters
    ----------
    owner : parent of dialogs
    find_canvas, find_training_panel : give None until there was a scan
    say : puts a sentence into the status line for a moment
    """

    owner: QWidget
    frame: Frame
    session: Session
    reasons: Reasons
    preferences: Preferences
    docks: Docks
    opening: Opening
    imports: ImportFlow
    exchange: Exchange
    packing: Packing
    operating: Operating
    elsewhere: SaveElsewhere
    care: CaseCare
    training: TrainingController
    find_canvas: Callable[[], SliceView | None]
    find_training_panel: Callable[[], TrainingPanel | None]
    say: Callable[[str], None]

    @property
    def pane(self) -> Pane | None:
        """The active one, through which commands go; None without a project."""
        return None if self.session.view is None else self.session.view.pane

    @property
    def canvas(self) -> SliceView | None:
        """The view that commands act on."""
        return self.find_canvas()

    @property
    def training_panel(self) -> TrainingPanel | None:
        return self.find_training_panel()
