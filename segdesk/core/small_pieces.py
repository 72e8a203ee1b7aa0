"""What the rule of pieces left out of a prediction: too small for any labelled piece.

It is kept beside the prediction, so that what the network said is never lost, and a piece of it
that a reader restores is part of the prediction again. Which pieces are restored is kept where
dismissals are (`Annotation.dismissed`): what is dismissed is that the piece was left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

import numpy as np
import numpy.typing as npt

from segdesk.core.plane import Plane

Labels = npt.NDArray[np.uint8]
#: (segment number, voxels), ascending by number.
Counts = tuple[tuple[int, int], ...]
#: A restored piece is named by its first voxel on the slice on which it was restored.
_NAME = re.compile(r"(?P<run>[^,]+), piece of (?P<number>\d+) at (?P<row>\d+) (?P<column>\d+)")


@dataclass(frozen=True, eq=False)
class SmallPieces:
    """Voxels of small pieces, one after the other. Frozen.

    Parameters
    ----------
    shape : (slices, rows, columns) of the scan
    places : int64, (n,), ascending: of each voxel its place in the flat scan
    numbers : uint8, (n,): its segment
    pieces : int32, (n,): the connected piece that it belongs to, counted from 0
    """

    shape: tuple[int, int, int]
    places: npt.NDArray[np.int64]
    numbers: Labels
    pieces: npt.NDArray[np.int32]

    @classmethod
    def none(cls, shape: tuple[int, int, int]) -> SmallPieces:
        empty = np.zeros(0, np.int64)
        return cls(shape, empty, empty.astype(np.uint8), empty.astype(np.int32))

    def at(self, voxel: tuple[int, int, int]) -> int | None:
        """The piece that a voxel (slice, row, column) belongs to; None for none."""
        found = self._found(voxel)
        return None if found is None else int(self.pieces[found])

    def number_of(self, piece: int) -> int:
        """The segment of a piece."""
        return int(self._of_pieces[0][piece])

    def size(self, piece: int) -> int:
        """Voxels of a piece."""
        return int(self._of_pieces[1][piece])

    @cached_property
    def _of_pieces(self) -> tuple[Labels, npt.NDArray[np.intp]]:
        """Segment and voxels of each piece."""
        sizes = np.bincount(self.pieces)
        numbers = np.zeros(len(sizes), np.uint8)
        numbers[self.pieces] = self.numbers
        return numbers, sizes

    def counts(self, restored: frozenset[int] = frozenset()) -> Counts:
        """Voxels of each segment that are left out, but for the restored pieces."""
        counts = np.bincount(self.numbers[~self._among(restored)], minlength=1)
        return tuple((int(at), int(counts[at])) for at in np.flatnonzero(counts))

    def on(self, plane: Plane, restored: frozenset[int], *, left_out: bool) -> Labels | None:
        """Segment numbers on a plane, uint8, its (rows, columns); None where there are none.

        Parameters
        ----------
        left_out : those that are left out, else those that are restored
        """
        if not left_out and not restored:
            return None
        _, rows, columns = self.shape
        if plane.axis == 0:
            ends = np.array([plane.index, plane.index + 1], np.int64) * (rows * columns)
            chosen = slice(*np.searchsorted(self.places, ends))
        else:
            _, *across = np.unravel_index(self.places, self.shape)
            chosen = np.flatnonzero(across[plane.axis - 1] == plane.index)
        places, numbers = self.places[chosen], self.numbers[chosen]
        wanted = self._among(restored, chosen) != left_out
        if not wanted.any():
            return None
        voxels = np.unravel_index(places[wanted], self.shape)
        first, second = plane.axes
        shape = self.shape[first], self.shape[second]
        found = np.zeros(shape, np.uint8)
        found[voxels[first], voxels[second]] = numbers[wanted]
        return found

    def left_out_of(self, index: int) -> Labels:
        """Segment numbers of all small pieces on a slice, uint8, (rows, columns)."""
        found = self.on(Plane(0, index), frozenset(), left_out=True)
        return np.zeros(self.shape[1:], np.uint8) if found is None else found

    def put(self, labels: Labels, restored: frozenset[int]) -> None:
        """Write the restored pieces into labels of the whole scan."""
        wanted = self._among(restored)
        labels.reshape(-1)[self.places[wanted]] = self.numbers[wanted]

    def name(self, run: str, piece: int, index: int) -> str:
        """What the restoring of a piece by its part on a slice is called."""
        _, rows, columns = self.shape
        first, stop = np.searchsorted(self.places, np.array([index, index + 1]) * (rows * columns))
        at = int(first + np.argmax(self.pieces[first:stop] == piece))
        row, column = divmod(int(self.places[at]) - index * rows * columns, columns)
        return f"{run}, piece of {int(self.numbers[at])} at {row} {column}"

    def lacks(self, run: str, names: Iterable[tuple[str, int]], labels: Labels) -> int:
        """How many of the restorings of a run mean no piece that is there.

        Parameters
        ----------
        labels : of the whole prediction: what became part of it is there
        """
        names = frozenset(names)
        found = self.named(run, names)
        gone = 0
        for name, index in names - found.keys():
            said = _NAME.fullmatch(name)
            if said is None or said["run"] != run:
                continue
            place = index, int(said["row"]), int(said["column"])
            is_inside = all(at < side for at, side in zip(place, self.shape, strict=True))
            gone += not (is_inside and labels[place] == int(said["number"]))
        return gone

    def named(self, run: str, names: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The pieces that restorings of a run mean: those that are there, by (name, slice)."""
        found: dict[tuple[str, int], int] = {}
        for name, index in names:
            said = _NAME.fullmatch(name)
            if said is None or said["run"] != run:
                continue
            place = self._found((index, int(said["row"]), int(said["column"])))
            if place is not None and int(self.numbers[place]) == int(said["number"]):
                found[name, index] = int(self.pieces[place])
        return found

    def _found(self, voxel: tuple[int, int, int]) -> int | None:
        if not all(0 <= at < side for at, side in zip(voxel, self.shape, strict=True)):
            return None
        place = int(np.ravel_multi_index(voxel, self.shape))
        at = int(np.searchsorted(self.places, place))
        return at if at < len(self.places) and self.places[at] == place else None

    def _among(
        self, pieces: frozenset[int], chosen: slice | npt.NDArray[np.intp] = slice(None)
    ) -> npt.NDArray[np.bool_]:
        """Whether each voxel belongs to one of these pieces; they are few."""
        own = self.pieces[chosen]
        found = np.zeros(len(own), bool)
        for piece in pieces:
            found |= own == piece
        return found


class LeftOut:
    """The small pieces of one prediction, read when they are first asked for. Any thread.

    Parameters
    ----------
    counts : voxels of each segment, known without reading
    read : gives the pieces; ValueError where they cannot be read
    """

    def __init__(self, counts: Counts, read: Callable[[], SmallPieces]) -> None:
        self.counts = counts
        self._read = read
        self._lock = Lock()

    @property
    def pieces(self) -> SmallPieces | None:
        """None where they are damaged: the prediction is shown without them."""
        with self._lock:
            return self._pieces

    @cached_property
    def _pieces(self) -> SmallPieces | None:
        try:
            return self._read()
        except ValueError:
            return None
