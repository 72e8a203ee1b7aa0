"""Undo and redo within a byte budget: the `History`, owned by the Workbench.

What happens to it is a row of entries (`Entry`), which the journal keeps: an Edit, one that is
taken back or done again, and what is left of the stacks. The same row gives the same stacks again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from segdesk.core.edit import Edit
from segdesk.sentence import Sentence

DEFAULT_BUDGET = 512 * 1024 * 1024
#: Steps that can be undone however large they are.
KEPT_STEPS = 5


class TakenBack(NamedTuple):
    """An Edit is taken back. `goes_on`: it is a part of a group, and others of it follow."""

    edit: Edit
    goes_on: bool = False

    @property
    def applied(self) -> Edit:
        """What is applied to the mask."""
        return replace(
            self.edit.inverse(), name=Sentence("Undo {name}", name=self.edit.name), kind="undo"
        )


class DoneAgain(NamedTuple):
    """An Edit that was taken back is done again."""

    edit: Edit

    @property
    def applied(self) -> Edit:
        """What is applied to the mask."""
        return replace(self.edit, name=Sentence("Redo {name}", name=self.edit.name), kind="redo")


class Stacks(NamedTuple):
    """Sequence numbers of the Edits that can be undone (the oldest first) and redone (the next
    last)."""

    done: tuple[int, ...] = ()
    undone: tuple[int, ...] = ()


class BegunAnew(NamedTuple):
    """A case that could not be read has its Edits done again on the mask that it has now. It stands
    there twice: before the first of them, under the number `since` itself, and behind the last.

    Parameters
    ----------
    case : id
    generation : of that mask
    since : number from which on the Edits were done again; what the journals from that generation
        on have of the case before it stands there twice, or did not fit and is kept apart
    """

    case: str
    generation: int
    since: int


#: What the journal keeps of a History.
Entry = Edit | TakenBack | DoneAgain | Stacks


def edit_of(entry: Entry | BegunAnew) -> Edit | None:
    """The Edit that an entry is about."""
    if isinstance(entry, Stacks | BegunAnew):
        return None
    return entry if isinstance(entry, Edit) else entry.edit


class History:
    """Two stacks of Edits. The oldest leave when their compressed size passes the budget.

    Parameters
    ----------
    budget : bytes > 0
    kept_steps : >= 1; so many of the newest are kept even where they pass the budget
    """

    def __init__(self, budget: int = DEFAULT_BUDGET, kept_steps: int = KEPT_STEPS) -> None:
        if budget <= 0 or kept_steps < 1:
            raise ValueError(f"expected a budget > 0 bytes, received {budget=}, {kept_steps=}")
        self.budget = budget
        self.kept_steps = kept_steps
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

    def of(self, case: str) -> tuple[Edit, ...]:
        """What can be undone of a case, the oldest first."""
        return tuple(edit for edit in self._done if edit.case == case)

    @property
    def to_redo(self) -> tuple[Edit, ...]:
        """The Edits that can be done again, the next one last."""
        return tuple(self._undone)

    @property
    def goes_on(self) -> bool:
        """Whether the newest Edit is not the first of its group."""
        return len(self._done) > 1 and self._done[-1].goes_with(self._done[-2])

    def newest_steps(self, count: int) -> tuple[tuple[Edit, ...], ...]:
        """What is undone next, step by step, the newest first: each a group, or one Edit.

        Costs what it gives: there may be a hundred thousand older ones.

        Parameters
        ----------
        count : of steps, at most; the Edits of a step stand in the order in which they were done
        """
        rows: list[list[Edit]] = []
        for edit in reversed(self._done):
            if rows and edit.goes_with(rows[-1][-1]):
                rows[-1].append(edit)
            elif len(rows) == count:
                break
            else:
                rows.append([edit])
        return tuple(tuple(row[::-1]) for row in rows)

    def record(self, edit: Edit) -> None:
        """Remember a new Edit; what had been undone is forgotten."""
        self.forget_undone()
        self._done.append(edit)
        self._nbytes += edit.nbytes
        while self._nbytes > self.budget and self._has_more_steps_than(self.kept_steps):
            left = self._done.popleft()
            self._nbytes -= left.nbytes
            # A step leaves as a whole: half of a group would bring back half.
            while left.goes_with(self._done[0]):
                self._nbytes -= self._done.popleft().nbytes

    def _has_more_steps_than(self, count: int) -> bool:
        """Costs the newest so many steps and not the older ones."""
        steps = 0
        later: Edit | None = None
        for edit in reversed(self._done):
            steps += not edit.goes_with(later)
            if steps > count:
                return True
            later = edit
        return False

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
        self._undo_goes_on = False
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
        self._undo_goes_on = False
        return edit

    # Coming back from the journal

    @property
    def stacks(self) -> Stacks:
        """The numbers of what can be undone and redone."""
        return Stacks(_numbers(self._done), _numbers(self._undone))

    def restore(self, done: Sequence[Edit | None], undone: Sequence[Edit | None]) -> None:
        """Begin with these stacks, in the order of `Stacks`; None stands for one that is lost.

        Nothing can be undone or redone past a gap, and no group that a gap may have cut.
        """
        whole, half = _above_gaps(done)
        self._done = deque(whole)
        self._undone, _ = _above_gaps(undone)
        self._nbytes = sum(edit.nbytes for edit in (*self._done, *self._undone))
        newest = self.next_redo
        self._undo_goes_on = bool(half and newest is not None and newest.goes_with(half[-1]))

    def follow(self, entry: Edit | TakenBack | DoneAgain) -> None:
        """Follow what the journal says was done, taken back, or done again.

        An Edit that is taken back or done again and is not next was lost and left out of the
        stacks, or what came after it was left out when that was written; it stands here once.
        """
        if isinstance(entry, TakenBack):
            if _is_same(self.next_undo, entry.edit):
                self.undone()
            else:
                self._let_go(entry.edit)
                self._undone.append(entry.edit)
                self._nbytes += entry.edit.nbytes
        elif isinstance(entry, DoneAgain):
            if _is_same(self.next_redo, entry.edit):
                self.redone()
            else:
                self._let_go(entry.edit)
                self._done.append(entry.edit)
                self._nbytes += entry.edit.nbytes
        else:
            self.record(entry)
        self._undo_goes_on = isinstance(entry, TakenBack) and entry.goes_on

    def _let_go(self, edit: Edit) -> None:
        """Take an Edit that has a number out of the stacks, wherever it stands in them."""
        if not edit.sequence:
            return
        self._done = deque(row for row in self._done if not _is_same(row, edit))
        self._undone = [row for row in self._undone if not _is_same(row, edit)]
        self._nbytes = sum(row.nbytes for row in (*self._done, *self._undone))

    def keep_only(self, stacks: Stacks) -> None:
        """Let go of every Edit that these stacks do not name."""
        done, undone = set(stacks.done), set(stacks.undone)
        self._done = deque(edit for edit in self._done if edit.sequence in done)
        self._undone = [edit for edit in self._undone if edit.sequence in undone]
        self._nbytes = sum(edit.nbytes for edit in (*self._done, *self._undone))

    def forget_case(self, case: str) -> bool:
        """A case is gone: drop its Edits. Returns whether there were any.

        Where one of them changed segments too, nothing older can be undone past the hole.
        """
        done = list(self._done)
        holes = [at for at, edit in enumerate(done) if edit.case == case and edit.segments]
        no_redo = any(edit.case == case and edit.segments for edit in self._undone)
        return self._forget(case, holes, no_redo=no_redo)

    def forget_steps(self, case: str, waiting: Sequence[Edit] = ()) -> bool:
        """A case has another mask than its Edits were made on: drop them. Returns whether there
        were any.

        The case stays, with labels that no step takes back; so no older change of the segments can
        be undone past the hole, nor one of the same group, and none done again.

        Parameters
        ----------
        waiting : Edits of it that are not here, because it could not be read when they came
        """
        done, last = list(self._done), max((edit.sequence for edit in waiting), default=0)
        own = [edit for edit in (*done, *self._undone) if edit.case == case]
        groups = {edit.group for edit in (*own, *waiting) if edit.group}
        newest = max(
            (
                at
                for at, edit in enumerate(done)
                if edit.case == case or edit.group in groups or edit.sequence < last
            ),
            default=-1,
        )
        holes = [at for at, edit in enumerate(done[: newest + 1]) if edit.segments]
        no_redo = any(edit.segments for edit in self._undone)
        return bool(own or waiting) and self._forget(case, holes, no_redo=no_redo)

    def _forget(self, case: str, holes: Sequence[int], *, no_redo: bool) -> bool:
        done = list(self._done)[holes[-1] + 1 if holes else 0 :]
        done = [edit for edit in done if edit.case != case]
        undone = [edit for edit in self._undone if edit.case != case and not no_redo]
        if len(done) == len(self._done) and len(undone) == len(self._undone):
            return False
        self._done, self._undone = deque(done), undone
        self._nbytes = sum(edit.nbytes for edit in (*self._done, *self._undone))
        return True

    @property
    def is_cut_off(self) -> bool:
        """Whether the newest step is a group whose last Edit, that of the segments, is missing."""
        newest = self.next_undo
        return newest is not None and newest.group != "" and not newest.segments

    @property
    def is_half_undone(self) -> bool:
        """Whether a part of the newest group is undone, and another is not."""
        newest = self.next_undo
        return newest is not None and newest.goes_with(self.next_redo)

    @property
    def has_lost_half(self) -> bool:
        """Whether a part of a group is undone, and the other is lost: it can only be redone."""
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


def _numbers(edits: Iterable[Edit]) -> tuple[int, ...]:
    return tuple(edit.sequence for edit in edits if edit.sequence)


def _is_same(one: Edit | None, other: Edit) -> bool:
    return one is not None and one.sequence == other.sequence


def _above_gaps(stack: Sequence[Edit | None]) -> tuple[list[Edit], list[Edit]]:
    """What is above the last gap of a stack; the rest of a group that it may have cut apart."""
    kept = list[Edit]()
    for edit in stack:
        if edit is None:
            kept.clear()
        else:
            kept.append(edit)
    if len(kept) == len(stack):
        return kept, []
    cut = 0
    while cut < len(kept) and kept[cut].goes_with(kept[0]):
        cut += 1
    return kept[cut:], kept[:cut]
