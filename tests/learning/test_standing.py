"""What one job of a trainer leaves to the next: traces, and nothing that it learnt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segdesk.core.run import Plan
from segdesk.jobs.bundle import TrainedNetwork
from segdesk.jobs.messages import (
    EpochDone,
    Finished,
    Message,
    Predicted,
    Prepare,
    Proposed,
    Task,
    Work,
)
from segdesk.learning import backend, service, start, trainer
from segdesk.learning.networks import registry
from segdesk.learning.standing import Standing
from tests.learning.builders import Lessons, Recorder, discs, kept, short_plan, write_bundle

pytestmark = pytest.mark.keras

FAST = short_plan("unet_fast", epochs=2, augmentation=0.5, seed=3)
OTHER = short_plan("unet_fast", epochs=1, augmentation=0.0, seed=8)


def lessons(seed: int) -> Lessons:
    return [
        ("case-001", "train", *discs(6, seed=seed)),
        ("case-002", "validation", *discs(3, seed=seed + 1)),
    ]


def bundle(folder: Path, plan: Plan, *, seed: int) -> Path:
    folder.mkdir()
    return write_bundle(folder, lessons(seed), plan=plan, predict=("case-002",))


def heard(folder: Path, standing: Standing | None = None) -> Recorder:
    recorder = Recorder()
    trainer.run_bundle(folder, recorder, standing)
    assert isinstance(recorder.last, Finished)
    return recorder


def learnt(recorder: Recorder) -> list[tuple[float | None, ...]]:
    return [
        (m.epoch.loss, m.epoch.dice, m.epoch.val_loss, m.epoch.val_dice)
        for m in recorder.of(EpochDone)
    ]


def answered(recorder: Recorder) -> np.ndarray:
    (predicted,) = recorder.of(Predicted)
    return np.load(predicted.probability_file)


def test_a_warm_training_equals_a_cold_one(tmp_path: Path) -> None:
    standing = Standing()
    standing.prepare("unet_fast", 4, 2, 1)
    heard(bundle(tmp_path / "before", OTHER, seed=20), standing)
    warm = heard(bundle(tmp_path / "warm", FAST, seed=5), standing)
    cold = heard(bundle(tmp_path / "cold", FAST, seed=5))
    assert learnt(warm)
    for one, other in zip(learnt(warm), learnt(cold), strict=True):
        assert one == pytest.approx(other, abs=1e-5)
    assert np.abs(answered(warm).astype(int) - answered(cold)).max() <= 1


def test_a_warm_prediction_equals_a_cold_one(tmp_path: Path) -> None:
    standing = Standing()
    first = bundle(tmp_path / "first", FAST, seed=5)
    trained = heard(first, standing)
    heard(bundle(tmp_path / "second", OTHER, seed=9), standing)
    own = kept(first.parent, network="unet_fast")
    alone = write_bundle(
        tmp_path / "first",
        lessons(5),
        plan=FAST,
        predict=("case-002",),
        train=False,
        input_shape=(32, 32),
        own=own,
    )
    warm = heard(alone, standing)
    again = heard(alone, standing)
    assert np.array_equal(answered(warm), answered(again))
    assert np.array_equal(answered(warm), answered(heard(alone)))
    assert answered(trained).shape == answered(warm).shape


def test_a_look_proposes_one_slice_and_the_next_one_reads_no_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing = Standing()
    first = bundle(tmp_path / "first", FAST, seed=5)
    heard(first, standing)
    own = replace(kept(first.parent, network="unet_fast"), step=70)

    def ask(own: TrainedNetwork, **fields: Any) -> Recorder:
        folder = write_bundle(
            tmp_path / "first",
            lessons(5),
            plan=FAST,
            train=False,
            input_shape=(32, 32),
            own=own,
            **fields,
        )
        return heard(folder, standing)

    (predicted,) = ask(own, predict=("case-002",)).of(Predicted)
    whole = np.load(predicted.labels_file)
    read: list[TrainedNetwork] = []
    trained = start.trained

    def counted(network: TrainedNetwork, shape: tuple[int, int]) -> object:
        read.append(network)
        return trained(network, shape)

    monkeypatch.setattr(start, "trained", counted)

    def look(index: int, own: TrainedNetwork = own) -> Proposed:
        recorder = ask(own, preview=("case-002", index))
        kinds = [type(message).__name__ for message in recorder.messages]
        assert kinds == ["Hello", "Proposed", "Finished"]
        return recorder.of(Proposed)[0]

    for index in (2, 0):
        found = look(index)
        assert (found.case, found.slice, found.step) == ("case-002", index, 70)
        assert np.array_equal(np.load(found.file), whole[index])
    # The prediction has read them.
    assert not read
    # Other weights are read, and so are these after them.
    heard(bundle(tmp_path / "second", OTHER, seed=9), standing)
    other = kept(tmp_path / "second" / "run", network="unet_fast")
    look(1, other)
    assert np.array_equal(np.load(look(1).file), whole[1])
    assert len(read) == 2


def test_what_is_prepared_is_not_traced_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traces: list[str] = []
    for name in ("training_step", "answer"):
        made = getattr(backend, name)

        def counted(
            *args: object, name: str = name, made: object = made, **named: object
        ) -> object:
            assert callable(made)
            traces.append(name)
            return made(*args, **named)

        monkeypatch.setattr(backend, name, counted)
    standing = Standing()
    standing.prepare("unet_fast", 4, 2, 1)
    assert sorted(traces) == ["answer", "answer", "training_step"]
    for number in range(2):
        folder = bundle(tmp_path / f"job-{number}", FAST, seed=number)
        heard(folder, standing)
    assert len(traces) == 3


def test_a_network_that_sees_more_than_it_answers_for_is_prepared_too() -> None:
    standing = Standing()
    standing.prepare("unet_2015", 2, 2, 1)
    network = registry.build("unet_2015", (64, 64, 1), 2, filters=2)
    assert standing.learner(network, "unet_2015", 1e-4).network is not network
    assert standing.forward(network, "unet_2015").network is not network


def test_another_form_is_another_network(tmp_path: Path) -> None:
    standing = Standing()
    heard(bundle(tmp_path / "two", FAST, seed=5), standing)
    folder = tmp_path / "three"
    folder.mkdir()
    voxels, targets = discs(6)
    targets[:, :8] = 2
    three = write_bundle(
        folder,
        [("case-001", "train", voxels, targets)],
        plan=OTHER,
        segments=((1, "lung"), (2, "stripe")),
        predict=("case-001",),
    )
    (predicted,) = heard(three, standing).of(Predicted)
    assert np.load(predicted.labels_file).shape == voxels.shape


class Orders(Recorder):
    """A reporter that is given tasks, and then ends the serving."""

    def __init__(self, tasks: list[Task]) -> None:
        super().__init__()
        self.tasks = tasks
        self.ended: list[Message] = []

    def wait_for_task(self) -> Task:
        if not self.tasks:
            raise EOFError
        return self.tasks.pop(0)

    def end_job(self) -> None:
        self.ended.append(self.last)


def test_a_trainer_that_stays_does_one_job_after_the_other(tmp_path: Path) -> None:
    folders = [bundle(tmp_path / name, OTHER, seed=1) for name in ("a", "b")]
    broken = tmp_path / "broken"
    broken.mkdir()
    orders = Orders(
        [
            Prepare("unet_fast", 4, 2, 1),
            Work(str(folders[0])),
            Work(str(broken)),
            Work(str(folders[1])),
        ]
    )
    with pytest.raises(EOFError):
        service.serve(orders)
    kinds = [type(message).__name__ for message in orders.ended]
    assert kinds == ["Finished", "Failed", "Finished"]


def test_a_preparation_that_fails_costs_no_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(Standing, "prepare", refuse)
    folder = bundle(tmp_path / "a", OTHER, seed=1)
    orders = Orders([Prepare("unet_fast", 4, 2, 1), Work(str(folder))])
    with pytest.raises(EOFError):
        service.serve(orders)
    assert [type(message).__name__ for message in orders.ended] == ["Finished"]
