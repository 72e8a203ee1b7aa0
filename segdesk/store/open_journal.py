"""The journal of a project that is open, and what the Edits in it have touched: the `OpenJournal`.

When an Edit may be written, and what is said where it may not, is known here. The files belong to
`journal`, the moment of a save to `saving`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable
from contextlib import contextmanager, suppress
from dataclasses import replace

from segdesk.core.edit import Edit
from segdesk.core.history import BegunAnew, Entry, edit_of
from segdesk.errors import ChangeWaits, ProjectError
from segdesk.sentence import Sentence
from segdesk.store.disk.disk_errors import refusal, writing
from segdesk.store.disk.guard import Guard
from segdesk.store.index import Index
from segdesk.store.journal import record_codec
from segdesk.store.journal.journals import Journals
from segdesk.store.journal.touched import Touched


class OpenJournal:
    """Owned by the ProjectFolder, on its thread; `sync` and `settle` on any.

    Parameters
    ----------
    what : the subject of sentences about it
    guard : the right to write there
    index : gives the one in force
    """

    def __init__(self, what: str, guard: Guard, index: Callable[[], Index]) -> None:
        self.what = what
        self.touched = Touched()
        #: None until it is opened, and where the project is only read.
        self.files: Journals | None = None
        self._guard = guard
        self._index = index

    def open(self, files: Journals) -> None:
        """Go on with these from now on."""
        if self.files is not None:
            self.files.close()
        self.files = files

    def replayed(
        self, entries: Iterable[tuple[int, Entry | None]], *, but: Collection[str]
    ) -> None:
        """What the journals hold, each with its journal's number, was done on the masks that were
        read: a save has to write all of it but that of these cases."""
        self.touched = Touched()
        for number, entry in entries:
            edit = edit_of(entry) if entry is not None else None
            if edit is not None and edit.case not in but:
                self.touched.add(number, edit)

    def numbered(self, edit: Edit) -> Edit:
        """The Edit with the number that the next `append` gives it."""
        number = 0 if self.files is None else self.files.next_sequence
        return replace(edit, sequence=number)

    @property
    def waiting(self) -> int:
        """How many Edits the disk has not taken; a crash would lose them."""
        return 0 if self.files is None else self.files.waiting

    @property
    def is_lost(self) -> bool:
        """Whether an fsync of a journal since the last save has failed, or another program took it
        away; only a save mends that.

        A journal that follows a lost one mends nothing: after a power cut, it would follow a gap.
        """
        if self.files is None:
            return False
        home, generation = self._guard.home(), self._index().base.generation
        self.files.look(home)
        self.files.look_back(home, generation)
        return self.files.lost >= generation

    def append(self, entry: Entry | BegunAnew, record: bytes = b"") -> None:
        """Journal what was done; when this returns, it outlives a crash of the program.

        Opening leaves an Edit out whose case the index does not name: where that still waits to be
        written, it is written first. Where it can't be, the case has not come into the project.

        Parameters
        ----------
        entry : an Edit, one that was journalled before and is taken back or done again, what is
            left of the stacks, or a case that began anew
        record : of an Edit, from `ProjectFolder.record_of`, where that was made before; else empty

        Raises
        ------
        ChangeWaits
            Where the disk refuses. The entry is not lost: it waits in memory, the next `append`,
            `sync` or save writes it first, and the caller keeps it applied.
        ProjectGone
            Where no journal can have it, because the folder was deleted, or the lock is another's;
            it waits as well. A folder that was renamed still takes it.
        """
        journal = self.there()
        edit, with_edit = edit_of(entry), False
        if edit is not None:
            # First, so that the next save writes these slices even where the journal could not.
            self.touched.add(journal.number, edit)
            with_edit = edit is not entry and journal.brings(edit.sequence)
            if edit.case and not self._index().names(edit.case):
                with suppress(ProjectError):
                    self._index().write()
        kind, payload = record_codec.EDIT, record
        if not record:
            kind, payload = record_codec.encode(entry, with_edit=with_edit)
        # Before any look at the disk: whatever that gives, the next record does not follow a gap.
        journal.keep(payload, kind)
        is_ours = self._guard.may_append()
        if not (is_ours and journal.look(self._guard.home(), put_back=True)):
            self._guard.check()
            self.sync()
            return
        with self._writing_changes():
            journal.flush()

    def sync(self) -> None:
        """Make every Edit so far outlive a power cut.

        Raises
        ------
        ChangeWaits
            Where the disk refuses.
        ProjectGone
            Where the folder is no longer the one that was opened; one that was renamed has them.
        """
        journal = self.there()
        if self._guard.may_append():
            journal.look(self._guard.home(), put_back=True)
            with self._writing_changes():
                journal.sync()
        self._guard.check()

    def settle(self) -> None:
        """Make the journals lasting between which a save has changed, where that is not done;
        raises ProjectError where the disk refuses."""
        with writing(self.what):
            self.there().settle()

    def there(self) -> Journals:
        """The files.

        Raises
        ------
        ProjectError
            Where the project is only read.
        ValueError
            Where they were not opened yet.
        """
        if self.files is None:
            if not self._guard.writable:
                self._guard.check()
            raise ValueError("expected load() before the first change")
        return self.files

    @contextmanager
    def _writing_changes(self) -> Generator[None, None, None]:
        """As `writing`, with the number of Edits that wait once the disk has refused."""
        try:
            yield
        except OSError as error:
            words = Sentence("The last changes")
            if self.waiting:
                words = Sentence.counted("The last change", "The last {n} changes", self.waiting)
            raise ChangeWaits(*refusal(words, error)) from error
