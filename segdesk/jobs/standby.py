"""A trainer process that stays between two jobs: the `Standby`.

Loading Keras and tracing a network cost more than a prediction of one slice; a child that has done
both answers at once. It waits for its next job and leaves when it has waited for long, when memory
gets short, when the project is closed, and with the program.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from segdesk.errors import TrainingError
from segdesk.jobs.free_memory import is_short
from segdesk.jobs.log import Log
from segdesk.jobs.messages import Prepare
from segdesk.jobs.trainer_child import TrainerChild, trainer_command
from segdesk.jobs.wire import encode_task

#: A child that nobody needs is ended after so many seconds, and so often it is looked whether
#: memory is short.
IDLE_S, LOOK_S = 600.0, 15.0
#: The program's end waits so long for a child that was ended.
BURIAL_S = 5.0


class Standby:
    """At most one child that waits. Any thread may call.

    Parameters
    ----------
    command : starts a child that waits for jobs. None: `trainer_command`
    idle_s : seconds that it waits
    look_s : seconds between two looks at the memory
    memory_is_short : asked then
    """

    def __init__(
        self,
        command: Sequence[str] | None = None,
        *,
        idle_s: float = IDLE_S,
        look_s: float = LOOK_S,
        memory_is_short: Callable[[], bool] = is_short,
    ) -> None:
        self._command = trainer_command() if command is None else tuple(command)
        self._idle_s, self._look_s = idle_s, look_s
        self._memory_is_short = memory_is_short
        self._lock = threading.Lock()
        self._waiting: TrainerChild | None = None
        self._watch: threading.Timer | None = None
        self._waited_s = 0.0
        self._is_closed = False
        self._burials: list[threading.Thread] = []
        #: Whether what is given back waits for another job.
        self.keeps = True

    @property
    def pid(self) -> int | None:
        """Of the child that waits, or None."""
        with self._lock:
            child = self._waiting
            return None if child is None or child.is_gone else child.pid

    def take(self, log: Log) -> TrainerChild:
        """The child that waits, or a new one.

        Parameters
        ----------
        log : gets what it prints from now on

        Raises
        ------
        TrainingError
            Where none can be started.
        """
        child = self._let_go()
        if child is not None and not child.is_gone:
            child.log_to(log)
            return child
        if child is not None:
            child.bury()
        return TrainerChild(self._command, log)

    def give_back(self, child: TrainerChild) -> None:
        """It can do another job, which is waited for."""
        child.log_to(None)
        with self._lock:
            if self.keeps and not self._is_closed and self._waiting is None:
                self._wait_with(child)
                return
        self._end(child)

    def prepare(self, task: Prepare) -> None:
        """Have a child wait that is ready for this, where memory allows one; returns at once.

        What keeps it from starting is said when a job needs one.
        """
        if self._memory_is_short():
            return
        with self._lock:
            if self._is_closed or not self.keeps:
                return
            child = self._waiting
            if child is not None and child.is_gone:
                child.bury()
                child = self._waiting = None
            if child is None:
                try:
                    child = TrainerChild(self._command)
                except TrainingError:
                    return
                self._wait_with(child)
            child.tell(encode_task(task))

    def end(self) -> None:
        """End the child that waits, if there is one; another one is started when it is needed."""
        child = self._let_go()
        if child is not None:
            self._end(child)

    def close(self) -> None:
        """As `end`, and what is given back later ends too."""
        with self._lock:
            self._is_closed = True
        self.end()
        for burial in self._burials:
            burial.join(BURIAL_S)

    def _end(self, child: TrainerChild) -> None:
        """End a child; a large one takes a while to go, which nobody waits for."""
        # It has nothing to lose, and may be loading a library that lets nobody in between.
        child.signal("SIGKILL")
        burial = threading.Thread(target=child.bury, name="trainer's end", daemon=True)
        burial.start()
        self._burials = [one for one in self._burials if one.is_alive()] + [burial]

    def _wait_with(self, child: TrainerChild) -> None:
        child.has_waited = True
        self._waiting, self._waited_s = child, 0.0
        self._look_later()

    def _look_later(self) -> None:
        pause = min(self._look_s, max(self._idle_s - self._waited_s, 0.0))
        self._waited_s += pause
        self._watch = threading.Timer(pause, self._look)
        self._watch.daemon = True
        self._watch.start()

    def _look(self) -> None:
        """On the watch's thread."""
        with self._lock:
            child, watch = self._waiting, self._watch
            if child is None or watch is not threading.current_thread():
                return
            if not child.is_gone and self._waited_s < self._idle_s and not self._memory_is_short():
                self._look_later()
                return
            self._waiting = self._watch = None
        self._end(child)

    def _let_go(self) -> TrainerChild | None:
        with self._lock:
            child, self._waiting = self._waiting, None
            watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            watch.join()
        return child
