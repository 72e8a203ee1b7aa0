"""A change of a mask as a value: `Patch` and `Edit`.

Frozen, invertible, compact. `core.annotation` applies them, `core.history` keeps them,
`store.edit_codec` gives them a byte form, `app.labelling.editing` makes them.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from segdesk.core.segment import Segment
from segdesk.core.status import SliceStatus

Plane = npt.NDArray[np.uint8]
#: A gesture of the hand; any other change; one of them taken back, or done again.
EditKind = Literal["stroke", "change", "undo", "redo"]
KINDS: tuple[EditKind, ...] = get_args(EditKind)


class Box(NamedTuple):
    """A half-open box in one slice."""

    slice: int
    row0: int
    row1: int
    column0: int
    column1: int

    @property
    def shape(self) -> tuple[int, int]:
        return self.row1 - self.row0, self.column1 - self.column0

    @property
    def window(self) -> tuple[int, slice, slice]:
        """The index of the box in an array (slices, rows, columns)."""
        return self.slice, slice(self.row0, self.row1), slice(self.column0, self.column1)

    def union(self, other: Box) -> Box:
        """The smallest box around both; they lie in one slice."""
        return Box(
            self.slice,
            min(self.row0, other.row0),
            max(self.row1, other.row1),
            min(self.column0, other.column0),
            max(self.column1, other.column1),
        )


class Planes(NamedTuple):
    """Labels and provenance before and after, each uint8 of the box's shape."""

    labels_before: Plane
    labels_after: Plane
    provenance_before: Plane
    provenance_after: Plane


@dataclass(frozen=True, slots=True)
class Patch:
    """A box in one slice, with labels and provenance before and after, kept compressed.

    Parameters
    ----------
    box : where
    packed : zlib of the four planes one after the other, C order
    changed : number of voxels whose label changes
    turned : before and after change places: the Patch takes back what `packed` says
    """

    box: Box
    packed: bytes
    changed: int
    turned: bool = False

    @classmethod
    def of(cls, box: Box, planes: Planes) -> Patch:
        """Pack four uint8 planes of the box's shape."""
        for plane in planes:
            if plane.dtype != np.uint8 or plane.shape != box.shape:
                raise ValueError(
                    f"expected uint8 of shape {box.shape}, received {plane.dtype} {plane.shape}"
                )
        changed = int(np.count_nonzero(planes.labels_before != planes.labels_after))
        return cls(box, zlib.compress(np.stack(planes).tobytes(), 1), changed)

    def planes(self) -> Planes:
        """The four planes, read-only.

        Whoever did not make the Patch looks first whether its box lies in the mask: no more is
        unpacked than the box holds.

        Raises
        ------
        ValueError
            Where it does not unpack to exactly its box.
        """
        rows, columns = self.box.shape
        size = len(Planes._fields) * rows * columns
        unpacker = zlib.decompressobj()
        try:
            flat = unpacker.decompress(self.packed, size + 1)
        except zlib.error as error:
            raise ValueError(f"expected packed planes: {error}") from error
        if len(flat) != size or not unpacker.eof or unpacker.unused_data:
            raise ValueError(f"expected a patch of {size} bytes under {self.box}")
        stack = np.frombuffer(flat, dtype=np.uint8).reshape(4, rows, columns)
        if self.turned:
            return Planes(stack[1], stack[0], stack[3], stack[2])
        return Planes(stack[0], stack[1], stack[2], stack[3])

    def inverse(self) -> Patch:
        return replace(self, turned=not self.turned)


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
    """The prediction of one run on one slice is dismissed, or comes back."""

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
    patches : at most one for each slice
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
        return 256 + 96 * small + sum(len(patch.packed) + 160 for patch in self.patches)

    @property
    def slices(self) -> tuple[int, ...]:
        """The slices that it touches, ascending."""
        touched = {patch.box.slice for patch in self.patches}
        touched |= {move.slice for move in self.statuses}
        touched |= {dismissal.slice for dismissal in self.dismissals}
        return tuple(sorted(touched))

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
