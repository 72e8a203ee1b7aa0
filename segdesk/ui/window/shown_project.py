"""What the window shows of the open project: its page, tool bar, docks, title and last save.

One project after the other is attached to the same widgets. The workplace, with the image and the
panels, is made with the first scan, because nothing of it is needed before.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QMainWindow

from segdesk.app.labelling.tools.toolbox import TOOLS
from segdesk.core.volume import Voxels
from segdesk.core.window import Window
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.commands.reasons import Reasons
from segdesk.ui.commands.table import ActionTable
from segdesk.ui.flows.session import Session
from segdesk.ui.flows.training_controller import TrainingController
from segdesk.ui.look import as_written
from segdesk.ui.look.looks import Looks
from segdesk.ui.look.preferences import Preferences
from segdesk.ui.look.translations import tr
from segdesk.ui.panels.docks import Docks
from segdesk.ui.panels.plan_memory import recall, remembered
from segdesk.ui.panels.toolbar import ToolBar
from segdesk.ui.panels.training import TrainingPanel
from segdesk.ui.widgets.bridge import Bridge
from segdesk.ui.widgets.quiet_wheel import quieten_wheel
from segdesk.ui.window.pages import Pages
from segdesk.ui.window.saved_words import saved_words
from segdesk.ui.window.status_line import StatusLine
from segdesk.ui.window.workplace import Workplace

NAME = "segdesk"
#: How often the status line says anew when the project was saved, in milliseconds.
SAVED_MS = 1000


class ShownProject(QObject):
    """Owned by the window; lives on the GUI thread.

    Parameters
    ----------
    window : gets the tool bar, the pages and the title
    docks : are filled with the first scan
    table : of actions; it is brought up to date with everything that is shown
    """

    #: A sentence for the status line for a moment.
    said = Signal(str)
    #: As the workplace's.
    run_wanted = Signal(str)
    start_wanted = Signal(str, object)
    remove_wanted = Signal(int)

    def __init__(
        self,
        window: QMainWindow,
        session: Session,
        reasons: Reasons,
        preferences: Preferences,
        looks: Looks,
        training: TrainingController,
        docks: Docks,
        table: ActionTable,
        status: StatusLine,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._reasons = reasons
        self._preferences = preferences
        self._looks = looks
        self._training = training
        self._docks = docks
        self._table = table
        self._status = status
        self._bridge = Bridge(self)
        self._workplace: Workplace | None = None
        self._tool_bar = ToolBar(TOOLS, table.__getitem__, looks.tokens)
        window.addToolBar(self._tool_bar)
        self.pages = Pages(table, looks.tokens)
        window.setCentralWidget(self.pages)
        self._timer = QTimer(self)
        self._timer.setInterval(SAVED_MS)
        self._timer.timeout.connect(self._show_saved)
        session.busy_changed.connect(self.show)
        docks.changed.connect(table.refresh)
        training.started.connect(self.show)
        training.finished.connect(self.show)
        preferences.changed.connect(self._take_preferences)
        looks.changed.connect(self._take_tokens)

    @property
    def canvas(self) -> SliceView | None:
        """The slice view, once there was a scan."""
        return None if self._workplace is None else self._workplace.canvas

    @property
    def training_panel(self) -> TrainingPanel | None:
        """The panel that starts a training, once there was a scan."""
        return None if self._workplace is None else self._workplace.training

    # One project after the other

    def attach(self) -> None:
        """Show the session's project from now on."""
        workbench, view = self._session.workbench, self._session.view
        if workbench is None or view is None:
            return
        for signal in (
            workbench.index_changed,
            workbench.history_changed,
            workbench.segments_changed,
            workbench.statuses_changed,
            workbench.predictions_changed,
            workbench.run_changed,
            workbench.case_loaded,
            view.crosshair.case_changed,
            view.hand.tool_changed,
            view.hand.segment_changed,
            view.hand.ghost_changed,
            view.display.window_changed,
            view.display.layers_changed,
        ):
            self._bridge.listen(signal, self.show)
        # At once: an undo that follows a stroke within one turn of the loop finds itself enabled.
        self._bridge.listen_now(workbench.history_changed, self._show_history)
        if self._workplace is not None:
            self._workplace.attach(workbench, view, self._training)
        view.hand.starts_from_prediction = self._preferences.now.start_from_prediction
        self._tool_bar.attach(workbench, view)
        self._timer.start()

    def detach(self) -> None:
        """The project is closed: keep how it was laid out, and let it go."""
        self._bridge.close()
        layout = self._docks.layout()
        if layout:
            self._preferences.change(layout=layout)
        if self._workplace is not None:
            self._preferences.change(plan=remembered(self._workplace.training.form))
        self._timer.stop()
        self._tool_bar.detach()
        if self._workplace is not None:
            self._workplace.detach()
        self._status.say_mouse("")
        self.show()

    # What is shown

    def show(self) -> None:
        """Page, docks, title and actions for what is open now."""
        self._show_page()
        self._show_title()
        self._show_saved()
        self._table.refresh()

    def show_preview(self, plane: Voxels, window: Window) -> None:
        """The first look at a scan that is imported, where no other is on screen."""
        if self._session.case_id is None:
            self.pages.show_preview(plane, window)

    def end_preview(self) -> None:
        """The import has ended."""
        self.pages.end_preview()
        self.show()

    def _show_history(self) -> None:
        self._table.refresh("undo", "redo")

    def _show_page(self) -> None:
        workbench, view = self._session.workbench, self._session.view
        if workbench is not None and view is not None and view.crosshair.case_id is not None:
            if self._workplace is None:
                self._workplace = self._made_workplace()
            self._tool_bar.show()
            self._docks.use(self._preferences.now.layout)
            self.pages.show_scan(self._workplace)
            return
        self._tool_bar.hide()
        self._docks.put_away()
        self.pages.show_start(
            None if workbench is None else workbench.folder.path.stem,
            self._preferences.now.recent,
            is_opening=self._session.is_opening,
        )

    def _made_workplace(self) -> Workplace:
        workbench, view = self._session.workbench, self._session.view
        if workbench is None or view is None:
            raise ValueError("expected an open project")
        tokens = self._looks.tokens
        made = Workplace(workbench, view, self._table, self._docks, self._training, tokens)
        made.mouse_said.connect(self._status.say_mouse)
        made.said.connect(self.said)
        made.run_wanted.connect(self.run_wanted)
        made.start_wanted.connect(self.start_wanted)
        made.remove_wanted.connect(self.remove_wanted)
        recall(made.training.form, self._preferences.now.plan)
        made.canvas.flip_wheel(self._preferences.now.wheel_flipped)
        self.pages.addWidget(made)
        quieten_wheel(self._window)
        return made

    def _show_title(self) -> None:
        path = self._session.path
        words = tr("{name} (read only)") if self._reasons.read_only() else "{name}"
        name = "" if path is None else f"{words.format(name=path.name)} — "
        self._window.setWindowTitle(as_written.title(f"{name}{NAME}"))

    def _show_saved(self) -> None:
        said = saved_words(self._session)
        self._status.say_saved(said.text, said.sentence, said.role)

    # Settings

    def _take_preferences(self) -> None:
        if self.canvas is not None:
            self.canvas.flip_wheel(self._preferences.now.wheel_flipped)
        if self._session.view is not None:
            starts = self._preferences.now.start_from_prediction
            self._session.view.hand.starts_from_prediction = starts
        self.show()

    def _take_tokens(self) -> None:
        tokens = self._looks.tokens
        self._table.set_tokens(tokens)
        self._tool_bar.set_tokens(tokens)
        self.pages.set_tokens(tokens)
        if self._workplace is not None:
            self._workplace.set_tokens(tokens)
        self.show()
