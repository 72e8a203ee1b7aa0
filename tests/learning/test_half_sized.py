"""A training that begins with slices of half the size: what is kept then is used at that size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segdesk.jobs.messages import Checkpoint, EpochDone, Predicted, Proposed, Started
from segdesk.learning import proposing, trainer
from segdesk.learning.feed import Batch, Feed
from segdesk.learning.forward import Forward
from segdesk.learning.learner import Learner, StepFigures
from segdesk.learning.networks import unet_fast
from tests.learning.builders import Lessons, Recorder, discs, kept, write_bundle
from tests.learning.builders import short_plan as plan_of

pytestmark = pytest.mark.keras
SIDE = 128


@pytest.fixture(autouse=True)
def shallow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three levels are traced in a fraction of the time."""
    monkeypatch.setattr(unet_fast, "LEVELS", ((1, 1), (2, 1), (4, 1)))


@pytest.fixture
def shapes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Of the images of each step."""
    seen: list[tuple[int, ...]] = []
    step = Learner.step

    def noted(learner: Learner, batch: Batch, rate: float) -> StepFigures:
        seen.append(batch[0].shape[1:3])
        return step(learner, batch, rate)

    monkeypatch.setattr(Learner, "step", noted)
    return seen


@pytest.fixture(autouse=True)
def proposes_after_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposing, "FIRST_S", 0.0)
    monkeypatch.setattr(proposing, "TIMES_THE_COST", 0.0)


def trained(
    folder: Path, *, epochs: int, stop_after: type | None = None, pixel_mm: float | None = 0.7
) -> Recorder:
    voxels, targets = discs(6, SIDE)
    lessons: Lessons = [
        ("case-001", "train", voxels, targets),
        ("case-002", "validation", *discs(2, SIDE, seed=5)),
    ]
    bundle = write_bundle(
        folder,
        lessons,
        plan=plan_of("unet_fast", epochs=epochs, batch=3, filters=8),
        pixel_mm=None if pixel_mm is None else (pixel_mm, pixel_mm),
        preview=("case-001", 2),
        predict=("case-002",),
    )
    recorder = Recorder(stop_after=stop_after)
    trainer.run_bundle(bundle, recorder)
    return recorder


def test_the_first_epochs_see_half_of_the_size_and_the_others_all_of_it(
    tmp_path: Path, shapes: list[tuple[int, ...]]
) -> None:
    recorder = trained(tmp_path, epochs=5)
    halves = [shape for shape in shapes if shape == (SIDE // 2, SIDE // 2)]
    assert halves == shapes[: len(halves)]
    assert len(halves) == 2 * len(shapes) // 5
    assert set(shapes[len(halves) :]) == {(SIDE, SIDE)}
    assert np.load(recorder.of(Proposed)[-1].file).shape == (SIDE, SIDE)
    (started,) = recorder.of(Started)
    assert started.input_shape == (SIDE, SIDE)


@pytest.mark.parametrize("pixel_mm", [0.7, None])
def test_what_was_stopped_in_its_first_epochs_predicts_at_half_the_size(
    tmp_path: Path, pixel_mm: float | None
) -> None:
    recorder = trained(tmp_path, epochs=400, stop_after=EpochDone, pixel_mm=pixel_mm)
    checkpoint = recorder.of(Checkpoint)[-1]
    assert checkpoint.input_shape == (SIDE // 2, SIDE // 2)
    assert checkpoint.pixel_mm == (pixel_mm and (2 * pixel_mm, 2 * pixel_mm))
    seen: list[tuple[int, ...]] = []
    own = kept(tmp_path / "run", network="unet_fast", filters=8, built_for=(SIDE, SIDE))
    again = write_bundle(
        tmp_path,
        [("case-001", "train", *discs(6, SIDE))],
        plan=plan_of("unet_fast", filters=8),
        train=False,
        predict=("case-001",),
        input_shape=checkpoint.input_shape,
        own=own,
    )
    answer = Forward.outputs

    def noted(forward: Forward, images: np.ndarray) -> np.ndarray:
        seen.append(images.shape[1:3])
        return answer(forward, images)

    recorder = Recorder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Forward, "outputs", noted)
        trainer.run_bundle(again, recorder)
    (predicted,) = recorder.of(Predicted)
    assert np.load(predicted.labels_file).shape == (6, SIDE, SIDE)
    assert set(seen) == {(SIDE // 2, SIDE // 2)}


def test_it_validates_and_proposes_at_the_size_that_it_learns_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, ...]] = []
    answer = Forward.outputs

    def noted(forward: Forward, images: np.ndarray) -> np.ndarray:
        seen.append(images.shape[1:3])
        return answer(forward, images)

    monkeypatch.setattr(Forward, "outputs", noted)
    recorder = trained(tmp_path, epochs=5)
    half, full = (SIDE // 2, SIDE // 2), (SIDE, SIDE)
    # Of two epochs of two steps a proposal after each and the validation.
    assert seen[:6] == [half] * 6
    assert set(seen[6:]) == {full}
    assert recorder.of(Checkpoint)[-1].input_shape in (half, full)


def test_a_feed_is_closed_when_the_size_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[Feed] = []
    close = Feed.close
    monkeypatch.setattr(Feed, "close", lambda feed: closed.append(feed) or close(feed))
    trained(tmp_path, epochs=5)
    assert len(set(map(id, closed))) == 2
