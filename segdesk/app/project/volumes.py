"""Live volumes: how many voxels each segment has in a case, without counting the scan again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segdesk.core.annotation import Annotation
from segdesk.core.edit import Edit


class SegmentCounts:
    """Voxels for each number 0 to 255. Owned by the Workbench beside the annotation."""

    def __init__(self, counts: npt.NDArray[np.int64]) -> None:
        self._counts = counts

    @classmethod
    def of(cls, annotation: Annotation) -> SegmentCounts:
        """Count a whole annotation; slices without labels cost one look each."""
        counts = np.zeros(256, np.int64)
        for plane in annotation.labels:
            if plane.any():
                counts += np.bincount(plane.ravel(), minlength=256)
        return cls(counts)

    def apply(self, edit: Edit) -> None:
        """Follow an Edit that was just applied."""
        for number, gained, lost in edit.counts:
            self._counts[number] += gained - lost
        # Background of slices that were never counted would go below zero; nobody asks for it.
        self._counts[0] = 0

    def voxels(self, number: int) -> int:
        """How many voxels a segment (1 to 255) has."""
        return int(self._counts[number])
