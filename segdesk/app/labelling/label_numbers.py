"""What the numbers of a label map that comes in mean among the project's segments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from segdesk.core.edit import SegmentChange
from segdesk.core.printable import printable
from segdesk.core.segment import SegmentTable
from segdesk.formats.labels import LabelMap
from segdesk.sentence import Sentence


def renumbered(table: SegmentTable, labels: LabelMap) -> LabelMap:
    """The map with other numbers in the place of those that stand for a segment that is gone."""
    shown = labels.numbers
    gone = sorted(shown & table.gone)
    if not gone:
        return labels
    names, lookup, notes = dict(labels.names), np.arange(256, dtype=np.uint8), list(labels.notes)
    taken = table.spend(shown | names.keys())
    for number in gone:
        lookup[number] = free = taken.next_free()
        taken = taken.spend([free])
        if number in names:
            names[free] = names.pop(number)
        notes.append(
            Sentence(
                "Label {number} of the file became segment {free}: number {number} stood "
                "for a segment that was removed, and is not given again.",
                number=number,
                free=free,
            )
        )
    return replace(
        labels,
        labels=lookup[labels.labels],
        names=tuple(sorted(names.items())),
        notes=tuple(notes),
    )


def new_segments(table: SegmentTable, labels: LabelMap) -> tuple[SegmentChange, ...]:
    """Segments for the numbers that the project has none for."""
    names = dict(labels.names)
    changes: list[SegmentChange] = []
    for number in sorted(labels.numbers):
        if number not in table:
            segment = table.new(printable(names.get(number, ""), keep=""), number=number)
            table = table.put(segment)
            changes.append(SegmentChange(None, segment))
    return tuple(changes)


def other_names(table: SegmentTable, labels: LabelMap) -> tuple[str, ...]:
    """Sentences where a number stands for another name in the file, or for none there."""
    names = dict(labels.names)
    said: list[str] = []
    for number in sorted(labels.numbers):
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
