"""Patches and Edits keep what they were given, compressed, and turn round."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.core.annotation import Annotation
from segdesk.core.box import Box
from segdesk.core.cutting import cut
from segdesk.core.edit import Edit, Patch, Planes, SegmentChange, StatusMove
from segdesk.core.segment import Segment
from segdesk.core.status import SliceStatus
from tests.core.strategies import boxes, edits, masks, planes

SIDES = (3, 6, 6)


@given(st.data(), boxes(SIDES))
def test_a_patch_gives_back_its_four_planes_and_counts_changed_labels(
    data: st.DataObject, box: Box
) -> None:
    given_planes = Planes(*(data.draw(planes(box.shape, highest=255)) for _ in range(4)))
    patch = Patch.of(box, given_planes)
    for kept, was in zip(patch.planes(), given_planes, strict=True):
        np.testing.assert_array_equal(kept, was)
        assert not kept.flags.writeable
    before, after = given_planes.labels_before.ravel(), given_planes.labels_after.ravel()
    assert patch.changed == sum(1 for a, b in zip(before, after, strict=True) if a != b)


@given(st.data(), boxes(SIDES))
def test_a_patch_turned_twice_is_itself(data: st.DataObject, box: Box) -> None:
    patch = Patch.of(box, Planes(*(data.draw(planes(box.shape)) for _ in range(4))))
    assert patch.inverse().inverse() == patch
    assert patch.inverse().changed == patch.changed


@pytest.mark.parametrize(
    "plane", [np.zeros((1, 2, 3), np.int8), np.zeros((2, 3), np.uint8), np.zeros((1, 2, 3), bool)]
)
def test_planes_of_another_shape_or_kind_are_refused(plane: np.ndarray) -> None:
    good = np.zeros((1, 2, 3), np.uint8)
    with pytest.raises(ValueError, match="expected uint8"):
        Patch.of(Box(0, 1, 0, 2, 0, 3), Planes(good, plane, good, good))


@given(boxes(SIDES), boxes(SIDES))
def test_a_union_holds_both_boxes_and_nothing_can_be_shaved_off(one: Box, two: Box) -> None:
    union = one.union(two)
    assert union == two.union(one)
    assert (union.slice0, union.slice1) == (
        min(one.slice0, two.slice0),
        max(one.slice1, two.slice1),
    )
    assert (union.row0, union.row1) == (min(one.row0, two.row0), max(one.row1, two.row1))
    assert union.column0 == min(one.column0, two.column0)
    assert union.column1 == max(one.column1, two.column1)
    array = np.zeros(SIDES, bool)
    array[union.window] = True
    assert array[one.window].all()
    assert array[two.window].all()


@given(st.data(), masks())
def test_an_edit_turned_twice_is_itself(data: st.DataObject, annotation: Annotation) -> None:
    edit = data.draw(edits(annotation))
    assert edit.inverse().inverse() == edit
    assert edit.inverse().slices == edit.slices
    assert edit.is_empty is (edit.slices == ())


def test_segment_changes_are_taken_back_in_the_opposite_order() -> None:
    lung, heart = Segment(1, "Lung", "#56b4e9"), Segment(1, "Heart", "#e69f00")
    edit = Edit("Add", "", segments=(SegmentChange(None, lung), SegmentChange(lung, heart)))
    assert edit.inverse().segments == (SegmentChange(heart, lung), SegmentChange(lung, None))
    assert edit.inverse().name == "Add"
    assert not edit.is_empty


def test_an_edit_names_its_slices_once_and_in_order() -> None:
    plane = np.zeros((2, 1, 1), np.uint8)
    patch = Patch.of(Box(7, 9, 0, 1, 0, 1), Planes(plane, plane, plane, plane))
    sets = frozenset({1}), frozenset({1, 2})
    move = StatusMove(2, SliceStatus.PARTIAL, SliceStatus.CORRECTED, *sets)
    edit = Edit("Fill", "a", patches=(patch,), statuses=(move, move._replace(slice=7)))
    assert edit.slices == (2, 7, 8)


def test_a_stroke_on_a_large_slice_costs_far_less_than_its_voxels() -> None:
    before = np.zeros((1, 512, 512), np.uint8)
    after = before.copy()
    after[:, 100:300, 100:300] = 1
    patches = cut(Box(0, 1, 0, 512, 0, 512), Planes(before, after, before, after))
    assert Edit("Brush", "a", patches=patches).nbytes < before.nbytes / 10
