"""What stays in memory from one job of a trainer process to its next: the `Standing` networks.

Tracing a network costs seconds, and what is traced does not depend on its weights. So a job whose
network has the form of the one before it takes that one over, with weights of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from segdesk.core.networks import network as catalogue_row
from segdesk.core.run import Plan, plan_for
from segdesk.jobs.bundle import TrainedNetwork
from segdesk.learning import arithmetic, start
from segdesk.learning.arithmetic import PLAIN, Arithmetic
from segdesk.learning.feed import Batch
from segdesk.learning.forward import Forward
from segdesk.learning.geometry import Frame, framed
from segdesk.learning.learner import Learner
from segdesk.learning.losses import loss_of
from segdesk.learning.networks import registry
from segdesk.learning.optimisers import optimiser_of
from segdesk.ops.resample import Shape

#: Pixels along a side of what a network sees where it is traced before there is a job; more where
#: it answers for nothing else.
TRACED_SIDE = 96


@dataclass(frozen=True, slots=True)
class _Form:
    """What two networks must share for one to stand in for the other."""

    id: str
    variables: tuple[tuple[Any, ...], ...]
    input_shape: tuple[Any, ...]

    @classmethod
    def of(cls, network: keras.Model, id: str) -> _Form:
        variables = tuple(tuple(variable.shape) for variable in network.variables)
        return cls(id, variables, tuple(network.input_shape))


class Standing:
    """One network that learns and one that answers, each the last that was asked for.

    Owned by the trainer process.
    """

    def __init__(self) -> None:
        self._learner: tuple[tuple[_Form, Arithmetic], Learner] | None = None
        self._tried: dict[tuple[_Form, tuple[int, ...]], Arithmetic] = {}
        self._forward: tuple[_Form, Forward] | None = None
        #: Whose weights that has, where a run's are known.
        self._answers: tuple[TrainedNetwork, Shape] | None = None

    def arithmetic(self, network: keras.Model, plan: Plan, batch: Batch) -> Arithmetic:
        """How a GPU takes the steps of a training fastest; what was tried is not tried again.

        Parameters
        ----------
        network : of the Plan
        batch : of the training, as its steps get them
        """
        asked = _Form.of(network, plan.network), batch[0].shape
        if asked not in self._tried:
            trials = (
                arithmetic.try_out(one, network, plan.network, plan.rate, batch)
                for one in arithmetic.TRIED
            )
            self._tried[asked] = arithmetic.fastest(list(trials))
        return self._tried[asked]

    def learner(
        self, network: keras.Model, id: str, rate: float, how: Arithmetic = PLAIN
    ) -> Learner:
        """A learner with the weights of a network, which may be another object.

        Parameters
        ----------
        network : of the catalogue's `id`, with the first weights of a training
        rate : learning rate, > 0
        how : it reckons
        """
        form = _Form.of(network, id)
        if self._learner is not None and self._learner[0] == (form, how):
            learner = self._learner[1]
            learner.begin(network)
            return learner
        if how.precision != "float32":
            network = arithmetic.in_precision(network, how.precision)
        learner = Learner(network, loss=loss_of(id), optimiser=optimiser_of(id, rate), xla=how.xla)
        self._learner = (form, how), learner
        return learner

    def forward(self, network: keras.Model, id: str) -> Forward:
        """As `learner`, for a network that only answers. It is never the one that learns."""
        form = _Form.of(network, id)
        self._answers = None
        if self._forward is not None and self._forward[0] == form:
            forward = self._forward[1]
            forward.network.set_weights(network.get_weights())
            return forward
        forward = Forward(network)
        self._forward = form, forward
        return forward

    def answering(self, trained: TrainedNetwork, input_shape: Shape) -> Forward:
        """As `forward`, with the weights of a run: they are read where the last ones were not its.

        Parameters
        ----------
        input_shape : (rows, columns) of its slices, as its Run has it

        Raises
        ------
        TrainingError
            Where they cannot be read.
        """
        wanted = replace(trained, weights="", refinements=(), step=0), input_shape
        if self._forward is None or self._answers != wanted:
            forward = self.forward(start.trained(trained, input_shape), trained.network)
            self._answers = wanted
            return forward
        return self._forward[1]

    def prepare(self, id: str, filters: int, classes: int, channels: int) -> None:
        """Trace a step and both answers with zeros, where the network takes slices of any size."""
        row = catalogue_row(id)
        side = max(1, TRACED_SIDE - 2 * row.border)
        answered = framed([(side, side)], row)
        seen = Frame(answered, answered, answered, row.border).input
        network = registry.build(id, (*answered, channels), classes, filters=filters)
        if network.input_shape[1] is not None:
            return
        learner = self.learner(network, id, plan_for(id).rate)
        batch: Batch = (
            np.zeros((1, *seen, channels), np.float32),
            np.zeros((1, *answered, 1), np.uint8),
            np.zeros((1, classes), np.float32),
        )
        learner.step(batch, plan_for(id).rate)
        learner.forward.outputs(batch[0])
        answering = registry.build(id, (*answered, channels), classes, filters=filters)
        self.forward(answering, id).outputs(batch[0])
