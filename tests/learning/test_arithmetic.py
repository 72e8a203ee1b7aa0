"""How a device reckons is found out by trying: with timings that a test gives, and for real."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segdesk.app.runs.record import after
from segdesk.core.run import Run, plan_for
from segdesk.jobs.messages import Failed, Note, Started
from segdesk.learning import arithmetic, backend, trainer
from segdesk.learning.arithmetic import PLAIN, TRIED, Arithmetic, Trial, fastest, try_out
from segdesk.learning.feed import Batch
from segdesk.learning.networks import registry, unet_fast
from tests.learning.builders import Recorder, discs, short_plan, write_bundle

pytestmark = pytest.mark.keras
XLA, MIXED, BOTH = TRIED[1:]


def trials(*rows: tuple[float, ...]) -> list[Trial]:
    """(seconds, losses, …) of each in turn."""
    return [
        Trial(tried, row[1:], row[0]) for tried, row in zip(TRIED[: len(rows)], rows, strict=True)
    ]


def test_the_fastest_that_agrees_is_kept() -> None:
    assert fastest(trials((1.0, 2.0, 1.5))) == PLAIN
    assert fastest(trials((1.0, 2.0), (0.5, 2.0), (0.4, 2.01), (0.3, 2.05))) == BOTH
    # A few per cent are noise.
    assert fastest(trials((1.0, 2.0), (0.97, 2.0))) == PLAIN
    # What comes to another loss, at any step, is none, however fast; nor is one that is no number.
    assert fastest(trials((1.0, 2.0, 1.0), (0.9, 2.0, 1.0), (0.1, 2.0, 1.2))) == XLA
    assert fastest(trials((1.0, 2.0), (0.1, float("nan")))) == PLAIN


def test_what_a_device_refuses_is_not_kept() -> None:
    assert fastest([Trial(PLAIN, (2.0,), 1.0), Trial(XLA)]) == PLAIN
    assert fastest([Trial(PLAIN), Trial(XLA)]) == PLAIN


def test_a_short_training_tries_nothing() -> None:
    assert arithmetic.is_worth_trying(plan_for())
    assert arithmetic.is_worth_trying(plan_for(max_minutes=5.0))
    assert not arithmetic.is_worth_trying(plan_for(max_minutes=0.5))


def batch() -> Batch:
    generator = np.random.default_rng(0)
    images = generator.random((2, 32, 32, 1), np.float32)
    return images, (images > 0.5).astype(np.uint8), np.zeros((2, 2), np.float32)


@pytest.fixture(autouse=True)
def shallow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unet_fast, "LEVELS", ((1, 1), (2, 1)))


def test_all_of_them_run_for_real_and_agree() -> None:
    id = "unet_fast"
    network = registry.build(id, (32, 32, 1), 2, filters=4)
    before = network.get_weights()
    found = [try_out(one, network, id, 1e-3, batch()) for one in TRIED]
    for trial in found:
        assert len(trial.losses) == arithmetic.STEPS + 1
        np.testing.assert_allclose(trial.losses, found[0].losses, rtol=arithmetic.TOLERANCE)
        assert 0 < trial.seconds < 60
    # Compiled, the same numbers; in bfloat16 others.
    np.testing.assert_allclose(found[1].losses, found[0].losses, rtol=1e-4)
    assert abs(found[2].losses[-1] - found[0].losses[-1]) > 1e-6
    for mine, theirs in zip(network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_refusal_of_the_device_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> object:
        raise MemoryError

    monkeypatch.setattr(arithmetic.Learner, "step", refuse)
    network = registry.build("unet_fast", (32, 32, 1), 2, filters=2)
    assert try_out(XLA, network, "unet_fast", 1e-3, batch()) == Trial(XLA)


def test_on_a_gpu_the_fastest_trains_and_the_run_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the device is said to be a GPU, and which trial is fast is given; the steps are real."""
    gpu = backend.Device("a GPU", "It is said to be one.", is_gpu=True)
    monkeypatch.setattr(backend, "prepare", lambda _: gpu)
    asked: list[Arithmetic] = []

    def timed(one: Arithmetic, *_: object) -> Trial:
        asked.append(one)
        return Trial(one, (1.0,), 0.1 if one == BOTH else 1.0)

    monkeypatch.setattr(arithmetic, "try_out", timed)
    lessons = [("one", "train", *discs(6)), ("two", "validation", *discs(2, seed=1))]
    path = write_bundle(
        tmp_path,
        lessons,  # pyright: ignore[reportArgumentType]
        plan=short_plan("unet_fast", epochs=3, augmentation=0.0),
        predict=("two",),
    )
    recorder = Recorder()
    trainer.run_bundle(path, recorder)
    assert not recorder.of(Failed)
    assert asked == list(TRIED)
    (started,) = recorder.of(Started)
    run = after(Run("run-001", short_plan(), 0.0), started)
    assert (run.device, run.precision, run.xla) == ("a GPU", "mixed_bfloat16", True)
    assert recorder.last.outcome == "finished"


def test_on_a_cpu_nothing_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arithmetic, "try_out", None)
    path = write_bundle(tmp_path, [("one", "train", *discs(4))], plan=short_plan("unet_fast"))
    recorder = Recorder()
    trainer.run_bundle(path, recorder)
    (started,) = recorder.of(Started)
    assert (started.precision, started.xla) == ("float32", False)


def test_another_backend_is_used_and_said_not_to_be_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert backend.unpromised() == ""
    monkeypatch.setattr(backend.keras.backend, "backend", lambda: "jax")
    said = backend.unpromised()
    assert "jax" in said and "TensorFlow" in said
    monkeypatch.undo()
    monkeypatch.setattr(backend, "unpromised", lambda: said)
    path = write_bundle(tmp_path, [("one", "train", *discs(4))], plan=short_plan("unet_fast"))
    recorder = Recorder()
    trainer.run_bundle(path, recorder)
    assert said in [note.sentence for note in recorder.of(Note)]
