"""journal-N: what was done since generation N, appended record by record and never changed.

Its bytes say `journal_form`. The first record says what can be undone and redone at its beginning
(`Stacks`): the Edits that it names lie in older journals, which `older` reads. What the types hold
says `record_codec`. It is read by `journal_contents`.
"""

from __future__ import annotations

import errno
import io
import os
import secrets
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from segdesk.core.durable_files import put_all, sync_folder, with_one_name
from segdesk.core.history import Stacks
from segdesk.core.regular_file import (
    NotRegular,
    change_regular,
    is_link,
    new_regular,
    open_regular,
)
from segdesk.store.disk.aside import put_in_place, set_aside
from segdesk.store.disk.layout import journal_name
from segdesk.store.journal import record_codec
from segdesk.store.journal.journal_contents import Contents, read
from segdesk.store.journal.journal_form import (
    HEAD_SIZE,
    NONE,
    RECORD_SIZE,
    Link,
    head_bytes,
    marked,
    record_bytes,
)
from segdesk.store.journal.record_codec import EDIT, STACKS

#: Bytes of the journal that Edits go to which are kept in memory too, in case its file goes away.
MOST_IN_MEMORY = 1 << 25
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
    So is one whose file another program has taken away (`look`); what it held is in memory, unless
    that is much, and can be written anew (`put_back`).
    """

    def __init__(
        self,
        path: Path,
        number: int,
        file: io.FileIO,
        end: int,
        next_sequence: int,
        *,
        first: int,
        id: str = "",
    ) -> None:
        self.number = number
        self.id = id
        self._path = path
        #: Sequence numbers of its first record, and of the one that comes next.
        self.first = first
        self.next_sequence = next_sequence
        self._file = file
        self._end = end
        self._waiting: list[bytes] = []
        self._lost: OSError | None = None
        self._is_taken = False
        #: What the file holds; None where that is too much to keep, or nobody asks for it.
        self._content: bytearray | None = None
        self._mark = b""
        #: Files that were taken away; an fsync may be under way there.
        self._taken: list[io.FileIO] = []
        #: Where it ended when the disk itself had it.
        self._lasting = 0
        self._lock = threading.Lock()

    @classmethod
    def create(
        cls,
        folder: Path,
        number: int,
        next_sequence: int,
        stacks: Stacks = NOTHING,
        *,
        id: str = "",
        follows: Link = NONE,
    ) -> Journal:
        """Start a journal that outlives a power cut; as `begin`."""
        journal = cls.begin(folder, number, next_sequence, stacks, id=id, follows=follows)
        try:
            journal.make_lasting()
        except OSError:
            journal.close()
            with suppress(OSError):
                (folder / journal_name(number)).unlink()
            raise
        return journal

    @classmethod
    def begin(
        cls,
        folder: Path,
        number: int,
        next_sequence: int,
        stacks: Stacks = NOTHING,
        *,
        id: str = "",
        follows: Link = NONE,
    ) -> Journal:
        """Start a journal, which `make_lasting` ends; an unfinished one of that number is written
        over, and one that another program has put there is set aside.

        Parameters
        ----------
        stacks : what can be undone and redone now
        id : 32 hexadecimal digits; "": one that no other journal has
        follows : the journal before it, as it has ended

        Raises
        ------
        OSError
            Where the disk refuses; nothing is left of it then.
        """
        path, id = folder / journal_name(number), id or secrets.token_hex(16)
        begin = head_bytes(number, next_sequence, id, follows)
        begin += record_bytes(STACKS, next_sequence, record_codec.encode_stacks(stacks))
        if not _has_only_begun(path, number):
            set_aside(path)
        file = new_regular(path)
        try:
            put_all(file, begin)
        except OSError:
            file.close()
            with suppress(OSError):
                path.unlink()
            raise
        following = next_sequence + 1
        journal = cls(path, number, file, len(begin), following, first=next_sequence, id=id)
        journal._content = bytearray(begin)
        journal._mark = marked(marked(b"", begin[:HEAD_SIZE]), begin[HEAD_SIZE:][:RECORD_SIZE])
        return journal

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
        content = None
        if contents.end <= MOST_IN_MEMORY:
            with open_regular(path) as file:
                content = bytearray(file.read(contents.end))
        journal = cls(
            path,
            contents.number,
            # Last, because what stays open has nobody yet who closes it.
            change_regular(path),
            contents.end,
            contents.next_sequence,
            first=contents.first,
            id=contents.id,
        )
        journal._mark, journal._content = contents.mark, content
        return journal

    @classmethod
    def write_apart(cls, path: Path, payloads: Sequence[bytes], *, id: str = "") -> None:
        """Write Edits into a file of its own, numbered 0; nothing replays it.

        Parameters
        ----------
        id : up to 32 hexadecimal digits, or ""

        Raises
        ------
        OSError
            Where the disk refuses.
        """
        with new_regular(path) as file:
            put_all(file, head_bytes(0, 1, id))
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
        # First, because another thread may write the next record behind it meanwhile.
        end = self._end
        with suppress(OSError):  # Whoever writes will say so.
            if is_taken_away(path, os.fstat(self._file.fileno()), end):
                self._is_taken = True
                self._lost = OSError(errno.ESTALE, "another program has changed the journal")

    def put_back(self, path: Path) -> None:
        """Write what the journal held anew where its file was taken away, so that a crash loses
        nothing until a save has begun the next one. It stays lost, so that one is made; `sync` has
        the disk itself have it.

        What lies there now is set aside, unless it is an older state of the same.

        Parameters
        ----------
        path : where an opening will look for it
        """
        with self._lock:
            if not self._is_taken or self._content is None:
                return
            try:
                file = put_in_place(path, self._content)
            except OSError:
                return
            self._taken.append(self._file)
            self._file, self._is_taken = file, False

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
                self._end += len(self._waiting[0])
                self._remember(self._waiting.pop(0))

    def _remember(self, record: bytes) -> None:
        self._mark = marked(self._mark, record[:RECORD_SIZE])
        if self._content is not None and self._end <= MOST_IN_MEMORY:
            self._content += record
        else:
            self._content = None

    def sync(self) -> None:
        """Write what waits and make everything outlive a power cut.

        Raises
        ------
        OSError
            Where the disk refuses, or has refused this journal before.
        """
        self.flush()
        if self._lost is not None:
            if self._taken:
                # What was written anew outlives a power cut too, until the save that is wanted.
                with suppress(OSError):
                    os.fsync(self._file.fileno())
                    sync_folder(self._path.parent)
            raise OSError(self._lost.errno, self._lost.strerror)
        end = self._end
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            self._lost = error
            raise
        except ValueError:
            # Another journal has followed meanwhile: who let go of this one has made it lasting.
            if not self._file.closed:
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
    def stat(self) -> os.stat_result:
        """Of its file."""
        return os.fstat(self._file.fileno())

    @property
    def link(self) -> Link:
        """What the journal that follows names it by."""
        return Link(self.id, self._mark.hex())

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
        for file in (*self._taken, self._file):
            file.close()


def _has_only_begun(path: Path, number: int) -> bool:
    """Whether at most an unfinished journal lies there, or a link: what it leads to stays."""
    try:
        found = read(path, number)
    except FileNotFoundError:
        return True
    except NotRegular:
        return is_link(path)
    return found.flaw != "damaged" and found.has_only_begun


def is_taken_away(path: Path, own: os.stat_result, end: int) -> bool:
    """Whether the file at a path is not a journal's own, or shorter than it was written; not where
    that is not to be seen now."""
    try:
        now = path.lstat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return not os.path.samestat(now, own) or now.st_size < end
