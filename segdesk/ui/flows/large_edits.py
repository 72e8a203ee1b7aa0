"""Large Edits in the window: a worker makes them, and they go into the mask piece by piece.

The hand is kept off by a dialog meanwhile. Until the journal has the Edit it can be cancelled; from
then on it goes to its end, and a crash in between leaves all of it. What the pieces are stands in
`core.pieces`, what is kept when in `app.project.door`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from segdesk.app.project.going_in import MovedOn
from segdesk.app.project.workbench import Workbench
from segdesk.core.edit import Edit
from segdesk.core.history import DoneAgain, TakenBack
from segdesk.core.pieces import Seen
from segdesk.errors import UsageError
from segdesk.ui.dialogs.waiting import WaitingDialog
from segdesk.ui.flows.in_turns import InTurns
from segdesk.ui.look.translations import tr
from segdesk.ui.threads.task_runner import Task, TaskRunner

Way = Literal["undo", "redo"]
#: How often what a worker makes is made anew where the case was changed meanwhile.
TRIES = 3


class LargeEdits(QObject):
    """Owned by the session; lives on the GUI thread. One at a time."""

    #: The last piece is in, or nothing goes in any more.
    ended = Signal()

    def __init__(self, parent: QObject, runner: TaskRunner) -> None:
        super().__init__(parent)
        self._runner = runner
        self._waiting: WaitingDialog | None = None
        self._turns: InTurns | None = None
        self._task: Task | None = None

    @property
    def is_under_way(self) -> bool:
        """From the moment that one was asked for until its last piece is in."""
        return self._waiting is not None

    def why_not(self) -> str:
        """Why none can begin now, or ""."""
        return tr("A large change is under way: wait a moment.") if self.is_under_way else ""

    def forget(self) -> None:
        """The project goes. What the journal has comes back when it is opened."""
        if self._task is not None:
            self._task.cancel()
        self._end()

    def make(
        self,
        workbench: Workbench,
        case: str,
        title: str,
        make: Callable[[Task], Edit],
        *,
        done: Callable[[], object],
        failed: Callable[[Exception], object],
    ) -> None:
        """Have a worker make an Edit of a case that is in memory, and take it in.

        Parameters
        ----------
        title : says what is done
        make : on a worker; asks the task whether it goes on. Called again where the case was
            changed meanwhile
        done, failed : one of them is called at the end, unless it is cancelled or the project goes
        """

        def begin(edit: Edit, seen: Seen) -> None:
            workbench.begin(edit, seen)

        self._start(workbench, case, title, make, begin, done, failed)

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
        mask = workbench.annotation(edit.case)

        def look(_: Task) -> Edit:
            applied = entry.applied
            mask.check(applied)
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
        make: Callable[[Task], Edit],
        begin: Callable[[Edit, Seen], None],
        done: Callable[[], object],
        failed: Callable[[Exception], object],
    ) -> None:
        if reason := self.why_not():
            failed(UsageError(reason))
            return
        waiting = self._waiting = WaitingDialog(window_of(self), "large_edit", title, self._cancel)

        def broken(error: Exception) -> None:
            if self._waiting is waiting:
                self._end()
                failed(error)

        def finished() -> None:
            self._end()
            done()

        def tried(left: int) -> None:
            seen = workbench.see(case)

            def made(edit: Edit) -> None:
                if self._waiting is not waiting:
                    return
                try:
                    begin(edit, seen)
                except MovedOn as moved:
                    if left and workbench.is_loaded(case):
                        tried(left - 1)
                    else:
                        broken(moved)
                except Exception as error:  # noqa: BLE001 - whoever asked has to know
                    broken(error)
                else:
                    waiting.goes_to_its_end()
                    steps = self._pieces(workbench, waiting)
                    self._turns = InTurns(self, steps, done=finished, failed=broken)

            self._task = self._runner.start(title, make, done=made, failed=broken)

        waiting.open()
        tried(TRIES - 1)

    def _pieces(self, workbench: Workbench, waiting: WaitingDialog) -> Iterator[None]:
        while workbench.go_on():
            waiting.tell(*workbench.progress)
            yield

    def _cancel(self) -> None:
        """The reader has closed the dialog before anything was kept."""
        if self._task is not None:
            self._task.cancel()
        self._end()

    def _end(self) -> None:
        waiting, self._waiting = self._waiting, None
        turns, self._turns = self._turns, None
        self._task = None
        if turns is not None:
            turns.stop()
        if waiting is not None:
            waiting.end()
            self.ended.emit()


def window_of(child: QObject) -> QWidget | None:
    """The window that something belongs to."""
    parent = child.parent()
    while parent is not None and not isinstance(parent, QWidget):
        parent = parent.parent()
    return parent
