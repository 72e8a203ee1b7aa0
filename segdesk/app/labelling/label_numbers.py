"""What the numbers of a label map that comes in mean among the project's segments."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from segdesk.core.edit import SegmentChange
from segdesk.core.printable import printable
from segdesk.core.segment import SegmentTable
from segdesk.formats.labels import LabelMap
from segdesk.sentence import Sentence


@dataclass(frozen=True, slots=True)
class Legend:
    """What a label map shows, under the project's numbers; without its voxels, so it costs nothing.

    Parameters
    ----------
    numbers : of the segments that it shows
    names : (number, name) of those that the file names
    moved : (number in the file, number here) where they differ: the first stands for a segment
        that is gone
    """

    numbers: frozenset[int]
    names: tuple[tuple[int, str], ...]
    moved: tuple[tuple[int, int], ...] = ()

    @property
    def notes(self) -> tuple[Sentence, ...]:
        """Sentences about the numbers that differ."""
        return tuple(
            Sentence(
                "Label {number} of the file became segment {free}: number {number} stood "
                "for a segment that was removed, and is not given again.",
                number=number,
                free=free,
            )
            for number, free in self.moved
        )


def legend_of(table: SegmentTable, labels: LabelMap) -> Legend:
    """Numbers that stand for a segment that is gone get others; looks at no voxel once the map's
    `numbers` are counted."""
    shown, names = labels.numbers, dict(labels.names)
    gone = sorted(shown & table.gone)
    taken, moved = table.spend(shown | names.keys()), list[tuple[int, int]]()
    for number in gone:
        free = taken.next_free()
        taken = taken.spend([free])
        if number in names:
            names[free] = names.pop(number)
        moved.append((number, free))
    numbers = (shown - set(gone)) | {free for _, free in moved}
    return Legend(numbers, tuple(sorted(names.items())), tuple(moved))


def renumbered(labels: LabelMap, legend: Legend) -> LabelMap:
    """The map under the project's numbers; any thread, and a worker where it is large.

    Parameters
    ----------
    legend : from `legend_of`, of this map
    """
    if not legend.moved:
        return labels
    lookup, voxels = np.arange(256, dtype=np.uint8), np.empty_like(labels.labels)
    for number, free in legend.moved:
        lookup[number] = free
    # Slice by slice, so that it keeps nobody else waiting for long.
    for before, after in zip(labels.labels, voxels, strict=True):
        after[...] = lookup[before]
    notes = (*labels.notes, *legend.notes)
    return replace(labels, labels=voxels, names=legend.names, notes=notes)


def new_segments(table: SegmentTable, legend: Legend) -> tuple[SegmentChange, ...]:
    """Segments for the numbers that the project has none for."""
    names = dict(legend.names)
    changes: list[SegmentChange] = []
    for number in sorted(legend.numbers):
        if number not in table:
            segment = table.new(printable(names.get(number, ""), keep=""), number=number)
            table = table.put(segment)
            changes.append(SegmentChange(None, segment))
    return tuple(changes)


def other_names(table: SegmentTable, legend: Legend) -> tuple[str, ...]:
    """Sentences where a number stands for another name in the file, or for none there."""
    names = dict(legend.names)
    said: list[str] = []
    for number in sorted(legend.numbers):
        if number not in table or table[number].locked:
            continue
        here, there = table[number].name, names.get(number)
        if there is None and here != f"Segment {number}":
            said.append(
                Sentence(
                    "Label {number} of the file became the segment '{here}' that was there.",
                    number=number,
                    here=here,
                )
            )
        elif there not in (None, here):
            said.append(
                Sentence(
                    "Segment {number} is '{here}' here and '{there}' in the file of the labels.",
                    number=number,
                    here=here,
                    there=there,
                )
            )
    return tuple(said)
