"""Weights and optimiser state on disk: written to a temporary name, then renamed.

RUN_FOLDER/model.keras      uncompiled, opens with Keras alone
RUN_FOLDER/optimiser.npz    the optimiser's variables in order, and the epoch
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import keras
import numpy as np

from segdesk.errors import TrainingError

MODEL = "model.keras"
OPTIMISER = "optimiser.npz"


def save(network: keras.Model, optimiser: keras.Optimizer, folder: Path, *, epoch: int) -> Path:
    """Write both files and return the model's.

    Raises
    ------
    TrainingError
        Where the disk refuses; the files of before stay.
    """
    # Keras wants the ending, so what marks the temporary file stands before it.
    model, state = folder / "part.model.keras", folder / "part.optimiser.npz"
    try:
        network.save(model)
        variables = [np.asarray(variable) for variable in optimiser.variables]
        np.savez(state, *variables, epoch=np.int64(epoch))
        state.replace(folder / OPTIMISER)
        model.replace(folder / MODEL)
    except OSError as error:
        model.unlink(missing_ok=True)
        state.unlink(missing_ok=True)
        raise TrainingError(
            f"The weights could not be written: {error.strerror or 'the disk refused'}.",
            "Free some disk space and train again.",
        ) from error
    return folder / MODEL


def load(path: Path) -> keras.Model:
    """A model from a file, without running any code that the file might hold.

    Raises
    ------
    TrainingError
        Where there is none, or Keras cannot read it.
    """
    if not path.is_file():
        raise TrainingError("The run has no weights.", "Choose a run that has a finished epoch.")
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        raise TrainingError(
            "The model file cannot be read.", "It has to be a .keras file that segdesk wrote."
        ) from error
    if not isinstance(model, keras.Model):
        raise TrainingError("The model file holds no network.")
    return model


def load_optimiser(optimiser: keras.Optimizer, folder: Path) -> int | None:
    """Take over an optimiser's saved state.

    Returns
    -------
    The epoch that it was saved after, or None where there is no state that fits.
    """
    try:
        with np.load(folder / OPTIMISER, allow_pickle=False) as saved:
            arrays = [saved[f"arr_{index}"] for index in range(len(saved.files) - 1)]
            epoch = int(saved["epoch"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    variables = optimiser.variables
    if [tuple(variable.shape) for variable in variables] != [array.shape for array in arrays]:
        return None
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    return epoch
