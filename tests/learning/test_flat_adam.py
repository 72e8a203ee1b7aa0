"""One flat vector learns as Keras' Adam does, and keeps the average of its way."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from segdesk.learning.flat_adam import BETA_1, BETA_2, EPSILON, KEPT, LONGEST, FlatAdam

pytestmark = pytest.mark.keras
SHAPES = ((3, 2), (4,), ())


def variables(seed: int = 0) -> list[keras.Variable]:
    generator = np.random.default_rng(seed)
    return [keras.Variable(generator.normal(size=shape).astype(np.float32)) for shape in SHAPES]


def gradients(length: float, seed: int) -> list[np.ndarray]:
    """Of one long vector of a length."""
    generator = np.random.default_rng(seed)
    parts = [generator.normal(size=shape).astype(np.float32) for shape in SHAPES]
    norm = np.sqrt(sum(float((part**2).sum()) for part in parts))
    return [part * np.float32(length / norm) for part in parts]


def values(of: list[keras.Variable]) -> np.ndarray:
    return np.concatenate([np.ravel(np.asarray(variable)) for variable in of])


@pytest.mark.parametrize("length", [0.3, 40.0], ids=["as it is", "shortened"])
def test_it_steps_as_keras_adam_with_a_clipped_gradient(length: float) -> None:
    mine, theirs = variables(), variables()
    flat = FlatAdam(4e-3)
    flat.build(mine)
    adam = keras.optimizers.Adam(
        4e-3, beta_1=BETA_1, beta_2=BETA_2, epsilon=EPSILON, global_clipnorm=LONGEST
    )
    adam.build(theirs)
    for step in range(20):
        flat.learning_rate = adam.learning_rate = 4e-3 / (step + 1)
        for optimiser, of in ((flat, mine), (adam, theirs)):
            tensors = [keras.ops.convert_to_tensor(part) for part in gradients(length, step)]
            optimiser.apply(tensors, of)
    np.testing.assert_allclose(values(mine), values(theirs), rtol=2e-5, atol=2e-6)


def test_the_average_is_that_of_all_steps_and_forgets_the_first_weights() -> None:
    mine = variables()
    flat = FlatAdam(0.1)
    flat.build(mine)
    average = values(mine)
    for step in range(1, 30):
        flat.apply([keras.ops.convert_to_tensor(part) for part in gradients(1.0, step)], mine)
        kept = min(KEPT, (1 + step) / (10 + step))
        average = kept * average + (1 - kept) * values(mine)
    now = values(mine)
    flat.put(mine, averaged=True)
    np.testing.assert_allclose(values(mine), average, rtol=1e-4, atol=1e-5)
    assert not np.allclose(average, now)
    flat.put(mine, averaged=False)
    assert np.array_equal(values(mine), now)


def test_it_goes_on_from_weights_that_are_given_to_it() -> None:
    mine, other = variables(), variables(seed=7)
    flat = FlatAdam(0.1)
    flat.build(mine)
    flat.apply([keras.ops.convert_to_tensor(part) for part in gradients(1.0, 1)], mine)
    flat.forget_steps(other)
    flat.put(mine, averaged=True)
    assert np.array_equal(values(mine), values(other))
    fresh = FlatAdam(0.1)
    again = variables(seed=7)
    fresh.build(again)
    for optimiser, of in ((flat, mine), (fresh, again)):
        optimiser.apply([keras.ops.convert_to_tensor(part) for part in gradients(1.0, 2)], of)
    np.testing.assert_allclose(values(mine), values(again), rtol=1e-6)


def test_its_state_is_enough_to_go_on() -> None:
    one, other = variables(), variables(seed=5)
    first, second = FlatAdam(0.1), FlatAdam(0.1)
    first.build(one)
    second.build(other)
    for step in range(3):
        first.apply([keras.ops.convert_to_tensor(part) for part in gradients(1.0, step)], one)
    for target, source in zip(second.variables, first.variables, strict=True):
        target.assign(np.asarray(source))
    second.put(other, averaged=False)
    for optimiser, of in ((first, one), (second, other)):
        optimiser.apply([keras.ops.convert_to_tensor(part) for part in gradients(1.0, 9)], of)
    assert np.array_equal(values(one), values(other))
