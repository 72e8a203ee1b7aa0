"""What is unknown teaches nothing, and nothing is never NaN."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from segdesk.jobs.bundle import IGNORE
from segdesk.learning import figures, losses
from segdesk.learning.losses import Loss
from segdesk.ops.metrics import Tally, tally

pytestmark = pytest.mark.keras


def batch(classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Targets and outputs of three slices of 12x10."""
    generator = np.random.default_rng(classes)
    targets = generator.integers(0, max(2, classes), (3, 12, 10, 1)).astype(np.uint8)
    outputs = generator.normal(0, 2, (3, 12, 10, classes)).astype(np.float32)
    return targets, 1 / (1 + np.exp(-outputs)) if classes == 1 else outputs


def complete(targets: np.ndarray, classes: int) -> np.ndarray:
    """Every slice is complete for every class."""
    return np.zeros((len(targets), max(2, classes)), np.float32)


every_loss = pytest.mark.parametrize(
    ("loss", "classes"),
    [
        (losses.crossentropy, 3),
        (losses.dice_and_crossentropy, 2),
        (losses.dice_and_crossentropy, 4),
        (losses.binary_crossentropy, 1),
    ],
)


@every_loss
def test_a_masked_loss_is_the_loss_of_the_rest(loss: Loss, classes: int) -> None:
    targets, outputs = batch(classes)
    masked = np.full_like(targets, IGNORE)
    masked[:, 3:9, 2:7] = targets[:, 3:9, 2:7]
    all_of = complete(targets, classes)
    expected = float(loss(targets[:, 3:9, 2:7], outputs[:, 3:9, 2:7], all_of))
    assert float(loss(masked, outputs, all_of)) == pytest.approx(expected, rel=1e-5)
    assert float(loss(targets, outputs, all_of)) != pytest.approx(expected, rel=1e-3)


@every_loss
def test_a_batch_on_which_nothing_is_known_costs_nothing(loss: Loss, classes: int) -> None:
    targets, outputs = batch(classes)
    nothing = np.full_like(targets, IGNORE)
    assert float(loss(nothing, outputs, complete(targets, classes))) == 0.0


@every_loss
def test_a_perfect_answer_costs_next_to_nothing(loss: Loss, classes: int) -> None:
    targets, outputs = batch(classes)
    if classes == 1:
        perfect = targets.astype(np.float32)
    else:
        perfect = 50 * (targets == np.arange(classes)).astype(np.float32)
    all_of = complete(targets, classes)
    assert float(loss(targets, perfect, all_of)) < 1e-3 < float(loss(targets, outputs, all_of))


def test_cross_entropy_is_that_of_keras_where_all_is_known() -> None:
    targets, outputs = batch(3)
    theirs: Any = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(targets, outputs)
    mine = float(losses.crossentropy(targets, outputs, complete(targets, 3)))
    assert mine == pytest.approx(float(theirs), rel=1e-5)
    targets, chances = batch(1)
    theirs = keras.losses.BinaryCrossentropy()(targets, chances)
    mine = float(losses.binary_crossentropy(targets, chances, complete(targets, 1)))
    assert mine == pytest.approx(float(theirs), rel=1e-5)


@pytest.mark.parametrize("classes", [1, 2, 4])
def test_the_figures_of_batches_are_those_of_all_their_voxels(classes: int) -> None:
    targets, outputs = batch(classes)
    targets[:, :4] = IGNORE
    targets[2, 4:] = 0
    found = (outputs[..., 0] > 0.5 if classes == 1 else outputs.argmax(axis=-1)).astype(np.uint8)
    truth = targets[..., 0]
    numbers = range(1, max(2, classes))
    counted = tally(truth, found, numbers, ignore=truth == IGNORE)
    all_of = complete(targets, classes)
    assert float(figures.accuracy(targets, outputs, all_of)) == pytest.approx(
        counted.right / counted.compared, rel=1e-5
    )
    metric = figures.OverlapOfBatch(len(numbers) + 1)
    parts: list[figures.Overlap] = []
    for half in (slice(0, 2), slice(2, None)):
        metric.reset_state()
        metric.update_state(targets[half], outputs[half], all_of[half])
        parts.append(metric.overlap)
    assert (parts[0] + parts[1]).dice == pytest.approx(figures.shown_dice(counted))
    for at, (_, counts) in enumerate(counted.segments):
        both = parts[0] + parts[1]
        assert (both.shared[at], both.found[at], both.real[at]) == (
            counts.true_positive,
            counts.in_prediction,
            counts.in_truth,
        )


def test_predicting_nothing_is_a_dice_of_0_over_batches_most_of_which_are_empty() -> None:
    metric = figures.OverlapOfBatch(2)
    total = figures.Overlap((0.0,), (0.0,), (0.0,), (0.0,))
    for place in range(10):
        target = np.zeros((1, 4, 4, 1), np.uint8)
        if place == 6:
            target[0, 1:3, 1:3] = 1
        metric.reset_state()
        answer = np.stack([np.ones((1, 4, 4)), np.zeros((1, 4, 4))], axis=-1)
        metric.update_state(target, answer, complete(target, 2))
        total += metric.overlap
    assert total.dice == 0.0


def test_the_figures_of_nothing_are_no_nan() -> None:
    targets, outputs = batch(2)
    nothing = np.full_like(targets, IGNORE)
    assert float(figures.accuracy(nothing, outputs, complete(nothing, 2))) == 0.0
    metric = figures.OverlapOfBatch(2)
    metric.update_state(nothing, outputs, complete(nothing, 2))
    assert metric.overlap.dice is None
    assert figures.shown_dice(Tally()) is None


def test_a_stray_voxel_of_a_segment_that_is_nowhere_does_not_halve_the_dice() -> None:
    truth = np.zeros((5, 5), np.uint8)
    truth[1:4, 1:4] = 1
    found = truth.copy()
    found[0, 0] = 2
    assert figures.shown_dice(tally(truth, found, (1, 2))) == 1.0
    empty = np.zeros_like(truth)
    assert figures.shown_dice(tally(empty, found, (1, 2))) is None


def _merged(outputs: np.ndarray, incomplete: np.ndarray) -> np.ndarray:
    """Log of the probability of background or any class that the slice is not complete for."""
    chances = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    chances /= chances.sum(axis=-1, keepdims=True)
    may_be = incomplete.copy()
    may_be[:, 0] = 1
    return np.log((chances * may_be[:, None, None, :]).sum(axis=-1))


def test_background_of_an_incomplete_slice_is_background_or_one_of_its_classes() -> None:
    targets, outputs = batch(4)
    incomplete = np.array([[0, 0, 1, 0], [0, 0, 0, 0], [0, 1, 1, 1]], np.float32)
    chances = np.exp(outputs) / np.exp(outputs).sum(axis=-1, keepdims=True)
    own = np.take_along_axis(np.log(chances), targets.astype(int), axis=-1)[..., 0]
    expected = -np.where(targets[..., 0] == 0, _merged(outputs, incomplete), own).mean()
    mine = float(losses.crossentropy(targets, outputs, incomplete))
    assert mine == pytest.approx(float(expected), rel=1e-5)
    assert mine < float(losses.crossentropy(targets, outputs, complete(targets, 4)))


@pytest.mark.parametrize("loss", [losses.crossentropy, losses.dice_and_crossentropy])
def test_finding_a_later_segment_in_the_background_of_before_costs_nothing(loss: Loss) -> None:
    targets = np.zeros((1, 6, 6, 1), np.uint8)
    targets[0, :2] = 1
    answer = np.zeros((1, 6, 6, 3), np.float32)
    answer[0, :2, :, 1] = 50
    answer[0, 2:4, :, 2] = 50
    answer[0, 4:, :, 0] = 50
    assert float(loss(targets, answer, np.array([[0, 0, 1]], np.float32))) < 1e-3
    assert float(loss(targets, answer, complete(targets, 3))) > 1
    # Where it was drawn, it is known like any other.
    targets[0, 4] = 2
    assert float(loss(targets, answer, np.array([[0, 0, 1]], np.float32))) > 1


def test_the_background_of_a_slice_that_is_not_complete_for_the_one_segment_says_nothing() -> None:
    targets, chances = batch(1)
    incomplete = np.array([[0, 1], [0, 0], [0, 1]], np.float32)
    masked = targets.copy()
    masked[0][masked[0] == 0] = masked[2][masked[2] == 0] = IGNORE
    expected = float(losses.binary_crossentropy(masked, chances, complete(targets, 1)))
    mine = float(losses.binary_crossentropy(targets, chances, incomplete))
    assert mine == pytest.approx(expected, rel=1e-5)


def test_figures_of_a_batch_leave_a_class_out_where_a_slice_is_not_complete_for_it() -> None:
    targets, outputs = batch(4)
    incomplete = np.array([[0, 0, 1, 0], [0, 0, 0, 0], [0, 1, 1, 0]], np.float32)
    found, truth = outputs.argmax(axis=-1), targets[..., 0]
    may_be = (truth == 0) & np.stack([incomplete[k][found[k]] == 1 for k in range(3)])
    expected = np.mean((truth == found) | may_be)
    assert float(figures.accuracy(targets, outputs, incomplete)) == pytest.approx(float(expected))
    metric = figures.OverlapOfBatch(4)
    metric.update_state(targets, outputs, incomplete)
    for number in (1, 2, 3):
        counted = incomplete[:, number] == 0
        mine, real = found[counted] == number, truth[counted] == number
        assert metric.overlap.found[number - 1] == mine.sum()
        assert metric.overlap.real[number - 1] == real.sum()
        assert metric.overlap.shared[number - 1] == (mine & real).sum()


@pytest.mark.parametrize("classes", [2, 3])
def test_dice_says_nothing_of_a_segment_that_the_batch_does_not_show(classes: int) -> None:
    targets, outputs = batch(classes)
    targets[targets == classes - 1] = 0
    knows = complete(targets, classes)
    loss = float(losses.dice_and_crossentropy(targets, outputs, knows))
    # That of the segments before the last one, on the same probabilities.
    entropy = float(losses.crossentropy(targets, outputs, knows))
    chances = np.exp(outputs) / np.exp(outputs).sum(axis=-1, keepdims=True)
    dice = [
        (2 * (chances[..., at] * (targets[..., 0] == at)).sum() + losses.SMOOTH)
        / (chances[..., at].sum() + (targets == at).sum() + losses.SMOOTH)
        for at in range(1, classes - 1)
    ]
    expected = entropy + sum(1 - one for one in dice) / max(1, len(dice))
    assert loss == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("classes", [2, 3])
def test_of_a_rare_segment_its_own_voxels_are_asked_too(classes: int) -> None:
    """As many slices of background beside it change nothing of what is asked of a few voxels."""
    outputs = np.random.default_rng(4).normal(0, 1, (1, 64, 64, classes)).astype(np.float32)
    targets, rare = np.zeros((1, 64, 64, 1), np.uint8), classes - 1
    targets[0, 20:22, 20:22] = rare
    knows = complete(targets, classes)
    logs = np.log(np.exp(outputs) / np.exp(outputs).sum(axis=-1, keepdims=True))
    own = -logs[targets[..., 0] == rare, rare].mean()
    chances = np.exp(logs[..., rare])
    shared = chances[targets[..., 0] == rare].sum()
    dice = (2 * shared + losses.SMOOTH) / (chances.sum() + 4 + losses.SMOOTH)
    share = 1 - 4 / (losses.RARE * 64 * 64)
    entropy = float(losses.crossentropy(targets, outputs, knows))
    expected = entropy + 1 - dice + losses.RARE_WEIGHT * share * own
    assert float(losses.dice_and_crossentropy(targets, outputs, knows)) == pytest.approx(
        expected, rel=1e-5
    )
    # One that is not rare is asked as before.
    targets[0, 20:30, 20:30] = rare
    chances_of = chances[targets[..., 0] == rare].sum()
    dice = (2 * chances_of + losses.SMOOTH) / (chances.sum() + 100 + losses.SMOOTH)
    entropy = float(losses.crossentropy(targets, outputs, knows))
    assert float(losses.dice_and_crossentropy(targets, outputs, knows)) == pytest.approx(
        entropy + 1 - dice, rel=1e-5
    )
