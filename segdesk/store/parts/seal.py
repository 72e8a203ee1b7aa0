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
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from segdesk.core.regular_file import open_regular
from segdesk.store.disk.translate import Damage

Kind = Literal["project", "annotation", "prediction", "volume"]
#: HDF5 takes user blocks of 512 bytes and powers of two above.
SIZE = 512
MAGIC = b"\x89segdsk\1"
_HDF5 = b"\x89HDF\r\n\x1a\n"
_HEAD = struct.Struct("<8s16sQQQ32s")
_SUM = struct.Struct("<I")
_PIECE = 1 << 20


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


def seal_file(file: BinaryIO, kind: Kind, left_out: Span) -> None:
    """Seal a file that is open for reading and writing and whole but for its seal.

    Raises
    ------
    OSError
        Where the disk refuses.
    """
    size = file.seek(0, io.SEEK_END)
    digest = hashlib.sha256()
    for start, stop in ((SIZE, left_out.start), (left_out.stop, size)):
        file.seek(start)
        while start < stop and (piece := file.read(min(_PIECE, stop - start))):
            digest.update(piece)
            start += len(piece)
    file.seek(0)
    file.write(_head(kind, size - SIZE, left_out, digest.digest()))


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
        around = read_around(file, kind, most=most)
    if around.left_out.nbytes:
        raise Damage("its seal leaves something out")
    return around.before + around.after


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
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    head = file.read(SIZE)
    if len(head) < SIZE:
        raise Damage("it ends too early")
    if head.startswith(_HDF5):
        raise Damage("another program or an early build of segdesk wrote it")
    magic, written, length, start, left_out, digest = _HEAD.unpack_from(head)
    if _SUM.unpack_from(head, SIZE - _SUM.size)[0] != zlib.crc32(head[: -_SUM.size]):
        raise Damage("its first bytes are not as they were written")
    if magic != MAGIC:
        raise Damage("another version of segdesk sealed it")
    if written.rstrip(b"\0") != kind.encode():
        raise Damage("another kind of file is in its place")
    if size < SIZE + length:
        raise Damage("it ends too early")
    if size > SIZE + length:
        raise Damage("it is longer than it was written")
    if not SIZE <= start <= start + left_out <= size:
        raise Damage("its seal leaves out what is not there")
    if size - left_out > most:
        raise Damage(f"it is larger than any {kind} of this project")
    before = head + _exactly(file, start - SIZE)
    file.seek(start + left_out)
    after = _exactly(file, size - start - left_out)
    found = hashlib.sha256(memoryview(before)[SIZE:])
    found.update(after)
    if found.digest() != digest:
        raise Damage("its checksum does not agree")
    return Around(before, Span(start, start + left_out), after)


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

    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
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
        raise Damage("it ends too early")
    return content
