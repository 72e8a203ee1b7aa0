"""The network that a training begins with: new, from another run, or where this run left off."""

from __future__ import annotations

from pathlib import Path

import keras
from keras import layers

from segdesk.errors import TrainingError
from segdesk.jobs.bundle import Bundle
from segdesk.jobs.messages import Note
from segdesk.learning import checkpoints
from segdesk.learning.networks import registry
from segdesk.learning.reporter import Reporter
from segdesk.ops.resample import Shape


def first_network(bundle: Bundle, shape: Shape, reporter: Reporter) -> keras.Model:
    """The network with its first weights, for slices of `shape`.

    A run that was cut off goes on from its own weights; fine-tuning takes those of
    `bundle.start_model`, with a new head where the segments differ.

    Raises
    ------
    TrainingError
        Where the model to start from is another network, or cannot be read.
    """
    plan = bundle.plan
    own = Path(bundle.run_folder) / checkpoints.MODEL
    if own.is_file():
        return reshaped(_fitting(checkpoints.load(own), bundle), shape)
    classes = len(bundle.segments) + 1
    if not bundle.start_model:
        return registry.build(
            plan.network, (*shape, 1), classes, filters=plan.filters, seed=plan.seed
        )
    network = reshaped(_fitting(checkpoints.load(Path(bundle.start_model)), bundle), shape)
    # By number, which no other segment gets: a name may have been changed since.
    learnt, wanted = (
        [number for number, _ in segments] for segments in (bundle.start_segments, bundle.segments)
    )
    if learnt == wanted:
        return network
    reporter.send(
        Note("The segments are not those of the model to start from: the last layer is new.")
    )
    return _with_new_head(network, classes, plan.seed)


def reshaped(network: keras.Model, shape: Shape) -> keras.Model:
    """The same network for slices of another shape, which its weights do not depend on.

    Parameters
    ----------
    shape : (rows, columns), multiples of what the network halves
    """
    if tuple(network.input_shape[1:3]) == shape:
        return network
    inputs = keras.Input((*shape, network.input_shape[-1]))
    other = keras.models.clone_model(network, input_tensors=inputs)
    other.set_weights(network.get_weights())
    return other


def _fitting(network: keras.Model, bundle: Bundle) -> keras.Model:
    plan = bundle.plan
    first = next((one for one in network.layers if isinstance(one, layers.Conv2D)), None)
    if network.name != plan.network or first is None or first.filters != plan.filters:
        raise TrainingError(
            "The model to start from is another network or has another number of filters.",
            f"Choose a run of {plan.network} with {plan.filters} filters, or start from scratch.",
        )
    return network


def _with_new_head(network: keras.Model, classes: int, seed: int) -> keras.Model:
    old = network.get_layer("head")
    settings = old.get_config()
    if settings["filters"] > 1:
        settings["filters"] = classes
    settings["kernel_initializer"] = keras.initializers.GlorotUniform(seed)
    head = layers.Conv2D(**settings)
    return keras.Model(network.inputs, head(old.input), name=network.name)
