"""A network that can only tell by the slices beside a slice ("2.5-D")."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from segdesk.core.run import Plan
from segdesk.errors import TrainingError
from segdesk.jobs import bundle as bundles
from segdesk.jobs.messages import EpochDone, Failed, Judged, Look, Predicted, Proposed
from segdesk.learning import checkpoints, proposing, trainer
from segdesk.learning.networks import unet_norm
from segdesk.learning.samples import itself, seen
from tests.learning.builders import Recorder, kept, short_plan, volume_file, write_bundle

pytestmark = pytest.mark.keras
SIDE, SLICE_MM = 32, 2.5
MM = (1.5, 1.5)


@pytest.fixture(autouse=True)
def shallow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unet_norm, "LEVELS", ((1, 1), (2, 1)))


def scan(count: int, seed: int) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8]]:
    """A disc in each slice; the segment is the one that stands two slices above."""
    generator = np.random.default_rng(seed)
    rows, columns = np.indices((SIDE, SIDE))
    discs = np.stack(
        [
            np.hypot(rows - generator.integers(8, 24), columns - generator.integers(8, 24)) < 5
            for _ in range(count)
        ]
    )
    voxels = np.where(discs, 200, -800) + generator.normal(0, 30, discs.shape)
    above = np.minimum(np.arange(count) + 2, count - 1)
    return voxels.astype(np.int16), discs[above].astype(np.uint8)


def trained(folder: Path, plan: Plan, look: Look | None = None) -> tuple[Recorder, Path]:
    folder.mkdir(exist_ok=True)
    lessons = [("one", "train", *scan(16, 1)), ("two", "validation", *scan(8, 2))]
    volumes = tuple(
        replace(volume_file(folder, case, voxels, pixel_mm=MM), slice_mm=SLICE_MM)
        for case, _, voxels, _ in lessons
    )
    path = write_bundle(folder, lessons, plan=plan, volumes=volumes, predict=("two",))  # pyright: ignore[reportArgumentType]
    recorder = Recorder(look=look)
    trainer.run_bundle(path, recorder)
    assert not recorder.of(Failed)
    return recorder, path


def test_what_only_the_neighbours_tell_is_learnt_with_them_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposing, "FIRST_S", 0.0)
    plan = short_plan(epochs=25, rate=1e-2, augmentation=0.25, neighbours_mm=5.0)
    recorder, path = trained(tmp_path / "a", plan, Look("two", 3))
    dice = [epoch.epoch.val_dice or 0.0 for epoch in recorder.of(EpochDone)]
    assert max(dice) > 0.85
    (predicted,) = recorder.of(Predicted)
    labels, truth = np.load(predicted.labels_file), scan(8, 2)[1]
    assert 2 * ((labels == 1) & (truth == 1)).sum() / ((labels == 1).sum() + truth.sum()) > 0.85
    assert recorder.of(Proposed)
    alone, _ = trained(tmp_path / "b", replace(plan, neighbours_mm=0.0, epochs=6))
    assert max(epoch.epoch.val_dice or 0.0 for epoch in alone.of(EpochDone)) < 0.6
    # What it learnt belongs to three channels, and is loaded as such.
    own = kept(tmp_path / "a" / "run", channels=3, neighbours_mm=5.0)
    assert checkpoints.load(own).input_shape[-1] == 3
    with pytest.raises(TrainingError):
        checkpoints.load(replace(own, channels=1))
    # Measured again as the run in use, and predicting alone, it sees them too.
    bundle = bundles.read(path)
    rival = bundles.Rival("run-000", own, bundle.intensities, MM, (SIDE, SIDE))
    lessons = [("one", "train", *scan(16, 1)), ("two", "validation", *scan(8, 2))]
    again = write_bundle(
        tmp_path / "c",
        lessons,  # pyright: ignore[reportArgumentType]
        plan=replace(plan, neighbours_mm=0.0, epochs=1),
        volumes=bundle.volumes,
        rival=rival,
    )
    compared = Recorder()
    trainer.run_bundle(again, compared)
    (judged,) = compared.of(Judged)
    assert judged.rival_dice == pytest.approx(max(dice), abs=0.05)


def test_a_start_with_other_neighbours_is_refused(tmp_path: Path) -> None:
    trained(tmp_path / "a", short_plan(epochs=1, neighbours_mm=5.0))
    start = kept(tmp_path / "a" / "run", channels=3, neighbours_mm=5.0)
    (tmp_path / "b").mkdir()
    voxels, targets = scan(4, 3)
    path = write_bundle(
        tmp_path / "b",
        [("one", "train", voxels, targets)],
        plan=short_plan(epochs=1, neighbours_mm=2.5),
        start=start,
    )
    recorder = Recorder()
    trainer.run_bundle(path, recorder)
    (failed,) = recorder.of(Failed)
    assert "neighbours" in str(failed.sentence)


def test_a_slice_is_seen_between_its_neighbours_and_independent_ones_alone(tmp_path: Path) -> None:
    voxels, _ = scan(6, 4)
    alone = volume_file(tmp_path, "one", voxels, pixel_mm=MM)
    stacked = replace(alone, slice_mm=SLICE_MM)
    bundle = bundles.read(write_bundle(tmp_path, [("one", "train", voxels, voxels.astype("u1"))]))
    for volume, rows in ((stacked, (1, 3, 5)), (alone, (3, 3, 3))):
        image = seen(lambda index: voxels[index], volume, 3, bundle.intensities, 5.0)
        assert image.shape == (SIDE, SIDE, 3)
        for channel, row in enumerate(rows):
            own = seen(lambda index: voxels[index], volume, row, bundle.intensities, 0.0)
            assert np.array_equal(image[..., channel], own)
        assert np.array_equal(
            itself(image, 5.0), seen(lambda index: voxels[index], volume, 3, bundle.intensities, 0)
        )
