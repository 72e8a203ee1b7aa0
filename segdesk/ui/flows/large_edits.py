"""Large Edits in the window: a worker makes them, and they go into the mask piece by piece.

Where a hand has asked for it, a dialog keeps the hand off meanwhile. Until the journal has the Edit
it can be cancelled; from then on it goes to its end, and a crash in between leaves all of it. What
the pieces are stands in `core.pieces`, what is kept when in `app.project.do_and_undo`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Literal

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from segdesk.app.project.edit_in_pieces import MovedOn
from segdesk.app.project.workbench import Workbench
from segdesk.core import pieces
from segdesk.core.edit import Edit
from segdesk.core.history import DoneAgain, TakenBack
from segdesk.core.pieces import Seen
from segdesk.errors import SegdeskError, UsageError
from segdesk.sentence import Sentence
from segdesk.ui.dialogs.waiting import WaitingDialog
from segdesk.ui.flows.in_turns import InTurns
from segdesk.ui.flows.project_writer import ProjectWriter
from segdesk.ui.look.translations import tr
from segdesk.ui.threads.task_runner import Task, TaskRunner

Way = Literal["undo", "redo"]
#: Raises where the reader has cancelled.
GoOn = Callable[[], object]
#: Makes an Edit of a case as it was seen, and of the segments then; any thread. It goes by nothing
#: else of the project, and calls the first now and then.
Make = Callable[[GoOn, Seen], Edit]
#: How often what a worker makes is made anew where the case was changed meanwhile.
TRIES = 3


class LargeEdits(QObject):
    """Owned by the session; lives on the GUI thread. One at a time; saves wait for its end."""

    def __init__(self, parent: QObject, runner: TaskRunner, writer: ProjectWriter) -> None:
        super().__init__(parent)
        self._runner = runner
        self._writer = writer
        self._now: _UnderWay | None = None
        self._when_free: list[Callable[[], object]] = []

    @property
    def is_under_way(self) -> bool:
        """From the moment that one was asked for until its last piece is in."""
        return self._now is not None

    def why_not(self) -> str:
        """Why none can begin now, or ""."""
        return tr("A large change is under way: wait a moment.") if self.is_under_way else ""

    def when_free(self, then: Callable[[], object]) -> None:
        """Call `then` once one can begin; never, where the project goes before."""
        if self.is_under_way:
            self._when_free.append(then)
        else:
            then()

    def forget(self) -> None:
        """The project goes. What the journal has comes back when it is opened."""
        self._when_free.clear()
        self._cancel()

    def make(
        self,
        workbench: Workbench,
        case: str,
        title: str,
        make: Make,
        *,
        voxels: int,
        done: Callable[[], object],
        failed: Callable[[Exception], object],
        is_quiet: bool = False,
    ) -> None:
        """Make an Edit of a case that is in memory, and take it in: at once where that is little,
        else on a worker and piece by piece.

        Parameters
        ----------
        title : says what is done
        make : as `Make`. Called again, with what is there then, where the case or a segment was
            changed meanwhile
        voxels : that are looked at
        done, failed : one of them is called at the end, unless it is cancelled or the project goes
        is_quiet : no hand has asked for it just now, so no dialog comes between
        """
        if voxels > pieces.PIECE:
            self._start(workbench, case, title, make, workbench.begin, done, failed, is_quiet)
            return
        try:
            workbench.settle()
            seen = Seen.now(workbench.annotation(case), workbench.segments)
            workbench.do(make(lambda: None, seen))
        except SegdeskError as error:
            failed(error)
        else:
            done()

    def step(
        self,
        workbench: Workbench,
        way: Way,
        title: str,
        *,
        done: Callable[[], object],
        failed: Callable[[Exception], object],
    ) -> None:
        """Take the newest Edit back, or do it again; its case is in memory. As `make`."""
        history = workbench.history
        edit = history.next_undo if way == "undo" else history.next_redo
        if edit is None:
            done()
            return
        entry = TakenBack(edit, history.goes_on) if way == "undo" else DoneAgain(edit)

        def look(_: GoOn, seen: Seen) -> Edit:
            applied = entry.applied
            try:
                seen.mask.check(applied)
            except ValueError as error:
                if seen.still_fits(applied, seen.segments):
                    raise
                # It was compared with a mask that somebody was changing.
                raise MovedOn(edit.case) from error
            return applied

        def begin(applied: Edit, seen: Seen) -> None:
            workbench.begin_step(entry, applied, seen)

        def broken(error: Exception) -> None:
            failed(workbench.misfit(entry) if isinstance(error, ValueError) else error)

        self._start(workbench, edit.case, title, look, begin, done, broken)

    def _start(
        self,
        workbench: Workbench,
        case: str,
        title: str,
        make: Make,
        begin: Callable[[Edit, Seen], object],
        done: Callable[[], object],
        failed: Callable[[Exception], object],
        is_quiet: bool = False,
    ) -> None:
        if reason := self.why_not():
            failed(UsageError(Sentence.of(reason)))
            return
        now = self._now = _UnderWay(workbench, self._writer.hold_saves())
        if not is_quiet:
            now.dialog = WaitingDialog(window_of(self), "large_edit", title, self._cancel)
            now.dialog.open()

        def finished() -> None:
            self._end(now)
            done()

        def broken(error: Exception) -> None:
            if self._now is now:
                # What the journal has goes in all the same, or the case would stay closed.
                with suppress(Exception):
                    workbench.settle()
                self._end(now)
                failed(error)

        def start() -> None:
            try:
                seen = workbench.see(case)
            except SegdeskError as error:
                broken(error)
                return
            now.task = self._runner.start(
                title,
                lambda task: make(task.go_on, seen),
                done=lambda edit: made(edit, seen),
                failed=broken,
            )

        def made(edit: Edit, seen: Seen) -> None:
            if self._now is not now:
                return
            try:
                begin(edit, seen)
            except MovedOn as moved:
                now.tries += 1
                if now.tries == TRIES or not workbench.is_loaded(case):
                    broken(moved)
                    return
                # From here on the hand is kept off the case, so that this one fits.
                workbench.keep_off(case)
                start()
            except Exception as error:  # noqa: BLE001 - whoever asked has to know
                broken(error)
            else:
                if now.dialog is not None:
                    now.dialog.goes_to_its_end()
                now.turns = InTurns(self, now.pieces(), done=finished, failed=broken)

        start()

    def _cancel(self) -> None:
        """Nothing more is done of it."""
        now = self._now
        if now is not None:
            if now.task is not None:
                now.task.cancel()
            self._end(now)

    def _end(self, now: _UnderWay) -> None:
        self._now = None
        now.workbench.let_case_be()
        if now.turns is not None:
            now.turns.stop()
        if now.dialog is not None:
            now.dialog.end()
        now.release_saves()
        while self._when_free and not self.is_under_way:
            self._when_free.pop(0)()


class _UnderWay:
    """A large Edit from the moment that it was asked for until its last piece is in."""

    def __init__(self, workbench: Workbench, release_saves: Callable[[], None]) -> None:
        self.workbench = workbench
        self.release_saves = release_saves
        self.dialog: WaitingDialog | None = None
        self.task: Task | None = None
        self.turns: InTurns | None = None
        self.tries = 0

    def pieces(self) -> Iterator[None]:
        """Take them in, one at each step."""
        while self.workbench.go_on():
            if self.dialog is not None:
                self.dialog.tell(*self.workbench.progress)
            yield


def window_of(child: QObject) -> QWidget | None:
    """The window that something belongs to."""
    parent = child.parent()
    while parent is not None and not isinstance(parent, QWidget):
        parent = parent.parent()
    return parent
