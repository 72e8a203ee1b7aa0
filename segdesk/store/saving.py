"""One `Save`: new generations of the masks that changed, then the new index.

Made by `ProjectFolder.begin_save` with frozen copies, run and finished on a worker.
Until the index is replaced, the old generation and its journals are the truth; from then on the
new ones are. A Save that fails leaves both journals, and the next one takes the next number.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from segdesk.core.annotation import Annotation
from segdesk.core.case import Case
from segdesk.core.durable_files import PARTIAL, Check, final_name, no_check, partial_name
from segdesk.core.history import Stacks
from segdesk.core.project import Project
from segdesk.core.regular_file import files_below, is_folder, is_link, remove_whatever
from segdesk.errors import ProjectError
from segdesk.jobs.run_paths import RunPaths
from segdesk.store.disk.layout import Layout, annotation_name, journal_name
from segdesk.store.disk.names import is_safe_id
from segdesk.store.index import Base, CaseState, Index
from segdesk.store.journal.journal_form import NONE, first_sequence, read_head
from segdesk.store.journal.older import (
    gather,
    left_behind,
    older_files,
    own_files,
    too_many,
    unneeded,
)
from segdesk.store.journal.touched import CaseTouch
from segdesk.store.parts.annotation_file import NewGeneration
from segdesk.store.parts.project_codec import part
from segdesk.store.previous_mask import generation_of, newest, older_generations

NOBODY: Mapping[object, AbstractSet[Path]] = MappingProxyType({})


def new_generations(
    project: Project,
    changed: Mapping[str, Annotation],
    touched: Mapping[str, CaseTouch],
    *,
    base: Base,
    number: int,
    layout: Layout,
    anew: AbstractSet[str] = frozenset(),
) -> tuple[tuple[NewGeneration, ...], Base]:
    """What a save has to write: copies of the touched slices, and the Base of the new index, which
    lacks the SHA-256 of these masks until they are written.

    Parameters
    ----------
    project : as it shall be saved
    changed : masks as they are now
    anew : cases whose mask on the disk can't be read: all of it is written from memory
    touched : what Edits have touched since `base`
    number : of the new generation

    Raises
    ------
    ValueError
        Where the mask of a touched case is missing or has another shape.
    """
    lost = [case.id for case in project.cases if case.id in touched and case.id not in changed]
    if lost:
        raise ValueError(f"expected the masks of all cases with Edits, received none of {lost}")
    states, new = dict(base.cases), list[NewGeneration]()
    for case in project.cases:
        if case.id not in changed:
            continue
        mask, touch = changed[case.id], touched.get(case.id, CaseTouch())
        if mask.grid.shape != case.grid.shape:
            raise ValueError(f"expected a mask of {case.grid.shape}, received {mask.grid.shape}")
        old = base.state(case.id)
        state = CaseState(old.generation, mask.statuses, mask.complete, old.mask_sha256)
        if touch.slices or touch.dismissals or touch.statuses:
            slices = range(case.slices) if case.id in anew else touch.slices
            new.append(
                NewGeneration(
                    part=part(
                        project,
                        replace(
                            case,
                            generation=number,
                            statuses=mask.statuses,
                            complete=mask.complete,
                        ),
                    ),
                    folder=layout.case(case.id),
                    number=number,
                    previous=0 if case.id in anew else old.generation,
                    previous_sha256="" if case.id in anew else old.mask_sha256,
                    changed={k: (mask.labels[k].copy(), mask.provenance[k].copy()) for k in slices},
                    dismissed=mask.dismissed,
                )
            )
            state = replace(state, generation=number, mask_sha256="")
        states[case.id] = state
    return tuple(new), Base(number, states, project.segments)


class Save:
    """A save that has begun. `run` once, on any thread; then `finish` there.

    Parameters
    ----------
    layout : of the project
    index : of the project
    new : the masks to write
    base : what the new index carries
    stacks : what can be undone and redone when it begins
    settle : makes the journals before it lasting, once; raises ProjectError where it can't
    check : asked before each write: raises where the folder is not the project's to write to
    pinned : by reader, masks that are being read, asked when older ones go; they go the next time
    """

    def __init__(
        self,
        layout: Layout,
        index: Index,
        new: tuple[NewGeneration, ...],
        base: Base,
        stacks: Stacks,
        settle: Callable[[], None],
        check: Check = no_check,
        pinned: Mapping[object, AbstractSet[Path]] = NOBODY,
    ) -> None:
        self.generation = base.generation
        self._layout = layout
        self._index = index
        self._new = new
        self._base = base
        self._stacks = stacks
        self._settle = settle
        self._check = check
        self._pinned = pinned
        self._previous = index.base
        self._ended = threading.Event()
        self._saved: Project | None = None
        #: Held by who runs it, or keeps it from running: one of the two, and the first.
        self._begun = threading.Lock()
        #: Cases whose mask was read just now, because the new one is made from it.
        self._made_from = frozenset(mask.case.id for mask in new if mask.previous)
        #: Cases whose mask on the disk can't be read, so that none can be made from it.
        self.unsound: frozenset[str] = frozenset()

    @property
    def is_running(self) -> bool:
        """Whether `run` has begun and not ended."""
        return self._begun.locked() and not self._ended.is_set()

    def abandon(self) -> None:
        """Make sure that it never runs, or wait until it has run."""
        if not self._begun.acquire(blocking=False):
            self._ended.wait()
        self._ended.set()
        with suppress(ProjectError):
            self._settle()

    def run(self, progress: Callable[[int, int], None] | None = None) -> Project:
        """Write everything; the worker's part.

        Parameters
        ----------
        progress : told (slices written, slices in all)

        Returns
        -------
        The project as it now stands on the disk: the newest index, with the statuses, mask
        generations and segments as of `begin_save`.

        Raises
        ------
        ProjectError
            Where the disk refuses. What was saved before, and every journal, stays valid.
        """
        if not self._begun.acquire(blocking=False):
            raise ValueError("expected a Save that has not run and was not abandoned")
        total, done = sum(mask.case.slices for mask in self._new), 0
        sums: dict[str, str] = {}
        try:
            self._check()
            self._settle()
            for mask in self._new:
                self._check()
                sums[mask.case.id] = self._write(mask, _counting(progress, done, total))
                done += mask.case.slices
            self._saved = self._index.commit(
                self._base.with_masks(sums), instead_of=self._previous.generation
            )
            self._gather_journals()
            return self._saved
        finally:
            self._ended.set()

    def _write(self, mask: NewGeneration, on_plane: Callable[[int], None] | None) -> str:
        try:
            return mask.write(on_plane, self._check)
        except ProjectError:
            if not mask.is_previous_sound():
                self.unsound |= {mask.case.id}
            raise

    def finish(self) -> None:
        """Drop what neither this generation nor the previous one needs; after `run` succeeded.

        A file that cannot be removed now (Windows, while somebody reads it) goes the next time.
        """
        if self._saved is None:
            raise ValueError("expected a Save that has run and succeeded")
        try:
            self._check()
        except ProjectError:
            # What stands at the path now is not ours to tidy up.
            return
        # The save stands, whatever a folder refuses. Nobody takes an older mask meanwhile.
        with self._index.standing() as base:
            for case in self._saved.cases:
                with suppress(OSError, ProjectError):
                    self._drop_masks(case, base.state(case.id).generation)
        with suppress(OSError):
            self._drop_journals()

    def _drop_masks(self, case: Case, now: int) -> None:
        previous = self._previous.state(case.id).generation
        named = (case.generation, previous, now)
        kept = {annotation_name(number) for number in (*named, self._one_before(case, previous))}
        for path in files_below(self._layout.case(case.id), "*annotation-*.h5*"):
            is_spare = 0 < generation_of(path) < case.generation and path.name not in kept
            if is_spare and not self._is_read(path):
                _remove(path)

    def _one_before(self, case: Case, previous: int) -> int:
        """The newest older mask that can be read, which stays for as long as there is none after
        it: should the newest be found damaged, however many saves of other cases later."""
        older = older_generations(self._layout, case.id, case.generation)
        first = older[0] if older else 0
        if len(older) < 2 or (first == previous and case.id in self._made_from):
            return first
        found = newest(self._layout, case, older)
        return first if found is None else found.case.generation

    def _is_read(self, mask: Path) -> bool:
        # At once: a reader may let go meanwhile.
        return any(mask in masks for masks in tuple(self._pinned.values()))

    @property
    def _named(self) -> set[int]:
        """Numbers of the Edits that can be undone and redone."""
        return {number for stack in self._stacks for number in stack}

    def _gather_journals(self) -> None:
        """Many small journals become one file; the worker's part, once the index is written."""
        root, generation = self._layout.root, self._previous.generation
        with suppress(OSError, ProjectError):
            spare, named = self._spare(), self._named
            head = read_head(root / journal_name(generation))
            own = own_files(root, generation, NONE if head is None else head.follows)
            files = [path for path in own if path not in spare]
            if too_many(files):
                gather(root, files, named, self._check)

    def _drop_journals(self) -> None:
        """Those from before the previous generation that hold nothing that can be undone."""
        left = left_behind(self._layout.root, self._previous.generation)
        for path in (*self._spare(), *left):
            _remove(path)

    def _spare(self) -> list[Path]:
        root, generation = self._layout.root, self._previous.generation
        following = first_sequence(root / journal_name(generation)) or sys.maxsize
        return unneeded(older_files(root, generation), self._named, following)


def sweep(folder: Path) -> None:
    """Remove what a process that was killed left under temporary names; only with the lock.

    A folder that cannot be looked into is left as it is: it costs its own case or run alone, and
    whoever reads that says so.
    """
    cases, runs = _folders(folder / "cases"), _folders(folder / "runs")
    for home in (folder, *cases, *runs, *(RunPaths(run).predictions for run in runs)):
        with suppress(OSError):
            for path in files_below(home, f".*{PARTIAL}"):
                _remove(path)
    for path in _half_scans(folder / "cases"):
        with suppress(OSError):
            remove_whatever(path)


def _folders(home: Path) -> list[Path]:
    """The folders in one; no link is entered or given."""
    with suppress(OSError):
        if not is_link(home) and home.is_dir():
            return [path for path in home.iterdir() if is_folder(path) and not is_link(path)]
    return []


def _half_scans(cases: Path) -> list[Path]:
    """Folders of scans that were being written when the process was killed; nothing else is one."""
    ids = {path: final_name(path) for path in _folders(cases)}
    return [path for path, id in ids.items() if is_safe_id(id) and partial_name(cases / id) == path]


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _counting(
    progress: Callable[[int, int], None] | None, before: int, total: int
) -> Callable[[int], None] | None:
    if progress is None:
        return None
    return lambda slices: progress(before + slices, total)
