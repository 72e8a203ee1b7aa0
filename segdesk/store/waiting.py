"""What was done on a case that cannot be read: `Waiting`.

Saves of other cases drop journals that nothing needs any more. So what they hold of a case whose
mask or scan cannot be read is written into its folder, in order, until the case can be read and
lacks nothing of it (`core.replay`); beside the journals, where that folder is the trouble. A disk
that fails once costs nothing, and an older mask that takes the newest one's place is brought as far
as the journals led.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from os.path import lexists
from pathlib import Path

from segdesk.core.durable_files import Check, no_check, replacing, sync_folder
from segdesk.core.edit import Edit
from segdesk.core.project import Project
from segdesk.core.regular_file import NotRegular, files_below
from segdesk.errors import ProjectError
from segdesk.sentence import Sentence
from segdesk.store.disk.aside import set_aside
from segdesk.store.disk.disk_errors import reading, writing
from segdesk.store.disk.guard import Guard
from segdesk.store.disk.layout import WAITING_FILE, Layout
from segdesk.store.journal.edit_codec import encode
from segdesk.store.journal.journal_contents import read
from segdesk.store.journal.journal_file import Journal
from segdesk.store.journal.journal_form import read_head
from segdesk.store.journal.recover import Steps, before_gap, steps

#: So many hexadecimal digits of a mask's SHA-256 stand in the place of a journal's id.
_DIGITS = 32


class Waiting:
    """A part of `ProjectFolder`. Any thread, one at a time for each case.

    Parameters
    ----------
    layout : of the project
    guard : the right to write there
    mask : gives the SHA-256 of the mask that the index names of a case
    """

    def __init__(self, layout: Layout, guard: Guard, mask: Callable[[str], str]) -> None:
        self._layout = layout
        self._guard = guard
        self._mask = mask

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
        beside = {path.name for path in _beside(home.parent)}
        found = (
            case.id
            for case in project.cases
            if lexists(home / case.id / WAITING_FILE)
            or self._layout.waiting_beside(case.id).name in beside
        )
        return tuple(filter(self.waits, found))

    def waits(self, case: str) -> bool:
        """Whether something waits of a case; not where nobody can look."""
        for place in (Layout.waiting, Layout.waiting_beside):
            with suppress(OSError, ProjectError):
                if place(self._there, case).is_file():
                    return True
        return False

    def damage(self, case: str) -> str:
        """A sentence where what waits of a case cannot all be read, else ""."""
        return damage_of(self._there, case)

    def of(self, case: str) -> tuple[Edit, ...]:
        """What waits of a case and what the journals have of it, in order; without what its folder
        has, where nobody can look into that and something waits beside it.

        Raises
        ------
        ProjectError
            Where it cannot be read.
        """
        with reading(Sentence("What was drawn on '{case}'", case=case)):
            try:
                return tuple(steps_of(self._there, case))
            except (OSError, ProjectError):
                if not self._there.waiting_beside(case).is_file():
                    raise
                return tuple(_steps_beside(self._there, case))

    def is_of_another_mask(self, case: str) -> bool:
        """Whether what waits was kept when the index named another mask: an older one has taken its
        place since, and not all was done on it that was done on the other."""
        with suppress(OSError, ProjectError):
            there = self._there
            of = {_mask_of(there.waiting(case)), _mask_of(there.waiting_beside(case))}
            is_another = bool(of - {"", self._mask(case)[:_DIGITS]})
            return is_another and not _is_done(kept_of(there, case), case, steps(there.root))
        return False

    def before_gap(self, case: str, generation: int) -> tuple[Edit, ...]:
        """What journals from a generation on hold of a case that is not among `of`, because between
        them and the others one is missing; raises as `of`."""
        with reading(Sentence("What was drawn on '{case}'", case=case)):
            found = before_gap(self._there.root, generation)
            own = [edit for edit in found if edit.case == case]
            waiting = self.of(case) if own else ()
            return tuple(edit for edit in own if edit not in waiting)

    def keep(self, case: str) -> tuple[Edit, ...]:
        """As `of`, and from now on it stays in the case's folder, or where that takes nothing
        beside the journals, whatever becomes of these.

        Raises
        ------
        ProjectError
            Where the disk refuses.
        """
        self._guard.check()
        what = Sentence("What was drawn on '{case}'", case=case)
        try:
            with writing(what):
                edits = steps_of(self._there, case)
                if edits:
                    put(self._layout, case, edits, self._guard.check, mask=self._mask(case))
        except ProjectError:
            with reading(what):
                edits = _steps_beside(self._there, case)
            with writing(what):
                if edits:
                    beside = self._layout.waiting_beside(case)
                    _put(beside, edits, self._guard.check, self._mask(case))
        return tuple(edits)

    def forget(self, case: str) -> None:
        """The case lacks nothing of it, or what it lacks is kept elsewhere."""
        with writing(Sentence("What was drawn on '{case}'", case=case)):
            for path in (self._layout.waiting(case), self._layout.waiting_beside(case)):
                if not path.exists():
                    continue
                self._guard.check()
                if _flaw_of(path):
                    set_aside(path)
                else:
                    path.unlink()
                sync_folder(path.parent)


def put(
    layout: Layout,
    case: str,
    edits: Sequence[Edit],
    check: Check = no_check,
    *,
    mask: str = "",
) -> None:
    """Have this wait in the case's folder, whatever does; what is damaged is set aside.

    Parameters
    ----------
    mask : SHA-256 of the mask that the index names, which cannot be read or was not; of what waits
        already the first one stays

    Raises
    ------
    OSError
        Where the disk refuses.
    """
    _put(layout.waiting(case), edits, check, mask)


def _put(path: Path, edits: Sequence[Edit], check: Check, mask: str) -> None:
    is_damaged = bool(_flaw_of(path))
    if not is_damaged and list(edits) == _edits_in(path):
        return
    # What can be read of it is among these: it goes aside once they are there.
    if path.exists():
        mask = _mask_of(path)
    with replacing(path, check, make_way=set_aside if is_damaged else _stays) as temporary:
        payloads = [encode(edit) for edit in edits]
        Journal.write_apart(temporary, payloads, id=mask[:_DIGITS])


def _stays(path: Path) -> None:
    """What lies there is among what takes its place."""


def steps_of(layout: Layout, case: str) -> list[Edit]:
    """What waits of a case and what the journals have of it, in order.

    Raises
    ------
    OSError, ProjectError
        Where it cannot be read.
    """
    return _with_journals(layout, case, kept_of(layout, case))


def _steps_beside(layout: Layout, case: str) -> list[Edit]:
    """As `steps_of`, without what the case's folder has."""
    return _with_journals(layout, case, _edits_in(layout.waiting_beside(case)))


def _with_journals(layout: Layout, case: str, kept: list[Edit]) -> list[Edit]:
    found = steps(layout.root)
    before, new = found.before, [edit for edit in found.since if edit.case == case]
    if _is_done(kept, case, found):
        return new
    # What waits knows more of what was before it than can be undone.
    return joined(kept, new) if kept else [*(edit for edit in before if edit.case == case), *new]


def _is_done(kept: list[Edit], case: str, found: Steps) -> bool:
    """Whether what waits was done again already: the program ended before it let go of it."""
    return case in found.anew and bool(kept) and not any(edit in found.since for edit in kept)


def kept_of(layout: Layout, case: str) -> list[Edit]:
    """What waits of a case, in its folder and, since that was the trouble, beside the journals.

    Raises
    ------
    OSError, ProjectError
        Where it cannot be read.
    """
    kept = _edits_in(layout.waiting(case))
    return joined(kept, beside) if (beside := _edits_in(layout.waiting_beside(case))) else kept


def readable_steps(layout: Layout, case: str) -> list[Edit]:
    """As `steps_of`, of what can be read; empty where nothing was kept. The rest is damage."""
    kept = list[Edit]()
    for place in (layout.waiting, layout.waiting_beside):
        with suppress(OSError, ProjectError):
            found = _edits_in(place(case))
            kept = joined(kept, found) if kept else found
    with suppress(OSError):
        return _with_journals(layout, case, kept) if kept else []
    return kept


def damage_of(layout: Layout, case: str) -> str:
    """A sentence where what waits of a case cannot all be read, else ""."""
    return next((sentence for _, sentence in damaged_files(layout, case)), "")


def damaged_files(layout: Layout, case: str) -> Generator[tuple[Path, Sentence], None, None]:
    """Files of what waits of a case that cannot all be read, each with a sentence. What is no file
    waits for nobody, and a folder that nobody may look into is another thing."""
    for place in (layout.waiting, layout.waiting_beside):
        try:
            path = place(case)
        except ProjectError:
            continue
        try:
            flaw = read(path, 0).flaw
        except (FileNotFoundError, NotRegular):
            continue
        except OSError:
            yield (
                path,
                Sentence("What waits until '{case}' can be read cannot be read itself.", case=case),
            )
            continue
        if flaw:
            yield (
                path,
                Sentence(
                    "Not all that waits until '{case}' can be read is whole; the rest is lost.",
                    case=case,
                ),
            )


def _mask_of(path: Path) -> str:
    """What the mask that could not be read has its SHA-256 begin with; "" where that is not known,
    or nothing waits there."""
    head = read_head(path)
    return "" if head is None else head.id


def _edits_in(path: Path) -> list[Edit]:
    with suppress(FileNotFoundError):
        return list(read(path, 0).edits)
    return []


def _flaw_of(path: Path) -> str:
    with suppress(OSError):
        return read(path, 0).flaw
    return ""


def _beside(root: Path) -> list[Path]:
    with suppress(OSError):
        return files_below(root, "waiting-*.journal")
    return []


def joined(kept: Sequence[Edit], new: Sequence[Edit]) -> list[Edit]:
    """A row, and the journals' row that goes on with its end, or has no more than a part of it."""
    kept, new = list(kept), list(new)
    for start in range(len(kept)):
        if kept[start:] == new[: len(kept) - start]:
            return [*kept[:start], *new]
    if any(kept[start : start + len(new)] == new for start in range(len(kept))):
        return kept
    return [*kept, *new]
