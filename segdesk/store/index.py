"""The one door to project.h5, and what each write leaves as it was: the `Index`.

Every project comes in by `hand_over`, on the GUI thread, which waits for nothing, and stays there
until a write has got through; a write that fails drops nothing. There is one writer at a time:

- `write` writes the newest project on the current Base, on any thread;
- `save` is a hand-over and a write in one; where the disk refuses, its project is taken back,
  unless a newer one has come meanwhile;
- `commit` ends a Save of masks, on a worker: the newest project on the Save's Base, which then
  becomes the current one.

Statuses, mask generations and segments change by Edits, and Edits are in the journal; so an index
must carry them exactly as of the generation that it names, or replaying the journal would not fit.
That state is a `Base`. With each project comes what the journals have touched, so it fits any Base:
the current one, should a Save fail, and the one that the Save brings.

A write that failed may stand on the disk all the same, where the rename went through and making it
lasting did not. So after a failure nothing counts as written, and the next write writes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from segdesk.core.case import Case
from segdesk.core.durable_files import Check, no_check
from segdesk.core.project import Project
from segdesk.core.segment import SegmentTable
from segdesk.core.status import NONE, SliceStatus
from segdesk.store.parts import project_file

#: For each journal, the numbers of the segments that its Edits touch.
SegmentsTouched = Mapping[int, frozenset[int]]


@dataclass(frozen=True, slots=True)
class CaseState:
    """What of a case changes by Edits only.

    Parameters
    ----------
    generation, mask_sha256 : number and SHA-256 of its mask's file
    statuses, complete : of its slices
    """

    generation: int = 0
    statuses: tuple[SliceStatus, ...] = ()
    complete: tuple[frozenset[int], ...] = ()
    mask_sha256: str = ""

    @classmethod
    def of(cls, case: Case) -> CaseState:
        return cls(case.generation, case.statuses, case.complete, case.mask_sha256)


@dataclass(frozen=True, slots=True)
class Base:
    """Everything that changes by Edits, as of one generation.

    Parameters
    ----------
    generation : the journals from this number upwards are replayed on it
    cases : state of each case; one that is not there has no mask yet and no slice is labelled
    segments : the table
    journal : id of the first of these journals
    """

    generation: int
    cases: Mapping[str, CaseState]
    segments: SegmentTable
    journal: str = ""

    @classmethod
    def of(cls, project: Project, generation: int) -> Base:
        """The Base of a project as it was read."""
        states = {case.id: CaseState.of(case) for case in project.cases}
        return cls(generation, states, project.segments, project.journal)

    def state(self, case: str) -> CaseState:
        return self.cases.get(case, CaseState())

    def with_masks(self, sha256: Mapping[str, str]) -> Base:
        """With the SHA-256 of masks that were written, by case."""
        states = {id: replace(self.cases[id], mask_sha256=sum_) for id, sum_ in sha256.items()}
        return replace(self, cases={**self.cases, **states})

    def under(self, project: Project, touched: SegmentsTouched) -> Project:
        """The project with everything that changes by Edits put back to this Base.

        Parameters
        ----------
        touched : segments that no Edit since the Base has touched keep the project's row, because
            no replay would bring it (visibility, for one, is no Edit)
        """
        numbers = {
            number
            for journal, segments in touched.items()
            if journal >= self.generation
            for number in segments
        }
        rows = [row for row in project.segments if row.number not in numbers]
        rows += [row for row in self.segments if row.number in numbers]
        # What is spent is so for good, and more of it than the Base knows does no harm.
        spent = project.segments.spent | self.segments.spent
        return replace(
            project,
            cases=tuple(self._settled(case) for case in project.cases),
            segments=SegmentTable(tuple(sorted(rows, key=lambda row: row.number)), spent),
            journal=self.journal,
        )

    def _settled(self, case: Case) -> Case:
        new = CaseState(0, (SliceStatus.UNLABELLED,) * case.slices, (NONE,) * case.slices)
        state = self.cases.get(case.id, new)
        return replace(
            case,
            generation=state.generation,
            statuses=state.statuses,
            complete=state.complete,
            mask_sha256=state.mask_sha256,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Brought:
    """A project that was handed over; one object is one hand-over.

    Parameters
    ----------
    project : as the caller has it
    touched : what the journals have touched by then
    """

    project: Project
    touched: SegmentsTouched


class Index:
    """The index of one project folder that is open for writing, or was read.

    Parameters
    ----------
    folder : of the project
    project, generation : as read
    check : asked before each write: raises where the folder is not the project's to write to
    """

    def __init__(
        self, folder: Path, project: Project, generation: int, check: Check = no_check
    ) -> None:
        self._folder = folder
        self._check = check
        #: Held while the file is written; nothing else is locked inside it but `_door`.
        self._writer = threading.Lock()
        #: Held for a moment, so that handing over never waits for the disk.
        self._door = threading.Lock()
        self._saved = project
        self._named = {case.id for case in project.cases}
        self._base = Base.of(project, generation)
        self._newest = _Brought(project, {})
        #: What stands on the disk; None where a failed write left that open.
        self._written: _Brought | None = self._newest
        #: Cases that left the index, and those that got an older mask, since `for_save`.
        self._left = frozenset[str]()
        self._older: dict[str, CaseState] = {}

    @property
    def saved(self) -> Project:
        """The project as it stands on the disk."""
        return self._saved

    def names(self, case: str) -> bool:
        """Whether what stands on the disk names a case."""
        return case in self._named

    @property
    def base(self) -> Base:
        """What project.h5 carries of the masks."""
        return self._base

    def hand_over(self, project: Project, touched: SegmentsTouched) -> None:
        """Have this project written by the next `write`, `commit` or `save`; returns at once."""
        with self._door:
            self._newest = _Brought(project, touched)

    def save(self, project: Project, touched: SegmentsTouched) -> None:
        """Write this project on the current Base.

        Raises
        ------
        ProjectError
            Where the disk refuses: the old index stays, and this project was never handed over.
        """
        mine = _Brought(project, touched)
        with self._writer:
            with self._door:
                before, self._newest = self._newest, mine
            try:
                self._put(mine, self._base)
            except BaseException:
                with self._door:
                    if self._newest is mine:
                        self._newest = before
                raise

    def write(self) -> None:
        """Write what was handed over, on the current Base; nothing where all of it is written.

        Raises
        ------
        ProjectError
            Where the disk refuses; the old index stays, and the next `write` tries again.
        """
        with self._writer:
            if self._newest is not self._written:
                self._put(self._newest, self._base)

    def stands_without(self, case: str) -> bool:
        """Whether nothing on the disk names a case: where the last write failed, it is read there,
        because a full disk may not take another one.

        Raises
        ------
        ProjectError
            Where the file cannot be read.
        """
        with self._writer:
            found = self._saved
            if self._written is None:
                found, _ = project_file.read(self._folder)
            return all(row.id != case for row in found.cases)

    def for_save(self) -> Base:
        """The Base to make a Save from; what changes of it from now on, `commit` does not undo."""
        with self._door:
            self._left = frozenset[str]()
            self._older = {}
            return self._base

    def commit(self, base: Base, *, instead_of: int) -> Project:
        """Write the newest project on a new Base: the moment of truth of a Save.

        Parameters
        ----------
        instead_of : the generation that the Save was made from

        Raises
        ------
        ProjectError
            Where the disk refuses; the old index and its Base stay.
        ValueError
            Where another generation stands there.
        """
        with self._writer:
            if self._base.generation != instead_of:
                raise ValueError(
                    f"expected generation {instead_of}, received one made from "
                    f"generation={self._base.generation}"
                )
            states = {id: state for id, state in base.cases.items() if id not in self._left}
            # The Save knows the mask from before; where it has written one anew, that is newer.
            for id, state in self._older.items():
                if base.state(id).generation != base.generation:
                    states[id] = state
            self._put(self._newest, replace(base, cases=states))
            return self._saved

    @contextmanager
    def standing(self) -> Generator[Base, None, None]:
        """The Base that stands on the disk, and no other comes before the block has ended."""
        with self._writer:
            yield self._base

    def put_back(self, case: str, state: CaseState, look: Callable[[], object]) -> None:
        """Write that a case has an older mask again, because the newest cannot be read.

        Parameters
        ----------
        look : raises ProjectError where that mask is not there any more

        Raises
        ------
        ProjectError
            Then, or where the disk refuses; the old index stays.
        """
        with self._writer:
            look()
            base = self._base
            states = {**base.cases, case: state}
            self._put(self._newest, replace(base, cases=states))
            with self._door:
                self._older[case] = state

    def _put(self, brought: _Brought, base: Base) -> None:
        """Write, and remember what stands there; a case that left takes its state along."""
        self._check()
        self._written = None
        written = base.under(brought.project, brought.touched)
        project_file.write(self._folder, written, base.generation, self._check)
        ids = {case.id for case in written.cases}
        states = {id: state for id, state in base.cases.items() if id in ids}
        with self._door:
            self._left |= {case.id for case in self._saved.cases} - ids
            self._base = replace(base, cases=states, segments=written.segments)
        self._saved, self._written, self._named = written, brought, ids
