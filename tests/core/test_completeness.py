"""A slice is complete for the segments that existed when it was said to be right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.core.annotation import Annotation
from segdesk.core.completeness import Cause, not_complete, status_move
from segdesk.core.edit import Edit, StatusMove
from segdesk.core.grid import Grid
from segdesk.core.status import SliceStatus, after_stroke
from tests.core.strategies import SETS, STATUSES

S = SliceStatus
causes = st.sampled_from(("said right", "drawn", "other"))


def slice_of(status: SliceStatus, *complete: int) -> Annotation:
    return Annotation(Grid((1, 1, 1)), statuses=(status,), complete=(frozenset(complete),))


def moved(
    mask: Annotation, after: SliceStatus, cause: Cause, *segments: int
) -> tuple[SliceStatus, set[int]]:
    """Status and completeness once the move was made."""
    move = status_move(mask, 0, after, cause=cause, segments=segments)
    if move is not None:
        mask.apply(Edit("Move", "a", statuses=(move,)))
    return mask.status(0), set(mask.complete_for(0))


@pytest.mark.parametrize("before", SliceStatus)
@pytest.mark.parametrize("after", [S.CORRECTED, S.VERIFIED])
def test_what_is_said_to_be_right_is_complete_for_the_segments_of_now(
    before: SliceStatus, after: SliceStatus
) -> None:
    assert moved(slice_of(before, 1), after, "said right", 1, 2) == (after, {1, 2})


def test_saying_it_again_completes_a_slice_of_before_a_segment_came() -> None:
    mask = slice_of(S.CORRECTED, 1)
    assert moved(mask, S.CORRECTED, "said right", 1, 3) == (S.CORRECTED, {1, 3})
    assert status_move(mask, 0, S.CORRECTED, cause="said right", segments=(1, 3)) is None


@pytest.mark.parametrize("before", [S.UNLABELLED, S.PREDICTED])
def test_the_background_of_a_first_stroke_counts_for_the_segments_of_then(
    before: SliceStatus,
) -> None:
    mask = slice_of(before)
    assert moved(mask, after_stroke(before), "drawn", 1, 2) == (S.PARTIAL, {1, 2})
    assert moved(mask, after_stroke(S.PARTIAL), "drawn", 1, 2, 3) == (S.PARTIAL, {1, 2})


@pytest.mark.parametrize("before", [S.UNLABELLED, S.PREDICTED])
def test_a_slice_that_nobody_sees_is_complete_for_none_until_a_hand_draws_there(
    before: SliceStatus,
) -> None:
    mask = slice_of(before)
    unseen = after_stroke(before, on_screen=False)
    assert moved(mask, unseen, "drawn", 1) == (S.PREDICTED, set())
    assert moved(mask, after_stroke(S.PREDICTED), "drawn", 1, 2) == (S.PARTIAL, {1, 2})
    assert status_move(slice_of(before), 0, before, cause="drawn", segments=(1,)) is None


@pytest.mark.parametrize("on_screen", [True, False])
@pytest.mark.parametrize("before", [S.CORRECTED, S.VERIFIED])
def test_a_stroke_on_a_slice_that_was_right_keeps_what_it_is_complete_for(
    before: SliceStatus, on_screen: bool
) -> None:
    after = after_stroke(before, on_screen=on_screen)
    assert moved(slice_of(before, 1), after, "drawn", 1, 2) == (after, {1})
    # All of its segments were removed since: it is right for none of today's.
    assert moved(slice_of(before), after, "drawn", 2) == (after, set())


def test_a_rejected_slice_keeps_what_it_had_and_comes_back_with_it() -> None:
    mask = slice_of(S.CORRECTED, 1)
    assert moved(mask, S.REJECTED, "other", 1, 2) == (S.REJECTED, {1})
    assert moved(mask, S.PARTIAL, "other", 1, 2) == (S.PARTIAL, {1})


def test_a_stroke_on_a_rejected_slice_that_nobody_touched_counts_for_the_segments_of_then() -> None:
    assert moved(slice_of(S.REJECTED), S.REJECTED, "drawn", 4) == (S.REJECTED, {4})


@pytest.mark.parametrize("after", [S.UNLABELLED, S.PREDICTED])
def test_a_slice_of_which_nothing_is_said_any_more_loses_it(after: SliceStatus) -> None:
    assert moved(slice_of(S.REJECTED, 1, 2), after, "other", 1, 2) == (after, set())


def test_verified_is_taken_back_to_corrected_for_what_it_was_right_for() -> None:
    assert moved(slice_of(S.VERIFIED, 1), S.CORRECTED, "other", 1, 2) == (S.CORRECTED, {1})


@given(STATUSES, SETS, st.lists(st.tuples(STATUSES, causes, SETS), max_size=6))
def test_a_row_of_moves_is_taken_back_by_their_inverses(
    status: SliceStatus, complete: frozenset[int], rows: list[tuple[SliceStatus, Cause, frozenset]]
) -> None:
    mask = slice_of(status, *complete)
    seen, moves = [(mask.statuses, mask.complete)], list[StatusMove]()
    for after, cause, segments in rows:
        move = status_move(mask, 0, after, cause=cause, segments=segments)
        if move is not None:
            mask.apply(Edit("Move", "a", statuses=(move,)))
            moves.append(move)
            seen.append((mask.statuses, mask.complete))
    while moves:
        assert (mask.statuses, mask.complete) == seen.pop()
        mask.apply(Edit("Move", "a", statuses=(moves.pop(),)).inverse())
    assert [(mask.statuses, mask.complete)] == seen


@pytest.mark.parametrize(
    ("status", "missing"),
    [(S.CORRECTED, (2, 9)), (S.VERIFIED, (2, 9)), (S.PARTIAL, ()), (S.UNLABELLED, ())],
)
def test_only_a_slice_that_is_said_to_be_right_can_lack_a_segment(
    status: SliceStatus, missing: tuple[int, ...]
) -> None:
    assert not_complete(status, frozenset({1, 4}), (9, 1, 2)) == missing
