"""A network whose convolutions are not padded: what it learns from, is measured on and predicts has
a mirrored border, and its answers lie where the slice does."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from segdesk.core.networks import network
from segdesk.jobs import bundle as bundles
from segdesk.jobs.messages import EpochDone, Failed, Look, Predicted, Proposed, Started
from segdesk.learning import proposing, trainer
from segdesk.learning.feed import Feed
from segdesk.learning.geometry import Scale, framed
from segdesk.learning.samples import Samples
from tests.learning.builders import Recorder, kept, short_plan, write_bundle

pytestmark = pytest.mark.keras
#: No multiple of anything that the network halves.
SHAPE = 37, 50


def scan(count: int, seed: int) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8]]:
    """A bright box in each slice, which can touch its edge."""
    generator = np.random.default_rng(seed)
    labels = np.zeros((count, *SHAPE), np.uint8)
    for plane in labels:
        top, left = (int(generator.integers(0, side - 14)) for side in SHAPE)
        plane[top : top + 14, left : left + 14] = 1
    voxels = labels * 800.0 - 600 + generator.normal(0, 60, labels.shape)
    return voxels.astype(np.int16), labels


def test_it_learns_validates_proposes_and_predicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposing, "FIRST_S", 0.0)
    truth = scan(5, 2)
    plan = short_plan("unet_2015", filters=8, epochs=8, batch=2, rate=2e-3, augmentation=0.25)
    path = write_bundle(
        tmp_path,
        [("one", "train", *scan(24, 1)), ("two", "validation", *truth)],
        plan=plan,
        predict=("two",),
    )
    recorder = Recorder(look=Look("two", 3))
    trainer.run_bundle(path, recorder)
    assert not recorder.of(Failed)
    epochs = [message.epoch for message in recorder.of(EpochDone)]
    assert max(epoch.val_dice or 0.0 for epoch in epochs) > 0.9
    assert all(epoch.val_loss is not None and np.isfinite(epoch.val_loss) for epoch in epochs)
    *_, proposed = recorder.of(Proposed)
    assert np.load(proposed.file).shape == SHAPE
    (predicted,) = recorder.of(Predicted)
    labels = np.load(predicted.labels_file)
    assert labels.shape == truth[1].shape
    # A pixel beside where it belongs would cost a seventh of each box.
    assert 2 * (labels & truth[1]).sum() / (labels.sum() + truth[1].sum()) > 0.9
    # The run as it was kept predicts the same.
    (started,) = recorder.of(Started)
    own = kept(tmp_path / "run", network="unet_2015", filters=8, built_for=started.built_for)
    again = replace(
        bundles.read(path), train=False, own=own, input_shape=started.input_shape, lessons=()
    )
    shutil.rmtree(path / "predictions")
    bundles.write(again, path, Path(tmp_path.anchor))
    later = Recorder()
    trainer.run_bundle(path, later)
    (predicted,) = later.of(Predicted)
    assert np.array_equal(np.load(predicted.labels_file), labels)


def test_a_batch_has_images_with_a_border_and_targets_without(tmp_path: Path) -> None:
    row = network("unet_2015")
    plan = short_plan("unet_2015", filters=2)
    path = write_bundle(tmp_path, [("one", "train", *scan(3, 1))], plan=plan)
    bundle = bundles.read(path)
    scale = Scale(max(SHAPE), None)
    shape = framed([scale.resampled(bundle.volume("one"))], row)
    samples = Samples(bundle, path, "train", scale=scale, shape=shape)
    for strength in (0.0, 1.0):
        feed = Feed(samples, batch=2, strength=strength, partners=(), seed=0)
        images, targets, _ = feed.next()
        feed.close()
        assert shape == (52, 52)
        assert images.shape == (2, 52 + 184, 52 + 184, 1)
        assert targets.shape == (2, *shape, 1)
        middle = images[:, 92:-92, 92:-92]
        # The image lies where its target does, moved or not.
        assert middle[targets == 1].mean() > 0.6 > 0.4 > middle[targets == 0].mean()
