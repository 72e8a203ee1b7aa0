"""Messages as JSON lines: one object a line, named by the message's class.

`encode` and `decode` are each other's inverse. A line that is no message, or whose fields are not
of its types, is refused, never evaluated.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from dataclasses import fields as fields_of
from functools import cache
from types import UnionType
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

from segdesk.core.refinement import refinement_of
from segdesk.core.run import Epoch
from segdesk.errors import TrainingError
from segdesk.jobs import messages
from segdesk.jobs.messages import Command, Message, Said
from segdesk.sentence import Sentence, kept

Row = tuple[Any, ...]
#: Tells whether a value may stand at a place.
Test = Callable[[Any], bool]

#: `json.loads` without its two looks for white space.
_read: Callable[[str], tuple[dict[str, Any], int]] = json.JSONDecoder().raw_decode
_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Message)}
#: Whole numbers up to here are exact as float.
_WHOLE = 1 << 53
#: Fields that are said to a reader.
_SAID = frozenset(
    {"sentence", "hint", "reason", "device", "device_reason", "nothing_learnt", "rival_problem"}
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


def is_integer(value: Any) -> bool:
    """Whether a value may be where a message has a whole number."""
    return type(value) is int


def is_text(value: Any) -> bool:
    """Whether a value may be where a message has a text."""
    return isinstance(value, str)


def decode(line: str, *, integer: Test = is_integer, text: Test = is_text) -> Message:
    """The message of a line.

    Parameters
    ----------
    integer, text : tell which whole numbers and texts there may be

    Raises
    ------
    TrainingError
        Where the line is no message of this protocol.
    """
    try:
        fields, end = _read(line)
        if line[end:].strip():
            raise ValueError("something follows")
        kind = _KINDS[fields.pop("message")]
        for name, build in _builders(kind):
            if name in fields:
                fields[name] = build(fields[name])
        message = kind(**fields)
        if not fits(kind, integer, text)(message):
            raise TypeError("a field is of another type")
        return message
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise TrainingError(
            Sentence("The trainer sent something unreadable: {line}.", line=f"{line[:80]!r}")
        ) from error


class OtherFields(ValueError):
    """A class has not the fields that were written, as another version writes them."""


def made(kind: Any, value: Any) -> Any:
    """What JSON gives, with tuples and classes in their places; `fits` looks at the rest.

    Raises
    ------
    OtherFields
        Where a class has others.
    ValueError, TypeError, SegdeskError
        Where it is something else.
    """
    if is_dataclass(kind):
        types = get_type_hints(kind)
        if set(value) != set(types):
            raise OtherFields(f"expected {sorted(types)}")
        make: Callable[..., Any] = cast("type[Any]", kind)
        return make(**{name: made(types[name], value[name]) for name in types})
    origin, parts = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return None if value is None else made(parts[0], value)
    if origin is tuple and parts[-1] is Ellipsis:
        return tuple(made(parts[0], one) for one in value)
    if origin is tuple:
        return tuple(made(part, one) for part, one in zip(parts, value, strict=True))
    return value


@cache
def fits(kind: Any, integer: Test, text: Test) -> Test:
    """What tells whether a value is of a type, as the messages' classes name them. Made once for
    each: a run that was cut off may have kept a hundred thousand messages."""
    if is_dataclass(kind):
        types = get_type_hints(kind)
        fields = tuple((name, fits(type_, integer, text)) for name, type_ in types.items())
        return _fits_class(cast("type[Any]", kind), fields)
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return parts.__contains__
    if origin is UnionType:
        return _fits_one(tuple(fits(part, integer, text) for part in parts))
    if origin is tuple and parts[-1] is Ellipsis:
        one = fits(parts[0], integer, text)
        return lambda value: isinstance(value, tuple) and all(map(one, cast("Row", value)))
    if origin is tuple:
        return _fits_row(tuple(fits(part, integer, text) for part in parts))
    own: dict[Any, Test] = {int: integer, str: text, float: _is_figure}
    return own.get(kind) or (lambda value: type(value) is kind)


def _fits_class(kind: type[Any], fields: tuple[tuple[str, Test], ...]) -> Test:
    def fits(value: Any) -> bool:
        if type(value) is not kind:
            return False
        for name, fits_field in fields:  # noqa: SIM110 - half the time of a generator
            if not fits_field(getattr(value, name)):
                return False
        return True

    return fits


def _fits_row(parts: tuple[Test, ...]) -> Test:
    def fits(value: Any) -> bool:
        if not isinstance(value, tuple) or len(row := cast("Row", value)) != len(parts):
            return False
        for fits_part, part in zip(parts, row, strict=True):  # noqa: SIM110 - as above
            if not fits_part(part):
                return False
        return True

    return fits


def _fits_one(parts: tuple[Test, ...]) -> Test:
    def fits(value: Any) -> bool:
        for fits_part in parts:  # noqa: SIM110 - as above
            if fits_part(value):
                return True
        return False

    return fits


def _is_figure(value: Any) -> bool:
    # JSON knows one kind of number; a whole one that is no float would be too large for any.
    return type(value) is float or (type(value) is int and abs(value) < _WHOLE)


def _sentence(value: Any) -> Sentence:
    if not isinstance(value, str):
        raise TypeError("a sentence is no text")
    return Sentence.read(value)


@cache
def _builders(kind: type[Any]) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """What makes a message's fields of what JSON gives, by their names."""
    said = {field.name: _sentence for field in fields_of(kind) if field.name in _SAID}
    return tuple({**said, **_BUILDERS.get(kind, {})}.items())


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
        return task if fits(kind, is_integer, is_text)(task) else None
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
