"""A Grid says where voxels lie, against the textbook's formula."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from segdesk.core.grid import IDENTITY, Grid
from tests.core.strategies import PLACES, grids

INDICES = st.tuples(*[st.floats(-20, 20)] * 3)
OPPOSITE = dict(zip("LRPASI", "RLAPIS", strict=True))


def place(grid: Grid, index: tuple[float, float, float]) -> list[float]:
    """Origin plus index times step along each axis, written out."""
    point = list(grid.origin_mm)
    for axis, (number, step) in enumerate(zip(index, grid.spacing_mm, strict=True)):
        for component in range(3):
            # The direction's columns are those of column, row, slice: the reverse of the index.
            point[component] += number * step * grid.direction[3 * component + 2 - axis]
    return point


@given(grids(), INDICES)
def test_a_physical_point_is_the_origin_and_steps_along_the_axes(
    grid: Grid, index: tuple[float, float, float]
) -> None:
    assert grid.to_physical(index) == pytest.approx(place(grid, index), abs=1e-6)


@given(grids(), INDICES)
def test_an_index_comes_back_from_its_physical_point(
    grid: Grid, index: tuple[float, float, float]
) -> None:
    assert grid.to_index(grid.to_physical(index)) == pytest.approx(index, abs=1e-6)


@given(grids(), st.tuples(PLACES, PLACES, PLACES))
def test_a_physical_point_comes_back_from_its_index(
    grid: Grid, point: tuple[float, float, float]
) -> None:
    assert grid.to_physical(grid.to_index(point)) == pytest.approx(point, abs=1e-6)


@given(grids())
def test_a_voxel_holds_the_product_of_its_steps(grid: Grid) -> None:
    assert grid.voxel_ml == pytest.approx(math.prod(grid.spacing_mm) / 1000)


@given(grids(), st.data())
def test_two_grids_agree_where_every_voxel_lies_at_one_place_seen_from_both(
    grid: Grid, data: st.DataObject
) -> None:
    tiny = st.floats(-0.05, 0.05).map(lambda share: share * min(grid.spacing_mm))
    origin = tuple(number + data.draw(tiny) for number in grid.origin_mm)
    spacing = tuple(number + data.draw(tiny) / 9 for number in grid.spacing_mm)
    other = Grid(grid.shape, spacing, origin, grid.direction)
    apart = max(
        math.dist(place(grid, (k, j, i)), place(other, (k, j, i)))
        for k, j, i in product(*map(range, grid.shape))
    )
    allowed = 0.05 * min(*grid.spacing_mm, *spacing)
    float32 = 1e-6 * max(map(abs, (*grid.corners_mm.ravel(), *other.corners_mm.ravel())))
    assume(not allowed - 1e-9 <= apart <= allowed + float32 + 1e-9)
    assert grid.agrees_with(other) is (apart <= allowed)
    assert other.agrees_with(grid) is (apart <= allowed)


@pytest.mark.parametrize("share", [0.5, 0.1, 0.07])
def test_a_shift_that_somebody_meant_is_no_rounding(share: float) -> None:
    for step in (0.02, 0.7, 7.5):
        grid = Grid((8, 512, 512), (2.5 * step, step, step), (-180.0, -180.0, -900.0))
        shifted = replace(grid, origin_mm=(-180.0 + share * step, -180.0, -900.0))
        assert not grid.agrees_with(shifted)


def test_steps_and_places_that_a_header_rounds_are_the_same_grid() -> None:
    step = 0.703125
    grid = Grid((300, 512, 512), (0.625, step, step), (-180.03, -180.123456, -1434.511))
    for digits in (np.float32, lambda number: round(number, 4)):
        origin = tuple(float(digits(number)) for number in grid.origin_mm)
        steps = tuple(float(digits(number)) for number in grid.spacing_mm)
        assert grid.agrees_with(replace(grid, spacing_mm=steps, origin_mm=origin))


@given(grids())
def test_grids_of_another_shape_or_without_geometry_do_not_agree(grid: Grid) -> None:
    slices, rows, columns = grid.shape
    for other in (
        replace(grid, shape=(slices + 1, rows, columns)),
        replace(grid, shape=(slices, rows, columns + 1)),
        replace(grid, stacked=False),
    ):
        assert not grid.agrees_with(other)
        assert not other.agrees_with(grid)


def test_slices_without_geometry_agree_whatever_their_numbers_say() -> None:
    one, other = Grid((2, 3, 4), stacked=False), Grid((2, 3, 4), (9, 9, 9), stacked=False)
    assert one.agrees_with(other)


def test_grids_compare_by_value() -> None:
    assert Grid((1, 2, 3)) == Grid((1, 2, 3))
    assert Grid((1, 2, 3)) != Grid((1, 2, 3), (1.0, 1.0, 1.001))


def test_an_axial_scan_has_the_patients_left_on_the_right_of_the_picture() -> None:
    assert Grid((2, 2, 2)).axis_letters() == (("I", "S"), ("A", "P"), ("R", "L"))


@given(grids())
def test_a_letter_names_the_axis_that_the_index_follows_most(grid: Grid) -> None:
    for axis, (low, high) in enumerate(grid.axis_letters()):
        index = [0.0, 0.0, 0.0]
        index[axis] = 1 / grid.spacing_mm[axis]
        step = np.subtract(place(grid, (index[0], index[1], index[2])), grid.origin_mm)
        share = {"L": step[0], "R": -step[0], "P": step[1], "A": -step[1]}
        share |= {"S": step[2], "I": -step[2]}
        assert share[high] == pytest.approx(max(share.values()))
        assert low == OPPOSITE[high]


def test_slices_without_geometry_have_no_letters() -> None:
    assert Grid((2, 2, 2), stacked=False).axis_letters() == (("", ""), ("", ""), ("", ""))


@given(grids())
def test_a_left_handed_direction_is_as_good_as_a_right_handed_one(grid: Grid) -> None:
    mirrored = replace(grid, direction=tuple(-number for number in grid.direction))
    assert np.linalg.det(mirrored.matrix) == pytest.approx(-np.linalg.det(grid.matrix))


@pytest.mark.parametrize(
    "wrong",
    [
        {"shape": (0, 2, 2)},
        {"shape": (2, 2)},
        {"spacing_mm": (1.0, 0.0, 1.0)},
        {"spacing_mm": (1.0, -1.0, 1.0)},
        {"spacing_mm": (1.0, math.nan, 1.0)},
        {"origin_mm": (0.0, math.inf, 0.0)},
        {"direction": (2.0, *IDENTITY[1:])},
        {"direction": (1.0, 0.01, *IDENTITY[2:])},
        {"direction": IDENTITY[:8]},
    ],
)
def test_numbers_that_are_no_geometry_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Grid(**{"shape": (2, 2, 2), **wrong})


def test_a_direction_within_rounding_of_orthonormal_is_taken() -> None:
    Grid((2, 2, 2), direction=(1.0, 4e-7, *IDENTITY[2:]))
