"""How a device reckons, found out by trying: float32 or mixed bfloat16, each with and without XLA.

On a GPU each is given the same few steps from the same weights; the fastest is kept of those whose
losses agree with float32's. On a CPU nothing is tried: there bfloat16 makes a step of `unet_norm` a
sixth longer, and XLA leaves it as long and the first one five times so (measured). float16 is not
among them: it needs its loss scaled, and every GPU of this decade has bfloat16.

Reference: Micikevicius et al., "Mixed precision training", ICLR 2018.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import keras

from segdesk.core.run import Plan, Precision
from segdesk.learning import backend
from segdesk.learning.feed import Batch
from segdesk.learning.learner import Learner
from segdesk.learning.losses import loss_of
from segdesk.learning.optimisers import optimiser_of

#: Steps of a trial after the first, which traces and compiles.
STEPS = 5
#: A loss agrees if it differs from float32's by at most this share of it, at every step.
TOLERANCE = 0.05
#: What is less than so much faster is not worth being other than plain.
LEAST_GAIN = 0.05
#: A training with less time is over before the trials have paid.
LEAST_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Type of the features, weights staying float32, and whether XLA compiles the step."""

    precision: Precision = "float32"
    xla: bool = False


PLAIN = Arithmetic()
#: What is tried, plain first.
TRIED = (
    PLAIN,
    Arithmetic(xla=True),
    Arithmetic("mixed_bfloat16"),
    Arithmetic("mixed_bfloat16", xla=True),
)


@dataclass(frozen=True, slots=True)
class Trial:
    """A few steps: their losses, and what one takes. Without losses where the device refused."""

    arithmetic: Arithmetic
    losses: tuple[float, ...] = ()
    seconds: float = math.inf


def is_worth_trying(plan: Plan) -> bool:
    """Whether the training is long enough."""
    return plan.max_minutes is None or plan.max_minutes * 60.0 >= LEAST_SECONDS


def fastest(trials: Sequence[Trial]) -> Arithmetic:
    """The fastest of those that agree with the first, which is plain."""
    plain, *others = trials
    best = plain
    for trial in others:
        if _agrees(trial, plain) and trial.seconds < best.seconds * (1.0 - LEAST_GAIN):
            best = trial
    return best.arithmetic


def try_out(
    arithmetic: Arithmetic,
    network: keras.Model,
    id: str,
    rate: float,
    batch: Batch,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> Trial:
    """Take a few steps with a copy of a network.

    Parameters
    ----------
    network : of the catalogue's `id`; stays as it is
    rate : learning rate, > 0
    batch : the same for every step
    """
    copied = in_precision(network, arithmetic.precision)
    learner = Learner(
        copied, loss=loss_of(id), optimiser=optimiser_of(id, rate), xla=arithmetic.xla
    )
    losses: list[float] = []
    seconds: list[float] = []
    try:
        for _ in range(1 + STEPS):
            started = clock()
            losses.append(learner.step(batch, rate).loss)
            seconds.append(clock() - started)
    except backend.REFUSED:
        return Trial(arithmetic)
    return Trial(arithmetic, tuple(losses), median(seconds[1:]))


def in_precision(network: keras.Model, precision: Precision) -> keras.Model:
    """A copy of a network with the same weights, whose layers but the last reckon in a precision.

    Parameters
    ----------
    network : its last layer is called "head"; that one stays float32
    """

    def copied(layer: keras.Layer) -> keras.Layer:
        config = layer.get_config()
        if layer.name != "head":
            config["dtype"] = precision
        return type(layer).from_config(config)

    other = keras.models.clone_model(network, clone_function=copied)
    other.set_weights(network.get_weights())
    return other


def _agrees(trial: Trial, plain: Trial) -> bool:
    pairs = list(zip(trial.losses, plain.losses, strict=False))
    return bool(pairs) and all(abs(one - other) <= TOLERANCE * abs(other) for one, other in pairs)
