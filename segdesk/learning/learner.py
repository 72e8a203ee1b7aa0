"""One network under training: a step, a snapshot, a rate. What comes when is decided in `fit`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import keras
import numpy as np
import numpy.typing as npt

from segdesk.learning import backend
from segdesk.learning.feed import Batch
from segdesk.learning.figures import Overlap, OverlapOfBatch, accuracy
from segdesk.learning.flat_adam import FlatAdam
from segdesk.learning.forward import Forward
from segdesk.learning.losses import Loss

Weights = list[npt.NDArray[np.float32]]
#: Of Keras, which exports no name for it.
Variable = Any
Measured = TypeVar("Measured")


@dataclass(frozen=True, slots=True)
class StepFigures:
    """Of one batch, before its step was taken."""

    loss: float
    accuracy: float
    overlap: Overlap


class _Trained(keras.Model):
    """The network within a training step: its loss and figures know what slices are complete for.

    Keras hands a loss nothing but target and output; what belongs to a whole slice comes here as
    the second part of `y`.
    """

    def measure(self, loss: Loss, overlap: OverlapOfBatch) -> None:
        """What is minimised and counted; once, before `compile`."""
        self._minimised = loss
        self._accuracy = keras.metrics.Mean("accuracy")
        self._overlap = overlap

    def compute_loss(
        self,
        x: object = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: object = None,
        training: bool = True,
    ) -> Any:
        """The loss of a batch; `y` is the target and the incompleteness."""
        target, incomplete = y
        return self._minimised(target, y_pred, incomplete)

    def compute_metrics(
        self, x: object, y: Any, y_pred: Any, sample_weight: object = None
    ) -> dict[str, Any]:
        """Count a batch."""
        target, incomplete = y
        self._accuracy.update_state(accuracy(target, y_pred, incomplete))
        self._overlap.update_state(target, y_pred, incomplete)
        return self.get_metrics_result()


class Learner:
    """A network, its optimiser and its loss. Owned by `fit`.

    Parameters
    ----------
    network : stays uncompiled, so that it can be saved without what only training needs
    loss : from `losses`
    optimiser : of a `FlatAdam` the averaged weights are what is measured, kept and shown
    xla : compile the step, anew for each size
    """

    def __init__(
        self,
        network: keras.Model,
        *,
        loss: Loss,
        optimiser: keras.Optimizer,
        xla: bool = False,
    ) -> None:
        self.network = network
        self.forward = Forward(network)
        self.loss = loss
        self.optimiser = optimiser
        classes = max(2, network.output_shape[-1])
        self._overlap = OverlapOfBatch(classes)
        # Shares its layers with the network.
        self._trained = _Trained(network.inputs, network.outputs[0], name=network.name)
        self._trained.measure(loss, self._overlap)
        self._trained.compile(
            optimizer=self.optimiser,
            jit_compile=xla,  # pyright: ignore[reportArgumentType] - typed as str alone
        )
        self.optimiser.build(self._trained.trainable_variables)
        self._step = backend.training_step(self._trained, network.input_shape[1:], classes, xla=xla)

    def begin(self, network: keras.Model) -> None:
        """Forget what was learnt, and take over what another network of the same form holds.

        What has been traced stays, which is why one learner is used for several trainings.
        """
        pairs = zip(self.network.variables, network.variables, strict=True)
        for mine, theirs in pairs:
            mine.assign(theirs)
        self.forget_steps()

    def step(self, batch: Batch, rate: float) -> StepFigures:
        """Learn from one batch at a rate."""
        self.optimiser.learning_rate = rate
        # Keras' figures are running means; a curve wants those of this batch.
        self._trained.reset_metrics()
        logs = self._step(*batch)
        return StepFigures(float(logs["loss"]), float(logs["accuracy"]), self._overlap.overlap)

    @property
    def is_averaged(self) -> bool:
        """Whether what is shown is an average over many steps, which no single one spoils."""
        return isinstance(self.optimiser, FlatAdam)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Within it the network has the weights that are worth showing; no step may be taken."""
        if not isinstance(self.optimiser, FlatAdam):
            yield
            return
        variables = self._trained.trainable_variables
        self.optimiser.put(variables, averaged=True)
        try:
            yield
        finally:
            self.optimiser.put(variables, averaged=False)

    def weights(self) -> Weights:
        """A copy of what the network has now."""
        return [np.array(weight) for weight in self.network.get_weights()]

    def restore(self, weights: Weights) -> None:
        """Go on from these weights."""
        self.network.set_weights(weights)
        if isinstance(self.optimiser, FlatAdam):
            self.optimiser.take(self._trained.trainable_variables)

    def variables(self) -> tuple[list[Variable], list[Variable]]:
        """All that the next step depends on: the network's, and the optimiser's with the averaged
        weights. The states of the generators that draw within a step are among the first."""
        return self.network.variables, self.optimiser.variables

    def measured_with(self, weights: Weights, measure: Callable[[], Measured]) -> Measured:
        """What is measured while the network has other weights; it learns on from its own."""
        own = self.weights()
        self.network.set_weights(weights)
        try:
            return measure()
        finally:
            self.network.set_weights(own)

    def forget_steps(self) -> None:
        """Reset the optimiser's averages, in which a number that is none would stay for good."""
        if isinstance(self.optimiser, FlatAdam):
            self.optimiser.forget_steps(self._trained.trainable_variables)
            return
        for variable in self.optimiser.variables:
            if variable is not self.optimiser.learning_rate:
                variable.assign(keras.ops.zeros_like(variable))
