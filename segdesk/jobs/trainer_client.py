"""One job of a trainer process, from its bundle to its last word: the `TrainerClient`.

`app.runs.running` calls `run` on a worker thread, or the command line on its main thread; the
window's buttons call `stop` and its kin from theirs. `trainer_child` is the process, `standby`
keeps it for the next job, `log` what it prints. What the messages mean for a Run is decided in
`app.runs.running`.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Literal

from segdesk.core.run import Outcome
from segdesk.errors import TrainingError
from segdesk.jobs.log import Log
from segdesk.jobs.messages import (
    PROTOCOL,
    Command,
    Failed,
    Finished,
    Hello,
    Look,
    Message,
    Ready,
    Work,
)
from segdesk.jobs.standby import Standby
from segdesk.jobs.trainer_child import TrainerChild, trainer_command
from segdesk.jobs.wire import decode, encode_task
from segdesk.sentence import Sentence


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


class TrainerClient:
    """One job of a child. Owned by whoever calls `run`, once.

    All methods but `run` may be called on any thread, before, during and after it, and return at
    once.

    Parameters
    ----------
    bundle_folder : the child's input
    log : file for what the child prints; emptied at the start
    command : starts a child for this job alone, the bundle's folder is appended. None:
        `trainer_command`
    standby : lends the child instead, and gets it back where it can do another job
    """

    def __init__(
        self,
        bundle_folder: Path,
        log: Path,
        *,
        command: Sequence[str] | None = None,
        standby: Standby | None = None,
    ) -> None:
        self._bundle = bundle_folder
        self._command = tuple(trainer_command() if command is None else command)
        self._standby = standby
        self._log = log
        # Re-entrant, because Ctrl+C calls `stop` on top of whatever the main thread is doing.
        self._lock = threading.RLock()
        self._child: TrainerChild | None = None
        self._has_run = self._is_over = False
        self._pending: list[Command] = []
        self._ended_by_us = False

    def run(self, on_message: Callable[[Message], None]) -> Ended:
        """Start the child or take the one that waits, and hand on its messages to the last word.

        Without a standby the child is gone afterwards.

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

    def look_at(self, case: str, index: int) -> None:
        """Tell the child which slice is on screen."""
        with self._lock:
            if self._child is not None:
                self._child.tell(encode_task(Look(case, index)), replaces=True)

    def terminate(self) -> None:
        """End the child, and what it started, by the system's polite signal."""
        self._end("SIGTERM")

    def kill(self) -> None:
        """End the child, and what it started, at once."""
        self._end("SIGKILL")

    def pid(self) -> int | None:
        """The child's process number while there is one."""
        with self._lock:
            return None if self._child is None else self._child.pid

    def _run(self, log: Log, on_message: Callable[[Message], None]) -> Ended:
        child = self._start(log)
        if child is None:
            return Ended("stopped", Sentence("Stopped before it began."), "", 0, self._log)
        ended = self._work(child, log, on_message)
        if ended is None:
            # It died while it waited, or of what it was preparing: that is no fault of this job.
            child = self._start(log)
            if child is None:
                return Ended("stopped", Sentence("Stopped before it began."), "", 0, self._log)
            child.has_waited = False
            ended = self._work(child, log, on_message)
        if ended is None:
            raise ValueError("expected a child that has not waited")
        return ended

    def _work(
        self, child: TrainerChild, log: Log, on_message: Callable[[Message], None]
    ) -> Ended | None:
        """Hear a child to the end of its job; None where it had waited and says nothing at all."""
        returncode, heard, stays = 0, 0, False

        def count(message: Message) -> None:
            nonlocal heard
            heard += 1
            on_message(message)

        try:
            last_word = self._listen(child, log, count)
            if self._standby is not None and last_word is not None:
                stays = _is_ready_again(child, log)
        except BaseException:
            self.kill()
            raise
        finally:
            # A stop that comes from here on is meant for what is over.
            with self._lock:
                self._child = None
            if stays and self._standby is not None:
                self._standby.give_back(child)
            else:
                returncode = child.bury()
        if last_word is None and not heard and child.has_waited and not self._ended_by_us:
            return None
        return self._ended(last_word, returncode, log.hint)

    def _start(self, log: Log) -> TrainerChild | None:
        """The child with all that was asked for so far; None where that was to stop."""
        with self._lock:
            if "stop" in self._pending:
                return None
            if self._standby is None:
                child = TrainerChild((*self._command, str(self._bundle)), log)
            else:
                child = self._standby.take(log)
                child.tell(encode_task(Work(str(self._bundle.absolute()))))
            self._child = child
            for command in self._pending:
                self._tell(command)
            return child

    def _listen(
        self, child: TrainerChild, log: Log, on_message: Callable[[Message], None]
    ) -> Finished | Failed | None:
        """Hand messages on until the last word, or until the child falls silent."""
        for message in _messages(child, log):
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
            if self._child is not None:
                self._child.tell(command)
            elif not self._is_over:
                self._pending.append(command)

    def _end(self, name: Literal["SIGTERM", "SIGKILL"]) -> None:
        with self._lock:
            if self._child is None:
                self._tell("stop")
            else:
                self._ended_by_us = True
                self._child.signal(name)

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


def _is_ready_again(child: TrainerChild, log: Log) -> bool:
    """Whether a child that has said its last word of a job waits for the next one."""
    with child.impatience():
        return isinstance(next(_messages(child, log), None), Ready)


def _messages(child: TrainerChild, log: Log) -> Iterator[Message]:
    """What a child says; a line that is no message goes to the log."""
    for line in child.lines():
        try:
            message = decode(line.decode(errors="replace"))
        except TrainingError as error:
            log.write(error.sentence.encode())
            continue
        yield message


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
            "memory. Close other programs, or take fewer pixels or a smaller batch, and try again.",
            number=number,
            name=name,
        )
    return Sentence("The trainer was killed by signal {number} ({name}).", number=number, name=name)
