"""Which journals follow on each other, and which of them are another copy's.

The index names the journal of its generation by id, and each journal the one before it. A copy of
the project that went on by itself, or the same project at another time, has journals of the same
numbers that hold something else: none of these is ever replayed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from segdesk.core.durable_files import final_name, partial_name
from segdesk.core.regular_file import files_below
from segdesk.sentence import Sentence
from segdesk.store.disk.aside import end_putting_in_place
from segdesk.store.disk.layout import journal_name
from segdesk.store.journal.journal_contents import Contents, read
from segdesk.store.journal.journal_form import read_head

#: What is said of a journal, behind its name.
FOREIGN = Sentence(
    "is not the one that was written here (a file of a copy, or of another time) and was left out"
)
_NAME = re.compile(r"journal-(0|[1-9][0-9]{0,17})")


class Chain(NamedTuple):
    """The journals from a generation upwards.

    Parameters
    ----------
    journals : those that follow on each other, in order
    stray : numbers of later ones that do not
    foreign : those of the stray ones that belong to another copy, or to another time
    """

    journals: tuple[Contents, ...]
    stray: tuple[int, ...] = ()
    foreign: frozenset[int] = frozenset()


def journal_numbers(folder: Path) -> tuple[int, ...]:
    """Numbers of the journals in a project folder, ascending."""
    found = (_NAME.fullmatch(path.name) for path in folder.iterdir())
    return tuple(sorted(int(match[1]) for match in found if match))


def chain(folder: Path, generation: int, id: str) -> Chain:
    """Read the journals from a generation upwards.

    Parameters
    ----------
    id : of the first of them, as the index names it; "": whichever is there

    Raises
    ------
    OSError
        Where a journal cannot be read at all.
    """
    journals: list[Contents] = []
    numbers = [number for number in journal_numbers(folder) if number >= generation]
    for position, number in enumerate(numbers):
        found = read(folder / journal_name(number), number)
        if journals:
            is_next, is_foreign = follows(journals[-1], found), _is_after_another(journals, found)
        else:
            is_next, is_foreign = number == generation, _is_another(found, generation, id)
        is_next = is_next and not is_foreign
        if not is_next and not found.flaw and found.has_only_begun:
            # It had only begun when the power took the end of the one before.
            continue
        if not is_next:
            stray = numbers[position:]
            foreign = _foreign(folder, stray) if is_foreign else frozenset[int]()
            return Chain(tuple(journals), tuple(stray), foreign)
        if found.first < 0 and journals and found.flaw == "torn":
            # Its head was being written when the power went: it never held anything.
            found = Contents(number, journals[-1].next_sequence, (), 0, "torn")
        journals.append(found)
    return Chain(tuple(journals))


def follows(before: Contents, after: Contents) -> bool:
    """Whether nothing is missing between two journals."""
    if after.flaw == "torn" and after.first < 0:
        return True
    is_whole = before.first >= 0 and before.flaw != "damaged"
    return is_whole and after.first == before.next_sequence and after.follows == before.link


def lead_on(journals: Sequence[Contents], since: int, newest: int) -> bool:
    """Whether the journals from one number on have all that was done, up to the newest of them and
    at least to another number.

    Parameters
    ----------
    journals : of one project, in order
    """
    row = [one for one in journals if one.number >= since]
    if not row or row[0].number != since or row[-1].number < newest:
        return False
    are_whole = all(one.first >= 0 and one.flaw != "damaged" for one in row)
    return are_whole and all(map(follows, row, row[1:]))


def gap_behind(journals: Sequence[Contents], newest: int) -> int | None:
    """Number of the first journal from a save on before which something is missing: what it and
    those behind it hold was done on more than the mask and the others have. None where there is
    none.

    Parameters
    ----------
    journals : of one project, in order
    newest : number of the save
    """
    row = [one for one in journals if one.number >= newest]
    if row and row[0].number != newest:
        return row[0].number
    gaps = (after.number for before, after in pairwise(row) if not follows(before, after))
    return next(gaps, None)


def end_writing_anew(folder: Path, generation: int, id: str) -> None:
    """Take what was being written in the place of a journal that another program had taken away,
    when the process was killed (`Journal.put_back`).

    Parameters
    ----------
    id : of the journal of that generation, as the index names it

    Raises
    ------
    OSError
        Where the disk refuses.
    """
    for partial in files_below(folder, partial_name(Path("journal-*")).name):
        match, head = _NAME.fullmatch(final_name(partial)), read_head(partial)
        if match is None or head is None or head.number != int(match[1]):
            continue
        if head.number == generation:
            is_wanted = head.id == id
        else:
            before = read_head(folder / journal_name(head.number - 1))
            is_after = head.number > generation and before is not None
            is_wanted = is_after and before is not None and head.follows.id == before.id
        if is_wanted:
            end_putting_in_place(folder / journal_name(head.number))


def own(journals: Sequence[Contents], generation: int, id: str) -> tuple[Contents, ...]:
    """Those of all journals that a save and their neighbours do not say to be another copy's.

    Parameters
    ----------
    generation, id : number and id of the journal that an index names; "": none is known
    """
    kept = {one.number: one for one in journals}
    for number in sorted(one for one in kept if one >= generation):
        before = kept.get(number - 1)
        is_another = before is not None and _is_after_another([before], kept[number])
        if number == generation:
            is_another = _is_another(kept[number], generation, id)
        if is_another:
            del kept[number]
    for number in sorted((one for one in kept if one < generation), reverse=True):
        after = kept.get(number + 1)
        if after is not None and _is_after_another([kept[number]], after):
            del kept[number]
    return tuple(kept.values())


def _is_another(found: Contents, generation: int, id: str) -> bool:
    """Whether a journal is not the one of that number that an index names."""
    return found.first >= 0 and found.number == generation and bool(id) and found.id != id


def _is_after_another(journals: Sequence[Contents], found: Contents) -> bool:
    """Whether a journal of the next number was begun behind another one of the last's number, or
    behind this one when it held something else."""
    before = journals[-1]
    if found.first < 0 or before.first < 0 or found.number != before.number + 1:
        return False
    if found.follows.id != before.id or found.first < before.next_sequence:
        return True
    is_as_long = not before.flaw and found.first == before.next_sequence
    return is_as_long and found.follows != before.link


def _foreign(folder: Path, stray: Sequence[int]) -> frozenset[int]:
    """The first of these numbers, and those that follow on it."""
    foreign, id = list[int](), ""
    for number in stray:
        head = read_head(folder / journal_name(number))
        if head is None or (foreign and head.follows.id != id):
            break
        foreign.append(number)
        id = head.id
    return frozenset(foreign)
