"""A file or array whose header has been read: `Stored`. Images, arrays and pictures all give one.

Scans (`images.open_image`) and labels (`labels.read_labels`) are made from the same value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdesk.core.case import AS_STORED, Axes
from segdesk.core.grid import Grid
from segdesk.errors import InputError
from segdesk.formats.rescale import IDENTITY, Rescale
from segdesk.formats.unpacking import Packing, in_native_order, part, spooled, unpacked
from segdesk.sentence import Sentence

#: The next step where a file is not as it was written.
COPY_AGAIN = Sentence("Copy it once more from where it came from.")
#: Deflate cannot shrink more than 1032 to 1 (zlib's own documentation): a header that promises
#: more than this times the file's bytes is wrong, and nothing is allocated for it.
DEFLATE_LIMIT = 1100
#: bzip2 packs runs far better; this bounds what a small file may ask for.
BZIP2_LIMIT = 100_000
#: `Block.skip`: the numbers are the last bytes of the stream.
FROM_THE_END = -1


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
    axes : of the file along slice, row and column, where `planes.axial` turned them
    turn_rad : by how much the header's own rounding may turn the grid about its first voxel
    is_indexed : the numbers are indices of colours: they can be labels and no scan
    is_colour : `read` gives uint8, (slices, rows, columns, 3): they can be a scan and no labels
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
    axes: Axes = AS_STORED
    turn_rad: float = 0.0
    is_indexed: bool = False
    is_colour: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A file, and how many bytes stand in it before the numbers or their packed stream."""

    file: Path
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """Where the numbers of an image lie.

    Parameters
    ----------
    pieces : each holds the same number of slices; mostly one
    shape : (slices, rows, columns), and channels where it is in colour
    dtype : with the file's byte order
    packing : how the numbers are packed
    skip : unpacked bytes before the first number; FROM_THE_END: all but the last `nbytes`
    """

    pieces: tuple[Piece, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    packing: Packing = "raw"
    skip: int = 0

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def check(self) -> None:
        """Raise InputError where the files cannot hold what the header promises."""
        first = self.pieces[0].file
        if self.shape[0] % len(self.pieces):
            raise InputError(
                Sentence(
                    "The voxels of {first} and others lie in {count} files, and there "
                    "are {shape} slices.",
                    first=first.name,
                    count=len(self.pieces),
                    shape=self.shape[0],
                )
            )
        wanted = self.nbytes // len(self.pieces) + max(self.skip, 0)
        for piece in self.pieces:
            held = piece.file.stat().st_size - piece.offset
            most = {
                "raw": held,
                "deflate": held * DEFLATE_LIMIT,
                "bzip2": held * BZIP2_LIMIT,
                # A number needs a digit and a space.
                "text": (held + 1) // 2 * self.dtype.itemsize,
            }
            if piece.offset < 0 or held <= 0 or wanted > most[self.packing]:
                raise InputError(
                    Sentence("{file} ends before its last voxel.", file=piece.file.name)
                )

    def read(self) -> npt.NDArray[Any]:
        """The numbers, read-only, in native byte order, (slices, rows, columns).

        In bounded memory: see `unpacking.spooled`.

        Raises
        ------
        InputError
            Where a stream is damaged, does not agree with its checksum, or ends too early.
        """
        native = self.dtype.newbyteorder("=")
        name = self.pieces[0].file.name
        try:
            chunks = chain.from_iterable(self._chunks(piece) for piece in self.pieces)
            return spooled(in_native_order(chunks, self.dtype), self.shape, native, name)
        except OSError as error:
            raise InputError(Sentence("{name} cannot be read.", name=name)) from error

    def _chunks(self, piece: Piece) -> Iterator[bytes]:
        wanted = self.nbytes // len(self.pieces)
        skip = self.skip
        if skip == FROM_THE_END:
            skip = sum(len(chunk) for chunk in self._unpacked(piece)) - wanted
            if skip < 0:
                raise InputError(
                    Sentence("{file} ends before its last voxel.", file=piece.file.name)
                )
        held = 0
        for chunk in part(self._unpacked(piece), skip, wanted, to_end=self.packing != "raw"):
            held += len(chunk)
            yield chunk
        if held < wanted:
            raise InputError(Sentence("{file} ends before its last voxel.", file=piece.file.name))

    def _unpacked(self, piece: Piece) -> Iterator[bytes]:
        return unpacked(piece.file, piece.offset, self.packing, self.dtype)


def number_type(name: str, types: dict[Any, str], key: Any, order: str) -> np.dtype[Any]:
    """The dtype that a header names.

    Raises
    ------
    InputError
        Where the format's type is none of plain numbers.
    """
    if key not in types:
        raise InputError(
            Sentence(
                "{name} holds voxels of type {key}, which are not plain numbers.",
                name=name,
                key=f"{key!s:.40}",
            )
        )
    return np.dtype(types[key]).newbyteorder(order)  # pyright: ignore[reportArgumentType] - one letter of five
