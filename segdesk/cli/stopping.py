"""Being asked to stop: Ctrl+C, and the polite end of a job that a cluster sends.

What then happens belongs to whoever works: an import leaves nothing behind, a training keeps its
best weights (`jobs.trainer_client` takes the Ctrl+C there).
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

from segdesk.errors import Cancelled


@contextmanager
def ctrl_c_is_a_sentence() -> Generator[None, None, None]:
    """Ctrl+C that nothing below has taken ends a command with a sentence."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise Cancelled("Stopped; nothing half-done was left behind.") from error


@contextmanager
def terminating_is_ctrl_c() -> Generator[None, None, None]:
    """SIGTERM does what Ctrl+C does: a scheduler sends it some seconds before it kills a job.

    Where Ctrl+C is ignored, as in a shell's background jobs, SIGTERM ends the process as ever; the
    next opening of the project closes its run.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def obey(_number: int, _frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGTERM, obey)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def asked_to_stop() -> Generator[Callable[[], bool], None, None]:
    """Gives what says whether Ctrl+C or SIGTERM came: for work that asks between its pieces,
    because an exception inside of HDF5 would leave it in disorder."""
    asked = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if before[signal.SIGINT] is not signal.default_int_handler:
        yield asked.is_set
        return
    try:
        for number in before:
            signal.signal(number, lambda _number, _frame: asked.set())
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
