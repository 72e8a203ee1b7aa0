"""Reading every journal since the last save: the `Recovery`, and what of it can be followed.

What older journals hold is in the masks already; of them only the Edits are read that can still be
undone and redone (`older`), and their damage costs no more than that.

The Edits up to the first flaw are good; what comes after them was made on top of something that is
lost. Nothing is written here; `mending` makes good what a crash left.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from segdesk.core.edit import Edit
from segdesk.core.history import BegunAnew, DoneAgain, Entry, Stacks, TakenBack, edit_of
from segdesk.core.project import Project
from segdesk.sentence import Sentence
from segdesk.store.disk.layout import journal_name
from segdesk.store.journal.chain import FOREIGN, chain, follows, journal_numbers
from segdesk.store.journal.journal_contents import Contents, read
from segdesk.store.journal.journal_form import NONE
from segdesk.store.journal.older import edits_before, own_files
from segdesk.store.journal.record_codec import UNDO, Named
from segdesk.store.parts import project_file
from segdesk.store.parts.annotation_file import LATEST

#: How often a reader starts again where a writer saves under its eyes.
_READER_TRIES = 5


class _Half(NamedTuple):
    """The numbers under which Edits of a case were done again, and not all of them."""

    case: str
    since: int
    end: int = sys.maxsize


HALF_WRITTEN = Sentence("The last change was only half written and was left out.")


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the journals since a generation hold.

    Parameters
    ----------
    generation : of the index
    journals : those whose Edits are replayed, in order
    stray : numbers of later journals that do not follow on
    older : by number, the Edits of before that can be undone or redone where the journals begin
    journal : id of the journal that the index names; "": whichever is there
    foreign : numbers of the stray ones that belong to another copy, or to another time
    """

    generation: int
    journals: tuple[Contents, ...]
    stray: tuple[int, ...]
    older: Mapping[int, Edit] = field(default_factory=dict[int, Edit])
    journal: str = ""
    foreign: frozenset[int] = frozenset()

    @property
    def is_first_missing(self) -> bool:
        """Whether the journal is gone that stood on the disk before the index that names it."""
        return not self.journals

    @property
    def is_first_emptied(self) -> bool:
        """Whether the journal that the index names holds nothing: what it begins with was on the
        disk before the index was."""
        first = self.journals[0] if self.journals else None
        return first is not None and first.number == self.generation and not first.records

    @property
    def edits(self) -> tuple[Edit, ...]:
        return tuple(edit for journal in self.journals for edit in journal.edits)

    @property
    def stacks(self) -> Stacks:
        """What can be undone and redone where the first of the journals begins."""
        first = self.journals[0].records[:1] if self.journals else ()
        return next((record for record in first if isinstance(record, Stacks)), Stacks())

    @property
    def is_whole(self) -> bool:
        """Whether every Edit is there that can be undone or redone."""
        return all(number in self.older for stack in self.stacks for number in stack)

    @property
    def brought(self) -> set[int]:
        """Numbers of the older Edits that the last of the journals holds too."""
        last = self.journals[-1].records if self.journals else ()
        return {row.sequence for row in last if isinstance(row, Named) and row.edit is not None}

    def entries(self) -> Iterator[tuple[int, Entry | None]]:
        """What the journals say was done, each with its journal's number; None where the Edit that
        is named is lost. What a case had before it began anew on its mask is not done twice, but
        for the segments: they were not done again with it. Where that was cut off, it is as if it
        had not begun: all of it still waits."""
        known, (anew, half) = dict(self.older), self._anew
        for journal in self.journals:
            for place, record in enumerate(journal.records):
                # What a journal begins with is where the one before it ended.
                if isinstance(record, BegunAnew) or (isinstance(record, Stacks) and not place):
                    continue
                entry = _entry(record, known)
                edit = edit_of(entry) if entry is not None else None
                if edit is not None and any(
                    one.case == edit.case and one.since <= journal.first + place < one.end
                    for one in half
                ):
                    continue
                begun = anew.get(edit.case) if edit is not None else None
                is_before = begun is not None and journal.first + place < begun.since
                if begun is None or not is_before or journal.number < begun.generation:
                    yield journal.number, entry
                elif edit is not None and edit.segments:
                    yield journal.number, _segments_of(entry)

    @property
    def is_half_anew(self) -> bool:
        """Whether the journals end while Edits were done again on a case."""
        return any(one.end == sys.maxsize for one in self._anew[1])

    @property
    def anew(self) -> frozenset[str]:
        """The cases on which all was done again that had waited."""
        return frozenset(self._anew[0])

    @property
    def _anew(self) -> tuple[dict[str, BegunAnew], list[_Half]]:
        """By case, the last time that it began anew; and where that was cut off."""
        anew, half = dict[str, BegunAnew](), list[_Half]()
        for journal in self.journals:
            for number, record in enumerate(journal.records, journal.first):
                if isinstance(record, Stacks):
                    # Written by who opened the project next, if not before.
                    half = [one._replace(end=min(one.end, number)) for one in half]
                elif isinstance(record, BegunAnew) and record.since == number:
                    half.append(_Half(record.case, number))
                elif isinstance(record, BegunAnew):
                    anew[record.case] = record
                    half = [one for one in half if one[:2] != (record.case, record.since)]
        return anew, half

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what was left out."""
        return tuple(sentence for _, sentence in self.faults)

    @property
    def faults(self) -> tuple[tuple[str, str], ...]:
        """As `notes`, each with the name of its journal."""
        faults: list[tuple[str, str]] = []
        if self.is_first_missing:
            name = journal_name(self.generation)
            faults.append(
                (
                    name,
                    Sentence(
                        "'{name}' is missing: what was changed after the last save is lost.",
                        name=name,
                    ),
                )
            )
        elif self.is_first_emptied and self.journals[0].flaw != "damaged":
            name = journal_name(self.generation)
            faults.append(
                (
                    name,
                    Sentence(
                        "'{name}' is empty: what was changed after the last save is lost.",
                        name=name,
                    ),
                )
            )
        if self.journals and self.journals[-1].flaw == "torn" and self.journals[-1].records:
            name = journal_name(self.journals[-1].number)
            faults.append((name, HALF_WRITTEN))
        damaged = {one.number: one for one in self.journals if one.flaw == "damaged"}
        for number in (*damaged, *self.stray):
            name = journal_name(number)
            sentence = _lost_words(name, damaged.get(number))
            if number in self.foreign:
                sentence = Sentence(
                    "'{name}' {foreign}; a writer keeps it in '{name}.damaged'.",
                    name=name,
                    foreign=FOREIGN,
                )
            faults.append((name, sentence))
        return tuple(faults)


def _lost_words(name: str, damaged: Contents | None) -> Sentence:
    """What damage of a journal has cost, as far as that can be known: what lies behind it cannot be
    told apart, so nobody can count it.

    Parameters
    ----------
    damaged : what could be read of it, or None where it follows on another one that is damaged
    """
    edits = damaged.edits if damaged is not None else ()
    if not edits:
        return Sentence(
            "Nothing in '{name}' could be used: what was changed in it, since the last save, is "
            "lost. All that was saved is safe; a writer keeps the rest in '{name}.damaged'.",
            name=name,
        )
    said = Sentence.counted(
        "{n} change since the last save could be read",
        "{n} changes since the last save could be read",
        len(edits),
    )
    if not 0 <= edits[-1].time < LATEST:
        return Sentence(
            "'{name}' is damaged: {said}, the rest is lost. All before it is safe; a writer keeps "
            "the rest in '{name}.damaged'.",
            name=name,
            said=said,
        )
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(edits[-1].time))
    return Sentence(
        "'{name}' is damaged: {said}, what was changed after {since} is lost. All before it is "
        "safe; a writer keeps the rest in '{name}.damaged'.",
        name=name,
        said=said,
        since=since,
    )


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening a project gives.

    Parameters
    ----------
    project : as last saved
    entries : to be followed on it in this order; each names a case of the project, or none
    notes : sentences about what could not be recovered
    gone : ids that the journals name and the project does not have
    orphans : Edits of these, in order, but for those of cases that the project has let go of
    lost : those of the notes that tell of work that was there and is not any more
    done, undone : what can be undone and redone before `entries`, in the order of `Stacks`; None
        stands for an Edit that is lost. May hold Edits of cases that are gone
    is_half_anew : whether the program ended while it did Edits again on a case; a writer says by
        `Stacks` where that ends
    """

    project: Project
    entries: tuple[Entry, ...]
    notes: tuple[str, ...]
    gone: frozenset[str] = frozenset()
    orphans: tuple[Edit, ...] = ()
    done: tuple[Edit | None, ...] = ()
    undone: tuple[Edit | None, ...] = ()
    lost: tuple[str, ...] = ()
    is_half_anew: bool = False

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The Edits among the entries."""
        return tuple(entry for entry in self.entries if isinstance(entry, Edit))


def opened(project: Project, recovery: Recovery) -> Opened:
    """What can be followed on a project."""
    ids = {"", *(case.id for case in project.cases)}
    entries, lost, orphans, gone = list[Entry](), 0, list[Edit](), set[str]()
    for _, entry in recovery.entries():
        if entry is None:
            lost += 1
        elif isinstance(entry, Stacks):
            entries.append(entry)
            # A case that was removed, or whose import failed, has taken its Edits along.
            named = {number for stack in entry for number in stack}
            orphans = [one for one in orphans if one.sequence in named]
        elif (edit := entry if isinstance(entry, Edit) else entry.edit).case in ids:
            entries.append(entry)
        else:
            orphans.append(entry if isinstance(entry, Edit) else entry.applied)
            gone.add(edit.case)
    done, undone = (
        tuple(recovery.older.get(number) for number in stack) for stack in recovery.stacks
    )
    gone |= {edit.case for edit in (*done, *undone) if edit is not None} - ids
    notes = recovery.notes
    if lost:
        notes += (
            Sentence.counted(
                "{n} change was undone or redone that could not be read.",
                "{n} changes were undone or redone that could not be read.",
                lost,
            ),
        )
    if not recovery.is_whole:
        notes += (
            Sentence(
                "Older changes could not be read; what was drawn is there, but not their undo."
            ),
        )
    return Opened(
        project,
        tuple(entries),
        notes,
        frozenset(gone),
        tuple(orphans),
        done,
        undone,
        tuple(note for note in recovery.notes if note != HALF_WRITTEN),
        recovery.is_half_anew,
    )


def _entry(record: Edit | Named | Stacks, known: dict[int, Edit]) -> Entry | None:
    """A record with the Edit that it names; what it brings along is known from here on."""
    if isinstance(record, Stacks):
        return record
    if isinstance(record, Edit):
        known[record.sequence] = record
        return record
    if record.edit is not None:
        known.setdefault(record.sequence, record.edit)
    edit = known.get(record.sequence)
    if edit is None:
        return None
    return TakenBack(edit, record.goes_on) if record.kind == UNDO else DoneAgain(edit)


def _segments_of(entry: Entry | None) -> Entry | None:
    """What an entry that has an Edit does to the segments, and nothing else."""
    if entry is None or isinstance(entry, Stacks):
        return entry
    edit = entry if isinstance(entry, Edit) else entry.edit
    edit = replace(edit, case="", patches=(), statuses=(), dismissals=())
    return edit if isinstance(entry, Edit) else entry._replace(edit=edit)


def recover_beside_a_writer(folder: Path) -> tuple[Recovery, Project, int]:
    """Journals, index and generation that belong together, though a writer may save meanwhile."""
    project, generation = project_file.read(folder)
    for _ in range(_READER_TRIES):
        recovery = recover(folder, generation, project.journal)
        project, now = project_file.read(folder)
        # An older journal may have become a part of another file meanwhile.
        if now == generation and not recovery.stray and recovery.is_whole:
            break
        generation = now
    else:
        recovery = recover(folder, generation, project.journal)
    return recovery, project, generation


def recover(folder: Path, generation: int, journal: str = "") -> Recovery:
    """Read the journals from a generation upwards, and what they name of older ones.

    Writes nothing.

    Parameters
    ----------
    journal : id of the first of them, as the index names it; "": whichever is there

    Raises
    ------
    OSError
        Where a journal cannot be read at all.
    """
    found = chain(folder, generation, journal)
    recovery = Recovery(generation, *found[:2], foreign=found.foreign, journal=journal)
    older = {
        record.sequence: record.edit
        for journal in recovery.journals
        for record in journal.records
        if isinstance(record, Named) and record.edit is not None
    }
    named = {number for stack in recovery.stacks for number in stack}
    before = recovery.journals[0].follows if recovery.journals else NONE
    older |= edits_before(own_files(folder, generation, before), named - older.keys())
    return replace(recovery, older=older)


def applied(
    journals: Sequence[Contents], older_ones: Sequence[Path]
) -> Iterator[tuple[int, Edit | None]]:
    """What journals say was done, undone and done again, each as it was applied, with its journal's
    number; None where the Edit that is named is lost.

    Parameters
    ----------
    older_ones : files that may hold the Edits that are named and stand in none of the journals
    """
    held = {edit.sequence for journal in journals for edit in journal.edits}
    named = {
        record.sequence
        for journal in journals
        for record in journal.records
        if isinstance(record, Named)
    }
    older = edits_before(older_ones, named - held)
    for number, entry in Recovery(0, tuple(journals), (), older).entries():
        if not isinstance(entry, Stacks):
            yield number, entry if entry is None or isinstance(entry, Edit) else entry.applied


class Steps(NamedTuple):
    """What is known to have led to the masks of now.

    Parameters
    ----------
    before : what could be undone where `since` begins, the oldest first
    since : all that was done from there on, as it was applied
    anew : the cases that began anew since then; what led there before is done on them
    """

    before: tuple[Edit, ...]
    since: tuple[Edit, ...]
    anew: frozenset[str] = frozenset()


def steps(folder: Path) -> Steps:
    """The Edits of the newest journals between which none is missing, and what they begin with.

    Of older ones only those stay that hold what can be undone: a stroke may be there that was taken
    back in a journal that is gone.

    Raises
    ------
    OSError
        Where the newest cannot be read.
    """
    row, _ = _newest_row(folder)
    if not row:
        return Steps((), ())
    found = Recovery(0, tuple(row), ())
    named, files = found.stacks.done, own_files(folder, row[0].number, row[0].follows)
    older = edits_before(files, set(named))
    before = tuple(older[number] for number in named if number in older)
    since = tuple(edit for _, edit in applied(row, files) if edit is not None)
    return Steps(before, since, found.anew)


def before_gap(folder: Path, generation: int) -> tuple[Edit, ...]:
    """What journals from a generation on hold that are not among those of `steps`: between them and
    these something is missing. As it was applied; raises OSError as `steps`.
    """
    row, others = _newest_row(folder)
    others = [one for one in others if one.number >= generation]
    if not others:
        return ()
    files = own_files(folder, row[0].number, row[0].follows)
    return tuple(edit for _, edit in applied(others, files) if edit is not None)


def _newest_row(folder: Path) -> tuple[list[Contents], list[Contents]]:
    """The newest journals between which none is missing, and those before them."""
    row, others, numbers = list[Contents](), list[Contents](), journal_numbers(folder)
    for number in numbers:
        try:
            found = read(folder / journal_name(number), number)
        except OSError:
            if number == numbers[-1]:
                raise
            continue
        if row and not follows(row[-1], found):
            others += row
            row.clear()
        row.append(found)
    return row, others
