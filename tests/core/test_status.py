"""The table of statuses, as the interaction's page has it."""

from __future__ import annotations

import pytest

from segdesk.core.status import SliceStatus, after_stroke, needs_a_look

UNLABELLED, PREDICTED, PARTIAL, CORRECTED, VERIFIED, REJECTED = SliceStatus


@pytest.mark.parametrize(
    ("before", "on_screen", "off_screen"),
    [
        (UNLABELLED, PARTIAL, PREDICTED),
        (PREDICTED, PARTIAL, PREDICTED),
        (PARTIAL, PARTIAL, PARTIAL),
        (CORRECTED, CORRECTED, PARTIAL),
        (VERIFIED, CORRECTED, PARTIAL),
        (REJECTED, REJECTED, REJECTED),
    ],
)
def test_a_stroke_moves_a_slice(
    before: SliceStatus, on_screen: SliceStatus, off_screen: SliceStatus
) -> None:
    assert after_stroke(before) is on_screen
    assert after_stroke(before, on_screen=False) is off_screen


def test_only_what_a_person_called_right_teaches_as_a_whole() -> None:
    assert {status for status in SliceStatus if status.teaches_whole} == {CORRECTED, VERIFIED}
    assert {status for status in SliceStatus if status.teaches} == {PARTIAL, CORRECTED, VERIFIED}


def test_n_stops_at_what_is_not_done() -> None:
    with_one = {s for s in SliceStatus if needs_a_look(s, has_prediction=True)}
    without = {s for s in SliceStatus if needs_a_look(s, has_prediction=False)}
    assert with_one == {UNLABELLED, PREDICTED, PARTIAL}
    assert without == {PREDICTED, PARTIAL}
    later = {s for s in SliceStatus if needs_a_look(s, has_prediction=False, is_complete=False)}
    assert later == {PREDICTED, PARTIAL, CORRECTED, VERIFIED}


def test_stored_numbers_and_words_stay() -> None:
    words = ["unlabelled", "predicted", "partial", "corrected", "verified", "rejected"]
    assert [(int(s), s.word) for s in SliceStatus] == list(enumerate(words))
