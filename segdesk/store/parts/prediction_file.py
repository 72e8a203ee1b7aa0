"""runs/RUN/predictions/CASE.h5: what one run proposes for one case.

    labels, probability   a plane for each slice
    left_out              where the rule of pieces left out any: their segment numbers, which are
                          background in labels; with them labels is what the network said
    left_out_numbers      the segments of those, ascending
    left_out_voxels       of each of these segments

The pieces are unpacked when somebody asks for them; where they cannot be, the rest is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np

from segdesk.core.durable_files import Check, lasting_folder, no_check
from segdesk.core.prediction import Prediction
from segdesk.core.small_pieces import Counts, LeftOut, SmallPieces
from segdesk.errors import InputError, ProjectError
from segdesk.ops.pieces import small_pieces
from segdesk.sentence import Sentence
from segdesk.store.disk.disk_errors import Damage, reading, writing
from segdesk.store.parts.hdf5 import Group, NewGroup
from segdesk.store.parts.plane_file import (
    Packed,
    Plane,
    Shape,
    opened,
    pack,
    read_packed,
    unpack,
    unpack_plane,
    write,
)
from segdesk.store.parts.seal import Kind

KIND: Kind = "prediction"
LAYERS = ("labels", "probability")
LEFT_OUT = "left_out"
_NUMBERS, _VOXELS = "left_out_numbers", "left_out_voxels"


def write_prediction(
    path: Path,
    prediction: Prediction,
    check: Check = no_check,
    *,
    left_out: Plane | None = None,
) -> Counts:
    """Write it, verify it and put it in its place, where `check` lets it; slice by slice, so arrays
    may be memory maps.

    Parameters
    ----------
    left_out : segment numbers of what was left out, uint8, the shape of the labels; None: what the
        prediction itself says, none where that cannot be read

    Returns
    -------
    Voxels of each segment that are left out.

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
    pieces = None if prediction.left_out is None else prediction.left_out.pieces

    def plane(layer: str, index: int) -> Plane:
        if layer != LEFT_OUT:
            return arrays[layer][index]
        if left_out is not None:
            return left_out[index]
        return np.zeros(shape[1:], np.uint8) if pieces is None else pieces.left_out_of(index)

    return write_planes(
        path,
        (prediction.run, prediction.case, prediction.weights_sha256),
        (shape[0], shape[1], shape[2]),
        plane,
        check,
        leaves_out=left_out is not None or (pieces is not None and len(pieces.places) > 0),
    )


def write_planes(
    path: Path,
    names: tuple[str, str, str],
    shape: Shape,
    plane: Callable[[str, int], Plane],
    check: Check = no_check,
    *,
    leaves_out: bool = False,
) -> Counts:
    """As `write_prediction`, of planes that are asked for one by one: slice by slice, of each slice
    the layers in their order.

    Parameters
    ----------
    names : run, case, SHA-256 of the weights
    plane : given layer and slice; uint8, (rows, columns)
    leaves_out : whether there is a layer LEFT_OUT too
    """
    counts = np.zeros(256, np.int64)

    def packed(layer: str, index: int) -> bytes | None:
        voxels = plane(layer, index)
        if layer == LEFT_OUT:
            counts[:] += np.bincount(voxels.ravel(), minlength=256)
        return pack(voxels)

    def found() -> Counts:
        return tuple((int(at), int(counts[at])) for at in np.flatnonzero(counts) if at)

    def name(root: NewGroup) -> None:
        root.put(run=names[0], case=names[1], weights_sha256=names[2])
        if leaves_out:
            rows = found()
            values = {_NUMBERS: tuple(at for at, _ in rows), _VOXELS: tuple(n for _, n in rows)}
            root.put(**values)

    with writing(Sentence("The prediction of '{case}'", case=names[1])):
        lasting_folder(path.parent)
        write(
            path,
            KIND,
            (*LAYERS, LEFT_OUT) if leaves_out else LAYERS,
            shape,
            packed,
            extra=name,
            check=check,
        )
    return found()


def read_prediction(
    path: Path, run: str, case: str, shape: Shape, *, weights_sha256: str, joined: bool = True
) -> Prediction:
    """Read it, whole but for what was left out; its arrays are read-only.

    Parameters
    ----------
    joined : whether pieces go on from slice to slice; False for slices without geometry
    weights_sha256 : of the weights that have to have made it; "": of whichever

    Raises
    ------
    ProjectError
        Where the file is missing, damaged, or belongs to another run, case or shape, or to a run of
        that name in another project.
    """
    with reading(Sentence("The prediction of '{case}' by {run}", case=case, run=run)):
        with opened(path, KIND, (*LAYERS, LEFT_OUT), shape) as (root, _):
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
            kept = _left_out(root, shape) if root.has_member(LEFT_OUT) else None
        labels, probability = unpack(packed, LAYERS, shape)
        labels.flags.writeable = False
        probability.flags.writeable = False
        left_out = None
        if kept is not None:
            counts, pieces = kept
            left_out = LeftOut(counts, lambda: _pieces(pieces, labels, joined=joined))
        return Prediction(run, case, labels, probability, made_by, left_out)


def left_out_counts(path: Path, run: str, case: str, shape: Shape) -> Counts:
    """Voxels of each segment that a prediction leaves out; unpacks nothing.

    Raises
    ------
    ProjectError
        Where the file is missing or damaged.
    """
    with (
        reading(Sentence("The prediction of '{case}' by {run}", case=case, run=run)),
        opened(path, KIND, (*LAYERS, LEFT_OUT), shape) as (root, _),
    ):
        kept = _left_out(root, shape) if root.has_member(LEFT_OUT) else None
    return () if kept is None else kept[0]


def _left_out(root: Group, shape: Shape) -> tuple[Counts, Packed | None]:
    """What a file says of what was left out, still packed; None where it is damaged."""
    try:
        numbers, voxels = root.integers(_NUMBERS), root.integers(_VOXELS)
        counts = tuple(zip(numbers, voxels, strict=True))
        if any(not 0 < at <= 255 or count < 1 for at, count in counts):
            raise ValueError("expected voxels of segments")
        return counts, read_packed(root, (LEFT_OUT,), shape)
    except (ValueError, KeyError, TypeError, RuntimeError):
        return (), None


def _pieces(packed: Packed | None, labels: Plane, *, joined: bool) -> SmallPieces:
    """The pieces, unpacked; ValueError where they are damaged."""
    if packed is None:
        raise ValueError("what was left out is damaged")
    slices, rows, columns = labels.shape

    def plane(index: int) -> Plane | None:
        content = packed.get((LEFT_OUT, index))
        if content is None:
            return None
        found = unpack_plane(content, rows * columns).reshape(rows, columns)
        # What is there cannot have been left out.
        return np.where(labels[index] == 0, found, 0).astype(np.uint8)

    return small_pieces(plane, (slices, rows, columns), joined=joined)


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
