"""Work on threads: its end, its progress and its errors come back to the GUI thread, in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from segdesk.errors import Cancelled
from segdesk.ui.threads.task_runner import Task, TaskRunner


@pytest.fixture
def runner(qtbot: QtBot) -> Iterator[TaskRunner]:
    made = TaskRunner()
    yield made
    made.close_down()


def never(_: object) -> None:
    pytest.fail("expected the other end of the task")


def test_a_task_works_on_another_thread_and_ends_on_this_one(
    runner: TaskRunner, qtbot: QtBot
) -> None:
    here = QThread.currentThread()
    worked: list[bool] = []
    ended: list[tuple[int, bool]] = []

    def work(_: Task) -> int:
        worked.append(QThread.currentThread() is here)
        return 7

    def done(result: int) -> None:
        ended.append((result, QThread.currentThread() is here))

    runner.start("Counting", work, done=done, failed=never)
    qtbot.waitUntil(lambda: bool(ended))
    assert worked == [False]
    assert ended == [(7, True)]


def test_what_a_task_raises_is_handed_over_as_it_is(runner: TaskRunner, qtbot: QtBot) -> None:
    error = KeyError("a bug")
    seen: list[Exception] = []

    def work(_: Task) -> None:
        raise error

    runner.start("Failing", work, done=never, failed=seen.append)
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [error]
    assert not runner.is_busy("read")


def test_tasks_of_one_lane_run_one_after_the_other_and_lanes_beside_each_other(
    runner: TaskRunner, qtbot: QtBot
) -> None:
    gate = threading.Event()
    order: list[str] = []
    runner.start("first", lambda _: gate.wait(10), done=lambda _: order.append("1"), failed=never)
    runner.start("second", lambda _: None, done=lambda _: order.append("2"), failed=never)
    runner.start(
        "beside", lambda _: None, done=lambda _: order.append("w"), failed=never, lane="write"
    )
    qtbot.waitUntil(lambda: order == ["w"])
    gate.set()
    qtbot.waitUntil(lambda: order == ["w", "1", "2"])


def test_cancelling_reaches_the_work_and_ends_it_as_cancelled(
    runner: TaskRunner, qtbot: QtBot
) -> None:
    seen: list[Exception] = []

    def work(task: Task) -> None:
        while not task.is_cancelled():
            time.sleep(0.001)
        raise Cancelled

    task = runner.start("Waiting", work, done=never, failed=seen.append, lane="long")
    assert runner.is_busy("long")
    task.cancel()
    qtbot.waitUntil(lambda: bool(seen))
    assert isinstance(seen[0], Cancelled)


def test_the_last_progress_of_a_count_is_never_dropped(runner: TaskRunner, qtbot: QtBot) -> None:
    told: list[int] = []
    runner.progressed.connect(lambda task, sentence, done, total: told.append(done))

    def work(task: Task) -> None:
        for at in range(1, 1001):
            task.tell("Counting", at, 1000)

    with qtbot.waitSignal(runner.ended):
        runner.start("Counting", work, done=lambda _: None, failed=never, lane="long")
    assert told[-1] == 1000
    # The eye gets a few of a thousand, not all.
    assert len(told) < 500


def test_what_is_handed_over_comes_before_the_end(runner: TaskRunner, qtbot: QtBot) -> None:
    order: list[str] = []

    def work(task: Task) -> None:
        task.hand_over(lambda: order.append("preview"))

    runner.start("Reading", work, done=lambda _: order.append("end"), failed=never)
    qtbot.waitUntil(lambda: order == ["preview", "end"])


def test_closing_down_cancels_waits_and_calls_nobody(runner: TaskRunner, qtbot: QtBot) -> None:
    began = threading.Event()

    def work(task: Task) -> None:
        began.set()
        while not task.is_cancelled():
            time.sleep(0.001)

    runner.start("Waiting", work, done=never, failed=never, lane="long")
    assert began.wait(10)
    runner.close_down()
    qtbot.wait(20)
    assert not runner.is_busy("long")


def test_who_waits_for_a_lane_is_called_when_it_is_idle(runner: TaskRunner, qtbot: QtBot) -> None:
    order: list[str] = []
    runner.when_idle("long", lambda: order.append("at once"))
    assert order == ["at once"]
    runner.start("a", lambda _: None, done=lambda _: order.append("a"), failed=never, lane="long")
    runner.when_idle("long", lambda: order.append("after"))
    qtbot.waitUntil(lambda: order == ["at once", "a", "after"])
