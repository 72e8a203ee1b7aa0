"""Slices that stand beside a slice: the distance is the network's, the slices are the scan's."""

from __future__ import annotations

import pytest

from segdesk.core.neighbours import beside, steps, with_those_beside


@pytest.mark.parametrize(
    ("neighbours_mm", "slice_mm", "away"),
    [
        (0.0, 2.5, 0),
        (5.0, None, 0),
        (5.0, 2.5, 2),
        (5.0, 1.0, 5),
        (5.0, 0.7, 7),
        (5.0, 8.0, 1),
        (2.0, 60.0, 1),
    ],
)
def test_they_come_nearest_to_the_distance_and_are_never_the_slice_itself(
    neighbours_mm: float, slice_mm: float | None, away: int
) -> None:
    assert steps(neighbours_mm, slice_mm) == away


def test_at_the_ends_the_last_slice_stands_in() -> None:
    assert [beside(index, 4, 2) for index in range(4)] == [(0, 2), (0, 3), (0, 3), (1, 3)]
    assert beside(0, 1, 3) == (0, 0)


def test_what_is_read_is_named_once_and_in_order() -> None:
    assert with_those_beside([7, 3], 9, 2) == [1, 3, 5, 7, 8]
    assert with_those_beside([7, 3, 3], 9, 0) == [3, 7]
    assert with_those_beside([], 9, 2) == []
