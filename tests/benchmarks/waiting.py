"""What a stroke, its way to the disk and the next case wait for while a large scan is saved, and
while the project is packed into one file."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from segdesk.app.project.packing import prepare
from segdesk.app.project.saving import PendingSave
from segdesk.app.project.workbench import Workbench
from segdesk.core.grid import Grid
from segdesk.store.parts import hdf5
from tests.benchmarks.rows import Row, row_of
from tests.projects import begin_brush
from tests.ui.canvas.bench_project import add_case, draw, new_project

#: A thin-sliced CT of a whole chest, and the one that is looked at meanwhile.
LARGE, NEXT = (600, 512, 512), (300, 512, 512)
PIXEL_MM = (0.7, 0.7)
#: Between two strokes, in seconds.
PAUSE_S = 0.02
#: Of strokes while nothing else runs.
ALONE_S = 4.0


def rows() -> list[Row]:
    """All rows of this file."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        workbench = new_project(Path(folder))
        for at, shape in enumerate((LARGE, NEXT, (20, 512, 512))):
            zeros = np.broadcast_to(np.int16(0), shape)
            add_case(workbench, Grid(shape, (1.0, *PIXEL_MM)), zeros, id=f"case-{at + 1:03d}")
        found = _beside(workbench, "alone", lambda: time.sleep(ALONE_S))
        _draw_everywhere(workbench)
        began = time.perf_counter()
        save = PendingSave(workbench)
        found.append(row_of("save_begins", [time.perf_counter() - began]))
        found += _beside(workbench, "save", lambda: workbench.saved(save.run()))
        packing = prepare(workbench)
        found += _beside(workbench, "pack", lambda: packing.write(Path(folder) / "all.h5"))
        workbench.close()
    return found


def _draw_everywhere(workbench: Workbench) -> None:
    """A mask on every slice, noisy at its edge, so that it packs as a drawn one does."""
    rng = np.random.default_rng(1)
    rows, columns = np.indices(LARGE[1:])
    distance = np.hypot(rows - 256, columns - 256)
    for index in range(LARGE[0]):
        edge = 150 + rng.normal(0, 4, LARGE[1:])
        draw(workbench, index, (distance < edge).astype(np.uint8))


def _beside(workbench: Workbench, name: str, work: Callable[[], object]) -> list[Row]:
    """Strokes, syncs and reads of the next case for as long as the work goes on."""
    ended, drawn = threading.Event(), threading.Event()
    kept: list[float] = []
    lasting: list[float] = []
    reads: list[float] = []
    held: list[float] = []

    def sync() -> None:
        while not ended.is_set():
            if drawn.wait(0.1):
                drawn.clear()
                lasting.append(_timed(workbench.folder.sync))

    def read() -> None:
        while not ended.is_set():
            reads.append(_timed(lambda: workbench.read_case("case-002")))

    def look() -> None:
        """How long whoever wants HDF5 waits for it."""
        while not ended.wait(0.005):
            held.append(_timed(lambda: hdf5.image(lambda root: root.put(number=1))))

    def run() -> None:
        try:
            work()
        finally:
            ended.set()

    threads = [threading.Thread(target=target) for target in (run, sync, read, look)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    at = 0
    while not ended.is_set():
        stroke = begin_brush(
            workbench,
            "case-003",
            at % 20,
            (200.0 + at % 50, 200.0),
            value=1 + at % 2,
            radius_mm=10.0,
        )
        stroke.move((240.0, 260.0))
        kept.append(_timed(stroke.release))
        drawn.set()
        at += 1
        time.sleep(PAUSE_S)
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    return [
        row_of(f"{name}_takes", [took]),
        row_of(f"stroke_beside_{name}", kept),
        row_of(f"sync_beside_{name}", lasting),
        row_of(f"read_beside_{name}", reads),
        row_of(f"hdf5_beside_{name}", held),
    ]


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
