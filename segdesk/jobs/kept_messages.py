"""A run's messages.jsonl: what makes its record, kept line by line while it trains.

The record of a run that was cut off is made of it, so each line is written whole and lasts before
the next one comes. It may come from a stranger: what is no message of a run is left out, whatever
stands there, and what is behind it is read all the same. `wire` knows the form of a line, `app`
what a message means for the Run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from segdesk.core.durable_files import append_line
from segdesk.core.printable import printable
from segdesk.core.regular_file import open_regular
from segdesk.core.run import LARGEST_INPUT
from segdesk.errors import TrainingError
from segdesk.jobs import wire
from segdesk.jobs.messages import (
    Checkpoint,
    EpochDone,
    FullSized,
    Hello,
    Judged,
    Message,
    Note,
    Refined,
    Resumed,
    Started,
)
from segdesk.sentence import Sentence

#: What makes the record of a run.
KEPT = (Hello, Started, Resumed, FullSized, EpochDone, Checkpoint, Note, Judged, Refined)
#: Messages have some hundred bytes, what is done for 255 segments has some 90,000; there may be two
#: for each epoch. What is more is not read, which is said: a stranger's file shall take no longer
#: than a second, and its epochs another quarter of one whenever the index is read.
LONGEST, LARGEST, MOST, MOST_OF_A_KIND = 1 << 18, 1 << 24, 100_000, 50_000
#: One line is cut off when the program is, and one where the disk was full; not so many.
MOST_UNREADABLE = 1000
_SIZED = (Started, Checkpoint)
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
    """The messages that were kept, in order; nothing where there is no such file. A Note comes last
    where there is more than is read."""
    unreadable, seen = 0, Counter[type[Message]]()
    for line in _lines(file):
        if line is None:
            break
        try:
            text = line.decode(errors="replace")
            message = wire.decode(text, integer=_can_be_integer, text=_can_be_text)
        except TrainingError:
            message = None
        if isinstance(message, KEPT) and _has_sides_that_can_be(message):
            seen[type(message)] += 1
            if seen[type(message)] > MOST_OF_A_KIND:
                break
            yield message
            continue
        unreadable += 1
        if unreadable > MOST_UNREADABLE:
            break
    else:
        return
    yield Note(Sentence("More was kept of this run than is read; its curve may end too early."))


def _lines(file: Path) -> Iterator[bytes | None]:
    """Lines without those that are too long, and None where there are more than are read; what the
    disk does not give is not there."""
    with suppress(OSError), open_regular(file) as opened:
        left, is_inside = LARGEST, False
        for _ in range(MOST):
            line = opened.readline(min(LONGEST, left))
            left -= len(line)
            if not line:
                break
            was_inside, is_inside = is_inside, not line.endswith(b"\n")
            if not was_inside and line.strip():
                yield line
        if opened.read(1):
            yield None


def _can_be_integer(value: Any) -> bool:
    """Whether an index can hold a whole number."""
    return type(value) is int and 0 <= value <= _LARGEST_NUMBER


def _can_be_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT and printable(value) == value


def _has_sides_that_can_be(message: Message) -> bool:
    sides: tuple[int, ...] = ()
    if isinstance(message, _SIZED):
        sides = message.input_shape
    if isinstance(message, Started):
        sides += message.built_for
    return all(side <= LARGEST_INPUT for side in sides)
