"""A curve reduced to what a screen shows: bounded, and no spike is lost."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.ui.charts.curve_points import MOST_BUCKETS, Series, round_out, round_up, value_range

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=900)


def series(values: list[float]) -> Series:
    made = Series()
    for at, value in enumerate(values, 1):
        made.append(float(at), value)
    return made


@given(VALUES)
def test_every_point_is_a_value_in_its_place_and_the_extremes_are_among_them(
    values: list[float],
) -> None:
    places, shown = series(values).points()
    assert [values[int(at) - 1] for at in places] == list(shown)
    assert (np.diff(places) > 0).all()
    assert (shown.min(), shown.max()) == (min(values), max(values))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=MOST_BUCKETS))
def test_few_values_are_all_there(values: list[float]) -> None:
    made = series(values)
    assert list(made.points()[1]) == values
    assert not made.is_reduced


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=900), st.integers(1, 40))
def test_who_asks_in_between_gets_what_is_there_and_changes_nothing(
    values: list[float], often: int
) -> None:
    asked = series([])
    for number, value in enumerate(values, start=1):
        asked.append(float(number), value)
        if number % often == 0:
            kept = asked.points()
            then = kept[0].copy(), kept[1].copy()
            fresh = series(values[:number]).points()
            assert np.array_equal(kept, fresh)
            asked.append(float(number) + 0.25, math.nan)
            assert np.array_equal(kept, then)
    assert np.array_equal(asked.points(), series(values).points())


def test_the_points_are_bounded_and_show_every_tenth_of_a_long_run() -> None:
    rng = np.random.default_rng(0)
    for count in (MOST_BUCKETS + 1, 1000, 10_000, 100_000):
        made = series(list(rng.normal(size=count)))
        places, _ = made.points()
        assert made.is_reduced
        assert MOST_BUCKETS / 2 <= len(places) <= 2 * MOST_BUCKETS
        assert np.diff(places).max() <= count / 20 + 2


def test_what_is_no_number_is_left_out_and_what_is_infinite_is_kept() -> None:
    made = series([0.5, math.nan, 0.25, math.inf])
    assert list(made.points()[1]) == [0.5, 0.25, math.inf]
    assert value_range(made.points()[1]) == (0.25, 0.5)


@pytest.mark.parametrize("at", [0, 4, 9])
@pytest.mark.parametrize("spike", [1e6, -40.0, math.inf])
def test_one_spike_does_not_flatten_the_rest(at: int, spike: float) -> None:
    values = [0.5 + 0.02 * math.sin(n) for n in range(10)]
    values[at] = spike
    low, high = value_range(np.array(values))
    assert 0.3 < low <= 0.485 and 0.515 <= high < 0.7


def test_a_curve_that_falls_as_a_loss_does_is_shown_whole() -> None:
    values = [2.0, 1.2, 0.9, 0.7, 0.6, 0.55, 0.5, 0.48, 0.47, 0.46]
    assert value_range(np.array(values)) == (0.46, 2.0)


@pytest.mark.parametrize("value", [0.001, 0.5, -3.0, 1e6, 0.0])
def test_a_constant_lies_in_the_middle_of_its_range(value: float) -> None:
    low, high = value_range(np.full(30, value))
    assert low < value < high
    assert (low + high) / 2 == pytest.approx(value)
    assert high - low <= 0.2 * max(abs(value), 1.0)


def test_nothing_yet_has_a_range_too() -> None:
    assert value_range(np.zeros(0)) == (0.0, 1.0)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_a_range_is_rounded_to_one_that_holds_it_and_is_hardly_wider(
    low: float, span: float
) -> None:
    high = low + span
    bottom, top = round_out(low, high)
    hair = 1e-6 * span
    assert bottom <= low + hair and high - hair <= top
    assert top - bottom <= 1.1 * span + hair


def test_the_range_of_a_loss_that_falls_slowly_seldom_changes() -> None:
    shown = {round_out(0.1, 0.9 - 0.0005 * epoch) for epoch in range(100)}
    assert len(shown) <= 12


def test_a_range_without_an_end_stays_as_it_is() -> None:
    assert round_out(-1.7e308, 1.7e308) == (-1.7e308, 1.7e308)


@given(st.integers(1, 100_000))
def test_the_last_epoch_is_never_beyond_the_axis_nor_far_from_its_end(last: int) -> None:
    assert last <= round_up(last) <= 1.05 * last
