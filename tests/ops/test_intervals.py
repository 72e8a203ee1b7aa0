"""The interval of a mean: by hand, from the same draws, and what it may not depend on."""

from __future__ import annotations

import numpy as np
import pytest

from segdesk.ops.intervals import interval


def test_it_is_that_of_means_of_values_that_are_drawn_again() -> None:
    values = [0.91, 0.95, 0.97, 0.99, 0.62, 0.93]
    draws = np.random.default_rng(5).choice(values, size=(40_000, len(values)))
    low, high = np.percentile(draws.mean(axis=1), (2.5, 97.5))
    found = interval(values)
    assert found is not None
    assert found == pytest.approx((low, high), abs=0.003)
    assert interval(values) == found


def test_undefined_figures_count_nowhere_and_one_case_has_no_spread() -> None:
    assert interval([0.8, None, 0.9]) == interval([0.8, 0.9])
    assert interval([0.8, None]) is None
    assert interval([]) is None


def test_values_that_are_all_the_same_have_an_interval_of_no_width() -> None:
    assert interval([0.75] * 4) == (0.75, 0.75)


def test_thousands_of_slices_take_no_gigabytes() -> None:
    random = np.random.default_rng(1)
    values = random.uniform(0.9, 1.0, 4000)
    found = interval(values.tolist())
    assert found is not None
    error = values.std() / np.sqrt(len(values))
    assert found == pytest.approx(
        (values.mean() - 1.96 * error, values.mean() + 1.96 * error), abs=2e-4
    )
