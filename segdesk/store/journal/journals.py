"""The journal that Edits go to, and how one follows another: the `Journals` of an open project.

The window begins a save and goes on painting, so it waits for no disk: the next journal is there
at once, and a worker makes both lasting, the older one first.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

from segdesk.core.history import Stacks
from segdesk.store.disk.layout import journal_name
from segdesk.store.journal.journal_file import Journal, Tail, is_taken_away


class Journals:
    """Owned by the ProjectFolder, on its thread; `settle`, `sync` and `hand_on` on any.

    Parameters
    ----------
    journal : to go on with
    brought : numbers of Edits of older journals that it holds too; changed in place
    """

    def __init__(self, journal: Journal, brought: set[int]) -> None:
        self._now = journal
        self._brought = brought
        #: The one before, until both are lasting.
        self._older: Journal | None = None
        #: Number of the newest journal whose fsync has failed.
        self._lost = -1
        #: Those before it as they were left, by number, until a save has made them spare.
        self._left: dict[int, os.stat_result] = {}
        self._settling = threading.Lock()

    @property
    def number(self) -> int:
        """Of the journal that Edits go to."""
        return self._now.number

    @property
    def id(self) -> str:
        """Of the journal that Edits go to, by which the index of the next save names it."""
        return self._now.id

    @property
    def next_sequence(self) -> int:
        """The number that the next record gets."""
        return self._now.next_sequence

    @property
    def waiting(self) -> int:
        """How many records the disk has not taken yet."""
        return self._now.waiting

    @property
    def tail(self) -> Tail:
        """Where the journal ends, and what waits to be written behind."""
        return self._now.tail

    @property
    def lost(self) -> int:
        """Number of the newest journal whose fsync has failed, else -1."""
        for journal in (self._now, self._older):
            if journal is not None and journal.is_lost:
                return journal.number
        return self._lost

    def brings(self, sequence: int) -> bool:
        """Whether an Edit that is named has to come along, because an older journal holds it; once.

        So a journal can be replayed though an older one is damaged.
        """
        if sequence >= self._now.first or sequence in self._brought:
            return False
        self._brought.add(sequence)
        return True

    def look(self, home: Path | None, *, put_back: bool = False) -> bool:
        """Whether the journal is there in the project's folder; another program may have taken it
        away, or put another file into its place.

        Parameters
        ----------
        home : the folder, wherever it lies now; None where it can't be reached
        put_back : write it anew where it is not
        """
        # Once: while a worker looks, a save may have the next one follow it.
        now = self._now
        if home is not None:
            path = home / journal_name(now.number)
            now.look(path)
            if put_back:
                now.put_back(path)
        return not now.is_taken

    def look_back(self, home: Path | None, generation: int) -> None:
        """Be lost where another program has taken away a journal that a save went on from, while
        none has succeeded since: opening would follow a gap.

        Parameters
        ----------
        generation : of the index; journals before it are not needed
        """
        for number, left in tuple(self._left.items()):
            if number < generation:
                del self._left[number]
            elif home is not None and is_taken_away(
                home / journal_name(number), left, left.st_size
            ):
                self._lost = max(self._lost, number)

    def keep(self, payload: bytes, kind: int) -> None:
        """Keep a record in memory; what comes next writes it."""
        self._now.keep(payload, kind)

    def flush(self) -> None:
        """Hand what waits to the operating system; raises as `Journal.flush`."""
        self._now.flush()

    def follow_on(self, folder: Path, stacks: Stacks) -> None:
        """Have the next journal follow the one of now.

        Parameters
        ----------
        stacks : what can be undone and redone now

        Raises
        ------
        OSError
            Where the disk refuses; the one of now goes on.
        """
        with suppress(OSError):
            self.settle()
        older = self._now
        if self.look(folder, put_back=True):
            older.flush()
        newer = Journal.begin(
            folder, older.number + 1, older.next_sequence, stacks, follows=older.link
        )
        with self._settling:
            self._now, self._older, self._brought = newer, older, set[int]()

    def settle(self) -> None:
        """Make both outlive a power cut, where one has followed another; the older is closed then.

        Where the older one can't be made so, the save that begins is the way out, because it
        writes the masks as they are in memory.

        Raises
        ------
        OSError
            Where the newer one can't; it is lost.
        """
        with self._settling:
            older = self._older
            if older is None:
                return
            try:
                older.sync()
            except OSError:
                self._lost = older.number
            else:
                self._left[older.number] = older.stat
            # Only now, so that nobody who asks in between is told that it is sound.
            self._older = None
            older.close()
            self._now.make_lasting()

    def sync(self) -> None:
        """Make everything so far outlive a power cut; raises as `Journal.sync`."""
        now: Journal | None = None
        # Another may follow meanwhile, and holds what came since then.
        while now is not self._now:
            self.settle()
            now = self._now
            now.sync()

    def hand_on(self) -> None:
        """At the end, make everything lasting, unless it is lost; raises as `Journal.hand_on`."""
        self.settle()
        self._now.hand_on()

    def close(self) -> None:
        """Let go of the files."""
        try:
            if self._older is not None:
                self._older.close()
        finally:
            self._now.close()
