"""What was done, kept in step: the History, the journal, and what a save has to write.

The Workbench owns one `Steps`, on its thread; it applies the changes itself and says by signals
what changed. How the disk keeps a journal belongs to `store`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segdesk.app.project.unsaved import Unsaved
from segdesk.core.edit import Edit
from segdesk.core.history import DoneAgain, Entry, History, TakenBack
from segdesk.errors import ChangeWaits, ProjectGone
from segdesk.store.project_folder import ProjectFolder


class Steps:
    """Each change goes into all three, in this order: what is unsaved, the journal, the History.

    Parameters
    ----------
    folder : the open project on disk
    """

    def __init__(self, folder: ProjectFolder) -> None:
        self._folder = folder
        self.history = History()
        self.unsaved = Unsaved()
        #: Why the journal did not take the newest of the changes that wait.
        self.refusal: ChangeWaits | ProjectGone | None = None

    def keep(self, edit: Edit, record: bytes = b"") -> None:
        """A new Edit was applied.

        Parameters
        ----------
        record : of the Edit, where a worker has made it
        """
        edit = self._folder.numbered(edit)
        try:
            self._write(edit, record)
        finally:
            self.history.record(edit)

    def keep_step(self, entry: TakenBack | DoneAgain) -> None:
        """The next step of the History was taken back, or done again."""
        if isinstance(entry, TakenBack):
            self.history.undone()
        else:
            self.history.redone()
        self._write(entry)

    def forget_case(self, case: str) -> None:
        """A case has left."""
        if self.history.forget_case(case):
            self._append_stacks()

    def forget(self, case: str) -> None:
        """A case has another mask than its steps were made on; all of them leave where it is no
        case, because the segments are others."""
        if not case:
            self.history.clear()
        elif not self.history.forget_steps(case):
            return
        self._append_stacks()

    def forget_waiting(self, unread: Mapping[str, Sequence[Edit]]) -> None:
        """These cases could not be read when the journal was followed; their Edits wait and are not
        in the History. What went on without them is undone no further back than they reach."""
        for case, edits in unread.items():
            self.history.forget_steps(case, edits)
        if unread:
            self._append_stacks()

    def end_what_was_cut_off(self) -> None:
        """Edits were done again on a case when the program ended; what follows is no part of it."""
        self._append_stacks()

    def forget_undone(self) -> None:
        """Nothing can be redone any more."""
        self.history.forget_undone()
        self._append_stacks()

    def _append_stacks(self) -> None:
        """Steps have left the History, and shall not come back after a crash."""
        if self._folder.writable:
            self._append(self.history.stacks)

    def _write(self, entry: Edit | TakenBack | DoneAgain, record: bytes = b"") -> None:
        self.unsaved.note(entry if isinstance(entry, Edit) else entry.edit)
        self._append(entry, record)

    def _append(self, entry: Entry, record: bytes = b"") -> None:
        """Into the journal. Where the disk refuses it, it stays applied, can be undone and waits:
        `folder.waiting` says how many do, and `refusal` why."""
        try:
            self._folder.append(entry, record)
        except (ChangeWaits, ProjectGone) as refusal:
            self.refusal = refusal
