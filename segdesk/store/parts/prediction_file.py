"""runs/RUN/predictions/CASE.h5: what one run proposes for one case."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np

from segdesk.core.lasting import Check, lasting_folder, no_check
from segdesk.core.prediction import Prediction
from segdesk.errors import InputError
from segdesk.store.disk.translate import Damage, reading, writing
from segdesk.store.parts.hdf5 import NewGroup
from segdesk.store.parts.plane_file import Plane, Shape, opened, pack, read_packed, unpack, write
from segdesk.store.parts.seal import Kind

KIND: Kind = "prediction"
LAYERS = ("labels", "probability")


def write_prediction(path: Path, prediction: Prediction, check: Check = no_check) -> None:
    """Write it, verify it and put it in its place, where `check` lets it; slice by slice, so arrays
    may be memory maps.

    Raises
    ------
    ValueError
        Where the arrays are not uint8 of one shape (slices, rows, columns).
    ProjectError
        Where the disk refuses.
    """
    arrays = {"labels": prediction.labels, "probability": prediction.probability}
    shape = prediction.labels.shape
    if len(shape) != 3 or any(a.dtype != np.uint8 or a.shape != shape for a in arrays.values()):
        raise ValueError(f"expected two uint8 arrays of one shape, received {shape} and others")

    def name(root: NewGroup) -> None:
        root.put(run=prediction.run, case=prediction.case)

    with writing(f"The prediction of '{prediction.case}'"):
        lasting_folder(path.parent)
        write(
            path,
            KIND,
            LAYERS,
            (shape[0], shape[1], shape[2]),
            lambda layer, index: pack(arrays[layer][index]),
            extra=name,
            check=check,
        )


def read_prediction(path: Path, run: str, case: str, shape: Shape) -> Prediction:
    """Read it whole; its arrays are read-only.

    Raises
    ------
    ProjectError
        Where the file is missing, damaged, or belongs to another run, case or shape.
    """
    with reading(f"The prediction of '{case}' by {run}"):
        with opened(path, KIND, LAYERS, shape) as (root, _):
            if (root.text("run"), root.text("case")) != (run, case):
                raise Damage("it belongs to another run or case")
            packed = read_packed(root, LAYERS, shape)
        labels, probability = unpack(packed, LAYERS, shape)
        labels.flags.writeable = False
        probability.flags.writeable = False
        return Prediction(run, case, labels, probability)


def mapped(path: Path, shape: Shape) -> Plane:
    """A trainer's .npy as a read-only memory map, its dtype and shape checked.

    Raises
    ------
    InputError
        Where it cannot be read or is not uint8 of this shape.
    """
    try:
        array = cast("Plane", np.load(path, mmap_mode="r", allow_pickle=False))
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"The trainer's file '{path.name}' cannot be read.") from error
    if array.dtype != np.uint8 or array.shape != shape:
        raise InputError(
            f"The trainer's file '{path.name}' holds {array.dtype} of shape {array.shape}; "
            f"uint8 of shape {shape} was expected."
        )
    return array
