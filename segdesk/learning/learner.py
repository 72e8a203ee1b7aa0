"""One network under training: a step, a snapshot, a rate. What comes when is decided in `fit`."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
import numpy.typing as npt

from segdesk.learning import backend
from segdesk.learning.feed import Batch
from segdesk.learning.figures import Overlap, OverlapOfBatch, accuracy
from segdesk.learning.losses import Loss

Weights = list[npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class StepFigures:
    """Of one batch, before its step was taken."""

    loss: float
    accuracy: float
    overlap: Overlap


class Learner:
    """A network, its optimiser and its loss. Owned by `fit`.

    Parameters
    ----------
    network : stays uncompiled, so that it can be saved without what only training needs
    loss : from `losses`
    rate : first learning rate
    """

    def __init__(self, network: keras.Model, *, loss: Loss, rate: float) -> None:
        self.network = network
        self.loss = loss
        self.optimiser = keras.optimizers.Adam(rate)
        self._overlap = OverlapOfBatch(max(2, network.output_shape[-1]))
        # Shares its layers with the network.
        self._trained = keras.Model(network.inputs, network.outputs)
        self._trained.compile(
            optimizer=self.optimiser,  # pyright: ignore[reportArgumentType]
            loss=loss,
            metrics=[accuracy, self._overlap],
            jit_compile=backend.USE_XLA,  # pyright: ignore[reportArgumentType]
        )
        self.optimiser.build(self._trained.trainable_variables)
        self._make_metrics()

    def step(self, batch: Batch, rate: float) -> StepFigures:
        """Learn from one batch at a rate."""
        self.optimiser.learning_rate = rate
        # Keras' figures are running means; a curve wants those of this batch.
        self._trained.reset_metrics()
        logs = self._trained.train_on_batch(*batch, return_dict=True)
        return StepFigures(float(logs["loss"]), float(logs["accuracy"]), self._overlap.overlap)

    def _make_metrics(self) -> None:
        """Let the metrics make their variables now.

        A step that makes variables is traced a second time, and half of the seconds before the
        first step would go into that.
        """
        rows, columns, channels = self.network.input_shape[1:]
        images = np.zeros((1, rows, columns, channels), np.float32)
        outputs = np.zeros((1, *self.network.output_shape[1:]), np.float32)
        targets = np.zeros((1, rows, columns, 1), np.uint8)
        self._trained.compute_metrics(images, targets, outputs)
        self._trained.reset_metrics()

    def weights(self) -> Weights:
        """A copy."""
        return [np.array(weight) for weight in self.network.get_weights()]

    def restore(self, weights: Weights) -> None:
        self.network.set_weights(weights)

    def forget_steps(self) -> None:
        """Reset the optimiser's averages, in which a number that is none would stay for good."""
        for variable in self.optimiser.variables:
            if variable is not self.optimiser.learning_rate:
                variable.assign(keras.ops.zeros_like(variable))
