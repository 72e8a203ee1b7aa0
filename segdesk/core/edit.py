"""A change of a mask as a value: `Patch` and `Edit`.

Frozen, invertible, compact. `core.annotation` applies them, `core.history` keeps them,
`store.edit_codec` gives them a byte form, `app.labelling.editing` makes them.
"""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from segdesk.core.box import Box
from segdesk.core.segment import Segment
from segdesk.core.status import SliceStatus

Voxels = npt.NDArray[np.uint8]
#: A gesture of the hand; any other change; one of them taken back, or done again.
EditKind = Literal["stroke", "change", "undo", "redo"]
KINDS: tuple[EditKind, ...] = get_args(EditKind)


class Planes(NamedTuple):
    """Labels and provenance before and after, each uint8 of a box's shape."""

    labels_before: Voxels
    labels_after: Voxels
    provenance_before: Voxels
    provenance_after: Voxels


class VoxelCount(NamedTuple):
    """How many voxels a segment gains and loses; number 0 is background."""

    number: int
    gained: int
    lost: int


#: Ascending by number; of numbers that neither gain nor lose there is none.
VoxelCounts = tuple[VoxelCount, ...]


def counted(before: Voxels, after: Voxels) -> VoxelCounts:
    """What each segment gains and loses where labels go from one array to another."""
    differs = before != after
    gained = np.bincount(after[differs], minlength=256)
    lost = np.bincount(before[differs], minlength=256)
    numbers = np.flatnonzero(gained + lost).tolist()
    return tuple(VoxelCount(number, int(gained[number]), int(lost[number])) for number in numbers)


@dataclass(frozen=True, slots=True)
class Patch:
    """A box in one tile, with labels and provenance before and after, kept compressed.

    Parameters
    ----------
    box : where; no Patch that is packed reaches into two tiles (`core.box.TILE`)
    packed : zlib of the four planes one after the other, C order
    packed_counts : what segments gain and lose from what `packed` says is before to after
    turned : before and after change places: the Patch takes back what `packed` says
    loose : the four planes themselves, where `packed` is empty: see `live`

    Raises
    ------
    ValueError
        Where the box lies in more than one tile.
    """

    box: Box
    packed: bytes
    packed_counts: VoxelCounts
    turned: bool = False
    loose: Planes | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.loose is None and not self.box.is_in_one_tile:
            raise ValueError(f"expected a box in one tile, received {self.box}")

    @classmethod
    def of(cls, box: Box, planes: Planes) -> Patch:
        """Pack four uint8 planes of the box's shape. `core.cutting` makes Patches of any box."""
        counts = _counts_in(box, planes)
        flat = b"".join(plane.tobytes() for plane in planes)
        return cls(box, zlib.compress(flat, 1), counts)

    @classmethod
    def live(cls, box: Box, planes: Planes) -> Patch:
        """As `of`, but not packed, and of any box: for a move of a gesture, whose tiles are packed
        at its end. No journal and no History takes it.
        """
        return cls(box, b"", _counts_in(box, planes), loose=Planes(*map(np.copy, planes)))

    @property
    def counts(self) -> VoxelCounts:
        """What each segment gains and loses."""
        if not self.turned:
            return self.packed_counts
        return tuple(
            VoxelCount(number, lost, gained) for number, gained, lost in self.packed_counts
        )

    @property
    def changed(self) -> int:
        """Number of voxels whose label changes."""
        return sum(count.gained for count in self.packed_counts)

    def planes(self) -> Planes:
        """The four planes, read-only.

        Whoever did not make the Patch looks first whether its box lies in the mask: no more is
        unpacked than the box holds.

        Raises
        ------
        ValueError
            Where it does not unpack to exactly its box.
        """
        if self.loose is not None:
            return _turned(self.loose) if self.turned else self.loose
        size = len(Planes._fields) * self.box.size
        unpacker = zlib.decompressobj()
        try:
            flat = unpacker.decompress(self.packed, size + 1)
        except zlib.error as error:
            raise ValueError(f"expected packed planes: {error}") from error
        if len(flat) != size or not unpacker.eof or unpacker.unused_data:
            raise ValueError(f"expected a patch of {size} bytes under {self.box}")
        planes = Planes(*np.frombuffer(flat, dtype=np.uint8).reshape(4, *self.box.shape))
        return _turned(planes) if self.turned else planes

    def inverse(self) -> Patch:
        return replace(self, turned=not self.turned)


def _counts_in(box: Box, planes: Planes) -> VoxelCounts:
    """What each segment gains and loses; raises ValueError where planes are not of the box."""
    for plane in planes:
        if plane.dtype != np.uint8 or plane.shape != box.shape:
            raise ValueError(
                f"expected uint8 of shape {box.shape}, received {plane.dtype} {plane.shape}"
            )
    return counted(planes.labels_before, planes.labels_after)


def _turned(planes: Planes) -> Planes:
    """Before and after change places."""
    return Planes(planes[1], planes[0], planes[3], planes[2])


class StatusMove(NamedTuple):
    """A slice goes from one status to another, with the segments that it is complete for.

    Made by `core.completeness.status_move` and nowhere else, so that none forgets the segments.
    """

    slice: int
    before: SliceStatus
    after: SliceStatus
    complete_before: frozenset[int]
    complete_after: frozenset[int]

    def inverse(self) -> StatusMove:
        return StatusMove(
            self.slice, self.after, self.before, self.complete_after, self.complete_before
        )


class Dismissal(NamedTuple):
    """The prediction of one run on one slice is dismissed, or comes back.

    Parameters
    ----------
    run : its `dismissed_as`
    """

    run: str
    slice: int
    before: bool
    after: bool


class SegmentChange(NamedTuple):
    """A segment is added (before None), changed, or removed (after None)."""

    before: Segment | None
    after: Segment | None


@dataclass(frozen=True, slots=True)
class Edit:
    """One gesture: what undo takes back in one step.

    Parameters
    ----------
    name : in the user's words, such as "Brush" or "Accept prediction"
    case : id of the case, or empty where only segments change
    reader : who, as the settings say; may be empty
    time : seconds since the epoch, UTC
    patches : at most one for each tile
    statuses, dismissals, segments : the other things that the gesture changed
    kind : a gesture of the hand, another change, or one of them taken back or done again
    group : Edits of one group that stand one after the other are one step of undo; empty: a step of
        its own. What changes several cases is a group, with an Edit for each part of a case and at
        its end the one that changes the segments
    sequence : its number in the journal, by which undo and redo name it; 0 before it has one. Not
        a part of what it changes, so Edits of other numbers can be equal
    """

    name: str
    case: str
    reader: str = ""
    time: float = 0.0
    patches: tuple[Patch, ...] = ()
    statuses: tuple[StatusMove, ...] = ()
    dismissals: tuple[Dismissal, ...] = ()
    segments: tuple[SegmentChange, ...] = ()
    kind: EditKind = "change"
    group: str = ""
    sequence: int = field(default=0, compare=False)

    @property
    def is_empty(self) -> bool:
        """Whether applying it would change nothing."""
        return not (self.patches or self.statuses or self.dismissals or self.segments)

    @property
    def nbytes(self) -> int:
        """What it costs in memory, nearly."""
        small = len(self.statuses) + len(self.dismissals) + len(self.segments)
        return (
            256
            + 96 * small
            + sum(len(patch.packed) + 200 + 96 * len(patch.packed_counts) for patch in self.patches)
        )

    @property
    def slices(self) -> tuple[int, ...]:
        """The slices that it touches, ascending."""
        touched = {index for patch in self.patches for index in patch.box.slices}
        touched |= {move.slice for move in self.statuses}
        touched |= {dismissal.slice for dismissal in self.dismissals}
        return tuple(sorted(touched))

    @property
    def counts(self) -> VoxelCounts:
        """How many voxels each segment gains and loses."""
        gained, lost = Counter[int](), Counter[int]()
        for count in (count for patch in self.patches for count in patch.counts):
            gained[count.number] += count.gained
            lost[count.number] += count.lost
        numbers = sorted(gained.keys() | lost.keys())
        return tuple(VoxelCount(number, gained[number], lost[number]) for number in numbers)

    @property
    def changed(self) -> int:
        """Number of voxels whose label changes."""
        return sum(patch.changed for patch in self.patches)

    def goes_with(self, other: Edit | None) -> bool:
        """Whether both belong to one group."""
        return other is not None and self.group != "" and self.group == other.group

    def inverse(self) -> Edit:
        """The Edit that takes this one back, under the same name."""
        return replace(
            self,
            patches=tuple(patch.inverse() for patch in self.patches),
            statuses=tuple(move.inverse() for move in self.statuses),
            dismissals=tuple(Dismissal(d.run, d.slice, d.after, d.before) for d in self.dismissals),
            segments=tuple(SegmentChange(s.after, s.before) for s in reversed(self.segments)),
        )
