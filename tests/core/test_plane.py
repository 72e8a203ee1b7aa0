"""A plane maps its places to voxels and back, and is turned as readers expect it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.core.box import Area, Box
from segdesk.core.grid import Grid
from segdesk.core.plane import ORIENTATIONS, Orientation, Plane

SHAPE = (3, 4, 5)
EDGES: dict[Orientation, tuple[str, str, str, str]] = {
    "axial": ("A", "L", "P", "R"),
    "coronal": ("S", "L", "I", "R"),
    "sagittal": ("S", "P", "I", "A"),
}
PLANES = st.builds(
    lambda axis, share, transposed: Plane(axis, int(share * SHAPE[axis]), transposed),
    st.integers(0, 2),
    st.floats(0, 0.99),
    st.booleans(),
)


def every_direction() -> list[Grid]:
    """Every way to lay columns, rows and slices along the body's axes: 48 of them."""
    found: list[Grid] = []
    for axes in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            matrix = np.zeros((3, 3))
            for column, (axis, sign) in enumerate(zip(axes, signs, strict=True)):
                matrix[axis, column] = sign
            found.append(Grid(SHAPE, (5.0, 2.0, 1.0), direction=tuple(matrix.ravel().tolist())))
    return found


def test_planes_across_the_slices_are_as_readers_expect_them_however_the_scan_is_stored() -> None:
    for grid in every_direction():
        for axis in (1, 2):
            plane = Plane.across(grid, axis, 1)
            assert plane.edge_letters(grid) == EDGES[plane.orientation(grid)]


def test_each_orientation_lies_across_another_axis() -> None:
    for grid in every_direction():
        planes = [Plane.of(grid, orientation, 1) for orientation in ORIENTATIONS]
        assert {plane.axis for plane in planes} == {0, 1, 2}
        for plane, orientation in zip(planes, ORIENTATIONS, strict=True):
            assert plane.orientation(grid) == orientation


def test_without_geometry_nothing_is_turned_and_axial_is_the_slice_as_stored() -> None:
    turned = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0)
    grid = Grid(SHAPE, (5.0, 2.0, 1.0), direction=turned, stacked=False)
    orientations: tuple[Orientation, ...] = ("axial", "coronal", "sagittal")
    for axis, orientation in enumerate(orientations):
        plane = Plane.of(grid, orientation, 1)
        assert plane == Plane(axis, 1)
        assert plane.pixel_mm(grid) == (1.0, 1.0)
        assert plane.edge_letters(grid) == ("", "", "", "")


@given(PLANES)
def test_a_cut_shows_the_voxel_of_each_place(plane: Plane) -> None:
    grid, array = Grid(SHAPE, (5.0, 2.0, 1.0)), np.arange(60).reshape(SHAPE)
    shown = plane.cut(array)
    assert shown.shape == plane.shape(grid)
    assert np.shares_memory(shown, array)
    for row, column in np.ndindex(*shown.shape):
        voxel = plane.voxel(row, column)
        assert shown[row, column] == array[voxel]
        assert voxel[plane.axis] == plane.index
    down, right = (np.subtract(plane.voxel(*to), plane.voxel(0, 0)) for to in ((1, 0), (0, 1)))
    assert plane.pixel_mm(grid) == (down @ grid.spacing_mm, right @ grid.spacing_mm)


@given(PLANES, st.data())
def test_an_area_has_a_box_and_the_box_that_area(plane: Plane, data: st.DataObject) -> None:
    rows, columns = plane.shape(Grid(SHAPE))
    ends = [sorted(data.draw(st.tuples(*[st.integers(0, n)] * 2))) for n in (rows, columns)]
    area = Area(*ends[0], *ends[1])
    box = plane.box(area)
    assert plane.area(box) == area
    array = np.zeros(SHAPE, bool)
    mask = np.arange(area.shape[0] * area.shape[1]).reshape(area.shape) % 2 == 0
    array[box.window] = plane.solid(mask)
    expected = np.zeros((rows, columns), bool)
    expected[area.window] = mask
    np.testing.assert_array_equal(plane.cut(array), expected)
    assert np.count_nonzero(array) == np.count_nonzero(mask)


def test_a_plane_meets_a_box_where_its_index_lies_in_it() -> None:
    box = Box(1, 3, 5, 9, 20, 30)
    assert Plane(0, 0).area(box) is None
    assert Plane(0, 3).area(box) is None
    assert Plane(0, 2).area(box) == Area(5, 9, 20, 30)
    assert Plane(1, 8).area(box) == Area(1, 3, 20, 30)
    assert Plane(2, 20, transposed=True).area(box) == Area(5, 9, 1, 3)


def test_an_orientation_that_no_axis_is_nearest_to_is_refused() -> None:
    for seed in range(100):
        direction, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
        grid = Grid(SHAPE, direction=tuple(direction.ravel().tolist()))
        missing = EDGES.keys() - {Plane(axis, 0).orientation(grid) for axis in range(3)}
        if missing:
            with pytest.raises(ValueError, match="expected a plane"):
                Plane.of(grid, missing.pop(), 0)
            return
    pytest.fail("expected two axes nearest to one of the body")


def test_channels_stay_last_whatever_is_transposed() -> None:
    voxels = np.arange(2 * 3 * 4 * 3).reshape(2, 3, 4, 3)
    for axis in range(3):
        for transposed in (False, True):
            plane = Plane(axis, 1, transposed)
            whole = plane.cut(voxels)
            assert whole.shape == (*plane.cut(voxels[..., 0]).shape, 3)
            for channel in range(3):
                assert np.array_equal(whole[..., channel], plane.cut(voxels[..., channel]))
