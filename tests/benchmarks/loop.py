"""Our loop beside a bare `model.fit`: the same network, loss and arrays in memory, in turn.

Processor time of the whole process is counted, threads included, from the training's start to the
end of its last epoch, traced before; a round of each follows the other, and each round gives a
ratio of steps per processor second. What is traced runs without Grappler in both.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from segdesk.core.place import identity_of
from segdesk.core.run import Intensities, Plan, plan_for
from segdesk.jobs import bundle as bundles
from segdesk.jobs.bundle import Bundle, Lesson, VolumeRef
from segdesk.jobs.messages import EpochDone, Failed, Judged, Look, Message, Started
from tests.benchmarks.rows import Row

NETWORKS = ("unet_fast", "unet_norm")
ROUNDS, EPOCHS, SLICES, SIDE = 5, 8, 24, 128


class Stopwatch:
    """A reporter that notes the processor time between a training's start and its end."""

    leave_on_stop = True

    def __init__(self) -> None:
        self.steps = 0
        self.seconds = 0.0

    def send(self, message: Message) -> None:
        """Hear of it."""
        match message:
            case Started():
                self.seconds = -time.process_time()
            case EpochDone():
                self.steps = message.epoch.steps
            case Judged():
                self.seconds += time.process_time()
            case Failed():
                raise RuntimeError(message.sentence)
            case _:
                pass

    def should_stop(self) -> bool:
        """It never does."""
        return False

    def looked_at(self) -> Look | None:
        """Nobody looks."""
        return None

    def wait_while_paused(self) -> None:
        """It is not."""


def rows() -> list[Row]:
    """Ratios of both networks, without and with augmentation."""
    return [row for id in NETWORKS for row in _rows_of(id)]


def _rows_of(id: str) -> list[Row]:
    import keras

    from segdesk.learning import schedule
    from segdesk.learning.losses import loss_of
    from segdesk.learning.networks import registry
    from segdesk.learning.standing import Standing

    # Every step has the same size.
    schedule.LEAST_SIDE = 10_000
    images, targets = _slices()
    plain = plan_for(id, epochs=EPOCHS, augmentation=0.0, validates=False)
    changed = plan_for(id, epochs=EPOCHS, validates=False)
    standing = Standing()
    with tempfile.TemporaryDirectory() as folder:
        ours = [
            _bundle(Path(folder) / name, images, targets, plan)
            for name, plan in (("plain", plain), ("changed", changed))
        ]
        # Its graph, before anything is counted.
        _per_second(ours[0], standing)
        bare = registry.build(id, (SIDE, SIDE, 1), 2, filters=plain.filters)
        loss, complete = loss_of(id), np.zeros((1, 2), np.float32)
        bare.compile(
            optimizer=keras.optimizers.Adam(plain.rate),
            loss=lambda target, answer: loss(target, answer, complete),
            metrics=["accuracy"],
        )
        scaled = np.clip((images.astype(np.float32) + 1024) / 1624, 0, 1)[..., None]
        data: Any = {"x": scaled, "y": targets[..., None], "batch_size": plain.batch, "verbose": 0}
        bare.fit(**data, epochs=1)
        found: list[list[float]] = []
        for _ in range(ROUNDS):
            per_second = [_per_second(path, standing) for path in ours]
            started = time.process_time()
            bare.fit(**data, epochs=EPOCHS)
            steps = EPOCHS * -(-SLICES // plain.batch)
            theirs = steps / (time.process_time() - started)
            found.append([one / theirs for one in per_second])
    plain_ratios, changed_ratios = zip(*found, strict=True)
    what = f"steps per CPU second, beside those of model.fit, {id}"
    return [
        _row(f"loop_{id}", plain_ratios, what),
        _row(f"loop_augmented_{id}", changed_ratios, f"{what}, slices augmented here alone"),
    ]


def _row(name: str, ratios: tuple[float, ...], what: str) -> Row:
    least = round(min(ratios), 3)
    return Row(name, "ratio", round(median(ratios), 3), least, least, what=what)


def _per_second(folder: Path, standing: Any) -> float:
    """Steps per processor second of a training by our loop."""
    from segdesk.learning import trainer

    watch = Stopwatch()
    trainer.run_bundle(folder, watch, standing)
    return watch.steps / watch.seconds


def _slices() -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8]]:
    """A bright disc in noise on each."""
    generator = np.random.default_rng(0)
    row, column = np.mgrid[:SIDE, :SIDE]
    centres = generator.uniform(SIDE / 3, 2 * SIDE / 3, (SLICES, 2))
    labels = np.stack([np.hypot(row - y, column - x) < SIDE / 5 for y, x in centres])
    noise = generator.normal(0, 60, labels.shape)
    return (labels * 800.0 - 600 + noise).astype(np.int16), labels.astype(np.uint8)


def _bundle(
    folder: Path, images: npt.NDArray[np.int16], targets: npt.NDArray[np.uint8], plan: Plan
) -> Path:
    path, run = folder / "run" / "bundle", folder / "run"
    path.mkdir(parents=True)
    images.astype("<i2").tofile(folder / "scan.raw")
    with bundles.targets_writer(path) as writer:
        packed = tuple(map(writer.add, targets))
    volume = VolumeRef(
        "case-001", str(folder / "scan.raw"), 0, (SLICES, SIDE, SIDE), 1.0, 0.0, "HU", None
    )
    lesson = Lesson("case-001", "train", tuple(range(SLICES)), packed, ((),) * SLICES)
    bundle = Bundle(
        run="run-001",
        run_folder=str(run),
        identity=identity_of(run),
        plan=plan,
        segments=((1, "Disc"),),
        intensities=Intensities(-1024.0, 600.0, "HU"),
        volumes=(volume,),
        lessons=(lesson,),
    )
    bundles.write(bundle, path, folder)
    return path
