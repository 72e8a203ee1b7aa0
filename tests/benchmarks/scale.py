"""What a training of many labelled scans costs before its first step, on the disk and in memory.

`python -m tests.benchmarks --only scale`. Twenty scans of 512×512×300 with every slice labelled,
all of them in memory and unsaved; the trainer's private memory with ten and with a hundred. Slices
are those of a thorax of six slices, moved a little; the hundred scans are one file.
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np

from segdesk.app.project.loaded import LoadedCase
from segdesk.app.project.volumes import SegmentCounts
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import training
from segdesk.core.annotation import Annotation
from segdesk.core.grid import Grid
from segdesk.core.place import identity_of
from segdesk.core.run import Intensities, plan_for
from segdesk.core.status import SliceStatus
from segdesk.jobs import bundle as bundles
from segdesk.jobs.bundle import Bundle, Lesson, VolumeRef
from segdesk.jobs.messages import EpochDone, Message, Step
from segdesk.jobs.trainer_client import TrainerClient
from segdesk.ops.phantom import Phantom, thorax
from tests.benchmarks.rows import Row
from tests.ui.canvas.bench_project import add_case, draw, new_project

SHAPE = (300, 512, 512)
SPACING_MM = (1.0, 0.7, 0.7)
CASES = 20
FEW, MANY = 10, 100
CORES = 2
SEGMENTS = ("Right lung", "Left lung", "Trachea", "Nodule")
#: Points of the curve until the memory of a trainer is looked at.
POINTS = 2
LOOK_S = 0.2


def rows() -> list[Row]:
    """All rows of this file."""
    return [*starting(), *memory()]


def starting() -> list[Row]:
    """From Train to the first step, and the bundle's share of the labels that it holds."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder, _labelled(Path(folder)) as desk:
        began, worked = time.perf_counter(), time.process_time()
        frozen = training.freeze(desk, plan_for())
        held = time.perf_counter() - began
        session = training.training_session(frozen)
        seen: list[tuple[float, float, float]] = []

        def look(message: Message) -> None:
            pid = session.client.pid()
            if isinstance(message, Step) and not seen and pid is not None:
                written = sum(path.stat().st_size for path in frozen.job.paths.bundle.iterdir())
                cpu = time.process_time() - worked + _cpu_seconds(pid)
                share = written / (CASES * math.prod(SHAPE))
                seen.append((time.perf_counter() - began, cpu / CORES, share))
                session.client.stop()

        session.work(look)
    ((first, cpu, share),) = seen
    return [
        _single("freeze_20", "ms", 1000 * held),
        _single("first_step_20", "s", first),
        _single("first_step_20_cpu", "CPU s / 2", cpu),
        _single("bundle_20", "% of the labels", 100 * share),
    ]


def memory() -> list[Row]:
    """The most private memory of a trainer until its second point of the curve."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        few, many = (
            _private_mb(_bundle(Path(folder) / str(count), count)) for count in (FEW, MANY)
        )
    return [
        _single("private_10", "MB", few),
        _single("private_100", "MB", many),
        _single("private_100_to_10", "×", many / few),
    ]


def _cpu_seconds(pid: int) -> float:
    """What a process has used of the processor so far, as Linux says it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _single(name: str, unit: str, figure: float) -> Row:
    return Row(name, unit, *(round(figure, 2),) * 3)


@cache
def _thorax() -> Phantom:
    return thorax(1, (6, *SHAPE[1:]), (50.0, *SPACING_MM[1:]))


def _plane(case: int, index: int, *, truth: bool) -> np.ndarray:
    made = _thorax()
    plane = (made.truth if truth else made.voxels)[index * 6 // SHAPE[0]]
    return np.roll(plane, (case % 7, index % 11), (0, 1))


@contextmanager
def _labelled(folder: Path) -> Iterator[Workbench]:
    workbench = new_project(folder, *SEGMENTS)
    grid = Grid(SHAPE, SPACING_MM)
    for at in range(CASES):
        scan = np.stack([_plane(at, index, truth=False) for index in range(SHAPE[0])])
        case = add_case(workbench, grid, scan, id=f"case-{at + 1:03d}")
        labels = np.stack([_plane(at, index, truth=True) for index in range(SHAPE[0])])
        mask = Annotation(
            grid,
            labels=labels,
            provenance=np.full(SHAPE, 3, np.uint8),
            statuses=(SliceStatus.CORRECTED,) * SHAPE[0],
            complete=(frozenset(range(1, 1 + len(SEGMENTS))),) * SHAPE[0],
        )
        volume = workbench.folder.scans.read(case)
        workbench.adopt(case.id, LoadedCase(volume, mask, SegmentCounts.of(mask)))
        # What is not saved stays in memory.
        draw(workbench, 0, np.roll(labels[0], 3, 0), case.id)
    yield workbench
    workbench.close()


def _bundle(folder: Path, count: int) -> Path:
    """Every slice of so many cases teaches."""
    run = folder / "run"
    (run / "bundle").mkdir(parents=True)
    scan = folder / "scan.raw"
    with scan.open("wb") as file:
        for index in range(SHAPE[0]):
            file.write(_plane(0, index, truth=False).astype("<i2").tobytes())
    volumes: list[VolumeRef] = []
    lessons: list[Lesson] = []
    with bundles.targets_writer(run / "bundle") as writer:
        for at in range(count):
            id = f"case-{at + 1:03d}"
            volumes.append(VolumeRef(id, str(scan), 0, SHAPE, 1.0, 0.0, "HU", SPACING_MM[1:]))
            packed = tuple(writer.add(_plane(0, k, truth=True)) for k in range(SHAPE[0]))
            slices = tuple(range(SHAPE[0]))
            lessons.append(Lesson(id, "train", slices, packed, ((),) * SHAPE[0]))
    bundle = Bundle(
        run="run-001",
        run_folder=str(run),
        identity=identity_of(run),
        plan=plan_for(size=256),
        segments=tuple(enumerate(SEGMENTS, start=1)),
        intensities=Intensities(-1024.0, 600.0, "HU"),
        volumes=tuple(volumes),
        lessons=tuple(lessons),
    )
    bundles.write(bundle, run / "bundle", folder)
    return run / "bundle"


def _private_mb(bundle: Path) -> float:
    """What no other process shares, as Linux counts it, at its most."""
    client = TrainerClient(bundle, bundle.parent / "trainer.log")
    most, points = [0], [0]
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK_S):
            pid = client.pid()
            if pid is not None:
                most[0] = max(most[0], _private_bytes(pid))

    def listen(message: Message) -> None:
        points[0] += isinstance(message, EpochDone)
        if points[0] == POINTS:
            client.kill()

    watch = threading.Thread(target=look)
    watch.start()
    try:
        client.run(listen)
    finally:
        over.set()
        watch.join()
    if points[0] < POINTS:
        raise SystemExit((bundle.parent / "trainer.log").read_text())
    shutil.rmtree(bundle.parent)
    return most[0] / 1e6


def _private_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return 0
    sizes = {name: int(size) for name, size, _ in (line.split() for line in lines)}
    return 1024 * (sizes["Private_Clean:"] + sizes["Private_Dirty:"])
