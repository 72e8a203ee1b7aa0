"""Segments: what the numbers in a label map mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from segdesk.core.printable import printable
from segdesk.errors import UsageError
from segdesk.sentence import Sentence

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


def change_words(before: Segment, after: Segment) -> str:
    """What becomes of a segment, as the name of an Edit."""
    if before.name != after.name:
        return Sentence(
            "Rename segment '{before}' to '{after}'", before=before.name, after=after.name
        )
    if before.locked != after.locked:
        if after.locked:
            return Sentence("Lock segment '{name}'", name=before.name)
        return Sentence("Unlock segment '{name}'", name=before.name)
    return Sentence("Change segment '{name}'", name=before.name)


@dataclass(frozen=True, slots=True)
class SegmentTable:
    """The project's segments, by number. Frozen: every change gives a new table.

    Parameters
    ----------
    rows : by number
    spent : numbers that stand for a segment for good, because it was removed or a run learnt it;
        masks of before, predictions and `core.completeness` name it, so no other one gets it
    """

    rows: tuple[Segment, ...] = ()
    spent: frozenset[int] = frozenset()

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
        raise UsageError(Sentence("There is no segment {number} in this project.", number=number))

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(row.number for row in self.rows)

    @property
    def locked(self) -> frozenset[int]:
        return frozenset(row.number for row in self.rows if row.locked)

    def put(self, segment: Segment) -> SegmentTable:
        """The table with this segment added, or in place of the one with its number."""
        others = [row for row in self.rows if row.number != segment.number]
        rows = tuple(sorted([*others, segment], key=lambda row: row.number))
        return replace(self, rows=rows)

    def without(self, number: int) -> SegmentTable:
        """The table without this segment; whether its number is spent is said by `spend`."""
        return replace(self, rows=tuple(row for row in self.rows if row.number != number))

    def spend(self, numbers: Iterable[int]) -> SegmentTable:
        """The table in which these numbers go to no other segment any more."""
        return replace(self, spent=self.spent | frozenset(numbers))

    @property
    def gone(self) -> frozenset[int]:
        """Numbers that stand for a segment that is not in the table any more."""
        return self.spent - frozenset(self.numbers)

    def next_free(self) -> int:
        """The lowest number that never stood for another segment.

        Raises
        ------
        UsageError
            Where all 255 are in use or spent.
        """
        for number in range(1, 256):
            if number not in self and number not in self.spent:
                return number
        raise UsageError(
            "All 255 segment numbers are in use, or were and are not given again.",
            "Start a new project for more segments.",
        )

    def new(self, name: str = "", *, number: int | None = None) -> Segment:
        """A segment for the next free number (or this one) with the next colour."""
        number = self.next_free() if number is None else number
        colour = COLOURS[(number - 1) % len(COLOURS)]
        return Segment(number, self._free_name(name.strip() or f"Segment {number}"), colour)

    def _free_name(self, name: str) -> str:
        """The name, or with a number behind it where another segment has it."""
        taken, found, at = {row.name for row in self.rows}, name, 2
        while found in taken:
            found, at = f"{name} {at}", at + 1
        return found

    def renamed(self, number: int, name: str) -> SegmentTable:
        """The table in which a segment has this name, without spaces around it.

        Raises
        ------
        UsageError
            Where the name is empty or does not print, or another segment has it.
        """
        name = name.strip()
        if not name:
            raise UsageError("A segment needs a name.")
        if printable(name, keep="") != name:
            raise UsageError("A name has printable letters only.", "Choose another.")
        for row in self.rows:
            if row.number != number and row.name == name:
                raise UsageError(
                    Sentence("There is a segment '{name}' already.", name=name),
                    "Choose another name for this one.",
                )
        return self.put(replace(self[number], name=name))

    def changed(
        self, before: Segment | None, after: Segment | None, *, taken_back: bool = False
    ) -> SegmentTable:
        """The table after a segment came (before None), changed, or was removed (after None).

        Shown or hidden is a matter of looking, which no change touches. The number of a removed
        segment is spent; an addition that is taken back leaves nothing behind that names it.
        """
        if after is not None:
            seen = self[after.number].visible if after.number in self else after.visible
            return self.put(replace(after, visible=seen))
        if before is None:
            return self
        table = self.without(before.number)
        return table if taken_back else table.spend([before.number])
