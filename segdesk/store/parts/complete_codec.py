"""For which segments each slice is complete, as two columns; statuses stand beside them.

    complete_sets   texts, each a set of segment numbers, ascending: "", "1", "1 2"
    complete        uint32, one for each slice: which of the sets

A case has few different sets and many slices. Of several cases, as the index holds them, they stand
one after the other, with how many of each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from segdesk.core.status import SliceStatus
from segdesk.store.parts.hdf5 import Group, NewGroup
from segdesk.store.parts.value_codec import put_lengths, rows_of

_SET = re.compile(r"(?:[1-9][0-9]{0,2}(?: [1-9][0-9]{0,2})*)?")

#: By their numbers, which are 0, 1, 2, …
_STATUSES = tuple(SliceStatus)

Statuses = tuple[SliceStatus, ...]
Sets = tuple[frozenset[int], ...]


def put_slices(group: NewGroup, statuses: Statuses, complete: Sets) -> None:
    """Statuses and completeness of one case's slices."""
    group.column("statuses", np.array(statuses, dtype=np.uint8))
    _put_sets(group, complete)


def slices_of(group: Group, count: int) -> tuple[Statuses, Sets]:
    """Statuses and completeness as `put_slices` left them; both empty, or `count` long.

    Raises
    ------
    ValueError, KeyError
        Where they are missing, or say what no segdesk writes.
    """
    statuses, complete = _statuses(group), _sets(group)
    for rows in (statuses, complete):
        if len(rows) not in (0, count):
            raise ValueError(f"expected {count} slices, received {len(rows)}")
    return statuses, complete


def put_slices_of_cases(group: NewGroup, rows: Sequence[tuple[Statuses, Sets]]) -> None:
    """As `put_slices`, of many cases one after the other, with two columns of lengths."""
    statuses = tuple(status for row, _ in rows for status in row)
    put_slices(group, statuses, tuple(numbers for _, row in rows for numbers in row))
    put_lengths(group, "statuses", [statuses for statuses, _ in rows])
    put_lengths(group, "complete", [complete for _, complete in rows])


def slices_of_cases(group: Group, counts: Sequence[int]) -> list[tuple[Statuses, Sets]]:
    """As `slices_of`, for each case as `put_slices_of_cases` left them.

    Parameters
    ----------
    counts : slices of each case
    """
    statuses, complete = _statuses(group), _sets(group)
    found: list[tuple[Statuses, Sets]] = []
    for count, at, among in zip(
        counts,
        rows_of(group, "statuses", len(counts), len(statuses)),
        rows_of(group, "complete", len(counts), len(complete)),
        strict=True,
    ):
        row = statuses[at], complete[among]
        if any(len(part) not in (0, count) for part in row):
            raise ValueError(f"expected {count} slices, received {len(row[0])} and {len(row[1])}")
        found.append(row)
    return found


def _put_sets(group: NewGroup, complete: Sets) -> None:
    texts = {numbers: " ".join(map(str, sorted(numbers))) for numbers in dict.fromkeys(complete)}
    places = {numbers: place for place, numbers in enumerate(texts)}
    group.texts("complete_sets", list(texts.values()))
    group.column("complete", np.array([places[row] for row in complete], dtype=np.uint32))


def _statuses(group: Group) -> Statuses:
    numbers = group.column("statuses", np.uint8)
    if len(numbers) and int(numbers.max()) >= len(_STATUSES):
        raise ValueError(f"expected a status, received {numbers.max()}")
    places: list[int] = numbers.tolist()
    return tuple([_STATUSES[place] for place in places])


def _sets(group: Group) -> Sets:
    sets = [_numbers(text) for text in group.texts("complete_sets")]
    places: list[int] = group.column("complete", np.uint32).tolist()
    if places and max(places) >= len(sets):
        raise ValueError(f"expected one of {len(sets)} sets, received {max(places)}")
    return tuple([sets[place] for place in places])


def _numbers(text: str) -> frozenset[int]:
    numbers = [int(word) for word in text.split()] if _SET.fullmatch(text) else [0]
    if numbers != sorted(set(numbers)) or any(not 1 <= number <= 255 for number in numbers):
        raise ValueError(f"expected segment numbers, received {text!r}")
    return frozenset(numbers)
