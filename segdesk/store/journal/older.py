"""Journals from before the last save: their voxels are in the masks, their Edits can be undone.

A save keeps a journal as long as the History names an Edit in it. They are never written again.
What goes wrong here costs undo steps and nothing else, so nothing here raises for it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from segdesk.core.edit import Edit
from segdesk.store.journal.journal_file import RECORD_SIZE, Contents, first_sequence, read


def edits_before(journals: Sequence[Path], named: Collection[int]) -> dict[int, Edit]:
    """The named Edits that these journals hold; what cannot be read is not there.

    Parameters
    ----------
    journals : older than the last save, in their order
    named : sequence numbers
    """
    found: dict[int, Edit] = {}
    for path in journals:
        if len(found) == len(named):
            break
        contents = _read(path)
        found |= {edit.sequence: edit for edit in contents.edits if edit.sequence in named}
    return found


def unneeded(journals: Sequence[Path], named: Collection[int], following: int) -> list[Path]:
    """The journals that hold none of the named Edits.

    Parameters
    ----------
    journals : older than the last save, in their order
    named : sequence numbers
    following : the first number that comes after these journals
    """
    firsts = [first_sequence(path) for path in journals]
    ends = [*firsts, following][1:]
    return [
        path
        for path, first, end in zip(journals, firsts, ends, strict=True)
        if not any(first <= number < end for number in named)
    ]


def last_sequence(journal: Path) -> int:
    """No record of a journal has a higher number, be it damaged or not."""
    contents = _read(journal)
    left = journal.stat().st_size - contents.end
    return max(contents.first, 0) + len(contents.records) + left // RECORD_SIZE


def _read(path: Path) -> Contents:
    number = int(path.name.rpartition("-")[2])
    try:
        return read(path, number)
    except OSError:
        return Contents(number, -1, (), 0, "damaged")
