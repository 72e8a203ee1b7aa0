"""Patches: where, how long the packed planes are, which way round, what segments gain and lose."""

from __future__ import annotations

from typing import Any

from segdesk.core.box import Box
from segdesk.core.edit import Edit, Patch, VoxelCount, VoxelCounts
from segdesk.store.journal.changes.json_values import Row, index, truth, whole

#: What no stream of zlib exceeds: unpacked bytes for each packed one.
_LARGEST_RATIO = 1032


def plain(edit: Edit) -> list[Row]:
    return [
        [
            *map(int, patch.box),
            len(patch.packed),
            patch.turned,
            [list(map(int, count)) for count in patch.packed_counts],
        ]
        for patch in edit.patches
    ]


def packed(edit: Edit) -> bytes:
    """What stands behind the head."""
    return b"".join(patch.packed for patch in edit.patches)


def read(rows: list[Row], behind: bytes) -> tuple[Patch, ...]:
    """The Patches of some rows.

    Parameters
    ----------
    behind : all that stands behind the head

    Raises
    ------
    ValueError, TypeError
        Where they are not what `plain` and `packed` make.
    """
    patches: list[Patch] = []
    start = 0
    for *sides, size, turned, counts in rows:
        box = Box(*map(index, sides))
        if box.slice0 > box.slice1 or box.row0 > box.row1 or box.column0 > box.column1:
            raise ValueError(f"expected a box, received {box}")
        if not 0 <= whole(size) <= len(behind) - start:
            raise ValueError(f"expected a patch inside the record, received {size} bytes")
        if 4 * box.size > _LARGEST_RATIO * size:
            raise ValueError(f"expected {4 * box.size} bytes, received {size} packed ones")
        content = behind[start : start + size]
        patches.append(Patch(box, content, _counts(counts, box), truth(turned)))
        start += size
    if len({patch.box.tile for patch in patches}) < len(patches):
        raise ValueError("expected at most one patch for each tile")
    if start != len(behind):
        raise ValueError("expected nothing after the last patch")
    return tuple(patches)


def _counts(rows: Any, box: Box) -> VoxelCounts:
    """What segments gain and lose; whether it is true, `Annotation.apply` sees."""
    counts: list[VoxelCount] = []
    most, before = box.size, -1
    for row in rows:
        number, gained, lost = map(whole, row)
        if not before < number <= 255:
            raise ValueError(f"expected a segment number above {before}, received {number}")
        if not (0 <= gained <= most and 0 <= lost <= most):
            raise ValueError(f"expected counts up to {most}, received {row}")
        counts.append(VoxelCount(number, gained, lost))
        before = number
    return tuple(counts)
