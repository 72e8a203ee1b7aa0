"""Whether the disk has room for what a training or a prediction writes, before it begins."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from segdesk.core.case import Case
from segdesk.errors import TrainingError
from segdesk.sentence import Sentence

#: Packed labels take so much of a byte for each voxel; those of a thorax a quarter of it.
PACKED = 0.02
#: What the trainer writes of a predicted case for each voxel: its label and how sure that is.
PREDICTED = 2
#: A case is written while the one before is taken over.
CASES_AT_ONCE = 2
#: Weights, curves, log: of the default network a tenth of it.
RESERVE = 64_000_000


def check_room(folder: Path, taught: Iterable[tuple[Case, int]], predict: Iterable[Case]) -> None:
    """Refuse what the disk has no room for.

    Parameters
    ----------
    folder : on the disk
    taught : cases and how many of their slices teach or validate
    predict : cases to predict

    Raises
    ------
    TrainingError
        Then.
    """
    voxels = sum(count * math.prod(case.grid.slice_shape) for case, count in taught)
    largest = max((math.prod(case.grid.shape) for case in predict), default=0)
    needed = RESERVE + PACKED * voxels + CASES_AT_ONCE * PREDICTED * largest
    # A disk that cannot be asked is said by whoever writes first.
    with suppress(OSError):
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise TrainingError(
                Sentence(
                    "This needs about {needed} MB and the disk has {free} MB left.",
                    needed=f"{needed / 1e6:.0f}",
                    free=f"{free / 1e6:.0f}",
                ),
                "Free some disk space and try again.",
            )
