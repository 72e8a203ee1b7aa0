"""Six labelled slices, some seconds: how right is the rest of the scan?

`python -m tests.benchmarks.few_slices` trains on six slices and scores the prediction of all
others, from the start of the trainer's process to its last predicted slice. Seconds are those of
the processor divided by two, as on two cores that do nothing else. It needs the real scans beside
the checkout, see `tests.conftest`. "forest" in place of a network is `pixel_forest`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt

from segdesk.core.run import Intensities, plan_for
from segdesk.core.split import Pool
from segdesk.core.volume import Unit
from segdesk.jobs import bundle as bundles
from segdesk.jobs.bundle import Bundle, Lesson, VolumeRef
from segdesk.jobs.messages import EpochDone, Finished, Look, Message, Predicted
from tests.benchmarks import pixel_forest
from tests.benchmarks.rows import Row

Labels = npt.NDArray[np.uint8]
DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
CORES = 2
#: The peer, in place of a network's id.
FOREST = "forest"
#: What `make bench` measures: seconds, and seeds of the default and of the others.
BENCH_SECONDS, BENCH_SEEDS, OTHERS_SEEDS = (15.0, 30.0), 3, 1
WHAT = {"volume": "Dice over all voxels", "slice": "mean Dice of its slices that show lung"}
#: Seconds that a trainer takes before its first step, and after its last; the rest is the plan's.
START_S, AFTER_S = 2.3, 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Slices of which some are labelled.

    Parameters
    ----------
    voxels, truth : (slices, rows, columns)
    labelled : indices
    unit, pixel_mm : as in a `VolumeRef`
    """

    voxels: npt.NDArray[np.int16]
    truth: Labels
    labelled: tuple[int, ...]
    unit: Unit
    pixel_mm: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Scored:
    """Dice of the slices that nobody labelled; a slice counts where the truth shows lung.

    `seconds` are processor seconds by two of all that was done, `epochs` the points of the curve.
    """

    volume: float
    mean_slice: float
    worst_slice: float
    seconds: float = 0.0
    epochs: int = 0


def scan() -> Task:
    """A chest CT in breath-hold, 2.5 mm slices, published with its lung mask."""
    import SimpleITK

    folder = DATA / "chest3d_mask" / "elastix"
    image = SimpleITK.ReadImage(str(folder / "3DCT_lung.mha"))
    mask = SimpleITK.ReadImage(str(folder / "3DCT_lung_baseline_mask.mha"))
    voxels = SimpleITK.GetArrayFromImage(image).astype(np.int16)
    truth = (SimpleITK.GetArrayFromImage(mask) > 0).astype(np.uint8)
    columns, rows, _ = image.GetSpacing()
    return Task(voxels, truth, (16, 36, 56, 76, 96, 116), "HU", (rows, columns))


def slices() -> Task:
    """Slices of many patients without HU; the mask of row 2 is known to be wrong."""
    with np.load(DATA / "lungs2d" / "val_256.npz") as arrays:
        images, masks = (np.delete(arrays[name][..., 0], 2, axis=0) for name in ("x_val", "y_val"))
    labelled = (0, 4, 9, 13, 18, 23)
    return Task(images.astype(np.int16), (masks > 127).astype(np.uint8), labelled, "raw", None)


TASKS = {"scan": scan, "slices": slices}


def scored(task: Task, found: Labels) -> Scored:
    """Compare a prediction of all slices with the truth."""
    rest = [index for index in range(len(task.truth)) if index not in task.labelled]
    truth, answer = task.truth[rest] > 0, found[rest] > 0
    each = [_dice(a, b) for a, b in zip(truth, answer, strict=True) if a.any()]
    return Scored(_dice(truth, answer), float(np.mean(each)), min(each))


def _dice(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


def write_bundle(
    folder: Path, task: Task, network: str, *, seconds: float, seed: int, left_out: int, size: int
) -> Path:
    """What a training of the labelled slices needs; with `left_out` of them to validate."""
    bundle_folder = folder / "run" / "bundle"
    volume_file = folder / "case.raw"
    task.voxels.astype("<i2").tofile(volume_file)
    shape = task.voxels.shape[0], task.voxels.shape[1], task.voxels.shape[2]
    pixel_mm = task.pixel_mm
    volume = VolumeRef("case-001", str(volume_file), 0, shape, 1.0, 0.0, task.unit, pixel_mm)
    low, high = -1024.0, 600.0
    if task.unit != "HU":
        taught = task.voxels[list(task.labelled)]
        low, high = (float(one) for one in np.percentile(taught, (0.5, 99.5)))
    pools: dict[Pool, Sequence[int]] = {"train": task.labelled}
    if left_out:
        middle = len(task.labelled) // 2
        out = task.labelled[middle : middle + left_out]
        pools = {"train": [i for i in task.labelled if i not in out], "validation": out}
    lessons: list[Lesson] = []
    with bundles.targets_writer(bundle_folder) as writer:
        for pool, indices in pools.items():
            packed = tuple(writer.add(task.truth[index]) for index in indices)
            empty = ((),) * len(indices)
            lessons.append(Lesson("case-001", pool, tuple(indices), packed, empty))
    minutes = max(0.01, (seconds - START_S - AFTER_S) / 60)
    bundle = Bundle(
        run="run-001",
        run_folder=str(folder / "run"),
        plan=plan_for(network, max_minutes=minutes, seed=seed, size=size),
        segments=((1, "lung"),),
        intensities=Intensities(low, high, task.unit),
        volumes=(volume,),
        lessons=tuple(lessons),
        predict=("case-001",),
    )
    bundles.write(bundle, bundle_folder, folder)
    return bundle_folder


class Recorder:
    """A reporter that keeps what it hears."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.leave_on_stop = True

    def send(self, message: Message) -> None:
        self.messages.append(message)

    def should_stop(self) -> bool:
        return False

    def looked_at(self) -> Look | None:
        return None

    def wait_while_paused(self) -> None:
        return


def train(name: str, bundle_folder: Path) -> Scored:
    """In a process of its own: everything that it takes counts."""
    from segdesk.learning import clock, trainer

    # The plan's minutes are those of the processor too.
    clock.time.perf_counter = lambda: time.process_time() / CORES
    recorder = Recorder()
    trainer.run_bundle(bundle_folder, recorder)
    seconds = time.process_time() / CORES
    if not isinstance(recorder.messages[-1], Finished):
        raise SystemExit(str(recorder.messages[-1]))
    (predicted,) = (one for one in recorder.messages if isinstance(one, Predicted))
    result = scored(TASKS[name](), np.load(predicted.labels_file))
    epochs = [one.epoch for one in recorder.messages if isinstance(one, EpochDone)]
    return Scored(result.volume, result.mean_slice, result.worst_slice, seconds, len(epochs))


def measured(
    name: str, network: str, *, seconds: float, seed: int = 0, left_out: int = 0, size: int = 0
) -> Scored:
    """One training in a fresh process."""
    if network == FOREST:
        return _asked([name, "--forest", str(seconds), "--seed", str(seed)])
    with tempfile.TemporaryDirectory() as folder:
        bundle = write_bundle(
            Path(folder),
            TASKS[name](),
            network,
            seconds=seconds,
            seed=seed,
            left_out=left_out,
            size=size,
        )
        return _asked([name, "--bundle", str(bundle)])


def _asked(arguments: list[str]) -> Scored:
    """This file with other arguments, in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.few_slices", *arguments]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return Scored(**json.loads(done.stdout.splitlines()[-1]))


def planted(name: str, seconds: float, seed: int) -> Scored:
    """The forest, in this process, which it has to itself."""
    task = TASKS[name]()
    left_s = seconds - time.process_time() / CORES
    found = pixel_forest.segmented(
        task.voxels,
        task.truth,
        task.labelled,
        seconds=left_s,
        seed=seed,
        now=lambda: time.process_time() / CORES,
    )
    result = scored(task, found)
    return Scored(result.volume, result.mean_slice, result.worst_slice, time.process_time() / CORES)


def rows() -> list[Row]:
    """Dice of the slices that nobody labelled: the default network in three seeds, with all six
    slices teaching and with one left out; `unet_norm` and the forest beside it."""
    if not DATA.is_dir():
        return []
    kinds = [("unet_fast", 0, BENCH_SEEDS), ("unet_fast", 1, BENCH_SEEDS)]
    kinds.append(("unet_norm", 0, OTHERS_SEEDS))
    if pixel_forest.is_there():
        kinds.append((FOREST, 0, OTHERS_SEEDS))
    found: list[Row] = []
    for task in TASKS:
        for network, left_out, seeds in kinds:
            for seconds in BENCH_SECONDS:
                runs = [
                    measured(task, network, seconds=seconds, seed=seed, left_out=left_out)
                    for seed in range(seeds)
                ]
                name = f"few_{task}_{network}_{seconds:.0f}_s" + "_one_out" * bool(left_out)
                taught = "five of six slices" if left_out else "six slices"
                for part, field in (("volume", "volume"), ("slice", "mean_slice")):
                    dice = sorted(round(getattr(run, field), 4) for run in runs)
                    what = f"{taught}, {seconds:g} s of two cores: the rest's {WHAT[part]}"
                    found.append(
                        Row(f"{name}_{part}", "Dice", median(dice), dice[0], dice[0], what=what)
                    )
    return found


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("tasks", nargs="*", default=list(TASKS))
    options.add_argument("--bundle", type=Path)
    options.add_argument("--networks", nargs="*", default=["unet_fast", "unet_norm"])
    options.add_argument("--seconds", nargs="*", type=float, default=[10.0, 15.0, 30.0, 60.0])
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--left-out", type=int, default=0)
    options.add_argument("--size", type=int, default=0)
    options.add_argument("--forest", type=float, default=0.0, help="its seconds, in this process")
    options.add_argument("--seed", type=int, default=0, help="of that forest")
    chosen = options.parse_args()
    if chosen.forest:
        result = planted(chosen.tasks[0], chosen.forest, chosen.seed)
        sys.stdout.write(json.dumps(asdict(result)) + "\n")
        return 0
    if chosen.bundle is not None:
        sys.stdout.write(json.dumps(asdict(train(chosen.tasks[0], chosen.bundle))) + "\n")
        return 0
    for name in chosen.tasks:
        for network in chosen.networks:
            for seconds in chosen.seconds:
                runs = [
                    measured(
                        name,
                        network,
                        seconds=seconds,
                        seed=seed,
                        left_out=chosen.left_out,
                        size=chosen.size,
                    )
                    for seed in range(chosen.seeds)
                ]
                figures = [
                    f"{field} {median(getattr(run, field) for run in runs):.4f}"
                    for field in ("volume", "mean_slice", "worst_slice", "seconds", "epochs")
                ]
                sys.stdout.write(f"{name} {network} {seconds:g} s: {', '.join(figures)}\n")
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
