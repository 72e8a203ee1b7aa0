"""Messages as JSON lines: one object a line, named by the message's class.

`encode` and `decode` are each other's inverse. A line that is no message, or whose fields are not
of its types, is refused, never evaluated.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

from segdesk.core.refinement import refinement_of
from segdesk.core.run import Epoch
from segdesk.errors import TrainingError
from segdesk.jobs import messages
from segdesk.jobs.messages import Command, Message, Said
from segdesk.sentence import Sentence, kept

_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Message)}
#: Whole numbers up to here are exact as float.
_WHOLE = 1 << 53
#: Fields that are said to a reader.
_SAID = frozenset(
    {"sentence", "hint", "reason", "device_reason", "nothing_learnt", "rival_problem"}
)
_TASKS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Said)}
_COMMANDS: dict[str, Command] = {"stop": "stop", "pause": "pause", "go_on": "go_on"}


def encode(message: Message) -> str:
    """One line without a newline."""
    fields = {
        name: kept(value) if isinstance(value, str) else value
        for name, value in asdict(message).items()
    }
    return json.dumps({"message": type(message).__name__, **fields})


def decode(line: str) -> Message:
    """The message of a line.

    Raises
    ------
    TrainingError
        Where the line is no message of this protocol.
    """
    try:
        fields: dict[str, Any] = json.loads(line)
        kind = _KINDS[fields.pop("message")]
        for name, build in _BUILDERS.get(kind, {}).items():
            if name in fields:
                fields[name] = build(fields[name])
        for name in _SAID & fields.keys():
            fields[name] = _sentence(fields[name])
        message = kind(**fields)
        if not _fits(message, kind):
            raise TypeError("a field is of another type")
        return message
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise TrainingError(
            Sentence("The trainer sent something unreadable: {line}.", line=f"{line[:80]!r}")
        ) from error


def _fits(value: Any, kind: Any) -> bool:
    """Whether a value is of a type, as the messages' classes name them."""
    if is_dataclass(kind):
        return type(value) is kind and all(
            _fits(getattr(value, name), wanted) for name, wanted in _types(kind)
        )
    origin, parts = get_origin(kind), get_args(kind)
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        row = cast("tuple[Any, ...]", value)
        if parts[-1] is Ellipsis:
            return all(_fits(one, parts[0]) for one in row)
        return len(row) == len(parts) and all(map(_fits, row, parts))
    if origin is Literal:
        return value in parts
    if origin is UnionType:
        return any(_fits(value, one) for one in parts)
    if kind is float:
        # JSON knows one kind of number; a whole one that is no float would be too large for any.
        return type(value) is float or (type(value) is int and abs(value) < _WHOLE)
    return isinstance(value, str) if kind is str else type(value) is kind


def _sentence(value: Any) -> Sentence:
    if not isinstance(value, str):
        raise TypeError("a sentence is no text")
    return Sentence.read(value)


@cache
def _types(kind: type[Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(get_type_hints(kind).items())


def encode_task(task: Said) -> str:
    """One line without a newline; a command is its own line."""
    return json.dumps({"task": type(task).__name__, **asdict(task)})


def decode_command(line: str) -> Command | Said | None:
    """The command, task or look of a line, or None where it is none."""
    command = _COMMANDS.get(line.strip())
    if command is not None:
        return command
    try:
        fields: dict[str, Any] = json.loads(line)
        kind = _TASKS[fields.pop("task")]
        task = kind(**fields)
        return task if _fits(task, kind) else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _pair_or_none(value: Any) -> Any:
    return None if value is None else tuple(value)


_BUILDERS: dict[type[Any], dict[str, Callable[[Any], Any]]] = {
    messages.Hello: {"versions": lambda rows: tuple((str(a), str(b)) for a, b in rows)},
    messages.Started: {
        "input_shape": tuple,
        "pixel_mm": _pair_or_none,
        "built_for": tuple,
    },
    messages.Checkpoint: {"input_shape": tuple, "pixel_mm": _pair_or_none},
    messages.Refined: {"refinements": lambda rows: tuple(refinement_of(fields) for fields in rows)},
    messages.EpochDone: {"epoch": lambda fields: Epoch(**fields)},
}
