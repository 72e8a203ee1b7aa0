"""Typed options of tools and operations: what a hand or a command line can set, and as what.

A row of fields is made from them (`ui.panels.option_fields`); what they do is their owner's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

Value = TypeVar("Value", float, bool)

#: Digits that a step of a size keeps: few to read, and enough to change it at every size.
SIZE_DIGITS = 3
#: Ratio of one step of a size, such as a notch of the wheel.
SIZE_STEP = 1.15
LARGEST_SIZE_MM = 200.0


@dataclass(frozen=True, slots=True)
class Option(Generic[Value]):
    """What can be set.

    Parameters
    ----------
    id : tools that name the same one share its value; also the objectName of its field
    name, tip : words for people
    start : its value until somebody sets it
    """

    id: str
    name: str
    tip: str
    start: Value


@dataclass(frozen=True, slots=True)
class Size(Option[float]):
    """A length on the patient in mm: at least one voxel, at most 200 mm or ten voxels."""


@dataclass(frozen=True, slots=True)
class Switch(Option[bool]):
    """On or off."""


class Options:
    """What is set; an option that nobody has set is as it starts. Frozen."""

    def __init__(self, values: Mapping[str, float | bool] | None = None) -> None:
        self._values = dict(values or {})

    def __getitem__(self, option: Option[Value]) -> Value:
        return cast(Value, self._values.get(option.id, option.start))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Options) and self._values == other._values

    __hash__ = None  # type: ignore[assignment]

    def changed(self, option: Option[Value], value: Value) -> Options:
        """The same with another value of one option."""
        return Options({**self._values, option.id: value})


def rounded(size_mm: float) -> float:
    """A size that was not typed, to as many digits as an eye can tell."""
    return float(f"{size_mm:.{SIZE_DIGITS}g}")
