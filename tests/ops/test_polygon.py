"""The lasso against winding numbers that are summed angle by angle."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segdesk.ops.polygon import polygon_mask
from tests.examples import examples

SHAPE = (13, 15)
corner = st.tuples(
    st.floats(-6, 20).map(lambda v: round(v, 1) + 0.013),
    st.floats(-6, 20).map(lambda v: round(v, 1) + 0.017),
)


def winding(points, row: float, column: float) -> int:
    """How often the polygon goes round a point, by the angle that each edge takes."""
    total = 0.0
    for (r0, c0), (r1, c1) in zip(points, [*points[1:], points[0]], strict=True):
        before = math.atan2(r0 - row, c0 - column)
        after = math.atan2(r1 - row, c1 - column)
        total += (after - before + math.pi) % (2 * math.pi) - math.pi
    return round(total / (2 * math.pi))


def distance_to_outline(points, row: float, column: float) -> float:
    p = np.array((row, column))
    nearest = math.inf
    for a, b in zip(points, [*points[1:], points[0]], strict=True):
        a, d = np.array(a), np.array(b) - np.array(a)
        along = np.clip((p - a) @ d / max(d @ d, 1e-30), 0, 1)
        nearest = min(nearest, float(np.linalg.norm(p - a - along * d)))
    return nearest


def plane_of(region, shape=SHAPE):
    plane = np.zeros(shape, np.bool_)
    if region is not None:
        plane[region.area.window] = region.mask
    return plane


@settings(max_examples=examples(80), deadline=None)
@given(points=st.lists(corner, min_size=3, max_size=9))
def test_the_lasso_takes_the_voxels_that_the_outline_goes_round(points):
    region = polygon_mask(points, SHAPE)
    plane = plane_of(region)
    for row, column in np.ndindex(*SHAPE):
        if distance_to_outline(points, row, column) > 1e-6:
            assert plane[row, column] == (winding(points, row, column) != 0)
    if region is not None:
        area, mask = region
        assert mask.shape == area.shape
        assert mask[0].any() and mask[-1].any() and mask[:, 0].any() and mask[:, -1].any()


@settings(max_examples=examples(60), deadline=None)
@given(points=st.lists(corner, min_size=3, max_size=9))
def test_the_direction_and_the_first_corner_do_not_matter(points):
    plane = plane_of(polygon_mask(points, SHAPE))
    np.testing.assert_array_equal(plane_of(polygon_mask(points[::-1], SHAPE)), plane)
    np.testing.assert_array_equal(plane_of(polygon_mask([*points[1:], points[0]], SHAPE)), plane)


def test_a_square_around_four_voxels_takes_these_four():
    region = polygon_mask([(1.5, 2.5), (1.5, 4.5), (3.5, 4.5), (3.5, 2.5)], SHAPE)
    assert region is not None
    assert region.area == (2, 4, 3, 5)
    assert region.mask.all()


def test_polygons_that_share_an_edge_through_voxel_centres_share_no_voxel():
    left = plane_of(polygon_mask([(2, 2), (2, 6), (9, 6), (9, 2)], SHAPE))
    right = plane_of(polygon_mask([(2, 6), (2, 12), (9, 12), (9, 6)], SHAPE))
    both = plane_of(polygon_mask([(2, 2), (2, 12), (9, 12), (9, 2)], SHAPE))
    assert not (left & right).any()
    np.testing.assert_array_equal(left | right, both)


def test_a_line_that_overshoots_its_start_punches_no_hole():
    square = [(2.2, 2.2), (2.2, 9.2), (9.2, 9.2), (9.2, 2.2)]
    once = plane_of(polygon_mask(square, SHAPE))
    np.testing.assert_array_equal(plane_of(polygon_mask(square + square, SHAPE)), once)


def test_both_lobes_of_a_figure_of_eight_are_filled():
    plane = plane_of(polygon_mask([(1.5, 1.5), (1.5, 6.5), (9.5, 1.5), (9.5, 6.5)], SHAPE))
    assert plane[2, 4] and plane[9, 4] and not plane[5, 1]


def test_an_outline_beyond_the_slice_is_clipped():
    plane = plane_of(polygon_mask([(-50, -50), (-50, 50), (50, 50), (50, -50)], SHAPE))
    assert plane.all()


@pytest.mark.parametrize(
    "points",
    [
        [],
        [(3, 3)],
        [(1, 1), (8, 8)],
        [(1, 1), (4, 4), (8, 8), (2, 2)],
        [(0.1, 0.3), (3.1, 6.3), (6.1, 12.3)],
        [(8.0, 0.0), (6.7, 5.2), (7.3, 2.8), (7.4, 2.4)],
        [(12.2, 7.0), (13.0, 9.0), (15.0, 14.0), (13.6, 10.5)],
        [(4.2, 4.2), (4.2, 4.4), (4.4, 4.3)],
        [(-9, 2), (-9, 8), (-3, 5)],
        [(2, 30), (9, 30), (5, 40)],
    ],
)
def test_an_outline_without_voxels_gives_nothing(points):
    assert polygon_mask(points, SHAPE) is None
