"""What was done on a case that cannot be read: `Waiting`.

Saves of other cases drop journals that nothing needs any more. So what they hold of a case whose
mask or scan cannot be read is written into its folder, in order, until the case can be read and
lacks nothing of it (`core.replay`). A disk that fails once costs nothing, and an older mask that
takes the newest one's place is brought as far as the journals led.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from os.path import lexists

from segdesk.core.durable_files import Check, no_check, replacing, sync_folder
from segdesk.core.edit import Edit
from segdesk.core.project import Project
from segdesk.errors import ProjectError
from segdesk.sentence import Sentence
from segdesk.store.disk.aside import set_aside
from segdesk.store.disk.disk_errors import reading, writing
from segdesk.store.disk.guard import Guard
from segdesk.store.disk.layout import WAITING_FILE, Layout
from segdesk.store.journal.edit_codec import encode
from segdesk.store.journal.journal_contents import read
from segdesk.store.journal.journal_file import Journal
from segdesk.store.journal.recover import steps


class Waiting:
    """A part of `ProjectFolder`. Any thread, one at a time for each case.

    Parameters
    ----------
    layout : of the project
    guard : the right to write there
    """

    def __init__(self, layout: Layout, guard: Guard) -> None:
        self._layout = layout
        self._guard = guard

    @property
    def _there(self) -> Layout:
        """What was opened, wherever it lies now; raises ProjectGone where it can't be reached."""
        return Layout(self._guard.readable())

    def cases(self, project: Project) -> tuple[str, ...]:
        """The cases of which something waits; one that cannot be looked into is none."""
        try:
            home = self._there.root / "cases"
        except ProjectError:
            return ()
        # One look at the disk for each of the many of which nothing waits.
        found = (case.id for case in project.cases if lexists(home / case.id / WAITING_FILE))
        return tuple(filter(self.waits, found))

    def waits(self, case: str) -> bool:
        """Whether something waits in the case's folder; not where that cannot be looked into."""
        try:
            return self._there.waiting(case).is_file()
        except (OSError, ProjectError):
            return False

    def damage(self, case: str) -> str:
        """A sentence where what waits in the case's folder cannot all be read, else ""."""
        return damage_of(self._there, case)

    def of(self, case: str) -> tuple[Edit, ...]:
        """What waits in the case's folder and what the journals have of it, in order.

        Raises
        ------
        ProjectError
            Where it cannot be read.
        """
        with reading(Sentence("What was drawn on '{case}'", case=case)):
            return tuple(steps_of(self._there, case))

    def keep(self, case: str) -> tuple[Edit, ...]:
        """As `of`, and from now on it stays in the case's folder, whatever becomes of journals.

        Raises
        ------
        ProjectError
            Where the disk refuses.
        """
        edits = self.of(case)
        self._guard.check()
        with writing(Sentence("What was drawn on '{case}'", case=case)):
            if edits:
                put(self._layout, case, edits, self._guard.check)
        return edits

    def forget(self, case: str) -> None:
        """The case lacks nothing of it, or what it lacks is kept elsewhere."""
        path = self._layout.waiting(case)
        with writing(Sentence("What was drawn on '{case}'", case=case)):
            if not path.exists():
                return
            self._guard.check()
            if self.damage(case):
                set_aside(path)
            else:
                path.unlink()
            sync_folder(path.parent)


def put(layout: Layout, case: str, edits: Sequence[Edit], check: Check = no_check) -> None:
    """Have this wait in the case's folder, whatever does; what is damaged is set aside.

    Raises
    ------
    OSError
        Where the disk refuses.
    """
    is_whole = not damage_of(layout, case)
    if is_whole and list(edits) == kept_of(layout, case):
        return
    if not is_whole:
        set_aside(layout.waiting(case))
    with replacing(layout.waiting(case), check) as temporary:
        Journal.write_apart(temporary, [encode(edit) for edit in edits])


def steps_of(layout: Layout, case: str) -> list[Edit]:
    """What waits in the case's folder and what the journals have of it, in order.

    Raises
    ------
    OSError
        Where it cannot be read.
    """
    kept, (before, since) = kept_of(layout, case), steps(layout.root)
    new = [edit for edit in since if edit.case == case]
    # What waits knows more of what was before it than can be undone.
    return joined(kept, new) if kept else [*(edit for edit in before if edit.case == case), *new]


def kept_of(layout: Layout, case: str) -> list[Edit]:
    """What waits in the case's folder.

    Raises
    ------
    OSError
        Where it cannot be read.
    """
    with suppress(FileNotFoundError):
        return list(read(layout.waiting(case), 0).edits)
    return []


def damage_of(layout: Layout, case: str) -> str:
    """A sentence where what waits in the case's folder cannot all be read, else ""."""
    with suppress(OSError, ProjectError):
        if read(layout.waiting(case), 0).flaw:
            return Sentence(
                "Not all that waits until '{case}' can be read is whole; the rest is lost.",
                case=case,
            )
    return ""


def joined(kept: Sequence[Edit], new: Sequence[Edit]) -> list[Edit]:
    """A row, and the journals' row that goes on with its end, or has no more than a part of it."""
    kept, new = list(kept), list(new)
    for start in range(len(kept)):
        if kept[start:] == new[: len(kept) - start]:
            return [*kept[:start], *new]
    if any(kept[start : start + len(new)] == new for start in range(len(kept))):
        return kept
    return [*kept, *new]
