"""Strokes on the disk, saving one slice of a large project, opening one of many cases.

Two projects that are compared take turns, so that a busy machine slows both; the row is the ratio
of each pair. Scans are of zeros: nothing here reads more of them than a header.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.core.case import Case
from segdesk.core.grid import Grid
from tests.benchmarks.rows import Row, row_of
from tests.projects import begin_brush
from tests.ui.canvas.bench_project import add_case, draw, new_project

#: A chest CT.
SHAPE = (300, 512, 512)
#: As many slices, so that the index is as large; little in a slice, so that it is made in seconds.
THIN = (300, 8, 8)
STROKES = 500
ROUNDS = 15
PIXEL_MM = (0.7, 0.7)


def rows() -> list[Row]:
    """All rows of this file."""
    return [*strokes(), *saves(), *openings()]


def strokes() -> list[Row]:
    """From the release of the button until a crash, and a power cut, cannot take the stroke."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        workbench = _project(Path(folder), 1, SHAPE)
        kept, lasting = [], []
        for at in range(STROKES):
            stroke = begin_brush(
                workbench,
                "case-001",
                at % SHAPE[0],
                (200.0 + at % 50, 200.0),
                value=1 + at % 2,
                radius_mm=10.0,
            )
            stroke.move((240.0, 260.0))
            began = time.perf_counter()
            stroke.release()
            kept.append(time.perf_counter() - began)
            workbench.folder.sync()
            lasting.append(time.perf_counter() - began)
        workbench.close()
    return [row_of("stroke_durable", kept), row_of("stroke_lasting", lasting)]


def saves() -> list[Row]:
    """A save of one changed slice in a project of 20 scans and in one of 1."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        many, one = (_project(Path(folder), count, SHAPE) for count in (20, 1))
        mask = np.zeros(SHAPE[1:], np.uint8)

        def save(workbench: Workbench, at: int) -> Callable[[], object]:
            mask[100 + at : 300, 100:300] = 1 + at % 2
            draw(workbench, at, mask)
            return lambda: saving.save(workbench)

        pairs = [(_timed(save(many, at)), _timed(save(one, at))) for at in range(ROUNDS + 1)]
        for workbench in (many, one):
            workbench.close()
    return _compared("save_20", "save_1", "save_20_to_1", pairs[1:])


def openings() -> list[Row]:
    """Opening a project until its first case is in memory, with 200 cases and with 2."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        paths: list[Path] = []
        for count in (200, 2):
            workbench = _project(Path(folder), 1, SHAPE, more=count - 1)
            saving.save(workbench)
            paths.append(workbench.folder.path)
            workbench.close()
        many, few = paths
        pairs = [
            (_timed(lambda: _opened(many)), _timed(lambda: _opened(few))) for _ in range(ROUNDS + 1)
        ]
    return _compared("open_200", "open_2", "open_200_to_2", pairs[1:])


def _opened(path: Path) -> None:
    workbench = Workbench.open(path)
    workbench.loaded("case-001")
    workbench.close()


def _project(folder: Path, count: int, shape: tuple[int, int, int], *, more: int = 0) -> Workbench:
    """A project of scans of zeros, the first with a mask on every third slice, all saved.

    Parameters
    ----------
    more : further cases with little in a slice
    """
    home = folder / f"{count}-{more}"
    home.mkdir()
    workbench = new_project(home)
    add_case(workbench, Grid(shape, (1.0, *PIXEL_MM)), np.broadcast_to(np.int16(0), shape))
    first = workbench.project.cases[0]
    others: list[Case] = []
    for at in range(1, count + more):
        grid = Grid(shape if at < count else THIN, (1.0, *PIXEL_MM))
        plane = np.zeros(grid.slice_shape, np.int16)
        facts = workbench.folder.scans.write(
            f"case-{at + 1:03d}",
            grid,
            unit="HU",
            slope=1.0,
            intercept=0.0,
            planes=lambda _, plane=plane: plane,
        )
        others.append(
            replace(first, id=f"case-{at + 1:03d}", grid=grid, fingerprint=facts.fingerprint)
        )
    workbench.put_project(replace(workbench.project, cases=(first, *others)))
    drawn = np.zeros(shape[1:], np.uint8)
    drawn[150:350, 100:400] = 1
    for index in range(0, shape[0], 3):
        draw(workbench, index, drawn)
    saving.save(workbench)
    return workbench


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _compared(name: str, other: str, ratio: str, pairs: list[tuple[float, float]]) -> list[Row]:
    """Both, and how many times longer the first takes, round by round."""
    first, second = (np.array(column) for column in zip(*pairs, strict=True))
    figures = np.percentile(first / second, (50, 99, 100))
    return [
        row_of(name, first.tolist()),
        row_of(other, second.tolist()),
        Row(ratio, "×", *(round(float(figure), 2) for figure in figures)),
    ]
