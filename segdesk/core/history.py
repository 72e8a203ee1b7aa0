"""Undo and redo within a byte budget: the `History`, owned by the Workbench."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from segdesk.core.edit import Edit

#: Before the name of an Edit that takes another one back.
UNDO = "Undo "
DEFAULT_BUDGET = 512 * 1024 * 1024


class History:
    """Two stacks of Edits. The oldest leave when their compressed size passes the budget.

    Parameters
    ----------
    budget : bytes > 0; the newest step is kept even where it alone is larger
    """

    def __init__(self, budget: int = DEFAULT_BUDGET) -> None:
        if budget <= 0:
            raise ValueError(f"expected a budget > 0 bytes, received budget={budget}")
        self.budget = budget
        self._done: deque[Edit] = deque()
        self._undone: list[Edit] = []
        self._nbytes = 0
        self._undo_goes_on = False

    @property
    def nbytes(self) -> int:
        """What the Edits that can be undone or redone hold."""
        return self._nbytes

    @property
    def next_undo(self) -> Edit | None:
        return self._done[-1] if self._done else None

    @property
    def next_redo(self) -> Edit | None:
        return self._undone[-1] if self._undone else None

    @property
    def done(self) -> tuple[Edit, ...]:
        """What can be undone, the oldest first."""
        return tuple(self._done)

    @property
    def goes_on(self) -> bool:
        """Whether the newest Edit is not the first of its group."""
        return len(self._done) > 1 and self._done[-1].goes_with(self._done[-2])

    @property
    def steps(self) -> tuple[tuple[Edit, ...], ...]:
        """What can be undone step by step, the oldest first: each a group, or one Edit."""
        rows: list[list[Edit]] = []
        for edit in self._done:
            if rows and edit.goes_with(rows[-1][-1]):
                rows[-1].append(edit)
            else:
                rows.append([edit])
        return tuple(tuple(row) for row in rows)

    def record(self, edit: Edit) -> None:
        """Remember a new Edit; what had been undone is forgotten."""
        self.forget_undone()
        self._done.append(edit)
        self._nbytes += edit.nbytes
        while self._nbytes > self.budget and not self._is_newest(self._done[0]):
            left = self._done.popleft()
            self._nbytes -= left.nbytes
            # A step leaves as a whole: half of a group would bring back half.
            while left.goes_with(self._done[0]):
                self._nbytes -= self._done.popleft().nbytes

    def _is_newest(self, edit: Edit) -> bool:
        return edit is self._done[-1] or edit.goes_with(self._done[-1])

    def undone(self) -> Edit:
        """Move the newest Edit to the redo stack and return it (not inverted).

        Raises
        ------
        ValueError
            Where there is nothing to undo.
        """
        if not self._done:
            raise ValueError("nothing to undo")
        edit = self._done.pop()
        self._undone.append(edit)
        return edit

    def redone(self) -> Edit:
        """Move the newest undone Edit back and return it.

        Raises
        ------
        ValueError
            Where there is nothing to redo.
        """
        if not self._undone:
            raise ValueError("nothing to redo")
        edit = self._undone.pop()
        self._done.append(edit)
        return edit

    def replay(self, edit: Edit) -> None:
        """Follow an Edit of a journal, as it was: done, taken back, or done again.

        What was taken back may be older than the journal. It is what its undo takes back, so it
        can be done again here too; taking that for a new Edit would pair it with the next undo.
        """
        self._undo_goes_on = edit.kind == "undo" and edit.goes_on
        if edit.kind == "undo" and self._done:
            self.undone()
        elif edit.kind == "undo":
            before = edit.inverse()
            name = edit.name.removeprefix(UNDO)
            self._undone.append(replace(before, name=name, kind="change", goes_on=False))
            self._nbytes += self._undone[-1].nbytes
        elif edit.kind == "redo" and self._undone:
            self.redone()
        else:
            self.record(edit)

    def forget_case(self, case: str) -> bool:
        """A case is gone: drop its Edits. Returns whether there were any.

        Where one of them changed segments too, nothing older can be undone past the hole.
        """
        done = list(self._done)
        holes = [at for at, edit in enumerate(done) if edit.case == case and edit.segments]
        kept = [edit for edit in done[holes[-1] + 1 if holes else 0 :] if edit.case != case]
        undone = [edit for edit in self._undone if edit.case != case]
        if any(edit.case == case and edit.segments for edit in self._undone):
            undone = []
        if len(kept) == len(done) and len(undone) == len(self._undone):
            return False
        self._done, self._undone = deque(kept), undone
        self._nbytes = sum(edit.nbytes for edit in (*kept, *undone))
        return True

    @property
    def is_cut_off(self) -> bool:
        """Whether the newest step is a group whose last Edit, that of the segments, is missing."""
        newest = self.next_undo
        return newest is not None and newest.group != "" and not newest.segments

    @property
    def is_half_undone(self) -> bool:
        """Whether the journal ended within the undo of a group that is older than it."""
        newest = self.next_redo
        return self._undo_goes_on and newest is not None and not newest.goes_with(self.next_undo)

    def forget_undone(self) -> None:
        """Nothing can be redone any more."""
        self._nbytes -= sum(old.nbytes for old in self._undone)
        self._undone.clear()

    def clear(self) -> None:
        self._done.clear()
        self._undone.clear()
        self._nbytes = 0
        self._undo_goes_on = False
