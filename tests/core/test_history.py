"""Undo and redo keep to their budget and forget the oldest first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.core.edit import Edit, SegmentChange, StatusMove
from segdesk.core.history import DoneAgain, History, Stacks, TakenBack
from segdesk.core.segment import Segment
from segdesk.core.status import SliceStatus

MOVE = StatusMove(0, SliceStatus.PARTIAL, SliceStatus.CORRECTED, frozenset(), frozenset())
ACTS = st.lists(st.sampled_from(["undo", "redo"]) | st.integers(0, 30), max_size=60)


def edit(name: str, size: int = 0) -> Edit:
    """An Edit of about 256 + 96 * size bytes."""
    return Edit(name, "a", statuses=(MOVE,) * size)


@given(ACTS, st.integers(300, 9000), st.integers(1, 6))
def test_a_history_does_what_two_plain_lists_do(
    acts: list[str | int], budget: int, kept: int
) -> None:
    history, done, undone = History(budget, kept), list[Edit](), list[Edit]()
    for number, act in enumerate(acts):
        if isinstance(act, int):
            made = edit(str(number), act)
            history.record(made)
            undone.clear()
            done.append(made)
            while sum(e.nbytes for e in done) > budget and len(done) > kept:
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
        assert history.nbytes <= budget or len(done) + len(undone) <= kept


def test_five_steps_stay_however_large_they_are_and_a_group_counts_once() -> None:
    history = History(300)
    for name in ("0", "1", "2", "3", "4"):
        history.record(edit(name, 50))
    for name in ("5", "6", "7"):
        history.record(part(name, "removal"))
    assert [e.name for e in history.done] == ["1", "2", "3", "4", "5", "6", "7"]
    history.record(edit("8", 50))
    assert [e.name for e in history.done] == ["2", "3", "4", "5", "6", "7", "8"]
    for name in ("9", "10", "11", "12"):
        history.record(edit(name))
    assert [e.name for e in history.done] == ["8", "9", "10", "11", "12"]


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
    with pytest.raises(ValueError, match="kept_steps=0"):
        History(1, 0)


def part(name: str, group: str, sequence: int = 0) -> Edit:
    return Edit(name, "a", group=group, sequence=sequence)


def test_the_newest_steps_are_groups_and_single_edits_the_newest_first() -> None:
    history = History()
    rows = [("a", ""), ("b", "x"), ("c", "x"), ("d", "y"), ("e", ""), ("f", "z"), ("g", "z")]
    for name, group in rows:
        history.record(part(name, group))
    steps = [[edit.name for edit in step] for step in history.newest_steps(9)]
    assert steps == [["f", "g"], ["e"], ["d"], ["b", "c"], ["a"]]
    assert [[edit.name for edit in step] for step in history.newest_steps(2)] == steps[:2]
    assert history.newest_steps(0) == ()


@given(st.lists(st.sampled_from(["one", "lost", "x", "y"]), max_size=8), st.booleans())
def test_nothing_past_a_gap_comes_back_and_no_half_of_a_group(
    kinds: list[str], is_undone: bool
) -> None:
    stack = [
        None if kind == "lost" else part(str(at), "" if kind == "one" else kind, at + 1)
        for at, kind in enumerate(kinds)
    ]
    # As a plain reader would say it: walk from the top, stop at a gap, drop a group it touches.
    expected: list[Edit] = []
    for edit in reversed(stack):
        if edit is None:
            cut = expected[-1].group if expected else ""
            while expected and cut and expected[-1].group == cut:
                expected.pop()
            break
        expected.append(edit)
    history = History()
    if is_undone:
        history.restore((), stack)
        assert history.stacks.undone == tuple(edit.sequence for edit in reversed(expected))
    else:
        history.restore(stack, ())
        assert history.stacks.done == tuple(edit.sequence for edit in reversed(expected))
    assert history.nbytes == sum(edit.nbytes for edit in expected)


def test_following_the_same_entries_gives_the_same_stacks() -> None:
    first, again = History(), History()
    edits = [replace(edit(str(at)), sequence=at) for at in range(1, 5)]
    entries = [edits[0], edits[1], TakenBack(edits[1]), edits[2], TakenBack(edits[2])]
    entries += [TakenBack(edits[0]), DoneAgain(edits[0])]
    for entry in entries:
        first.follow(entry)
    assert first.stacks == Stacks((1,), (3,))
    again.restore([edits[0]], [edits[2]])
    assert again.stacks == first.stacks and again.nbytes == first.nbytes


def test_an_edit_that_the_stacks_had_lost_comes_back_to_them() -> None:
    history, lost = History(), replace(edit("lost"), sequence=7)
    history.follow(TakenBack(lost))
    assert history.stacks == Stacks((), (7,))
    history.forget_undone()
    history.follow(DoneAgain(lost))
    assert history.stacks == Stacks((7,), ())
    assert history.nbytes == lost.nbytes


def test_what_the_stacks_do_not_name_any_more_is_let_go() -> None:
    history = History()
    for at in range(1, 5):
        history.record(replace(edit(str(at)), sequence=at))
    history.undone()
    history.keep_only(Stacks((1, 3), ()))
    assert history.stacks == Stacks((1, 3), ())
    assert history.nbytes == sum(edit.nbytes for edit in history.done)


def test_a_replaced_mask_takes_its_own_steps_and_no_change_of_segments_that_it_may_need() -> None:
    history = History()
    table = (SegmentChange(None, Segment(1, "Lung", "#56b4e9")),)
    before, added = Edit("before", "b"), Edit("Add segment", "", segments=table)
    for edit in (before, added, Edit("one", "a"), Edit("two", "b"), Edit("three", "a")):
        history.record(edit)
    assert history.forget_steps("a") and not history.forget_steps("a")
    assert [edit.name for edit in history.done] == ["two"]
    history.record(added)
    history.record(Edit("four", "b"))
    assert not history.forget_steps("a")
    assert [edit.name for edit in history.done] == ["two", "Add segment", "four"]
