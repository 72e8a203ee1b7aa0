"""A child that stays does one job after the other, and no longer than it is wanted."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from segdesk.jobs import free_memory
from segdesk.jobs.messages import Finished, Message, Note, Prepare, Ready
from segdesk.jobs.standby import Standby
from segdesk.jobs.trainer_client import Ended, TrainerClient

#: How long a test waits before it is red.
PATIENCE_S = 60
#: Works until it is not wanted any more: says which job of its own it is, and what was prepared.
STAYS = """
    prepared, jobs = "nothing", 0
    while True:
        match channel.wait_for_task():
            case Prepare(network):
                prepared = network
            case Work(folder):
                jobs += 1
                channel.send(Hello(PROTOCOL, os.getpid(), ()))
                channel.send(Note(f"job {jobs}, {prepared}"))
                sys.stderr.write(f"log of {Path(folder).name}\\n")
                sys.stderr.flush()
                what = (Path(folder) / "what").read_text()
                exec(what)
                channel.send(Finished("finished", "Done.", 1, 1.0))
                channel.end_job()
"""
NewStandby = Callable[..., Standby]


@pytest.fixture
def standby(child_script: Callable[..., Path]) -> Iterator[NewStandby]:
    """Makes a standby whose children run `STAYS`; all are closed at the end."""
    made: list[Standby] = []
    script = child_script("channel = open_channel()\n" + _plain(STAYS), says_hello=False)

    def make(**options: object) -> Standby:
        command = [sys.executable, str(script)]
        made.append(Standby(command, memory_is_short=lambda: False, **options))  # pyright: ignore[reportArgumentType]
        return made[-1]

    yield make
    for one in made:
        one.close()


def _plain(text: str) -> str:
    return "\n".join(line[4:] for line in text.splitlines())


def job(folder: Path, standby: Standby, what: str = "") -> TrainerClient:
    folder.mkdir()
    (folder / "what").write_text(what)
    return TrainerClient(folder, folder / "log.txt", standby=standby)


def done(client: TrainerClient) -> tuple[Ended, list[Message], int | None]:
    """How a job ended, what was said, and by which process."""
    heard: list[Message] = []
    pids: list[int | None] = []

    def listen(message: Message) -> None:
        heard.append(message)
        pids.append(client.pid())

    ended = client.run(listen)
    assert client.pid() is None
    return ended, heard, pids[0] if pids else None


def notes(heard: list[Message]) -> list[str]:
    return [message.sentence for message in heard if isinstance(message, Note)]


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


def lives(pid: int | None) -> bool:
    assert pid is not None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_one_child_does_one_job_after_the_other(standby: NewStandby, tmp_path: Path) -> None:
    waiting = standby()
    first = done(job(tmp_path / "a", waiting))
    second = done(job(tmp_path / "b", waiting))
    assert notes(first[1]) == ["job 1, nothing"]
    assert notes(second[1]) == ["job 2, nothing"]
    assert first[2] == second[2] == waiting.pid
    assert isinstance(second[1][-1], Finished)
    assert not any(isinstance(message, Ready) for message in first[1] + second[1])
    assert second[0] == Ended("finished", "Done.", "", 0, tmp_path / "b" / "log.txt")


def test_a_child_outlives_the_thread_of_its_job(standby: NewStandby, tmp_path: Path) -> None:
    waiting = standby()
    first = job(tmp_path / "a", waiting)
    worker = threading.Thread(target=first.run, args=(lambda _: None,))
    worker.start()
    worker.join()
    pid = waiting.pid
    # Linux ends a child with the thread that started it.
    time.sleep(0.3)
    _, heard, by = done(job(tmp_path / "b", waiting))
    assert notes(heard) == ["job 2, nothing"]
    assert by == pid is not None


def test_each_job_has_its_own_log(standby: NewStandby, tmp_path: Path) -> None:
    waiting = standby()
    for name in ("a", "b"):
        # What is printed comes by another pipe than the last word.
        done(job(tmp_path / name, waiting, "time.sleep(0.3)"))
    for name in ("a", "b"):
        assert (tmp_path / name / "log.txt").read_text().split() == ["log", "of", name]


def test_what_is_prepared_waits_for_its_job(standby: NewStandby, tmp_path: Path) -> None:
    waiting = standby()
    waiting.prepare(Prepare("unet_fast", 16, 2, 1))
    pid = waiting.pid
    assert pid is not None
    _, heard, by = done(job(tmp_path / "a", waiting))
    assert notes(heard) == ["job 1, unet_fast"]
    assert by == pid


@pytest.mark.parametrize("way", ["os._exit(3)", "os.kill(os.getpid(), 9)", "raise ValueError"])
def test_a_child_that_dies_in_a_job_is_a_crash_and_the_next_job_has_another(
    standby: NewStandby, tmp_path: Path, way: str
) -> None:
    waiting = standby()
    ended, _, first = done(job(tmp_path / "a", waiting, way))
    assert ended.outcome == "crashed"
    assert waiting.pid is None
    again, heard, second = done(job(tmp_path / "b", waiting))
    assert again.outcome == "finished"
    assert notes(heard) == ["job 1, nothing"]
    assert first != second


def test_a_child_that_dies_while_it_waits_is_not_missed(
    standby: NewStandby, tmp_path: Path
) -> None:
    waiting = standby()
    _, _, first = done(job(tmp_path / "a", waiting))
    assert first is not None
    os.kill(first, 9)
    wait_for(lambda: waiting.pid is None)
    again, _, second = done(job(tmp_path / "b", waiting))
    assert again.outcome == "finished"
    assert second != first


def test_a_stop_before_there_is_anything_to_keep_ends_the_child_too(
    standby: NewStandby, tmp_path: Path
) -> None:
    waiting = standby()
    client = job(tmp_path / "a", waiting, "channel.send(Note('now')); time.sleep(600)")

    def stop(message: Message) -> None:
        if message == Note("now"):
            client.stop()

    assert client.run(stop).outcome == "stopped"
    assert waiting.pid is None
    assert done(job(tmp_path / "b", waiting))[0].outcome == "finished"


def test_a_stop_is_for_one_job(standby: NewStandby, tmp_path: Path) -> None:
    waiting = standby()
    keeps = """
channel.leave_on_stop = False
channel.send(Note('now'))
while not channel.should_stop():
    time.sleep(0.01)
"""
    client = job(tmp_path / "a", waiting, keeps)

    def stop(message: Message) -> None:
        if message == Note("now"):
            client.stop()

    client.run(stop)
    pid = waiting.pid
    assert pid is not None
    client.stop()  # nobody is there to hear it
    asked = "channel.send(Note(str((channel.should_stop(), channel.leave_on_stop))))"
    _, heard, by = done(job(tmp_path / "b", waiting, asked))
    assert notes(heard)[-1] == "(False, True)"
    assert by == pid


def test_a_pause_is_for_one_job(standby: NewStandby, tmp_path: Path) -> None:
    waiting = standby()
    client = job(tmp_path / "a", waiting, "time.sleep(0.2)")
    client.pause()
    client.run(lambda _: None)
    _, heard, _ = done(job(tmp_path / "b", waiting, "channel.wait_while_paused()"))
    assert notes(heard) == ["job 2, nothing"]


def test_a_child_that_nobody_needs_is_ended(standby: NewStandby, tmp_path: Path) -> None:
    waiting = standby(idle_s=0.3)
    _, _, pid = done(job(tmp_path / "a", waiting))
    wait_for(lambda: waiting.pid is None)
    wait_for(lambda: not lives(pid))
    assert done(job(tmp_path / "b", waiting))[0].outcome == "finished"


def test_a_child_goes_where_memory_is_short(
    child_script: Callable[..., Path], tmp_path: Path
) -> None:
    script = child_script("channel = open_channel()\n" + _plain(STAYS), says_hello=False)
    short = [False]
    waiting = Standby([sys.executable, str(script)], look_s=0.05, memory_is_short=lambda: short[0])
    _, _, pid = done(job(tmp_path / "a", waiting))
    time.sleep(0.3)
    assert waiting.pid == pid
    short[0] = True
    wait_for(lambda: waiting.pid is None)
    waiting.prepare(Prepare("unet_fast", 16, 2, 1))
    assert waiting.pid is None
    # A job that somebody asked for is done all the same.
    assert done(job(tmp_path / "b", waiting))[0].outcome == "finished"
    waiting.close()


def test_a_child_that_does_not_read_holds_nobody_up(standby: NewStandby, tmp_path: Path) -> None:
    waiting = standby()
    stopped = "os.kill(os.getpid(), signal.SIGSTOP)"
    client = job(tmp_path / "a", waiting, f"channel.send(Note('now')); {stopped}")
    slowest = [0.0]

    def look_round(message: Message) -> None:
        if message != Note("now"):
            return
        for index in range(5000):
            before = time.perf_counter()
            client.look_at("case-001", index)
            slowest[0] = max(slowest[0], time.perf_counter() - before)
        client.kill()

    assert client.run(look_round).outcome == "stopped"
    assert slowest[0] < 1.0


def test_what_died_before_its_job_is_no_fault_of_the_job(
    standby: NewStandby, tmp_path: Path
) -> None:
    waiting = standby()
    for turn in range(8):
        waiting.prepare(Prepare("unet_fast", 16, 2, 1))
        pid = waiting.pid
        assert pid is not None
        os.kill(pid, 9)
        ended, heard, _ = done(job(tmp_path / f"{turn}", waiting))
        assert ended.outcome == "finished"
        assert notes(heard) == ["job 1, nothing"]


def test_a_closed_standby_keeps_no_child(standby: NewStandby, tmp_path: Path) -> None:
    waiting = standby()
    client = job(tmp_path / "a", waiting, "time.sleep(0.3)")
    ends: list[Ended] = []
    pids: list[int | None] = []
    worker = threading.Thread(
        target=lambda: ends.append(client.run(lambda _: pids.append(client.pid())))
    )
    worker.start()
    wait_for(lambda: pids)
    waiting.close()
    worker.join()
    assert ends[0].outcome == "finished"
    wait_for(lambda: not lives(pids[0]))
    assert waiting.pid is None


def test_a_child_that_says_neither_ready_nor_goes_is_helped(
    standby: NewStandby, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segdesk.jobs.trainer_child.FAREWELL_S", 0.3)
    waiting = standby()
    hangs = "channel.send(Finished('finished', 'Done.', 1, 1.0)); time.sleep(600)"
    ended, _, _ = done(job(tmp_path / "a", waiting, hangs))
    assert (ended.outcome, ended.reason) == ("finished", "Done.")
    assert waiting.pid is None


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("MemTotal: 16000000 kB\nMemAvailable: 8000000 kB\n", False),
        ("MemTotal: 16000000 kB\nMemAvailable: 900000 kB\n", True),
        ("MemTotal: 2000000 kB\nMemAvailable: 400000 kB\n", False),
        ("MemTotal: 2000000 kB\n", False),
        ("nonsense", False),
    ],
)
def test_memory_is_short_where_little_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, short: bool
) -> None:
    (tmp_path / "meminfo").write_text(text)
    monkeypatch.setattr(free_memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(sys, "platform", "linux")
    assert free_memory.is_short() is short
