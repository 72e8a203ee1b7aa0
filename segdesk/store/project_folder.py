"""The door to the project on disk: the `ProjectFolder`.

What lies where says ARCHITECTURE.md. Everything outside this room goes through here. When to save
and what an Edit means belongs to `app`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from segdesk.core.annotation import Annotation
from segdesk.core.case import Case
from segdesk.core.edit import Edit
from segdesk.core.history import BegunAnew, Entry, Stacks
from segdesk.core.project import Project
from segdesk.core.regular_file import remove_whatever
from segdesk.errors import ProjectError, ProjectGone, ProjectLocked
from segdesk.sentence import Sentence
from segdesk.store import new_project, outdated, previous_mask
from segdesk.store.closing import Held
from segdesk.store.copying import Copy, InMemory
from segdesk.store.disk.disk_errors import reading, writing
from segdesk.store.disk.guard import Guard
from segdesk.store.disk.layout import Layout
from segdesk.store.disk.lock import ProjectLock
from segdesk.store.index import Index
from segdesk.store.journal.chain import end_writing_anew
from segdesk.store.journal.edit_codec import check_size, encode
from segdesk.store.journal.journal_file import NOTHING
from segdesk.store.journal.journals import Journals
from segdesk.store.journal.mending import keep_left_out, mend
from segdesk.store.journal.recover import (
    Opened,
    opened,
    recover,
    recover_beside_a_writer,
)
from segdesk.store.open_journal import OpenJournal
from segdesk.store.parts import annotation_file, project_file
from segdesk.store.previous_mask import PreviousMask
from segdesk.store.run_files import RunFiles
from segdesk.store.saving import Save, new_generations, sweep
from segdesk.store.scans import Scans
from segdesk.store.waiting import Waiting


class ProjectFolder:
    """One project folder, open. Owned by the Workbench.

    Methods belong to the GUI thread where they say nothing else. Made by `create` and `open`.

    Parameters
    ----------
    path : the folder
    index : its index, as read
    guard : the right to write there, or to read only
    """

    def __init__(self, path: Path, index: Index, guard: Guard) -> None:
        self.path = path
        self._layout = Layout(path)
        self._index = index
        self._guard = guard
        #: Volumes; runs and predictions.
        self.scans = Scans(
            self._layout,
            self._guard,
            lambda: self._index,
            lambda case: self._journal.touched.forget_case(case),
        )
        self.waiting_edits = Waiting(  # what was done on cases that cannot be read
            self._layout, self._guard, lambda case: self._index.base.state(case).mask_sha256
        )
        self.runs = RunFiles(self._layout, self._guard)
        what = Sentence("The journal of the project '{path}'", path=path.name)
        self._journal = OpenJournal(what, guard, lambda: self._index)
        self._save: Save | None = None
        #: Cases of which masks are there that are newer than the index.
        self._newer: tuple[str, ...] = ()
        #: By reader, masks that stay while they are read, however often is saved meanwhile.
        self._pinned: dict[object, frozenset[Path]] = {}

    @property
    def writable(self) -> bool:
        """Whether this object holds the lock."""
        return self._guard.writable

    @property
    def generation(self) -> int:
        """Number of the newest save."""
        return self._index.base.generation

    def is_at(self, path: Path) -> bool:
        """Whether a path leads to the very folder that is open for writing here."""
        return self.writable and self._guard.is_at(path)

    @classmethod
    def create(cls, path: Path) -> ProjectFolder:
        """Make a new, empty project and open it for writing.

        Raises
        ------
        ProjectError
            Where something is there already, or the disk refuses; then nothing is left behind.
        ProjectLocked
            Where another process was faster to open it.
        """
        new_project.make(path)
        try:
            return cls.open(path, writable=True)
        except (ProjectLocked, ProjectGone):
            raise  # It is another's by now.
        except BaseException:
            with suppress(OSError):
                remove_whatever(path)
            raise

    @classmethod
    def open(cls, path: Path, *, writable: bool) -> ProjectFolder:
        """Open a project. Reading only takes no lock and never writes.

        Raises
        ------
        ProjectError
            Where there is no project, it is damaged, or a newer segdesk made it; where `writable`,
            also where its index is older than the masks beside it.
        ProjectLocked
            Where `writable` and another process has it open for writing.
        """
        project_file.check_is_project(path)
        with reading(Sentence("The project '{path}'", path=path.name)):
            for child in path.iterdir():
                Layout(path).inside(child)
        guard = Guard.of(path, ProjectLock.acquire(path) if writable else None)
        try:
            project, generation = project_file.read(path)
            if writable and (newer := outdated.newer_masks(Layout(path), project, generation)):
                raise outdated.refusal(Layout(path), newer)
        except BaseException:
            guard.release()
            raise
        return cls(path, Index(path, project, generation, guard.check), guard)

    def load(self) -> Opened:
        """Read the index and every journal since; where writable, mend what a crash left.

        Raises
        ------
        ProjectError
            Where the disk refuses.
        """
        if self.writable:
            with writing(self._journal.what):
                end_writing_anew(self.path, self.generation, self._index.base.journal)
            with reading(self._journal.what):
                recovery = recover(self.path, self.generation, self._index.base.journal)
            with writing(self._journal.what):
                sweep(self.path)
                self._journal.open(Journals(mend(self.path, recovery), recovery.brought))
        else:
            with reading(self._journal.what):
                recovery, project, generation = recover_beside_a_writer(self.path)
                self._index = Index(self.path, project, generation, self._guard.check)
        found = opened(self._index.saved, recovery)
        self._newer = outdated.newer_masks(self._layout, found.project, self.generation)
        if self._newer:
            problem = outdated.refusal(self._layout, self._newer)
            found = replace(found, notes=(str(problem), *found.notes))
        self._journal.replayed(recovery.entries(), but=found.gone)
        return found

    def previous_mask(self, case: Case) -> PreviousMask | None:
        """The mask of a case as of the save before, where it can be read. Any thread.

        Raises
        ------
        ProjectError
            Where the folder of the case cannot be looked into.
        """
        return previous_mask.find(self._layout, case)

    def older_in_place(self, case: Case) -> str:
        """Words for when the mask of a case is from, where it has taken the place of a newer one
        and what waits is not done on it yet; else "". Any thread."""
        if not self.waiting_edits.is_of_another_mask(case.id):
            return ""
        return previous_mask.words(self._layout, case)

    def take_previous(self, previous: PreviousMask) -> None:
        """Have the index name an older mask from now on. Any thread, while no Save runs.

        Raises
        ------
        ProjectError
            Where a Save runs, the newest mask can be read again, this one cannot any more or the
            disk refuses; nothing has changed then.
        """
        self._guard.check()
        now = self._index.saved.case(previous.case.id)
        if now.generation != previous.case.generation and self._is_readable(now):
            raise ProjectError(
                Sentence("The newest mask of '{case}' can be read again.", case=now.id),
                "Open the project again.",
            )
        if self._save is not None and self._save.is_running:
            raise ProjectError("The project is being saved.", "Try again in a moment.")
        self._index.put_back(
            previous.case.id, previous.state, lambda: self.read_annotation(previous.case)
        )

    def _is_readable(self, case: Case) -> bool:
        try:
            annotation_file.read(self._layout.annotation(case.id, case.generation), case)
        except ProjectError:
            return False
        return True

    def leave_out(self, case: str) -> None:
        """A case cannot be read: the next save keeps its mask's file as it is, and its Edits are
        the caller's to keep apart."""
        self._journal.touched.forget_case(case)

    def keep_left_out(self, edits: Sequence[Edit]) -> str:
        """Keep Edits that did not fit the masks in a file apart, and return its name.

        Raises
        ------
        ProjectError
            Where the disk refuses.
        """
        self._guard.check()
        with writing(Sentence("What was left out of the journal")):
            return keep_left_out(self.path, edits)

    def close(self) -> None:
        """Let go of everything; more than once is fine. See `Held.close`."""
        self._held.close()

    def write_what_waits(self) -> None:
        """Have journal and index on the disk, so that `close` finds nothing to do. Any thread.

        Raises
        ------
        ProjectError
            Where the disk refuses.
        """
        self._held.write()

    def delete(self) -> None:
        """Let go of the project and remove its folder: it was made for something that failed.

        Raises
        ------
        ProjectError
            Where the disk refuses.
        """
        self._guard.check()
        self._held.drop()
        with writing(Sentence("The project '{path}'", path=self.path.name)):
            shutil.rmtree(self.path)

    @property
    def _held(self) -> Held:
        journal = self._journal
        return Held(journal.what, self._save, journal.files, self._index, self._guard)

    def __enter__(self) -> ProjectFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Masks and the journal

    def read_annotation(self, case: Case) -> Annotation:
        """The mask of a case as of `case.generation`, with `case.statuses`; 0: empty.

        Raises
        ------
        ProjectError
            Where the file is missing or damaged, or one is there that the index does not know; of
            a project that is only read also where a writer has saved the case since.
        """
        if case.id in self._newer:
            raise outdated.refusal(self._layout, (case.id,))
        layout = Layout(self._guard.readable())
        with outdated.unless_saved_since(layout.root, case, is_writer=self.writable):
            return annotation_file.read(layout.annotation(case.id, case.generation), case)

    def numbered(self, edit: Edit) -> Edit:
        """The Edit with the number that the next `append` gives it."""
        return self._journal.numbered(edit)

    def pin_masks(self, cases: Iterable[Case]) -> Callable[[], object]:
        """Keep the masks of these cases as they are on the disk until what this gives is called,
        which any thread may do: a worker reads them while saves go on."""
        reader = object()
        self._pinned[reader] = frozenset(
            self._layout.annotation(case.id, case.generation) for case in cases if case.generation
        )
        return lambda: self._pinned.pop(reader, None)

    def check_size(self, edit: Edit) -> None:
        """Refuse an Edit that no journal can hold, before it is applied.

        Raises
        ------
        UsageError
            Then.
        """
        check_size(edit)

    def record_of(self, edit: Edit) -> bytes:
        """What `append` writes of an Edit; any thread. Raises as `check_size`."""
        return encode(edit)

    def append(self, entry: Entry | BegunAnew, record: bytes = b"") -> None:
        """Journal what was done; see `OpenJournal.append`."""
        self._journal.append(entry, record)

    @property
    def waiting(self) -> int:
        """How many Edits the disk has not taken; a crash would lose them."""
        return self._journal.waiting

    @property
    def is_journal_lost(self) -> bool:
        """Whether only a save makes what was drawn lasting; see `OpenJournal.is_lost`."""
        return self._journal.is_lost

    def sync(self) -> None:
        """Make every Edit so far outlive a power cut, on a timer; see `OpenJournal.sync`."""
        self._journal.sync()

    # Saving

    def save_index(self, project: Project) -> None:
        """Write the index alone: a new case, run or split. Also while a Save runs.

        Statuses, mask generations, and the segments that journalled Edits have touched stay as
        last saved, because replaying the journal brings them.

        Raises
        ------
        ProjectError
            Where the disk refuses; the old index stays.
        """
        self._index.save(project, self._journal.touched.segments())

    def hand_over_index(self, project: Project) -> None:
        """As `save_index`, but written by the next `write_index`, save or `close`, and refused by
        them; waits for no disk."""
        if not self.writable:
            self._guard.check()
        self._index.hand_over(project, self._journal.touched.segments())

    def write_index(self) -> None:
        """Write what was handed over and is not written. Any thread; raises as `save_index`."""
        self._index.write()

    def begin_save(
        self, project: Project, changed: Mapping[str, Annotation], stacks: Stacks = NOTHING
    ) -> Save:
        """Start a save: from here on Edits go to a new journal.

        Copies the slices that Edits have touched since the last save, and nothing else.

        Parameters
        ----------
        project : as it shall be saved; mask generations and statuses are filled in
        changed : the mask of every case that has journalled Edits; more is fine
        stacks : what can be undone and redone now; journals that it does not name go

        Raises
        ------
        ProjectError
            Where another Save is running or the disk refuses; then nothing has changed.
        """
        self._guard.check()
        journal, touched = self._journal.there(), self._journal.touched
        if self._save is not None and self._save.is_running:
            raise ProjectError("A save is running already.", "Wait until it has ended.")
        if self._save is not None:
            self._save.abandon()
        base = self._index.for_save()
        touched.forget_before(base.generation)
        number = journal.number + 1
        anew = frozenset[str]() if self._save is None else self._save.unsound
        new, new_base = new_generations(
            project,
            changed,
            touched.cases(base.generation),
            base=base,
            number=number,
            layout=self._layout,
            anew=anew,
        )
        with writing(Sentence("The next journal of the project '{path}'", path=self.path.name)):
            journal.follow_on(self.path, stacks)
        self._index.hand_over(project, touched.segments())
        self._save = Save(
            self._layout,
            self._index,
            new,
            replace(new_base, journal=journal.id),
            stacks,
            self._journal.settle,
            self._guard.check,
            self._pinned,
        )
        self._save.unsound = anew
        return self._save

    # When the folder is not what it was

    def why_gone(self) -> ProjectGone | None:
        """Why nothing is written any more, or None: two looks at the disk."""
        if self.writable:
            try:
                self._guard.check()
            except ProjectGone as gone:
                return gone
        return None

    def begin_copy(self, memory: InMemory) -> Copy:
        """Start a copy of the project at another place, of what can be reached and what is in
        memory.

        Raises
        ------
        ProjectError
            Where a Save is running.
        """
        if self._save is not None and self._save.is_running:
            raise ProjectError("A save is running already.", "Wait until it has ended.")
        files, touched = self._journal.files, self._journal.touched.segments()
        tail = None if files is None else files.tail
        return Copy(self._guard.home(), memory, self._index.base, touched, tail)
