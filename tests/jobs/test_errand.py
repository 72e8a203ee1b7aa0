"""The two ends of an errand: what a child says is checked, and no print of it comes between."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import types
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest

from segdesk.errors import InputError, ProjectError, ProjectGone, ProjectReadOnly, UsageError
from segdesk.jobs import errand
from segdesk.jobs.child import ORPHANED
from segdesk.jobs.errand_lines import Answer, Fault, Progress, decode, encode, fault_of

ROOT = Path(__file__).resolve().parents[2]
SERVE = "import os, time; from segdesk.jobs.errand_child import serve; "


@pytest.mark.parametrize(
    "message",
    [Progress("a", 1, 2), Answer(()), Answer((("a",), (), ("b", "c"))), Fault("bug", "a", "")],
)
def test_a_message_comes_back(message: Progress | Answer | Fault) -> None:
    assert decode(encode(message)) == message


@pytest.mark.parametrize(
    "row",
    [
        None,
        {},
        ["progress", "a", 1],
        ["progress", "a", "1", 2],
        ["progress", 1, 1, 2],
        ["answer", "abc"],
        ["answer", [1]],
        ["answer", ["a", None]],
        ["answer", {"a": 1}],
        ["fault", "OSError", "a", "b"],
        ["fault", "bug", "a"],
        ["fault", "ProjectError", "a", None],
        ["else"],
    ],
)
def test_what_is_no_message_is_not_believed(row: object) -> None:
    assert decode(json.dumps(row).encode() + b"\n") is None


@pytest.mark.parametrize("line", [b"\n", b"\xff\n", b"[" * 100_000, b'["progress", "a", 1, 2]'])
def test_what_is_no_line_is_not_believed(line: bytes) -> None:
    assert decode(line) is None


@pytest.mark.parametrize("kind", [UsageError, InputError, ProjectError, ProjectReadOnly])
def test_an_error_keeps_its_class(kind: type[ProjectError]) -> None:
    found = fault_of(kind("a", "b")).as_error()
    assert (type(found), str(found)) == (kind, str(kind("a", "b")))


def test_an_error_that_the_other_end_does_not_know_becomes_the_nearest() -> None:
    assert type(fault_of(ProjectGone("a", "b")).as_error()) is ProjectError


def test_what_a_child_prints_does_not_come_between(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = "print('noise', flush=True), os.system('echo noise'), (tuple(asked),)"
    script = f"{SERVE}serve(lambda asked, tell: ({noise})[-1])"
    monkeypatch.setattr(errand, "own_command", lambda _: (sys.executable, "-c", script))
    assert errand.run("x", ("a", "b")) == (("a", "b"),)


def test_a_pipe_that_cannot_be_read_is_not_listened_to_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Pipe:
        def __enter__(self) -> Pipe:
            return self

        def __exit__(self, *_: object) -> None: ...

        def readline(self, _most: int) -> bytes:
            raise OSError("a pipe that cannot be read")

    said = queue.SimpleQueue[bytes]()
    child = types.SimpleNamespace(stdout=Pipe())
    with suppress(OSError):
        errand._listen(cast("subprocess.Popen[bytes]", child), said)
    assert said.get(timeout=1) == b""


def test_a_busy_child_leaves_when_its_stdin_ends() -> None:
    """Where no kernel ends it with its parent."""
    script = f"{SERVE}serve(lambda asked, tell: (tell('a', 0, 1), time.sleep(60)))"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(errand.encode_arguments(()))
        process.stdin.flush()
        assert decode(process.stdout.readline()) == Progress("a", 0, 1)
        process.stdin.close()
        try:
            assert process.wait(20) == ORPHANED
        finally:
            process.kill()
