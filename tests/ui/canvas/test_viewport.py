"""From voxels to pixels and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.core.box import Area
from segdesk.ui.canvas.viewport import LARGEST_VOXEL, Viewport

sizes = st.tuples(st.integers(40, 2000), st.integers(40, 2000))
shapes = st.tuples(st.integers(1, 2000), st.integers(1, 2000))
spacings = st.tuples(st.floats(0.1, 10), st.floats(0.1, 10))


@given(shapes, spacings, sizes)
def test_a_fitted_slice_is_seen_whole_and_in_the_middle(
    shape: tuple[int, int], pixel_mm: tuple[float, float], size: tuple[int, int]
) -> None:
    x, y, width, height = Viewport.fitted(shape, pixel_mm, size).rectangle
    assert x >= -1
    assert y >= -1
    assert x + width <= size[0] + 1
    assert y + height <= size[1] + 1
    assert abs(2 * x + width - size[0]) <= 2.5
    assert abs(2 * y + height - size[1]) <= 2.5


@given(
    shapes,
    spacings,
    sizes,
    st.floats(-500, 3000),
    st.floats(-500, 3000),
    st.floats(0.2, 20),
    st.tuples(st.booleans(), st.booleans()),
)
def test_pixels_and_voxels_are_each_others_inverse(
    shape: tuple[int, int],
    pixel_mm: tuple[float, float],
    size: tuple[int, int],
    x: float,
    y: float,
    factor: float,
    mirrored: tuple[bool, bool],
) -> None:
    viewport = Viewport.fitted(shape, pixel_mm, size, mirrored).zoomed(factor, 33, 44)
    assert viewport.to_pixel(*viewport.to_voxel(x, y)) == pytest.approx((x, y), abs=1e-6)


@given(shapes, sizes, st.floats(-9000, 9000), st.floats(-9000, 9000), st.floats(0.01, 100))
def test_a_part_of_the_slice_always_stays_in_view(
    shape: tuple[int, int], size: tuple[int, int], right: float, down: float, factor: float
) -> None:
    viewport = Viewport.fitted(shape, (1.0, 1.0), size).zoomed(factor, 20, 20)
    x, y, width, height = viewport.panned(right, down).rectangle
    assert x < size[0]
    assert y < size[1]
    assert x + width > 0
    assert y + height > 0
    assert max(viewport.voxel) <= LARGEST_VOXEL * 1.001


def test_voxel_centres_lie_at_whole_numbers() -> None:
    viewport = Viewport((4, 4), (1.0, 1.0), (100, 100), 10.0, 5, 7)
    assert viewport.to_voxel(5, 7) == pytest.approx((-0.5, -0.5))
    assert viewport.to_pixel(0, 0) == pytest.approx((10, 12), abs=0.01)


def test_mirrored_rows_and_columns_begin_at_the_other_end() -> None:
    viewport = Viewport((4, 6), (1.0, 1.0), (100, 100), 10.0, 5, 7, (True, True))
    assert viewport.to_pixel(0, 0) == pytest.approx((60, 42), abs=0.01)
    assert viewport.to_pixel(3, 5) == pytest.approx((10, 12), abs=0.01)
    assert viewport.covered(Area(0, 1, 0, 2)) == pytest.approx((45, 37, 65, 47), abs=0.02)
    only_rows = Viewport((4, 6), (1.0, 1.0), (100, 100), 10.0, 5, 7, (True, False))
    assert only_rows.to_pixel(0, 0) == pytest.approx((10, 42), abs=0.01)


def test_a_point_comes_to_the_middle() -> None:
    viewport = Viewport.fitted((100, 80), (1.0, 2.0), (400, 300)).zoomed(3, 0, 0).centred(70, 11)
    assert viewport.to_voxel(200, 150) == pytest.approx((70, 11), abs=0.2)
