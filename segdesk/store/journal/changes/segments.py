"""Changes of the table of segments: a row before and after, None where there is none."""

from __future__ import annotations

import re
from typing import Any

from segdesk.core.edit import Edit, SegmentChange
from segdesk.core.segment import Segment
from segdesk.store.journal.changes.json_values import Row, text, truth, whole

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


def plain(edit: Edit) -> list[Row]:
    return [[_plain(change.before), _plain(change.after)] for change in edit.segments]


def read(row: Row) -> SegmentChange:
    before, after = row
    return SegmentChange(_segment(before), _segment(after))


def _plain(segment: Segment | None) -> Row | None:
    if segment is None:
        return None
    return [
        int(segment.number),
        segment.name,
        segment.colour,
        segment.meaning,
        int(segment.partner),
        segment.visible,
        segment.locked,
    ]


def _segment(row: Any) -> Segment | None:
    if row is None:
        return None
    number, name, colour, meaning, partner, visible, locked = row
    if _COLOUR.fullmatch(text(colour)) is None or not 0 <= whole(partner) <= 255:
        raise ValueError("expected a segment")
    return Segment(
        whole(number),
        text(name),
        colour,
        text(meaning),
        partner,
        truth(visible),
        truth(locked),
    )
