"""The open project within the window: the `Session` opens, reads, saves and closes it.

It owns the Workbench and the ViewState of the moment and keeps disk work off the GUI thread. What
may be done with a project stands in `app`; who draws it hears of it by `opened` and `closed`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from segdesk.app.project.loaded import LoadedCase
from segdesk.app.project.saving import PendingSave
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.display import STYLES
from segdesk.app.screen.places import keep_place, kept_place
from segdesk.app.screen.view_state import ViewState
from segdesk.core.prediction import Prediction
from segdesk.core.project import Project
from segdesk.errors import ProjectError, SegdeskError
from segdesk.ui.flows.history_walk import HistoryWalk
from segdesk.ui.flows.index_write import write_index
from segdesk.ui.flows.journal_sync import JournalSync
from segdesk.ui.flows.large_edits import LargeEdits
from segdesk.ui.look.preferences import Preferences
from segdesk.ui.look.read_only import why_read_only
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.threads.task_runner import TaskRunner
from segdesk.ui.widgets.bridge import Bridge

#: What a project without segments starts with, so that painting works at once.

log = logging.getLogger(__name__)


#: What is done once a case was read, and what where that fails.
_Waiting = tuple[Callable[[], None], Callable[[Exception], None] | None]


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """What a worker has read of a case."""

    id: str
    generation: int
    loaded: LoadedCase
    prediction: Prediction | None
    #: What the reader shall hear of: a prediction that can't be read.
    note: str = ""


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
    #: What went wrong with something that was asked for; an Exception.
    failed = Signal(object)
    #: A case could not be read: its id and a ProjectError.
    unreadable = Signal(str, object)
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
        self._reading: str | None = None
        self._when_read: dict[str, list[_Waiting]] = {}
        self.large = LargeEdits(self, runner)
        self.large.ended.connect(self._write_next)
        self._walk = HistoryWalk(
            self,
            self,
            self.large,
            noted=self.noted.emit,
            refused=self.refused.emit,
            failed=self.failed.emit,
        )
        self._saving = False
        self._after_write: list[Callable[[], None]] = []
        self._opening = False
        #: What may be said about the journal.
        self.journal = JournalSync(runner, self)
        self.journal.ended.connect(self._write_next)
        self.journal.changed.connect(self.busy_changed)
        self.journal.save_wanted.connect(self._save_for_the_journal)

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
        return None if self._view is None else self._view.case_id

    @property
    def is_saving(self) -> bool:
        return self._saving

    @property
    def is_opening(self) -> bool:
        return self._opening

    @property
    def is_reading(self) -> bool:
        """Whether the mask of the case on screen is still on its way."""
        case = self.case_id
        return self._workbench is not None and case is not None and not self.has_mask(case)

    def is_being_read(self, case: str) -> bool:
        """Whether somebody waits for a case, or it is on its way."""
        return case == self._reading or case in self._when_read

    def why_not_now(self) -> str:
        """Empty where what takes several turns of the loop can begin: what comes in meanwhile must
        not stand between its parts."""
        if self._runner.is_busy("long"):
            return tr("Something is being imported or exported: wait, or cancel it.")
        return self.large.why_not() or why_read_only(self._workbench)

    def has_mask(self, case: str) -> bool:
        return self._workbench is not None and self._workbench.is_loaded(case)

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
        self._preferences.opened(workbench.folder.path)
        self._bridge.listen_now(self._view.case_changed, self._read_shown)
        self._bridge.listen_now(workbench.history_changed, self.journal.note)
        self.journal.start(workbench)
        self.opened.emit()
        self._show_first()
        # Now, because the case says how small a brush can be.
        self._take_in_hand(self._view)
        for note in notes:
            self.noted.emit(translated(note))
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
            view.reveal(last)
        elif (place := kept_place(workbench)) is not None:
            view.show_case(*place)
        else:
            view.show_case(workbench.project.cases[0].id)

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
            self.keep_index()
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

    # Reading a case

    def when_read(
        self,
        case: str,
        then: Callable[[], None],
        *,
        otherwise: Callable[[Exception], None] | None = None,
    ) -> None:
        """Do something once the case's mask is in memory: now where it is, else after reading.

        Parameters
        ----------
        otherwise : gets what went wrong; None: it is said as any other failure
        """
        if self.has_mask(case):
            then()
            return
        self._when_read.setdefault(case, []).append((then, otherwise))
        self._read(case)

    def _read_shown(self) -> None:
        case = self.case_id
        if case is not None and not self.has_mask(case):
            self._read(case)

    def _read(self, case: str) -> None:
        """Have a case read, unless another is being read: the end of that one looks again."""
        workbench = self._workbench
        if workbench is None or self._reading is not None:
            return
        self._reading = case
        self.busy_changed.emit()

        def done(read: _Read) -> None:
            self._reading = None
            if self._workbench is workbench:
                self._adopt(workbench, read)
                self._read_next()
            self.busy_changed.emit()

        def failed(error: Exception) -> None:
            self._reading = None
            waiting = self._when_read.pop(case, [])
            self.busy_changed.emit()
            if self._workbench is workbench:
                for _, otherwise in waiting:
                    if otherwise is not None:
                        otherwise(error)
                if isinstance(error, ProjectError):
                    self.unreadable.emit(case, error)
                elif not waiting or any(otherwise is None for _, otherwise in waiting):
                    self.failed.emit(error)
                self._read_next(but=case)

        self._runner.start(
            tr("Reading {case}", case=case),
            lambda _: _read_case(workbench, case),
            done=done,
            failed=failed,
        )

    def _adopt(self, workbench: Workbench, read: _Read) -> None:
        # A case that was drawn on and saved meanwhile is newer in memory than what was read.
        if workbench.project.case(read.id).generation == read.generation:
            if read.prediction is not None:
                workbench.adopt_prediction(read.prediction)
            workbench.adopt(read.id, read.loaded)
        if read.note:
            self.noted.emit(read.note)
        for then, _ in self._when_read.pop(read.id, []):
            then()
        if said := workbench.brought_back.pop(read.id, ""):
            self.noted.emit(f"{read.id}: {translated(said)}")

    def _read_next(self, *, but: str = "") -> None:
        """Whoever waits is read next, the case on screen first, but for one that can't be read."""
        case = self.case_id
        if case not in (None, but) and not self.has_mask(case):
            self._read(case)
        elif self._when_read:
            self._read(next(iter(self._when_read)))

    # Saving

    def save(self, then: Callable[[Exception | None], None] | None = None) -> None:
        """Write what changed. `then` gets None, or what went wrong; nothing is lost either way."""
        workbench = self._workbench
        if self._waits_to_save:
            self._after_write.append(lambda: self.save(then))
            return
        if workbench is None or not workbench.has_unsaved:
            if then is not None:
                then(None)
            return
        try:
            pending = PendingSave(workbench)
        except Exception as error:  # noqa: BLE001 - handed to whoever asked, who shows it
            self._save_ended(error, then)
            return
        self._saving = True
        self.journal.save_begins()
        self.busy_changed.emit()

        def done(project: Project) -> None:
            problem: Exception | None = None
            try:
                pending.succeeded(project)
            except Exception as error:  # noqa: BLE001 - handed to whoever asked, who shows it
                problem = error
            self._save_ended(problem, then)

        def failed(error: Exception) -> None:
            pending.failed()
            self._save_ended(error, then)

        self._runner.start(
            tr("Saving"), lambda _: pending.run(), done=done, failed=failed, lane="write"
        )

    @property
    def _waits_to_save(self) -> bool:
        """Whether something is under way that a save comes after."""
        return self._saving or self.journal.is_under_way or self.large.is_under_way

    def _save_ended(
        self, error: Exception | None, then: Callable[[Exception | None], None] | None
    ) -> None:
        self._saving = False
        self.journal.save_ended(error)
        self.busy_changed.emit()
        if then is not None:
            then(error)
        elif isinstance(error, SegdeskError):
            # Why, and what is safe, stands over the scan for as long as it is true.
            self.refused.emit(translated(error.words))
        elif error is not None:
            self.failed.emit(error)
        self._write_next()

    def _write_next(self) -> None:
        """Saves that were asked for while something else was under way, in order."""
        if self._after_write and not self._waits_to_save:
            self._after_write.pop(0)()
            self._write_next()

    def _save_for_the_journal(self) -> None:
        """The journal is lost; where this fails, it says so and asks again."""
        if not self._saving:
            self.save(lambda _: None)

    def keep_index(self) -> None:
        """Have what was handed over of the index written, behind whatever is being written."""
        if self._workbench is not None:
            write_index(self._runner, self._workbench, failed=self.failed.emit)

    # Closing

    def write_index(self, then: Callable[[Exception | None], None]) -> None:
        """Keep the place on screen, and write what waits of index and journal behind whatever is
        being written; `then` gets None, or what went wrong."""
        workbench, view = self._workbench, self._view
        if workbench is None or view is None:
            then(None)
            return
        keep_place(workbench, view)
        self._runner.start(
            tr("Writing the index"),
            lambda _: workbench.folder.write_what_waits(),
            done=lambda _: then(None),
            failed=then,
            lane="write",
        )

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
        self.journal.stop()
        # Nobody hears of a save that waits now: it was not done, and the next project is another.
        self._after_write.clear()
        self._bridge.close()
        self._when_read.clear()
        self._walk.forget()
        self.large.forget()
        if workbench is not None:
            self.closed.emit()
        return workbench


def _read_case(workbench: Workbench, case: str) -> _Read:
    row = workbench.project.case(case)
    run = workbench.predicted_by(case)
    prediction, note = None, ""
    if run is not None:
        try:
            weights = workbench.project.weights_of(run)
            prediction = workbench.folder.runs.read_prediction(run, row, weights_sha256=weights)
        except SegdeskError as error:
            # It hides neither the scan nor the mask; another prediction makes it good.
            note = tr("{problem} Predict the case again.", problem=error.sentence)
    return _Read(case, row.generation, workbench.read_case(case), prediction, note)
