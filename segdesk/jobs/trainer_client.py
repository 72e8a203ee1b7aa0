"""Starting, commanding and burying the trainer process: the `TrainerClient`.

`app.runs.training` calls `run` on a worker thread, or the command line on its main thread; the
window's buttons call `stop` and its kin from theirs. `child` is the other end, `log` keeps what the
child prints. What the messages mean for a Run is decided in `app.runs.training`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Literal, cast

from segdesk.core.run import Outcome
from segdesk.errors import TrainingError
from segdesk.jobs.child import PARENT_VARIABLE
from segdesk.jobs.command import own_command
from segdesk.jobs.log import Log
from segdesk.jobs.messages import PROTOCOL, Command, Failed, Finished, Hello, Message
from segdesk.jobs.wire import decode
from segdesk.sentence import Sentence

#: Longest line that is taken for a message, in bytes; real ones have some hundred.
LONGEST_LINE = 16 * 1024 * 1024
#: A child that has said its last word, or cannot be heard any more, has so long to leave.
FAREWELL_S = 10.0
#: The log's last lines are waited for so long: what left the child's group may hold its stderr.
_LAST_LINES_S = 2.0
#: Longest line of the log that is kept in one piece.
_LOG_LINE = 64 * 1024
if sys.platform == "win32":
    _FLAGS = (
        subprocess.CREATE_NO_WINDOW
        | subprocess.CREATE_NEW_PROCESS_GROUP
        | subprocess.BELOW_NORMAL_PRIORITY_CLASS
    )
    _GROUP = None
else:
    _FLAGS = 0
    # A group of its own keeps the terminal's Ctrl+C for `run`. A session of its own would do that
    # too, but Linux weighs niceness within a session only (autogroup, sched(7)).
    _GROUP = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """How the child ended.

    Parameters
    ----------
    outcome : "finished", "stopped" or "crashed"
    reason : one sentence
    hint : the next step, or the log's last line that says something; may be empty
    returncode : as `subprocess` has it, negative for a signal; 0 where no child was started
    log : the run's log; absent where no child was started
    forced : it did not stop by itself and was ended by `terminate` or `kill`
    """

    outcome: Outcome
    reason: str
    hint: str
    returncode: int
    log: Path
    forced: bool = False


def trainer_command() -> tuple[str, ...]:
    """What starts a trainer, without the bundle's folder: a frozen program starts itself."""
    return own_command("trainer")


class TrainerClient:
    """One trainer process, from start to end. Owned by whoever calls `run`, once.

    `run` belongs to one thread: on Linux the child dies with the thread that started it. All other
    methods may be called on any thread, before, during and after `run`, and return at once.

    Parameters
    ----------
    bundle_folder : the child's input
    log : file for what the child prints; emptied at the start
    command : starts the child, the bundle's folder is appended. None: `trainer_command`
    """

    def __init__(
        self, bundle_folder: Path, log: Path, *, command: Sequence[str] | None = None
    ) -> None:
        self._command = (*(trainer_command() if command is None else command), str(bundle_folder))
        self._log = log
        # Re-entrant, because Ctrl+C calls `stop` on top of whatever the main thread is doing.
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._has_run = self._is_over = False
        self._pending: list[Command] = []
        self._ended_by_us = False

    def run(self, on_message: Callable[[Message], None]) -> Ended:
        """Start the child, hand on its messages until it ends, and bury it.

        On the main thread the first Ctrl+C stops the training and the second kills it; `run` then
        returns as after `stop` and `kill`. An error of `on_message` kills the child and is raised.

        Parameters
        ----------
        on_message : called on this thread for each message; the last word is the last one

        Raises
        ------
        TrainingError
            Where the child or its log cannot be started.
        ValueError
            Where it was run before.
        """
        with self._lock:
            if self._has_run:
                raise ValueError("expected a client that has not run yet")
            self._has_run = True
        with self._ctrl_c_stops():
            try:
                with Log(self._log) as log:
                    return self._run(log, on_message)
            finally:
                self._is_over = True

    def stop(self) -> None:
        """Ask the child to end with what it has."""
        self._tell("stop")

    def pause(self) -> None:
        """Ask the child to wait after the step in hand."""
        self._tell("pause")

    def go_on(self) -> None:
        """End a pause."""
        self._tell("go_on")

    def terminate(self) -> None:
        """End the child, and what it started, by the system's polite signal."""
        self._end("SIGTERM")

    def kill(self) -> None:
        """End the child, and what it started, at once."""
        self._end("SIGKILL")

    def pid(self) -> int | None:
        """The child's process number while there is one."""
        with self._lock:
            return None if self._process is None else self._process.pid

    def _run(self, log: Log, on_message: Callable[[Message], None]) -> Ended:
        process = self._start()
        if process is None:
            return Ended("stopped", Sentence("Stopped before it began."), "", 0, self._log)
        reader = threading.Thread(
            target=_copy, args=(cast("IO[bytes]", process.stderr), log), name="trainer log"
        )
        reader.daemon = True
        try:
            reader.start()
            last_word = self._listen(cast("IO[bytes]", process.stdout), log, on_message)
        except BaseException:
            self.kill()
            raise
        finally:
            returncode = self._bury(process)
            if reader.is_alive():
                reader.join(_LAST_LINES_S)
        return self._ended(last_word, returncode, log.hint)

    def _start(self) -> subprocess.Popen[bytes] | None:
        """The child with all that was asked for so far; None where that was to stop."""
        environment = {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            PARENT_VARIABLE: str(os.getpid()),
        }
        with self._lock:
            if "stop" in self._pending:
                return None
            try:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=environment,
                    creationflags=_FLAGS,
                    process_group=_GROUP,
                )
            except OSError as error:
                raise TrainingError(
                    Sentence(
                        "The trainer process could not be started: {reason}.",
                        reason=error.strerror or Sentence("the system refused"),
                    ),
                    "Close other programs and train again; if it stays so, install segdesk again.",
                ) from error
            for command in self._pending:
                self._tell(command)
            return self._process

    def _listen(
        self, stdout: IO[bytes], log: Log, on_message: Callable[[Message], None]
    ) -> Finished | Failed | None:
        """Hand messages on until the last word, or until the child falls silent."""
        for line in _whole_lines(stdout):
            try:
                message = decode(line.decode(errors="replace"))
            except TrainingError as error:
                log.write(error.sentence.encode())
                continue
            if isinstance(message, Hello) and message.protocol != PROTOCOL:
                self.kill()
                return Failed(
                    Sentence(
                        "The trainer speaks version {theirs} of the protocol, this "
                        "program version {ours}.",
                        theirs=message.protocol,
                        ours=PROTOCOL,
                    ),
                    Sentence(
                        "Close segdesk and start it again: it was probably updated meanwhile."
                    ),
                )
            on_message(message)
            if isinstance(message, Finished | Failed):
                return message
        return None

    def _bury(self, process: subprocess.Popen[bytes]) -> int:
        """Wait until the child is gone, with all that it started, and close the pipes."""
        # From now on a child that still writes gets an error instead of a full pipe.
        cast("IO[bytes]", process.stdout).close()
        impatience = threading.Timer(FAREWELL_S, self._signal, ("SIGKILL",))
        impatience.start()
        try:
            if sys.platform == "linux":
                # Not reaped yet: its number, and its group's, cannot become somebody else's.
                os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            else:
                process.wait()
        finally:
            impatience.cancel()
            impatience.join()
        with self._lock:
            if sys.platform == "linux":
                self._signal("SIGKILL")
            self._process = None
            cast("IO[bytes]", process.stdin).close()
            return process.wait()

    def _ended(self, last_word: Finished | Failed | None, returncode: int, hint: str) -> Ended:
        if isinstance(last_word, Finished):
            return Ended(last_word.outcome, last_word.reason, "", returncode, self._log)
        if isinstance(last_word, Failed):
            return Ended("crashed", last_word.sentence, last_word.hint, returncode, self._log)
        if self._ended_by_us:
            reason = Sentence("It did not stop by itself and was ended.")
            return Ended("stopped", reason, "", returncode, self._log, forced=True)
        return Ended("crashed", _crash(returncode), hint, returncode, self._log)

    def _tell(self, command: Command) -> None:
        with self._lock:
            if self._process is not None:
                # Few bytes at once are never torn (PIPE_BUF), even by a Ctrl+C in between.
                with suppress(OSError):  # it is gone already; `run` finds out
                    os.write(cast("IO[bytes]", self._process.stdin).fileno(), _line(command))
            elif not self._is_over:
                self._pending.append(command)

    def _end(self, name: Literal["SIGTERM", "SIGKILL"]) -> None:
        with self._lock:
            if self._process is None:
                self._tell("stop")
            else:
                self._ended_by_us = True
                self._signal(name)

    def _signal(self, name: Literal["SIGTERM", "SIGKILL"]) -> None:
        with self._lock:
            if self._process is None:
                return
            if sys.platform == "win32":
                self._process.terminate()
            elif self._process.returncode is None:
                with suppress(OSError):  # nobody is left in its group
                    os.killpg(self._process.pid, signal.Signals[name])

    @contextmanager
    def _ctrl_c_stops(self) -> Generator[None]:
        """Ctrl+C as a call instead of an exception that could tear a message or a child's start."""
        if (
            threading.current_thread() is not threading.main_thread()
            or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        ):
            yield
            return
        ways = iter((self.stop, self.kill))

        def obey(_number: int, _frame: FrameType | None) -> None:
            next(ways, self.kill)()

        signal.signal(signal.SIGINT, obey)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _line(command: Command) -> bytes:
    return f"{command}\n".encode()


def _whole_lines(stdout: IO[bytes]) -> Iterator[bytes]:
    """Lines with their end. Too long ones are left out, and so is a dying child's torn last one."""
    is_inside = False
    while line := stdout.readline(LONGEST_LINE):
        is_whole = line.endswith(b"\n")
        if is_whole and not is_inside:
            yield line
        is_inside = not is_whole


def _copy(stderr: IO[bytes], log: Log) -> None:
    with stderr:
        while line := stderr.readline(_LOG_LINE):
            log.write(line)


def _crash(returncode: int) -> str:
    if returncode == 0:
        return Sentence("The trainer ended without a last word.")
    if returncode > 0:
        # Windows' own codes are known by their hexadecimal form, such as 0xC0000005.
        code = f"0x{returncode:08X}" if returncode >= 2**31 else str(returncode)
        return Sentence("The trainer ended with code {code}.", code=code)
    number = -returncode
    names = {known.value: known.name for known in signal.Signals}
    name = names.get(number, Sentence("unknown"))
    if name == "SIGKILL":
        return Sentence(
            "The trainer was killed by signal {number} ({name}); often the system ran out of "
            "memory.",
            number=number,
            name=name,
        )
    return Sentence("The trainer was killed by signal {number} ({name}).", number=number, name=name)
