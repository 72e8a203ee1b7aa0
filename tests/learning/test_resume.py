"""A training that was stopped goes on where it stopped, as if it never had been."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segdesk.core.run import Plan
from segdesk.jobs import bundle as bundles
from segdesk.jobs.messages import (
    Checkpoint,
    EpochDone,
    Message,
    Resumed,
    Started,
    Step,
)
from segdesk.jobs.run_paths import RunPaths
from segdesk.learning import keeper, schedule, trainer
from segdesk.learning.networks import unet_norm
from segdesk.learning.standing import Standing
from tests.learning.builders import Lessons, Recorder, discs, short_plan, write_bundle

pytestmark = pytest.mark.keras
FAST = short_plan("unet_fast", epochs=6, augmentation=0.5, seed=3, batch=3)
NORM = short_plan("unet_norm", epochs=6, augmentation=0.5, seed=3)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    make_quick(monkeypatch)


def make_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few levels, small slices that are halved all the same, and a checkpoint after each epoch."""
    monkeypatch.setattr(unet_norm, "LEVELS", ((1, 1), (2, 1)))
    monkeypatch.setattr(schedule, "LEAST_SIDE", 32)
    monkeypatch.setattr(keeper, "SECONDS_BETWEEN_SAVES", 0.0)
    monkeypatch.setattr(keeper, "MOST_SHARE", np.inf)
    # A Step message for each step, and no other clock in it.
    monkeypatch.setattr("segdesk.learning.clock.SECONDS_BETWEEN_MESSAGES", 0.0)


class Killed(BaseException):
    """The process ends here, with what the disk has."""


@dataclass
class At(Recorder):
    """Stops, or is killed, once a test says so."""

    when: Callable[[Message], bool] = lambda message: False
    kills: bool = False
    is_reached: bool = False

    def send(self, message: Message) -> None:
        super().send(message)
        if self.when(message):
            self.is_reached = True
            if self.kills:
                raise Killed

    def should_stop(self) -> bool:
        return self.is_reached


def lessons(seed: int = 0) -> Lessons:
    return [
        ("case-001", "train", *discs(10, seed=seed)),
        ("case-002", "validation", *discs(3, seed=seed + 9)),
    ]


STANDING = Standing()


def train(folder: Path, recorder: Recorder | None = None) -> Any:
    recorder = recorder or At()
    with contextlib.suppress(Killed):
        trainer.run_bundle(folder, recorder, STANDING)
    return recorder


def written(folder: Path, plan: Plan, **fields: Any) -> Path:
    folder.mkdir(exist_ok=True)
    return write_bundle(folder, lessons(), plan=plan, **fields)


def going_on(folder: Path, **fields: Any) -> Path:
    """The bundle of a run, as it is written for going on."""
    bundle = bundles.read(folder)
    bundles.write(replace(bundle, resumes=True, **fields), folder, Path(folder.anchor))
    return folder


def curve(*recorders: Recorder) -> dict[int, tuple[float | None, ...]]:
    """What was learnt in each epoch; the last word about each counts."""
    return {
        one.epoch.number: (
            one.epoch.steps,
            one.epoch.rate,
            one.epoch.loss,
            one.epoch.accuracy,
            one.epoch.dice,
            one.epoch.val_loss,
            one.epoch.val_accuracy,
            one.epoch.val_dice,
        )
        for recorder in recorders
        for one in recorder.of(EpochDone)
    }


def same(one: dict[int, Any], other: dict[int, Any]) -> bool:
    return list(one) == list(other) and all(
        np.allclose(one[number], other[number], rtol=0, atol=1e-5) for number in one
    )


def after_epoch(number: int) -> Callable[[Message], bool]:
    return lambda message: isinstance(message, EpochDone) and message.epoch.number == number


def within(epoch: int, step: int) -> Callable[[Message], bool]:
    return lambda message: (
        isinstance(message, Step) and (message.epoch, message.step) == (epoch, step)
    )


@pytest.mark.parametrize("plan", [FAST, NORM], ids=["unet_fast", "unet_norm"])
def test_what_was_stopped_or_killed_ends_as_what_was_not(tmp_path: Path, plan: Plan) -> None:
    whole = train(written(tmp_path / "whole", plan))
    assert list(curve(whole)) == [1, 2, 3, 4, 5, 6]
    assert same(curve(whole), curve(train(written(tmp_path / "again", plan))))
    cuts: list[tuple[str, Callable[[Message], bool], bool]] = [
        ("stopped after an epoch", after_epoch(3), False),
        ("stopped within one", within(3, 2), False),
        ("killed after one", after_epoch(3), True),
        ("killed within one", within(4, 1), True),
    ]
    if plan is NORM:
        cuts = cuts[1::2]
    for name, when, kills in cuts:
        folder = written(tmp_path / name.replace(" ", "-"), plan)
        before = train(folder, At(when=when, kills=kills))
        assert before.is_reached and len(before.of(EpochDone)) < 6
        after = train(going_on(folder))
        assert after.last.outcome == "finished", (name, after.last)
        (resumed,) = after.of(Resumed)
        assert resumed.step > 0 and 2 <= resumed.epoch <= 3, name
        assert same(curve(before, after), curve(whole)), name
        assert after.last.best == whole.last.best, name
        assert digest(after) == digest(whole), name
        # Nothing is left to go on from.
        assert RunPaths(folder.parent).kept_checkpoints() == []


def digest(recorder: Recorder) -> str:
    """Of the weights that are kept in the end."""
    return recorder.of(Checkpoint)[-1].sha256


def test_a_stop_right_after_going_on_ends_no_process_and_keeps_the_weights(tmp_path: Path) -> None:
    """Even in the first step, which is slow: what was learnt before stays the run's."""
    path = written(tmp_path, short_plan(epochs=6))
    stopped = train(path, At(when=after_epoch(3)))
    leaves: list[bool] = []

    class Stopped(At):
        def send(self, message: Message) -> None:
            super().send(message)
            if isinstance(message, Resumed):
                leaves.append(self.leave_on_stop)

    again = train(going_on(path), Stopped(when=lambda message: isinstance(message, Resumed)))
    assert leaves == [False]
    assert (again.last.outcome, again.last.best) == ("stopped", stopped.last.best)
    assert again.last.best > 0


def test_what_was_learnt_at_one_size_goes_on_at_it_whatever_teaches_now(tmp_path: Path) -> None:
    """Labels of now may lie on scans with other pixels, and have smaller pieces."""
    begun = train(written(tmp_path, NORM, pixel_mm=(1.0, 1.0)), At(when=after_epoch(2)))
    voxels, targets = discs(10, 64)
    targets[:] = 0
    targets[:, 30:32, 30:32] = 1
    now: Lessons = [
        ("case-001", "train", voxels, targets),
        ("case-002", "validation", *discs(3, seed=9)),
    ]
    path = write_bundle(tmp_path, now, plan=NORM, pixel_mm=(0.25, 0.25), resumes=True)
    resumed = train(path, At(when=after_epoch(3)))
    sizes = [one.of(Started)[0].pixel_mm for one in (begun, resumed)]
    assert sizes == [(1.0, 1.0), (1.0, 1.0)], resumed.last
    assert resumed.of(Resumed)
