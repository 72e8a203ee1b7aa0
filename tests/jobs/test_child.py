"""A child keeps its line clean, is gentle, and does not outlive its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from segdesk.jobs.child import NICENESS
from segdesk.jobs.messages import Finished, Message, Note
from tests.jobs.conftest import NewClient

FINISHED = Finished("finished", "", 0, 0.0)
posix = pytest.mark.skipif(sys.platform == "win32", reason="asks a POSIX system")
linux = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux' /proc")


def notes_of(client: NewClient, body: str) -> list[str]:
    heard: list[Message] = []
    client(body + "\nchannel.send(Finished('finished', '', 0, 0.0))").run(heard.append)
    return [message.sentence for message in heard if isinstance(message, Note)]


@posix
def test_stray_prints_of_python_c_and_grandchildren_go_to_the_log(
    client: NewClient, tmp_path: Path
) -> None:
    ended = client("""
print("from Python")
os.write(1, b"from the descriptor\\n")
libc = ctypes.CDLL(None)
libc.printf(b"from C\\n")
libc.fflush(None)
subprocess.run(["echo", "from a grandchild"], check=True)
channel.send(Finished("finished", "", 0, 0.0))
""").run(lambda _: None)
    assert ended.outcome == "finished"
    log = ended.log.read_text(encoding="utf-8").splitlines()
    assert sorted(log) == [
        "from C",
        "from Python",
        "from a grandchild",
        "from the descriptor",
    ]


def test_what_was_printed_before_the_channel_opened_does_not_come_between(
    client: NewClient,
) -> None:
    heard: list[Message] = []
    ended = client(
        f"""
        import io
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)))
        print("too early")
        channel = open_channel()
        sys.stdout.flush()
        channel.send({FINISHED!r})
        """,
        says_hello=False,
    ).run(heard.append)
    assert heard == [FINISHED]
    assert "too early" in ended.log.read_text(encoding="utf-8")


def test_a_library_that_reads_stdin_finds_its_end(client: NewClient) -> None:
    assert notes_of(client, "channel.send(Note(repr(sys.stdin.read())))") == ["''"]


def test_an_unknown_command_is_said_in_the_log_and_harms_nothing(
    child_script: Callable[[str], Path],
) -> None:
    child = start(child_script("time.sleep(600)"))
    _, errors = child.communicate("dance\npau", timeout=60)
    assert "'dance'" in errors


@posix
def test_the_child_is_ten_steps_nicer(client: NewClient) -> None:
    expected = min(os.nice(0) + NICENESS, 19)
    assert notes_of(client, "channel.send(Note(str(os.nice(0))))") == [str(expected)]


@posix
def test_the_child_may_open_a_file_for_each_of_many_cases(client: NewClient) -> None:
    body = """
        import resource
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
        channel = open_channel()
        held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1000)]
        channel.send(Hello(PROTOCOL, os.getpid(), ()))
        channel.send(Note(str(len(held))))
        channel.send(Finished("finished", "Done.", 1, 1.0))
    """
    heard: list[Message] = []
    client(body, says_hello=False).run(heard.append)
    assert [one.sentence for one in heard if isinstance(one, Note)] == ["1000"]


def test_tensorflow_is_quiet_in_the_child_but_keeps_its_fast_kernels(client: NewClient) -> None:
    names = ("TF_CPP_MIN_LOG_LEVEL", "PYTHONUNBUFFERED", "TF_ENABLE_ONEDNN_OPTS", "SEGDESK_PARENT")
    body = f"for name in {names!r}: channel.send(Note(str(os.environ.get(name))))"
    assert notes_of(client, body) == ["3", "1", str(os.environ.get(names[2])), "None"]


@linux
def test_a_grandchild_gets_none_of_the_protocols_pipes(client: NewClient) -> None:
    heard: list[Message] = []
    client(
        """
        pipes = [os.readlink(f"/proc/self/fd/{number}") for number in (0, 1)]
        channel = open_channel()
        listing = "import os\\nfor n in os.listdir('/proc/self/fd'):\\n"
        listing += "  try: print(os.readlink('/proc/self/fd/' + n))\\n  except OSError: pass"
        seen = subprocess.run(
            [sys.executable, "-c", listing],
            close_fds=False, stdout=subprocess.PIPE, text=True, check=True,
        ).stdout.split()
        channel.send(Note(" ".join(pipes)))
        channel.send(Note(" ".join(seen)))
        channel.send(Finished("finished", "", 0, 0.0))
        """,
        says_hello=False,
    ).run(heard.append)
    pipes, seen = (set(m.sentence.split()) for m in heard if isinstance(m, Note))
    assert len(pipes) == 2
    assert "/dev/null" in seen
    assert not pipes & seen


@linux
@pytest.mark.parametrize("last_act", ["", "os.abort()"])
def test_nothing_that_the_child_started_outlives_it(client: NewClient, last_act: str) -> None:
    (number,) = notes_of(
        client,
        f"""
sleeper = subprocess.Popen(["sleep", "600"])
channel.send(Note(str(sleeper.pid)))
{last_act}
""",
    )
    wait_until_gone(int(number))


def test_a_child_leaves_when_the_end_of_its_stdin_comes(
    child_script: Callable[[str], Path],
) -> None:
    # Started by hand, so without the parent's number: the kernel's signal plays no part.
    child = start(child_script("time.sleep(600)"))
    child.communicate(timeout=60)
    assert child.returncode == 1


def test_a_child_leaves_when_nobody_listens_any_more(
    child_script: Callable[[str], Path],
) -> None:
    child = start(child_script("while True: channel.send(Note('x' * 1000))"))
    assert child.stdout is not None
    child.stdout.readline()
    child.stdout.close()
    assert child.wait(timeout=60) == 1
    assert child.stderr is not None
    assert child.stderr.read() == ""
    child.communicate()


@linux
@pytest.mark.parametrize(
    "busy", ["time.sleep(600)", "while True: pass", "sum(range(10**14))  # holds the GIL"]
)
def test_a_killed_parent_leaves_no_child(
    child_script: Callable[[str], Path], tmp_path: Path, busy: str
) -> None:
    child = child_script(busy)
    parent = tmp_path / "parent.py"
    parent.write_text(f"""
import sys
from pathlib import Path
from segdesk.jobs.trainer_client import TrainerClient
client = TrainerClient(Path("bundle"), Path({str(tmp_path / "log.txt")!r}),
                       command=[sys.executable, {str(child)!r}])
client.run(lambda message: print(message.pid, flush=True))
""")
    with subprocess.Popen([sys.executable, str(parent)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        number = int(process.stdout.readline())
        if busy != "time.sleep(600)":
            wait_until_busy(number)
        assert not is_gone(number)
        process.kill()
    wait_until_gone(number)


@linux
def test_a_child_whose_parent_went_before_the_kernel_was_told_leaves(
    child_script: Callable[[str], Path],
) -> None:
    script = child_script("time.sleep(600)")
    child = start(script, SEGDESK_PARENT=str(os.getpid() + 1))
    assert child.wait(timeout=60) == 1
    assert child.communicate()[0] == ""


@posix
@pytest.mark.parametrize(
    ("after_the_stop", "presses", "end"),
    [
        ("", 1, "stopped kept 0"),
        ("time.sleep(600)", 2, "stopped It did not stop by itself and was ended. -9"),
    ],
)
def test_ctrl_c_stops_and_a_second_one_kills(
    child_script: Callable[[str], Path], tmp_path: Path, after_the_stop: str, presses: int, end: str
) -> None:
    child = child_script(f"""
        channel.leave_on_stop = False
        channel.send(Note("running"))
        while not channel.should_stop():
            time.sleep(0.01)
        channel.send(Note("asked to stop"))
        {after_the_stop}
        channel.send(Finished("stopped", "kept", 1, 1.0))
    """)
    parent = tmp_path / "parent.py"
    parent.write_text(f"""
import sys, signal
from pathlib import Path
from segdesk.jobs.trainer_client import TrainerClient
from segdesk.jobs.messages import Note
client = TrainerClient(Path("bundle"), Path({str(tmp_path / "log.txt")!r}),
                       command=[sys.executable, {str(child)!r}])
def listen(message):
    if isinstance(message, Note):
        print(message.sentence, flush=True)
ended = client.run(listen)
print(ended.outcome, ended.reason, ended.returncode)
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
""")
    process = subprocess.Popen(
        [sys.executable, str(parent)], stdout=subprocess.PIPE, text=True, process_group=0
    )
    with process:
        assert process.stdout is not None
        for line in ("running\n", "asked to stop\n")[:presses]:
            assert process.stdout.readline() == line
            # To the whole group, as a terminal does it.
            os.killpg(process.pid, signal.SIGINT)
        *_, said, restored = process.stdout.read().splitlines()
    assert process.returncode == 0
    assert (said, restored) == (end, "True")


def start(script: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(script), "bundle"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
        text=True,
    )


def is_gone(number: int) -> bool:
    """Whether that process has ended; a zombie that nobody has reaped yet counts as gone."""
    try:
        status = Path(f"/proc/{number}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return True
    return status.rpartition(")")[2].split()[0] == "Z"


def wait_until_busy(number: int) -> None:
    """Return once that process has used a fifth of a second more of its core."""

    def ticks() -> int:
        fields = Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2]
        return int(fields.split()[11])

    start = ticks()
    while ticks() < start + os.sysconf("SC_CLK_TCK") // 5:
        time.sleep(0.02)


def wait_until_gone(number: int) -> None:
    """Fail where a process is still there after five seconds, as the design promises."""
    deadline = time.monotonic() + 5
    while not is_gone(number):
        assert time.monotonic() < deadline, f"process {number} is still there"
        time.sleep(0.02)
