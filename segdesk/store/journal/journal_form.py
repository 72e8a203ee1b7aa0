"""The bytes of a journal, and of what has its form.

    head      magic (8 bytes), number N, first sequence number, its id (16 random bytes), id and
              mark of the journal that it follows (16 bytes each, zeros for none), CRC-32 of these
    record    length, type, sequence number, CRC-32 of the payload, CRC-32 of these four; payload

All numbers are little-endian. Sequence numbers run on from one journal to the next, so a missing
piece is seen. The index names the journal that follows its save by number and id, and each journal
the one before it: a copy of the project that went on by itself has journals of the same numbers.
Where it went on in the same journal, its mark is another: that is made of all heads in it.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from segdesk.core.regular_file import open_regular

MAGIC = b"SDJRNL\0\1"
_HEAD = struct.Struct("<8sQQ16s16s16s")
_RECORD = struct.Struct("<IBQI")
_SUM = struct.Struct("<I")
HEAD_SIZE = _HEAD.size + _SUM.size
RECORD_SIZE = _RECORD.size + _SUM.size
#: No journal of a real project gets there; what claims to is damaged.
LARGEST_SEQUENCE = 1 << 53
#: Bytes of a journal; what claims to have more is damaged. And of zeros that are looked through.
LARGEST, MOST_ZEROS = 1 << 34, 1 << 26


class Link(NamedTuple):
    """What names a journal and all that it holds: 32 hexadecimal digits each, "" for none."""

    id: str = ""
    mark: str = ""


class Head(NamedTuple):
    """What a file begins with.

    Parameters
    ----------
    number : N
    first : sequence number of its first record
    id : its own
    follows : the one before, as it ended; of a history-N the journal that it ends with
    """

    number: int
    first: int
    id: str
    follows: Link


NONE = Link()


class RecordHead(NamedTuple):
    """What a record begins with."""

    length: int
    kind: int
    sequence: int
    payload_sum: int


class RawRecord(NamedTuple):
    """A record as bytes, its payload as `record_codec` has written it."""

    kind: int
    sequence: int
    payload: bytes


def head_bytes(number: int, first: int, id: str = "", follows: Link = NONE) -> bytes:
    """What a file of a journal's form begins with; as `Head`."""
    head = _HEAD.pack(MAGIC, number, first, *map(bytes.fromhex, (id, *follows)))
    return head + _SUM.pack(zlib.crc32(head))


def marked(mark: bytes, head: bytes) -> bytes:
    """The mark of a journal with one more record.

    Parameters
    ----------
    mark : without it; b"" where there is nothing yet
    head : the first `RECORD_SIZE` bytes of the record, or the `HEAD_SIZE` bytes of the file
    """
    return hashlib.blake2b(mark + head, digest_size=16).digest()


def record_bytes(kind: int, sequence: int, payload: bytes) -> bytes:
    """A whole record."""
    fixed = _RECORD.pack(len(payload), kind, sequence, zlib.crc32(payload))
    return fixed + _SUM.pack(zlib.crc32(fixed)) + payload


def head_of(content: bytes) -> Head | None:
    """What a file begins with; None where that is torn, damaged or another program's."""
    if len(content) < HEAD_SIZE:
        return None
    magic, number, first, *ids = _HEAD.unpack_from(content)
    is_intact = _SUM.unpack_from(content, _HEAD.size)[0] == zlib.crc32(content[: _HEAD.size])
    if not (is_intact and magic == MAGIC and first <= LARGEST_SEQUENCE):
        return None
    id, *follows = (row.hex() if any(row) else "" for row in ids)
    return Head(number, first, id, Link(*follows))


def record_head_of(content: bytes) -> RecordHead | None:
    """What a record begins with; None where that is torn or damaged."""
    if len(content) < RECORD_SIZE:
        return None
    if _SUM.unpack_from(content, _RECORD.size)[0] != zlib.crc32(content[: _RECORD.size]):
        return None
    return RecordHead(*_RECORD.unpack_from(content))


def read_head(path: Path) -> Head | None:
    """As `head_of`; None too where the file cannot be read."""
    try:
        with open_regular(path) as file:
            return head_of(file.read(HEAD_SIZE))
    except OSError:
        return None


def first_sequence(path: Path) -> int:
    """The number that a journal's head says its records begin with; 0 where it can't be read."""
    head = read_head(path)
    return 0 if head is None else head.first


def read_first(file: BinaryIO) -> int:
    """Read the head and go on behind it; 0 where it is torn or damaged, as `first_sequence`."""
    head = head_of(file.read(HEAD_SIZE))
    return 0 if head is None else head.first


def read_raw(file: BinaryIO, wanted: Callable[[int, int], bool]) -> RawRecord | None:
    """Read the next record without looking into it, and None where there is no whole one.

    Parameters
    ----------
    wanted : is given type and sequence number; where it says no, the payload is left out unread
    """
    head = record_head_of(file.read(RECORD_SIZE))
    if head is None:
        return None
    if not wanted(head.kind, head.sequence):
        file.seek(head.length, os.SEEK_CUR)
        return RawRecord(head.kind, head.sequence, b"")
    payload = file.read(head.length)
    if len(payload) < head.length or zlib.crc32(payload) != head.payload_sum:
        return None
    return RawRecord(head.kind, head.sequence, payload)
