"""What is ours beside Keras' own: the same numbers, and the same patience."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segdesk.core.run import plan_for
from segdesk.jobs.bundle import IGNORE
from segdesk.learning import figures, losses, rates
from segdesk.learning.figures import Overlap
from segdesk.learning.keeper import PATIENCE, Keeper
from segdesk.learning.learner import Learner
from segdesk.learning.losses import Loss
from segdesk.learning.run_folder import HeldRun
from segdesk.learning.schedule import Schedule
from segdesk.learning.stage import Stage
from segdesk.learning.validation import Validated
from tests.learning.builders import Recorder

pytestmark = pytest.mark.keras

#: Shares of the voxels that nobody knows; at 1 a loss is 0 and no NaN.
unknown = pytest.mark.parametrize("share", [0.0, 0.4, 1.0])


def batch(classes: int, share: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Targets of three slices of 12x10, logits, and nothing incomplete."""
    generator = np.random.default_rng([seed, classes])
    targets = generator.integers(0, classes, (3, 12, 10, 1)).astype(np.uint8)
    targets[generator.random(targets.shape) < share] = IGNORE
    logits = generator.normal(0, 3, (3, 12, 10, classes)).astype(np.float32)
    return targets, logits, np.zeros((3, classes), np.float32)


def one_hot(targets: np.ndarray, classes: int) -> np.ndarray:
    """float32, 0 for every class where nobody knows."""
    return (targets == np.arange(classes)).astype(np.float32)


@unknown
@pytest.mark.parametrize("classes", [2, 4])
def test_cross_entropy_is_that_of_keras_with_an_ignored_class(classes: int, share: float) -> None:
    targets, logits, complete = batch(classes, share)
    theirs: Any = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=IGNORE)
    mine = float(losses.crossentropy(targets, logits, complete))
    assert mine == pytest.approx(float(theirs(targets, logits)), rel=1e-6)


@unknown
def test_binary_cross_entropy_is_the_mean_over_what_is_known(share: float) -> None:
    """It is Keras' own; the definition beside it."""
    targets, logits, complete = batch(2, share)
    chances = 1 / (1 + np.exp(-logits[..., :1].astype(np.float64)))
    known, truth = targets != IGNORE, targets == 1
    logs = np.where(truth, np.log(chances), np.log1p(-chances))
    expected = -np.where(known, logs, 0).sum() / max(1, known.sum())
    mine = float(losses.binary_crossentropy(targets, chances.astype(np.float32), complete))
    assert mine == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.4])
@pytest.mark.parametrize("classes", [2, 4])
def test_dice_is_that_of_keras_on_masked_inputs_but_for_its_smoothing(
    classes: int, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losses, "SMOOTH", keras.config.epsilon())
    targets, logits, complete = batch(classes, share)
    chances = np.asarray(keras.ops.softmax(logits)) * (targets != IGNORE)
    theirs: Any = keras.losses.Dice(axis=(0, 1, 2))
    expected = float(theirs(one_hot(targets, classes)[..., 1:], chances[..., 1:]))
    both = float(losses.dice_and_crossentropy(targets, logits, complete))
    mine = both - float(losses.crossentropy(targets, logits, complete))
    assert mine == pytest.approx(expected, abs=1e-6)


def test_of_a_class_that_is_nowhere_keras_dice_is_none_and_ours_costs_nothing() -> None:
    """Why the loss has a Dice of its own."""
    nothing = np.zeros((1, 4, 4, 1), np.float32)
    theirs: Any = keras.losses.Dice(axis=(0, 1, 2))
    assert float(theirs(nothing, nothing)) == 1.0
    background = np.concatenate([nothing + 50, nothing - 50], axis=-1)
    targets, complete = nothing.astype(np.uint8), np.zeros((1, 2), np.float32)
    assert float(losses.dice_and_crossentropy(targets, background, complete)) < 1e-6


@unknown
@pytest.mark.parametrize("classes", [2, 4])
def test_accuracy_is_that_of_keras_with_weights(classes: int, share: float) -> None:
    targets, logits, complete = batch(classes, share)
    theirs = keras.metrics.SparseCategoricalAccuracy()
    theirs.update_state(targets[..., 0], logits, sample_weight=targets[..., 0] != IGNORE)
    mine = float(figures.accuracy(targets, logits, complete))
    assert mine == pytest.approx(float(cast(Any, theirs.result())), rel=1e-6)


def step_of(loss: Loss, given: tuple[np.ndarray, ...]) -> tuple[float, list[np.ndarray]]:
    """A loss, and where one step down its slope leads from a layer that changes nothing."""
    targets, logits, incomplete = given
    inputs = keras.Input(logits.shape[1:])
    network = keras.Model(inputs, keras.layers.Conv2D(logits.shape[-1], 1)(inputs))
    network.set_weights([np.eye(logits.shape[-1])[None, None], np.zeros(logits.shape[-1])])
    learner = Learner(network, loss=loss, optimiser=keras.optimizers.SGD(1.0))
    return learner.step((logits, targets, incomplete), 1.0).loss, network.get_weights()


@unknown
@pytest.mark.parametrize("slices", [(), (1,), (0, 1, 2)])
def test_of_one_segment_a_sigmoid_is_the_softmax(share: float, slices: tuple[int, ...]) -> None:
    """The loss and its slope, whichever slices are not complete for the segment."""
    targets, logits, incomplete = batch(2, share)
    incomplete[list(slices), 1] = 1.0
    given = targets, logits, incomplete
    assert losses.dice_and_crossentropy is not losses.of_segments
    quick, there = step_of(losses.dice_and_crossentropy, given)
    plain, expected = step_of(losses.of_segments, given)
    assert quick == pytest.approx(plain, rel=1e-6, abs=1e-7)
    for mine, theirs in zip(there, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


numbers = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]) | st.floats(
    0, 1, width=32, allow_subnormal=False
)
#: What a validation can say: a number, the same one again, nothing better for long, or no number.
scores = st.builds(
    lambda first, rest: [first, *rest],
    numbers,
    st.lists(numbers | st.just(math.nan), max_size=60) | st.just([0.0] * 60),
)
modes = pytest.mark.parametrize("mode", ["max", "min"])


def validated(score: float, mode: str) -> Validated:
    """A Dice that should be large, or without any segment a loss that should be small."""
    if mode == "min":
        return Validated(loss=score, accuracy=0.5, dice=None)
    return Validated(loss=math.nan if math.isnan(score) else 0.5, accuracy=0.5, dice=score)


def keras_model(rate: float) -> keras.Model:
    """What a callback changes."""
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
    return model


class Standstill:
    """A learner whose weights are always the same."""

    is_averaged = False

    def weights(self) -> list[np.ndarray]:
        return [np.zeros(1, np.float32)]


def judged(values: Sequence[float], mode: str) -> tuple[list[bool], list[bool]]:
    """For each epoch whether it is better, and whether patience has ended, by our keeper."""
    schedule = Schedule(plan_for("unet_norm"), 6, 64)
    keeper = Keeper(
        cast(Learner, Standstill()), schedule, cast(HeldRun, Path()), reporter=Recorder()
    )
    nothing = Overlap((0.0,), (0.0,), (0.0,), (1.0,))
    better, ends = [], []
    for number, value in enumerate(values, start=1):
        found = keeper.judge(number, cast(Stage, None), validated(value, mode), nothing, 1.0)
        better.append(bool(found))
        ends.append(keeper.has_waited())
    return better, ends


@modes
@settings(deadline=None, max_examples=60)
@given(values=scores)
def test_the_rate_falls_when_that_of_keras_does(mode: str, values: list[float]) -> None:
    """Equal figures are no better ones, NaN is none, and the least rate is kept."""
    model, first = keras_model(1.0), 1.0
    theirs = keras.callbacks.ReduceLROnPlateau(
        monitor="score",
        mode=mode,
        factor=rates.CUT,
        patience=rates.PATIENCE,
        min_delta=0.0,
        cooldown=0,
        min_lr=rates.LEAST * first,
    )
    theirs.set_model(model)
    theirs.on_train_begin()
    mine = rates.Plateau()
    better, _ = judged(values, mode)
    for number, (value, is_better) in enumerate(zip(values, better, strict=True)):
        theirs.on_epoch_end(number, {"score": value})
        mine.after_epoch(better=is_better)
        rate: Any = model.optimizer.learning_rate
        assert first * mine.share == pytest.approx(float(rate), rel=1e-6)


@modes
@settings(deadline=None, max_examples=60)
@given(values=scores)
def test_patience_ends_when_that_of_keras_does(mode: str, values: list[float]) -> None:
    model = keras_model(1.0)
    theirs = keras.callbacks.EarlyStopping(monitor="score", mode=mode, patience=PATIENCE)
    theirs.set_model(model)
    theirs.on_train_begin()
    _, ends = judged(values, mode)
    for number, (value, has_ended) in enumerate(zip(values, ends, strict=True)):
        theirs.on_epoch_end(number, {"score": value})
        assert has_ended == bool(model.stop_training)
        if has_ended:
            break


def test_a_first_figure_that_is_no_number_is_left_behind() -> None:
    """Keras takes it for the best, and nothing is better than NaN."""
    values = [math.nan, 0.2, 0.4, 0.6]
    model = keras_model(1.0)
    theirs = keras.callbacks.ReduceLROnPlateau(monitor="score", mode="max", patience=2, factor=0.5)
    theirs.set_model(model)
    theirs.on_train_begin()
    for number, value in enumerate(values):
        theirs.on_epoch_end(number, {"score": value})
    rate: Any = model.optimizer.learning_rate
    assert float(rate) == 0.5
    assert judged(values, "max")[0] == [False, True, True, True]
