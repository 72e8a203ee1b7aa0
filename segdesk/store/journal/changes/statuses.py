"""Moves of slices: index, status before and after, complete for which segments before and after."""

from __future__ import annotations

from segdesk.core.edit import Edit, StatusMove
from segdesk.core.status import SliceStatus
from segdesk.store.journal.changes.json_values import Row, index, numbers, whole


def plain(edit: Edit) -> list[Row]:
    return [
        [
            int(move.slice),
            int(move.before),
            int(move.after),
            sorted(move.complete_before),
            sorted(move.complete_after),
        ]
        for move in edit.statuses
    ]


def read(row: Row) -> StatusMove:
    place, before, after, had, has = row
    return StatusMove(
        index(place),
        SliceStatus(whole(before)),
        SliceStatus(whole(after)),
        numbers(had),
        numbers(has),
    )
