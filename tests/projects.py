"""Small projects for tests, made through the real store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from segdesk.app.labelling.editing import Start
from segdesk.app.labelling.slate import Slate
from segdesk.app.labelling.tools.brush import BrushStroke
from segdesk.app.labelling.tools.tool import Point
from segdesk.app.project.loaded import LoadedCase
from segdesk.app.project.workbench import Workbench
from segdesk.core.case import Case, Source
from segdesk.core.grid import Grid
from segdesk.core.plane import Plane
from segdesk.core.split import Pool
from segdesk.core.status import SliceStatus

#: Slices, rows, columns; anisotropic, so that swapped axes show.
SHAPE = (5, 24, 32)
SPACING_MM = (5.0, 2.0, 1.0)


def voxels(shape: tuple[int, int, int] = SHAPE, *, seed: int = 0) -> npt.NDArray[np.int16]:
    """A bright disc of 50 HU in air of -1000 HU with noise; the disc moves from slice to slice."""
    rng = np.random.default_rng(seed)
    scan = rng.normal(-1000, 10, shape)
    _, rows, columns = np.indices(shape)
    for index in range(shape[0]):
        disc = np.hypot(rows[index] - 11 - index % 3, columns[index] - 15) < shape[1] / 4
        scan[index][disc] += 1050
    return scan.astype(np.int16)


def disc(scan: npt.NDArray[np.int16]) -> npt.NDArray[np.uint8]:
    """The truth of `voxels`: 1 inside of the disc."""
    return (scan > -400).astype(np.uint8)


def add_case(
    workbench: Workbench,
    *,
    id: str = "",
    scan: npt.NDArray[np.int16] | None = None,
    stacked: bool = True,
    patient: str = "",
    pool: Pool | None = None,
    unit: Literal["HU", "raw"] = "HU",
    slope: float = 1.0,
    intercept: float = 0.0,
) -> Case:
    """Put a scan into a project the way an import does."""
    scan = voxels() if scan is None else scan
    grid = Grid(scan.shape, SPACING_MM, (-10.0, -20.0, 30.0), stacked=stacked)
    id = id or workbench.project.next_case_id()
    facts = workbench.folder.scans.write(
        id, grid, unit=unit, slope=slope, intercept=intercept, planes=lambda index: scan[index]
    )
    case = Case(
        id=id,
        grid=grid,
        unit=unit,
        slope=slope,
        intercept=intercept,
        fingerprint=facts.fingerprint,
        stored_min=facts.stored_min,
        stored_max=facts.stored_max,
        source=Source("array"),
        patient=patient or id,
        pool=pool,
        statuses=(SliceStatus.UNLABELLED,) * grid.shape[0],
    )
    workbench.add_case(case)
    return case


def add_picture(workbench: Workbench, *, id: str = "picture", seed: int = 3) -> Case:
    """Put slices in colour, of noise and without geometry, into a project."""
    shape = (3, *SHAPE[1:])
    pixels = np.random.default_rng(seed).integers(0, 256, (*shape, 3)).astype(np.uint8)
    grid = Grid(shape, stacked=False)
    facts = workbench.folder.scans.write(
        id, grid, unit="RGB", slope=1.0, intercept=0.0, planes=lambda index: pixels[index]
    )
    case = Case(
        id=id,
        grid=grid,
        unit="RGB",
        fingerprint=facts.fingerprint,
        stored_min=facts.stored_min,
        stored_max=facts.stored_max,
        source=Source("PNG"),
        patient=id,
        statuses=(SliceStatus.UNLABELLED,) * grid.shape[0],
    )
    workbench.add_case(case)
    return case


def begin_brush(
    workbench: Workbench,
    case: str,
    index: int,
    point: Point,
    *,
    value: int,
    radius_mm: float,
    start: Start | None = None,
) -> BrushStroke:
    """A press of the brush on a slice."""
    name = "Brush" if value else "Erase"
    plane = Plane.across(workbench.project.case(case).grid, 0, index)
    slate = Slate(workbench, case, plane, name, start=start)
    return BrushStroke(slate, point, value=value, radius_mm=radius_mm)


def stroke(
    workbench: Workbench, index: int, *, value: int = 1, row: float = 10.0, case: str = "case-001"
) -> None:
    """A dab of the brush by a hand."""
    begin_brush(workbench, case, index, (row, 14.0), value=value, radius_mm=4.0).release()


def in_memory(workbench: Workbench, case: str) -> LoadedCase:
    """A case's arrays, read first where they are not in memory: in the window, where a worker does
    that, the test does it."""
    if not workbench.is_loaded(case):
        workbench.adopt(case, workbench.read_case(case))
    return workbench.loaded(case)


def lung_and_tumour(folder: Path, cases: Sequence[str]) -> Workbench:
    """A project open for writing, nothing saved: Lung is drawn on each of the 20 slices of every
    case, Tumour in all of them but the second case."""
    workbench = Workbench.create(folder / "two segments.segdesk")
    workbench.add_segment("Lung")
    workbench.add_segment("Tumour")
    for at, id in enumerate(cases):
        add_case(workbench, id=id, scan=voxels((20, 24, 32), seed=at))
        for index in range(20):
            stroke(workbench, index, value=1, row=6.0, case=id)
            if at != 1:
                stroke(workbench, index, value=2, row=14.0, case=id)
    return workbench


def make_project(folder: Path, *, cases: int = 1, segment: str = "Disc") -> Workbench:
    """A project open for writing, with cases and one segment."""
    workbench = Workbench.create(folder / "test.segdesk", reader="tester")
    for at in range(cases):
        add_case(workbench, scan=voxels(seed=at))
    workbench.add_segment(segment)
    return workbench
