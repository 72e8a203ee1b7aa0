"""Fill against a flood that walks from voxel to voxel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from segdesk.ops.fill import fill_region


def flooded(labels, seed):
    """Voxels that can be reached from the seed over 4-neighbours of the same label."""
    reached, waiting = set(), [seed]
    while waiting:
        row, column = waiting.pop()
        inside = 0 <= row < labels.shape[0] and 0 <= column < labels.shape[1]
        if inside and (row, column) not in reached and labels[row, column] == labels[seed]:
            reached.add((row, column))
            waiting += [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
    return reached


@settings(deadline=None)
@given(
    labels=arrays.arrays(
        np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 2)
    ),
    data=st.data(),
)
def test_fill_takes_what_a_walk_from_the_seed_reaches(labels, data):
    seed = tuple(data.draw(st.integers(0, size - 1)) for size in labels.shape)
    before = labels.copy()
    area, mask, touches = fill_region(labels, seed)
    expected = flooded(labels, seed)
    rows, columns = np.nonzero(mask)
    assert {
        (int(r) + area.row0, int(c) + area.column0) for r, c in zip(rows, columns, strict=True)
    } == expected
    assert mask.shape == area.shape
    assert mask[0].any() and mask[-1].any() and mask[:, 0].any() and mask[:, -1].any()
    last = (labels.shape[0] - 1, labels.shape[1] - 1)
    assert touches == any(r in (0, last[0]) or c in (0, last[1]) for r, c in expected)
    np.testing.assert_array_equal(labels, before)


def test_a_region_that_touches_only_by_a_corner_is_left_alone():
    labels = np.zeros((5, 5), np.uint8)
    labels[1, 1] = labels[2, 2] = 3
    region = fill_region(labels, (1, 1))
    assert region.area == (1, 2, 1, 2)
    assert not region.touches_border


def test_background_inside_a_ring_does_not_reach_the_border():
    labels = np.zeros((7, 7), np.uint8)
    labels[1:6, 1:6] = 1
    labels[2:5, 2:5] = 0
    assert not fill_region(labels, (3, 3)).touches_border
    assert fill_region(labels, (3, 3)).mask.sum() == 9
    assert fill_region(labels, (0, 0)).touches_border


@pytest.mark.parametrize("seed", [(-1, 2), (2, -1), (4, 0), (0, 6)])
def test_a_seed_outside_the_slice_is_a_bug(seed):
    with pytest.raises(ValueError, match="a seed inside"):
        fill_region(np.zeros((4, 6), np.uint8), seed)
