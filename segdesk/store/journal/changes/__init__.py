"""One file for each type of change that an Edit can hold: its rows as JSON, and back.

    plain          values of JSON that are trusted once they were looked at
    voxels         Patches; their packed planes stand behind the head
    statuses       what slices become, and what they are complete for
    dismissals     predictions that are no longer offered
    segments       rows of the table of segments

A new type is a file here, a field of `core.edit.Edit` of the same name, and a line in `ROWS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, cast

from segdesk.core.edit import Edit
from segdesk.store.journal.changes import dismissals, segments, statuses
from segdesk.store.journal.changes.json_values import Row


class Rows(NamedTuple):
    """One type.

    Parameters
    ----------
    name : of the Edit's field, and of the rows in the file
    plain : a row for each change that an Edit holds
    read : the change of a row; ValueError or TypeError where it is none
    """

    name: str
    plain: Callable[[Edit], list[Row]]
    read: Callable[[Row], Any]


ROWS = (
    Rows("statuses", statuses.plain, statuses.read),
    Rows("dismissals", dismissals.plain, dismissals.read),
    Rows("segments", segments.plain, segments.read),
)


def plain(edit: Edit) -> dict[str, list[Row]]:
    """The rows of what an Edit holds; of a type of which it holds nothing there is nothing."""
    found = {rows.name: rows.plain(edit) for rows in ROWS}
    return {name: rows for name, rows in found.items() if rows}


def read(changes: Any) -> dict[str, tuple[Any, ...]]:
    """The fields of an Edit.

    Raises
    ------
    ValueError, TypeError
        Where one is of no type that stands here, or its rows are not what `plain` makes.
    """
    if type(changes) is not dict:
        raise ValueError("expected changes by their types")
    found = cast("dict[Any, Any]", changes)
    if found.keys() - {rows.name for rows in ROWS}:
        raise ValueError(f"expected changes of known types, received {[*found]}")
    return {rows.name: tuple(map(rows.read, found.get(rows.name, ()))) for rows in ROWS}
