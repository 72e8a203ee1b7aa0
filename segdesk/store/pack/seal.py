"""The block before a packed project, by which every changed byte of the file is told.

    magic (8 bytes), length of the rest, SHA-256 of the rest; zeros up to 512 bytes

HDF5 calls it a user block and looks behind it. It is checked before HDF5 sees a byte, in a stream:
the file may be larger than the memory.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from segdesk.core.regular_file import change_regular, open_regular

MAGIC = b"SDPACK\0\1"
SIZE = 512
_BLOCK = struct.Struct("<8sQ32s")
_PIECE = 1 << 22

#: Told how many bytes were read, and how many there are; raises to stop.
OnBytes = Callable[[int, int], None]


def is_sealed(path: Path) -> bool:
    """Whether a file begins as a packed project does. OSError where it cannot be read."""
    with open_regular(path, follow=True) as file:
        return file.read(len(MAGIC)) == MAGIC


def put(path: Path, on_bytes: OnBytes | None = None) -> None:
    """Seal a file whose first SIZE bytes are free; it is on the disk when this returns.

    Raises
    ------
    OSError
        Where the disk refuses.
    """
    with io.BufferedRandom(change_regular(path)) as file:
        length = file.seek(0, os.SEEK_END) - SIZE
        block = _BLOCK.pack(MAGIC, length, _digest(file, length, on_bytes))
        file.seek(0)
        file.write(block.ljust(SIZE, b"\0"))
        file.flush()
        os.fsync(file.fileno())


def check(path: Path, on_bytes: OnBytes | None = None) -> None:
    """Read a sealed file to its end.

    Raises
    ------
    ValueError
        Where a byte of it is not as it was written, or some are missing.
    OSError
        Where it cannot be read.
    """
    with open_regular(path, follow=True) as file:
        length = file.seek(0, os.SEEK_END) - SIZE
        file.seek(0)
        block = file.read(SIZE)
        if len(block) < SIZE or any(block[_BLOCK.size :]):
            raise ValueError("expected a sealed file")
        magic, written, digest = _BLOCK.unpack_from(block)
        if (magic, written) != (MAGIC, length):
            raise ValueError(f"expected a sealed file of {written} bytes, received {length}")
        if _digest(file, length, on_bytes) != digest:
            raise ValueError("the file is not as it was sealed")


def _digest(file: BinaryIO, length: int, on_bytes: OnBytes | None) -> bytes:
    sum_, done = hashlib.sha256(), 0
    file.seek(SIZE)
    while piece := file.read(_PIECE):
        sum_.update(piece)
        done += len(piece)
        if on_bytes is not None:
            on_bytes(done, length)
    return sum_.digest()
