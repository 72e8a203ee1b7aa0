"""An Annotation changes by Edits, whole or not at all, and comes back by their inverse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.core.annotation import Annotation
from segdesk.core.box import Box
from segdesk.core.edit import Dismissal, Edit, Patch, Planes, StatusMove, VoxelCount
from segdesk.core.grid import Grid
from segdesk.core.status import SliceStatus
from tests.core.strategies import STATUSES, edits, masks

State = tuple[object, ...]


def state(annotation: Annotation) -> State:
    return (
        annotation.labels.tobytes(),
        annotation.provenance.tobytes(),
        annotation.statuses,
        annotation.complete,
        annotation.dismissed,
    )


@given(st.data(), masks())
def test_an_edit_sets_the_voxels_of_its_boxes_and_no_other(
    data: st.DataObject, annotation: Annotation
) -> None:
    edit = data.draw(edits(annotation))
    labels, provenance = annotation.labels.copy(), annotation.provenance.copy()
    for patch in edit.patches:
        box, planes = patch.box, patch.planes()
        for here in np.ndindex(*box.shape):
            at = here[0] + box.slice0, here[1] + box.row0, here[2] + box.column0
            labels[at] = planes.labels_after[here]
            provenance[at] = planes.provenance_after[here]
    statuses = dict(enumerate(annotation.statuses)) | {s.slice: s.after for s in edit.statuses}
    complete = dict(enumerate(annotation.complete))
    complete |= {move.slice: move.complete_after for move in edit.statuses}
    dismissed = {k for _, k in annotation.dismissed} - {d.slice for d in edit.dismissals}
    dismissed |= {d.slice for d in edit.dismissals if d.after}
    boxes = annotation.apply(edit)
    assert boxes == tuple(patch.box for patch in edit.patches)
    np.testing.assert_array_equal(annotation.labels, labels)
    np.testing.assert_array_equal(annotation.provenance, provenance)
    assert annotation.statuses == tuple(statuses.values())
    assert annotation.complete == tuple(complete.values())
    assert annotation.dismissed == {("run-001", k) for k in dismissed}
    assert annotation.revision == 1


@given(st.data(), masks())
def test_the_inverse_brings_everything_back_and_its_inverse_does_it_again(
    data: st.DataObject, annotation: Annotation
) -> None:
    edit = data.draw(edits(annotation))
    before = state(annotation)
    annotation.apply(edit)
    after = state(annotation)
    annotation.apply(edit.inverse())
    assert state(annotation) == before
    annotation.apply(edit.inverse().inverse())
    assert state(annotation) == after


@given(st.data(), masks(), st.integers(1, 4))
def test_a_row_of_edits_is_undone_in_the_opposite_order(
    data: st.DataObject, annotation: Annotation, count: int
) -> None:
    states, done = [state(annotation)], list[Edit]()
    for _ in range(count):
        edit = data.draw(edits(annotation))
        annotation.apply(edit)
        done.append(edit)
        states.append(state(annotation))
    while done:
        assert state(annotation) == states.pop()
        annotation.apply(done.pop().inverse())
    assert state(annotation) == states.pop()


@given(st.data(), masks())
def test_an_edit_with_one_stale_part_is_refused_and_leaves_nothing_behind(
    data: st.DataObject, annotation: Annotation
) -> None:
    good = data.draw(edits(annotation))
    last = annotation.grid.shape[0] - 1
    stale = data.draw(
        st.sampled_from(
            [
                replace(good, patches=(*good.patches, _stale_patch(annotation, labels=True))),
                replace(good, patches=(*good.patches, _stale_patch(annotation, labels=False))),
                replace(good, patches=(*good.patches, _patch(Box(last, last + 2, 0, 1, 0, 1)))),
                replace(good, patches=(*good.patches, _patch(Box(0, 1, 0, 63, 0, 1)))),
                replace(good, patches=(*good.patches, _patch(Box(0, 1, -1, 0, 0, 1)))),
                replace(good, patches=(*good.patches, _patch(Box(-1, 0, 0, 1, 0, 1)))),
                replace(good, patches=(*good.patches, _miscounted(annotation))),
                replace(good, statuses=(*good.statuses, _stale_move(annotation))),
                replace(good, statuses=(*good.statuses, _stale_completeness(annotation))),
                replace(good, statuses=(_no_numbers(annotation),)),
                replace(good, statuses=(_move(annotation, last + 1, SliceStatus.PARTIAL),)),
                replace(good, dismissals=(*good.dismissals, _stale_dismissal(annotation))),
                replace(good, dismissals=(Dismissal("run-001", last + 1, False, True),)),
            ]
        )
    )
    before = state(annotation)
    said = r"under|counted|inside|status of|complete for|segment numbers|dismissal on"
    with pytest.raises(ValueError, match=said):
        annotation.apply(stale)
    assert state(annotation) == before
    assert annotation.revision == 0


def _stale_patch(annotation: Annotation, *, labels: bool) -> Patch:
    box = Box(0, 1, 0, 1, 0, 1)
    label, provenance = annotation.labels[box.window], annotation.provenance[box.window]
    if labels:
        return Patch.of(box, Planes(label + np.uint8(1), label, provenance, provenance))
    return Patch.of(box, Planes(label, label, provenance + np.uint8(1), provenance))


def _miscounted(annotation: Annotation) -> Patch:
    """Fits, and says that a voxel more has become segment 9."""
    box = Box(0, 1, 0, 1, 0, 1)
    label, provenance = annotation.labels[box.window], annotation.provenance[box.window]
    patch = Patch.of(box, Planes(label, label, provenance, provenance))
    return replace(patch, packed_counts=(VoxelCount(9, 1, 0),))


def _patch(box: Box) -> Patch:
    plane = np.zeros(box.shape, np.uint8)
    return Patch.of(box, Planes(plane, plane, plane, plane))


def _stale_move(annotation: Annotation) -> StatusMove:
    before = next(status for status in SliceStatus if status != annotation.status(0))
    return _move(annotation, 0, before)


def _stale_completeness(annotation: Annotation) -> StatusMove:
    had = annotation.complete_for(0) ^ {255}
    return _move(annotation, 0, annotation.status(0))._replace(complete_before=had)


def _no_numbers(annotation: Annotation) -> StatusMove:
    move = _move(annotation, 0, annotation.status(0))
    return move._replace(complete_after=frozenset({1, 256}))


def _move(annotation: Annotation, index: int, before: SliceStatus) -> StatusMove:
    had = annotation.complete_for(min(index, annotation.grid.shape[0] - 1))
    return StatusMove(index, before, SliceStatus.VERIFIED, had, frozenset({1}))


def _stale_dismissal(annotation: Annotation) -> Dismissal:
    before = not annotation.is_dismissed("run-001", 0)
    return Dismissal("run-001", 0, before, not before)


def test_an_edit_that_is_applied_twice_is_refused() -> None:
    annotation = Annotation(Grid((1, 2, 2)))
    zero, one = np.zeros((1, 2, 2), np.uint8), np.ones((1, 2, 2), np.uint8)
    edit = Edit(
        "Brush", "a", patches=(Patch.of(Box(0, 1, 0, 2, 0, 2), Planes(zero, one, zero, one)),)
    )
    annotation.apply(edit)
    with pytest.raises(ValueError, match="labels under"):
        annotation.apply(edit)


def test_nobody_writes_into_the_arrays_but_by_an_edit() -> None:
    annotation = Annotation(Grid((1, 2, 2)))
    with pytest.raises(ValueError, match="read-only"):
        annotation.labels[0, 0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        annotation.provenance[0, 0, 0] = 1


def test_views_see_an_edit_without_asking_again() -> None:
    annotation = Annotation(Grid((1, 1, 1)))
    labels = annotation.labels
    zero, five = np.zeros((1, 1, 1), np.uint8), np.full((1, 1, 1), 5, np.uint8)
    box = Box(0, 1, 0, 1, 0, 1)
    annotation.apply(Edit("Fill", "a", patches=(Patch.of(box, Planes(zero, five, zero, zero)),)))
    assert labels[0, 0, 0] == 5


@pytest.mark.parametrize(
    "wrong",
    [
        {"labels": np.zeros((1, 2, 3), np.uint8)},
        {"labels": np.zeros((1, 2, 2), np.int16)},
        {"provenance": np.zeros((2, 2), np.uint8)},
        {"statuses": (SliceStatus.PARTIAL,) * 2},
        {"complete": (frozenset({1}),) * 2},
        {"complete": (frozenset({0}),)},
    ],
)
def test_what_does_not_fit_the_grid_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Annotation(Grid((1, 2, 2)), **wrong)


@given(STATUSES)
def test_statuses_start_unlabelled_or_as_given(status: SliceStatus) -> None:
    assert Annotation(Grid((2, 1, 1))).statuses == (SliceStatus.UNLABELLED,) * 2
    assert Annotation(Grid((1, 1, 1)), statuses=(status,)).status(0) is status
