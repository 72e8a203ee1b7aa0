"""A client talks with real children: messages, commands, and every way to end."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from segdesk.errors import TrainingError
from segdesk.jobs import trainer_child
from segdesk.jobs.messages import (
    PROTOCOL,
    Checkpoint,
    Finished,
    Hello,
    Message,
    Note,
    Step,
)
from segdesk.jobs.trainer_child import trainer_command
from segdesk.jobs.trainer_client import Ended, TrainerClient
from tests.jobs.conftest import NewClient

#: How long a test waits for a word of the child before it is red.
PATIENCE_S = 60
FINISHED = Finished("finished", "All epochs are done.", 2, 1.5)
#: Sends "paused" once `wait_while_paused` holds, then says how it went on.
PAUSABLE = """
    for _ in range(6000):
        waiting = threading.Thread(target=channel.wait_while_paused)
        waiting.start()
        waiting.join(0.05)
        if not waiting.is_alive():
            time.sleep(0.01)
        else:
            channel.send(Note("paused"))
            waiting.join()
            outcome = "stopped" if channel.should_stop() else "finished"
            channel.send(Finished(outcome, "Went on.", 1, 2.0))
            break
"""


def run(client: TrainerClient) -> tuple[Ended, list[Message]]:
    """Run to the end; the end and what was said after the hello."""
    heard: list[Message] = []
    ended = client.run(heard.append)
    assert isinstance(heard[0], Hello)
    return ended, heard[1:]


def test_messages_arrive_in_their_order_and_the_last_word_says_the_outcome(
    client: NewClient, tmp_path: Path
) -> None:
    ended, heard = run(
        client(f"""
            for number in range(300):
                channel.send(Step(1, number, 300, 0.5, 0.1, None))
            channel.send({FINISHED!r})
        """)
    )
    steps = [message.step for message in heard if isinstance(message, Step)]
    assert steps == list(range(300))
    assert heard[-1] == FINISHED
    assert ended == Ended("finished", "All epochs are done.", "", 0, tmp_path / "log.txt")


def test_the_child_gets_the_bundles_folder_and_is_known_by_its_number(client: NewClient) -> None:
    trainer = client("""
        channel.send(Note(sys.argv[-1]))
        channel.send(Finished("finished", "", 0, 0.0))
    """)
    assert trainer.pid() is None
    heard: list[Message] = []
    numbers: list[int | None] = []

    def listen(message: Message) -> None:
        heard.append(message)
        numbers.append(trainer.pid())

    trainer.run(listen)
    hello, note = heard[0], heard[1]
    assert isinstance(hello, Hello)
    assert isinstance(note, Note)
    assert Path(note.sentence).name == "bundle"
    assert numbers[0] == hello.pid
    assert trainer.pid() is None


@pytest.mark.parametrize("busy", ["time.sleep(600)", "while True: pass"])
def test_a_stop_before_the_first_checkpoint_ends_a_busy_child_at_once(
    client: NewClient, busy: str
) -> None:
    trainer = client(f"""
        channel.send(Step(1, 1, 9, 0.5, 7.25, None))
        {busy}
    """)
    heard: list[Message] = []

    def stop_at_step(message: Message) -> None:
        heard.append(message)
        if isinstance(message, Step):
            trainer.stop()

    ended = trainer.run(stop_at_step)
    assert ended.outcome == "stopped"
    assert ended.returncode == 0
    last = heard[-1]
    assert isinstance(last, Finished)
    assert (last.best, last.seconds) == (0, 7.25)


def test_a_stop_after_the_first_checkpoint_lets_the_step_in_hand_end(client: NewClient) -> None:
    trainer = client("""
        channel.leave_on_stop = False
        channel.send(Checkpoint(3, "weights-3.npz", "5e"))
        while not channel.should_stop():
            time.sleep(0.01)
        channel.send(Note("the step in hand is done"))
        channel.send(Finished("stopped", "Stopped; epoch 3 is kept.", 3, 9.0))
    """)
    heard: list[Message] = []

    def stop_at_checkpoint(message: Message) -> None:
        heard.append(message)
        if isinstance(message, Checkpoint):
            trainer.stop()

    ended = trainer.run(stop_at_checkpoint)
    assert (ended.outcome, ended.reason) == ("stopped", "Stopped; epoch 3 is kept.")
    assert heard[-2] == Note("the step in hand is done")


def test_a_stop_that_comes_before_the_hello_is_obeyed(client: NewClient, tmp_path: Path) -> None:
    trainer = client(
        """
        Path(sys.argv[1]).with_name("alive").touch()
        while not Path(sys.argv[1]).with_name("go").exists():
            time.sleep(0.01)
        channel = open_channel()
        time.sleep(600)
        """,
        says_hello=False,
    )
    ends: list[Ended] = []
    worker = threading.Thread(target=lambda: ends.append(trainer.run(lambda _: None)))
    worker.start()
    wait_for(tmp_path / "alive")
    trainer.stop()
    (tmp_path / "go").touch()
    worker.join()
    assert ends[0].outcome == "stopped"


@pytest.mark.parametrize("way", ["stop", "terminate", "kill"])
def test_what_is_stopped_before_it_runs_is_never_started(tmp_path: Path, way: str) -> None:
    trainer = TrainerClient(tmp_path, tmp_path / "log.txt", command=["no-such-program"])
    {"stop": trainer.stop, "terminate": trainer.terminate, "kill": trainer.kill}[way]()
    assert trainer.run(lambda _: None).outcome == "stopped"


@pytest.mark.parametrize("way", ["terminate", "kill"])
def test_a_child_that_was_ended_by_force_counts_as_stopped(client: NewClient, way: str) -> None:
    trainer = client("""
        channel.leave_on_stop = False
        time.sleep(600)
    """)
    ended = trainer.run(lambda _: {"terminate": trainer.terminate, "kill": trainer.kill}[way]())
    assert ended.outcome == "stopped"
    assert ended.hint == ""
    assert ended.returncode != 0


def test_commands_after_the_end_do_nothing(client: NewClient) -> None:
    trainer = client(f"channel.send({FINISHED!r})")
    run(trainer)
    for command in (trainer.stop, trainer.pause, trainer.go_on, trainer.terminate, trainer.kill):
        command()
    with pytest.raises(ValueError, match="not run yet"):
        trainer.run(lambda _: None)


@pytest.mark.parametrize(("way", "outcome"), [("go_on", "finished"), ("stop", "stopped")])
def test_a_paused_child_waits_until_it_may_go_on_or_has_to_stop(
    client: NewClient, way: str, outcome: str
) -> None:
    trainer = client(
        """
    channel.leave_on_stop = False"""
        + PAUSABLE
    )

    def answer(message: Message) -> None:
        if isinstance(message, Hello):
            trainer.pause()
        if message == Note("paused"):
            {"go_on": trainer.go_on, "stop": trainer.stop}[way]()

    assert trainer.run(answer).outcome == outcome


def test_commands_reach_the_child_from_another_thread(client: NewClient) -> None:
    trainer = client(
        """
    channel.leave_on_stop = False"""
        + PAUSABLE
    )
    said = {"hello": threading.Event(), "paused": threading.Event()}
    ends: list[Ended] = []

    def listen(message: Message) -> None:
        said["hello" if isinstance(message, Hello) else "paused"].set()

    worker = threading.Thread(target=lambda: ends.append(trainer.run(listen)))
    worker.start()
    assert said["hello"].wait(PATIENCE_S)
    trainer.pause()
    assert said["paused"].wait(PATIENCE_S)
    trainer.go_on()
    worker.join()
    assert ends[0].outcome == "finished"


def test_a_pause_asked_for_before_the_start_holds_the_child(client: NewClient) -> None:
    trainer = client(PAUSABLE)
    trainer.pause()
    heard: list[Message] = []

    def go_on_when_paused(message: Message) -> None:
        heard.append(message)
        if message == Note("paused"):
            trainer.go_on()

    trainer.run(go_on_when_paused)
    assert Note("paused") in heard


@pytest.mark.parametrize(
    ("last_act", "reason", "returncode"),
    [
        ("os.abort()", "killed by signal 6 (SIGABRT).", -6),
        (
            "os.kill(os.getpid(), signal.SIGKILL)",
            "or a smaller batch, and try again.",
            -9,
        ),
        ("sys.exit(3)", "ended with code 3.", 3),
        ("raise ValueError('the batch is empty')", "ended with code 1.", 1),
        ("sys.exit(0)", "ended without a last word.", 0),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_a_child_that_dies_is_a_crash_with_a_readable_reason(
    client: NewClient, last_act: str, reason: str, returncode: int
) -> None:
    ended, _ = run(client(last_act))
    assert ended.outcome == "crashed"
    assert ended.reason.endswith(reason)
    assert ended.returncode == returncode


def test_the_hint_of_a_crash_is_what_the_log_said_last_without_paths(client: NewClient) -> None:
    ended, _ = run(
        client("""
            print("loading", file=sys.stderr)
            raise FileNotFoundError("no model in '/home/a/DOE JOHN/p.segdesk/model.keras'")
        """)
    )
    assert ended.hint == "FileNotFoundError: no model in '…'"
    assert "Traceback" in ended.log.read_text(encoding="utf-8")


def test_a_failure_that_the_child_explains_keeps_its_words(client: NewClient) -> None:
    ended, _ = run(client("channel.send(Failed('The GPU has no memory left.', 'Halve it.'))"))
    assert (ended.outcome, ended.reason, ended.hint) == (
        "crashed",
        "The GPU has no memory left.",
        "Halve it.",
    )


def test_a_child_that_does_not_leave_after_its_last_word_is_helped(
    client: NewClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer_child, "FAREWELL_S", 0.2)
    ended, _ = run(
        client(f"""
            channel.send({FINISHED!r})
            time.sleep(600)
        """)
    )
    assert (ended.outcome, ended.returncode) == ("finished", -9 if sys.platform != "win32" else 1)


def test_another_protocol_is_refused_and_the_child_ended(client: NewClient) -> None:
    heard: list[Message] = []
    ended = client(
        """
        channel = open_channel()
        channel.send(Hello(PROTOCOL + 1, 1, ()))
        time.sleep(600)
        """,
        says_hello=False,
    ).run(heard.append)
    assert heard == []
    assert ended.outcome == "crashed"
    assert f"version {PROTOCOL + 1} of the protocol" in ended.reason


def test_torn_and_joined_writes_make_whole_messages(client: NewClient) -> None:
    ended, heard = run(
        client(
            f"""
            out = sys.stdout.buffer
            lines = "".join(encode(m) + "\\n" for m in (
                Hello(PROTOCOL, 1, ()), Note("ä" * 40), Note("two"), {FINISHED!r}
            )).encode()
            for start in range(0, 130, 13):
                out.write(lines[start:start + 13])
                out.flush()
                time.sleep(0.005)
            out.write(lines[130:])
            out.flush()
            """,
            says_hello=False,
        )
    )
    assert heard == [Note("ä" * 40), Note("two"), FINISHED]
    assert ended.outcome == "finished"


def test_a_very_long_message_arrives_whole(client: NewClient) -> None:
    _, heard = run(
        client(f"""
            channel.send(Note("x" * 3_000_000))
            channel.send({FINISHED!r})
        """)
    )
    assert heard == [Note("x" * 3_000_000), FINISHED]


def test_a_line_without_an_end_fills_no_memory_and_the_next_one_is_heard(
    client: NewClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer_child, "LONGEST_LINE", 1000)
    _, heard = run(
        client(f"""
            channel.send(Note("x" * 5_000))
            channel.send({FINISHED!r})
        """)
    )
    assert heard == [FINISHED]


def test_a_line_that_is_no_message_goes_to_the_log_and_the_rest_is_heard(
    client: NewClient,
) -> None:
    ended, heard = run(
        client(
            f"""
            print(encode(Hello(PROTOCOL, 1, ())))
            print("Epoch 1/10")
            print('{{"message": "Step"}}')
            sys.stdout.buffer.write(bytes([255, 254, 10]))
            print(encode({FINISHED!r}))
            """,
            says_hello=False,
        )
    )
    assert heard == [FINISHED]
    assert "Epoch 1/10" in ended.log.read_text(encoding="utf-8")


def test_a_dying_childs_torn_line_is_no_message(client: NewClient) -> None:
    ended, heard = run(
        client(
            """
            line = encode(Finished("finished", "", 1, 1.0))
            print(encode(Hello(PROTOCOL, 1, ())))
            sys.stdout.write(line)
            """,
            says_hello=False,
        )
    )
    assert heard == []
    assert ended.outcome == "crashed"


def test_lines_that_many_threads_send_do_not_mix(client: NewClient) -> None:
    _, heard = run(
        client(f"""
            def talk(who):
                for number in range(100):
                    channel.send(Note(f"{{who}}-{{number}}-" + "x" * 9000))
            threads = [threading.Thread(target=talk, args=(who,)) for who in range(6)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            channel.send({FINISHED!r})
        """)
    )
    said = [message.sentence.rsplit("-", 1)[0] for message in heard if isinstance(message, Note)]
    assert sorted(said) == sorted(f"{who}-{number}" for who in range(6) for number in range(100))


def test_an_error_of_the_listener_ends_the_child_and_comes_out(
    client: NewClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer_child, "FAREWELL_S", 600)  # patience alone does not end it

    def refuse(_: Message) -> None:
        raise KeyError("listener")

    with pytest.raises(KeyError, match="listener"):
        client("time.sleep(600)").run(refuse)


def test_a_program_that_cannot_be_started_is_said_in_a_sentence(tmp_path: Path) -> None:
    trainer = TrainerClient(tmp_path, tmp_path / "log.txt", command=["no-such-program"])
    with pytest.raises(TrainingError, match="could not be started"):
        trainer.run(lambda _: None)


def test_a_log_that_cannot_be_written_starts_no_child(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    trainer = TrainerClient(tmp_path, tmp_path / "file" / "log.txt", command=["no-such-program"])
    with pytest.raises(TrainingError, match="log could not be written"):
        trainer.run(lambda _: None)


def test_a_frozen_program_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert trainer_command() == (sys.executable, "-P", "-m", "segdesk.cli", "trainer")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert trainer_command() == (sys.executable, "trainer")


def wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.01)
