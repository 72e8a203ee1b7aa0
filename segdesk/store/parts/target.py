"""The file object that HDF5 writes to: the `Target`.

HDF5 cannot close a file whose disk is full (the handle stays open for good), so after the first
fault the file object only pretends, HDF5 closes in peace, and `hdf5` raises the fault.
"""

from __future__ import annotations

import io

from segdesk.core import durable_files


class Target:
    """The file object that HDF5 writes to; it remembers the first fault and then pretends."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self.fault: OSError | None = None

    def write(self, content: memoryview) -> int:
        view = memoryview(content).cast("B")
        if self.fault is None:
            try:
                durable_files.put_all(self._file, view)
            except OSError as error:
                self.fault = error
        return len(view)

    def read(self, size: int = -1) -> bytes:
        """Not called: h5py takes for a file what has this method, and reads by `readinto`."""
        return self._file.read(size) or b""

    def readinto(self, buffer: memoryview) -> int:
        view = memoryview(buffer).cast("B")
        got = self._file.readinto(view)
        # Only after a fault is anything asked for that was never written.
        view[got:] = bytes(len(view) - got)
        return len(view)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def truncate(self, size: int) -> int:
        if self.fault is None:
            try:
                self._file.truncate(size)
            except OSError as error:
                self.fault = error
        return size

    def flush(self) -> None:
        self._file.flush()
