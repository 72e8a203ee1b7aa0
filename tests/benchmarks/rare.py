"""A rare segment among six, and a small nodule beside lungs: are they learnt, and kept?

`python -m tests.benchmarks.rare organs|nodule` trains the default network for five minutes on
phantoms of which every slice is labelled, and scores the prediction of others that it never saw,
with and without what is done after the network. Seconds are those of the processor divided by two.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdesk.core.networks import DEFAULT
from segdesk.core.refinement import Refinement
from segdesk.core.run import Intensities, Plan, plan_for
from segdesk.core.split import Pool
from segdesk.jobs import bundle as bundles
from segdesk.jobs.bundle import Bundle, Lesson, VolumeRef
from segdesk.jobs.messages import Finished, Predicted
from segdesk.ops import phantom
from tests.benchmarks.few_slices import CORES, Recorder
from tests.benchmarks.rows import Row

Labels = npt.NDArray[np.uint8]
MINUTES = 5.0
#: An 8 mm nodule lies in three slices of 3 mm.
NODULE_MM = 8.0


@dataclass(frozen=True, slots=True)
class Task:
    """Phantoms, by seed.

    Parameters
    ----------
    segments : numbers of the truth and names; what is not among them is background
    shape, spacing_mm : of each phantom
    organs, nodule_mm : as in `phantom.thorax`
    neighbours_mm : distance of the slices beside that the network sees; 0 for none
    train, validation, test : seeds
    """

    segments: tuple[tuple[int, str], ...]
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    organs: bool
    nodule_mm: float | None
    neighbours_mm: float
    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]

    def made(self, seed: int) -> phantom.Phantom:
        """The patient of a seed, with labels of these segments alone."""
        one = phantom.thorax(
            seed, self.shape, self.spacing_mm, organs=self.organs, nodule_mm=self.nodule_mm
        )
        table = np.zeros(256, np.uint8)
        table[[number for number, _ in self.segments]] = [number for number, _ in self.segments]
        return phantom.Phantom(one.grid, one.voxels, table[one.truth])


TASKS = {
    "organs": Task(
        segments=phantom.ORGANS,
        shape=(24, 160, 160),
        spacing_mm=(8.0, 2.2, 2.2),
        organs=True,
        nodule_mm=None,
        neighbours_mm=8.0,
        train=(11, 12, 13, 14),
        validation=(15,),
        test=(16, 17),
    ),
    "nodule": Task(
        segments=tuple(row for row in phantom.SEGMENTS if row[0] != phantom.TRACHEA),
        shape=(64, 192, 192),
        spacing_mm=(3.0, 1.83, 1.83),
        organs=False,
        nodule_mm=NODULE_MM,
        neighbours_mm=3.0,
        train=tuple(range(21, 37)),
        validation=(37, 38, 39),
        test=(40, 41, 42),
    ),
}


@dataclass(frozen=True, slots=True)
class Scored:
    """Of the phantoms that the training never saw.

    Parameters
    ----------
    dice, alone : by segment, of the prediction, and of the network's answer before anything is done
        to it; over the voxels of all test phantoms
    found : test phantoms of which the smallest segment is hit
    seconds : of the processor divided by two
    """

    dice: dict[str, float]
    alone: dict[str, float]
    found: int
    of: int
    seconds: float


def dice_of(task: Task, truth: Labels, found: Labels) -> dict[str, float]:
    """Dice of each segment by name."""
    pairs = {name: (truth == number, found == number) for number, name in task.segments}
    return {
        name: float(2 * (one & other).sum() / max(1, one.sum() + other.sum()))
        for name, (one, other) in pairs.items()
    }


def write_bundle(folder: Path, task: Task, plan: Plan) -> Path:
    """What the training needs; the test phantoms are cases that it predicts."""
    bundle_folder = folder / "run" / "bundle"
    volumes: list[VolumeRef] = []
    lessons: list[Lesson] = []
    classes = np.zeros(256, np.uint8)
    classes[[number for number, _ in task.segments]] = range(1, len(task.segments) + 1)
    with bundles.targets_writer(bundle_folder) as writer:
        pools: list[tuple[Pool | None, tuple[int, ...]]] = [
            ("train", task.train),
            ("validation", task.validation),
            (None, task.test),
        ]
        for pool, seeds in pools:
            for seed in seeds:
                one, id = task.made(seed), f"case-{seed:03d}"
                file = folder / f"{id}.raw"
                one.voxels.astype("<i2").tofile(file)
                slice_mm, *pixel_mm = task.spacing_mm
                place = str(file), 0, task.shape, 1.0, 0.0, "HU"
                volumes.append(VolumeRef(id, *place, (pixel_mm[0], pixel_mm[1]), slice_mm))
                if pool is not None:
                    packed = tuple(writer.add(truth) for truth in classes[one.truth])
                    slices = tuple(range(task.shape[0]))
                    lessons.append(Lesson(id, pool, slices, packed, ((),) * len(slices)))
    bundle = Bundle(
        run="run-001",
        run_folder=str(folder / "run"),
        plan=plan,
        segments=task.segments,
        intensities=Intensities(-1024.0, 600.0, "HU"),
        volumes=tuple(volumes),
        lessons=tuple(lessons),
        predict=tuple(f"case-{seed:03d}" for seed in task.test),
    )
    bundles.write(bundle, bundle_folder, folder)
    return bundle_folder


def train(name: str, folder: Path, plan: Plan) -> Scored:
    """In a process of its own: everything that it takes counts."""
    from segdesk.learning import clock, refine, trainer

    task = TASKS[name]
    bundle = write_bundle(folder, task, plan)
    truths = [task.made(seed).truth for seed in task.test]
    alone: list[Labels] = []
    decide = refine.Decider.decide

    def decided(self: refine.Decider, most: int = refine.MOST_SLICES) -> tuple[Refinement, ...]:
        for seed in task.test:
            volume = self._bundle.volume(f"case-{seed:03d}")
            alone.append(np.stack(list(self._predictor.slices(volume, range(volume.shape[0])))))
        return decide(self, most)

    began = time.process_time()
    # The plan's minutes are those of the processor.
    clock.time.perf_counter = lambda: (time.process_time() - began) / CORES
    refine.Decider.decide = decided
    recorder = Recorder()
    trainer.run_bundle(bundle, recorder)
    seconds = (time.process_time() - began) / CORES
    if not isinstance(recorder.messages[-1], Finished):
        raise SystemExit(str(recorder.messages[-1]))
    files = {one.case: one.labels_file for one in recorder.messages if isinstance(one, Predicted)}
    found = [np.load(files[f"case-{seed:03d}"]) for seed in task.test]
    truth = np.stack(truths)
    last = min(task.segments, key=lambda row: int((truth == row[0]).sum()))[0]
    return Scored(
        dice_of(task, truth, np.stack(found)),
        dice_of(task, truth, np.stack(alone)),
        sum(bool(((a == last) & (b == last)).any()) for a, b in zip(truths, found, strict=True)),
        len(truths),
        seconds,
    )


def measured(name: str, minutes: float = MINUTES, *, seed: int = 0, network: str = "") -> Scored:
    """One training in a fresh process."""
    command = [sys.executable, "-m", "tests.benchmarks.rare", name, "--here"]
    command += ["--minutes", str(minutes), "--seed", str(seed), "--network", network]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return Scored(**json.loads(done.stdout.splitlines()[-1]))


def rows() -> list[Row]:
    """Dice of the rare segment among six, and of the nodule."""
    found: list[Row] = []
    for name, segment in (("organs", "Oesophagus"), ("nodule", "Nodule")):
        one = measured(name)
        what = f"{MINUTES:g} minutes of two cores, phantoms never seen: Dice of the {segment}"
        dice = round(one.dice[segment], 4)
        found.append(Row(f"rare_{name}", "Dice", dice, dice, dice, what=what))
    return found


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("tasks", nargs="*", default=list(TASKS))
    options.add_argument("--here", action="store_true", help="in this process")
    options.add_argument("--minutes", type=float, default=MINUTES)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--network", default="")
    chosen = options.parse_args()
    for name in chosen.tasks:
        if not chosen.here:
            one = measured(name, chosen.minutes, seed=chosen.seed, network=chosen.network)
        else:
            plan = plan_for(
                chosen.network or DEFAULT,
                max_minutes=chosen.minutes,
                neighbours_mm=TASKS[name].neighbours_mm,
                seed=chosen.seed,
            )
            with tempfile.TemporaryDirectory() as folder:
                one = train(name, Path(folder), plan)
        sys.stdout.write(json.dumps(asdict(one)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
