"""The targets of a bundle's slices in one file, each packed by itself.

What is packed of a slice: its runs of equal classes in the order of the voxels, first the length
of each as uint32 (little-endian), then the class of each as uint8, deflated. Where it lies, its
checksum and how many voxels each class has stand in the manifest (`Packed`): a slice is read when
it is needed, and nothing is read to know what it shows. `bundle` says what the classes mean.
"""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from segdesk.core.held_file import HeldFile
from segdesk.core.regular_file import check_no_link, new_regular

Target = npt.NDArray[np.uint8]
#: Bytes of a run before they are deflated.
_RUN = 5
#: The higher levels save a third of what is 1 % of the voxels, and take twice as long.
_LEVEL = 1


class Packed(NamedTuple):
    """Where the target of a slice lies in the file, and what it holds.

    Parameters
    ----------
    offset, length : in bytes
    crc : CRC-32 of these bytes
    counts : (class, voxels) of each class that is there, ascending
    """

    offset: int
    length: int
    crc: int
    counts: tuple[tuple[int, int], ...]


class TargetsWriter:
    """Writes the file of targets anew; a context manager. On one thread.

    Parameters
    ----------
    path : what had the name before loses it

    Raises
    ------
    OSError
        Where the disk refuses, here and in `add`.
    """

    def __init__(self, path: Path) -> None:
        self._file = io.BufferedWriter(new_regular(path))
        self._offset = 0

    def __enter__(self) -> TargetsWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """What was added is in the file, and a power cut does not take it."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()

    def add(self, target: Target, tell: Callable[[bytes], object] | None = None) -> Packed:
        """Pack the target of a slice and write it behind those before.

        Parameters
        ----------
        target : uint8, (rows, columns), at least one voxel
        tell : told the runs, which are the same wherever the target is packed
        """
        classes, lengths = _runs(target.ravel())
        runs = lengths.astype("<u4").tobytes() + classes.tobytes()
        if tell is not None:
            tell(runs)
        content = zlib.compress(runs, _LEVEL)
        self._file.write(content)
        counts = np.bincount(classes, weights=lengths)
        packed = Packed(
            self._offset,
            len(content),
            zlib.crc32(content),
            tuple((int(number), int(counts[number])) for number in np.flatnonzero(counts)),
        )
        self._offset += len(content)
        return packed


class TargetsFile:
    """The file of targets, open for reading. Any thread.

    Parameters
    ----------
    path : in the bundle's folder, not through a link

    Raises
    ------
    OSError
        Where it is not there or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._file = HeldFile(check_no_link(path.parent, path))

    def target(self, packed: Packed, shape: tuple[int, int]) -> Target:
        """The target of a slice, uint8, `shape`.

        Raises
        ------
        OSError
            Where the disk refuses.
        ValueError
            Where what lies there is not what was packed, or is of another shape.
        """
        content = self._file.read(packed.offset, packed.length)
        if zlib.crc32(content) != packed.crc:
            raise ValueError("the bytes are not those that were packed")
        voxels = shape[0] * shape[1]
        try:
            # However much the stream may unpack to, there is a run for each voxel at most.
            runs = zlib.decompressobj().decompress(content, _RUN * voxels + 1)
        except zlib.error as error:
            raise ValueError("the stream is damaged") from error
        count, rest = divmod(len(runs), _RUN)
        lengths = np.frombuffer(runs, "<u4", count)
        if rest or int(lengths.sum(dtype=np.uint64)) != voxels:
            raise ValueError(f"expected the runs of {shape}")
        return np.repeat(np.frombuffer(runs, np.uint8, count, 4 * count), lengths).reshape(shape)


def _runs(flat: Target) -> tuple[Target, npt.NDArray[np.int64]]:
    """The class and the length of each run."""
    ends = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    edges = np.concatenate([[0], ends, [flat.size]])
    return flat[edges[:-1]], np.diff(edges)
