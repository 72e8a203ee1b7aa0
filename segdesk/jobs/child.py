"""The child's end of the line to the program: the `Channel`.

`open_channel` is called once, before anything prints or loads Keras. It takes stdin and stdout for
the protocol and leaves harmless ones behind: stray prints, from Python and from C alike, go to
stderr and so to the run's log, and whatever reads stdin finds its end. The process becomes gentle
(nice +10) and does not outlive its parent.

`trainer_client` is the other end, `wire` the form of a line, `learning.trainer` the user. Nothing
here knows what is trained.
"""

from __future__ import annotations

import ctypes
import os
import queue
import signal
import sys
import threading
from contextlib import suppress
from typing import NoReturn

from segdesk.jobs.messages import (
    EpochDone,
    Finished,
    Look,
    Message,
    Prepare,
    Ready,
    Step,
    Task,
    Work,
)
from segdesk.jobs.wire import decode_command, encode
from segdesk.sentence import Sentence

if sys.platform != "win32":
    import resource

#: Environment variable in which the parent hands over its process number.
PARENT_VARIABLE = "SEGDESK_PARENT"
NICENESS = 10
#: That the process may have open at once, where the system allows so many; macOS allows no more.
MOST_FILES = 10_240
_STDIN, _STDOUT, _STDERR = 0, 1, 2
#: From <sys/prctl.h>.
_PR_SET_PDEATHSIG = 1
#: Exit status of a child whose parent is gone; nobody is left to read it.
ORPHANED = 1


class Channel:
    """Messages out, commands in. Owned by the trainer; every method may be called on any thread.

    A daemon thread reads the commands. The end of their pipe means that the parent is gone: the
    process then leaves at once, whatever its other threads are doing. A stop and its kin belong to
    the job that was given last.

    Parameters
    ----------
    commands : file descriptor to read command lines from
    lines : file descriptor to write message lines to
    """

    def __init__(self, commands: int, lines: int) -> None:
        self._commands = commands
        self._lines = lines
        self._sending = threading.Lock()
        self._leaving = threading.Lock()
        self._leave_on_stop = True
        self._stop = threading.Event()
        self._running = threading.Event()
        self._running.set()
        self._seconds = 0.0
        self._tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self._is_working = True
        self._look: Look | None = None
        threading.Thread(target=self._read_commands, name="commands", daemon=True).start()

    @property
    def leave_on_stop(self) -> bool:
        """Whether a stop ends the process on the spot. True until the trainer says otherwise.

        The trainer sets it False once its steps are quick, and before it begins to write its first
        checkpoint at the latest: from then on `should_stop` is asked after each step instead. Once
        the setting has returned, no stop cuts in any more.
        """
        return self._leave_on_stop

    @leave_on_stop.setter
    def leave_on_stop(self, value: bool) -> None:
        with self._leaving:
            self._leave_on_stop = value

    def wait_for_task(self) -> Task:
        """What comes next. A child that is not wanted any more never returns from here."""
        return self._tasks.get()

    def end_job(self) -> None:
        """Say that another job can be done, after the last word of one."""
        with self._leaving:
            self._is_working = False
        self.send(Ready())

    def send(self, message: Message) -> None:
        """Write one line, at once and whole. Where the parent is gone, leave."""
        if isinstance(message, Step):
            self._seconds = message.seconds
        elif isinstance(message, EpochDone):
            self._seconds = message.epoch.seconds
        line = encode(message)
        with self._sending:
            self._write(line)

    def should_stop(self) -> bool:
        """Whether a stop was asked for."""
        return self._stop.is_set()

    def looked_at(self) -> Look | None:
        """The slice on screen, where one was named since the job began."""
        return self._look

    def wait_while_paused(self) -> None:
        """Return when the training may go on: at once unless paused, and at once on a stop."""
        self._running.wait()

    def _write(self, line: str) -> None:
        rest = f"{line}\n".encode()
        try:
            while rest:
                rest = rest[os.write(self._lines, rest) :]
        except OSError:  # a broken pipe, which Windows calls by other names
            os._exit(ORPHANED)

    def _read_commands(self) -> None:
        pending = b""
        while chunk := _read(self._commands):
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                self._obey(line.decode(errors="replace"))
        os._exit(ORPHANED)

    def _obey(self, line: str) -> None:
        match decode_command(line):
            case Work() as work:
                with self._leaving:
                    self._is_working = self._leave_on_stop = True
                    self._seconds = 0.0
                    self._look = None
                    self._stop.clear()
                    self._running.set()
                self._tasks.put(work)
            case Look() as look:
                self._look = look
            case Prepare() as preparation:
                self._tasks.put(preparation)
            case "stop":
                with self._leaving:
                    if not self._is_working:
                        # It was meant for the job before, which is over.
                        return
                    self._stop.set()
                    self._running.set()
                    if self._leave_on_stop:
                        self._leave()
            case "pause":
                if not self._stop.is_set():
                    self._running.clear()
            case "go_on":
                self._running.set()
            case None:
                sys.stderr.write(f"The trainer does not know the command {line[:80]!r}.\n")

    def _leave(self) -> NoReturn:
        # The lock is never given back: no line may follow the last one.
        self._sending.acquire()
        self._write(
            encode(
                Finished(
                    outcome="stopped",
                    reason=Sentence("Stopped before there was anything to keep."),
                    best=0,
                    seconds=self._seconds,
                )
            )
        )
        os._exit(0)


def open_channel() -> Channel:
    """Take stdin and stdout for the protocol, and settle into being a child.

    Afterwards file descriptor 1 is stderr's and 0 is the null device; the protocol runs on private
    copies that no grandchild inherits. Call it once, before Keras loads.
    """
    die_with_parent()
    if sys.platform != "win32":
        os.nice(NICENESS)
    _may_open_many_files()
    return Channel(*take_streams())


def take_streams() -> tuple[int, int]:
    """Private copies of stdin and stdout; what is left in their place does no harm.

    What Python's or C's buffers still hold is deliberately not flushed: it would land among the
    messages. It goes to stderr with their next flush.
    """
    commands, lines = os.dup(_STDIN), os.dup(_STDOUT)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, _STDIN)
    os.close(null)
    os.dup2(_STDERR, _STDOUT)
    return commands, lines


def die_with_parent() -> None:
    """On Linux the kernel ends this process with its parent, even where C code holds the GIL."""
    parent = os.environ.pop(PARENT_VARIABLE, "")
    if sys.platform != "linux" or not parent:
        return
    # Without prctl (another C library, a sandbox) the end of stdin still tells.
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(parent):  # it went before the kernel was told
        os._exit(ORPHANED)


def _may_open_many_files() -> None:
    """A training holds a file for each case; a Mac allows 256 unless it is asked for more."""
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # Where the system refuses, what cannot be opened is said when it is.
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # Windows says so where the other end broke off
        return b""
