"""Work of the window that ends when a test says so, on the test's own thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from segdesk.ui.threads.task_runner import Lane, Report, Task, TaskRunner

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A task that was started and has not been done."""

    task: Task
    work: Callable[[Task], Any]
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    lane: Lane


class HeldTasks(TaskRunner):
    """A runner whose tasks wait, in order, until `end` or `fail` is called for them."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Held] = []

    def start(
        self,
        title: str,
        work: Callable[[Task], T],
        *,
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        lane: Lane = "read",
    ) -> Task:
        task = Task(title, work, Report(self))
        self.held.append(Held(task, work, done, failed, lane))
        return task

    @property
    def titles(self) -> list[str]:
        """What is under way, in the order in which it was begun."""
        return [row.task.title for row in self.held]

    def end(self, title: str) -> None:
        """Do a task and tell its end, as its lane would."""
        row = self._take(title)
        try:
            result = row.work(row.task)
        except Exception as error:  # noqa: BLE001 - as `Task.run` does
            row.failed(error)
        else:
            row.done(result)

    def fail(self, title: str, error: Exception) -> None:
        """Tell that a task has failed, without doing it."""
        self._take(title).failed(error)

    def _take(self, title: str) -> Held:
        row = next(row for row in self.held if row.task.title == title)
        self.held.remove(row)
        return row
