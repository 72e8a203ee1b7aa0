"""runs/RUN/predictions/CASE.h5: what one run proposes for one case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np

from segdesk.core.durable_files import Check, lasting_folder, no_check
from segdesk.core.prediction import Prediction
from segdesk.errors import InputError, ProjectError
from segdesk.sentence import Sentence
from segdesk.store.disk.disk_errors import Damage, reading, writing
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

    write_planes(
        path,
        (prediction.run, prediction.case, prediction.weights_sha256),
        (shape[0], shape[1], shape[2]),
        lambda layer, index: arrays[layer][index],
        check,
    )


def write_planes(
    path: Path,
    names: tuple[str, str, str],
    shape: Shape,
    plane: Callable[[str, int], Plane],
    check: Check = no_check,
) -> None:
    """As `write_prediction`, of planes that are asked for one by one: slice by slice, of each slice
    the layers in their order.

    Parameters
    ----------
    names : run, case, SHA-256 of the weights
    plane : given layer and slice; uint8, (rows, columns)
    """

    def name(root: NewGroup) -> None:
        root.put(run=names[0], case=names[1], weights_sha256=names[2])

    with writing(Sentence("The prediction of '{case}'", case=names[1])):
        lasting_folder(path.parent)
        write(
            path,
            KIND,
            LAYERS,
            shape,
            lambda layer, index: pack(plane(layer, index)),
            extra=name,
            check=check,
        )


def read_prediction(
    path: Path, run: str, case: str, shape: Shape, *, weights_sha256: str
) -> Prediction:
    """Read it whole; its arrays are read-only.

    Parameters
    ----------
    weights_sha256 : of the weights that have to have made it; "": of whichever

    Raises
    ------
    ProjectError
        Where the file is missing, damaged, or belongs to another run, case or shape, or to a run of
        that name in another project.
    """
    with reading(Sentence("The prediction of '{case}' by {run}", case=case, run=run)):
        with opened(path, KIND, LAYERS, shape) as (root, _):
            if (root.text("run"), root.text("case")) != (run, case):
                raise Damage(Sentence("it belongs to another run or case"))
            made_by = root.text("weights_sha256")
            if weights_sha256 not in ("", made_by):
                raise ProjectError(
                    Sentence(
                        "The prediction of '{case}' by {run} was not made by its weights "
                        "(a file of a copy, or of another time).",
                        case=case,
                        run=run,
                    ),
                    "Predict the case again.",
                )
            packed = read_packed(root, LAYERS, shape)
        labels, probability = unpack(packed, LAYERS, shape)
        labels.flags.writeable = False
        probability.flags.writeable = False
        return Prediction(run, case, labels, probability, made_by)


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
        raise InputError(
            Sentence("The trainer's file '{path}' cannot be read.", path=path.name)
        ) from error
    if array.dtype != np.uint8 or array.shape != shape:
        raise InputError(
            Sentence(
                "The trainer's file '{path}' holds {dtype} of shape {shape}; uint8 of "
                "shape {wanted} was expected.",
                path=path.name,
                dtype=array.dtype.name,
                shape=str(array.shape),
                wanted=str(shape),
            )
        )
    return array
