"""The open project within the window: the `Session` takes it, says what is open, and closes it.

It owns the Workbench and the ViewState of the moment. Masks are read by `case_reader`, what was
changed is written by `project_writer`; what may be done with a project stands in `app`, and who
draws it hears of it by `opened` and `closed`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.display import STYLES
from segdesk.app.screen.kept_place import keep_place, kept_place
from segdesk.app.screen.view_state import ViewState
from segdesk.errors import SegdeskError
from segdesk.ui.flows.case_reader import CaseReader
from segdesk.ui.flows.history_walk import HistoryWalk
from segdesk.ui.flows.journal_sync import JournalSync
from segdesk.ui.flows.large_edits import LargeEdits
from segdesk.ui.flows.project_writer import ProjectWriter
from segdesk.ui.look.preferences import Preferences
from segdesk.ui.look.read_only import why_read_only
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.threads.task_runner import TaskRunner
from segdesk.ui.widgets.bridge import Bridge

log = logging.getLogger(__name__)


class Session(QObject):
    """Owned by the window; lives on the GUI thread.

    Parameters
    ----------
    runner : does the disk work
    preferences : the reader's name, recent projects
    """

    #: A project is there, or is gone; `workbench` and `view` say which.
    opened = Signal()
    closed = Signal()
    #: A sentence that asks for nothing: what was recovered, what an import said.
    noted = Signal(str)
    #: A sentence about work that was there and could not be read.
    lost = Signal(str)
    #: What went wrong with something that was asked for; an Exception.
    failed = Signal(object)
    #: Why a key that was pressed just now did nothing.
    refused = Signal(str)
    #: A save or the reading of a case began or ended.
    busy_changed = Signal()

    def __init__(
        self, runner: TaskRunner, preferences: Preferences, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._runner = runner
        self._preferences = preferences
        self._workbench: Workbench | None = None
        self._view: ViewState | None = None
        self._bridge = Bridge(self)
        self._opening = False
        #: Has a case's mask in memory before something is done with it.
        self.case_reader = CaseReader(runner, self)
        self.case_reader.noted.connect(self.noted)
        self.case_reader.failed.connect(self.failed)
        self.case_reader.busy_changed.connect(self.busy_changed)
        #: Saves, and decides when the journal is synced and the index written.
        self.writer = ProjectWriter(runner, self)
        self.writer.refused.connect(self.refused)
        self.writer.failed.connect(self.failed)
        #: What may be said about the journal. It hears of a save before the window does.
        self.journal = JournalSync(self.writer, self)
        self.journal.changed.connect(self.busy_changed)
        self.writer.changed.connect(self.busy_changed)
        self.large = LargeEdits(self, runner, self.writer)
        self._walk = HistoryWalk(
            self,
            self,
            self.case_reader,
            self.large,
            noted=self.noted.emit,
            refused=self.refused.emit,
            failed=self.failed.emit,
        )

    # What is open

    @property
    def workbench(self) -> Workbench | None:
        return self._workbench

    @property
    def view(self) -> ViewState | None:
        return self._view

    @property
    def path(self) -> Path | None:
        """Folder of the open project."""
        return None if self._workbench is None else self._workbench.folder.path

    @property
    def case_id(self) -> str | None:
        """The case on screen."""
        return None if self._view is None else self._view.crosshair.case_id

    @property
    def is_saving(self) -> bool:
        return self.writer.is_saving

    @property
    def is_opening(self) -> bool:
        return self._opening

    @property
    def is_reading(self) -> bool:
        """Whether the mask of the case on screen is still on its way."""
        case = self.case_id
        return case is not None and not self.has_mask(case)

    def why_not_now(self) -> str:
        """Empty where what takes several turns of the loop can begin: what comes in meanwhile must
        not stand between its parts."""
        if self._runner.is_busy("long"):
            return tr("Something is being imported or exported: wait, or cancel it.")
        return self.large.why_not() or why_read_only(self._workbench)

    def has_mask(self, case: str) -> bool:
        return self.case_reader.has_mask(case)

    # Opening

    def set_opening(self, opening: bool) -> None:
        """Another project is being opened, or that has ended one way or the other."""
        self._opening = opening
        self.busy_changed.emit()

    def take(self, workbench: Workbench, notes: tuple[str, ...] = ()) -> None:
        """Show this project from now on; none is open."""
        if self._workbench is not None:
            raise ValueError("expected no open project")
        self._workbench = workbench
        self._view = ViewState(workbench)
        self.case_reader.start(workbench, lambda: self.case_id)
        self.writer.start(workbench)
        self._preferences.opened(workbench.folder.path)
        self._bridge.listen_now(self._view.crosshair.case_changed, self.case_reader.read_on_screen)
        self._bridge.listen_now(workbench.history_changed, self.journal.note)
        self.journal.start(workbench)
        self.opened.emit()
        self._show_first()
        # Now, because the case says how small a brush can be.
        self._take_in_hand(self._view)
        for note in notes:
            # What is gone is said until somebody has read it.
            (self.lost if note in workbench.lost else self.noted).emit(translated(note))
        workbench.brought_back.clear()  # It was said with the notes.
        self.ensure_segment()
        self.busy_changed.emit()

    def _take_in_hand(self, view: ViewState) -> None:
        """Brush and layers as they were left."""
        now = self._preferences.now
        view.hand.set_brush(now.brush_mm)
        view.display.set_layers(
            annotation=min(max(now.annotation, 0.0), 1.0),
            prediction=min(max(now.prediction, 0.0), 1.0),
            style=now.style if now.style in STYLES else STYLES[0],
        )

    def _put_out_of_hand(self, view: ViewState) -> None:
        layers = view.display.layers
        self._preferences.change(
            brush_mm=view.hand.brush_mm,
            annotation=layers.annotation,
            prediction=layers.prediction,
            style=layers.style,
        )

    def _show_first(self) -> None:
        """The case that was being drawn on when the program was cut off, else where the reader
        was, else the first."""
        workbench, view = self._workbench, self._view
        if workbench is None or view is None or not workbench.project.cases:
            return
        last = workbench.history.next_undo
        if workbench.recovered and last is not None and last.case:
            view.pane.reveal(last)
        elif (place := kept_place(workbench)) is not None:
            view.crosshair.show_case(*place)
        else:
            view.crosshair.show_case(workbench.project.cases[0].id)

    def ensure_segment(self) -> None:
        """Give a project with a scan but without segments its first one."""
        workbench, view = self._workbench, self._view
        if workbench is None or view is None or not workbench.folder.writable:
            return
        if workbench.project.cases and not len(workbench.segments):
            # Part of the index and no Edit: the first Ctrl+Z takes back what a hand has done.
            segments = workbench.segments
            first = segments.put(segments.new(tr("Lung")))
            workbench.follow_project(replace(workbench.project, segments=first))
            self.writer.write_index()
        numbers = workbench.segments.numbers
        # Background is in the hand because somebody took it.
        if view.hand.segment and view.hand.segment not in numbers and numbers:
            view.hand.use_segment(numbers[0])

    # Through the history

    def undo(self) -> None:
        """Take the newest step back and go where it was."""
        if self._workbench is not None:
            self._walk.take(self._workbench, "undo")

    def redo(self) -> None:
        """Do the newest undone step again and go where it is."""
        if self._workbench is not None:
            self._walk.take(self._workbench, "redo")

    # Closing

    def write_the_rest(self, then: Callable[[Exception | None], None]) -> None:
        """Keep the place on screen, and write what waits of index and journal behind whatever is
        being written; `then` gets None, or what went wrong."""
        if self._workbench is not None and self._view is not None:
            keep_place(self._workbench, self._view.crosshair)
        self.writer.write_the_rest(then)

    def let_go(self) -> None:
        """Close the project as it is on disk; saving came before. The journal keeps the rest."""
        workbench = self._leave()
        if workbench is not None:
            try:
                workbench.close()
            except SegdeskError as error:
                # The folder and its lock are let go of all the same.
                log.warning("the project was closed with changes not on the disk: %s", error)

    def discard(self) -> None:
        """Close the project and delete it: it was made for an import that brought nothing."""
        workbench = self._leave()
        if workbench is not None:
            self._preferences.forget(str(workbench.folder.path.resolve()))
            workbench.discard()

    def _leave(self) -> Workbench | None:
        if self._view is not None:
            self._put_out_of_hand(self._view)
        workbench, self._workbench, self._view = self._workbench, None, None
        self.case_reader.stop()
        self.writer.stop()
        self.journal.stop()
        self._bridge.close()
        self._walk.forget()
        self.large.forget()
        if workbench is not None:
            self.closed.emit()
        return workbench
