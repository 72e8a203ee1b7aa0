"""What a run proposes for a case: the `Prediction`, a layer that reaches a mask only as an Edit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdesk.core.annotation import Annotation, Provenance
from segdesk.core.edit import Box, Patch, Planes


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """Labels and certainty of one run on one case. Frozen.

    Parameters
    ----------
    run, case : ids
    labels : uint8, (slices, rows, columns), the winning class's segment number, 0 background
    probability : uint8, same shape, the winning class's probability times 255
    """

    run: str
    case: str
    labels: npt.NDArray[np.uint8]
    probability: npt.NDArray[np.uint8]


def changed_box(index: int, changed: npt.NDArray[np.bool_]) -> Box | None:
    """The smallest box around the True voxels of a slice, or None where there are none."""
    rows = np.flatnonzero(changed.any(axis=1))
    if rows.size == 0:
        return None
    columns = np.flatnonzero(changed.any(axis=0))
    return Box(index, int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)


def difference(
    annotation: Annotation,
    prediction: Prediction,
    slices: Iterable[int],
    *,
    locked: frozenset[int] = frozenset(),
    over_hand: bool = False,
) -> tuple[Patch, ...]:
    """What taking the prediction would change, one Patch for each slice that changes.

    A voxel that a hand has set stays unless `over_hand`; a voxel of a locked segment stays, and
    none becomes one. Every other voxel takes the predicted label with the provenance
    "prediction".

    Parameters
    ----------
    annotation : of the same case and shape
    slices : indices to take
    locked : numbers of locked segments
    """
    by = Provenance.PREDICTION
    proposed = (
        replacement(annotation, at, prediction.labels[at], by, locked=locked, over_hand=over_hand)
        for at in slices
    )
    return tuple(patch for patch in proposed if patch is not None)


def replacement(
    annotation: Annotation,
    index: int,
    wanted: npt.NDArray[np.uint8],
    by: Provenance,
    *,
    locked: frozenset[int] = frozenset(),
    over_hand: bool = True,
) -> Patch | None:
    """What giving a slice other labels would change; None where that is nothing.

    Voxels that agree stay as they are, so that doing it twice changes nothing.

    Parameters
    ----------
    wanted : uint8, (rows, columns)
    by : provenance of the voxels that change
    locked, over_hand : as for `difference`
    """
    labels, provenance = annotation.labels[index], annotation.provenance[index]
    take = labels != wanted
    if not over_hand:
        take &= provenance != Provenance.HAND
    for number in locked:
        take &= (labels != number) & (wanted != number)
    box = changed_box(index, take)
    if box is None:
        return None
    _, rows, columns = box.window
    inside = take[rows, columns]
    before, touched = labels[rows, columns], provenance[rows, columns]
    after, setter = before.copy(), touched.copy()
    after[inside] = wanted[rows, columns][inside]
    setter[inside] = by
    return Patch.of(box, Planes(before, after, touched, setter))
