"""The window: puts canvas, panels, actions and flows around the open project.

Who does what: `session` owns the project, `shown_project` shows it, `messages` says what there is
to say, `table` is what can be done, `imports` and `exchange` bring files in and out,
`flows.closing` closes. This file makes and joins them, and takes what the window system has for
the window.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow

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
from segdesk.ui.flows.start_choice import StartChoice
from segdesk.ui.flows.training_controller import TrainingController
from segdesk.ui.look.looks import Looks
from segdesk.ui.look.preferences import Preferences
from segdesk.ui.look.read_only import read_only_words
from segdesk.ui.look.translations import tr
from segdesk.ui.panels.docks import Docks
from segdesk.ui.panels.training import TrainingPanel
from segdesk.ui.threads.task_runner import TaskRunner
from segdesk.ui.widgets.banner import Banner
from segdesk.ui.window.key_routes import KeyRoutes
from segdesk.ui.window.messages import Messages
from segdesk.ui.window.on_screen import OnScreen, first_size
from segdesk.ui.window.recent_menu import RecentMenu
from segdesk.ui.window.shown_project import NAME, ShownProject
from segdesk.ui.window.status_line import StatusLine

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
        self._start_choice = StartChoice(self, self.session, self.runner, preferences)
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
        self._may_close = False
        self._keys = KeyRoutes(self, lambda: self.canvas)
        self.table = ActionTable(self, groups(self._desk()), self._finish_stroke)
        self.table.set_tokens(looks.tokens)
        self._status = StatusLine(self.runner)
        self.setStatusBar(self._status)
        self.shown = ShownProject(
            self,
            self.session,
            self.reasons,
            preferences,
            looks,
            self.training,
            self.docks,
            self.table,
            self._status,
        )
        self.banner = Banner(self.shown.pages, looks.tokens)
        # A page that is brought up is raised too, over everything on it.
        self.shown.pages.currentChanged.connect(self.banner.raise_)
        self.messages = Messages(self, self.session, self._status, self.banner, faults)
        self._disk_message = DiskMessage(self.session.journal, self.banner, self.elsewhere, self)
        self._damaged = DamagedMasks(self.session, self.runner, self.banner, self)
        self._fill_menus()
        self._join()
        self._restore_geometry()
        self.shown.show()

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
            say=lambda sentence: self.messages.say(sentence),
        )

    def _fill_menus(self) -> None:
        menus = self.table.fill(self.menuBar())
        self.menuBar().setObjectName("menu_bar")
        self.menuBar().setAccessibleName(tr("Menus"))
        recent = RecentMenu(self.preferences, self.open_project)
        menus.at("file").insertMenu(self.table["close_project"], recent)

    def _join(self) -> None:
        session, shown, messages, banner = self.session, self.shown, self.messages, self.banner
        session.opened.connect(shown.attach)
        session.opened.connect(self._say_read_only)
        session.closed.connect(self._closed)
        session.refused.connect(messages.say)
        session.lost.connect(banner.warn)
        self.elsewhere.warned.connect(banner.warn)
        self._run_choice.failed.connect(messages.show_failure)
        self._start_choice.failed.connect(messages.show_failure)
        self._removal.failed.connect(messages.show_failure)
        for source in (self.opening, self._removal, shown):
            source.said.connect(messages.say)
        files = (self.imports, self.exchange, self.packing, self.elsewhere, self.operating)
        for source in (session, *files, self.care, self._damaged):
            source.noted.connect(banner.say)
            source.failed.connect(messages.show_failure)
        self.imports.offered.connect(banner.offer)
        self.imports.taken_back.connect(banner.take_back)
        self.imports.labels_came.connect(self.exchange.ask_how)
        self.imports.put_back.connect(self._damaged.came_back)
        self.imports.previewed.connect(shown.show_preview)
        self.imports.shown.connect(shown.end_preview)
        self.imports.busy_changed.connect(shown.show)
        self._leaving.changed.connect(shown.show)
        self._leaving.said.connect(self._status.say_mouse)
        shown.run_wanted.connect(self._run_choice.use)
        shown.start_wanted.connect(self._start_choice.ask)
        shown.remove_wanted.connect(self._removal.ask)
        shown.pages.start.project_wanted.connect(lambda path: self.open_project(Path(path)))
        self._faults.what_is_kept = session.journal.what_is_kept
        self._looks.changed.connect(lambda: banner.set_tokens(self._looks.tokens))

    # What others ask for

    @property
    def canvas(self) -> SliceView | None:
        """The slice view, once there was a scan."""
        return self.shown.canvas

    @property
    def training_panel(self) -> TrainingPanel | None:
        """The panel that starts a training, once there was a scan."""
        return self.shown.training_panel

    # Projects

    def open_project(self, path: Path) -> None:
        """Open a project in the place of the one that is open; a packed one is offered."""
        if not self.packing.offers(path):
            self.opening.open(path)

    def close_project(self) -> None:
        """Save and close the project; the window stays."""
        reason = self.reasons.idle()
        if reason:
            self.messages.say(reason)
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

    def _say_read_only(self) -> None:
        if self.reasons.read_only():
            # It can be closed, to see the scan; title and status line go on saying it.
            said, because = read_only_words(beside_another=self.opening.was_asked_to_read)
            self.banner.warn(said, because, self.elsewhere.offer())

    def _closed(self) -> None:
        self.banner.take_back(OFFER)
        self._disk_message.look()
        self.shown.detach()

    # Where the window is

    def _restore_geometry(self) -> None:
        state = QByteArray.fromBase64(self.preferences.now.geometry.encode())
        if not self.preferences.now.geometry or not self.restoreGeometry(state):
            self.resize(first_size(self, FIRST_SIZE))
        OnScreen(self)

    def _keep_geometry(self) -> None:
        geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        self.preferences.change(geometry=geometry)

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
            say=self.messages.say,
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

    def _close_for_good(self) -> None:
        self._may_close = True
        # Later, because where nothing had to be waited for, Qt is still closing the first time.
        QTimer.singleShot(0, self, self.close)
