"""Figures against definitions on sets of voxels, and against cases counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from segdesk.ops import metrics

SHAPE = (4, 5)
masks = arrays.arrays(np.bool_, SHAPE)


def voxels(mask) -> set[tuple[int, ...]]:
    return {tuple(index) for index in np.argwhere(mask).tolist()}


def share(part: set[tuple[int, ...]], whole: set[tuple[int, ...]], other: object) -> float | None:
    """A share of nothing is undefined where the other mask is empty too, else 0."""
    if whole:
        return len(part) / len(whole)
    return 0 if other else None


@settings(deadline=None)
@given(truth=masks, predicted=masks, ignore=masks)
def test_figures_are_those_of_the_sets_of_voxels_that_are_not_ignored(truth, predicted, ignore):
    everything = voxels(~ignore)
    t, p = voxels(truth) & everything, voxels(predicted) & everything
    found = metrics.compare(truth, predicted, ignore=ignore, voxel_ml=0.5)
    assert found.voxels == len(everything)
    assert found.dice == (2 * len(t & p) / (len(t) + len(p)) if t or p else None)
    assert found.is_empty == (not t and not p)
    assert found.iou == share(t & p, t | p, None)
    assert found.precision == share(t & p, p, t)
    assert found.recall == share(t & p, t, p)
    background = everything - t
    assert found.specificity == share(background - p, background, None)
    assert found.accuracy == share((t & p) | (background - p), everything, None)
    assert found.volume_difference_ml == 0.5 * (len(p) - len(t))
    percent = pytest.approx(100 * (len(p) / len(t) - 1)) if t else None
    assert found.volume_difference_percent == percent


@settings(deadline=None)
@given(truth=arrays.arrays(np.bool_, (3, 4, 5)), predicted=arrays.arrays(np.bool_, (3, 4, 5)))
def test_counts_of_slices_add_up_to_those_of_the_case(truth, predicted):
    total = metrics.Counts()
    for one, other in zip(truth, predicted, strict=True):
        total += metrics.count(one, other)
    assert total == metrics.count(truth, predicted)


volumes = arrays.arrays(np.uint8, (3, *SHAPE), elements=st.integers(0, 3))


@settings(deadline=None)
@given(
    truth=volumes, predicted=volumes, ignore=arrays.arrays(np.bool_, (3, *SHAPE)), data=st.data()
)
def test_a_case_has_the_means_over_segments_of_its_own_counts(truth, predicted, ignore, data):
    numbers = data.draw(st.sets(st.integers(1, 3), min_size=1))
    total = metrics.Tally()
    for one, other, out in zip(truth, predicted, ignore, strict=True):
        total += metrics.tally(one, other, numbers, ignore=out)
    assert total == metrics.tally(truth, predicted, numbers, ignore=ignore)
    found = metrics.overall(total, voxel_ml=2.0)
    rows = [
        metrics.compare(truth == n, predicted == n, ignore=ignore, voxel_ml=2.0)
        for n in sorted(numbers)
        if (((truth == n) | (predicted == n)) & ~ignore).any()
    ]
    assert [
        row for _, row in metrics.segment_figures(total, voxel_ml=2.0) if row.dice is not None
    ] == rows
    compared = ~ignore
    if compared.any():
        maps = [
            np.where(np.isin(labels, list(numbers)), labels, 0) for labels in (truth, predicted)
        ]
        assert found.accuracy == np.mean(maps[0][compared] == maps[1][compared])
    for name in ("dice", "iou", "precision", "recall", "specificity", "volume_difference_ml"):
        known = [value for row in rows if (value := getattr(row, name)) is not None]
        assert getattr(found, name) == (pytest.approx(np.mean(known)) if known else None)


@pytest.mark.parametrize("seed", range(5))
def test_simpleitk_finds_the_same_overlap(seed):
    sitk = pytest.importorskip("SimpleITK")
    rng = np.random.default_rng(seed)
    truth, predicted = rng.integers(0, 3, (2, 6, 7, 8)).astype(np.uint8)
    theirs = sitk.LabelOverlapMeasuresImageFilter()
    theirs.Execute(sitk.GetImageFromArray(predicted), sitk.GetImageFromArray(truth))
    total = sum(
        (metrics.tally(a, b, (1, 2)) for a, b in zip(truth, predicted, strict=True)),
        metrics.Tally(),
    )
    for number, found in metrics.segment_figures(total):
        assert found.dice == pytest.approx(theirs.GetDiceCoefficient(number))
        assert found.iou == pytest.approx(theirs.GetJaccardCoefficient(number))
        assert found.recall == pytest.approx(1 - theirs.GetFalseNegativeError(number))
        assert found.precision == pytest.approx(1 - theirs.GetFalseDiscoveryRate(number))


def test_predicting_nothing_scores_nothing_where_one_slice_in_ten_has_the_organ():
    truth = np.zeros((10, *SHAPE), np.uint8)
    truth[3, 1:3, 1:4] = 1
    nothing = np.zeros_like(truth)
    total = sum(
        (metrics.tally(a, b, (1,)) for a, b in zip(truth, nothing, strict=True)), metrics.Tally()
    )
    found = metrics.overall(total)
    assert (found.dice, found.iou, found.precision, found.recall) == (0, 0, 0, 0)
    # Neither do slices that stand for themselves count as successes where they are empty.
    mean = metrics.summary(
        metrics.compare_segments(a, b, (1,)) for a, b in zip(truth, nothing, strict=True)
    )
    assert mean is not None
    assert (mean.number, mean.empty, mean.dice, mean.dice_median) == (10, 9, 0, 0)


def test_a_case_counted_by_hand():
    truth = np.array([[1, 1, 1, 1], [0, 0, 0, 0]], np.bool_)
    predicted = np.array([[1, 1, 1, 0], [1, 1, 0, 0]], np.bool_)
    found = metrics.compare(truth, predicted, voxel_ml=0.1)
    assert found.dice == pytest.approx(2 * 3 / 9)
    assert found.iou == pytest.approx(3 / 6)
    assert found.precision == pytest.approx(3 / 5)
    assert found.recall == pytest.approx(3 / 4)
    assert found.specificity == pytest.approx(2 / 4)
    assert found.accuracy == pytest.approx(5 / 8)
    assert found.volume_difference_ml == pytest.approx(0.1)
    assert found.volume_difference_percent == pytest.approx(25)


def test_two_empty_masks_say_nothing_but_that_the_background_is_right():
    empty = np.zeros(SHAPE, np.bool_)
    found = metrics.compare(empty, empty, voxel_ml=1.0)
    assert found.is_empty
    assert (found.dice, found.iou, found.precision, found.recall) == (None, None, None, None)
    assert (found.specificity, found.accuracy) == (1, 1)
    assert (found.volume_difference_ml, found.volume_difference_percent) == (0, None)


@pytest.mark.parametrize("truth_is_empty", [True, False])
def test_one_empty_mask_scores_nothing(truth_is_empty):
    empty, full = np.zeros(SHAPE, np.bool_), np.zeros(SHAPE, np.bool_)
    full[1, 1:3] = True
    pair = (empty, full) if truth_is_empty else (full, empty)
    found = metrics.compare(*pair)
    assert (found.dice, found.iou, found.precision, found.recall) == (0, 0, 0, 0)
    assert found.volume_difference_percent == (None if truth_is_empty else -100)


def test_slices_without_geometry_have_no_millilitres():
    mask = np.ones(SHAPE, np.bool_)
    assert metrics.compare(mask, mask).volume_difference_ml is None


def test_a_segment_that_nobody_asked_for_is_background():
    truth = np.array([[1, 1, 0, 9]], np.uint8)
    predicted = np.array([[1, 0, 9, 0]], np.uint8)
    found = metrics.compare_segments(truth, predicted, (1,))
    assert found.accuracy == pytest.approx(3 / 4)
    assert found.dice == pytest.approx(2 / 3)


def test_the_wrong_segment_is_one_wrong_voxel():
    truth = np.array([[1, 1, 2, 2]], np.uint8)
    predicted = np.array([[1, 2, 2, 2]], np.uint8)
    found = metrics.compare_segments(truth, predicted, (1, 2, 3))
    assert found.accuracy == pytest.approx(3 / 4)
    assert found.dice == pytest.approx((2 / 3 + 4 / 5) / 2)


def test_a_summary_has_means_and_the_median_and_skips_what_was_ignored():
    truth = np.ones((1, 4), np.bool_)
    rows = []
    for hits in (0, 3, 4):
        predicted = np.arange(4)[None] < hits
        rows.append(metrics.compare(truth, predicted, voxel_ml=1.0))
    empty = np.zeros_like(truth)
    rows.append(metrics.compare(empty, empty, voxel_ml=1.0))
    rows.append(metrics.compare(truth, truth, ignore=truth))
    found = metrics.summary(rows)
    assert found is not None
    assert (found.number, found.empty) == (4, 1)
    assert found.dice == pytest.approx((0 + 6 / 7 + 1) / 3)
    assert found.dice_median == pytest.approx(6 / 7)
    assert found.recall == pytest.approx((0 + 3 / 4 + 1) / 3)
    assert found.volume_difference_ml == pytest.approx((-4 - 1 + 0 + 0) / 4)


def test_nothing_compared_has_no_summary():
    mask = np.ones(SHAPE, np.bool_)
    assert metrics.summary([]) is None
    assert metrics.summary([metrics.compare(mask, mask, ignore=mask)]) is None


@pytest.mark.parametrize("other", [np.ones((2, 5), np.bool_), np.ones(SHAPE, np.uint8)])
def test_masks_of_other_shape_or_type_are_a_bug(other):
    mask = np.ones(SHAPE, np.bool_)
    with pytest.raises(ValueError, match="expected bool of shape"):
        metrics.count(mask, other)
    with pytest.raises(ValueError, match="expected bool of shape"):
        metrics.count(mask, mask, ignore=other)


def test_no_segment_to_compare_is_a_bug():
    mask = np.ones(SHAPE, np.bool_)
    with pytest.raises(ValueError, match="at least one segment"):
        metrics.compare_segments(mask.astype(np.uint8), mask.astype(np.uint8), ())
