"""The window: puts canvas, panels, actions and flows around the open project.

Who does what: `session` owns the project, `workplace` canvas and panels, `table` what can be done,
`imports` and `exchange` bring files in and out, `docks` are the columns, `pages` what is in the
middle, `flows.closing` closes. This file joins them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow

from segdesk.app.labelling.tools.toolbox import TOOLS
from segdesk.app.signal_errors import unwrapped
from segdesk.core.volume import Voxels
from segdesk.core.window import Window
from segdesk.errors import Cancelled, SegdeskError, UsageError
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.commands.by_name import ActionListDialog
from segdesk.ui.commands.desk import Desk
from segdesk.ui.commands.reasons import Reasons
from segdesk.ui.commands.table import ActionTable, groups
from segdesk.ui.dialogs.about import show_about
from segdesk.ui.faults import Faults
from segdesk.ui.flows.case_care import CaseCare
from segdesk.ui.flows.closing import Leaving
from segdesk.ui.flows.damaged_masks import DamagedMasks
from segdesk.ui.flows.disk_message import DiskMessage
from segdesk.ui.flows.dropped import take_as_copy, take_dropped
from segdesk.ui.flows.elsewhere import OFFER, SaveElsewhere
from segdesk.ui.flows.exchange import Exchange
from segdesk.ui.flows.imports import ImportFlow
from segdesk.ui.flows.opening import Opening
from segdesk.ui.flows.operating import Operating
from segdesk.ui.flows.packing import Packing
from segdesk.ui.flows.run_choice import RunChoice
from segdesk.ui.flows.segment_removal import SegmentRemoval
from segdesk.ui.flows.session import Session
from segdesk.ui.flows.training_controller import TrainingController
from segdesk.ui.look import as_written
from segdesk.ui.look.looks import Looks
from segdesk.ui.look.preferences import Preferences
from segdesk.ui.look.read_only import read_only_words
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.panels.docks import Docks
from segdesk.ui.panels.plan_memory import recall, remembered
from segdesk.ui.panels.toolbar import ToolBar
from segdesk.ui.panels.training import TrainingPanel
from segdesk.ui.threads.task_runner import TaskRunner
from segdesk.ui.widgets.banner import Banner
from segdesk.ui.widgets.bridge import Bridge
from segdesk.ui.widgets.quiet_wheel import quieten_wheel
from segdesk.ui.window.key_routes import KeyRoutes
from segdesk.ui.window.on_screen import OnScreen, first_size
from segdesk.ui.window.pages import Pages
from segdesk.ui.window.recent_menu import RecentMenu
from segdesk.ui.window.saved_words import saved_words
from segdesk.ui.window.status_line import StatusLine
from segdesk.ui.window.workplace import Workplace

NAME = "segdesk"
#: Size of the first start; a smaller screen gets a smaller window.
FIRST_SIZE = (1600, 1000)


class MainWindow(QMainWindow):
    """One window with at most one project.

    Parameters
    ----------
    preferences, looks, faults : of the application
    trainer_command : starts the trainer process; None for segdesk's own
    """

    #: It has closed for good.
    gone = Signal()

    def __init__(
        self,
        preferences: Preferences,
        looks: Looks,
        faults: Faults,
        *,
        trainer_command: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.setAccessibleName(NAME)
        self.setAcceptDrops(True)
        self.preferences = preferences
        self._looks = looks
        self._faults = faults
        self.runner = TaskRunner(self)
        self.session = Session(self.runner, preferences, self)
        self.training = TrainingController(self, command=trainer_command)
        self._run_choice = RunChoice(self.session, self.runner, self)
        self._leaving = Leaving(self, self.session, self.runner, self.training)
        self.reasons = Reasons(self.session, self.training, self._leaving)
        self.opening = Opening(
            self, self.session, self.runner, preferences, self.reasons.idle, self._leave_for
        )
        self.imports = ImportFlow(
            self,
            self.session,
            self.opening,
            self.runner,
            preferences,
            idle=self.reasons.idle,
            touches=lambda: 0 if self.canvas is None else self.canvas.touches,
        )
        self.exchange = Exchange(self, self.session, self.runner, preferences)
        self.packing = Packing(self, self.session, self.runner, preferences, self.open_project)
        self.operating = Operating(self, self.session)
        self.elsewhere = SaveElsewhere(
            self, self.session, self.runner, self.training, preferences, self.opening
        )
        self._leaving.elsewhere = self.elsewhere
        self.care = CaseCare(self, self.session, self.runner, self.training)
        self._removal = SegmentRemoval(self, self.session, self.runner)
        self.docks = Docks(self)
        self._bridge = Bridge(self)
        self._workplace: Workplace | None = None
        self._may_close = False
        self._keys = KeyRoutes(self, lambda: self.canvas)
        self.table = ActionTable(self, groups(self._desk()), self._finish_stroke)
        self.table.set_tokens(looks.tokens)
        self._build()
        self._join()
        self._restore_geometry()
        self._show_state()

    # Building

    def _desk(self) -> Desk:
        return Desk(
            owner=self,
            frame=self,
            session=self.session,
            reasons=self.reasons,
            preferences=self.preferences,
            docks=self.docks,
            opening=self.opening,
            imports=self.imports,
            exchange=self.exchange,
            packing=self.packing,
            operating=self.operating,
            elsewhere=self.elsewhere,
            care=self.care,
            training=self.training,
            find_canvas=lambda: self.canvas,
            find_training_panel=lambda: self.training_panel,
            say=self.say,
        )

    def _build(self) -> None:
        tokens = self._looks.tokens
        menus = self.table.fill(self.menuBar())
        self.menuBar().setObjectName("menu_bar")
        self.menuBar().setAccessibleName(tr("Menus"))
        recent = RecentMenu(self.preferences, self.open_project)
        menus.at("file").insertMenu(self.table["close_project"], recent)
        self._tool_bar = ToolBar(TOOLS, self.table.__getitem__, tokens)
        self.addToolBar(self._tool_bar)
        self._status = StatusLine(self.runner)
        self.setStatusBar(self._status)
        self._pages = Pages(self.table, tokens)
        self.setCentralWidget(self._pages)
        self.banner = Banner(self._pages, tokens)
        self._disk_message = DiskMessage(self.session.journal, self.banner, self.elsewhere, self)
        self._damaged = DamagedMasks(self.session, self.runner, self.banner, self)
        # A page that is brought up is raised too, over everything on it.
        self._pages.currentChanged.connect(self.banner.raise_)
        self._saved_timer = QTimer(self)
        self._saved_timer.setInterval(1000)
        self._saved_timer.timeout.connect(self._show_saved)

    def _join(self) -> None:
        session = self.session
        session.opened.connect(self._opened)
        session.closed.connect(self._closed)
        session.busy_changed.connect(self._show_state)
        session.refused.connect(self.say)
        self.opening.said.connect(self.say)
        self.elsewhere.warned.connect(self.banner.warn)
        session.lost.connect(self.banner.warn)
        files = (self.imports, self.exchange, self.packing, self.elsewhere, self.operating)
        for source in (session, *files, self.care, self._damaged):
            source.noted.connect(self.banner.say)
            source.failed.connect(self._show_failure)
        self._run_choice.failed.connect(self._show_failure)
        self.banner.said.connect(self.say)
        self.imports.offered.connect(self.banner.offer)
        self.imports.taken_back.connect(self.banner.take_back)
        self.imports.labels_came.connect(self.exchange.ask_how)
        self.imports.put_back.connect(self._damaged.came_back)
        self._removal.said.connect(self.say)
        self._removal.failed.connect(self._show_failure)
        self.imports.previewed.connect(self._preview_import)
        self.imports.shown.connect(self._end_preview)
        self.imports.busy_changed.connect(self._show_state)
        self._leaving.changed.connect(self._show_state)
        self._leaving.said.connect(self._status.say_mouse)
        self._faults.said.connect(self.say)
        self._faults.what_is_kept = session.journal.what_is_kept
        self._pages.start.project_wanted.connect(lambda path: self.open_project(Path(path)))
        self._looks.changed.connect(self._take_tokens)
        self.preferences.changed.connect(self._take_preferences)
        self.docks.changed.connect(self.table.refresh)
        self.training.started.connect(self._show_state)
        self.training.finished.connect(self._show_state)

    # What others ask for

    @property
    def canvas(self) -> SliceView | None:
        """The slice view, once there was a scan."""
        return None if self._workplace is None else self._workplace.canvas

    @property
    def training_panel(self) -> TrainingPanel | None:
        return None if self._workplace is None else self._workplace.training

    def say(self, sentence: str) -> None:
        """Put a sentence into the status line for a moment."""
        self._status.say(sentence)

    def _show_failure(self, error: Exception) -> None:
        """What a task failed with: no dialog may come between a hand and the scan it works on."""
        cause = unwrapped(error)
        if (
            isinstance(cause, SegdeskError)
            and not isinstance(cause, Cancelled | UsageError)
            and self.session.case_id is not None
        ):
            self.banner.warn(translated(cause.sentence), translated(cause.hint))
        else:
            self._faults.show_error(error)

    # Projects

    def open_project(self, path: Path) -> None:
        """Open a project in the place of the one that is open; a packed one is offered."""
        if not self.packing.offers(path):
            self.opening.open(path)

    def close_project(self) -> None:
        """Save and close the project; the window stays."""
        reason = self.reasons.idle()
        if reason:
            self.say(reason)
        else:
            self._leave(lambda: None)

    def save(self) -> None:
        """Write what changed; the status line says when it is done."""
        self.session.writer.save()

    def _leave_for(self, then: Callable[[], None], otherwise: Callable[[], None]) -> None:
        """Let the open project go for another one, which is there already."""
        if self._leaving.is_under_way:
            # The window is closing: nothing comes after it.
            otherwise()
        else:
            self._leave(then, otherwise=otherwise)

    def _leave(
        self,
        then: Callable[[], None],
        *,
        hides: bool = False,
        otherwise: Callable[[], None] = lambda: None,
    ) -> None:
        self._leaving.ask(lambda: self._go(then, hides=hides, otherwise=otherwise), otherwise)

    def _go(
        self,
        then: Callable[[], None],
        *,
        hides: bool,
        otherwise: Callable[[], None] = lambda: None,
    ) -> None:
        self._finish_stroke()
        # Before the import stops: its last sentence has to outlive the project.
        self.banner.clear()
        self.imports.stop()
        self._leaving.start(then, hides=hides, otherwise=otherwise)

    def _opened(self) -> None:
        workbench, view = self.session.workbench, self.session.view
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
            self._bridge.listen(signal, self._show_state)
        # At once: an undo that follows a stroke within one turn of the loop finds itself enabled.
        self._bridge.listen_now(workbench.history_changed, self._show_history)
        if self._workplace is not None:
            self._workplace.attach(workbench, view, self.training)
        view.hand.starts_from_prediction = self.preferences.now.start_from_prediction
        self._tool_bar.attach(workbench, view)
        if self.reasons.read_only():
            # It can be closed, to see the scan; title and status line go on saying it.
            said, because = read_only_words(beside_another=self.opening.was_asked_to_read)
            self.banner.warn(said, because, self.elsewhere.offer())
        self._saved_timer.start()

    def _show_history(self) -> None:
        self.table.refresh("undo", "redo")

    def _closed(self) -> None:
        self.banner.take_back(OFFER)
        self._disk_message.look()
        self._bridge.close()
        self._keep_layout()
        if self._workplace is not None:
            self.preferences.change(plan=remembered(self._workplace.training.form))
        self._saved_timer.stop()
        self._tool_bar.detach()
        if self._workplace is not None:
            self._workplace.detach()
        self._status.say_mouse("")
        self._show_state()

    # What is shown

    def _show_state(self) -> None:
        """Page, docks, title and actions for what is open now."""
        self._show_page()
        self._show_title()
        self._show_saved()
        self.table.refresh()

    def _show_page(self) -> None:
        workbench, view = self.session.workbench, self.session.view
        if workbench is not None and view is not None and view.crosshair.case_id is not None:
            if self._workplace is None:
                self._workplace = self._made_workplace()
            self._tool_bar.show()
            self.docks.use(self.preferences.now.layout)
            self._pages.show_scan(self._workplace)
            return
        self._tool_bar.hide()
        self.docks.put_away()
        self._pages.show_start(
            None if workbench is None else workbench.folder.path.stem,
            self.preferences.now.recent,
            is_opening=self.session.is_opening,
        )

    def _made_workplace(self) -> Workplace:
        workbench, view = self.session.workbench, self.session.view
        if workbench is None or view is None:
            raise ValueError("expected an open project")
        made = Workplace(workbench, view, self.table, self.docks, self.training, self._looks.tokens)
        made.mouse_said.connect(self._status.say_mouse)
        made.remove_wanted.connect(self._removal.ask)
        made.said.connect(self.say)
        made.run_wanted.connect(self._run_choice.use)
        recall(made.training.form, self.preferences.now.plan)
        made.canvas.flip_wheel(self.preferences.now.wheel_flipped)
        self._pages.addWidget(made)
        quieten_wheel(self)
        return made

    def _show_title(self) -> None:
        path = self.session.path
        words = tr("{name} (read only)") if self.reasons.read_only() else "{name}"
        name = "" if path is None else f"{words.format(name=path.name)} — "
        self.setWindowTitle(as_written.title(f"{name}{NAME}"))

    def _show_saved(self) -> None:
        said = saved_words(self.session)
        self._status.say_saved(said.text, said.sentence, said.role)

    def _preview_import(self, plane: Voxels, window: Window) -> None:
        if self.session.case_id is None:
            self._pages.show_preview(plane, window)

    def _end_preview(self) -> None:
        self._pages.end_preview()
        self._show_state()

    # Settings

    def _take_preferences(self) -> None:
        if self.canvas is not None:
            self.canvas.flip_wheel(self.preferences.now.wheel_flipped)
        if self.session.view is not None:
            starts = self.preferences.now.start_from_prediction
            self.session.view.hand.starts_from_prediction = starts
        self._show_state()

    def _take_tokens(self) -> None:
        tokens = self._looks.tokens
        self.table.set_tokens(tokens)
        self._tool_bar.set_tokens(tokens)
        self.banner.set_tokens(tokens)
        self._pages.set_tokens(tokens)
        if self._workplace is not None:
            self._workplace.set_tokens(tokens)
        self._show_state()

    def _restore_geometry(self) -> None:
        state = QByteArray.fromBase64(self.preferences.now.geometry.encode())
        if not self.preferences.now.geometry or not self.restoreGeometry(state):
            self.resize(first_size(self, FIRST_SIZE))
        OnScreen(self)

    def _keep_layout(self) -> None:
        layout = self.docks.layout()
        if layout:
            self.preferences.change(layout=layout)

    # Help

    def show_shortcuts(self) -> None:
        """The searchable list of keys."""
        ActionListDialog(
            self, "shortcuts_dialog", tr("Keys and actions"), self.table.actions, None
        ).open()

    def show_palette(self) -> None:
        """Any action by a few letters of its name."""
        ActionListDialog(
            self, "palette_dialog", tr("Do by name"), self.table.actions, self.table.run
        ).open()

    def show_about(self) -> None:
        """What the program is."""
        show_about(self)

    # Qt

    def _finish_stroke(self) -> None:
        if self.canvas is not None:
            self.canvas.finish_stroke()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._keys.watch()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            take_as_copy(event)

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        take_as_copy(event)
        # Later, because the program that is dragged from waits until this returns.
        QTimer.singleShot(0, self, lambda: self._take_dropped(paths))

    def _take_dropped(self, paths: list[Path]) -> None:
        take_dropped(
            paths,
            open_project=self.open_project,
            import_files=self.imports.start,
            say=self.say,
        )

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._may_close:
            self.runner.close_down()
            event.accept()
            # Qt ends by itself where a window closes that can be seen.
            self.gone.emit()
            return
        event.ignore()
        self._keep_geometry()
        self._leave(self._close_for_good, hides=True)

    def close_unasked(self) -> None:
        """Close where nobody can be asked: the system ends the program. Everything is saved."""
        self._keep_geometry()
        self._go(self._close_for_good, hides=True)

    def _keep_geometry(self) -> None:
        geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        self.preferences.change(geometry=geometry)

    def _close_for_good(self) -> None:
        self._may_close = True
        # Later, because where nothing had to be waited for, Qt is still closing the first time.
        QTimer.singleShot(0, self, self.close)
