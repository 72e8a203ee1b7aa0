"""Work that is too heavy for the GUI thread: the `TaskRunner`.

A task is a plain function that gets a `Task` (to tell progress and to ask whether it is
cancelled) and returns a value. Its end comes back on the GUI thread, as a call of `done` or
`failed`. The training worker, which talks to a child for hours, is `training_worker`.

Four lanes run beside each other, each one task after the other: "read" for what the reader waits
for, "write" for saving, "sync" for what makes strokes lasting, which waits for no save, and "long"
for imports and exports, which alone are shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from threading import Event
from typing import Any, Literal, TypeVar, get_args

from PySide6.QtCore import QObject, QThread, Signal, Slot

from segdesk.errors import Cancelled

Lane = Literal["read", "write", "sync", "long"]
LANES: tuple[Lane, ...] = get_args(Lane)
#: Seconds between two messages of progress; an eye does not need more.
PROGRESS_EVERY_S = 0.05
#: How long closing waits for a lane, in milliseconds, after its tasks were cancelled.
LONGEST_WAIT_MS = 10_000
T = TypeVar("T")


class Task:
    """One piece of work under way. `tell` and `is_cancelled` are for its own thread.

    Parameters
    ----------
    title : what it does, in words, for the status line
    """

    def __init__(self, title: str, work: Callable[[Task], Any], report: Report) -> None:
        self.title = title
        self.started = time.monotonic()
        self._work = work
        self._report = report
        self._stop = Event()
        self._told = 0.0

    def cancel(self) -> None:
        """Ask it to stop. Any thread."""
        self._stop.set()

    def is_cancelled(self) -> bool:
        return self._stop.is_set()

    def go_on(self) -> None:
        """Raise Cancelled where it was asked to stop."""
        if self.is_cancelled():
            raise Cancelled

    def tell(self, sentence: str, done: int, total: int) -> None:
        """Say how far it is; most calls are dropped, the last one of a count never is."""
        now = time.monotonic()
        if now - self._told >= PROGRESS_EVERY_S or done == total:
            self._told = now
            self._report.progressed.emit(self, sentence, done, total)

    def hand_over(self, take: Callable[[], None]) -> None:
        """Have `take` called on the GUI thread, in order with the progress and the end."""
        self._report.handed_over.emit(self, take)

    def run(self) -> None:
        """Do it, on the lane's thread."""
        try:
            result = self._work(self)
        except Exception as error:  # noqa: BLE001 - whatever it was, the GUI thread has to know
            self._report.ended.emit(self, None, error)
        else:
            self._report.ended.emit(self, result, None)


class Report(QObject):
    """Carries what tasks say to the GUI thread, on which it lives."""

    progressed = Signal(object, object, int, int)
    handed_over = Signal(object, object)
    ended = Signal(object, object, object)


class _Worker(QObject):
    """Lives on a lane's thread and does what is sent to it."""

    @Slot(object)
    def take(self, task: Task) -> None:
        task.run()


class _Lane(QObject):
    """A thread and the queue that leads to it."""

    wanted = Signal(object)

    def __init__(self, name: str, parent: QObject) -> None:
        super().__init__(parent)
        self._thread = QThread(self)
        self._thread.setObjectName(f"segdesk-{name}")
        self._worker = _Worker()
        self._worker.moveToThread(self._thread)
        self.wanted.connect(self._worker.take)

    def send(self, task: Task) -> None:
        if not self._thread.isRunning():
            self._thread.start()
        self.wanted.emit(task)

    def close_down(self) -> None:
        self._thread.quit()
        self._thread.wait(LONGEST_WAIT_MS)


class TaskRunner(QObject):
    """Owned by the window; lives on the GUI thread. Threads start with their first task."""

    #: A task of the "long" lane began, went on, ended.
    began = Signal(object)
    progressed = Signal(object, object, int, int)
    ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._report = Report(self)
        self._report.progressed.connect(self._tell)
        self._report.handed_over.connect(self._hand_over)
        self._report.ended.connect(self._end)
        self._lanes: dict[Lane, _Lane] = {name: _Lane(name, self) for name in LANES}
        self._waiting: list[tuple[Lane, Callable[[], None]]] = []
        self._under_way: dict[Task, tuple[Lane, Callable[[Any], None], Callable[..., None]]] = {}

    def start(
        self,
        title: str,
        work: Callable[[Task], T],
        *,
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        lane: Lane = "read",
    ) -> Task:
        """Have `work` done on a lane.

        Parameters
        ----------
        done, failed : called on the GUI thread, exactly one of them; `failed` gets whatever was
            raised, `Cancelled` where the task gave in to `cancel`
        """
        task = Task(title, work, self._report)
        self._under_way[task] = (lane, done, failed)
        if lane == "long":
            self.began.emit(task)
        self._lanes[lane].send(task)
        return task

    def is_busy(self, lane: Lane) -> bool:
        return any(row[0] == lane for row in self._under_way.values())

    def when_idle(self, lane: Lane, then: Callable[[], None]) -> None:
        """Call `then` when nothing of a lane is under way: now, or when its last task ends."""
        if self.is_busy(lane):
            self._waiting.append((lane, then))
        else:
            then()

    def cancel_all(self) -> None:
        """Ask every task but those that write to stop."""
        for task, (lane, _, _) in self._under_way.items():
            if lane != "write":
                task.cancel()

    def close_down(self) -> None:
        """Cancel, and wait until every thread has ended. What they still say is not heard."""
        self.cancel_all()
        for lane in self._lanes.values():
            lane.close_down()
        self._under_way.clear()
        self._waiting.clear()

    @Slot(object, str, int, int)
    def _tell(self, task: Task, sentence: str, done: int, total: int) -> None:
        if self._under_way.get(task, ("",))[0] == "long":
            self.progressed.emit(task, sentence, done, total)

    @Slot(object, object)
    def _hand_over(self, task: Task, take: Callable[[], None]) -> None:
        if task in self._under_way and not task.is_cancelled():
            take()

    @Slot(object, object, object)
    def _end(self, task: Task, result: object, error: Exception | None) -> None:
        row = self._under_way.pop(task, None)
        if row is None:
            return
        lane, done, failed = row
        if lane == "long":
            self.ended.emit(task)
        follow = partial(done, result) if error is None else partial(failed, error)
        try:
            follow()
        finally:
            self._tell_who_waits()

    def _tell_who_waits(self) -> None:
        idle = [row for row in self._waiting if not self.is_busy(row[0])]
        self._waiting = [row for row in self._waiting if row not in idle]
        for _, then in idle:
            then()
