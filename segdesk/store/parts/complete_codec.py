"""For which segments each slice is complete, as two columns; statuses stand beside them.

    complete_sets   texts, each a set of segment numbers, ascending: "", "1", "1 2"
    complete        uint32, one for each slice: which of the sets

A case has few different sets and many slices. The index and every annotation file hold them.
"""

from __future__ import annotations

import re

import numpy as np

from segdesk.core.status import SliceStatus
from segdesk.errors import ProjectError
from segdesk.store.parts.hdf5 import Group, NewGroup

_SET = re.compile(r"(?:[1-9][0-9]{0,2}(?: [1-9][0-9]{0,2})*)?")

Statuses = tuple[SliceStatus, ...]
Sets = tuple[frozenset[int], ...]


def put_slices(group: NewGroup, statuses: Statuses, complete: Sets) -> None:
    """Statuses and completeness of a case's slices."""
    group.column("statuses", np.array(statuses, dtype=np.uint8))
    texts = {numbers: " ".join(map(str, sorted(numbers))) for numbers in dict.fromkeys(complete)}
    places = {numbers: place for place, numbers in enumerate(texts)}
    group.texts("complete_sets", list(texts.values()))
    group.column("complete", np.array([places[row] for row in complete], dtype=np.uint32))


def slices_of(group: Group, count: int) -> tuple[Statuses, Sets]:
    """Statuses and completeness as `put_slices` left them; both empty, or `count` long.

    Raises
    ------
    ProjectError
        Where an early build wrote the file, which did not keep for which segments a slice is
        right: to take it as right for all of today's would be a guess.
    ValueError, KeyError
        Where they are missing, or say what no segdesk writes.
    """
    if group.has_member("statuses") and not group.has_member("complete"):
        raise ProjectError(
            "This project was made by an early build of segdesk, which did not keep for which "
            "segments a slice is right.",
            "Export its masks with that build and import them into a new project.",
        )
    statuses = tuple(map(SliceStatus, group.column("statuses", np.uint8).tolist()))
    sets = [_numbers(text) for text in group.texts("complete_sets")]
    complete = tuple(sets[place] for place in _places(group, len(sets)))
    for rows in (statuses, complete):
        if len(rows) not in (0, count):
            raise ValueError(f"expected {count} slices, received {len(rows)}")
    return statuses, complete


def _places(group: Group, sets: int) -> list[int]:
    places = group.column("complete", np.uint32).tolist()
    if any(place >= sets for place in places):
        raise ValueError(f"expected one of {sets} sets, received {max(places)}")
    return places


def _numbers(text: str) -> frozenset[int]:
    numbers = [int(word) for word in text.split()] if _SET.fullmatch(text) else [0]
    if numbers != sorted(set(numbers)) or any(not 1 <= number <= 255 for number in numbers):
        raise ValueError(f"expected segment numbers, received {text!r}")
    return frozenset(numbers)
