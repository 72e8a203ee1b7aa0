"""Dismissals: run, slice, whether its prediction was dismissed before and is afterwards."""

from __future__ import annotations

from segdesk.core.edit import Dismissal, Edit
from segdesk.store.journal.changes.json_values import Row, index, text, truth


def plain(edit: Edit) -> list[Row]:
    return [[d.run, int(d.slice), d.before, d.after] for d in edit.dismissals]


def read(row: Row) -> Dismissal:
    run, place, before, after = row
    return Dismissal(text(run), index(place), truth(before), truth(after))
