"""From a label map to an Edit: which slices and voxels it changes, and what becomes of them.

The map comes from `formats.labels`; `importing` brings the Edit into the project. Labels count as
drawn by hand, unless they are said to be a prediction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt

from segdesk.core.annotation import Annotation, Provenance
from segdesk.core.completeness import Cause, status_move
from segdesk.core.cutting import SliceChange, redrawn
from segdesk.core.edit import Edit, StatusMove
from segdesk.core.prediction import replacement
from segdesk.core.segment import SegmentTable
from segdesk.core.status import SliceStatus, after_stroke
from segdesk.sentence import Sentence

LabelsAs = Literal["auto", "corrected", "predicted"]
NAME = Sentence("Import labels")


def label_edit(
    annotation: Annotation,
    case: str,
    labels: npt.NDArray[np.uint8],
    labels_as: LabelsAs,
    *,
    segments: frozenset[int],
    locked: frozenset[int] = frozenset(),
) -> Edit:
    """The Edit that brings a label map to a case; new segments are the caller's to add.

    A rejected slice stays as it is, and so do voxels of locked segments; none becomes one. A slice
    from which a locked segment keeps something of the map out is not called right: it is as after
    a stroke.

    Parameters
    ----------
    annotation : of the case, as it is
    case : id
    labels : uint8, (slices, rows, columns), segment numbers
    labels_as : "corrected": every slice becomes what the map says, an empty one too, and
        corrected; a verified one that agrees already stays so. "auto": the same for slices with
        foreground; a half-finished map must not teach "nothing here", so the others stay as they
        are. "predicted": where nobody has called the slice right and no hand has drawn; an empty
        slice clears nothing. A slice that takes nothing keeps its status.
    segments : numbers of all segments once the map is in: a corrected slice is complete for them
    locked : numbers of locked segments
    """
    moves: list[StatusMove] = []

    def changes() -> Iterator[SliceChange]:
        for index, change, after, cause in _slices(annotation, labels, labels_as, locked):
            move = status_move(annotation, index, after, cause=cause, segments=segments)
            if move is not None:
                moves.append(move)
            if change is not None:
                yield change

    patches = redrawn(annotation, changes())
    return Edit(NAME, case, patches=patches, statuses=tuple(moves))


def _slices(
    annotation: Annotation,
    labels: npt.NDArray[np.uint8],
    labels_as: LabelsAs,
    locked: frozenset[int],
) -> Iterator[tuple[int, SliceChange | None, SliceStatus, Cause]]:
    """Slices that the map speaks of: index, what changes, the status after it, and why."""
    for index, wanted in enumerate(labels):
        status = annotation.status(index)
        has_foreground = bool(wanted.any())
        if status is SliceStatus.REJECTED:
            continue
        if labels_as == "predicted":
            if not status.teaches_whole:
                yield index, *_as_predicted(annotation, index, wanted, locked), "other"
        elif labels_as == "corrected" or has_foreground:
            change = replacement(annotation, index, wanted, Provenance.HAND, locked=locked)
            if _keeps_out(annotation.labels[index], wanted, locked):
                yield index, change, status if change is None else after_stroke(status), "drawn"
                continue
            is_verified = status is SliceStatus.VERIFIED and change is None
            yield index, change, status if is_verified else SliceStatus.CORRECTED, "said right"


def _keeps_out(
    labels: npt.NDArray[np.uint8], wanted: npt.NDArray[np.uint8], locked: frozenset[int]
) -> bool:
    """Whether a locked segment keeps something of the map out of a slice."""
    differs = (labels != wanted) & (wanted != 0)
    return any(
        bool((differs & ((labels == number) | (wanted == number))).any()) for number in locked
    )


def _as_predicted(
    annotation: Annotation, index: int, wanted: npt.NDArray[np.uint8], locked: frozenset[int]
) -> tuple[SliceChange | None, SliceStatus]:
    status = annotation.status(index)
    if not wanted.any():
        return None, status
    by = Provenance.PREDICTION
    change = replacement(annotation, index, wanted, by, locked=locked, over_hand=False)
    takes = change is not None and status is SliceStatus.UNLABELLED
    return change, SliceStatus.PREDICTED if takes else status


def left_out(table: SegmentTable, numbers: Collection[int]) -> tuple[str, ...]:
    """Sentences where a label map shows nothing, and about locked segments that it speaks of.

    Parameters
    ----------
    numbers : of the segments that it shows; looking for them takes a while with a large scan
    """
    if not numbers:
        return (Sentence("The labels show no segment at all: every number is 0."),)
    return tuple(
        Sentence(
            "'{name}' is locked, so the labels of that number were left out, and no "
            "slice that lacks them was called right.",
            name=table[number].name,
        )
        for number in sorted(table.locked)
        if number in numbers
    )
