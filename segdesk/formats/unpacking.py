"""Streams of numbers out of image files: unpacked chunk by chunk, and checked to their end.

A packed stream ends with a checksum of what was packed. It is only compared when the stream is read
to its end, so that is always done, also behind the last voxel. Where the numbers lie and how many
there should be belongs to `stored`.
"""

from __future__ import annotations

import bz2
import mmap
import os
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt

from segdesk.errors import InputError
from segdesk.sentence import Sentence

Packing = Literal["raw", "deflate", "bzip2", "text"]
#: Bytes that are read, and at most unpacked, at a time.
CHUNK = 1 << 20
#: Of Linux, for large files; /tmp is memory on many (Debian from 13 on, Fedora, Arch).
ON_DISK = "/var/tmp"
GZIP_START, BZIP2_START = b"\x1f\x8b", b"BZ"


def unpacked(file: Path, offset: int, packing: Packing, dtype: np.dtype[Any]) -> Iterator[bytes]:
    """The bytes of a file from an offset on, unpacked.

    Parameters
    ----------
    dtype : of the numbers; what words become where they are packed as text

    Raises
    ------
    InputError
        Where the stream is damaged, does not agree with its own checksum, or has no end.
    """
    with file.open("rb") as stream:
        stream.seek(offset)
        if packing == "raw":
            yield from iter(lambda: stream.read(CHUNK), b"")
        elif packing == "text":
            yield from _numbers_in_text(stream, dtype, file.name)
        else:
            yield from (
                _inflated(stream, file.name)
                if packing == "deflate"
                else _bunzipped(stream, file.name)
            )


def _inflated(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """A zlib stream, or a gzip file; of several members too, as bgzip and pigz write them."""
    chunk = _begun(stream, b"")
    several = chunk.startswith(GZIP_START)
    # 47: a zlib or a gzip stream, whichever it is.
    unpacker = zlib.decompressobj(47)
    try:
        while True:
            data = unpacker.decompress(chunk, CHUNK)
            if data:
                yield data
            if unpacker.eof:
                chunk = _begun(stream, unpacker.unused_data)
                # What follows and is no member is no part of the voxels, as gzip sees it too.
                if not several or not chunk.startswith(GZIP_START):
                    return
                unpacker = zlib.decompressobj(47)
                continue
            chunk = unpacker.unconsumed_tail or stream.read(CHUNK)
            if not chunk and not data:
                raise InputError(Sentence("{name} ends before its last voxel.", name=name))
    except zlib.error as error:
        raise _damaged(name, checksum=" check" in str(error)) from error


def _begun(stream: BinaryIO, chunk: bytes) -> bytes:
    """Enough of a stream to tell what follows."""
    while len(chunk) < len(GZIP_START) and (more := stream.read(CHUNK)):
        chunk += more
    return chunk


def _bunzipped(stream: BinaryIO, name: str) -> Iterator[bytes]:
    chunk = stream.read(CHUNK)
    unpacker = bz2.BZ2Decompressor()
    try:
        while True:
            data = unpacker.decompress(chunk, CHUNK)
            if data:
                yield data
            if unpacker.eof:
                chunk = _begun(stream, unpacker.unused_data)
                if not chunk.startswith(BZIP2_START):
                    return
                unpacker = bz2.BZ2Decompressor()
                continue
            chunk = stream.read(CHUNK) if unpacker.needs_input else b""
            if unpacker.needs_input and not chunk:
                raise InputError(Sentence("{name} ends before its last voxel.", name=name))
    except (OSError, ValueError, EOFError) as error:
        raise _damaged(name, checksum=False) from error


def _numbers_in_text(stream: BinaryIO, dtype: np.dtype[Any], name: str) -> Iterator[bytes]:
    """Words between spaces, commas or line ends, as bytes of numbers."""
    word = int if dtype.kind in "iu" else float
    rest = b""
    while True:
        chunk = stream.read(CHUNK)
        text = (rest + chunk).replace(b",", b" ")
        # The last word may go on in the next chunk.
        end = max(text.rfind(space) for space in (b" ", b"\n", b"\t")) if chunk else len(text)
        text, rest = text[: end + 1], text[end + 1 :]
        try:
            numbers = np.array([word(part) for part in text.split()], dtype=dtype)
        except (ValueError, OverflowError) as error:
            raise InputError(
                Sentence(
                    "{name} is damaged: a word among its voxels is no {dtype} number.",
                    name=name,
                    dtype=dtype.name,
                )
            ) from error
        if numbers.size:
            yield numbers.tobytes()
        if not chunk:
            return
        if len(rest) > CHUNK:
            raise InputError(
                Sentence("{name} is damaged: its voxels are no words of text.", name=name)
            )


def _damaged(name: str, *, checksum: bool) -> InputError:
    if checksum:
        return InputError(
            Sentence("{name} is damaged: its voxels do not agree with their checksum.", name=name)
        )
    return InputError(Sentence("{name} is damaged: its voxels cannot be unpacked.", name=name))


def in_native_order(chunks: Iterable[bytes], dtype: np.dtype[Any]) -> Iterator[bytes]:
    """The same numbers in this machine's byte order."""
    if dtype.isnative:
        yield from chunks
        return
    rest = b""
    for chunk in chunks:
        data = rest + chunk
        whole = len(data) - len(data) % dtype.itemsize
        rest = data[whole:]
        yield np.frombuffer(data[:whole], dtype).byteswap().tobytes()
    yield rest


def part(chunks: Iterable[bytes], skip: int, wanted: int, *, to_end: bool) -> Iterator[bytes]:
    """`wanted` bytes behind the first `skip`; `to_end` reads on to the checksum."""
    for chunk in chunks:
        left_out = min(skip, len(chunk))
        skip -= left_out
        piece = chunk[left_out : left_out + wanted]
        wanted -= len(piece)
        if piece:
            yield piece
        if not wanted and not to_end:
            return


def spool_folder() -> str:
    """Where a volume may lie for a while: the folder that the user named, or one on a disk."""
    is_named = any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    if sys.platform == "linux" and not is_named and os.access(ON_DISK, os.W_OK | os.X_OK):
        return ON_DISK
    return tempfile.gettempdir()


def spooled(
    chunks: Iterable[bytes], shape: tuple[int, ...], dtype: np.dtype[Any], name: str
) -> npt.NDArray[Any]:
    """Numbers in a file of `spool_folder` that is gone with the array, mapped read-only.

    So a scan costs no memory that the system could not take back, and each plane can be had in any
    order. The source itself is never mapped: a file that someone shortens meanwhile would end the
    program.

    Parameters
    ----------
    chunks : bytes in native order
    dtype : native

    Raises
    ------
    InputError
        Where there are fewer bytes than the shape needs, or no room for them.
    """
    wanted = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    folder = spool_folder()
    with tempfile.TemporaryFile(prefix="segdesk-", dir=folder) as spool:
        held = 0
        for chunk in chunks:
            try:
                spool.write(chunk)
            except OSError as error:
                raise InputError(
                    Sentence(
                        "{name} could not be unpacked: the folder for temporary files is full.",
                        name=name,
                    ),
                    Sentence("Free some space in {folder}.", folder=folder),
                ) from error
            held += len(chunk)
        if held < wanted:
            raise InputError(Sentence("{name} ends before its last voxel.", name=name))
        spool.flush()
        mapped = mmap.mmap(spool.fileno(), wanted, access=mmap.ACCESS_READ)
    return np.frombuffer(mapped, dtype).reshape(shape)
