"""Large Edits: which they are, and the pieces in which they go into a mask.

A window takes one piece in each turn of its loop, so that none holds it for long.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from segdesk.core.annotation import Annotation
from segdesk.core.edit import Edit, Patch

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
    """A mask as it was when a worker began to make an Edit of it.

    Parameters
    ----------
    mask : itself, which goes on
    revisions : of its slices, as they were
    """

    mask: Annotation
    revisions: tuple[int, ...]

    @classmethod
    def now(cls, mask: Annotation) -> Seen:
        return cls(mask, mask.revisions)

    def still_fits(self, edit: Edit) -> bool:
        """Whether no slice that an Edit touches has changed since; looks at no voxel."""
        now = self.mask.revisions
        return all(now[index] == self.revisions[index] for index in edit.slices)
