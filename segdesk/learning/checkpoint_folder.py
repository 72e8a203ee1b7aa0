"""The folder that a training goes on from: written beside, synced, renamed; read with distrust.

`jobs.halt` has what of it are no arrays. Nothing is deserialised: the network was built from its
Plan, so the shape of each array is known before a file is opened, and the halt keeps its SHA-256.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from segdesk.core.durable_files import Check, new_folder, no_check
from segdesk.errors import TrainingError
from segdesk.jobs import halt as halts
from segdesk.jobs.halt import BadHalt, Halt
from segdesk.jobs.run_paths import CheckpointPaths, RunPaths
from segdesk.learning import arrays_file
from segdesk.learning.arrays_file import Array, BadArrays
from segdesk.learning.figures import Overlap
from segdesk.learning.learner import Learner, StepFigures, Variable
from segdesk.sentence import Sentence

#: Of a step: loss and accuracy; and of each segment the voxels of an Overlap.
_OF_A_STEP, _OF_A_SEGMENT = 2, 4


def write(
    paths: RunPaths,
    halt: Halt,
    learner: Learner,
    taken: Sequence[StepFigures],
    *,
    check: Check = no_check,
) -> None:
    """Write a checkpoint, beside those of before.

    Parameters
    ----------
    halt : where the training stands; the sums of the arrays are put into it
    learner : with the weights of its last step, not the averaged ones
    taken : figures of the steps of the epoch in hand
    check : asked right before a file gets its name; raises TrainingError where it must not

    Raises
    ------
    TrainingError
        Where the disk refuses; the checkpoints of before stay, and nothing of this one.
    """
    network, optimiser = (list(map(np.asarray, row)) for row in learner.variables())
    figures = np.array([_row(one) for one in taken]).reshape(len(taken), _width(halt))
    try:
        with new_folder(paths.checkpoint(halt.step).folder, check) as folder:
            files = CheckpointPaths(folder)
            arrays = tuple(
                (path.name, arrays_file.write(path, rows, check))
                for path, rows in (
                    (files.network, network),
                    (files.optimiser, optimiser),
                    (files.figures, [figures]),
                )
            )
            halts.write(files.halt, replace(halt, arrays=arrays), check)
    except OSError as error:
        raise TrainingError(
            Sentence(
                "The checkpoint could not be written: {reason}.",
                reason=error.strerror or Sentence("the disk refused"),
            ),
            "Free some disk space.",
        ) from error


def take_up(learner: Learner, folder: CheckpointPaths, halt: Halt) -> list[StepFigures]:
    """Give a learner what a checkpoint holds, or leave it as it is.

    Parameters
    ----------
    learner : of a network of the same Plan
    halt : of this folder

    Returns
    -------
    The figures of the steps of the epoch in hand.

    Raises
    ------
    BadHalt
        Where it is damaged, or of another network.
    """
    network, optimiser = learner.variables()
    rows = _read(folder.network, halt, network)
    state = _read(folder.optimiser, halt, optimiser)
    (figures,) = _read(folder.figures, halt, [np.zeros((halt.taken, _width(halt)))])
    _assign(network, rows)
    _assign(optimiser, state)
    return [_figures(row) for row in figures]


def _read(path: Path, halt: Halt, like: Sequence[Any]) -> list[Array]:
    try:
        return arrays_file.read_like(path, like, sha256=halt.sha256_of(path))
    except BadArrays as error:
        raise BadHalt(error.args[0]) from error


def _assign(variables: Sequence[Variable], arrays: Sequence[Array]) -> None:
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def _width(halt: Halt) -> int:
    return _OF_A_STEP + _OF_A_SEGMENT * len(halt.segments)


def _row(one: StepFigures) -> list[float]:
    overlap = one.overlap
    counts = (*overlap.shared, *overlap.found, *overlap.real, *overlap.known)
    return [one.loss, one.accuracy, *counts]


def _figures(row: Array) -> StepFigures:
    loss, accuracy, *counts = map(float, row)
    parts = np.reshape(counts, (_OF_A_SEGMENT, -1)).tolist()
    return StepFigures(loss, accuracy, Overlap(*map(tuple, parts)))
