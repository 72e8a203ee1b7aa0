"""A run's messages.jsonl: what makes its record, kept line by line while it trains.

The record of a run that was cut off is made of it, so each line is written whole and lasts before
the next one comes. It may come from a stranger: what is no message of a run is left out, whatever
stands there, and what is behind it is read all the same. `wire` knows the form of a line, `app`
what a message means for the Run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from segdesk.core.durable_files import append_line
from segdesk.core.printable import printable
from segdesk.core.regular_file import open_regular
from segdesk.core.run import LARGEST_INPUT
from segdesk.errors import TrainingError
from segdesk.jobs import wire
from segdesk.jobs.messages import (
    Checkpoint,
    EpochDone,
    Hello,
    Judged,
    Message,
    Note,
    Refined,
    Started,
)

#: What makes the record of a run.
KEPT = (Hello, Started, EpochDone, Checkpoint, Note, Judged, Refined)
#: Messages have some hundred bytes, what is done for 255 segments has some 90,000; and there are
#: two for each of some six thousand epochs. What is more is not read: a stranger's file of a
#: hundred thousand takes five seconds.
LONGEST, LARGEST, MOST = 1 << 18, 1 << 26, 12_500
#: One line is cut off when the program is, and one where the disk was full; not so many.
MOST_UNREADABLE = 1000
#: No count or size of a run gets there.
_LARGEST_NUMBER = 1 << 40
#: Characters of a sentence that the trainer says.
_LONGEST_TEXT = 4096


def keep(file: Path, message: Message) -> None:
    """Put a message behind those that are kept; it lasts when this returns.

    Raises
    ------
    OSError
        Where the disk refuses; those before it stay as they are.
    """
    append_line(file, wire.encode(message).encode())


def read(file: Path) -> Iterator[Message]:
    """The messages that were kept, in order; nothing where there is no such file."""
    unreadable = 0
    for line in _lines(file):
        message = None
        with suppress(TrainingError):
            message = wire.decode(line.decode(errors="replace"))
        if isinstance(message, KEPT) and _is_plausible(message):
            yield message
            continue
        unreadable += 1
        if unreadable > MOST_UNREADABLE:
            return


def _lines(file: Path) -> Iterator[bytes]:
    """Lines without those that are too long; what the disk does not give is not there."""
    with suppress(OSError), open_regular(file) as opened:
        left, is_inside = LARGEST, False
        for _ in range(MOST):
            line = opened.readline(min(LONGEST, left))
            left -= len(line)
            if not line:
                return
            was_inside, is_inside = is_inside, not line.endswith(b"\n")
            if not was_inside and line.strip():
                yield line


def _is_plausible(message: Message) -> bool:
    """Whether an index can hold what it says."""
    sides: tuple[int, ...] = ()
    if isinstance(message, Started | Checkpoint):
        sides = message.input_shape
    if isinstance(message, Started):
        sides += message.built_for
    if any(side > LARGEST_INPUT for side in sides):
        return False
    return _can_be_held(asdict(message))


def _can_be_held(value: Any) -> bool:
    match value:
        case int():
            return 0 <= value <= _LARGEST_NUMBER
        case str():
            return len(value) <= _LONGEST_TEXT and printable(value) == value
        case dict():
            return all(map(_can_be_held, cast("dict[str, Any]", value).values()))
        case tuple():
            return all(map(_can_be_held, cast("tuple[Any, ...]", value)))
        case _:
            return True
