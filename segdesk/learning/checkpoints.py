"""Weights and optimiser state on disk, as arrays; `jobs.run_paths` says where.

A network is never read from a file: it is built from its Plan by `networks.registry`, and its
weights are then set, in the order of `get_weights`. The Run keeps their SHA-256.
"""

from __future__ import annotations

from contextlib import suppress

import keras
import numpy as np

from segdesk.core.durable_files import Check, no_check
from segdesk.core.regular_file import NotRegular
from segdesk.errors import TrainingError
from segdesk.jobs.bundle import TrainedNetwork
from segdesk.jobs.run_paths import RunPaths
from segdesk.learning import arrays_file
from segdesk.learning.arrays_file import Array, BadArrays, Wanted
from segdesk.learning.networks import registry
from segdesk.sentence import Sentence


def save(
    network: keras.Model,
    optimiser: keras.Optimizer,
    paths: RunPaths,
    *,
    epoch: int,
    check: Check = no_check,
) -> str:
    """Write the weights of an epoch and the optimiser's state, beside those of before.

    Parameters
    ----------
    check : asked right before a file gets its name; raises TrainingError where it must not

    Returns
    -------
    SHA-256 of the weights, for the run's record.

    Raises
    ------
    TrainingError
        Where the disk refuses; the weights of before stay.
    """
    try:
        digest = arrays_file.write(paths.weights(epoch), network.get_weights(), check)
        state = [np.asarray(variable) for variable in optimiser.variables]
        arrays_file.write(paths.optimiser, [np.array(epoch, np.int64), *state], check)
    except OSError as error:
        raise TrainingError(
            Sentence(
                "The weights could not be written: {reason}.",
                reason=error.strerror or Sentence("the disk refused"),
            ),
            "Free some disk space and train again.",
        ) from error
    return digest


def drop_others(paths: RunPaths, *, epoch: int) -> None:
    """Remove the weights of other epochs, once it was said that those of this one are kept."""
    with suppress(OSError):
        for other in paths.kept_epochs():
            if other != epoch:
                paths.weights(other).unlink()


def load(trained: TrainedNetwork) -> keras.Model:
    """A trained network, built anew, with the weights that its run kept.

    Raises
    ------
    TrainingError
        Where there are none, they are not those that were kept, or not those of this network.
    """
    network = registry.build(
        trained.network,
        (*trained.built_for, trained.channels),
        len(trained.segments) + 1,
        filters=trained.filters,
    )
    try:
        weights = arrays_file.read(
            trained.path,
            [_wanted(weight) for weight in network.get_weights()],
            sha256=trained.sha256,
        )
    except FileNotFoundError as error:
        raise TrainingError(
            "The run has no weights.", "Choose a run that has a finished epoch."
        ) from error
    except (NotRegular, BadArrays) as error:
        said = (error.strerror or "") if isinstance(error, NotRegular) else error.args[0]
        raise TrainingError(
            Sentence("The run's file of weights cannot be used: it {said}.", said=said),
            "Restore the project from a copy, or choose another run.",
        ) from error
    except OSError as error:
        raise TrainingError(
            Sentence(
                "The run's weights cannot be read: {reason}.",
                reason=error.strerror or Sentence("the system refused"),
            ),
            "Check the disk.",
        ) from error
    network.set_weights(weights)
    return network


def load_optimiser(optimiser: keras.Optimizer, paths: RunPaths, *, epoch: int) -> bool:
    """Take over an optimiser's saved state; whether there is one of this epoch that fits."""
    variables = optimiser.variables
    wanted = [_wanted(np.asarray(variable)) for variable in variables]
    try:
        number, *arrays = arrays_file.read(paths.optimiser, [((), np.dtype(np.int64)), *wanted])
    except (OSError, BadArrays):
        return False
    if int(number) != epoch:
        return False
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    return True


def _wanted(array: Array) -> Wanted:
    return array.shape, array.dtype
