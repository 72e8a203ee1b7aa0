"""Messages as JSON lines: one object a line, named by the message's class.

`encode` and `decode` are each other's inverse. A line that is no message is refused, never
evaluated.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, get_args

from segdesk.core.run import Epoch
from segdesk.errors import TrainingError
from segdesk.jobs import messages
from segdesk.jobs.messages import Command, Message

_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Message)}
_COMMANDS: dict[str, Command] = {"stop": "stop", "pause": "pause", "go_on": "go_on"}


def encode(message: Message) -> str:
    """One line without a newline."""
    return json.dumps({"message": type(message).__name__, **asdict(message)})


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
            fields[name] = build(fields[name])
        return kind(**fields)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise TrainingError(f"The trainer sent something unreadable: {line[:80]!r}.") from error


def decode_command(line: str) -> Command | None:
    """The command of a line, or None where it is none."""
    return _COMMANDS.get(line.strip())


def _pair_or_none(value: Any) -> Any:
    return None if value is None else tuple(value)


_BUILDERS: dict[type[Any], dict[str, Callable[[Any], Any]]] = {
    messages.Hello: {"versions": lambda rows: tuple((str(a), str(b)) for a, b in rows)},
    messages.Started: {
        "input_shape": tuple,
        "pixel_mm": _pair_or_none,
        "built_for": tuple,
    },
    messages.EpochDone: {"epoch": lambda fields: Epoch(**fields)},
}
