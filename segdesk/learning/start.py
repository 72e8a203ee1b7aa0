"""The network that a training begins with: new, from another run, or for a checkpoint."""

from __future__ import annotations

import keras

from segdesk.core.networks import network as catalogue_row
from segdesk.errors import TrainingError
from segdesk.jobs.bundle import Bundle, TrainedNetwork
from segdesk.jobs.halt import Halt
from segdesk.jobs.messages import Note
from segdesk.learning import checkpoints
from segdesk.learning.geometry import framed
from segdesk.learning.networks import registry
from segdesk.learning.reporter import Reporter
from segdesk.ops.resample import Shape
from segdesk.sentence import Sentence


def first_network(bundle: Bundle, shape: Shape, reporter: Reporter) -> keras.Model:
    """The network with its first weights, for slices of `shape`.

    Fine-tuning takes the weights of `bundle.start`, with a new head where the segments differ.

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
    reporter.send(
        Note(
            Sentence(
                "The segments are not those of the model to start from: the last layer is new."
            )
        )
    )
    return _with_new_head(network, classes, plan.seed)


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


def _with_new_head(network: keras.Model, classes: int, seed: int) -> keras.Model:
    old = network.get_layer("head")
    settings = old.get_config()
    if settings["filters"] > 1:
        settings["filters"] = classes
    settings["kernel_initializer"] = keras.initializers.GlorotUniform(seed)
    head = type(old).from_config(settings)
    return keras.Model(network.inputs, head(old.input), name=network.name)
