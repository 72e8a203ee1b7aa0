"""The grey of every stored number, against the formula written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.core.window import PRESETS, Window, full_range, grey_table

WINDOWS = st.builds(Window, st.floats(-3000, 3000), st.floats(0.5, 8000))
STORED = st.integers(-32768, 32767)


def grey(window: Window, value: float) -> float:
    """0 at the window's lower bound, 255 at its upper one, before rounding."""
    low, high = window.level - window.width / 2, window.level + window.width / 2
    return min(max((value - low) / (high - low) * 255, 0), 255)


@given(WINDOWS, STORED, st.sampled_from([1.0, 0.25, -2.0]), st.floats(-1000, 1000))
def test_the_table_holds_the_nearest_grey_of_each_stored_number(
    window: Window, stored: int, slope: float, intercept: float
) -> None:
    table = grey_table(window, slope=slope, intercept=intercept)
    pixel = int(table[np.int16(stored).view(np.uint16)])
    alpha, *rgb = pixel.to_bytes(4, "big")
    assert alpha == 255
    assert rgb[0] == rgb[1] == rgb[2]
    assert abs(rgb[0] - grey(window, stored * slope + intercept)) <= 0.5 + 1e-6


@given(WINDOWS)
def test_brighter_values_are_never_drawn_darker(window: Window) -> None:
    table = grey_table(window)
    assert table.shape == (65536,)
    assert table.dtype == np.uint32
    assert np.all(np.diff(table[np.arange(-32768, 32768).astype(np.int16).view(np.uint16)]) >= 0)


@pytest.mark.parametrize("name", PRESETS)
def test_a_presets_bounds_are_black_and_white(name: str) -> None:
    low, high = PRESETS[name].bounds
    table = grey_table(PRESETS[name])
    assert table[np.int16(low).view(np.uint16)] == 0xFF000000
    assert table[np.int16(high).view(np.uint16)] == 0xFFFFFFFF


@given(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
def test_the_full_range_shows_both_ends_even_of_a_flat_scan(one: float, two: float) -> None:
    low, high = sorted((one, two))
    bounds = full_range(low, high).bounds
    assert bounds == pytest.approx((low, high), abs=1e-5)


@pytest.mark.parametrize("width", [0.0, -1.0, math.nan])
def test_a_window_without_width_is_refused(width: float) -> None:
    with pytest.raises(ValueError, match="width"):
        Window(0, width)
