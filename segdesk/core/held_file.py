"""A file that is held open and read at any place: the `HeldFile`."""

from __future__ import annotations

import os
import threading
import weakref
from operator import index
from pathlib import Path

from segdesk.core.regular_file import regular_descriptor


class HeldFile:
    """Any thread may read. The file is let go with the last reference, as a memory map is; it is
    the one that was opened, wherever its folder goes.

    Parameters
    ----------
    path : of a regular file; as `open_regular`

    Raises
    ------
    OSError
        Where it is not there, may not be read, or is no regular file.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = regular_descriptor(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._descriptor)
        #: Windows cannot read at a place without going there.
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """In bytes, now."""
        return os.fstat(self._descriptor).st_size

    def read(self, offset: int, length: int) -> bytes:
        """So many bytes from a place on.

        Raises
        ------
        OSError
            Where the disk refuses.
        ValueError
            Where the file ends before, or these are no whole numbers from 0 on.
        """
        try:
            is_place = index(offset) >= 0 and index(length) >= 0
        except TypeError:
            is_place = False
        if not is_place:
            raise ValueError(f"expected whole numbers >= 0, received {offset!r} and {length!r}")
        # Memory for what is not there is not asked for: a manifest may say any number.
        if offset + length > self.size:
            raise ValueError(f"expected {length} bytes from {offset} on, the file ends before")
        parts: list[bytes] = []
        with self._lock:
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            left = length
            while left and (part := os.read(self._descriptor, left)):
                parts.append(part)
                left -= len(part)
        if left:
            raise ValueError(f"expected {length} bytes from {offset} on, received {length - left}")
        return parts[0] if len(parts) == 1 else b"".join(parts)
