"""Where the work is done: canvas and slice strip in the middle, the panels in the docks.

Built with the first scan, because nothing of it is needed before; attached to one project after
the other. What the panels want is wired here to actions and view.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.ui.canvas.sentences import left_out_words, piece_size
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.canvas.status_strip import StatusStrip
from segdesk.ui.canvas.voxel_under import Under
from segdesk.ui.commands.table import ActionTable
from segdesk.ui.flows.training_controller import TrainingController
from segdesk.ui.look.as_written import caption, tip
from segdesk.ui.look.read_only import why_read_only
from segdesk.ui.look.theme import Tokens
from segdesk.ui.look.translations import tr
from segdesk.ui.panels.cases import CasesPanel
from segdesk.ui.panels.column import Column
from segdesk.ui.panels.docks import Docks
from segdesk.ui.panels.history import HistoryPanel
from segdesk.ui.panels.layers import LayersPanel
from segdesk.ui.panels.segments import SegmentsPanel
from segdesk.ui.panels.slice_panel import SlicePanel
from segdesk.ui.panels.training import TrainingPanel

CANVAS_MENU = (
    "slice_is_right",
    "take_prediction",
    "verify_slice",
    "reject_slice",
    "dismiss_prediction",
    "",
    "accept_predictions",
    "predict_case",
    "",
    "fit",
    "overlays",
)
POOL_MENU = ("pool_split", "pool_train", "pool_validation", "pool_test")
CASE_MENU = (
    "accept_predictions",
    "accept_but_closed",
    "predict_case",
    "",
    "import_labels",
    "export",
    "",
    "rename_case",
    "remove_case",
    "",
    *POOL_MENU,
)


class _Part(Protocol):
    """What strip and panels share."""

    def attach(self, workbench: Workbench, view: ViewState) -> None: ...

    def detach(self) -> None: ...

    def set_tokens(self, tokens: Tokens) -> None: ...


class Workplace(QWidget):
    """The page with the scan. Owned by the window.

    Parameters
    ----------
    workbench, view : the first project; `attach` shows another
    table : of actions
    docks : get the panels
    training : runs what the training panel asks for
    """

    #: For the status line: what the mouse would do; what is true for a moment.
    mouse_said = Signal(str)
    said = Signal(str)
    #: Id of the run that somebody wants to use, or `run_in_use.AUTOMATIC`.
    run_wanted = Signal(str)
    start_wanted = Signal(str, object)
    #: The number of a segment that shall go.
    remove_wanted = Signal(int)

    def __init__(
        self,
        workbench: Workbench,
        view: ViewState,
        table: ActionTable,
        docks: Docks,
        training: TrainingController,
        tokens: Tokens,
    ) -> None:
        super().__init__()
        self.setObjectName("workplace")
        self.setAccessibleName(tr("Scan"))
        self._table = table
        self._docks = docks
        self._view = view
        self.canvas = SliceView(workbench, view, view.pane, tokens)
        self.strip = StatusStrip(workbench, view, tokens)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.canvas, 1)
        row.addWidget(self.strip)
        self.cases = CasesPanel(tokens)
        self.segments = SegmentsPanel(tokens)
        self.layers = LayersPanel(tokens)
        self.slice = SlicePanel(tokens)
        self.history = HistoryPanel(tokens)
        self.training = TrainingPanel(training, tokens)
        docks.fill("cases_dock", self.cases)
        column = ((self.segments, 3), (self.layers, 0), (self.slice, 0), (self.history, 2))
        docks.fill("masks_dock", Column("masks_column", column))
        docks.fill("training_dock", self.training)
        self._wire()
        for panel in self._panels():
            panel.attach(workbench, view)
        training.attach(workbench)

    def _panels(self) -> tuple[_Part, ...]:
        return (
            self.cases,
            self.segments,
            self.layers,
            self.slice,
            self.history,
            self.training,
        )

    def _wire(self) -> None:
        self.canvas.set_actions(self._table.actions)
        self.canvas.said.connect(self.mouse_said)
        self.canvas.refused.connect(self.said)
        self.strip.wheel_turned.connect(self.canvas.turn_slices)
        self.canvas.menu_wanted.connect(self._canvas_menu)
        self.cases.case_wanted.connect(self._show_case)
        self.cases.menu_wanted.connect(self._case_menu)
        self.cases.import_wanted.connect(self._trigger("import_folder"))
        self.slice.right_wanted.connect(self._trigger("slice_is_right"))
        self.slice.take_wanted.connect(self._trigger("take_prediction"))
        self.slice.predict_wanted.connect(self._trigger("predict_case"))
        self.slice.next_wanted.connect(self._trigger("next_to_look_at"))
        self.segments.said.connect(self.said)
        self.segments.remove_wanted.connect(self.remove_wanted)
        self.training.said.connect(self.said)
        self.training.start_wanted.connect(self.start_wanted)
        self.training.lessons.pools_wanted.connect(self._pool_menu)
        self.training.open_changed.connect(self._make_room)
        self.training.readiness_changed.connect(lambda: self._table.refresh("train"))
        self.layers.run_wanted.connect(self.run_wanted)

    def _make_room(self) -> None:
        self._docks.make_room(is_open=self.training.is_open)

    def _trigger(self, id: str) -> Callable[[], None]:
        def trigger() -> None:
            action = self._table[id]
            if action.isEnabled():
                action.trigger()
            else:
                self.said.emit(action.toolTip())

        return trigger

    # The project

    def attach(self, workbench: Workbench, view: ViewState, training: TrainingController) -> None:
        """Show this project from now on."""
        self._view = view
        training.attach(workbench)
        self.canvas.attach(workbench, view, view.pane)
        for part in (self.strip, *self._panels()):
            part.attach(workbench, view)

    def detach(self) -> None:
        """Let the project go."""
        for part in (self.canvas, self.strip, *self._panels()):
            part.detach()

    def set_tokens(self, tokens: Tokens) -> None:
        for part in (self.canvas, self.strip, *self._panels()):
            part.set_tokens(tokens)

    # What is wanted

    def _show_case(self, case: str) -> None:
        self.canvas.finish_stroke()
        self._view.crosshair.show_case(case)

    def _canvas_menu(self, place: QPoint, under: Under) -> None:
        menu = self._menu()
        segments = self._view.workbench.segments
        if under.segment in segments:
            name = segments[under.segment].name
            pick = menu.addAction(caption(tr("Paint with {name}", name=name)))
            pick.setObjectName("paint_with_this")
            pick.triggered.connect(lambda: self._view.hand.use_segment(under.segment))
            menu.addSeparator()
        self._offer_piece(menu)
        self._table.context_menu(menu, CANVAS_MENU).popup(place)

    def _offer_piece(self, menu: QMenu) -> None:
        """A row for the piece under the pointer that the prediction left out, or that was
        restored."""
        piece = self.canvas.piece_under_pointer()
        if piece is None:
            return
        name = piece_size(piece)
        text = (
            tr("Leave out again: {piece}", piece=name)
            if piece.is_restored
            else tr("Restore left-out piece: {piece}", piece=name)
        )
        row = menu.addAction(caption(text))
        row.setObjectName("toggle_piece")
        why_not = why_read_only(self._view.workbench)
        row.setEnabled(not why_not)
        row.setToolTip(tip(why_not or left_out_words()))
        row.triggered.connect(lambda: self.canvas.toggle_piece(piece))
        menu.addSeparator()

    def _case_menu(self, place: QPoint, case: str) -> None:
        if case != self._view.crosshair.case_id:
            self._show_case(case)
        self._table.refresh()
        self._table.context_menu(self._menu(), CASE_MENU).popup(place)

    def _pool_menu(self, place: QPoint) -> None:
        """The pool of the case on screen, beside the list that shows each case's."""
        self._docks.show("cases_dock")
        self._table.refresh()
        menu = self._menu()
        # A section's own words are not drawn by the style sheet.
        heading = menu.addAction(caption(tr("Pool of {case}", case=self._view.crosshair.case_id)))
        heading.setObjectName("pool_menu_heading")
        heading.setEnabled(False)
        menu.addSeparator()
        self._table.context_menu(menu, POOL_MENU).popup(place)

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setObjectName("context_menu")
        menu.setToolTipsVisible(True)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu
