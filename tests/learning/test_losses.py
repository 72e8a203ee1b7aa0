"""What is unknown teaches nothing, and nothing is never NaN."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from segdesk.jobs.bundle import IGNORE
from segdesk.learning import figures, losses
from segdesk.learning.losses import Loss

pytestmark = pytest.mark.keras


def batch(classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Targets and outputs of three slices of 12x10."""
    generator = np.random.default_rng(classes)
    targets = generator.integers(0, max(2, classes), (3, 12, 10, 1)).astype(np.uint8)
    outputs = generator.normal(0, 2, (3, 12, 10, classes)).astype(np.float32)
    return targets, 1 / (1 + np.exp(-outputs)) if classes == 1 else outputs


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
    expected = float(loss(targets[:, 3:9, 2:7], outputs[:, 3:9, 2:7]))
    assert float(loss(masked, outputs)) == pytest.approx(expected, rel=1e-5)
    assert float(loss(targets, outputs)) != pytest.approx(expected, rel=1e-3)


@every_loss
def test_a_batch_on_which_nothing_is_known_costs_nothing(loss: Loss, classes: int) -> None:
    targets, outputs = batch(classes)
    assert float(loss(np.full_like(targets, IGNORE), outputs)) == 0.0


@every_loss
def test_a_perfect_answer_costs_next_to_nothing(loss: Loss, classes: int) -> None:
    targets, outputs = batch(classes)
    if classes == 1:
        perfect = targets.astype(np.float32)
    else:
        perfect = 50 * (targets == np.arange(classes)).astype(np.float32)
    assert float(loss(targets, perfect)) < 1e-3 < float(loss(targets, outputs))


def test_cross_entropy_is_that_of_keras_where_all_is_known() -> None:
    targets, outputs = batch(3)
    theirs: Any = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(targets, outputs)
    assert float(losses.crossentropy(targets, outputs)) == pytest.approx(float(theirs), rel=1e-5)
    targets, chances = batch(1)
    theirs = keras.losses.BinaryCrossentropy()(targets, chances)
    mine = float(losses.binary_crossentropy(targets, chances))
    assert mine == pytest.approx(float(theirs), rel=1e-5)


@pytest.mark.parametrize("classes", [1, 2, 4])
def test_the_figures_of_a_batch_are_those_of_its_slices(classes: int) -> None:
    targets, outputs = batch(classes)
    targets[:, :4] = IGNORE
    targets[2, 4:] = 0
    found = outputs[..., 0] > 0.5 if classes == 1 else outputs.argmax(axis=-1)
    slices = [
        figures.SliceFigures.of(one.astype(np.uint8), target[..., 0])
        for one, target in zip(found, targets, strict=True)
    ]
    right, known = sum(one.right for one in slices), sum(one.known for one in slices)
    assert float(figures.accuracy(targets, outputs)) == pytest.approx(right / known, rel=1e-5)
    dice = np.mean([one.dice for one in slices])
    assert float(figures.dice(targets, outputs)) == pytest.approx(dice, rel=1e-5)


def test_the_figures_of_nothing_are_no_nan() -> None:
    targets, outputs = batch(2)
    nothing = np.full_like(targets, IGNORE)
    assert float(figures.accuracy(nothing, outputs)) == 0.0
    assert figures.SliceFigures.of(targets[0, ..., 0], nothing[0, ..., 0]).dice == 1.0


def test_both_empty_is_a_dice_of_one_and_one_stray_voxel_a_dice_of_zero() -> None:
    empty = np.zeros((5, 5), np.uint8)
    stray = empty.copy()
    stray[2, 2] = 1
    assert figures.SliceFigures.of(empty, empty).dice == 1.0
    assert figures.SliceFigures.of(stray, empty).dice == 0.0
