"""Which slices make a batch."""

from __future__ import annotations

from collections import Counter
from itertools import chain, islice

from hypothesis import given
from hypothesis import strategies as st

from segdesk.learning.order import batches

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


def test_another_seed_gives_another_order() -> None:
    segments = [frozenset({1})] * 30
    assert next(batches(segments, 16, 1)) != next(batches(segments, 16, 2))
