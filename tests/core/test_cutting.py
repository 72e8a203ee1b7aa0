"""Voxels before and after become Patches tile by tile, and nothing is lost or added by it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segdesk.core.annotation import Annotation, Provenance
from segdesk.core.box import Area, Box
from segdesk.core.cutting import SliceChange, changed_area, changed_box, cut, redrawn
from segdesk.core.edit import Edit, Planes, VoxelCount
from segdesk.core.grid import Grid

#: A mask of eight tiles, and a box around the corner where they meet.
SHAPE = (20, 70, 72)
CORNER = Box(13, 20, 60, 70, 58, 72)


def some_mask(seed: int) -> Annotation:
    chance = np.random.default_rng(seed)
    labels, provenance = (chance.integers(0, 4, SHAPE, dtype=np.uint8) for _ in range(2))
    return Annotation(Grid(SHAPE), labels=labels, provenance=provenance)


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_what_was_cut_is_one_edit_that_leads_there_and_back(seed: int, share: float) -> None:
    mask, chance = some_mask(seed), np.random.default_rng(seed + 1)
    labels, provenance = mask.labels.copy(), mask.provenance.copy()
    before, touched = labels[CORNER.window], provenance[CORNER.window]
    take = chance.random(CORNER.shape) < share**3
    after = np.where(take, chance.integers(0, 4, CORNER.shape, dtype=np.uint8), before)
    setter = np.where(take, np.uint8(3), touched)
    patches = cut(CORNER, Planes(before, after, touched, setter))
    assert len({patch.box.tile for patch in patches}) == len(patches)
    for patch in patches:
        planes = patch.planes()
        differs = planes.labels_before != planes.labels_after
        differs |= planes.provenance_before != planes.provenance_after
        assert changed_box(patch.box, differs) == patch.box
    edit = Edit("Brush", "a", patches=patches)
    mask.apply(edit)
    np.testing.assert_array_equal(mask.labels[CORNER.window], after)
    np.testing.assert_array_equal(mask.provenance[CORNER.window], setter)
    assert edit.changed == np.count_nonzero(before != after)
    for number in range(4):
        gained = int(np.count_nonzero((after == number) & (before != number)))
        lost = int(np.count_nonzero((after != number) & (before == number)))
        counted = [each for each in edit.counts if each.number == number]
        assert counted == ([VoxelCount(number, gained, lost)] if gained or lost else [])
        back = [each for each in edit.inverse().counts if each.number == number]
        assert back == ([VoxelCount(number, lost, gained)] if gained or lost else [])
    mask.apply(edit.inverse())
    np.testing.assert_array_equal(mask.labels, labels)
    np.testing.assert_array_equal(mask.provenance, provenance)


@given(st.integers(0, 2**32 - 1), st.sets(st.integers(0, SHAPE[0] - 1), max_size=6))
def test_slices_that_are_redrawn_make_one_patch_for_each_tile(seed: int, slices: set[int]) -> None:
    mask, chance = some_mask(seed), np.random.default_rng(seed + 1)
    labels, provenance = mask.labels.copy(), mask.provenance.copy()
    wanted = chance.integers(0, 4, SHAPE, dtype=np.uint8)
    changes: list[SliceChange] = []
    for index in sorted(slices):
        take = chance.random(SHAPE[1:]) < 0.001
        labels[index][take] = wanted[index][take]
        provenance[index][take] = Provenance.TOOL
        changes.append(SliceChange(index, take, wanted[index], Provenance.TOOL))
    patches = redrawn(mask, iter(changes))
    assert len({patch.box.tile for patch in patches}) == len(patches)
    mask.apply(Edit("Accept", "a", patches=patches))
    np.testing.assert_array_equal(mask.labels, labels)
    np.testing.assert_array_equal(mask.provenance, provenance)


def test_slices_that_do_not_ascend_are_refused() -> None:
    plane = np.ones(SHAPE[1:], np.uint8)
    change = SliceChange(3, plane.astype(bool), plane, Provenance.TOOL)
    for second in (3, 2):
        with pytest.raises(ValueError, match="ascending"):
            redrawn(Annotation(Grid(SHAPE)), [change, change._replace(slice=second)])


@given(hnp.arrays(bool, st.tuples(*[st.integers(1, 5)] * 3)))
def test_what_changed_lies_in_the_smallest_box(changed: np.ndarray) -> None:
    places = np.argwhere(changed)
    slices, rows, columns = changed.shape
    box = changed_box(Box(7, 7 + slices, 2, 2 + rows, 4, 4 + columns), changed)
    if not len(places):
        assert box is None
        return
    low = places.min(axis=0) + np.array([7, 2, 4])
    high = places.max(axis=0) + np.array([8, 3, 5])
    assert box == tuple(int(end) for pair in zip(low, high, strict=True) for end in pair)


@given(hnp.arrays(bool, st.tuples(*[st.integers(1, 6)] * 2)))
def test_what_changed_lies_in_the_smallest_area(changed: np.ndarray) -> None:
    places = np.argwhere(changed)
    area = changed_area(changed)
    if not len(places):
        assert area is None
        return
    (row0, column0), (row1, column1) = places.min(axis=0), places.max(axis=0) + 1
    assert area == Area(row0, row1, column0, column1)
