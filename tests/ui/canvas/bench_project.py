"""A project with one case of random voxels, in a folder that a test gives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.box import Box
from segdesk.core.case import Case, Source
from segdesk.core.cutting import cut
from segdesk.core.edit import Edit, Planes
from segdesk.core.grid import Grid
from segdesk.core.prediction import Prediction
from segdesk.core.small_pieces import LeftOut
from segdesk.core.status import SliceStatus
from segdesk.core.volume import Unit
from segdesk.ops.pieces import small_pieces

CASE = "case-001"


def new_project(folder: Path, *segments: str) -> Workbench:
    """An empty project with these segments, numbered from 1."""
    workbench = Workbench.create(folder / "test.segdesk")
    for name in segments or ("Left lung", "Right lung"):
        workbench.add_segment(name)
    return workbench


def add_case(
    workbench: Workbench,
    grid: Grid,
    voxels: npt.NDArray[np.int16] | None = None,
    *,
    id: str = CASE,
    unit: Unit = "HU",
) -> Case:
    """Write a scan into the project; random HU where none are given."""
    if voxels is None:
        voxels = np.random.default_rng(5).integers(-1000, 400, grid.shape, dtype=np.int16)
    facts = workbench.folder.scans.write(
        id, grid, unit=unit, slope=1.0, intercept=0.0, planes=lambda index: voxels[index]
    )
    case = Case(
        id=id,
        grid=grid,
        unit=unit,
        fingerprint=facts.fingerprint,
        stored_min=facts.stored_min,
        stored_max=facts.stored_max,
        source=Source("phantom"),
        statuses=(SliceStatus.UNLABELLED,) * grid.shape[0],
    )
    workbench.add_case(case)
    return case


def draw(workbench: Workbench, index: int, labels: npt.ArrayLike, id: str = CASE) -> None:
    """Set all labels of a slice, (rows, columns), by one Edit of a hand."""
    annotation = workbench.annotation(id)
    box = Box(index, index + 1, 0, annotation.grid.shape[1], 0, annotation.grid.shape[2])
    before, touched = annotation.labels[box.window], annotation.provenance[box.window]
    after = np.asarray(labels, np.uint8)[None]
    patches = cut(box, Planes(before, after, touched, np.full_like(touched, 3)))
    workbench.do(Edit("Draw", id, patches=patches))


def predict(
    workbench: Workbench,
    labels: npt.NDArray[np.uint8],
    id: str = CASE,
    *,
    left_out: npt.NDArray[np.uint8] | None = None,
) -> None:
    """Give a case a prediction, as a run does: a worker has read it where the case is in memory.

    `left_out` has the segment numbers of what the rule of pieces left out, the shape of the labels.
    """
    run = "run-001"
    made = Prediction(run, id, labels, np.full_like(labels, 200))
    if left_out is not None:
        made = replace(made, left_out=pieces_of(left_out, workbench.project.case(id).grid))
    workbench.folder.runs.paths(run)
    workbench.folder.runs.write_prediction(made)
    workbench.add_prediction(run, id, made)


def pieces_of(left_out: npt.NDArray[np.uint8], grid: Grid) -> LeftOut:
    """What was left out, by its segment numbers."""
    counts = np.bincount(left_out.ravel())
    rows = tuple((int(at), int(counts[at])) for at in np.flatnonzero(counts) if at)
    shape = grid.shape
    return LeftOut(rows, lambda: small_pieces(left_out.__getitem__, shape, joined=grid.stacked))


def shown(workbench: Workbench, id: str = CASE) -> ViewState:
    """A view state that shows the case, read into memory."""
    workbench.loaded(id)
    view = ViewState(workbench)
    view.crosshair.show_case(id)
    return view
