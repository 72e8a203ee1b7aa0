"""Who listens to a training, and asks it to stop: the `Reporter`."""

from __future__ import annotations

from typing import Protocol

from segdesk.jobs.messages import Look, Message


class Reporter(Protocol):
    """The child's end of the line, as `jobs.child.Channel` is it.

    `leave_on_stop` is True while a stop may end the process on the spot; it is set to False
    once steps are quick, and before the first checkpoint is written, from when on `should_stop`
    is asked after each step. `looked_at` is the slice on screen, where somebody has said it.
    """

    @property
    def leave_on_stop(self) -> bool: ...

    @leave_on_stop.setter
    def leave_on_stop(self, value: bool) -> None: ...

    def send(self, message: Message) -> None: ...

    def should_stop(self) -> bool: ...

    def looked_at(self) -> Look | None: ...

    def wait_while_paused(self) -> None: ...
