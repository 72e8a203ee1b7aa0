"""Files and frames in a DICOM series that are none of its slices: found, left out and named.

A scout that does not call itself one, a picture without a position, the same slice sent twice.
Only few beside many are guests; where they are many, the series is mixed, and `dicom_stack`
refuses it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path

from segdesk.errors import InputError
from segdesk.formats.dicom_header import Header, Plane
from segdesk.formats.dicom_pixels import stored_digest
from segdesk.formats.dicom_stack import Pair, turned_alike
from segdesk.formats.findings import listed_names, name_files
from segdesk.sentence import Sentence

#: At most so many files of one orientation are guests beside more slices of another: a scout from
#: the front and one from the side, each perhaps in two parts.
MOST_SCOUTS = 2


def without_guests(pairs: Sequence[Pair]) -> tuple[list[Pair], list[str]]:
    """The slices of a series, and sentences about the files that were left out.

    Parameters
    ----------
    pairs : all planes of a series
    """
    notes: list[str] = []
    kept = _with_position(pairs, notes)
    kept = _of_one_orientation(kept, notes)
    return _once(kept, notes), notes


def _with_position(pairs: Sequence[Pair], notes: list[str]) -> list[Pair]:
    placed = [pair for pair in pairs if _is_placed(pair[1])]
    lost = [pair for pair in pairs if not _is_placed(pair[1])]
    if not 0 < len(lost) < len(placed):
        return list(pairs)
    alone = len(lost) == 1
    notes.append(
        Sentence.counted(
            "{files} does not say where it lies and was left out.",
            "{files} do not say where they lie and were left out.",
            1 if alone else 2,
            files=_names(lost),
        )
    )
    return placed


def _is_placed(plane: Plane) -> bool:
    return plane.position_mm is not None and plane.orientation is not None


def _of_one_orientation(pairs: list[Pair], notes: list[str]) -> list[Pair]:
    groups: list[list[Pair]] = []
    for pair in pairs:
        group = next((g for g in groups if turned_alike(pair[1], g[0][1])), None)
        if group is None:
            groups.append([pair])
        else:
            group.append(pair)
    groups.sort(key=len, reverse=True)
    if len(groups) < 2 or any(len(group) > MOST_SCOUTS for group in groups[1:]):
        return pairs
    if len(groups[0]) <= MOST_SCOUTS:
        return pairs
    guests = [pair for group in groups[1:] for pair in group]
    notes.append(
        Sentence.counted(
            "{files} is turned against the {count} slices beside it, as a localizer is, and was "
            "left out.",
            "{files} are turned against the {count} slices beside it, as a localizer is, and were "
            "left out.",
            len(guests),
            files=_names(guests),
            count=len(groups[0]),
        )
    )
    return groups[0]


def _once(pairs: list[Pair], notes: list[str]) -> list[Pair]:
    """Without the second of two files that are one slice: one object, or one place and pixels."""
    kept: list[Pair] = []
    at: dict[Hashable, list[Pair]] = {}
    digests: dict[Path, str] = {}
    again: list[Path] = []
    for pair in pairs:
        header, plane = pair
        here = at.setdefault(_place(pair), [])
        if plane.frames == 1 and any(_is_same(header, other, digests) for other, _ in here):
            again.append(header.path)
            continue
        here.append(pair)
        kept.append(pair)
    if again:
        notes.append(
            Sentence.counted(
                "{files} is a slice that is there already and was left out.",
                "{files} are slices that are there already and were left out.",
                len(again),
                files=name_files(again),
            )
        )
    return kept


def _place(pair: Pair) -> Hashable:
    """Where and how a plane lies, in space and time, and what its numbers mean."""
    header, plane = pair
    return (
        replace(plane, path=Path(), thickness_mm=None, position_unit_mm=()),
        (header.rows, header.columns, header.is_signed),
    )


def _is_same(header: Header, other: Header, digests: dict[Path, str]) -> bool:
    if header.object_uid and header.object_uid == other.object_uid:
        return True
    for path in (header.path, other.path):
        if path not in digests:
            try:
                digests[path] = stored_digest(path)
            except InputError:  # said where the slice is decoded
                return False
    return digests[header.path] == digests[other.path]


def _names(pairs: Sequence[Pair]) -> str:
    return listed_names([plane.name for _, plane in pairs])
