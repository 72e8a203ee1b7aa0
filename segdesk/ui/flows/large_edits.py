"""Large Edits in the window: a worker makes them, and they go into the mask piece by piece.

Where a hand has asked for it, a dialog keeps the hand off meanwhile. Until the journal has the Edit
it can be cancelled; from then on it goes to its end, and a crash in between leaves all of it. What
the pieces are stands in `core.pieces`, what is kept when in `app.project.do_and_undo`.

Several that are one step of undo, such as the removal of a segment from every case, are a `Row`:
from its begin to its end nothing comes between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from segdesk.app.project.edit_in_pieces import MadeEdit, MovedOn
from segdesk.app.project.workbench import Workbench
from segdesk.core import pieces
from segdesk.core.edit import Edit
from segdesk.core.pieces import Seen
from segdesk.errors import SegdeskError, UsageError
from segdesk.sentence import Sentence
from segdesk.ui.dialogs.waiting import WaitingDialog
from segdesk.ui.flows.asked_edits import (
    Asked,
    Make,
    Way,
    asked_edit,
    asked_step,
    do_now,
    next_step,
)
from segdesk.ui.flows.in_turns import InTurns
from segdesk.ui.flows.project_writer import ProjectWriter
from segdesk.ui.look.translations import tr
from segdesk.ui.threads.task_runner import Task, TaskRunner

#: How often what a worker makes is made anew where the case was changed meanwhile.
TRIES = 3


class LargeEdits(QObject):
    """Owned by the session; lives on the GUI thread. One at a time; saves wait for its end."""

    def __init__(self, parent: QObject, runner: TaskRunner, writer: ProjectWriter) -> None:
        super().__init__(parent)
        self._runner = runner
        self._writer = writer
        self._now: _UnderWay | None = None
        self._row: Row | None = None
        self._when_free: list[Callable[[], object]] = []

    @property
    def is_under_way(self) -> bool:
        """From the moment that one was asked for until its last piece is in; so with a row."""
        return self._now is not None or self._row is not None

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
        if self._row is not None:
            self._row.end()

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
            asked = asked_edit(workbench, case, title, make, done, failed)
            self._start(asked, is_quiet=is_quiet)
        else:
            do_now(workbench, case, make, done, failed)

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
        asked = asked_step(workbench, way, title, done, failed)
        if asked is None:
            done()
        else:
            self._start(asked)

    def begin_row(self, workbench: Workbench, dialog: WaitingDialog, total: int) -> Row:
        """Several that are one step begin; none is under way. Who asks calls `Row.end`.

        Parameters
        ----------
        dialog : stands for as long as the row goes on, and keeps the hand off
        total : what all of it counts, in any unit; see `Row`
        """
        row = self._row = Row(self, workbench, dialog, total, self._writer.hold_saves())
        return row

    def _end_row(self, end: Callable[[], None]) -> None:
        """What of the row is under way is not wanted any more."""
        self._cancel()
        self._row = None
        end()
        self._tell_who_waits()

    def _start(self, asked: Asked, *, is_quiet: bool = False) -> None:
        if reason := self.why_not():
            asked.failed(UsageError(Sentence.of(reason)))
            return
        now = _UnderWay(asked, self._writer.hold_saves())
        if not is_quiet:
            now.dialog = WaitingDialog(window_of(self), "large_edit", asked.title, self._cancel)
            now.dialog.open()
        self._go(now)

    def _start_in(self, row: Row, asked: Asked) -> None:
        """As `_start`, of a row, whose dialog stands and which holds the saves."""
        now = _UnderWay(asked, lambda: None)
        now.tell = row.tell_part
        self._go(now)

    def _go(self, now: _UnderWay) -> None:
        self._now = now
        asked, workbench = now.asked, now.asked.workbench

        def finished() -> None:
            self._end(now)
            asked.done()

        def broken(error: Exception) -> None:
            if self._now is now:
                # What the journal has goes in all the same, or the case would stay closed.
                with suppress(Exception):
                    workbench.settle()
                self._end(now)
                asked.failed(error)

        def start() -> None:
            try:
                seen = workbench.see(asked.case)
            except SegdeskError as error:
                broken(error)
                return
            now.task = self._runner.start(
                asked.title,
                lambda task: asked.make(task.go_on, seen),
                done=lambda what: made(what, seen),
                failed=broken,
            )

        def made(edit: Edit | MadeEdit, seen: Seen) -> None:
            if self._now is not now:
                return
            try:
                asked.begin(edit, seen)
            except MovedOn as moved:
                now.tries += 1
                if now.tries == TRIES or not workbench.is_loaded(asked.case):
                    broken(moved)
                    return
                # From here on the hand is kept off the case, so that this one fits.
                workbench.keep_off(asked.case)
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
        now.asked.workbench.let_case_be()
        if now.turns is not None:
            now.turns.stop()
        if now.dialog is not None:
            now.dialog.end()
        now.release_saves()
        self._tell_who_waits()

    def _tell_who_waits(self) -> None:
        while self._when_free and not self.is_under_way:
            self._when_free.pop(0)()


class Row:
    """Large Edits one after the other that are one step of undo. Made by `LargeEdits.begin_row`.

    Until `end` no save begins, nobody else makes a large Edit, and the hand is kept off every case:
    what came between two of them would part the step.

    Parameters
    ----------
    dialog : says how far it is, and goes with the row
    total : what all of it counts; each part says what it counts of that
    release_saves : called at the end
    """

    def __init__(
        self,
        large: LargeEdits,
        workbench: Workbench,
        dialog: WaitingDialog,
        total: int,
        release_saves: Callable[[], None],
    ) -> None:
        self._large, self._workbench = large, workbench
        self._dialog, self._total = dialog, total
        self._release_saves = release_saves
        self._before = self._part = 0
        self.is_over = False
        workbench.keep_off_all()

    def make(
        self,
        case: str,
        make: Make,
        *,
        voxels: int,
        counts: int,
        done: Callable[[], object],
        failed: Callable[[Exception], object],
    ) -> None:
        """The next one, of a case that is in memory; as `LargeEdits.make`.

        Parameters
        ----------
        counts : of the row's total
        """
        self._begin_part(counts)
        workbench = self._workbench
        if voxels > pieces.PIECE:
            asked = asked_edit(workbench, case, "", make, done, failed)
            self._large._start_in(self, asked)
        else:
            do_now(workbench, case, make, done, failed)

    def step(
        self,
        way: Way,
        *,
        counts: int,
        done: Callable[[], object],
        failed: Callable[[Exception], object],
    ) -> None:
        """Take the newest Edit back, or do it again, at once where it is small; its case is in
        memory. As `make`."""
        self._begin_part(counts)
        workbench = self._workbench
        edit = next_step(workbench, way)
        if edit is not None and pieces.is_large(edit):
            asked = asked_step(workbench, way, "", done, failed)
            if asked is not None:
                self._large._start_in(self, asked)
            return
        try:
            _ = workbench.undo_part() if way == "undo" else workbench.redo_part()
        except SegdeskError as error:
            failed(error)
        else:
            done()

    def _begin_part(self, counts: int) -> None:
        self._before += self._part
        self._part = counts
        self.tell_part(0, 1)

    def tell_part(self, done: int, of: int) -> None:
        """How far the part under way is."""
        self._dialog.tell(self._before + self._part * done // max(of, 1), self._total)

    def end(self) -> None:
        """No more of them follows: the hand may go on, and so may saves."""
        if not self.is_over:
            self.is_over = True
            self._large._end_row(self._end)

    def _end(self) -> None:
        self._workbench.let_all_be()
        self._dialog.end()
        self._release_saves()


class _UnderWay:
    """A large Edit from the moment that it was asked for until its last piece is in."""

    def __init__(self, asked: Asked, release_saves: Callable[[], None]) -> None:
        self.asked = asked
        self.release_saves = release_saves
        self.dialog: WaitingDialog | None = None
        self.tell: Callable[[int, int], None] = self._tell
        self.task: Task | None = None
        self.turns: InTurns | None = None
        self.tries = 0

    def pieces(self) -> Iterator[None]:
        """Take them in, one at each step."""
        while self.asked.workbench.go_on():
            self.tell(*self.asked.workbench.progress)
            yield

    def _tell(self, done: int, of: int) -> None:
        if self.dialog is not None:
            self.dialog.tell(done, of)


def window_of(child: QObject) -> QWidget | None:
    """The window that something belongs to."""
    parent = child.parent()
    while parent is not None and not isinstance(parent, QWidget):
        parent = parent.parent()
    return parent
