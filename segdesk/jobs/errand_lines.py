"""The line between `errand` and `errand_child`: JSON, one message a line.

The process on the other end may have been led astray by what it reads: a line is checked as a
stranger's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from segdesk.errors import InputError, ProjectError, ProjectReadOnly, SegdeskError, UsageError
from segdesk.sentence import Sentence, kept

#: Rows of texts.
Rows = tuple[tuple[str, ...], ...]
_ERRORS = {kind.__name__: kind for kind in (UsageError, InputError, ProjectError, ProjectReadOnly)}
_BUG = "bug"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work is."""

    sentence: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The last word of work that was done."""

    rows: Rows


@dataclass(frozen=True, slots=True)
class Fault:
    """The last word of work that was not.

    Parameters
    ----------
    kind : class of a SegdeskError, or "bug"
    sentence : of the error, or a traceback
    """

    kind: str
    sentence: str
    hint: str

    def as_error(self) -> Exception:
        """What `errand.run` raises."""
        if self.kind == _BUG:
            return RuntimeError(self.sentence)
        return _ERRORS[self.kind](Sentence.of(self.sentence), Sentence.of(self.hint))


def fault_of(error: SegdeskError) -> Fault:
    """An error as it travels: by the nearest class that the other end knows."""
    names = (kind.__name__ for kind in type(error).__mro__)
    kind = next((name for name in names if name in _ERRORS), ProjectError.__name__)
    return Fault(kind, error.sentence, error.hint)


def bug_of(traceback: str) -> Fault:
    """An error that nobody expected."""
    return Fault(_BUG, traceback, "")


def encode(message: Progress | Answer | Fault) -> bytes:
    """One line, with its end."""
    match message:
        case Progress():
            row: list[Any] = ["progress", kept(message.sentence), message.done, message.total]
        case Answer():
            row = ["answer", *message.rows]
        case Fault():
            row = ["fault", message.kind, kept(message.sentence), kept(message.hint)]
    return json.dumps(row).encode() + b"\n"


def decode(line: bytes) -> Progress | Answer | Fault | None:
    """The message of a line; None where it is none."""
    try:
        row: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    match row:
        case ["progress", str(sentence), int(done), int(total)] if line.endswith(b"\n"):
            return Progress(Sentence.read(sentence), done, total)
        case ["answer", *rows] if all(_is_row(one) for one in rows):
            return Answer(tuple(tuple(one) for one in rows))
        case ["fault", str(kind), str(sentence), str(hint)] if kind in {*_ERRORS, _BUG}:
            return Fault(kind, Sentence.read(sentence), Sentence.read(hint))
        case _:
            return None


def encode_arguments(arguments: Sequence[str]) -> bytes:
    """One line, with its end."""
    return json.dumps(list(arguments)).encode() + b"\n"


def decode_arguments(line: bytes) -> tuple[str, ...]:
    """What `encode_arguments` was given."""
    return tuple(json.loads(line))


def _is_row(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(text, str) for text in cast("list[Any]", value)
    )
