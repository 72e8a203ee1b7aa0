"""When a training has learnt nothing, and when it ends for that."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import pytest

from segdesk.core.run import Plan, plan_for
from segdesk.jobs.messages import EpochDone, Finished, Judged
from segdesk.learning import keeper, schedule, trainer
from segdesk.learning.clock import Clock
from segdesk.learning.figures import Overlap, constant_dice
from segdesk.learning.learner import Learner, StepFigures
from segdesk.learning.networks import unet_norm
from segdesk.learning.validation import Validated, Validation
from segdesk.learning.verdict import is_better_than_nothing, why_nothing
from tests.learning.builders import Lessons, Recorder, discs, short_plan, write_bundle

pytestmark = pytest.mark.keras

#: Nothing found in slices of which a fifth is foreground.
NOTHING = Validated(1.0, 0.8, 0.0, constant_dice([(20, 100)]))
EVERYWHERE = Validated(1.0, 0.2, constant_dice([(20, 100)]), constant_dice([(20, 100)]))
SOMETHING = Validated(0.5, 0.9, 0.6, constant_dice([(20, 100)]))
NO_OVERLAP = Overlap((0.0,), (0.0,), (20.0,), (100.0,))
OVERLAP = Overlap((15.0,), (20.0,), (20.0,), (100.0,))


def test_one_class_everywhere_scores_what_its_share_of_voxels_gives() -> None:
    # 20 of 100 voxels called right among 100 calls.
    assert constant_dice([(20, 100)]) == pytest.approx(2 * 20 / 120)
    # Of two segments one is found everywhere and the other nowhere.
    assert constant_dice([(20, 100), (40, 100)]) == pytest.approx((2 * 40 / 140) / 2)
    # A segment that the truth does not show is asked of nobody.
    assert constant_dice([(20, 100), (0, 100)]) == pytest.approx(2 * 20 / 120)
    assert constant_dice([]) == 0.0


@pytest.mark.parametrize(
    ("validated", "trained", "better"),
    [
        (SOMETHING, NO_OVERLAP, True),
        (NOTHING, OVERLAP, False),
        (EVERYWHERE, OVERLAP, False),
        (Validated(0.5, 0.9, None), OVERLAP, True),
        (Validated(0.5, 0.9, None), NO_OVERLAP, False),
        (None, OVERLAP, True),
        (None, NO_OVERLAP, False),
        (None, None, False),
    ],
)
def test_the_validation_decides_else_the_batches(
    validated: Validated | None, trained: Overlap | None, better: bool
) -> None:
    assert is_better_than_nothing(validated, trained) is better
    assert (why_nothing(plan_for(), 1, (1.0, 1.0), validated, trained) == "") is better


@pytest.mark.parametrize(("dice", "better"), [(1.0, True), (0.9995, True), (0.9976, False)])
def test_a_mask_that_fills_its_slices_leaves_room_for_something_learnt(
    dice: float, better: bool
) -> None:
    # A body in a picture that was cut to it, or strokes with hardly any background among them.
    fills = constant_dice([(9950, 10000)])
    assert fills == pytest.approx(0.9975, abs=1e-4)
    assert is_better_than_nothing(Validated(0.01, 0.999, dice, fills), None) is better
    found = Overlap((dice * 9950,), (9950.0,), (9950.0,), (10000.0,))
    assert is_better_than_nothing(None, found) is better


def test_the_reason_names_the_figure_and_the_way_out() -> None:
    fast = plan_for("unet_norm", rate=1.0)
    said = why_nothing(fast, 2, (0.5, 3.0), NOTHING, NO_OVERLAP)
    assert said.startswith("Nothing was learnt in 2 epochs: its Dice on the validation slices is 0")
    assert "its loss rose from 0.5 to 3." in said
    assert "lower learning rate (it was 1, unet_norm starts at 0.002)" in said
    said = why_nothing(plan_for(epochs=1), 1, (math.nan, math.nan), EVERYWHERE, None)
    assert "in 1 epoch: its masks are no better than one class everywhere (Dice 0.333" in said
    assert "its loss is no number" in said
    assert "Train for longer, make more slices right, and check that their labels lie" in said
    said = why_nothing(plan_for(), 2, (0.5, 0.4), None, NO_OVERLAP)
    assert "its Dice on the slices that teach is 0. Make more slices right" in said
    assert why_nothing(plan_for(), 0, (math.nan, math.nan), None, None) == ""


@dataclass
class Scripted:
    """What each epoch's validation and clock say."""

    measured: int = 0
    validated: Validated | None = NOTHING


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """A training that takes no steps; a second passes with each epoch."""
    script = Scripted()

    def measure(*_: object) -> Validated | None:
        script.measured += 1
        return script.validated

    monkeypatch.setattr(unet_norm, "LEVELS", ((1, 1), (2, 1)))
    monkeypatch.setattr(schedule, "FEWEST_STEPS", 1)
    monkeypatch.setattr(schedule, "FIRST_REST_S", 0.0)
    monkeypatch.setattr(schedule, "FIRST_SAVE_S", 0.0)
    monkeypatch.setattr(Learner, "step", lambda *_: StepFigures(1.0, 0.5, NO_OVERLAP))
    monkeypatch.setattr(Validation, "measure", measure)
    monkeypatch.setattr(Clock, "seconds", property(lambda _: float(script.measured)))
    return script


def trained(folder: Path, plan: Plan) -> tuple[int, str]:
    """How many epochs there were, and the last word."""
    lessons: Lessons = [("case-001", "train", *discs(4)), ("case-002", "validation", *discs(1))]
    recorder = Recorder()
    trainer.run_bundle(write_bundle(folder, lessons, plan=plan), recorder)
    assert isinstance(recorder.last, Finished), recorder.last
    (judged,) = recorder.of(Judged)
    assert (judged.nothing_learnt == recorder.last.reason) is bool(judged.nothing_learnt)
    return len(recorder.of(EpochDone)), recorder.last.reason


def test_an_open_ended_training_that_learns_nothing_ends_after_a_third_of_its_patience(
    tmp_path: Path, scripted: Scripted
) -> None:
    count, reason = trained(tmp_path, short_plan(epochs=None))
    assert count == 1 + keeper.PATIENCE_WITH_NOTHING >= keeper.PATIENCE / 3
    assert reason.startswith(f"Nothing was learnt in {count} epochs")


def test_one_that_has_learnt_something_has_its_whole_patience(
    tmp_path: Path, scripted: Scripted
) -> None:
    scripted.validated = SOMETHING
    count, reason = trained(tmp_path, short_plan(epochs=None))
    assert (count, reason) == (1 + keeper.PATIENCE, "No better validation for 10 epochs.")


def test_a_budget_is_never_ended_before_a_third_of_it(tmp_path: Path, scripted: Scripted) -> None:
    count, reason = trained(tmp_path, short_plan(epochs=None, max_minutes=1.0))
    assert count == 20 and reason.startswith("Nothing was learnt in 20 epochs")


def test_epochs_that_were_given_are_trained_whatever_their_figures(
    tmp_path: Path, scripted: Scripted
) -> None:
    count, reason = trained(tmp_path, short_plan(epochs=12))
    assert count == 12 and reason.startswith("Nothing was learnt in 12 epochs")


def test_the_tutorials_network_has_its_ten_epochs(tmp_path: Path, scripted: Scripted) -> None:
    count, reason = trained(tmp_path, plan_for("encoder_decoder", filters=2, batch=4))
    assert count == 10 and "Train for longer" in reason


def test_a_training_whose_loss_still_falls_goes_on(
    tmp_path: Path, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([1.0 / at for at in range(1, 10)])

    def falling(*_: object) -> Validated:
        return Validated(next(losses, 2.0), 0.8, 0.0, NOTHING.constant_dice)

    monkeypatch.setattr(Validation, "measure", falling)
    count, _ = trained(tmp_path, short_plan(epochs=None))
    assert count == 9 + keeper.PATIENCE_WITH_NOTHING
