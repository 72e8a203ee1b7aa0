"""journal-N: what was done since generation N, appended record by record and never changed.

    head      magic (8 bytes), number N, first sequence number, CRC-32 of these
    record    length, type, sequence number, CRC-32 of the payload, CRC-32 of these four; payload

The first record says what can be undone and redone at its beginning (`Stacks`): the Edits that it
names lie in older journals, which `older` reads. What the types hold says `record_codec`.

All numbers are little-endian. Sequence numbers run on from one journal to the next, so a missing
piece is seen. The head of a record has a sum of its own: only where it is whole and the payload
reaches past the end of the file is the tail torn (the process or the power went away while
writing); anything else is damage. `recover` decides what becomes of either.
"""

from __future__ import annotations

import errno
import io
import os
import struct
import threading
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from segdesk.core.edit import Edit
from segdesk.core.history import Stacks
from segdesk.core.lasting import put_all, sync_folder, with_one_name
from segdesk.core.regular_file import change_regular, new_regular, open_regular
from segdesk.store.disk.layout import journal_name
from segdesk.store.journal import record_codec
from segdesk.store.journal.record_codec import EDIT, STACKS, Record

MAGIC = b"SDJRNL\0\1"
_HEAD = struct.Struct("<8sQQ")
_RECORD = struct.Struct("<IBQI")
_SUM = struct.Struct("<I")
HEAD_SIZE = _HEAD.size + _SUM.size
RECORD_SIZE = _RECORD.size + _SUM.size
#: No journal of a real project gets there; what claims to is damaged.
LARGEST_SEQUENCE = 1 << 53
#: Bytes of a journal; what claims to have more is damaged. And of zeros that are looked through.
LARGEST, MOST_ZEROS = 1 << 34, 1 << 26

Flaw = Literal["", "torn", "damaged"]
NOTHING = Stacks()


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a journal that is open.

    Parameters
    ----------
    number : of the journal
    end : byte offset behind the last record in the file
    waiting : records that the disk has not taken
    next_sequence : of the record that would come next
    """

    number: int
    end: int
    waiting: bytes
    next_sequence: int


class Journal:
    """The journal that Edits go to. Owned by the ProjectFolder, on its thread; only `sync` may be
    called from another one, because the disk can take its time.

    An Edit that could not be written stays in memory and is written before the next one, so a
    disk that was full for a while leaves no gap. After a failed fsync the system may have thrown
    away what it could not write, and a second fsync would claim success: such a journal is lost,
    `sync` refuses from then on, and only a save, which begins a new one, makes Edits lasting again.
    So is one whose file another program has taken away (`look`).
    """

    def __init__(
        self, path: Path, number: int, file: io.FileIO, end: int, next_sequence: int, *, first: int
    ) -> None:
        self.number = number
        self._path = path
        #: Sequence numbers of its first record, and of the one that comes next.
        self.first = first
        self.next_sequence = next_sequence
        self._file = file
        self._end = end
        self._waiting: list[bytes] = []
        self._lost: OSError | None = None
        self._is_taken = False
        #: Where it ended when the disk itself had it.
        self._lasting = 0
        self._lock = threading.Lock()

    @classmethod
    def create(
        cls, folder: Path, number: int, next_sequence: int, stacks: Stacks = NOTHING
    ) -> Journal:
        """Start a journal that outlives a power cut; as `begin`."""
        journal = cls.begin(folder, number, next_sequence, stacks)
        try:
            journal.make_lasting()
        except OSError:
            journal.close()
            (folder / journal_name(number)).unlink(missing_ok=True)
            raise
        return journal

    @classmethod
    def begin(
        cls, folder: Path, number: int, next_sequence: int, stacks: Stacks = NOTHING
    ) -> Journal:
        """Start a journal, which `make_lasting` ends; an unfinished one of that number is written
        over.

        Parameters
        ----------
        stacks : what can be undone and redone now

        Raises
        ------
        OSError
            Where the disk refuses; nothing is left of it then.
        """
        path = folder / journal_name(number)
        begin = head_bytes(number, next_sequence)
        begin += record_bytes(STACKS, next_sequence, record_codec.encode_stacks(stacks))
        file = new_regular(path)
        try:
            put_all(file, begin)
        except OSError:
            file.close()
            path.unlink(missing_ok=True)
            raise
        return cls(path, number, file, len(begin), next_sequence + 1, first=next_sequence)

    def make_lasting(self) -> None:
        """Have a journal that has begun, and its name, outlive a power cut.

        Raises
        ------
        OSError
            Where the disk refuses; the journal is lost then.
        """
        end = self._end
        try:
            os.fsync(self._file.fileno())
            sync_folder(self._path.parent)
        except OSError as error:
            self._lost = error
            raise
        self._lasting = end

    @classmethod
    def reopen(cls, folder: Path, contents: Contents) -> Journal:
        """Go on behind the last whole record of a journal that was read."""
        path = with_one_name(folder / journal_name(contents.number))
        first, following = contents.first, contents.next_sequence
        return cls(
            path, contents.number, change_regular(path), contents.end, following, first=first
        )

    @classmethod
    def write_apart(cls, path: Path, payloads: Sequence[bytes]) -> None:
        """Write Edits into a file of its own, numbered 0; nothing replays it.

        Raises
        ------
        OSError
            Where the disk refuses.
        """
        with new_regular(path) as file:
            put_all(file, head_bytes(0, 1))
            journal = cls(path, 0, file, HEAD_SIZE, 1, first=1)
            for payload in payloads:
                journal.append(payload)
            journal.sync()
        sync_folder(path.parent)

    def append(self, payload: bytes, kind: int = EDIT) -> None:
        """Hand one record to the operating system; it outlives this process, not a power cut.

        Raises
        ------
        OSError
            Where the disk refuses. The record waits and goes first the next time.
        """
        self.keep(payload, kind)
        self.flush()

    def keep(self, payload: bytes, kind: int = EDIT) -> None:
        """Keep one record in memory; the next `flush`, `append` or `sync` writes it."""
        with self._lock:
            self._waiting.append(record_bytes(kind, self.next_sequence, payload))
            self.next_sequence += 1

    def look(self, path: Path) -> None:
        """Be lost where the file at a path is not the one that is written, or shorter than that.

        Parameters
        ----------
        path : where an opening would look for it
        """
        own = os.fstat(self._file.fileno())
        try:
            is_there = os.path.samestat(path.lstat(), own)
        except FileNotFoundError:
            is_there = False
        except OSError:
            # Not to be seen now is not gone.
            return
        if not is_there or own.st_size < self._end:
            self._is_taken = True
            self._lost = OSError(errno.ESTALE, "another program has changed the journal")

    def flush(self) -> None:
        """Write what waits.

        Raises
        ------
        OSError
            Where the disk still refuses, or the file was taken away.
        """
        with self._lock:
            if self._is_taken and self._waiting and self._lost is not None:
                raise OSError(self._lost.errno, self._lost.strerror)
            while self._waiting:
                # A piece that an earlier try left here is the beginning of this very record.
                self._file.seek(self._end)
                put_all(self._file, self._waiting[0])
                self._end += len(self._waiting.pop(0))

    def sync(self) -> None:
        """Write what waits and make everything outlive a power cut.

        Raises
        ------
        OSError
            Where the disk refuses, or has refused this journal before.
        """
        self.flush()
        if self._lost is not None:
            raise OSError(self._lost.errno, self._lost.strerror)
        end = self._end
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            self._lost = error
            raise
        self._lasting = end

    def hand_on(self) -> None:
        """Before a save begins another journal, or at the end: make it lasting, unless it is lost.

        That was told when it happened. A save is the way out, because it writes the masks as they
        are in memory.

        Raises
        ------
        OSError
            Where the disk refuses.
        """
        self.flush()
        if not self.is_lost and self._lasting < self._end:
            self.sync()

    @property
    def tail(self) -> Tail:
        """Where it ends, and what waits to be written behind."""
        with self._lock:
            return Tail(self.number, self._end, b"".join(self._waiting), self.next_sequence)

    @property
    def is_taken(self) -> bool:
        """Whether another program has taken its file away: what it holds is nowhere to be read."""
        return self._is_taken

    @property
    def is_lost(self) -> bool:
        """Whether an fsync has failed, or it was taken: what it holds may never reach the disk."""
        return self._lost is not None

    @property
    def waiting(self) -> int:
        """How many records the disk has not taken yet."""
        return len(self._waiting)

    def close(self) -> None:
        self._file.close()


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
    """

    number: int
    first: int
    records: tuple[Record, ...]
    end: int
    flaw: Flaw

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The Edits among the records."""
        return tuple(record for record in self.records if isinstance(record, Edit))

    @property
    def next_sequence(self) -> int:
        return self.first + len(self.records)


class RawRecord(NamedTuple):
    """A record as bytes, its payload as `record_codec` has written it."""

    kind: int
    sequence: int
    payload: bytes


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
        head = file.read(HEAD_SIZE)
        if size > LARGEST:
            return Contents(number, -1, (), 0, "damaged")
        # The power went before a worker had made it lasting: it never held anything that was.
        if len(head) < HEAD_SIZE or not (any(head) or _has_content(file)):
            return Contents(number, -1, (), 0, "torn")
        magic, written_number, first = _HEAD.unpack_from(head)
        intact = _SUM.unpack_from(head, _HEAD.size)[0] == zlib.crc32(head[: _HEAD.size])
        is_ours = magic == MAGIC and written_number == number and first <= LARGEST_SEQUENCE
        if not (intact and is_ours):
            return Contents(number, -1, (), 0, "damaged")
        end = HEAD_SIZE
        while end < size:
            found = _next(file, size - end, first + len(records))
            if isinstance(found, str):
                return Contents(number, first, tuple(records), end, found)
            record, length = found
            records.append(record)
            end += length
    return Contents(number, first, tuple(records), end, "")


def first_sequence(path: Path) -> int:
    """The number that a journal's head says its records begin with; 0 where it can't be read."""
    try:
        with open_regular(path) as file:
            return read_first(file)
    except OSError:
        return 0


def read_first(file: BinaryIO) -> int:
    """Read the head and go on behind it; 0 where it is torn or damaged, as `first_sequence`."""
    head = file.read(HEAD_SIZE)
    if len(head) < HEAD_SIZE:
        return 0
    magic, _, first = _HEAD.unpack_from(head)
    intact = _SUM.unpack_from(head, _HEAD.size)[0] == zlib.crc32(head[: _HEAD.size])
    return first if intact and magic == MAGIC and first <= LARGEST_SEQUENCE else 0


def read_raw(file: BinaryIO, wanted: Callable[[int, int], bool]) -> RawRecord | None:
    """Read the next record without looking into it, and None where there is no whole one.

    Parameters
    ----------
    wanted : is given type and sequence number; where it says no, the payload is left out unread
    """
    head = file.read(RECORD_SIZE)
    if len(head) < RECORD_SIZE:
        return None
    length, kind, sequence, payload_sum = _RECORD.unpack_from(head)
    if _SUM.unpack_from(head, _RECORD.size)[0] != zlib.crc32(head[: _RECORD.size]):
        return None
    if not wanted(kind, sequence):
        file.seek(length, os.SEEK_CUR)
        return RawRecord(kind, sequence, b"")
    payload = file.read(length)
    if len(payload) < length or zlib.crc32(payload) != payload_sum:
        return None
    return RawRecord(kind, sequence, payload)


def _next(file: BinaryIO, left: int, sequence: int) -> tuple[Record, int] | Flaw:
    """The next record with its length, or the flaw that is there instead."""
    head = file.read(RECORD_SIZE)
    if len(head) < RECORD_SIZE:
        return "torn"
    if not any(head):
        return "damaged" if _has_content(file) else "torn"
    length, kind, written_sequence, payload_sum = _RECORD.unpack_from(head)
    if _SUM.unpack_from(head, _RECORD.size)[0] != zlib.crc32(head[: _RECORD.size]):
        return "damaged"
    if written_sequence != sequence:
        return "damaged"
    if length > left - RECORD_SIZE:
        return "torn"
    payload = file.read(length)
    if zlib.crc32(payload) != payload_sum:
        return "damaged"
    try:
        return record_codec.decode(kind, payload, sequence), RECORD_SIZE + length
    except ValueError:
        return "damaged"


def _has_content(file: BinaryIO) -> bool:
    """Whether anything but zeros follows: a power cut can leave a file longer than its data, but
    never by as much as is looked at."""
    return any(any(file.read(1 << 20)) for _ in range(MOST_ZEROS >> 20))


def head_bytes(number: int, first: int) -> bytes:
    """What a file of a journal's form begins with."""
    head = _HEAD.pack(MAGIC, number, first)
    return head + _SUM.pack(zlib.crc32(head))


def record_bytes(kind: int, sequence: int, payload: bytes) -> bytes:
    """A whole record."""
    fixed = _RECORD.pack(len(payload), kind, sequence, zlib.crc32(payload))
    return fixed + _SUM.pack(zlib.crc32(fixed)) + payload
