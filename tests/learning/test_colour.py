"""A network that can only tell by colour: both kinds of disc are equally bright."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from segdesk.core.run import Intensities
from segdesk.errors import TrainingError
from segdesk.jobs.bundle import VolumeRef
from segdesk.jobs.messages import EpochDone, Failed, Predicted
from segdesk.learning import checkpoints, trainer
from segdesk.learning.augment import augmented
from segdesk.learning.networks import unet_norm
from segdesk.ops.resample import resample_image
from segdesk.ops.warp import Motion, move
from tests.learning.builders import Recorder, kept, short_plan, write_bundle

pytestmark = pytest.mark.keras

SIDE = 32


@pytest.fixture(autouse=True)
def shallow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unet_norm, "LEVELS", ((1, 1), (2, 1)))


def pictures(count: int, seed: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Slices with a red disc, which is the segment, and a green one, of one and the same sum."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 30, (count, SIDE, SIDE, 3)).astype(np.uint8)
    targets = np.zeros((count, SIDE, SIDE), np.uint8)
    rows, columns = np.indices((SIDE, SIDE))
    for at in range(count):
        for channel in (0, 1):
            row, column = rng.integers(6, 26), rng.integers(4, 12) + 16 * ((at + channel) % 2)
            disc = np.hypot(rows - row, columns - column) < 5
            images[at, disc, channel] = 220
            targets[at, disc] = 1 - channel
    return images, targets


def test_a_network_in_colour_learns_and_predicts_what_grey_would_not_tell(tmp_path: Path) -> None:
    images, targets = pictures(12, seed=1)
    others, truth = pictures(6, seed=2)

    def volume(case: str, array: npt.NDArray[np.uint8]) -> VolumeRef:
        array.tofile(tmp_path / f"{case}-rgb.raw")
        shape = (len(array), SIDE, SIDE)
        return VolumeRef(case, str(tmp_path / f"{case}-rgb.raw"), 0, shape, 1.0, 0.0, "RGB", None)

    grey = np.zeros((12, SIDE, SIDE), np.int16), np.zeros((6, SIDE, SIDE), np.int16)
    folder = write_bundle(
        tmp_path,
        [("one", "train", grey[0], targets), ("two", "validation", grey[1], truth)],
        plan=short_plan(epochs=20, rate=1e-2, augmentation=0.5),
        volumes=(volume("one", images), volume("two", others)),
        intensities=Intensities(0.0, 255.0, "RGB"),
        predict=("two",),
    )
    recorder = Recorder()
    trainer.run_bundle(folder, recorder)
    assert not recorder.of(Failed)
    assert max(epoch.epoch.val_dice or 0 for epoch in recorder.of(EpochDone)) > 0.8
    (predicted,) = recorder.of(Predicted)
    labels = np.load(predicted.labels_file)
    inside, outside = (labels == 1)[truth == 1].mean(), (labels == 1)[truth == 0].mean()
    assert inside > 0.8 and outside < 0.05
    with pytest.raises(TrainingError, match="file of weights cannot be used"):
        checkpoints.load(kept(tmp_path / "run", channels=1))


def test_colours_are_moved_and_resampled_channel_by_channel() -> None:
    images, targets = pictures(1, seed=3)
    image = images[0].astype(np.float32) / 255
    motion = Motion(shift=(0.1, -0.2), angle=0.3, scale=1.1, mirror=True)
    bent = Motion(bend=np.random.default_rng(0).normal(0, 2, (2, 4, 4)).astype(np.float32))
    for how in (motion, bent):
        whole, _ = move(image, targets[0], how)
        for channel in range(3):
            alone, _ = move(np.ascontiguousarray(image[..., channel]), targets[0], how)
            assert np.array_equal(whole[..., channel], alone)
    small = resample_image(image, (20, 24))
    for channel in range(3):
        assert np.array_equal(small[..., channel], resample_image(image[..., channel], (20, 24)))
    made = augmented(
        image, targets[0], np.zeros(2, np.float32), np.random.default_rng(5), strength=1.0
    )
    assert made[0].shape == image.shape and made[1].shape == targets[0].shape
