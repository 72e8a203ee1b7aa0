"""One trainer process with its pipes: the `TrainerChild`.

`trainer_client` gives it one job, `standby` keeps it between two. `child` is the other end, `log`
keeps what it prints.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Literal, cast

from segdesk.errors import TrainingError
from segdesk.jobs.child import PARENT_VARIABLE
from segdesk.jobs.command import own_command
from segdesk.jobs.log import Log
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
    # A group of its own keeps the terminal's Ctrl+C for the program. A session of its own would do
    # that too, but Linux weighs niceness within a session only (autogroup, sched(7)).
    _GROUP = 0


def trainer_command() -> tuple[str, ...]:
    """What starts a trainer that waits for its jobs: a frozen program starts itself."""
    return own_command("trainer")


class TrainerChild:
    """One process, from its start to its end. Any thread may call; one at a time hears its lines.

    It is started on a thread of its own that lives as long as it: on Linux a child dies with the
    thread that started it.

    Parameters
    ----------
    command : starts it
    log : gets what it prints, until another one is given

    Raises
    ------
    TrainingError
        Where it cannot be started.
    """

    def __init__(self, command: Sequence[str], log: Log | None = None) -> None:
        self._command = tuple(command)
        self._log = log
        # Re-entrant, because Ctrl+C calls on top of whatever the main thread is doing.
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._refusal: OSError | None = None
        self._returncode = 0
        self._is_gone = False
        #: Whether it has waited for a job: it may have died meanwhile, which is no job's fault.
        self.has_waited = False
        is_started = threading.Event()
        self._owner = threading.Thread(
            target=self._live, args=(is_started,), name="trainer process", daemon=True
        )
        self._owner.start()
        is_started.wait()
        if self._process is None:
            self._owner.join()
            reason = self._refusal.strerror if self._refusal is not None else ""
            raise TrainingError(
                Sentence(
                    "The trainer process could not be started: {reason}.",
                    reason=reason or Sentence("the system refused"),
                ),
                "Close other programs and train again; if it stays so, install segdesk again.",
            ) from self._refusal
        self.pid = self._process.pid
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._stdout = cast("IO[bytes]", self._process.stdout)
        #: What is to be sent, and the latest of what replaces each other.
        self._outbox: deque[str] = deque()
        self._latest = ""
        self._is_dismissed = False
        self._said = threading.Condition()
        self._writer = threading.Thread(target=self._write, name="trainer commands", daemon=True)
        self._writer.start()
        self._copier = threading.Thread(
            target=self._copy, args=(self._process.stderr,), name="trainer log", daemon=True
        )
        self._copier.start()

    @property
    def is_gone(self) -> bool:
        """Whether the process has ended; it still has to be buried."""
        return self._is_gone

    def log_to(self, log: Log | None) -> None:
        """What it prints from now on goes there, or nowhere."""
        with self._lock:
            self._log = log

    def tell(self, line: str, *, replaces: bool = False) -> None:
        """Send a command's line, without its end; returns at once, even where the child does not
        read. To one that is gone nothing is said.

        Parameters
        ----------
        replaces : the line that was sent so before it is not worth sending any more
        """
        with self._said:
            if replaces:
                self._latest = line
            else:
                self._outbox.append(line)
            self._said.notify()

    def lines(self) -> Iterator[bytes]:
        """What it says, line by line with their ends, until it falls silent.

        Too long lines are left out, and so is a dying child's torn last one.
        """
        is_inside = False
        while line := self._stdout.readline(LONGEST_LINE):
            is_whole = line.endswith(b"\n")
            if is_whole and not is_inside:
                yield line
            is_inside = not is_whole

    def signal(self, name: Literal["SIGTERM", "SIGKILL"]) -> None:
        """End it, and what it started, politely or at once."""
        with self._lock:
            process = self._process
            if process is None or self._is_gone:
                return
            if sys.platform == "win32":
                process.terminate()
            else:
                with suppress(OSError):  # nobody is left in its group
                    os.killpg(process.pid, signal.Signals[name])

    @contextmanager
    def impatience(self) -> Generator[None]:
        """Within it the child has `FAREWELL_S` to do what is expected, and is ended otherwise."""
        timer = threading.Timer(FAREWELL_S, self.signal, ("SIGKILL",))
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def dismiss(self) -> None:
        """Close its stdin: nothing more is asked of it, and it leaves at once."""
        with self._said:
            self._is_dismissed = True
            self._said.notify()

    def bury(self) -> int:
        """Wait until it is gone, with all that it started, and close the pipes; once.

        One that does not leave is helped.

        Returns
        -------
        Its status as `subprocess` has it, negative for a signal.
        """
        # From now on a child that still writes gets an error instead of a full pipe.
        self._stdout.close()
        with self.impatience():
            self._owner.join()
        self._copier.join(_LAST_LINES_S)
        self.dismiss()
        self._writer.join()
        return self._returncode

    def _live(self, is_started: threading.Event) -> None:
        environment = {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            PARENT_VARIABLE: str(os.getpid()),
        }
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                creationflags=_FLAGS,
                process_group=_GROUP,
            )
        except OSError as error:
            self._refusal = error
            return
        else:
            self._process = process
        finally:
            is_started.set()
        if sys.platform == "linux":
            # Not reaped yet: its number, and its group's, cannot become somebody else's.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            self.signal("SIGKILL")
        else:
            process.wait()
        with self._lock:
            self._returncode = process.wait()
            self._is_gone = True

    def _write(self) -> None:
        """On the writer's thread: a pipe that nobody reads holds up nobody else."""
        while True:
            with self._said:
                while not (self._outbox or self._latest or self._is_dismissed):
                    self._said.wait()
                if self._is_dismissed:
                    break
                line = self._outbox.popleft() if self._outbox else self._latest
                if line is self._latest:
                    self._latest = ""
            try:
                # Few bytes at once are never torn (PIPE_BUF).
                os.write(self._stdin.fileno(), f"{line}\n".encode())
            except OSError:  # it is gone; whoever listens finds out
                continue
        with suppress(OSError):
            self._stdin.close()

    def _copy(self, stderr: IO[bytes]) -> None:
        with stderr:
            while line := stderr.readline(_LOG_LINE):
                with self._lock:
                    log = self._log
                if log is not None:
                    log.write(line)
