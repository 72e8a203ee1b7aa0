"""Small bundles with a known answer, and a reporter that remembers what it was told."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from segdesk.core.place import identity_of
from segdesk.core.run import Intensities, Plan, plan_for
from segdesk.core.split import Pool
from segdesk.jobs import bundle as bundles
from segdesk.jobs.bundle import Bundle, Lesson, TrainedNetwork, VolumeRef
from segdesk.jobs.messages import Look, Message
from segdesk.jobs.run_paths import RunPaths

Pixels = npt.NDArray[np.int16]
Labels = npt.NDArray[np.uint8]
Lessons = list[tuple[str, Pool, Pixels, Labels]]


@dataclass
class Recorder:
    """A reporter in this process. It asks to stop once `stop_after` of a kind were sent."""

    messages: list[Message] = field(default_factory=list)
    stop_after: type[Any] | None = None
    leave_on_stop: bool = True
    look: Look | None = None

    def send(self, message: Message) -> None:
        self.messages.append(message)

    def should_stop(self) -> bool:
        return self.stop_after is not None and bool(self.of(self.stop_after))

    def looked_at(self) -> Look | None:
        return self.look

    def wait_while_paused(self) -> None:
        return

    def of(self, kind: type[Any]) -> list[Any]:
        return [message for message in self.messages if isinstance(message, kind)]

    @property
    def last(self) -> Any:
        return self.messages[-1]


def discs(count: int, side: int = 32, *, seed: int = 0) -> tuple[Pixels, Labels]:
    """Slices in HU with one bright disc each in dark noise, and the discs' labels."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:side, 0:side]
    labels = np.zeros((count, side, side), np.uint8)
    for plane in labels:
        row, column = generator.uniform(0.35 * side, 0.65 * side, 2)
        radius = generator.uniform(0.15 * side, 0.3 * side)
        plane[(rows - row) ** 2 + (columns - column) ** 2 < radius**2] = 1
    noise = generator.normal(0, 60, labels.shape)
    return (labels * 800.0 - 600 + noise).astype(np.int16), labels


def write_bundle(
    folder: Path,
    lessons: Lessons,
    *,
    plan: Plan | None = None,
    pixel_mm: tuple[float, float] | None = None,
    incomplete: Mapping[str, Sequence[tuple[int, ...]]] = MappingProxyType({}),
    root: Path | None = None,
    start_mm: tuple[float, float] | None = None,
    **fields: Any,
) -> Path:
    """A bundle in `folder/run/bundle`, one volume a lesson; returns the bundle's folder.

    Parameters
    ----------
    lessons : (case, pool, voxels, targets), every slice teaches
    incomplete : for each slice of a case the classes that it is not complete for; else none
    root : of its paths; None: the disk, because weights to start from may lie beside the folder
    start_mm : pixels of what is begun with
    fields : of the Bundle, in place of what is made here
    """
    run = folder / "run"
    bundle_folder = run / "bundle"
    bundle_folder.mkdir(parents=True, exist_ok=True)
    volumes: list[VolumeRef] = []
    rows: list[Lesson] = []
    with bundles.targets_writer(bundle_folder) as writer:
        for case, pool, voxels, targets in lessons:
            volumes.append(volume_file(folder, case, voxels, pixel_mm=pixel_mm))
            packed = tuple(map(writer.add, targets))
            slices = tuple(range(len(targets)))
            classes = incomplete.get(case, ((),) * len(slices))
            rows.append(Lesson(case, pool, slices, packed, tuple(classes)))
    bundle = Bundle(
        run="run-001",
        run_folder=str(run),
        identity=identity_of(run),
        plan=plan or short_plan(),
        segments=((1, "lung"),),
        intensities=Intensities(-1024.0, 600.0, "HU"),
        volumes=tuple(volumes),
        lessons=tuple(rows),
        pixel_mm=start_mm,
    )
    bundles.write(replace(bundle, **fields), bundle_folder, root or Path(folder.anchor))
    return bundle_folder


def kept(run_folder: Path, **fields: Any) -> TrainedNetwork:
    """What a run of a small network has left in its folder, as its record has it; or nothing."""
    path = next(run_folder.glob("weights-*.npz"), RunPaths(run_folder).weights(1))
    known = TrainedNetwork(
        network="unet_norm",
        filters=4,
        built_for=(32, 32),
        segments=((1, "lung"),),
        weights=str(path),
        epoch=int(path.stem.removeprefix("weights-")),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
    )
    return replace(known, **fields)


def volume_file(
    folder: Path, case: str, voxels: Pixels, *, pixel_mm: tuple[float, float] | None = None
) -> VolumeRef:
    """A case's voxels in a file of their own, in HU."""
    path = folder / f"{case}.raw"
    voxels.astype("<i2").tofile(path)
    slices, rows, columns = voxels.shape
    shape = (slices, rows, columns)
    return VolumeRef(case, str(path), 0, shape, 1.0, 0.0, "HU", pixel_mm)


def short_plan(network: str = "unet_norm", **fields: Any) -> Plan:
    """Two epochs of a small network."""
    return plan_for(network, **{"epochs": 2, "filters": 4, "batch": 4, **fields})
