"""What a project folder still gives, be its index lost or some of its files damaged: the `Remains`.

    project      the index; where it cannot be read the previous one; else the cases' own files
    a mask       the newest file that can be read, the one before it where that one is damaged
    Edits        all that the journals hold, each with its journal's number, as it was applied

A mask of save N has in it whatever the journals before N hold. Nothing is written here; `repairing`
makes a new project of it.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

from segdesk.core.annotation import Annotation
from segdesk.core.case import Case
from segdesk.core.edit import Edit
from segdesk.core.project import Project
from segdesk.core.regular_file import is_there
from segdesk.core.segment import SegmentTable
from segdesk.core.split import Split
from segdesk.errors import ProjectError, ProjectTooOld, SegdeskError
from segdesk.sentence import Sentence
from segdesk.store import previous_mask
from segdesk.store.disk.disk_errors import reading
from segdesk.store.disk.layout import PREVIOUS_FILE, PROJECT_FILE, Layout, journal_name
from segdesk.store.journal.chain import FOREIGN, gap_behind, journal_numbers, lead_on, own
from segdesk.store.journal.journal_contents import Contents, read
from segdesk.store.journal.older import older_files
from segdesk.store.journal.recover import applied
from segdesk.store.outdated import newer_masks
from segdesk.store.parts import annotation_file, project_file, volume_file
from segdesk.store.waiting import readable_steps


@dataclass(frozen=True, slots=True)
class Found:
    """A case with the mask that is left of it.

    Parameters
    ----------
    case : its generation is that of the mask, 0 where there is none
    since : the journals from this number on hold what the mask does not
    fault : why it is not the newest, as a sentence; "" where it is
    is_led_on : whether the journals lead from it to the newest without a gap
    """

    case: Case
    since: int
    fault: str = ""
    is_led_on: bool = False


@dataclass(frozen=True, slots=True)
class Remains:
    """What is left of a project.

    Parameters
    ----------
    layout : of the folder
    project : all but the cases
    cases : those of which anything says enough, in the order of the index
    unknown : cases of which nothing does
    runs : ids of all that have files
    number : no save was newer than the one before this
    edits : of all journals, with the journals' numbers, as they were applied
    lost : sentences about what is missing
    notes : sentences about where the rest comes from
    gap : the journals from this number on were written behind something that is missing; None
        where nothing is
    """

    layout: Layout
    project: Project
    cases: tuple[Found, ...]
    unknown: tuple[str, ...]
    runs: tuple[str, ...]
    number: int
    edits: tuple[tuple[int, Edit], ...]
    lost: tuple[str, ...]
    notes: tuple[str, ...]
    gap: int | None = None

    @classmethod
    def of(cls, path: Path) -> Remains:
        """Look through a project folder.

        Raises
        ------
        ProjectError
            Where there is no project, or none of its files can be read.
        """
        if not project_file.holds_cases(path):
            project_file.check_is_project(path)
        with reading(Sentence("The project '{path}'", path=path.name)):
            return _Look(path).through()

    def edits_of(self, case: str, *, since: int) -> Generator[tuple[int, Edit], None, None]:
        """What the journals from a number on hold of a case, in order, with their numbers."""
        return (row for row in self.edits if row[0] >= since and row[1].case == case)

    def waiting(self, case: str) -> list[Edit]:
        """What was kept of a case that could not be read, with what the journals have since; empty
        where nothing was kept that can be read."""
        return readable_steps(self.layout, case)

    def mask(self, found: Found) -> Annotation:
        """The mask that is left of a case, for the caller to change.

        Raises
        ------
        ProjectError
            Where it was damaged since it was found.
        """
        case = found.case
        return annotation_file.read(self.layout.annotation(case.id, case.generation), case)


class _Look:
    """One look through a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._layout = Layout(path)
        self._lost: list[str] = []
        self._notes: list[str] = []
        #: Of the project, where an index says it.
        self._id = ""
        #: Whether the index itself can be read, and nothing is newer.
        self._is_newest = True
        #: What masks' files say, and what scans' files say, by case.
        self._masks: dict[str, Project] = {}
        self._scans: dict[str, Project] = {}
        #: Cases of which the newest mask is not the one that is taken.
        self._behind: list[int] = []
        self._too_old: ProjectTooOld | None = None
        #: The newest of all masks that are there or were, of those that lack one.
        self._wanted = 0
        #: Names of journals that are another copy's.
        self._foreign = set[str]()

    def through(self) -> Remains:
        index, generation = self._index()
        is_newest = self._is_newest
        self._id = index.id if index is not None else ""
        known = {case.id: case for case in index.cases} if index is not None else {}
        folders = self._layout.folders("cases")
        runs = () if index is None or is_newest else tuple(run.id for run in index.runs)
        cases: list[Found] = []
        unknown: list[str] = []
        for id in (*known, *(id for id in folders if id not in known and not is_newest)):
            case = known.get(id) or self._alone(id)
            if case is None:
                unknown.append(id)
            else:
                case = replace(case, predictions=self._predictions(case, runs))
                cases.append(self._found(case, generation, known=id in known))
        project = self._project(index, generation)
        cases = [self._in_newest_pool(one, generation) for one in cases]
        self._name_who_has_no_pool([one.case for one in cases if one.case.id not in known], project)
        newest = max((generation, *(found.case.generation for found in cases)))
        if is_newest:
            # A mask of a save that failed is newer; the others need what the journals have since.
            newest = generation
        journals = self._own_journals(generation, "" if index is None else index.journal)
        wanted = max(newest, self._wanted)
        cases = [
            replace(one, is_led_on=bool(one.fault) and lead_on(journals, one.since, wanted))
            for one in cases
        ]
        edits = self._edits(newest, journals)
        since = newest if is_newest else self._segments_since(generation)
        project = replace(project, segments=_with_changes(project.segments, edits, since))
        numbers = (*journal_numbers(self._path), *self._numbers(folders))
        number = 1 + max((newest, *numbers))
        return Remains(
            self._layout,
            project,
            tuple(cases),
            tuple(unknown),
            self._layout.folders("runs"),
            number,
            edits,
            tuple(self._lost),
            tuple(self._notes),
            gap_behind(journals, newest),
        )

    # The index

    def _index(self) -> tuple[Project | None, int]:
        """The newest index that can be read, and its generation."""
        for name in (PROJECT_FILE, PREVIOUS_FILE):
            try:
                found = project_file.read(self._path, name)
            except ProjectError as error:
                self._note_too_old(error)
                self._is_newest = False
                if name == PROJECT_FILE or is_there(self._path / name):
                    self._notes.append(error.sentence)
                continue
            if not self._is_newest:
                self._notes.append(Sentence("'{name}' takes the place of the index.", name=name))
            elif newer_masks(self._layout, *found):
                self._is_newest = False
                self._notes.append(
                    Sentence("The index is older than masks beside it; the newest are taken.")
                )
            return found
        self._notes.append(Sentence("The project is put together from the files of its cases."))
        return None, 0

    def _note_too_old(self, error: SegdeskError) -> None:
        if self._too_old is None and isinstance(error, ProjectTooOld):
            self._too_old = error

    def _project(self, index: Project | None, generation: int) -> Project:
        """All but the cases, from the index and what masks say that are newer."""
        newer = self._newer(generation)
        if self._is_newest and index is not None:
            return replace(index, cases=())
        parts = [*self._scans.values(), *newer]
        if index is None and not parts:
            raise self._too_old or ProjectError(
                Sentence("Nothing can be read of the project '{path}'.", path=self._path.name),
                "Restore it from a copy.",
            )
        newest = newer[-1] if newer else (index or parts[-1])
        pools = dict(index.split.pools) if index is not None else {}
        for row in parts:
            pools |= dict(row.split.pools)
        project = index or Project(newest.id)
        return replace(
            project,
            cases=(),
            segments=newest.segments,
            split=Split(newest.split.seed, tuple(pools.items())),
            settings=newest.settings,
        )

    def _newer(self, generation: int) -> list[Project]:
        """What masks say that are newer than the index, the newest last."""
        newer = (row for row in self._masks.values() if row.cases[0].generation > generation)
        return sorted(newer, key=lambda row: row.cases[0].generation)

    def _in_newest_pool(self, found: Found, generation: int) -> Found:
        """A case in the pool that the newest mask of all says of its patient, where the index or
        its own mask, which say another, are older."""
        case, newest = found.case, self._newer(generation)[-1:]
        if case.pool is None or not newest or newest[0].cases[0].generation <= found.since:
            return found
        said = dict(newest[0].split.pools)
        pools = {said.get(patient) for patient in case.patients}
        # Where its slices are in several, or in none, it is not by hand any more.
        pool = pools.pop() if len(pools) == 1 else None
        return replace(found, case=replace(case, pool=pool))

    def _name_who_has_no_pool(self, cases: list[Case], project: Project) -> None:
        """Patients whose pool stood in the index alone; of a project that trained, they had one."""
        said = self._lost if self._layout.folders("runs") else self._notes
        for case in cases:
            pools = dict(project.split.pools)
            if case.pool is None and not pools.keys() >= set(case.patients):
                said.append(
                    Sentence(
                        "No file tells the pool of '{case}'; look at it before a training.",
                        case=case.id,
                    )
                )

    def _segments_since(self, generation: int) -> int:
        """The first journal that the table of the newest mask does not know."""
        return max((generation, *(row.cases[0].generation for row in self._masks.values())))

    # Cases

    def _alone(self, id: str) -> Case | None:
        """A case that no index tells of, as its scan's file says it."""
        try:
            said = volume_file.read_part(self._layout.volume(id), id)
            case = said.case(id)
        except SegdeskError as error:
            self._note_too_old(error)
            self._lost.append(Sentence("{problem} The case is left out.", problem=error.sentence))
            return None
        self._scans[id] = said
        return replace(case, generation=0, predictions=())

    def _found(self, case: Case, generation: int, *, known: bool) -> Found:
        """A case with the newest of its masks that can be read."""
        is_sure = known and self._is_newest
        fault = (
            self._fault(case)
            if is_sure
            else Sentence("The newest mask of '{case}' cannot be read.", case=case.id)
        )
        if not fault:
            return Found(case, generation)
        try:
            # One that is newer than the index says is of a save that failed.
            numbers = previous_mask.older_generations(self._layout, case.id, sys.maxsize)
            previous = previous_mask.newest(
                self._layout, case, numbers, project=self._id or self._scans[case.id].id
            )
        except ProjectError:
            numbers, previous = list[int](), None
        wanted = max((case.generation, *numbers))
        self._wanted = max(self._wanted, wanted)
        if previous is None:
            empty = replace(case, generation=0, mask_sha256="", statuses=(), complete=())
            if not wanted:
                return Found(empty, 0)
            self._behind.append(0)
            return Found(empty, 0, fault)
        number = previous.case.generation
        if number < wanted:
            self._behind.append(number)
        elif is_sure:
            self._notes.append(
                Sentence(
                    "{fault} A newer one, of a save that failed, takes its place.", fault=fault
                )
            )
        found = previous.case
        said = annotation_file.read_part(self._layout.annotation(case.id, number), case)
        self._masks[case.id] = said
        if not known or (not self._is_newest and number > generation):
            row = said.case(case.id)
            found = replace(found, pool=row.pool, pool_reasons=row.pool_reasons, name=row.name)
        return Found(found, number, fault if number < wanted else "")

    def _predictions(self, case: Case, runs: tuple[str, ...]) -> tuple[str, ...]:
        """Those that are named, and those that runs have made since an older index was written."""
        try:
            there = tuple(run for run in runs if self._layout.prediction(run, case.id).is_file())
        except (OSError, SegdeskError):
            there = ()
        return (*case.predictions, *(run for run in there if run not in case.predictions))

    def _fault(self, case: Case) -> str:
        """Why the mask that the index names cannot be taken, as a sentence; empty where it can."""
        try:
            annotation_file.read(self._layout.annotation(case.id, case.generation), case)
        except ProjectError as error:
            return error.sentence
        return ""

    def _numbers(self, cases: tuple[str, ...]) -> Generator[int, None, None]:
        """Of every mask that is there."""
        for id in cases:
            try:
                yield from previous_mask.older_generations(self._layout, id, sys.maxsize)
            except SegdeskError:
                continue

    # Journals

    def _own_journals(self, saved: int, named: str) -> tuple[Contents, ...]:
        """Every journal that is the project's own; the others are named.

        Parameters
        ----------
        saved, named : number and id of the one that the index names
        """
        found = tuple(self._journals())
        journals = own(found, saved, named)
        numbers = {one.number for one in journals}
        self._foreign = {journal_name(one.number) for one in found if one.number not in numbers}
        self._lost += [
            Sentence("'{name}' {foreign}.", name=journal_name(one.number), foreign=FOREIGN)
            for one in found
            if one.number not in numbers and one.edits
        ]
        return journals

    def _edits(self, newest: int, journals: tuple[Contents, ...]) -> tuple[tuple[int, Edit], ...]:
        """What the journals hold; what is missing is named.

        Parameters
        ----------
        newest : number of the first that is needed
        """
        needed = min((newest, *self._behind))
        if not any(journal.number >= newest for journal in journals):
            self._lost.append(
                Sentence(
                    "'{name}' is missing: what was changed after the last save is lost.",
                    name=journal_name(newest),
                )
            )
        for journal in journals:
            if journal.flaw == "torn" and journal.end:
                self._notes.append(
                    Sentence("The last change was only half written and was left out.")
                )
            if journal.number >= needed and journal.flaw == "damaged":
                self._lost.append(
                    Sentence(
                        "Not all of '{name}' can be read; the changes behind that place are lost.",
                        name=journal_name(journal.number),
                    )
                )
        edits: list[tuple[int, Edit]] = []
        missed = 0
        older = older_files(self._path, sys.maxsize)
        files = [path for path in older if path.name not in self._foreign]
        for number, edit in applied(journals, files):
            if edit is None:
                missed += number >= needed
            else:
                edits.append((number, edit))
        if missed:
            self._lost.append(
                Sentence(
                    "Changes were undone or redone that could not be read: {missed}.", missed=missed
                )
            )
        return tuple(edits)

    def _journals(self) -> Generator[Contents, None, None]:
        for number in journal_numbers(self._path):
            try:
                yield read(self._path / journal_name(number), number)
            except OSError:
                yield Contents(number, -1, (), 0, "damaged")


def _with_changes(
    table: SegmentTable, edits: tuple[tuple[int, Edit], ...], since: int
) -> SegmentTable:
    """The segments as of the end of the journals."""
    for number, edit in edits:
        for change in edit.segments if number >= since else ():
            table = table.changed(change.before, change.after, taken_back=edit.kind == "undo")
    return table
