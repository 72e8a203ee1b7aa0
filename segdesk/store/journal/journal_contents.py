"""What a journal holds, read record by record up to its first flaw: its `Contents`.

Only where the head of a record is whole and its payload reaches past the end of the file is the
tail torn (the process or the power went away while writing); anything else is damage. `recover`
decides what becomes of either.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from segdesk.core.edit import Edit
from segdesk.core.history import Stacks
from segdesk.core.regular_file import open_regular
from segdesk.store.journal import record_codec
from segdesk.store.journal.journal_form import (
    HEAD_SIZE,
    LARGEST,
    MOST_ZEROS,
    NONE,
    RECORD_SIZE,
    Link,
    head_of,
    marked,
    record_head_of,
)
from segdesk.store.journal.record_codec import Record

Flaw = Literal["", "torn", "damaged"]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a journal holds, up to its first flaw.

    Parameters
    ----------
    number : N
    first : sequence number of its first record, or -1 where its head is torn or damaged
    records : the whole ones, in order
    end : byte offset behind the last whole record
    flaw : what is wrong there, or ""
    id : its own
    follows : the one before, as it had ended
    mark : of all that is whole in it
    """

    number: int
    first: int
    records: tuple[Record, ...]
    end: int
    flaw: Flaw
    id: str = ""
    follows: Link = NONE
    mark: bytes = b""

    @property
    def link(self) -> Link:
        """What a journal that follows names it by."""
        return Link(self.id, self.mark.hex())

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The Edits among the records."""
        return tuple(record for record in self.records if isinstance(record, Edit))

    @property
    def has_only_begun(self) -> bool:
        """Whether nothing was done in it."""
        return all(isinstance(record, Stacks) for record in self.records)

    @property
    def next_sequence(self) -> int:
        return self.first + len(self.records)


def read(path: Path, number: int) -> Contents:
    """Read a journal record by record; a flaw ends it and is no error.

    Raises
    ------
    OSError
        Where the file cannot be read at all.
    """
    records: list[Record] = []
    with open_regular(path) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        written = file.read(HEAD_SIZE)
        if size > LARGEST:
            return Contents(number, -1, (), 0, "damaged")
        # The power went before a worker had made it lasting: it never held anything that was.
        if len(written) < HEAD_SIZE or not (any(written) or _has_content(file)):
            return Contents(number, -1, (), 0, "torn")
        head = head_of(written)
        if head is None or head.number != number:
            return Contents(number, -1, (), 0, "damaged")
        end, flaw, mark = HEAD_SIZE, "", marked(b"", written)
        while end < size and not flaw:
            found = _next(file, size - end, head.first + len(records))
            if isinstance(found, str):
                flaw = found
            else:
                records.append(found.record)
                end, mark = end + found.length, marked(mark, found.head)
    return Contents(number, head.first, tuple(records), end, flaw, head.id, head.follows, mark)


class _Found(NamedTuple):
    """A whole record, its length and the bytes that it begins with."""

    record: Record
    length: int
    head: bytes


def _next(file: BinaryIO, left: int, sequence: int) -> _Found | Flaw:
    """The next record, or the flaw that is there instead."""
    written = file.read(RECORD_SIZE)
    if len(written) < RECORD_SIZE:
        return "torn"
    if not any(written):
        return "damaged" if _has_content(file) else "torn"
    head = record_head_of(written)
    if head is None or head.sequence != sequence:
        return "damaged"
    if head.length > left - RECORD_SIZE:
        return "torn"
    payload = file.read(head.length)
    if zlib.crc32(payload) != head.payload_sum:
        return "damaged"
    try:
        record = record_codec.decode(head.kind, payload, sequence)
    except ValueError:
        return "damaged"
    return _Found(record, RECORD_SIZE + head.length, written)


def _has_content(file: BinaryIO) -> bool:
    """Whether anything but zeros follows: a power cut can leave a file longer than its data, but
    never by as much as is looked at; whatever is behind that much is content."""
    return any(any(file.read(1 << 20)) for _ in range(MOST_ZEROS >> 20)) or bool(file.read(1))
