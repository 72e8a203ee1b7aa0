"""One journal after another, when a save begins: the `Succession`.

The window begins a save and goes on painting, so it waits for no disk: the next journal is there
at once, and a worker makes both lasting, the older one first.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

from segdesk.core.history import Stacks
from segdesk.store.journal.journal_file import Journal


class Succession:
    """The journal of a save and the one before it. Made on the GUI thread, settled on any."""

    def __init__(self, older: Journal, newer: Journal) -> None:
        self.newer = newer
        self._older = older
        self._is_settled = False
        self._lock = threading.Lock()

    @classmethod
    def begin(cls, folder: Path, older: Journal, stacks: Stacks) -> Succession:
        """Have the next journal follow this one.

        Parameters
        ----------
        stacks : what can be undone and redone now

        Raises
        ------
        OSError
            Where the disk refuses; the older one goes on.
        """
        older.flush()
        return cls(older, Journal.begin(folder, older.number + 1, older.next_sequence, stacks))

    @property
    def older_lost(self) -> int:
        """Number of the older journal where an fsync of it has failed, else -1."""
        return self._older.number if self._older.is_lost else -1

    def settle(self) -> None:
        """Make both outlive a power cut, once; the older one is closed then.

        Where the older one can't be made so, the save that begins is the way out, because it
        writes the masks as they are in memory.

        Raises
        ------
        OSError
            Where the newer one can't; it is lost.
        """
        with self._lock:
            if self._is_settled:
                return
            self._is_settled = True
            with suppress(OSError):
                self._older.sync()
            self._older.close()
            self.newer.make_lasting()
