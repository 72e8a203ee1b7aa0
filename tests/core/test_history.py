"""Undo and redo keep to their budget and forget the oldest first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.core.edit import Edit, StatusMove
from segdesk.core.history import History
from segdesk.core.status import SliceStatus

MOVE = StatusMove(0, SliceStatus.PARTIAL, SliceStatus.CORRECTED, frozenset(), frozenset())
ACTS = st.lists(st.sampled_from(["undo", "redo"]) | st.integers(0, 30), max_size=60)


def edit(name: str, size: int = 0) -> Edit:
    """An Edit of about 256 + 96 * size bytes."""
    return Edit(name, "a", statuses=(MOVE,) * size)


@given(ACTS, st.integers(300, 9000))
def test_a_history_does_what_two_plain_lists_do(acts: list[str | int], budget: int) -> None:
    history, done, undone = History(budget), list[Edit](), list[Edit]()
    for number, act in enumerate(acts):
        if isinstance(act, int):
            made = edit(str(number), act)
            history.record(made)
            undone.clear()
            done.append(made)
            while sum(e.nbytes for e in done) > budget and len(done) > 1:
                del done[0]
        elif act == "undo" and done:
            undone.append(done.pop())
            assert history.undone() == undone[-1]
        elif act == "redo" and undone:
            done.append(undone.pop())
            assert history.redone() == done[-1]
        assert history.done == tuple(done)
        assert history.next_undo == (done[-1] if done else None)
        assert history.next_redo == (undone[-1] if undone else None)
        assert history.nbytes == sum(e.nbytes for e in (*done, *undone))
        assert history.nbytes <= budget or len(done) + len(undone) == 1


def test_the_newest_edit_stays_even_where_it_alone_is_too_large() -> None:
    history = History(300)
    history.record(edit("small"))
    history.record(edit("large", 50))
    assert [e.name for e in history.done] == ["large"]


def test_there_is_nothing_to_undo_or_redo_at_first() -> None:
    history = History()
    with pytest.raises(ValueError, match="undo"):
        history.undone()
    with pytest.raises(ValueError, match="redo"):
        history.redone()


def test_a_cleared_history_is_empty() -> None:
    history = History()
    history.record(edit("one"))
    history.record(edit("two"))
    history.undone()
    history.clear()
    assert (history.done, history.next_redo, history.nbytes) == ((), None, 0)


def test_a_budget_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="budget=0"):
        History(0)
