"""The brush against the slow and obvious definition: every voxel's distance to the segment."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from segdesk.ops.paint import Region, capsule_mask, disk_mask, outline_edges
from tests.examples import examples

SHAPE = (24, 31)
coordinate = st.floats(-15, 45).map(lambda value: round(value, 2))
points = st.tuples(coordinate, coordinate)
radii = st.floats(0.05, 14).map(lambda value: round(value, 2) + 0.01)
pixels = st.tuples(st.sampled_from([0.5, 0.7, 1.0, 2.5]), st.sampled_from([0.5, 0.7, 1.0, 2.5]))


def on_slice(region: Region | None, shape: tuple[int, int] = SHAPE) -> npt.NDArray[np.bool_]:
    plane = np.zeros(shape, np.bool_)
    if region is not None:
        plane[region.area.window] = region.mask
    return plane


def distances_mm(start, end, pixel_mm, shape) -> npt.NDArray[np.float64]:
    """Distance in mm of every voxel centre to the segment."""
    a, b = np.array(start) * pixel_mm, np.array(end) * pixel_mm
    result = np.zeros(shape)
    for row, column in np.ndindex(*shape):
        p = np.array((row, column)) * pixel_mm
        along = (p - a) @ (b - a) / max((b - a) @ (b - a), 1e-30)
        result[row, column] = np.linalg.norm(p - a - np.clip(along, 0, 1) * (b - a))
    return result


@settings(max_examples=examples(60), deadline=None)
@given(start=points, end=points, radius_mm=radii, pixel_mm=pixels)
def test_a_stroke_paints_the_voxels_within_the_radius_and_those_under_its_path(
    start, end, radius_mm, pixel_mm
):
    painted = on_slice(capsule_mask(start, end, radius_mm, pixel_mm, SHAPE))
    distance = distances_mm(start, end, pixel_mm, SHAPE)
    on_path = np.hypot(*pixel_mm) * 0.5 + 1e-6
    is_wider_than_a_voxel = 2 * radius_mm > min(pixel_mm) * (1 + 1e-6)
    assert not is_wider_than_a_voxel or painted[distance < radius_mm - 1e-5].all()
    assert not painted[distance > max(radius_mm + 1e-5, on_path)].any()


@settings(max_examples=examples(60), deadline=None)
@given(centre=points, radius_mm=radii, pixel_mm=pixels)
def test_a_disc_is_the_voxels_within_the_radius_and_the_one_under_the_cursor(
    centre, radius_mm, pixel_mm
):
    painted = on_slice(disk_mask(centre[0], centre[1], radius_mm, pixel_mm, SHAPE))
    distance = distances_mm(centre, centre, pixel_mm, SHAPE)
    expected = distance <= radius_mm
    row, column = np.floor(np.array(centre) + 0.5).astype(int)
    if 0 <= row < SHAPE[0] and 0 <= column < SHAPE[1]:
        expected[row, column] = True
    certain = np.abs(distance - radius_mm) > 1e-5
    np.testing.assert_array_equal(painted[certain], expected[certain])


@settings(max_examples=examples(60), deadline=None)
@given(start=points, end=points, radius_mm=radii, pixel_mm=pixels)
def test_the_box_of_a_stroke_is_tight_and_inside_the_slice(start, end, radius_mm, pixel_mm):
    region = capsule_mask(start, end, radius_mm, pixel_mm, SHAPE)
    if region is None:
        return
    area, mask = region
    assert 0 <= area.row0 < area.row1 <= SHAPE[0]
    assert 0 <= area.column0 < area.column1 <= SHAPE[1]
    assert mask.shape == area.shape
    assert mask[0].any() and mask[-1].any() and mask[:, 0].any() and mask[:, -1].any()


@settings(max_examples=examples(60), deadline=None)
@given(start=points, end=points, radius_mm=radii, pixel_mm=pixels)
def test_a_stroke_covers_both_discs_and_does_not_depend_on_its_direction(
    start, end, radius_mm, pixel_mm
):
    there = on_slice(capsule_mask(start, end, radius_mm, pixel_mm, SHAPE))
    for point in (start, end):
        disc = on_slice(disk_mask(point[0], point[1], radius_mm, pixel_mm, SHAPE))
        assert there[disc].all()
    if radius_mm > np.hypot(*pixel_mm) / 2:
        back = on_slice(capsule_mask(end, start, radius_mm, pixel_mm, SHAPE))
        certain = np.abs(distances_mm(start, end, pixel_mm, SHAPE) - radius_mm) > 1e-5
        np.testing.assert_array_equal(there[certain], back[certain])


def test_a_disc_of_two_pixels_looks_like_this():
    region = disk_mask(5, 6, 2.0, (1.0, 1.0), SHAPE)
    assert region is not None
    assert region.area == (3, 8, 4, 9)
    expected = ["..#..", ".###.", "#####", ".###.", "..#.."]
    assert ["".join(".#"[v] for v in row) for row in region.mask.astype(int)] == expected


def test_a_voxel_on_the_rim_is_in_whatever_rounding_says():
    region = disk_mask(10, 10, 0.3, (0.1, 0.1), SHAPE)  # 0.3 / 0.1 < 3 in floats
    assert region is not None
    assert region.mask.shape == (7, 7)


def test_a_brush_is_round_on_the_patient_where_pixels_are_not_square():
    region = disk_mask(10, 15, 8.0, (4.0, 1.0), SHAPE)
    assert region is not None
    assert region.mask.shape == (5, 17)


def test_the_tiniest_brush_paints_the_voxel_under_the_cursor():
    region = disk_mask(3.49, 7.51, 0.01, (1.0, 1.0), SHAPE)
    assert region is not None
    assert region.area == (3, 4, 8, 9)


@pytest.mark.parametrize("pixel", [(0.02, 0.02), (0.7, 0.7), (1.0, 1.0), (5.0, 7.5)])
@pytest.mark.parametrize("centre", [(3.0, 7.0), (3.5, 7.5), (3.499, 7.2), (3.0, 7.5)])
def test_a_brush_as_wide_as_a_voxel_is_the_voxel_under_the_cursor(pixel, centre):
    region = disk_mask(centre[0], centre[1], min(pixel) / 2, pixel, SHAPE)
    assert region is not None
    row, column = np.floor(np.array(centre) + 0.5).astype(int)
    assert region.area == (row, row + 1, column, column + 1)


def test_the_thinnest_stroke_leaves_no_gap():
    painted = on_slice(capsule_mask((2.2, 3.1), (17.6, 27.4), 0.01, (1.0, 1.0), SHAPE))
    rows, columns = np.nonzero(painted)
    assert painted[2, 3] and painted[18, 27]
    steps = np.diff(columns[np.lexsort((rows, columns))])
    assert steps.max() == 1
    assert set(range(2, 19)) == set(rows)


def test_a_brush_beside_the_slice_paints_nothing():
    assert disk_mask(-9, 5, 4.0, (1.0, 1.0), SHAPE) is None
    assert disk_mask(5, 40, 4.0, (1.0, 1.0), SHAPE) is None
    # Its square box overlaps the slice, the disc itself does not.
    assert disk_mask(-3.5, -3.5, 4.0, (1.0, 1.0), SHAPE) is None


def test_a_stroke_across_the_slice_paints_though_both_ends_lie_outside():
    region = capsule_mask((12, -200), (12, 300), 1.0, (1.0, 1.0), SHAPE)
    assert region is not None
    assert region.area == (11, 14, 0, SHAPE[1])
    assert region.mask.all()


@pytest.mark.parametrize(("radius", "pixel"), [(0.0, (1.0, 1.0)), (3.0, (0.0, 1.0))])
def test_a_size_that_is_not_positive_is_a_bug(radius, pixel):
    with pytest.raises(ValueError, match="sizes > 0 mm"):
        disk_mask(1, 1, radius, pixel, SHAPE)


def test_one_voxel_has_four_edges_at_its_corners():
    mask = np.zeros((3, 4), np.bool_)
    mask[1, 2] = True
    assert {tuple(edge) for edge in outline_edges(mask).tolist()} == {
        (1, 2, 1, 3),
        (2, 2, 2, 3),
        (1, 2, 2, 2),
        (1, 3, 2, 3),
    }


small_masks = arrays.arrays(np.bool_, st.tuples(st.integers(1, 7), st.integers(1, 7)))


@settings(deadline=None)
@given(mask=small_masks)
def test_the_outline_is_the_edges_that_one_true_voxel_has_alone(mask):
    expected = []
    for row, column in np.argwhere(mask):
        r, c = int(row), int(column)
        sides = [(r, c, r, c + 1), (r + 1, c, r + 1, c + 1), (r, c, r + 1, c)]
        expected += [*sides, (r, c + 1, r + 1, c + 1)]
    alone = {edge for edge in expected if expected.count(edge) == 1}
    edges = [tuple(edge) for edge in outline_edges(mask).tolist()]
    assert len(edges) == len(alone)
    assert set(edges) == alone
