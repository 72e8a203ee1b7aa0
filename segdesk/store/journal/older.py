"""What lies before the last save: its voxels are in the masks, its Edits can be undone.

    journal-N     as long as the History names an Edit in it; never written again
    history-N     what it names of the journals up to N, in one file, so that many saves do not make
                  many files: records as they were, with gaps between their numbers

What goes wrong with reading costs undo steps and nothing else, so nothing here raises for it.
"""

from __future__ import annotations

import errno
import io
import os
import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from segdesk.core.durable_files import replacing
from segdesk.core.edit import Edit
from segdesk.core.regular_file import new_regular, open_regular
from segdesk.store.disk.aside import make_way
from segdesk.store.disk.layout import history_name
from segdesk.store.journal import edit_codec, record_codec
from segdesk.store.journal.journal_form import (
    HEAD_SIZE,
    NONE,
    RECORD_SIZE,
    Head,
    Link,
    RawRecord,
    first_sequence,
    head_bytes,
    marked,
    read_first,
    read_head,
    read_raw,
    record_bytes,
    record_head_of,
)
from segdesk.store.journal.record_codec import EDIT, REDO, UNDO, Named

#: Journals from before the last save; more of them become one history-N.
MOST_JOURNALS = 64
#: Bytes of them that make one too, because most are of Edits that nothing names any more.
MOST_BYTES = 1024 * 1024 * 1024
_NAME = re.compile(r"(journal|history)-(0|[1-9][0-9]{0,17})")


def older_files(folder: Path, generation: int) -> list[Path]:
    """The newest history-N, then the journals behind it that are older than a generation."""
    journals, histories = dict[int, Path](), dict[int, Path]()
    for path in folder.iterdir():
        if match := _NAME.fullmatch(path.name):
            (journals if match[1] == "journal" else histories)[int(match[2])] = path
    newest = max(histories, default=-1)
    behind = [journals[n] for n in sorted(journals) if newest < n < generation]
    return [histories[newest], *behind] if histories else behind


def own_files(folder: Path, generation: int, follows: Link) -> list[Path]:
    """As `older_files`, without those in whose place a journal of another copy of the project lies:
    under the same numbers it has other Edits.

    Parameters
    ----------
    follows : the journal before this generation; `NONE`: not known
    """
    own, behind = list[Path](), generation
    for path in reversed(older_files(folder, generation)):
        head, number = read_head(path), int(path.name.rpartition("-")[2])
        if number != behind - 1:
            # One in between is gone, and with it the name of this one.
            follows = NONE
        is_own = head is None or not follows.id or _is(path, head, follows)
        if is_own:
            own.append(path)
        follows = head.follows if head is not None and is_own else NONE
        behind = number
    return own[::-1]


def _is(path: Path, head: Head, link: Link) -> bool:
    """Whether a file is the journal that is meant, or a history that ends with it."""
    if head.id != link.id:
        return False
    # A copy may have gone on in the same journal; where a flaw ends it, its id has to do.
    found = _ends_with(path, head)
    return not (link.mark and found.mark) or found.mark == link.mark


def _ends_with(path: Path, head: Head) -> Link:
    """What a journal that follows on a file names it by; without a mark where that is not known."""
    if path.name.startswith("history-"):
        return head.follows
    try:
        with open_regular(path) as file:
            size, mark = os.fstat(file.fileno()).st_size, marked(b"", file.read(HEAD_SIZE))
            while (at := file.tell()) < size:
                written = file.read(RECORD_SIZE)
                record = record_head_of(written)
                if record is None or at + RECORD_SIZE + record.length > size:
                    return Link(head.id)
                file.seek(record.length, os.SEEK_CUR)
                mark = marked(mark, written)
    except OSError:
        return Link(head.id)
    return Link(head.id, mark.hex())


def histories(folder: Path) -> list[Path]:
    """Every history-N."""
    found = ((path, _NAME.fullmatch(path.name)) for path in sorted(folder.iterdir()))
    return [path for path, match in found if match and match[1] == "history"]


def left_behind(folder: Path, generation: int) -> list[Path]:
    """Journals and histories that the newest history-N has taken in."""
    kept = {path.name for path in older_files(folder, generation)}
    found = ((path, _NAME.fullmatch(path.name)) for path in sorted(folder.iterdir()))
    return [
        path
        for path, match in found
        if match and path.name not in kept and (match[1] == "history" or int(match[2]) < generation)
    ]


def edits_before(files: Sequence[Path], named: Collection[int]) -> dict[int, Edit]:
    """The named Edits that these files hold; what can't be read is not there.

    Parameters
    ----------
    files : from `older_files`
    named : sequence numbers
    """
    found: dict[int, Edit] = {}
    for path in files:
        if len(found) == len(named):
            break
        for raw in _records(path, _is_about(named)):
            with suppress(ValueError):
                _take(raw, named, found)
    return found


def unneeded(files: Sequence[Path], named: Collection[int], following: int) -> list[Path]:
    """The files that hold none of the named Edits.

    Parameters
    ----------
    files : from `older_files`
    named : sequence numbers
    following : the first number that comes after these files
    """
    numbers, spare, end = sorted(named), list[Path](), following
    for path in reversed(files):
        first = first_sequence(path)
        if bisect_left(numbers, first) == bisect_left(numbers, end):
            spare.append(path)
        end = first or end
    return spare[::-1]


def too_many(files: Sequence[Path]) -> bool:
    """Whether these files shall become one."""
    return len(files) > MOST_JOURNALS or sum(path.stat().st_size for path in files) > MOST_BYTES


def gather(
    folder: Path, files: Sequence[Path], named: Collection[int], check: Callable[[], object]
) -> None:
    """Put the named Edits of these files into one; then they are not needed any more.

    Raises
    ------
    OSError
        Where the disk refuses, does not give what lies there, or gives back something else; then
        all is as it was.
    """
    number, newest = int(files[-1].name.rpartition("-")[2]), read_head(files[-1])
    written: set[int] = set()

    def is_missing(kind: int, sequence: int) -> bool:
        return kind == EDIT and sequence in named and sequence not in written

    path = folder / history_name(number)
    is_new = path not in files
    with replacing(path, check, make_way=make_way if is_new else _stays) as temporary:
        with io.BufferedWriter(new_regular(temporary)) as file:
            # It takes the place of the newest of them for the journal that follows.
            id, ends = ("", NONE) if newest is None else (newest.id, _ends_with(files[-1], newest))
            file.write(head_bytes(number, min(named, default=1), id, ends))
            for source in files:
                # What only cannot be read now is no reason to let go of it.
                for raw in _all_records(source, is_missing):
                    file.write(record_bytes(*raw))
                    written.add(raw.sequence)
            file.flush()
            os.fsync(file.fileno())
        back = {raw.sequence for raw in _all_records(temporary, _is_about(named))}
        if back != written:
            raise OSError(errno.EIO, "the disk gave back something else than was written")


def is_sound(path: Path) -> bool:
    """Whether a file can be read from its head to its end; all of it is read."""
    try:
        with open_regular(path) as file:
            size, first = path.stat().st_size, read_first(file)
            end = file.tell()
            while read_raw(file, _is_any) is not None:
                end = file.tell()
    except OSError:
        return False
    return first > 0 and end == size


def last_sequence(path: Path) -> int:
    """No record of a journal has a higher number, be it damaged or not."""
    try:
        size = path.stat().st_size
        with open_regular(path) as file:
            last, at = max(read_first(file) - 1, 0), file.tell()
            while (raw := read_raw(file, _is_none)) is not None:
                last, at = raw.sequence, file.tell()
    except OSError:
        return 0
    return last + max(size - at, 0) // RECORD_SIZE


def _records(path: Path, wanted: Callable[[int, int], bool]) -> Iterator[RawRecord]:
    """The wanted records of a file, until the first flaw or as far as the disk gives them."""
    with suppress(OSError):
        yield from _all_records(path, wanted)


def _all_records(path: Path, wanted: Callable[[int, int], bool]) -> Iterator[RawRecord]:
    """The wanted records of a file, until the first flaw; raises OSError."""
    with open_regular(path) as file:
        if not read_first(file):
            return
        while (raw := read_raw(file, wanted)) is not None:
            if raw.payload:
                yield raw


def _stays(path: Path) -> None:
    """What lies there is read for what takes its place."""


def _is_none(kind: int, sequence: int) -> bool:
    return False


def _is_any(kind: int, sequence: int) -> bool:
    return True


def _is_about(named: Collection[int]) -> Callable[[int, int], bool]:
    """Edits that are named, and the records that may bring one along."""
    return lambda kind, sequence: sequence in named if kind == EDIT else kind in (UNDO, REDO)


def _take(raw: RawRecord, named: Collection[int], found: dict[int, Edit]) -> None:
    if raw.kind == EDIT:
        found[raw.sequence] = edit_codec.decode(raw.payload, raw.sequence)
        return
    record = record_codec.decode(raw.kind, raw.payload, raw.sequence)
    if isinstance(record, Named) and record.edit is not None and record.sequence in named:
        found.setdefault(record.sequence, record.edit)
