"""Voxels of a segment that was removed since a mask was saved.

Only of numbers that are known to have been a segment's: of any other the table may be what is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from segdesk.core.annotation import Annotation, Provenance
from segdesk.core.cutting import SliceChange, redrawn
from segdesk.core.edit import Edit
from segdesk.sentence import Sentence


def clearing(mask: Annotation, case: str, gone: Collection[int]) -> tuple[Edit, int]:
    """What makes them background, as the removal of a segment does, and how many they are.

    Parameters
    ----------
    mask : of the case, the same when this returns
    gone : numbers of segments that were removed
    """
    is_kept = np.ones(256, dtype=np.bool_)
    is_kept[list(gone)] = False
    count = 0

    def changes() -> Iterator[SliceChange]:
        nonlocal count
        for index, plane in enumerate(mask.labels):
            kept = is_kept[plane]
            if not kept.all():
                count += int(np.count_nonzero(~kept))
                background = np.zeros_like(plane)
                yield SliceChange(index, ~kept, background, Provenance.TOOL)

    patches = redrawn(mask, changes())
    return Edit(Sentence("Remove voxels of removed segments"), case, patches=patches), count


def words(case: str, count: int) -> str:
    """A sentence that says so."""
    return Sentence.counted(
        "1 voxel of a segment removed since was taken out of the mask of '{case}'.",
        "{n} voxels of segments removed since were taken out of the mask of '{case}'.",
        count,
        case=case,
    )
