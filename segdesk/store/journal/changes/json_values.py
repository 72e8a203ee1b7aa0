"""Values of JSON, taken only where they are exactly of the type that is expected."""

from __future__ import annotations

from typing import Any, cast

Row = list[Any]
LARGEST_INDEX = 100_000


def text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError(f"expected a text, received {value!r}")
    return value


def truth(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError(f"expected true or false, received {value!r}")
    return value


def whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError(f"expected a whole number, received {value!r}")
    return value


def index(value: Any) -> int:
    """A slice, row or column."""
    if not 0 <= whole(value) <= LARGEST_INDEX:
        raise ValueError(f"expected 0 to {LARGEST_INDEX}, received {value}")
    return value


def numbers(value: Any) -> frozenset[int]:
    """Segment numbers, ascending, each once."""
    if type(value) is not list:
        raise ValueError(f"expected segment numbers, received {value!r}")
    found = [whole(number) for number in cast("list[Any]", value)]
    if found != sorted(set(found)) or any(not 1 <= number <= 255 for number in found):
        raise ValueError(f"expected segment numbers, received {found}")
    return frozenset(found)
