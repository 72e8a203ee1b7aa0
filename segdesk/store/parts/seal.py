"""The seal: the first 512 bytes of every HDF5 file of a project, which HDF5 leaves to its user.

    magic (8 bytes), kind (16), length of the rest, start and length of what is left out (8 each),
    SHA-256 of the rest, zeros; in the last four bytes CRC-32 of all these

Numbers are little-endian. The rest is everything behind the seal but what is left out: of a volume
its voxels, which have a CRC-32 for each slice inside the rest. HDF5 sees no byte of a file before
its seal has been checked: damaged files made it read something else, and one never came back.
What the kinds hold belongs to the modules that write them.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from segdesk.core.regular_file import open_regular
from segdesk.sentence import Sentence
from segdesk.store.disk.disk_errors import Damage, Earlier
from segdesk.store.parts.hdf5_heaps import check_heaps

Kind = Literal["project", "annotation", "prediction", "volume", "pack"]
#: HDF5 takes user blocks of 512 bytes and powers of two above.
SIZE = 512
MAGIC = b"\x89segdesk"
#: Of the builds before the first format that later ones read.
_EARLIER = b"\x89segdsk\1"
_HDF5 = b"\x89HDF\r\n\x1a\n"
_HEAD = struct.Struct("<8s16sQQQ32s")
_SUM = struct.Struct("<I")
_PIECE = 1 << 20
#: Told how many bytes were read, and how many there are; raises to stop.
OnBytes = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of a file that its seal leaves out: a half-open range of offsets."""

    start: int = SIZE
    stop: int = SIZE

    @property
    def nbytes(self) -> int:
        return self.stop - self.start


NOTHING = Span()


def sealed(content: bytes, kind: Kind) -> bytes:
    """A whole file with its seal in the place of its user block.

    Parameters
    ----------
    content : at least 512 bytes; the first 512 are replaced
    """
    rest = memoryview(content)[SIZE:]
    return b"".join((_head(kind, len(rest), NOTHING, hashlib.sha256(rest).digest()), rest))


def seal_file(file: BinaryIO, kind: Kind, left_out: Span, on_bytes: OnBytes | None = None) -> None:
    """Seal a file that is open for reading and writing and whole but for its seal.

    Raises
    ------
    OSError
        Where the disk refuses.
    """
    size = file.seek(0, io.SEEK_END)
    digest = _digest(file, ((SIZE, left_out.start), (left_out.stop, size)), on_bytes)
    file.seek(0)
    file.write(_head(kind, size - SIZE, left_out, digest))


def is_sealed(path: Path, kind: Kind) -> bool:
    """Whether a file begins as one of this kind. OSError where it cannot be read."""
    with open_regular(path, follow=True) as file:
        magic, written = file.read(len(MAGIC)), file.read(16)
    return magic in (MAGIC, _EARLIER) and written == kind.encode().ljust(16, b"\0")


def check_file(path: Path, kind: Kind, on_bytes: OnBytes | None = None) -> None:
    """Read a file to its end, however large it is, and compare it with its seal.

    Raises
    ------
    Damage
        As `read`.
    OSError
        Where the disk refuses.
    """
    with open_regular(path, follow=True) as file:
        head = _checked_head(file, kind)
        if head.left_out.nbytes:
            raise Damage(Sentence("its seal leaves something out"))
        if _digest(file, ((SIZE, head.size),), on_bytes) != head.digest:
            raise Damage(Sentence("its checksum does not agree"))
        check_heaps(file, head.size)


def _digest(file: BinaryIO, spans: tuple[tuple[int, int], ...], on_bytes: OnBytes | None) -> bytes:
    """SHA-256 of half-open ranges of offsets, piece by piece."""
    sum_, done, total = hashlib.sha256(), 0, sum(stop - start for start, stop in spans)
    for start, stop in spans:
        file.seek(start)
        while start < stop and (piece := file.read(min(_PIECE, stop - start))):
            sum_.update(piece)
            start += len(piece)
            done += len(piece)
            if on_bytes is not None:
                on_bytes(done, total)
    return sum_.digest()


def read(path: Path, kind: Kind, *, most: int) -> bytes:
    """A whole file whose seal agrees.

    Parameters
    ----------
    most : bytes that a file of this kind can have; nothing larger is read

    Raises
    ------
    Damage
        Where it is not sealed, not of this kind, too large, or not as it was sealed.
    OSError
        Where the disk refuses.
    """
    with open_regular(path) as file:
        head = _checked_head(file, kind)
        if head.left_out.nbytes:
            raise Damage(Sentence("its seal leaves something out"))
        if head.size > most:
            raise Damage(Sentence("it is larger than any file of its kind"))
        file.seek(0)
        content = _exactly(file, head.size)
    if hashlib.sha256(memoryview(content)[SIZE:]).digest() != head.digest:
        raise Damage(Sentence("its checksum does not agree"))
    check_heaps(io.BytesIO(content), len(content))
    return content


def digest_of(content: bytes) -> str:
    """SHA-256 of a whole file but for its seal, in hex, as the seal says that was checked."""
    return _HEAD.unpack_from(content)[5].hex()


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """What the seal of a file vouches for, in memory.

    Parameters
    ----------
    before, after : the bytes around what is left out, the seal among them
    left_out : where that lies
    """

    before: bytes
    left_out: Span
    after: bytes

    def as_file(self) -> Hollow:
        """A file for HDF5 that is zero where the seal leaves out."""
        return Hollow(self)


def read_around(file: BinaryIO, kind: Kind, *, most: int) -> Around:
    """What a seal vouches for, read once and checked.

    Parameters
    ----------
    file : open for reading
    most : bytes that a file of this kind can have beside what its seal leaves out

    Raises
    ------
    Damage
        As `read`.
    OSError
        Where the disk refuses.
    """
    head = _checked_head(file, kind)
    if head.size - head.left_out.nbytes > most:
        raise Damage(Sentence("it is larger than any file of its kind"))
    file.seek(0)
    before = _exactly(file, head.left_out.start)
    file.seek(head.left_out.stop)
    after = _exactly(file, head.size - head.left_out.stop)
    found = hashlib.sha256(memoryview(before)[SIZE:])
    found.update(after)
    if found.digest() != head.digest:
        raise Damage(Sentence("its checksum does not agree"))
    for part in (before, after):
        check_heaps(io.BytesIO(part), len(part))
    return Around(before, head.left_out, after)


class _Head(NamedTuple):
    """What a seal says: bytes of the whole file, what is left out, SHA-256 of the rest."""

    size: int
    left_out: Span
    digest: bytes


def _checked_head(file: BinaryIO, kind: Kind) -> _Head:
    """The seal of a file of this kind, where it is whole and the file as long as it says."""
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    head = file.read(SIZE)
    if len(head) < SIZE:
        raise Damage(Sentence("it ends too early"))
    if head.startswith(_HDF5):
        raise Earlier(Sentence("another program or an earlier version of segdesk"))
    magic, written, length, start, left_out, digest = _HEAD.unpack_from(head)
    if _SUM.unpack_from(head, SIZE - _SUM.size)[0] != zlib.crc32(head[: -_SUM.size]):
        raise Damage(Sentence("its first bytes are not as they were written"))
    if magic == _EARLIER:
        raise Earlier(Sentence("an earlier version of segdesk"))
    if magic != MAGIC:
        raise Damage(Sentence("another version of segdesk sealed it"))
    if written.rstrip(b"\0") != kind.encode():
        raise Damage(Sentence("another kind of file is in its place"))
    if size < SIZE + length:
        raise Damage(Sentence("it ends too early"))
    if size > SIZE + length:
        raise Damage(Sentence("it is longer than it was written"))
    if not SIZE <= start <= start + left_out <= size:
        raise Damage(Sentence("its seal leaves out what is not there"))
    return _Head(size, Span(start, start + left_out), digest)


class Hollow(io.RawIOBase):
    """An `Around` as a file to read; what its seal leaves out reads as zeros."""

    def __init__(self, around: Around) -> None:
        self._pieces = (
            (0, memoryview(around.before)),
            (around.left_out.stop, memoryview(around.after)),
        )
        self._size = around.left_out.stop + len(around.after)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - typed wider
        view = memoryview(buffer).cast("B")
        count = max(0, min(len(view), self._size - self._at))
        view[:count] = bytes(count)
        for start, piece in self._pieces:
            first, last = max(self._at, start), min(self._at + count, start + len(piece))
            if first < last:
                view[first - self._at : last - self._at] = piece[first - start : last - start]
        self._at += count
        return count


def _head(kind: Kind, length: int, left_out: Span, digest: bytes) -> bytes:
    head = _HEAD.pack(MAGIC, kind.encode(), length, left_out.start, left_out.nbytes, digest)
    head = head.ljust(SIZE - _SUM.size, b"\0")
    return head + _SUM.pack(zlib.crc32(head))


def _exactly(file: BinaryIO, count: int) -> bytes:
    content = file.read(count)
    if len(content) != count:
        raise Damage(Sentence("it ends too early"))
    return content
