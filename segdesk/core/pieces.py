"""Large Edits: which they are, and the pieces in which they go into a mask.

A window takes one piece in each turn of its loop, so that none holds it for long.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from segdesk.core.annotation import Annotation
from segdesk.core.edit import Edit, Patch
from segdesk.core.segment import SegmentTable

#: Voxels of a piece, at most: a slice of 512x512. A smaller Edit is taken at once.
PIECE = 1 << 18


def is_large(edit: Edit) -> bool:
    """Whether an Edit is too large to be taken at once."""
    return sum(patch.box.size for patch in edit.patches) > PIECE


def pieces(edit: Edit) -> Iterator[tuple[Patch, ...]]:
    """The Patches of an Edit in their order, as many at a time as a piece may hold."""
    piece: list[Patch] = []
    voxels = 0
    for patch in edit.patches:
        if piece and voxels + patch.box.size > PIECE:
            yield tuple(piece)
            piece, voxels = [], 0
        piece.append(patch)
        voxels += patch.box.size
    if piece:
        yield tuple(piece)


class Seen(NamedTuple):
    """A mask and the segments as they were when a worker began to make an Edit of them.

    Parameters
    ----------
    mask : itself, which goes on
    revisions : of its slices, as they were
    segments : the table, as it was
    """

    mask: Annotation
    revisions: tuple[int, ...]
    segments: SegmentTable

    @classmethod
    def now(cls, mask: Annotation, segments: SegmentTable) -> Seen:
        return cls(mask, mask.revisions, segments)

    def still_fits(self, edit: Edit, segments: SegmentTable) -> bool:
        """Whether no slice that an Edit touches has changed since, and no segment: a number that
        the Edit gives may be another one's by now, or locked. Looks at no voxel.

        Parameters
        ----------
        segments : the table now
        """
        now = self.mask.revisions
        same_slices = all(now[index] == self.revisions[index] for index in edit.slices)
        return same_slices and _meant(self.segments) == _meant(segments)


def _meant(table: SegmentTable) -> tuple[object, ...]:
    """What an Edit may have gone by; whether a segment is shown is a matter of looking."""
    rows = tuple((row.number, row.name, row.locked) for row in table)
    return (rows, table.spent)
