"""What of a packed project is there for people with h5py or MATLAB, by its natural names.

segdesk itself reads the project from the index, and of these the voxels and what is dismissed.
`docs/format.md` describes them.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from segdesk.core.annotation import Annotation
from segdesk.core.case import Case
from segdesk.core.project import Project
from segdesk.core.run import Run
from segdesk.store.pack.contents import FILES, PREDICTIONS, VOLUME
from segdesk.store.parts.complete_codec import put_slices
from segdesk.store.parts.hdf5 import NewGroup
from segdesk.store.parts.run_codec import encode_curves


def put_segments(project: Project, group: NewGroup) -> None:
    """Number, name and colour of each segment, a column each."""
    rows = tuple(project.segments)
    group.column("number", np.array([row.number for row in rows], dtype=np.uint8))
    group.texts("name", [row.name for row in rows])
    group.texts("colour", [row.colour for row in rows])


def put_case(case: Case, mask: Annotation, runs: Collection[str], group: NewGroup) -> None:
    """What a case is called, its statuses, and which predictions of these runs were dismissed, or
    pieces of them restored.

    What was dismissed of a run that stays out goes with it: another run may get its name.
    """
    group.put(name=case.title, patient=case.patient)
    if case.pool is not None:
        group.put(pool=case.pool)
    put_slices(group, case.statuses, case.complete)
    # What else of a run was dismissed or restored has a name that begins with it, and a comma.
    rows = sorted(row for row in mask.dismissed if row[0].split(",")[0] in runs)
    group.texts("dismissed_runs", [run for run, _ in rows])
    group.column("dismissed_slices", np.array([index for _, index in rows], dtype=np.int64))
    group.group(PREDICTIONS)


def put_geometry(case: Case, group: NewGroup) -> None:
    """Where the voxels lie and what they stand for, as attributes of the volume."""
    grid = case.grid
    group.again(VOLUME).put(
        spacing_mm=tuple(map(float, grid.spacing_mm)),
        origin_mm=tuple(map(float, grid.origin_mm)),
        direction=tuple(map(float, grid.direction)),
        stacked=grid.stacked,
        unit=case.unit,
        slope=float(case.slope),
        intercept=float(case.intercept),
    )


def put_run(run: Run, group: NewGroup) -> None:
    """How a run ended, and its curves."""
    group.put(
        network=run.plan.network,
        outcome=run.outcome,
        reason=run.reason,
        started=float(run.started),
        ended=float(run.ended),
        best=run.best,
        validation=run.validation,
    )
    encode_curves(run.epochs, group.group("curves"))
    group.group(FILES)
