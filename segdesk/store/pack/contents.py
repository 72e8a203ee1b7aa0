"""What stands where in a packed project, and what goes into it.

    /                       format, version, needs
    index/                  the project as `project_codec` puts it; what segdesk reads back
    segments/               number, name, colour: columns
    cases/ID/               name, patient, pool
      volume                int16, a shuffled gzip chunk for each slice (in colour uint8, with a
                            last axis of three channels, not shuffled); Grid, unit, rescale
      labels, provenance    uint8, a gzip chunk for each slice, empty slices not stored
      statuses, complete    as in a mask's file; dismissed_runs, dismissed_slices too
      predictions/RUN/      labels, probability; left_out where the rule of pieces left out any
    runs/ID/                network, outcome, best, …
      curves/               one column for each figure
      files/                what the run kept, such as its weights, as bytes

The file is sealed as those of a project folder are (`parts.seal`), in a stream, because it may be
larger than the memory. Every dataset has the attribute `sha256`: of its content, or of its slices
one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from segdesk.core.annotation import Annotation
from segdesk.core.project import Project
from segdesk.core.run import Run
from segdesk.jobs.run_paths import RunPaths

FORMAT = "segdesk pack"
VERSION = 1
#: The first segdesk that reads this version.
NEEDS = "0.1"
INDEX, SEGMENTS, CASES, RUNS = "index", "segments", "cases", "runs"
VOLUME, PREDICTIONS, FILES = "volume", "predictions", "files"
MASK_LAYERS = ("labels", "provenance")
PREDICTION_LAYERS, LEFT_OUT = ("labels", "probability"), "left_out"
CHECKSUM = "sha256"
#: Slices between two looks at who else needs HDF5.
PIECE = 32
#: Voxels of the largest slice, so that unpacking a stranger's file has a bound.
LARGEST_SLICE = 1 << 27

#: Told how far it is: a sentence, done, total.
Tell = Callable[[str, int, int], None]
Asked = Callable[[], bool]


def run_files(run: Run) -> tuple[str, ...]:
    """Names of what of a run's folder is kept: its weights; no bundle, no logs, and nothing that
    only a run under way needs."""
    return (RunPaths(Path()).weights(run.best).name,) if run.has_weights else ()


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """What goes into a packed project. Frozen: made on the Workbench's thread, written on any.

    Parameters
    ----------
    project : as it shall stand there; statuses and mask generations are those of the masks
    generation : of the project
    masks : of cases that are newer in memory than on the disk
    """

    project: Project
    generation: int
    masks: Mapping[str, Annotation]


@dataclass(frozen=True, slots=True)
class Held:
    """What a packed project holds: ids of its cases and of its runs."""

    cases: tuple[str, ...]
    runs: tuple[str, ...]
