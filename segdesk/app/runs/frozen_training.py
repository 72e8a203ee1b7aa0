"""A training that is decided and not written yet: its Run, and the labels as they were then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from segdesk.app.runs.running import (
    TrainerJob,
)
from segdesk.app.runs.starting import Start
from segdesk.core.case import Case
from segdesk.core.held_slices import HeldSlices
from segdesk.core.run import Run
from segdesk.core.split import Fold
from segdesk.core.status import Complete, SliceStatus


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Slices of one case and pool as they were. `held` None: they are read from the last save."""

    case: Case
    pool: str
    slices: tuple[int, ...]
    statuses: tuple[SliceStatus, ...]
    complete: tuple[Complete, ...]
    held: HeldSlices | None

    @property
    def in_part(self) -> Iterator[int]:
        """The slices that teach only where a hand touched."""
        for index, status in zip(self.slices, self.statuses, strict=True):
            if not status.teaches_whole:
                yield index


@dataclass(frozen=True, slots=True, eq=False)
class Frozen:
    """A job that is decided but not written: safe to hand to another thread."""

    run: Run
    job: TrainerJob
    snapshots: tuple[Snapshot, ...]
    cases: tuple[Case, ...]
    preview: tuple[str, int] | None
    partners: tuple[tuple[int, int], ...]
    start: Start | None
    rival: Run | None
    #: Where a person chose the run in use, it stays, and what is to be predicted is left to it.
    is_chosen_by_hand: bool
    fold: Fold | None
    #: The saved masks that are read may go from the disk again.
    unpin: Callable[[], object]

    def let_go(self) -> None:
        """The labels are not needed any more. Any thread."""
        self.unpin()
        for shot in self.snapshots:
            if shot.held is not None:
                shot.held.let_go()
