"""One piece of work in a process of its own, because a library may end the process that does it.

`run` is the program's end, `errand_child` the other. Nothing here knows what is done: an errand has
texts as arguments and rows of texts as its answer, and anything larger goes by file. What a crash
means is said by whoever sends it.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, cast

from segdesk.errors import Cancelled
from segdesk.jobs.child import PARENT_VARIABLE
from segdesk.jobs.command import own_command
from segdesk.jobs.errand_lines import Answer, Fault, Progress, Rows, decode, encode_arguments

#: Told how far it is: a sentence, done, total.
Tell = Callable[[str, int, int], None]
#: Lines as they come.
Lines = queue.SimpleQueue[bytes]
#: How often it is asked whether to stop, in seconds.
_LOOK_S = 0.05
#: A child that says no more has so long to leave.
_FAREWELL_S = 5.0
_LONGEST_LINE = 16 * 1024 * 1024
if sys.platform == "win32":
    _FLAGS = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    _GROUP = None
else:
    _FLAGS = 0
    # Of its own, so that the terminal's Ctrl+C comes to the program alone.
    _GROUP = 0


class Crashed(Exception):
    """The process ended without a last word, or said what is none.

    Parameters
    ----------
    returncode : as `subprocess` has it, negative for a signal of the system's
    """

    def __init__(self, returncode: int) -> None:
        super().__init__(f"the process ended with {returncode}")
        self.returncode = returncode


def run(
    command: str,
    arguments: Sequence[str],
    *,
    tell: Tell | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Rows:
    """Start a hidden command of segdesk, hand on how far it is, and give its answer. Any thread.

    Parameters
    ----------
    command : its name, such as "unpacker"
    tell : called on this thread
    cancelled : asked 20 times a second; the process is then ended where it stands

    Raises
    ------
    SegdeskError
        What the work raised.
    Cancelled
        Where `cancelled` said so.
    Crashed
        Where it ended without an answer.
    RuntimeError
        A bug in the work, with its traceback.
    OSError
        Where no process can be started.
    """
    with _started(command) as (process, said):
        _send(process, encode_arguments(arguments))
        while True:
            if cancelled is not None and cancelled():
                raise Cancelled
            with suppress(queue.Empty):
                line = said.get(timeout=_LOOK_S)
                match decode(line) if line else None:
                    case Progress() as progress:
                        if tell is not None:
                            tell(progress.sentence, progress.done, progress.total)
                    case Answer(rows):
                        return rows
                    case Fault() as fault:
                        raise fault.as_error()
                    case None:
                        raise Crashed(_left(process))


@contextmanager
def _started(command: str) -> Generator[tuple[subprocess.Popen[bytes], Lines], None, None]:
    """The process and what it says; both are gone after the block. What it has answered it has
    also finished."""
    process = subprocess.Popen(
        own_command(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, PARENT_VARIABLE: str(os.getpid())},
        creationflags=_FLAGS,
        process_group=_GROUP,
    )
    said: Lines = queue.SimpleQueue()
    listener = threading.Thread(target=_listen, args=(process, said), name="errand", daemon=True)
    listener.start()
    try:
        yield process, said
    finally:
        process.kill()
        process.wait()
        with suppress(OSError):  # what it has not read is not flushed any more
            cast("IO[bytes]", process.stdin).close()
        # Its pipe has ended with it.
        listener.join(_FAREWELL_S)


def _send(process: subprocess.Popen[bytes], line: bytes) -> None:
    stdin = cast("IO[bytes]", process.stdin)
    with suppress(OSError):  # it is gone already; the end of its lines tells
        stdin.write(line)
        stdin.flush()


def _listen(process: subprocess.Popen[bytes], said: Lines) -> None:
    """Put what it says into a queue, line by line; at the end an empty one."""
    try:
        with cast("IO[bytes]", process.stdout) as stdout:
            while line := stdout.readline(_LONGEST_LINE):
                said.put(line)
    finally:
        # Where its pipe cannot be read either, nobody waits for more.
        said.put(b"")


def _left(process: subprocess.Popen[bytes]) -> int:
    """The status of a process that says no more, once it is gone; 0 where it had to be ended."""
    try:
        return process.wait(_FAREWELL_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return 0
