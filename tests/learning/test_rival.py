"""The run in use measured beside a new one by the real trainer, and runs that are worth nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segdesk.core.run import Intensities, Plan
from segdesk.jobs.bundle import Rival
from segdesk.jobs.messages import EpochDone, Finished, Judged, Note, Predicted
from segdesk.learning import rival, trainer, verdict
from segdesk.learning.networks import unet_norm
from tests.learning.builders import Lessons, Recorder, discs, kept, short_plan, write_bundle

pytestmark = pytest.mark.keras

#: Enough for a small network to find a bright disc.
ENOUGH = short_plan(epochs=12, filters=4, batch=2, rate=1e-2, augmentation=0)
VALIDATION = discs(4, seed=9)


@pytest.fixture(scope="module", autouse=True)
def shallow() -> Any:
    """Two levels are traced in a fraction of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unet_norm, "LEVELS", ((1, 1), (2, 1)))
        yield


def train(folder: Path, plan: Plan, labels: Any = None, **fields: Any) -> Recorder:
    """Train on eight discs, or other labels of them, and predict the slices that validate."""
    voxels, targets = discs(8)
    lessons: Lessons = [
        ("case-001", "train", voxels, targets if labels is None else labels(targets)),
        ("case-002", "validation", *fields.pop("validation", VALIDATION)),
    ]
    recorder = Recorder(stop_after=fields.pop("stop_after", None))
    folder.mkdir(exist_ok=True)
    fields = {"predict": ("case-002",), **fields}
    trainer.run_bundle(write_bundle(folder, lessons, plan=plan, **fields), recorder)
    return recorder


def rival_of(folder: Path, **fields: Any) -> Rival:
    known = {
        "run": "run-000",
        "trained": kept(folder / "run"),
        "intensities": Intensities(-1024.0, 600.0, "HU"),
        "pixel_mm": None,
        "input_shape": (32, 32),
    }
    return Rival(**{**known, **fields})


@pytest.fixture
def anything_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that has hardly begun has learnt something too: what is compared is the other."""
    monkeypatch.setattr(verdict, "MARGIN", -1.0)


def judged(recorder: Recorder) -> Judged:
    (message,) = recorder.of(Judged)
    return message


def dice(found: np.ndarray, truth: np.ndarray) -> float:
    both = np.count_nonzero((found > 0) & (truth > 0))
    return 2 * both / (np.count_nonzero(found) + np.count_nonzero(truth))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that finds discs: in slices of half the size, at intensities of its own."""
    folder = tmp_path_factory.mktemp("good")
    plan = short_plan(epochs=12, filters=4, batch=2, rate=1e-2, augmentation=0, size=16)
    recorder = train(folder, plan, intensities=Intensities(-700.0, 300.0, "HU"))
    found = np.load(recorder.of(Predicted)[0].labels_file)
    own = judged(recorder)
    assert own.nothing_learnt == "" and own.dice == pytest.approx(dice(found, VALIDATION[1]))
    assert own.dice is not None and own.dice > 0.8
    return folder


def good_rival(folder: Path, **fields: Any) -> Rival:
    own = {"intensities": Intensities(-700.0, 300.0, "HU"), "input_shape": (16, 16)}
    return rival_of(folder, **{**own, **fields})


def good_dice(good: Path) -> float:
    labels = np.load(good / "run" / "bundle" / "predictions" / "case-002-labels.npy")
    return dice(labels, VALIDATION[1])


@pytest.mark.usefixtures("anything_counts")
def test_the_run_in_use_is_measured_as_it_would_predict(good: Path, tmp_path: Path) -> None:
    recorder = train(tmp_path, short_plan(epochs=1), rival=good_rival(good))
    found = judged(recorder)
    assert (found.rival, found.slices) == ("run-000", 4)
    assert found.rival_dice == pytest.approx(good_dice(good))
    # With intensities that are not its own it would be another figure.
    other = good_rival(good, intensities=Intensities(-1024.0, 3000.0, "HU"))
    elsewhere = judged(train(tmp_path / "again", short_plan(epochs=1), rival=other))
    assert elsewhere.rival_dice != pytest.approx(good_dice(good), abs=1e-3)


def test_a_run_at_a_rate_that_ruins_it_is_not_used_and_says_so(good: Path, tmp_path: Path) -> None:
    plan = short_plan("unet", epochs=3, batch=1, rate=1.0)
    recorder = train(tmp_path, plan, rival=good_rival(good))
    found = judged(recorder)
    assert found.nothing_learnt.startswith("Nothing was learnt in 3 epochs: ")
    assert "lower learning rate (it was 1, unet starts at 0.001)" in found.nothing_learnt
    assert isinstance(recorder.last, Finished) and recorder.last.reason == found.nothing_learnt
    assert recorder.of(Predicted) == []
    assert "done" not in recorder.last.reason


def test_a_run_that_learnt_from_shifted_labels_is_not_used(good: Path, tmp_path: Path) -> None:
    recorder = train(
        tmp_path, ENOUGH, lambda labels: np.roll(labels, 6, axis=1), rival=good_rival(good)
    )
    found = judged(recorder)
    assert found.nothing_learnt == "" and found.dice is not None
    assert found.rival_dice == pytest.approx(good_dice(good))
    assert found.dice < good_dice(good) - 0.1
    assert recorder.of(Predicted) == []
    far = train(tmp_path / "far", ENOUGH, lambda labels: np.roll(labels, 16, axis=1))
    assert "check that their labels lie" in judged(far).nothing_learnt
    assert far.of(Predicted) == []


@pytest.mark.usefixtures("anything_counts")
def test_a_better_run_predicts_at_once(good: Path, tmp_path: Path) -> None:
    poor = train(tmp_path / "poor", short_plan(epochs=1, rate=1e-7))
    assert poor.last.best == 1
    recorder = train(tmp_path / "new", ENOUGH, rival=rival_of(tmp_path / "poor"))
    found = judged(recorder)
    assert found.rival_dice is not None and found.dice is not None
    assert found.dice > found.rival_dice
    assert len(recorder.of(Predicted)) == 1


@pytest.mark.usefixtures("anything_counts")
def test_a_segment_that_the_run_in_use_never_learnt_counts_0(good: Path, tmp_path: Path) -> None:
    voxels, labels = VALIDATION
    two = labels.copy()
    two[:, :4, :4] = 2
    found = judged(
        train(
            tmp_path,
            short_plan(epochs=1),
            segments=((1, "lung"), (2, "rib")),
            validation=(voxels, two),
            rival=good_rival(good),
        )
    )
    found_by_good = np.load(good / "run" / "bundle" / "predictions" / "case-002-labels.npy")
    assert found.rival_dice == pytest.approx(dice(found_by_good == 1, two == 1) / 2)


@pytest.mark.usefixtures("anything_counts")
def test_numbers_and_not_places_tell_whose_segments_are_the_same(
    good: Path, tmp_path: Path
) -> None:
    found = judged(
        train(
            tmp_path,
            short_plan(epochs=1),
            segments=((7, "lung"),),
            rival=good_rival(good, trained=kept(good / "run", segments=((7, "lung"),))),
        )
    )
    assert found.rival_dice == pytest.approx(good_dice(good))
    other = judged(
        train(
            tmp_path / "other",
            short_plan(epochs=1),
            segments=((7, "lung"),),
            rival=good_rival(good, trained=kept(good / "run", segments=((8, "heart"),))),
        )
    )
    assert other.rival_dice == 0.0


def test_a_run_in_use_whose_model_is_gone_is_given_up_with_its_reason(tmp_path: Path) -> None:
    recorder = train(tmp_path, ENOUGH, rival=rival_of(tmp_path / "nowhere"))
    found = judged(recorder)
    assert found.rival_dice is None and found.rival_problem == "The run has no weights."
    assert len(recorder.of(Predicted)) == 1


@pytest.mark.usefixtures("anything_counts")
def test_nobody_waits_for_a_comparison_after_a_stop(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rival, "STOPPED_S", -1.0)
    recorder = train(tmp_path, ENOUGH, rival=good_rival(good), stop_after=Predicted)
    # It was not stopped, so it was compared.
    assert judged(recorder).rival_dice is not None
    recorder = train(tmp_path / "new", ENOUGH, rival=good_rival(good), stop_after=EpochDone)
    found = judged(recorder)
    assert (found.rival_dice, found.rival_problem) == (None, "")
    assert recorder.last.outcome == "stopped" and recorder.of(Predicted) == []


def test_a_prediction_alone_says_which_cases_it_predicted(good: Path, tmp_path: Path) -> None:
    recorder = train(
        good,
        short_plan(),
        train=False,
        own=kept(good / "run"),
        input_shape=(16, 16),
        predict=("case-002", "case-001"),
    )
    assert recorder.last.reason == "Predicted case-002, case-001."
    assert not recorder.of(Note)
