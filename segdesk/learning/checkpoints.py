"""The best weights on disk, as arrays; `jobs.run_paths` says where. What a training goes on from is
`checkpoint_folder`'s.

A network is never read from a file: it is built from its Plan by `networks.registry`, and its
weights are then set, in the order of `get_weights`. The Run keeps their SHA-256.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

import keras

from segdesk.core.durable_files import Check, no_check
from segdesk.errors import TrainingError
from segdesk.jobs.bundle import TrainedNetwork
from segdesk.jobs.run_paths import RunPaths
from segdesk.learning import arrays_file
from segdesk.learning.arrays_file import Array, BadArrays, NoArrays
from segdesk.learning.networks import registry
from segdesk.sentence import Sentence


def save(weights: Sequence[Array], paths: RunPaths, *, epoch: int, check: Check = no_check) -> str:
    """Write the weights of an epoch, beside those of before.

    Parameters
    ----------
    weights : in the order of `get_weights`
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
        return arrays_file.write(paths.weights(epoch), weights, check)
    except OSError as error:
        raise TrainingError(
            Sentence(
                "The weights could not be written: {reason}.",
                reason=error.strerror or Sentence("the disk refused"),
            ),
            "Free some disk space and train again.",
        ) from error


def drop_others(paths: RunPaths, *, epochs: Collection[int]) -> None:
    """Remove the weights of other epochs, once it was said that those of these are kept."""
    with suppress(OSError):
        for other in paths.kept_epochs():
            if other not in epochs:
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
    network.set_weights(read(trained.path, network, sha256=trained.sha256))
    return network


def read(path: Path, network: keras.Model, *, sha256: str) -> list[Array]:
    """The weights of a file, where they are those that were kept and fit a network.

    Parameters
    ----------
    sha256 : of the file, as the run has it

    Raises
    ------
    TrainingError
        Where they are not, or there are none.
    """
    try:
        return arrays_file.read_like(path, network.get_weights(), sha256=sha256)
    except NoArrays as error:
        raise TrainingError(
            "The run has no weights.", "Choose a run that has a finished epoch."
        ) from error
    except BadArrays as error:
        raise TrainingError(
            Sentence("The run's file of weights cannot be used: it {said}.", said=error.args[0]),
            "Restore the project from a copy, or choose another run.",
        ) from error
