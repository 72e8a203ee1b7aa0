"""What a prediction changes, voxel by voxel, and what stays a hand's."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segdesk.core.annotation import Annotation, Provenance
from segdesk.core.cutting import redrawn
from segdesk.core.edit import Edit, Patch
from segdesk.core.prediction import Prediction, difference
from tests.core.strategies import masks, planes

LOCKED = st.frozensets(st.integers(1, 3), max_size=2)


@st.composite
def proposals(draw: st.DrawFn) -> tuple[Annotation, Prediction, list[int]]:
    annotation = draw(masks())
    shape = annotation.grid.shape
    prediction = Prediction("run-001", "a", draw(planes(shape)), np.full(shape, 200, np.uint8))
    return annotation, prediction, draw(st.lists(st.integers(0, shape[0] - 1), unique=True))


def take(
    annotation: Annotation,
    prediction: Prediction,
    slices: list[int],
    *,
    closed: frozenset[int],
    over_hand: bool,
) -> tuple[Patch, ...]:
    """Apply what `difference` proposes; returns it."""
    found = [
        difference(annotation, prediction, index, closed=closed, over_hand=over_hand)
        for index in slices
    ]
    changes = [each.change for each in found if each.change is not None]
    patches = redrawn(annotation, sorted(changes, key=lambda change: change.slice))
    annotation.apply(Edit("Accept prediction", "a", patches=patches))
    return patches


@given(proposals(), LOCKED, st.booleans())
def test_a_prediction_reaches_exactly_the_voxels_that_it_may(
    proposal: tuple[Annotation, Prediction, list[int]], locked: frozenset[int], over_hand: bool
) -> None:
    annotation, prediction, slices = proposal
    labels, provenance = annotation.labels.copy(), annotation.provenance.copy()
    for k, j, i in np.ndindex(*labels.shape):
        old, new = int(labels[k, j, i]), int(prediction.labels[k, j, i])
        is_kept_by_hand = provenance[k, j, i] == Provenance.HAND and not over_hand
        if k in slices and old != new and not is_kept_by_hand and not {old, new} & locked:
            labels[k, j, i] = new
            provenance[k, j, i] = Provenance.PREDICTION
    take(annotation, prediction, slices, closed=locked, over_hand=over_hand)
    np.testing.assert_array_equal(annotation.labels, labels)
    np.testing.assert_array_equal(annotation.provenance, provenance)


@given(proposals(), LOCKED, st.booleans())
def test_accepting_twice_changes_nothing(
    proposal: tuple[Annotation, Prediction, list[int]], locked: frozenset[int], over_hand: bool
) -> None:
    annotation, prediction, slices = proposal
    take(annotation, prediction, slices, closed=locked, over_hand=over_hand)
    assert take(annotation, prediction, slices, closed=locked, over_hand=over_hand) == ()


@given(proposals(), LOCKED)
def test_what_is_gained_cleared_and_kept_out_is_counted_voxel_by_voxel(
    proposal: tuple[Annotation, Prediction, list[int]], closed: frozenset[int]
) -> None:
    annotation, prediction, slices = proposal
    for index in slices:
        gained, kept_out = Counter[int](), Counter[int]()
        cleared = by_hand = 0
        for j, i in np.ndindex(*annotation.labels.shape[1:]):
            old, new = int(annotation.labels[index, j, i]), int(prediction.labels[index, j, i])
            if old == new or new == 3:
                continue
            if annotation.provenance[index, j, i] == Provenance.HAND:
                by_hand += 1
            elif {old, new} & closed:
                kept_out[new if new in closed else old] += new != 0
            elif new:
                gained[new] += 1
            else:
                cleared += 1
        found = difference(annotation, prediction, index, closed=closed, known=(1, 2))
        assert dict(found.gained) == +gained
        assert dict(found.kept_out) == +kept_out
        assert (found.cleared, found.by_hand) == (cleared, by_hand)
        assert found.is_empty == (not np.isin(prediction.labels[index], (1, 2)).any())
