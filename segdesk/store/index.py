"""Who writes project.h5, and what each writer leaves as it was: the `Index`.

Two writers meet here. `save` writes the index alone (a new case or split), at any time, on the GUI
thread; what may wait (a run, a prediction) is handed over there and written by `write` on a worker.
`commit` ends a Save of masks, on a worker. Statuses, mask generations and segments
change by Edits, and Edits are in the journal; so an index must carry them exactly as of the
generation that it names, or replaying the journal would not fit. That state is a `Base`:

- `save` writes the caller's project on the current Base;
- `write` writes the newest project that was handed over, on the current Base, unless it is written;
- `commit` writes the newest project that any caller has brought (by `save` or `hand_over` while the
  Save was running, or by `begin` when it started) on the Save's Base, which then becomes the
  current one.

So neither loses what the other wrote, in whichever order they come. One lock, held only while the
small file is written, orders them; nothing else is ever locked inside it, and handing over does
not wait for it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from segdesk.core.case import Case
from segdesk.core.project import Project
from segdesk.core.segment import SegmentTable
from segdesk.core.status import NONE, SliceStatus
from segdesk.store.disk.replace import Check, no_check
from segdesk.store.parts import project_file

#: For each journal, the numbers of the segments that its Edits touch.
SegmentsTouched = Mapping[int, frozenset[int]]


@dataclass(frozen=True, slots=True)
class CaseState:
    """What of a case changes by Edits only.

    Parameters
    ----------
    generation : number of its mask's file
    statuses, complete : of its slices
    """

    generation: int = 0
    statuses: tuple[SliceStatus, ...] = ()
    complete: tuple[frozenset[int], ...] = ()

    @classmethod
    def of(cls, case: Case) -> CaseState:
        return cls(case.generation, case.statuses, case.complete)


@dataclass(frozen=True, slots=True)
class Base:
    """Everything that changes by Edits, as of one generation.

    Parameters
    ----------
    generation : the journals from this number upwards are replayed on it
    cases : state of each case; one that is not there has no mask yet and no slice is labelled
    segments : the table
    """

    generation: int
    cases: Mapping[str, CaseState]
    segments: SegmentTable

    @classmethod
    def of(cls, project: Project, generation: int) -> Base:
        """The Base of a project as it was read."""
        states = {case.id: CaseState.of(case) for case in project.cases}
        return cls(generation, states, project.segments)

    def state(self, case: str) -> CaseState:
        return self.cases.get(case, CaseState())

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
        )

    def _settled(self, case: Case) -> Case:
        new = CaseState(0, (SliceStatus.UNLABELLED,) * case.slices, (NONE,) * case.slices)
        state = self.cases.get(case.id, new)
        return replace(
            case,
            generation=state.generation,
            statuses=state.statuses,
            complete=state.complete,
        )


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
        self._lock = threading.Lock()
        self._saved = project
        self._base = Base.of(project, generation)
        self._newest: tuple[Project, SegmentsTouched] = (project, {})
        #: The one of them that stands on the disk; another object waits to be written.
        self._written: tuple[Project, SegmentsTouched] = self._newest

    @property
    def saved(self) -> Project:
        """The project as it stands on the disk."""
        return self._saved

    @property
    def base(self) -> Base:
        """What project.h5 carries of the masks."""
        return self._base

    def save(self, project: Project, touched: SegmentsTouched) -> Project:
        """Write the index alone, on the current Base; returns what was written.

        Raises
        ------
        ProjectError
            Where the disk refuses; the old index stays.
        """
        with self._lock:
            written = self._base.under(project, touched)
            self._write(written, self._base)
            self._keep(written, self._base)
            self._newest = self._written = (project, touched)
            return written

    def hand_over(self, project: Project, touched: SegmentsTouched) -> None:
        """Have this project written by the next `write`, `commit` or `save`; returns at once."""
        self._newest = (project, touched)

    def write(self) -> None:
        """Write what was handed over, on the current Base; nothing where all of it is written.

        Raises
        ------
        ProjectError
            Where the disk refuses; the old index stays, and the next `write` tries again.
        """
        with self._lock:
            newest = self._newest
            if newest is not self._written:
                written = self._base.under(*newest)
                self._write(written, self._base)
                self._keep(written, self._base)
                self._written = newest

    def begin(self, project: Project) -> None:
        """A Save starts with this project; no Edit has come since."""
        # Not for `write`: without its Edits it fits the Save's Base only.
        self._newest = self._written = (project, {})

    def commit(self, base: Base) -> Project:
        """Write the newest project on a new Base: the moment of truth of a Save.

        Raises
        ------
        ProjectError
            Where the disk refuses; the old index and its Base stay.
        """
        with self._lock:
            newest = self._newest
            written = base.under(*newest)
            self._write(written, base)
            self._keep(written, base)
            self._written = newest
            return written

    def _write(self, written: Project, base: Base) -> None:
        self._check()
        project_file.write(self._folder, written, base.generation, self._check)

    def _keep(self, written: Project, base: Base) -> None:
        """Remember what stands on the disk; a case that left takes its state along."""
        ids = {case.id for case in written.cases}
        states = {id: state for id, state in base.cases.items() if id in ids}
        self._saved = written
        self._base = Base(base.generation, states, written.segments)
