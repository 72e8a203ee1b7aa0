"""What a run proposes: for a case the `Prediction`, for a slice while it trains the `Proposal`.

A layer that reaches a mask only as an Edit.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from segdesk.core.annotation import Annotation, Provenance
from segdesk.core.box import Area
from segdesk.core.cutting import SliceChange, changed_area
from segdesk.core.plane import Plane
from segdesk.core.small_pieces import Counts, LeftOut, SmallPieces


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """Labels and certainty of one run on one case. Frozen.

    Parameters
    ----------
    run, case : ids
    labels : uint8, (slices, rows, columns), the winning class's segment number, 0 background;
        without any piece that was restored: what is shown and taken, `of_slice`, `cut` and `whole`
        say
    probability : uint8, same shape, the winning class's probability times 255
    weights_sha256 : of the weights that made it, as their Run keeps it; "" where they are not known
    left_out : the pieces that the rule of pieces left out; None where it left out none
    restored : those of them that a reader has restored
    """

    run: str
    case: str
    labels: npt.NDArray[np.uint8]
    probability: npt.NDArray[np.uint8]
    weights_sha256: str = ""
    left_out: LeftOut | None = None
    restored: frozenset[int] = frozenset()

    @property
    def dismissed_as(self) -> str:
        """What a dismissal calls it, beside the slice."""
        return self.run

    def of_slice(self, index: int) -> npt.NDArray[np.uint8]:
        """Segment numbers of a slice, uint8, (rows, columns)."""
        return self.cut(Plane(0, index))

    def cut(self, plane: Plane) -> npt.NDArray[np.uint8]:
        """Segment numbers on a plane, uint8, its (rows, columns)."""
        labels = plane.cut(self.labels)
        small = self.small_pieces if self.restored else None
        back = None if small is None else small.on(plane, self.restored, left_out=False)
        return labels if back is None else np.where(back, back, labels)

    def whole(self) -> npt.NDArray[np.uint8]:
        """Segment numbers of all slices, uint8, (slices, rows, columns); copied where a piece was
        restored."""
        small = self.small_pieces if self.restored else None
        if small is None:
            return self.labels
        labels = self.labels.copy()
        small.put(labels, self.restored)
        return labels

    def left_out_on(self, plane: Plane) -> npt.NDArray[np.uint8] | None:
        """Segment numbers of what is left out on a plane, as `cut`; None where nothing is."""
        small = self.small_pieces
        return None if small is None else small.on(plane, self.restored, left_out=True)

    @property
    def left_out_counts(self) -> Counts:
        """Voxels of each segment that are left out, but for what was restored."""
        if self.left_out is None or not self.restored:
            return () if self.left_out is None else self.left_out.counts
        small = self.small_pieces
        return () if small is None else small.counts(self.restored)

    @property
    def is_left_out_damaged(self) -> bool:
        """Whether something was left out of which nothing can be read."""
        return self.left_out is not None and self.left_out.pieces is None

    def read_whole(self) -> Prediction:
        """Read what was left out now, on a thread that may wait; itself."""
        _ = self.small_pieces
        return self

    @property
    def small_pieces(self) -> SmallPieces | None:
        """What was left out, restored or not; None where that is nothing, or damaged."""
        return None if self.left_out is None else self.left_out.pieces

    def with_restored(self, dismissed: Iterable[tuple[str, int]]) -> Prediction:
        """The same, with the pieces that were restored; itself where it has just those.

        Parameters
        ----------
        dismissed : names and slices, as `Annotation.dismissed`
        """
        small = self.small_pieces
        restored = frozenset(() if small is None else small.named(self.run, dismissed).values())
        return self if restored == self.restored else replace(self, restored=restored)

    def lacks(self, dismissed: Iterable[tuple[str, int]]) -> int:
        """How many pieces were restored, of an earlier prediction of this run, that this one has
        neither left out nor shown. As `with_restored`.
        """
        shape = self.labels.shape
        small = self.small_pieces or SmallPieces.none((shape[0], shape[1], shape[2]))
        return small.lacks(self.run, dismissed, self.labels)


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """What a network that is still being trained makes of one slice. Frozen; in memory alone.

    Parameters
    ----------
    run, case : ids
    step : optimiser steps that the network had taken
    slice : index
    labels : uint8, (rows, columns), segment numbers, 0 background
    """

    run: str
    case: str
    step: int
    slice: int
    labels: npt.NDArray[np.uint8]

    @property
    def dismissed_as(self) -> str:
        """As of a Prediction: neither the run's own prediction nor that of another run is meant.

        One for all steps, so that what was dismissed is not back a moment later.
        """
        return f"{self.run}, proposed"

    def of_slice(self, index: int) -> npt.NDArray[np.uint8]:
        """As of a Prediction.

        Raises
        ------
        ValueError
            Of another slice than its own.
        """
        if index != self.slice:
            raise ValueError(f"expected slice {self.slice}, received {index}")
        return self.labels


#: What Enter takes and the canvas shows of a slice.
Offer = Prediction | Proposal


@dataclass(frozen=True, slots=True)
class Difference:
    """What taking a prediction on one slice changes, and what keeps voxels from it.

    Parameters
    ----------
    slice : index
    change : None where nothing changes
    gained : (segment number, voxels that become it), ascending
    cleared : voxels that become background
    kept_out : (segment number, predicted voxels that it keeps out because it is closed), ascending
    by_hand : voxels that differ and stay, because a hand has set them
    is_empty : the prediction has no segment here at all
    """

    slice: int
    change: SliceChange | None = field(compare=False, repr=False)
    gained: Counts
    cleared: int
    kept_out: Counts
    by_hand: int
    is_empty: bool


def difference(
    annotation: Annotation,
    prediction: Offer,
    index: int,
    *,
    closed: frozenset[int] = frozenset(),
    known: Iterable[int] = range(1, 256),
    over_hand: bool = False,
) -> Difference:
    """What taking the prediction on a slice would change.

    A voxel that a hand has set stays unless `over_hand`; a voxel of a closed segment stays, and
    none becomes one. Every other voxel takes the predicted label with the provenance
    "prediction".

    Parameters
    ----------
    annotation : of the same case and shape
    closed : numbers of the segments that nothing may be taken into or out of: locked or hidden
    known : numbers of the project's segments; what the prediction has of others is not taken
    """
    offered = prediction.of_slice(index)
    # Elsewhere both are background: of a lung that is most of the slice.
    drawn = annotation.labels[index] | offered
    area = changed_area(drawn != 0) or Area(0, 0, 0, 0)
    labels, wanted = annotation.labels[index][area.window], offered[area.window]
    present = dict(_counted(wanted[wanted != 0]))
    unknown = present.keys() - set(known)
    differs = (labels != wanted) & ~_among(wanted, unknown)
    by_hand = annotation.provenance[index][area.window] == Provenance.HAND
    stays = differs & by_hand & (not over_hand)
    into = _among(wanted, closed)
    shut = differs & ~stays & (into | _among(labels, closed))
    take = differs & ~stays & ~shut
    # A closed segment that only keeps what it has keeps nothing of the prediction out.
    out = shut & (wanted != 0)
    whose = labels[out].copy()
    whose[into[out]] = wanted[out & into]
    change: SliceChange | None = None
    if take.any():
        places = np.zeros(drawn.shape, np.bool_)
        places[area.window] = take
        change = SliceChange(index, places, offered, Provenance.PREDICTION)
    return Difference(
        slice=index,
        change=change,
        gained=_counted(wanted[take]),
        cleared=int(np.count_nonzero(take & (wanted == 0))),
        kept_out=_counted(whose),
        by_hand=int(np.count_nonzero(stays)),
        is_empty=not present.keys() - unknown,
    )


def _among(plane: npt.NDArray[np.uint8], numbers: AbstractSet[int]) -> npt.NDArray[np.bool_]:
    """Where a plane has one of these numbers; they are few."""
    found = np.zeros(plane.shape, bool)
    for number in numbers:
        found |= plane == number
    return found


def _counted(numbers: npt.NDArray[np.uint8]) -> Counts:
    """How often each segment number occurs; background is none."""
    counts = np.bincount(numbers, minlength=256)
    return tuple((int(at), int(counts[at])) for at in np.flatnonzero(counts) if at)


def replacement(
    annotation: Annotation,
    index: int,
    wanted: npt.NDArray[np.uint8],
    by: Provenance,
    *,
    locked: frozenset[int] = frozenset(),
    over_hand: bool = True,
) -> SliceChange | None:
    """What giving a slice other labels would change; None where that is nothing.

    Voxels that agree stay as they are, so that doing it twice changes nothing.

    Parameters
    ----------
    wanted : uint8, (rows, columns)
    by : provenance of the voxels that change
    locked : numbers of the segments that stay as they are, and that nothing becomes
    over_hand : voxels that a hand has set change too
    """
    labels, provenance = annotation.labels[index], annotation.provenance[index]
    take = labels != wanted
    if not over_hand:
        take &= provenance != Provenance.HAND
    for number in locked:
        take &= (labels != number) & (wanted != number)
    return SliceChange(index, take, wanted, by) if take.any() else None
