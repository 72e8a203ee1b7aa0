"""Which size of tile: what a Patch of it costs, for a stroke, a stroke in another plane and a bulk.

`python -m tests.benchmarks.tiles`: a line for each size and change. "kept" is what a gesture copies
to know what stood there before.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import numpy.typing as npt

from segdesk.core import box as boxes
from segdesk.core import cutting
from segdesk.core.annotation import Annotation
from segdesk.core.box import Box
from segdesk.core.edit import Edit, Planes
from segdesk.core.grid import Grid
from segdesk.store.journal.edit_codec import encode

SHAPE = (300, 512, 512)
SIZES = (
    (1, 512, 512),
    (1, 64, 64),
    (8, 64, 64),
    (16, 32, 32),
    (16, 64, 64),
    (32, 64, 64),
    (16, 128, 128),
    (64, 64, 64),
)


def changes() -> dict[str, tuple[Box, npt.NDArray[np.bool_]]]:
    """Where a change is, and which voxels of its box."""
    row, column = np.mgrid[-128:128, -128:128]
    disc = row**2 + column**2 < 128**2
    small = row[88:168, 88:168] ** 2 + column[88:168, 88:168] ** 2 < 40**2
    return {
        "axial stroke": (Box(150, 151, 200, 280, 210, 290), small[None]),
        "sagittal stroke": (Box(0, 300, 256, 280, 250, 251), np.ones((300, 24, 1), bool)),
        "300 slices": (Box(0, 300, 128, 384, 128, 384), np.repeat(disc[None], 300, axis=0)),
    }


def measured(mask: Annotation, box: Box, take: npt.NDArray[np.bool_]) -> str:
    """Milliseconds, Patches and bytes of one change."""
    before, touched = mask.labels[box.window], mask.provenance[box.window]
    after, setter = np.where(take, np.uint8(1), before), np.where(take, np.uint8(3), touched)
    began = time.perf_counter()
    patches = cutting.cut(box, Planes(before, after, touched, setter))
    made = time.perf_counter()
    edit = Edit("Brush", "case-001", patches=patches)
    mask.apply(edit)
    applied = time.perf_counter()
    mask.apply(edit.inverse())
    kept = sum(2 * patch.box.whole_tile(SHAPE).size for patch in patches)
    return (
        f"{1000 * (made - began):8.1f} ms made {1000 * (applied - made):8.1f} ms applied "
        f"{len(patches):6} patches {len(encode(edit)):9,} bytes {kept / 1e6:8.2f} MB kept"
    )


def main() -> None:
    mask = Annotation(Grid(SHAPE))
    mask.labels.any()
    for size in SIZES:
        boxes.TILE = cutting.TILE = size
        for name, (box, take) in changes().items():
            words = f"{'x'.join(map(str, size)):>10} {name:16} {measured(mask, box, take)}"
            sys.stdout.write(words + "\n")


if __name__ == "__main__":
    main()
