"""A file or array whose header has been read: `Stored`. Images, arrays and pictures all give one.

Scans (`images.open_image`) and labels (`labels.read_labels`) are made from the same value.
"""

from __future__ import annotations

import bz2
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from segdesk.core.grid import Grid
from segdesk.errors import InputError
from segdesk.formats.rescale import IDENTITY, Rescale

#: Deflate cannot shrink more than 1032 to 1 (zlib's own documentation): a header that promises
#: more than this times the file's bytes is wrong, and nothing is allocated for it.
DEFLATE_LIMIT = 1100
#: bzip2 packs runs far better; this bounds what a small file may ask for.
BZIP2_LIMIT = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """Numbers in a file, with their place, not read yet.

    Parameters
    ----------
    kind : as `core.case.Source.kind`
    name : of the source, for sentences
    files : that hold it
    grid : where the voxels lie; `stacked` False without geometry
    dtype : of the numbers, native byte order
    read : gives the numbers, (slices, rows, columns); InputError where they are damaged
    values : the file's own rescale; may have a negative slope
    names : (number, name) of segments that the file names
    notes : sentences that name no file
    key : array in the file, or empty
    turn_rad : by how much the header's own rounding may turn the grid about its first voxel
    is_indexed : the numbers are indices of colours: they can be labels and no scan
    """

    kind: str
    name: str
    files: tuple[Path, ...]
    grid: Grid
    dtype: np.dtype[Any]
    read: Callable[[], npt.NDArray[Any]]
    values: Rescale = IDENTITY
    names: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()
    key: str = ""
    turn_rad: float = 0.0
    is_indexed: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Where the numbers of an image file lie.

    Parameters
    ----------
    file, offset : bytes to the first number (or to the compressed stream)
    shape : (slices, rows, columns)
    dtype : with the file's byte order
    packing : how the numbers are compressed
    """

    file: Path
    offset: int
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    packing: Literal["raw", "deflate", "bzip2"] = "raw"

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def check(self) -> None:
        """Raise InputError where the file cannot hold what its header promises."""
        held = self.file.stat().st_size - self.offset
        most = {"raw": held, "deflate": held * DEFLATE_LIMIT, "bzip2": held * BZIP2_LIMIT}
        if held <= 0 or self.nbytes > most[self.packing]:
            raise InputError(f"{self.file.name} ends before its last voxel.")

    def read(self) -> npt.NDArray[Any]:
        """The numbers in native byte order, (slices, rows, columns)."""
        try:
            data = self._bytes()
        except (OSError, zlib.error, EOFError, ValueError) as error:
            raise InputError(
                f"{self.file.name} is damaged: its voxels cannot be unpacked."
            ) from error
        if len(data) < self.nbytes:
            raise InputError(f"{self.file.name} ends before its last voxel.")
        array = np.frombuffer(data, self.dtype, count=math.prod(self.shape)).reshape(self.shape)
        return array.astype(self.dtype.newbyteorder("="), copy=False)

    def _bytes(self) -> bytes:
        with self.file.open("rb") as stream:
            stream.seek(self.offset)
            if self.packing == "raw":
                return stream.read(self.nbytes)
            # 47: a zlib or a gzip stream, whichever it is.
            unpacker = zlib.decompressobj(47) if self.packing == "deflate" else None
            if unpacker is not None:
                return unpacker.decompress(stream.read(), self.nbytes)
            return bz2.BZ2Decompressor().decompress(stream.read(), self.nbytes)


def number_type(name: str, types: dict[Any, str], key: Any, order: str) -> np.dtype[Any]:
    """The dtype that a header names.

    Raises
    ------
    InputError
        Where the format's type is none of plain numbers.
    """
    if key not in types:
        raise InputError(f"{name} holds voxels of type {key!s:.40}, which are not plain numbers.")
    return np.dtype(types[key]).newbyteorder(order)  # pyright: ignore[reportArgumentType]
