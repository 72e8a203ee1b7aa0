"""The mask of one case: the `Annotation`. It changes only by `apply(edit)`.

A large Edit goes the same way in parts: `check`, which a worker may do, `put` for some Patches at a
time, `end`. Whoever does so keeps everything else off the mask meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from weakref import WeakSet

import numpy as np
import numpy.typing as npt

from segdesk.core.box import Box
from segdesk.core.edit import Edit, Patch, Planes, counted
from segdesk.core.grid import Grid
from segdesk.core.held_slices import HeldSlices
from segdesk.core.status import NONE, Complete, SliceStatus, check_complete

Labels = npt.NDArray[np.uint8]
#: What of an Edit is kept between looking and applying; the rest is unpacked twice.
_KEPT_BYTES = 64 * 1024 * 1024


class Provenance(IntEnum):
    """Who set a voxel last. An erased or repainted voxel was touched too."""

    NOBODY = 0
    PREDICTION = 1
    TOOL = 2
    HAND = 3


class Annotation:
    """Labels, provenance and slice statuses on a Grid, and what each slice is complete for.

    Owned by the Workbench, changed on its thread only. Views read `labels` and `provenance`,
    which are read-only arrays that show the current state.

    Parameters
    ----------
    grid : Grid of the scan
    labels, provenance : uint8, (slices, rows, columns); taken over. None: all 0
    statuses : one for each slice. None: all unlabelled
    complete : for each slice the segments that it is complete for. None: for none
    dismissed : (run, slice) of predictions that were dismissed; of proposals their `dismissed_as`,
        and of pieces of a prediction that were restored their name (`core.small_pieces`)
    """

    def __init__(
        self,
        grid: Grid,
        *,
        labels: Labels | None = None,
        provenance: Labels | None = None,
        statuses: tuple[SliceStatus, ...] | None = None,
        complete: tuple[Complete, ...] | None = None,
        dismissed: frozenset[tuple[str, int]] = frozenset(),
    ) -> None:
        # np.zeros leaves untouched pages to the system, so an empty mask of a large scan is free.
        self._labels = np.zeros(grid.shape, np.uint8) if labels is None else labels
        self._provenance = np.zeros(grid.shape, np.uint8) if provenance is None else provenance
        for array in (self._labels, self._provenance):
            if array.dtype != np.uint8 or array.shape != grid.shape:
                raise ValueError(
                    f"expected uint8 of shape {grid.shape}, received {array.dtype} {array.shape}"
                )
        self._statuses = list(statuses or (SliceStatus.UNLABELLED,) * grid.shape[0])
        self._statuses_now: tuple[SliceStatus, ...] | None = None
        if len(self._statuses) != grid.shape[0]:
            raise ValueError(f"expected {grid.shape[0]} statuses, received {len(self._statuses)}")
        self._complete = list(complete or (NONE,) * grid.shape[0])
        if len(self._complete) != grid.shape[0]:
            raise ValueError(f"expected {grid.shape[0]} sets, received {len(self._complete)}")
        for numbers in self._complete:
            check_complete(numbers)
        self._dismissed = set(dismissed)
        self._dismissed_now: frozenset[tuple[str, int]] | None = None
        self.grid = grid
        self.revision = 0
        self._revisions = [0] * grid.shape[0]
        self._held: WeakSet[HeldSlices] = WeakSet()
        self.labels: Labels = self._labels.view()
        self.labels.flags.writeable = False
        self.provenance: Labels = self._provenance.view()
        self.provenance.flags.writeable = False

    def copy(self) -> Annotation:
        """The same as it is now, which goes on by itself; for a worker."""
        return Annotation(
            self.grid,
            labels=self._labels.copy(),
            provenance=self._provenance.copy(),
            statuses=self.statuses,
            complete=self.complete,
            dismissed=self.dismissed,
        )

    def hold(self, slices: Iterable[int], *, with_provenance: Iterable[int] = ()) -> HeldSlices:
        """Slices as they are now, for a worker, at no cost: one is copied before it changes.

        Parameters
        ----------
        slices : indices
        with_provenance : those of them of which the provenance is wanted too
        """
        held = HeldSlices(self._labels, self._provenance, slices, with_provenance)
        self._held.add(held)
        return held

    @property
    def statuses(self) -> tuple[SliceStatus, ...]:
        """One for each slice; the same object until one of them changes."""
        if self._statuses_now is None:
            self._statuses_now = tuple(self._statuses)
        return self._statuses_now

    def status(self, index: int) -> SliceStatus:
        return self._statuses[index]

    @property
    def complete(self) -> tuple[Complete, ...]:
        """For each slice the numbers of the segments that it is complete for."""
        return tuple(self._complete)

    def complete_for(self, index: int) -> Complete:
        return self._complete[index]

    @property
    def dismissed(self) -> frozenset[tuple[str, int]]:
        """(run, slice) of the predictions that were dismissed; the same object until one more is,
        or one is no longer."""
        if self._dismissed_now is None:
            self._dismissed_now = frozenset(self._dismissed)
        return self._dismissed_now

    def is_dismissed(self, run: str, index: int) -> bool:
        return (run, index) in self._dismissed

    def dismissed_of(self, run: str) -> frozenset[int]:
        """The slices on which the prediction of a run was dismissed."""
        return frozenset(index for of, index in self._dismissed if of == run)

    @property
    def revisions(self) -> tuple[int, ...]:
        """A number for each slice, which is another one after each change of the slice."""
        return tuple(self._revisions)

    def apply(self, edit: Edit) -> tuple[Box, ...]:
        """Apply an Edit verbatim: the one door for gestures, undo, redo and replay.

        Everything is checked first, so a refused Edit leaves nothing behind.

        Returns
        -------
        The boxes whose labels or provenance changed, no two with a voxel in common.

        Raises
        ------
        ValueError
            As `check`.
        """
        kept = self._checked(edit, _KEPT_BYTES)
        for at, patch in enumerate(edit.patches):
            self._put(patch, kept[at] if at < len(kept) else patch.planes())
        return self.end(edit)

    def check(self, edit: Edit) -> None:
        """Look whether an Edit could be applied. Any thread, while nothing changes.

        Raises
        ------
        ValueError
            Where what the Edit says stood there before is not what stands there, its box lies
            outside, or it counts other voxels than it changes.
        """
        self._checked(edit, 0)

    def put(self, patches: Iterable[Patch]) -> None:
        """Write the voxels of some Patches of an Edit that was checked; `end` follows the last."""
        for patch in patches:
            self._put(patch, patch.planes())

    def end(self, edit: Edit) -> tuple[Box, ...]:
        """The voxels of an Edit that was checked are in: the rest of it follows.

        Returns
        -------
        As `apply`.
        """
        for move in edit.statuses:
            self._statuses[move.slice] = move.after
            self._complete[move.slice] = move.complete_after
        if edit.statuses:
            # Behind the moves: who looks in between keeps nothing that is half of them.
            self._statuses_now = None
        for dismissal in edit.dismissals:
            key = (dismissal.run, dismissal.slice)
            (self._dismissed.add if dismissal.after else self._dismissed.discard)(key)
            self._dismissed_now = None
        self.revision += 1
        for index in edit.slices:
            self._revisions[index] = self.revision
        return tuple(patch.box for patch in edit.patches)

    def _put(self, patch: Patch, planes: Planes) -> None:
        for held in self._held:
            held.keep(range(*patch.box.ranges[0]))
        self._labels[patch.box.window] = planes.labels_after
        self._provenance[patch.box.window] = planes.provenance_after

    def _checked(self, edit: Edit, room: int) -> list[Planes]:
        """As `check`; gives what was unpacked of the first Patches, as far as the room goes."""
        slices = self.grid.shape[0]
        for box in (patch.box for patch in edit.patches):
            sides = zip(box.ranges, self.grid.shape, strict=True)
            if not all(0 <= first <= stop <= side for (first, stop), side in sides):
                raise ValueError(f"expected a box inside {self.grid.shape}, received {box}")
        # Only now, that all of them lie in the mask, and one by one.
        kept: list[Planes] = []
        for patch in edit.patches:
            box, planes = patch.box, patch.planes()
            if not np.array_equal(self._labels[box.window], planes.labels_before):
                raise ValueError(f"the labels under {box} are not those that the edit was made on")
            if not np.array_equal(self._provenance[box.window], planes.provenance_before):
                raise ValueError(f"the provenance under {box} is not what the edit was made on")
            # Those of a gesture that is drawing have just been counted.
            if patch.loose is None and counted(*planes[:2]) != patch.counts:
                raise ValueError(f"the voxels under {box} that change are not those counted")
            room -= 4 * planes.labels_after.size
            if room >= 0:
                kept.append(planes)
        for move in edit.statuses:
            if not 0 <= move.slice < slices or self._statuses[move.slice] != move.before:
                raise ValueError(f"the status of slice {move.slice} is not {move.before!r}")
            if self._complete[move.slice] != move.complete_before:
                raise ValueError(f"slice {move.slice} is complete for other segments than before")
            check_complete(move.complete_after)
        for dismissal in edit.dismissals:
            is_dismissed = self.is_dismissed(dismissal.run, dismissal.slice)
            if not 0 <= dismissal.slice < slices or is_dismissed != dismissal.before:
                raise ValueError(f"the dismissal on slice {dismissal.slice} is not as before")
        return kept
