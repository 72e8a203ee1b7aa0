"""Voxels of a segment that was removed since a mask was saved.

Only of numbers that are known to have been a segment's: of any other the table may be what is lost.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from segdesk.core.annotation import Annotation, Provenance
from segdesk.core.edit import Edit, Patch
from segdesk.core.prediction import replacement


def clearing(mask: Annotation, case: str, gone: Collection[int]) -> tuple[Edit, int]:
    """What makes them background, as the removal of a segment does, and how many they are.

    Parameters
    ----------
    mask : of the case, the same when this returns
    gone : numbers of segments that were removed
    """
    is_kept = np.ones(256, dtype=np.bool_)
    is_kept[list(gone)] = False
    patches, count = list[Patch](), 0
    for index, plane in enumerate(mask.labels):
        kept = is_kept[plane]
        if kept.all():
            continue
        count += int(np.count_nonzero(~kept))
        patch = replacement(mask, index, np.where(kept, plane, 0), Provenance.TOOL)
        if patch is not None:
            patches.append(patch)
    return Edit("Remove voxels of removed segments", case, patches=tuple(patches)), count


def words(case: str, count: int) -> str:
    """A sentence that says so."""
    voxels = "1 voxel of a segment" if count == 1 else f"{count} voxels of segments"
    was = "was" if count == 1 else "were"
    return f"{voxels} removed since {was} taken out of the mask of '{case}'."
