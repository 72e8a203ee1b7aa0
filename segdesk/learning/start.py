"""The network that a training begins with: new, from another run, or for a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from segdesk.core.networks import network as catalogue_row
from segdesk.errors import TrainingError
from segdesk.jobs.bundle import Bundle, TrainedNetwork
from segdesk.jobs.halt import Halt
from segdesk.learning import checkpoints
from segdesk.learning.geometry import framed
from segdesk.learning.networks import registry
from segdesk.ops.resample import Shape
from segdesk.sentence import Sentence


def first_network(bundle: Bundle, shape: Shape) -> keras.Model:
    """The network with its first weights, for slices of `shape`.

    Fine-tuning takes the weights of `bundle.start`; where the segments differ, the head keeps the
    rows of those that stay.

    Raises
    ------
    TrainingError
        Where the model to start from is another network, or cannot be read.
    """
    plan = bundle.plan
    classes, wanted = len(bundle.segments) + 1, plan.channels(bundle.intensities.unit)
    if bundle.start is None:
        return registry.build(
            plan.network, (*shape, wanted), classes, filters=plan.filters, seed=plan.seed
        )
    network = reshaped(checkpoints.load(_fitting(bundle.start, bundle)), shape)
    # By number, which no other segment gets: a name may have been changed since.
    learnt, wanted = (
        [number for number, _ in segments] for segments in (bundle.start.segments, bundle.segments)
    )
    if learnt == wanted:
        return network
    known = [1 + learnt.index(number) if number in learnt else 0 for number in wanted]
    return _with_other_segments(network, known, plan.seed)


def reshaped(network: keras.Model, shape: Shape) -> keras.Model:
    """The same network for slices of another shape, which its weights do not depend on.

    Parameters
    ----------
    shape : (rows, columns), multiples of what the network halves
    """
    if tuple(network.input_shape[1:3]) in (shape, (None, None)):
        return network
    inputs = keras.Input((*shape, network.input_shape[-1]))
    other = keras.models.clone_model(network, input_tensors=inputs)
    other.set_weights(network.get_weights())
    return other


def built_for(bundle: Bundle, shape: Shape) -> Shape:
    """The shape that the network of `first_network` is built for; its depth can depend on it."""
    return bundle.start.built_for if bundle.start is not None else shape


def built_anew(halt: Halt, shape: Shape) -> keras.Model:
    """The network of a training that goes on, for slices of `shape`; its checkpoint has the rest.

    Parameters
    ----------
    halt : where it stood
    """
    network = registry.build(
        halt.plan.network,
        (*halt.built_for, halt.channels),
        len(halt.segments) + 1,
        filters=halt.plan.filters,
        seed=halt.plan.seed,
    )
    return reshaped(network, shape)


def trained(network: TrainedNetwork, input_shape: Shape) -> keras.Model:
    """The network of a run as it was trained, for predicting.

    Parameters
    ----------
    input_shape : (rows, columns) of its slices, as its Run has it

    Raises
    ------
    TrainingError
        Where its weights cannot be read.
    """
    shape = framed([input_shape], catalogue_row(network.network))
    return reshaped(checkpoints.load(network), shape)


def _fitting(trained: TrainedNetwork, bundle: Bundle) -> TrainedNetwork:
    plan = bundle.plan
    if (trained.network, trained.filters, trained.neighbours_mm) != (
        plan.network,
        plan.filters,
        plan.neighbours_mm,
    ):
        raise TrainingError(
            "The model to start from is another network, or has other filters or neighbours.",
            Sentence(
                "Choose a run of {network} with {filters} filters, or start from scratch.",
                network=plan.network,
                filters=plan.filters,
            ),
        )
    return trained


def _with_other_segments(network: keras.Model, known: Sequence[int], seed: int) -> keras.Model:
    """A network for other segments, with the background's and the known segments' rows of its head.

    Parameters
    ----------
    known : for each segment its class in the network, or 0; where it knows none, all is new
    """
    old = network.get_layer("head")
    settings = old.get_config()
    is_one = settings["filters"] == 1
    if not is_one:
        settings["filters"] = len(known) + 1
    settings["kernel_initializer"] = keras.initializers.GlorotUniform(seed)
    head = type(old).from_config(settings)
    other = keras.Model(network.inputs, head(old.input), name=network.name)
    rows = {0: 0} | {place: own for place, own in enumerate(known, start=1) if own}
    # One sigmoid is one segment, which is another one here.
    if len(rows) == 1 or is_one:
        return other
    # A transposed convolution has its classes before its inputs, another one after them.
    axis = -2 if isinstance(old, keras.layers.Conv2DTranspose) else -1
    (kernel, bias), (from_kernel, from_bias) = head.get_weights(), old.get_weights()
    to, of = np.moveaxis(kernel, axis, 0), np.moveaxis(from_kernel, axis, 0)
    for place, own in rows.items():
        to[place], bias[place] = of[own], from_bias[own]
    head.set_weights([kernel, bias])
    return other
