"""Which slices make a batch."""

from __future__ import annotations

from collections import Counter
from itertools import chain, islice

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segdesk.learning.order import batches, slices_of_a_pass

Shown = list[frozenset[int]]
shown = st.lists(st.frozensets(st.integers(1, 4), max_size=3), min_size=1, max_size=20)


@given(shown, st.integers(1, 9), st.integers(0, 99))
def test_the_same_seed_gives_the_same_full_batches(segments: Shown, batch: int, seed: int) -> None:
    first, second = (list(islice(batches(segments, batch, seed), 6)) for _ in range(2))
    assert first == second
    assert all(len(one) == batch for one in first)
    assert set(chain(*first)) <= set(range(len(segments)))


@given(shown, st.integers(2, 9), st.integers(0, 99))
def test_at_least_half_of_each_batch_shows_foreground(
    segments: Shown, batch: int, seed: int
) -> None:
    if not any(segments):
        return
    for chosen in islice(batches(segments, batch, seed), 6):
        assert sum(bool(segments[index]) for index in chosen) >= batch // 2


@given(st.integers(1, 20), st.integers(1, 9), st.integers(0, 99))
def test_every_slice_comes_once_before_any_comes_again(count: int, batch: int, seed: int) -> None:
    drawn = chain.from_iterable(batches([frozenset({1})] * count, batch, seed))
    for _ in range(3):
        assert sorted(islice(drawn, count)) == list(range(count))


def test_a_rare_segment_is_drawn_as_often_as_a_common_one_and_first() -> None:
    segments = [frozenset({1})] * 40 + [frozenset({2})] + [frozenset()] * 9
    drawn = list(islice(batches(segments, 4, 0), 50))
    assert all(chosen[0] == 40 for chosen in drawn)
    favoured = Counter(index for chosen in drawn for index in chosen[:2])
    assert favoured[40] == 50


def test_a_rare_segment_is_favoured_where_every_slice_shows_another_one_too() -> None:
    segments = [frozenset({1})] * 47 + [frozenset({1, 2})] * 3
    drawn = list(islice(batches(segments, 4, 0), 50))
    assert all(chosen[0] >= 47 for chosen in drawn)
    # A quarter of all slices show it: it comes often enough.
    segments = [frozenset({1})] * 9 + [frozenset({1, 2})] * 3
    drawn = chain.from_iterable(batches(segments, 4, 0))
    assert sorted(islice(drawn, 12)) == list(range(12))


@given(st.integers(1, 6), st.integers(1, 40), st.integers(0, 99))
def test_of_slices_without_foreground_a_pass_has_as_many_as_with_and_others_the_next_time(
    with_it: int, without: int, seed: int
) -> None:
    segments = [frozenset({1})] * with_it + [frozenset()] * without
    length = slices_of_a_pass(segments)
    assert length == with_it + min(with_it, without)
    # Of a batch of one nothing is drawn for its segments.
    drawn = (index for (index,) in batches(segments, 1, seed))
    passes = [list(islice(drawn, length)) for _ in range(-(-without // with_it))]
    for one in passes:
        assert len(set(one)) == length
        assert set(range(with_it)) <= set(one)
    assert set(chain(*passes)) == set(range(len(segments)))


@given(st.integers(1, 40), st.integers(0, 99))
def test_where_no_slice_shows_anything_all_of_them_come(count: int, seed: int) -> None:
    segments = [frozenset[int]()] * count
    assert slices_of_a_pass(segments) == count
    drawn = chain.from_iterable(batches(segments, 1, seed))
    assert sorted(islice(drawn, count)) == list(range(count))


def test_the_order_where_few_slices_show_nothing_is_that_of_all_slices() -> None:
    segments = [frozenset({1})] * 5 + [frozenset[int]()] * 5
    drawn = list(islice(chain.from_iterable(batches(segments, 1, 3)), 20))
    expected = np.random.default_rng([3, 1])
    assert drawn == [*expected.permutation(10), *expected.permutation(10)]


def test_another_seed_gives_another_order() -> None:
    segments = [frozenset({1})] * 30
    assert next(batches(segments, 16, 1)) != next(batches(segments, 16, 2))
