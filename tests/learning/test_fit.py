"""The training's rules, with networks so small that an epoch takes no time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segdesk.jobs.bundle import IGNORE
from segdesk.jobs.messages import Checkpoint, EpochDone, Failed, Note, Predicted, Step
from segdesk.jobs.run_paths import RunPaths
from segdesk.learning import backend, checkpoints, keeper, schedule, trainer
from segdesk.learning.feed import Batch, Feed
from segdesk.learning.figures import Overlap
from segdesk.learning.forward import Forward
from segdesk.learning.learner import Learner, StepFigures
from segdesk.learning.losses import loss_of
from segdesk.learning.networks import registry, unet_norm
from segdesk.learning.optimisers import optimiser_of
from segdesk.learning.rates import LEAST, WARM_UP_STEPS, Plateau, cosine, warmed
from segdesk.learning.reporter import Reporter
from segdesk.learning.validation import Validated, Validation
from tests.learning.builders import Lessons, Recorder, discs, kept, short_plan, write_bundle

pytestmark = pytest.mark.keras
SOME = Overlap((1.0,), (2.0,), (2.0,), (9.0,))


@pytest.fixture(autouse=True)
def shallow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two levels are traced in a fraction of the time, and the rules do not know the depth."""
    monkeypatch.setattr(unet_norm, "LEVELS", ((1, 1), (2, 1)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle with eight slices to learn from and two to validate."""
    return write_bundle(
        tmp_path,
        [("case-001", "train", *discs(8)), ("case-002", "validation", *discs(2, seed=9))],
    )


def sentences(recorder: Recorder) -> list[str]:
    return [note.sentence for note in recorder.of(Note)]


def test_a_stop_before_the_first_checkpoint_ends_with_nothing(folder: Path) -> None:
    recorder = Recorder(stop_after=Step)
    trainer.run_bundle(folder, recorder)
    assert (recorder.last.outcome, recorder.last.best) == ("stopped", 0)
    assert not recorder.of(EpochDone)
    assert not list(folder.parent.glob("weights-*"))


def test_a_stop_after_a_checkpoint_keeps_the_best_weights(tmp_path: Path) -> None:
    plan = short_plan(epochs=50)
    folder = write_bundle(tmp_path, [("case-001", "train", *discs(8))], plan=plan)
    recorder = Recorder(stop_after=EpochDone)
    trainer.run_bundle(folder, recorder)
    assert (recorder.last.outcome, recorder.last.best) == ("stopped", 1)
    assert not recorder.leave_on_stop
    assert len(recorder.of(EpochDone)) == 1
    assert RunPaths(folder.parent).weights(1).is_file()


def test_the_best_weights_are_kept_and_not_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[np.ndarray]] = []

    def worse_and_worse(validation: Validation, _: Reporter) -> Validated:
        network = validation._forward.network
        seen.append([np.array(weight) for weight in network.get_weights()])
        return Validated(loss=len(seen), accuracy=0.5, dice=1 / len(seen))

    monkeypatch.setattr(Validation, "measure", worse_and_worse)
    lessons: Lessons = [("case-001", "train", *discs(8)), ("case-002", "validation", *discs(2))]
    folder = write_bundle(tmp_path, lessons, plan=short_plan(epochs=3))
    recorder = Recorder()
    trainer.run_bundle(folder, recorder)
    assert recorder.last.best == 1
    best = checkpoints.load(kept(folder.parent)).get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(best, seen[0], strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(best, seen[2], strict=True))


@pytest.mark.parametrize(
    ("network", "slices", "dice", "kept_epoch"),
    [
        # Two slices cannot tell .9 from .899: the average over more steps is kept.
        ("unet_fast", 2, (0.8, 0.9, 0.899), 3),
        # A fall that goes on is one of .9, however small its steps are.
        ("unet_fast", 2, (0.9, 0.899, 0.8975), 2),
        # Three can, and a network without averaged weights has chance in its last step too.
        ("unet_fast", 3, (0.8, 0.9, 0.899), 2),
        ("unet_norm", 2, (0.8, 0.9, 0.899), 2),
        # No Dice, no saying that they are alike.
        ("unet_fast", 2, (None, None, None), 1),
    ],
)
def test_few_slices_do_not_choose_between_epochs_that_are_nearly_alike(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    network: str,
    slices: int,
    dice: tuple[float | None, ...],
    kept_epoch: int,
) -> None:
    figures = iter([Validated(loss=1.0, accuracy=0.5, dice=one) for one in dice])
    monkeypatch.setattr(Validation, "measure", lambda *_: next(figures))
    lessons: Lessons = [
        ("case-001", "train", *discs(4)),
        ("case-002", "validation", *discs(slices)),
    ]
    folder = write_bundle(tmp_path, lessons, plan=short_plan(network, epochs=3))
    recorder = Recorder()
    trainer.run_bundle(folder, recorder)
    assert recorder.last.best == kept_epoch


def test_the_best_weights_are_back_for_the_prediction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = iter([0.9, 0.5, 0.4])
    monkeypatch.setattr(
        Validation, "measure", lambda *_: Validated(loss=1.0, accuracy=0.5, dice=next(figures))
    )
    lessons: Lessons = [("case-001", "train", *discs(8)), ("case-002", "validation", *discs(2))]
    folder = write_bundle(tmp_path, lessons, plan=short_plan(epochs=3), predict=("case-002",))
    recorder = Recorder()
    trainer.run_bundle(folder, recorder)
    during = np.load(recorder.of(Predicted)[0].probability_file)
    again = write_bundle(
        tmp_path,
        lessons,
        predict=("case-002",),
        train=False,
        input_shape=(32, 32),
        own=kept(folder.parent),
    )
    recorder = Recorder()
    trainer.run_bundle(again, recorder)
    assert np.array_equal(np.load(recorder.of(Predicted)[0].probability_file), during)


def test_an_infinite_loss_goes_back_to_the_best_weights_at_half_the_rate(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = poison(monkeypatch, {3})
    recorder = Recorder()
    trainer.run_bundle(folder, recorder)
    assert recorder.last.outcome == "finished"
    assert "The loss became infinite; going on from the best weights at half the rate." in (
        sentences(recorder)
    )
    losses = [done.epoch.loss for done in recorder.of(EpochDone)]
    assert len(losses) == 2
    assert np.isfinite(losses).all()
    assert rates[4] == pytest.approx(rates[3] / 2)


def test_an_infinite_loss_for_the_second_time_ends_the_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch, {1, 2})
    recorder = Recorder()
    trainer.run_bundle(folder, recorder)
    assert isinstance(recorder.last, Failed)
    assert "infinite for a second time" in recorder.last.sentence


def test_too_small_a_memory_halves_the_batch_and_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = refuse_above(monkeypatch, 2)
    recorder = Recorder()
    trainer.run_bundle(folder, recorder)
    assert recorder.last.outcome == "finished"
    assert "The memory was too small; each step now takes 2 slices." in sentences(recorder)
    assert batches[0] == 4
    assert set(batches[1:]) == {2}


def test_a_memory_that_holds_not_even_one_slice_is_said_in_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_above(monkeypatch, 0)
    recorder = Recorder()
    trainer.run_bundle(folder, recorder)
    assert isinstance(recorder.last, Failed)
    assert "does not hold the network with a single slice" in recorder.last.sentence
    assert recorder.last.hint


def test_without_a_validation_slice_the_last_weights_are_kept(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path, [("case-001", "train", *discs(4))])
    recorder = Recorder()
    trainer.run_bundle(folder, recorder)
    assert recorder.last.best == 2
    assert any("no validation slice yet" in sentence for sentence in sentences(recorder))
    assert all(done.epoch.val_dice is None for done in recorder.of(EpochDone))
    assert recorder.of(Checkpoint)[-1].epoch == 2


def test_where_all_slices_teach_by_choice_nobody_waits_for_one_that_validates(
    tmp_path: Path,
) -> None:
    plan = short_plan(validates=False)
    folder = write_bundle(tmp_path, [("case-001", "train", *discs(4))], plan=plan)
    recorder = Recorder()
    trainer.run_bundle(folder, recorder)
    assert recorder.last.best == 2
    assert any("All slices teach and none validates" in said for said in sentences(recorder))
    assert not any("yet" in said for said in sentences(recorder))


def test_an_open_ended_run_ends_when_nothing_gets_better(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "FEWEST_STEPS", 1)
    monkeypatch.setattr(Learner, "step", lambda *_: StepFigures(1.0, 0.5, SOME))
    lessons: Lessons = [("case-001", "train", *discs(4)), ("case-002", "validation", *discs(1))]
    folder = write_bundle(tmp_path, lessons, plan=short_plan(epochs=None))
    recorder = Recorder()
    trainer.run_bundle(folder, recorder)
    epochs = [done.epoch for done in recorder.of(EpochDone)]
    assert len(epochs) == 1 + keeper.PATIENCE
    assert recorder.last.best == 1
    assert recorder.last.reason == "No better validation for 10 epochs."
    assert epochs[-1].rate < epochs[3].rate


def test_a_budget_of_minutes_ends_the_run_with_a_falling_rate(tmp_path: Path) -> None:
    plan = short_plan(epochs=None, max_minutes=0.08)
    folder = write_bundle(tmp_path, [("case-001", "train", *discs(4))], plan=plan)
    recorder = Recorder()
    trainer.run_bundle(folder, recorder)
    assert recorder.last.reason == "The time is up."
    rates = [done.epoch.rate for done in recorder.of(EpochDone)]
    assert rates[-1] == min(rates)


def test_what_is_unknown_does_not_teach() -> None:
    network = registry.build("unet_norm", (32, 32, 1), 2, filters=2)
    learner = Learner(network, loss=loss_of("unet_norm"), optimiser=optimiser_of("unet_norm", 1e-2))
    voxels, targets = discs(2)
    images = ((voxels + 1024.0) / 1624.0).astype(np.float32)[..., None]
    before = learner.weights()
    complete = np.zeros((2, 2), np.float32)
    learner.step((images, np.full_like(targets, IGNORE)[..., None], complete), 1e-2)
    assert all(np.array_equal(a, b) for a, b in zip(before, learner.weights(), strict=True))
    learner.step((images, targets[..., None], complete), 1e-2)
    assert not all(np.array_equal(a, b) for a, b in zip(before, learner.weights(), strict=True))


def test_one_slice_is_learnt_by_heart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    voxels, targets = discs(1)
    eight = np.repeat(voxels, 8, axis=0), np.repeat(targets, 8, axis=0)
    lessons: Lessons = [
        ("case-001", "train", *eight),
        ("case-002", "validation", voxels, targets),
    ]
    plan = short_plan(epochs=12, filters=8, batch=1, augmentation=0)
    recorder = Recorder()
    trainer.run_bundle(write_bundle(tmp_path, lessons, plan=plan), recorder)
    assert max(done.epoch.val_dice for done in recorder.of(EpochDone)) >= 0.99


def test_better_is_the_higher_dice_then_the_lower_loss_and_never_nan() -> None:
    plain = Validated(loss=0.5, accuracy=0.9, dice=0.8)
    assert plain.is_better_than(None)
    assert Validated(0.9, 0.9, 0.9).is_better_than(plain)
    assert Validated(0.4, 0.9, 0.8).is_better_than(plain)
    assert not Validated(0.5, 0.9, 0.8).is_better_than(plain)
    assert not Validated(float("nan"), 1.0, 1.0).is_better_than(None)


def test_where_no_slice_shows_a_segment_the_loss_decides() -> None:
    assert Validated(0.4, 0.9, None).is_better_than(Validated(0.5, 0.9, None))
    assert not Validated(0.5, 0.9, None).is_better_than(Validated(0.4, 0.9, None))


def one_slice_in_ten() -> tuple[np.ndarray, np.ndarray]:
    """Ten slices of which the fourth has a disc."""
    voxels, targets = discs(10)
    targets[[at for at in range(10) if at != 3]] = 0
    return voxels, targets


def test_a_network_that_finds_nothing_validates_with_0_where_one_slice_in_ten_has_the_organ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def background(_: object, images: np.ndarray) -> np.ndarray:
        answer = np.zeros((*images.shape[:3], 2), np.float32)
        answer[..., 0] = 9.0
        return answer

    monkeypatch.setattr(Forward, "outputs", background)
    lessons: Lessons = [
        ("case-001", "train", *discs(4)),
        ("case-002", "validation", *one_slice_in_ten()),
    ]
    recorder = Recorder()
    trainer.run_bundle(write_bundle(tmp_path, lessons, plan=short_plan(epochs=1)), recorder)
    (done,) = recorder.of(EpochDone)
    assert done.epoch.val_dice == 0.0
    assert done.epoch.val_accuracy > 0.9


def test_batches_without_the_organ_are_no_successes_in_the_curve_of_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    background = np.zeros((1, 32, 32, 2), np.float32)
    background[..., 0] = 9.0

    def step(learner: Learner, batch: Batch, _: float) -> StepFigures:
        learner._trained.compute_metrics(
            batch[0], batch[1:], np.repeat(background, len(batch[0]), axis=0)
        )
        overlap = learner._overlap.overlap
        learner._trained.reset_metrics()
        return StepFigures(0.5, 0.9, overlap)

    monkeypatch.setattr(Learner, "step", step)
    plan = short_plan(epochs=1, batch=1)
    recorder = Recorder()
    lessons: Lessons = [("case-001", "train", *one_slice_in_ten())]
    trainer.run_bundle(write_bundle(tmp_path, lessons, plan=plan), recorder)
    (done,) = recorder.of(EpochDone)
    assert done.epoch.dice == 0.0


def test_the_rate_rises_once_and_falls_along_a_cosine() -> None:
    assert [warmed(step) for step in (0, WARM_UP_STEPS - 1, 999)] == [1 / WARM_UP_STEPS, 1, 1]
    shares = [cosine(progress) for progress in np.linspace(0, 1, 50)]
    assert shares[0] == 1
    assert shares[-1] == LEAST
    assert shares == sorted(shares, reverse=True)


def test_a_plateau_cuts_the_rate_after_two_epochs_without_a_better_figure() -> None:
    plateau = Plateau()
    shares: list[float] = []
    for better in (True, False, True, False, False, False, False):
        plateau.after_epoch(better=better)
        shares.append(plateau.share)
    assert shares == [1, 1, 1, 1, 0.5, 0.5, 0.25]


def poison(monkeypatch: pytest.MonkeyPatch, steps: set[int]) -> list[float]:
    """Make batches with these numbers hold a pixel that is no number; returns the rates used."""
    rates: list[float] = []
    next_batch, step = Feed.next, Learner.step

    def poisoned(feed: Feed) -> Batch:
        images, targets, incomplete = next_batch(feed)
        if len(rates) in steps:
            images = np.full_like(images, np.nan)
        return images, targets, incomplete

    def noted(learner: Learner, batch: Batch, rate: float) -> StepFigures:
        rates.append(rate)
        return step(learner, batch, rate)

    monkeypatch.setattr(Feed, "next", poisoned)
    monkeypatch.setattr(Learner, "step", noted)
    return rates


def refuse_above(monkeypatch: pytest.MonkeyPatch, most: int) -> list[int]:
    """Make the device too small for more slices than `most`; returns the batches tried."""
    tried: list[int] = []
    step = Learner.step

    def limited(learner: Learner, batch: Batch, rate: float) -> StepFigures:
        tried.append(len(batch[0]))
        if len(batch[0]) > most:
            raise backend.OUT_OF_MEMORY[0]("the device is full")
        return step(learner, batch, rate)

    monkeypatch.setattr(Learner, "step", limited)
    return tried
