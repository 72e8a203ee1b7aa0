"""Training seconds: from the start of fitting on, validation and saving included, pauses not."""

from __future__ import annotations

import time

#: Messages that come with every step go out at most so often.
SECONDS_BETWEEN_MESSAGES = 0.2


class Clock:
    """Runs from its making on. Owned by `fit`."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._start

    def go_on_from(self, seconds: float) -> None:
        """So many seconds had passed before now."""
        self._start = time.perf_counter() - seconds

    def leave_out(self, seconds: float) -> None:
        """Do not count a pause."""
        self._start += seconds


class Pace:
    """Says when the next of many messages may go out."""

    def __init__(self) -> None:
        self._next = 0.0

    def is_due(self) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + SECONDS_BETWEEN_MESSAGES
        return True
