"""What the doors of the program share: the window's slots and the commands are its doors.

A listener's error reaches the caller of `emit` wrapped by the signal library; a door wants the
error itself, because a `SegdeskError` is a sentence and anything else a bug.
"""

from __future__ import annotations

from psygnal import EmitLoopError


def unwrapped(error: BaseException) -> BaseException:
    """The error that a listener raised, however many signals it came through."""
    while isinstance(error, EmitLoopError) and error.__cause__ is not None:
        error = error.__cause__
    return error
