"""The end of an open project: each of the things that are done then is tried, whatever became of
those before it, and what failed is said together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from segdesk.store.disk.all_tried import all_tried
from segdesk.store.disk.disk_errors import writing
from segdesk.store.disk.guard import Guard
from segdesk.store.index import Index
from segdesk.store.journal.journals import Journals
from segdesk.store.saving import Save


@dataclass(frozen=True, slots=True)
class Held:
    """What an open project holds.

    Parameters
    ----------
    what : the subject of sentences about the journal
    save : the last one, or None
    journal : None where none was opened
    """

    what: str
    save: Save | None
    journal: Journals | None
    index: Index
    guard: Guard

    def close(self) -> None:
        """Write what waits and let go of everything; waits for a Save that is running.

        Raises
        ------
        ProjectError
            Where the disk refuses some of it; the rest was written, and all is let go of.
        """
        all_tried(self._end_save, self.write, *self._let_go)

    def write(self) -> None:
        """Have journal and index on the disk. Any thread; raises as `close`."""
        all_tried(self._hand_on, self._write_rest)

    def drop(self) -> None:
        """Let go of everything and write nothing: the folder is about to be deleted."""
        all_tried(self._end_save, *self._let_go)

    @property
    def _let_go(self) -> tuple[Callable[[], None], ...]:
        return self._close_journal, self.guard.release

    def _end_save(self) -> None:
        if self.save is not None:
            self.save.abandon()

    def _hand_on(self) -> None:
        if self.journal is not None and self.guard.may_append():
            with writing(self.what):
                self.journal.hand_on()

    def _write_rest(self) -> None:
        if self.guard.writable:
            self.index.write()

    def _close_journal(self) -> None:
        if self.journal is not None:
            with writing(self.what):
                self.journal.close()
