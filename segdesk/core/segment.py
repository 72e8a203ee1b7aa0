"""Segments: what the numbers in a label map mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from segdesk.errors import UsageError

#: Colour-blind safe order, after Okabe and Ito (2008).
COLOURS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#0072b2", "#d55e00")


@dataclass(frozen=True, slots=True)
class Segment:
    """One structure.

    Parameters
    ----------
    number : 1 to 255; 0 is background. Never changes by itself
    name : not empty
    colour : "#rrggbb"
    meaning : coded meaning "scheme:code:text", or empty
    partner : number of the left/right partner, or 0
    visible, locked : locked voxels are not painted over and the segment is not painted with
    """

    number: int
    name: str
    colour: str
    meaning: str = ""
    partner: int = 0
    visible: bool = True
    locked: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.number <= 255:
            raise ValueError(f"expected a number from 1 to 255, received number={self.number}")
        if not self.name.strip():
            raise ValueError("expected a name, received an empty one")

    @property
    def rgb(self) -> tuple[int, int, int]:
        """Red, green, blue, 0 to 255."""
        return int(self.colour[1:3], 16), int(self.colour[3:5], 16), int(self.colour[5:7], 16)


@dataclass(frozen=True, slots=True)
class SegmentTable:
    """The project's segments, by number. Frozen: every change gives a new table."""

    rows: tuple[Segment, ...] = ()

    def __iter__(self) -> Iterator[Segment]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, number: object) -> bool:
        return any(row.number == number for row in self.rows)

    def __getitem__(self, number: int) -> Segment:
        for row in self.rows:
            if row.number == number:
                return row
        raise UsageError(f"There is no segment {number} in this project.")

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(row.number for row in self.rows)

    @property
    def locked(self) -> frozenset[int]:
        return frozenset(row.number for row in self.rows if row.locked)

    def put(self, segment: Segment) -> SegmentTable:
        """The table with this segment added, or in place of the one with its number."""
        others = [row for row in self.rows if row.number != segment.number]
        return SegmentTable(tuple(sorted([*others, segment], key=lambda row: row.number)))

    def without(self, number: int) -> SegmentTable:
        return SegmentTable(tuple(row for row in self.rows if row.number != number))

    def next_free(self) -> int:
        """The lowest unused number.

        Raises
        ------
        UsageError
            Where all 255 are in use.
        """
        for number in range(1, 256):
            if number not in self:
                return number
        raise UsageError("All 255 segment numbers are in use.")

    def new(self, name: str = "", *, number: int | None = None) -> Segment:
        """A segment for the next free number (or this one) with the next colour."""
        number = self.next_free() if number is None else number
        colour = COLOURS[(number - 1) % len(COLOURS)]
        return Segment(number, name.strip() or f"Segment {number}", colour)

    def renamed(self, number: int, name: str) -> SegmentTable:
        if not name.strip():
            raise UsageError("A segment needs a name.")
        return self.put(replace(self[number], name=name.strip()))
