"""Reading every journal since the last save, and mending what a crash left.

The Edits up to the first flaw are good; what comes after them was made on top of something that is
lost. A torn tail is cut. Anything else is set aside in `journal-N.damaged`, never thrown away.
Only a writer mends; a reader leaves the folder as it is.
"""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from segdesk.core.edit import Edit
from segdesk.core.project import Project
from segdesk.core.regular_file import change_regular, new_regular, open_regular
from segdesk.store.disk.layout import journal_name
from segdesk.store.disk.replace import replace_file, sync_folder, with_one_name
from segdesk.store.journal.edit_codec import encode
from segdesk.store.journal.journal_file import Contents, Journal, read
from segdesk.store.parts import project_file

#: How often a reader starts again where a writer saves under its eyes.
_READER_TRIES = 5
_NAME = re.compile(r"journal-(0|[1-9][0-9]{0,17})")


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the journals since a generation hold.

    Parameters
    ----------
    generation : of the index
    journals : those whose Edits are replayed, in order
    stray : numbers of later journals that do not follow on
    """

    generation: int
    journals: tuple[Contents, ...]
    stray: tuple[int, ...]

    @property
    def is_first_missing(self) -> bool:
        """Whether the journal is gone that stood on the disk before the index that names it."""
        return not self.journals

    @property
    def edits(self) -> tuple[Edit, ...]:
        return tuple(edit for journal in self.journals for edit in journal.edits)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what was left out."""
        notes: list[str] = []
        if self.is_first_missing:
            notes.append(
                f"'{journal_name(self.generation)}' is missing: what was changed after the last "
                "save is lost."
            )
        if self.journals and self.journals[-1].flaw == "torn" and self.journals[-1].end:
            notes.append("The last change was only half written and was left out.")
        damaged = [journal.number for journal in self.journals if journal.flaw == "damaged"]
        for number in (*damaged, *self.stray):
            name = journal_name(number)
            notes.append(
                f"Changes in '{name}' could not be read and were left out; "
                f"a writer keeps them in '{name}.damaged'."
            )
        return tuple(notes)


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening a project gives.

    Parameters
    ----------
    project : as last saved
    edits : to be replayed on it in this order; each names a case of the project, or none
    notes : sentences about what could not be recovered
    gone : ids that the journals name and the project does not have
    """

    project: Project
    edits: tuple[Edit, ...]
    notes: tuple[str, ...]
    gone: frozenset[str] = frozenset()


def opened(project: Project, recovery: Recovery) -> Opened:
    """The Edits that can be replayed on a project."""
    known = {"", *(case.id for case in project.cases)}
    gone = frozenset(edit.case for edit in recovery.edits) - known
    edits = tuple(edit for edit in recovery.edits if edit.case in known)
    notes = recovery.notes
    if left_out := len(recovery.edits) - len(edits):
        notes += (f"{left_out} changes of cases that are gone were left out.",)
    return Opened(project, edits, notes, gone)


def recover_beside_a_writer(folder: Path) -> tuple[Recovery, Project, int]:
    """Journals, index and generation that belong together, though a writer may save meanwhile."""
    project, generation = project_file.read(folder)
    for _ in range(_READER_TRIES):
        recovery = recover(folder, generation)
        project, now = project_file.read(folder)
        if now == generation and not recovery.stray:
            break
        generation = now
    else:
        recovery = recover(folder, generation)
    return recovery, project, generation


def journal_numbers(folder: Path) -> tuple[int, ...]:
    """Numbers of the journals in a project folder, ascending."""
    found = (_NAME.fullmatch(path.name) for path in folder.iterdir())
    return tuple(sorted(int(match[1]) for match in found if match))


def recover(folder: Path, generation: int) -> Recovery:
    """Read the journals from a generation upwards; writes nothing.

    Raises
    ------
    OSError
        Where a journal cannot be read at all.
    """
    numbers = [number for number in journal_numbers(folder) if number >= generation]
    journals: list[Contents] = []
    for position, number in enumerate(numbers):
        contents = read(folder / journal_name(number), number)
        follows = number == generation if not journals else _follows(journals[-1], contents)
        if not follows:
            return Recovery(generation, tuple(journals), tuple(numbers[position:]))
        if contents.first < 0 and journals and contents.flaw == "torn":
            # Its head was being written when the power went: it never held anything.
            contents = Contents(number, journals[-1].next_sequence, (), 0, "torn")
        journals.append(contents)
    return Recovery(generation, tuple(journals), ())


def mend(folder: Path, recovery: Recovery) -> Journal:
    """Cut or set aside what cannot be replayed, and open the journal to go on with.

    Raises
    ------
    OSError
        Where the disk refuses.
    """
    for number in recovery.stray:
        name = folder / journal_name(number)
        replace_file(name, _free_name(name))
    if not recovery.journals:
        return Journal.create(folder, recovery.generation, 1)
    last = recovery.journals[-1]
    path = folder / journal_name(last.number)
    if last.flaw == "damaged":
        _set_aside(path, last.end)
    if last.end == 0:
        return Journal.create(folder, last.number, max(last.first, 1))
    if last.flaw:
        with change_regular(with_one_name(path)) as file:
            file.truncate(last.end)
            os.fsync(file.fileno())
    return Journal.reopen(folder, last)


def keep_left_out(folder: Path, edits: Sequence[Edit]) -> str:
    """Keep Edits that could not be replayed, in a file of a journal's form.

    Returns
    -------
    The file's name.

    Raises
    ------
    OSError
        Where the disk refuses.
    """
    number = 1
    while (path := folder / f"left-out-{number}.journal").exists():
        number += 1
    Journal.write_apart(path, [encode(edit) for edit in edits])
    return path.name


def _follows(before: Contents, after: Contents) -> bool:
    """Whether nothing is missing between two journals."""
    if after.flaw == "torn" and after.first < 0:
        return True
    return before.first >= 0 and before.flaw != "damaged" and after.first == before.next_sequence


def _set_aside(path: Path, start: int) -> None:
    with open_regular(path) as source, io.BufferedRandom(new_regular(_free_name(path))) as kept:
        source.seek(start)
        shutil.copyfileobj(source, kept)
        kept.flush()
        os.fsync(kept.fileno())
    sync_folder(path.parent)


def _free_name(path: Path) -> Path:
    """journal-N.damaged, or with a number where that is taken."""
    name, number = path.with_name(f"{path.name}.damaged"), 2
    while name.exists():
        name, number = path.with_name(f"{path.name}.damaged-{number}"), number + 1
    return name
