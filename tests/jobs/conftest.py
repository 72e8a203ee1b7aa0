"""Small children with no Keras, and a watch over what a client leaves behind."""

from __future__ import annotations

import os
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from segdesk.jobs.trainer_client import TrainerClient

PREAMBLE = """
import ctypes, os, signal, subprocess, sys, threading, time
from pathlib import Path
from segdesk.jobs.child import open_channel
from segdesk.jobs.messages import *
from segdesk.jobs.wire import encode
"""
HELLO = """
channel = open_channel()
channel.send(Hello(PROTOCOL, os.getpid(), ()))
"""
NewClient = Callable[..., TrainerClient]


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """No thread, file descriptor or child, dead or alive, outlives a test."""
    threads, descriptors = set(threading.enumerate()), _descriptors()
    yield
    assert set(threading.enumerate()) <= threads
    # One that an earlier test held may have been let go meanwhile.
    assert _descriptors() <= descriptors
    if sys.platform == "linux":
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)


@pytest.fixture
def child_script(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a child's program."""

    def write(body: str, *, says_hello: bool = True) -> Path:
        script = tmp_path / "child.py"
        script.write_text(PREAMBLE + HELLO * says_hello + textwrap.dedent(body), encoding="utf-8")
        return script

    return write


@pytest.fixture
def client(tmp_path: Path, child_script: Callable[..., Path]) -> NewClient:
    """Makes a client whose child runs this program after its hello."""

    def make(body: str, *, says_hello: bool = True) -> TrainerClient:
        script = child_script(body, says_hello=says_hello)
        return TrainerClient(
            tmp_path / "bundle", tmp_path / "log.txt", command=[sys.executable, str(script)]
        )

    return make


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0
