"""From a bundle's folder to messages and files, in this process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segdesk.errors import TrainingError
from segdesk.jobs.bundle import IGNORE, TrainedNetwork
from segdesk.jobs.messages import (
    Checkpoint,
    EpochDone,
    Failed,
    Finished,
    Hello,
    Message,
    Note,
    Predicted,
    Progress,
    Proposed,
    Started,
)
from segdesk.jobs.run_paths import RunPaths
from segdesk.jobs.wire import decode, encode
from segdesk.learning import arrays_file, checkpoints, proposing, trainer, working_size
from segdesk.learning.networks import registry, unet_norm
from tests.learning.builders import (
    Lessons,
    Recorder,
    discs,
    kept,
    short_plan,
    volume_file,
    write_bundle,
)

pytestmark = pytest.mark.keras


@pytest.fixture(autouse=True)
def shallow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two levels are traced in a fraction of the time."""
    monkeypatch.setattr(unet_norm, "LEVELS", ((1, 1), (2, 1)))


def run(folder: Path) -> Recorder:
    recorder = Recorder()
    trainer.run_bundle(folder, recorder)
    return recorder


def save_weights(
    run_folder: Path,
    *,
    classes: int = 2,
    filters: int = 4,
    side: int = 32,
    network: str = "unet_norm",
) -> TrainedNetwork:
    """A network with random weights, as a run leaves it."""
    run_folder.mkdir(parents=True, exist_ok=True)
    built = registry.build(network, (side, side, 1), classes, filters=filters, seed=5)
    checkpoints.save(built.get_weights(), RunPaths(run_folder), epoch=3)
    segments = tuple((number, "lung") for number in range(1, classes))
    return kept(
        run_folder, network=network, filters=filters, built_for=(side, side), segments=segments
    )


def test_a_training_says_everything_in_order_and_leaves_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposing, "FIRST_S", 0.0)
    voxels, targets = discs(6)
    lessons: Lessons = [
        ("case-001", "train", voxels, targets),
        ("case-002", "validation", *discs(3)),
    ]
    folder = write_bundle(
        tmp_path,
        lessons,
        pixel_mm=(0.7, 0.7),
        segments=((5, "lung"),),
        predict=("case-002", "case-001"),
        preview=("case-001", 2),
    )
    recorder = run(folder)
    kinds = [type(message) for message in recorder.messages]
    assert kinds[:2] == [Hello, Started]
    assert kinds[-1] is Finished
    assert kinds.count(EpochDone) == 2
    assert kinds.index(Proposed) < kinds.index(Checkpoint) < kinds.index(EpochDone)
    assert [message.case for message in recorder.of(Predicted)] == ["case-002", "case-001"]
    assert [message.done for message in recorder.of(Progress)][-1] == 6
    (started,) = recorder.of(Started)
    assert (started.input_shape, started.pixel_mm) == ((32, 32), (0.7, 0.7))
    assert (started.train_slices, started.validation_slices) == (6, 3)
    assert started.device_reason.endswith(".")
    assert recorder.last.best == recorder.of(Checkpoint)[-1].epoch
    assert recorder.of(Checkpoint)[-1].sha256 == kept(folder.parent).sha256
    assert started.built_for == (32, 32)
    assert not checkpoints.load(kept(folder.parent)).compiled
    labels = np.load(recorder.of(Predicted)[1].labels_file)
    certainty = np.load(recorder.of(Predicted)[1].probability_file)
    assert labels.shape == certainty.shape == voxels.shape
    assert labels.dtype == certainty.dtype == np.uint8
    assert set(np.unique(labels)) <= {0, 5}
    assert certainty.min() >= 127
    proposed = recorder.of(Proposed)
    assert {(one.case, one.slice) for one in proposed[:1]} == {("case-001", 2)}
    assert np.load(proposed[-1].file).shape == (32, 32)
    assert all(decode(encode(message)) == message for message in recorder.messages)


def test_a_job_is_done_on_a_copy_and_leaves_what_it_learnt_there(tmp_path: Path) -> None:
    """As on another machine: the scans without the runs, and the bundle somewhere else."""
    project, copy, job = (tmp_path / name for name in ("project", "copy", "job"))
    project.mkdir()
    folder = write_bundle(
        project,
        [("case-001", "train", *discs(4))],
        plan=short_plan(epochs=1),
        predict=("case-001",),
        root=project,
    )
    shutil.copytree(folder, job)
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns("run"))
    shutil.rmtree(project)
    recorder = Recorder()
    trainer.run_bundle(job, recorder, root=copy)
    assert isinstance(recorder.last, Finished), recorder.last
    assert (copy / "run" / f"weights-{recorder.last.best}.npz").is_file()
    assert Path(recorder.of(Predicted)[0].labels_file).is_relative_to(job)
    assert not project.exists()


def test_the_saved_model_predicts_what_the_run_predicted(tmp_path: Path) -> None:
    lessons: Lessons = [("case-001", "train", *discs(4))]
    folder = write_bundle(tmp_path, lessons, predict=("case-001",))
    first = np.load(run(folder).of(Predicted)[0].labels_file)
    again = write_bundle(
        tmp_path,
        lessons,
        predict=("case-001",),
        train=False,
        input_shape=(32, 32),
        own=kept(folder.parent),
    )
    recorder = run(again)
    assert [type(message) for message in recorder.messages] == [
        Hello,
        Progress,
        Predicted,
        Finished,
    ]
    assert np.array_equal(np.load(recorder.of(Predicted)[0].labels_file), first)


@pytest.mark.parametrize("shape", [(37, 53), (32, 32), (21, 90)])
@pytest.mark.parametrize("pixel_mm", [None, (0.9, 0.7)])
def test_a_prediction_has_exactly_the_slices_own_shape(
    tmp_path: Path, shape: tuple[int, int], pixel_mm: tuple[float, float] | None
) -> None:
    own = save_weights(tmp_path / "run")
    voxels = np.random.default_rng(0).integers(-1000, 400, (3, *shape)).astype(np.int16)
    folder = write_bundle(
        tmp_path,
        [],
        train=False,
        volumes=(volume_file(tmp_path, "case-007", voxels, pixel_mm=pixel_mm),),
        predict=("case-007",),
        pixel_mm=pixel_mm and (1.4, 1.4),
        input_shape=(32, 32),
        own=own,
    )
    (predicted,) = run(folder).of(Predicted)
    assert np.load(predicted.labels_file).shape == (3, *shape)
    assert np.load(predicted.probability_file).shape == (3, *shape)


def test_a_stop_while_predicting_leaves_the_other_cases_out(tmp_path: Path) -> None:
    own = save_weights(tmp_path / "run")
    volumes = tuple(volume_file(tmp_path, f"case-{n:03}", discs(2)[0]) for n in (1, 2))
    folder = write_bundle(
        tmp_path,
        [],
        train=False,
        volumes=volumes,
        predict=("case-001", "case-002"),
        input_shape=(32, 32),
        own=own,
    )
    recorder = Recorder(stop_after=Predicted)
    trainer.run_bundle(folder, recorder)
    assert len(recorder.of(Predicted)) == 1
    assert recorder.last.outcome == "stopped"
    assert "1 of 2 cases" in recorder.last.reason


class _Cuts(Recorder):
    """Cuts a file off before its second batch."""

    file = Path()
    batches = 0

    def wait_while_paused(self) -> None:
        self.batches += 1
        if self.batches == 2:
            with self.file.open("r+b") as file:
                file.truncate(10)


def test_a_scan_that_is_cut_off_while_it_is_predicted_is_left_out_in_words(tmp_path: Path) -> None:
    own = save_weights(tmp_path / "run")
    volumes = tuple(volume_file(tmp_path, f"case-{n:03}", discs(20)[0]) for n in (1, 2))
    folder = write_bundle(
        tmp_path,
        [],
        train=False,
        volumes=volumes,
        predict=("case-001", "case-002"),
        input_shape=(32, 32),
        own=own,
    )
    recorder = _Cuts()
    recorder.file = Path(volumes[0].file)
    trainer.run_bundle(folder, recorder)
    assert [one.case for one in recorder.of(Predicted)] == ["case-002"]
    assert "case-001 cannot be read" in recorder.of(Note)[0].sentence
    assert recorder.last.outcome == "finished"


def test_fine_tuning_begins_with_the_other_runs_weights(tmp_path: Path) -> None:
    other = save_weights(tmp_path / "other")
    recorder = finetuned(tmp_path, start=other)
    assert isinstance(recorder.last, Finished)
    assert distance(tmp_path, other, "head") < 0.01
    assert distance(tmp_path, other, "conv") < 0.01


def test_fine_tuning_knows_a_segment_by_its_number_whatever_it_is_called_now(
    tmp_path: Path,
) -> None:
    other = save_weights(tmp_path / "other")
    finetuned(tmp_path, start=replace(other, segments=((1, "left lung"),)))
    assert distance(tmp_path, other, "head") < 0.01


@pytest.mark.parametrize("network", ["unet_norm", "unet_fast"])
def test_fine_tuning_keeps_the_rows_of_the_segments_that_stay(tmp_path: Path, network: str) -> None:
    """One stays at another place, one is new, two are left out, one of which has no number here."""
    other = save_weights(tmp_path / "other", classes=4, network=network)
    other = replace(other, segments=((5, "lung"), (0, "heart"), (2, "airway")))
    finetuned(
        tmp_path,
        start=other,
        segments=((2, "airway"), (7, "nodule")),
        plan=short_plan(network, epochs=1, rate=1e-7),
    )
    own = kept(tmp_path / "run", network=network, segments=((2, "airway"), (7, "nodule")))
    assert distance(tmp_path, other, "conv", own) < 0.01
    mine, theirs = (
        [np.moveaxis(kernel, -2 if network == "unet_fast" else -1, 0), bias]
        for kernel, bias in (
            checkpoints.load(one).get_layer("head").get_weights() for one in (own, other)
        )
    )
    for new, old in zip(mine, theirs, strict=True):
        assert len(new) == 3
        np.testing.assert_allclose(new[:2], old[[0, 3]], atol=1e-3)
    assert min(abs(mine[0][2] - row).max() for row in theirs[0]) > 0.01


def test_fine_tuning_that_knows_no_segment_has_a_new_head(tmp_path: Path) -> None:
    other = save_weights(tmp_path / "other")
    finetuned(tmp_path, start=replace(other, segments=((0, "heart"),)))
    assert distance(tmp_path, other, "conv") < 0.01
    assert distance(tmp_path, other, "head") > 0.01


@pytest.mark.parametrize(
    ("start_mm", "start_shape", "plan", "side", "mm", "said"),
    [
        pytest.param((2.0, 2.0), (32, 32), {}, 48, 2.0, "", id="finer"),
        pytest.param((3.5, 3.5), (32, 32), {}, 27, 3.5, "", id="coarser"),
        pytest.param((5.0, 5.0), (32, 32), {}, 32, 3.0, "would have 19", id="far coarser"),
        pytest.param((0.1, 0.1), (32, 32), {}, 32, 3.0, "would have 960", id="far finer"),
        pytest.param(None, (64, 64), {}, 64, 1.5, "", id="without geometry"),
        pytest.param((2.0, 2.0), (32, 32), {"size": 24}, 24, 4.0, "", id="as the plan says"),
    ],
)
def test_fine_tuning_sees_slices_at_the_size_of_its_start_or_says_why_not(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    start_mm: tuple[float, float] | None,
    start_shape: tuple[int, int],
    plan: dict[str, Any],
    side: int,
    mm: float,
    said: str,
) -> None:
    monkeypatch.setattr(working_size, "SMALLEST_KEPT", 16)
    recorder = finetuned(
        tmp_path,
        start=save_weights(tmp_path / "other"),
        pixel_mm=(3.0, 3.0),
        start_mm=start_mm,
        input_shape=start_shape,
        plan=short_plan(epochs=1, rate=1e-7, **plan),
    )
    (started,) = recorder.of(Started)
    assert (max(started.input_shape), started.pixel_mm) == (side, (mm, mm))
    notes = [note.sentence for note in recorder.of(Note) if "begins with" in note.sentence]
    assert [said in note for note in notes] == ([True] if said else [])


def test_fine_tuning_works_on_slices_of_another_size(tmp_path: Path) -> None:
    """It is built as deep as the run that it starts from, and so it is built again."""
    other = save_weights(tmp_path / "other", side=4)
    recorder = finetuned(tmp_path, start=other)
    (started,) = recorder.of(Started)
    assert (started.built_for, started.input_shape) == ((4, 4), (32, 32))
    assert distance(tmp_path, other, "head") < 0.01
    again = write_bundle(
        tmp_path,
        [("case-001", "train", *discs(4))],
        train=False,
        predict=("case-001",),
        input_shape=(32, 32),
        own=kept(tmp_path / "run", built_for=started.built_for),
    )
    assert run(again).of(Predicted)


def test_weights_that_took_the_place_of_a_runs_own_are_refused_in_words(tmp_path: Path) -> None:
    """Of the same network, as those of another run."""
    own = save_weights(tmp_path / "run")
    weights = [weight + 1 for weight in checkpoints.load(own).get_weights()]
    arrays_file.write(own.path, weights)
    with pytest.raises(TrainingError, match="not the file that was kept"):
        checkpoints.load(own)


def test_a_model_with_other_filters_is_refused_in_words(tmp_path: Path) -> None:
    other = save_weights(tmp_path / "other", filters=8)
    with pytest.raises(AssertionError, match="has other filters or neighbours"):
        finetuned(tmp_path, start=other)


def lessons_that_cannot_teach() -> Iterator[Any]:
    voxels, targets = discs(2)
    yield pytest.param([], {}, "No slice of the training pool teaches", id="no lesson")
    unknown = [("case-001", "train", voxels, np.full_like(targets, IGNORE))]
    yield pytest.param(unknown, {}, "No slice of the training pool teaches", id="all unknown")
    only_validation = [("case-001", "validation", voxels, targets)]
    yield pytest.param(only_validation, {}, "No slice of the training pool", id="wrong pool")
    strokes = np.where(targets == 0, IGNORE, targets).astype(np.uint8)
    no_background = [("case-001", "train", voxels, strokes)]
    yield pytest.param(no_background, {}, "no background voxel", id="no background")
    good = [("case-001", "train", voxels, targets)]
    two = {"segments": ((1, "left"), (2, "right")), "plan": short_plan("encoder_decoder")}
    yield pytest.param(good, two, "one segment only", id="binary with two segments")
    yield pytest.param(good, {"segments": ()}, "no segment to learn", id="no segment")


@pytest.mark.parametrize(("lessons", "fields", "sentence"), list(lessons_that_cannot_teach()))
def test_what_cannot_be_learnt_is_said_in_one_sentence_with_a_hint(
    tmp_path: Path, lessons: list[Any], fields: dict[str, Any], sentence: str
) -> None:
    recorder = run(write_bundle(tmp_path, lessons, **fields))
    assert isinstance(recorder.last, Failed)
    assert sentence in recorder.last.sentence
    assert recorder.last.hint


def test_a_prediction_without_a_model_fails_in_words(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path, [], train=False, input_shape=(32, 32))
    recorder = run(folder)
    assert isinstance(recorder.last, Failed)
    assert "no weights" in recorder.last.sentence


def test_weights_that_cannot_be_written_leave_those_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = save_weights(tmp_path).path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(TrainingError, match="No space left on device"):
        save_weights(tmp_path, filters=2)
    paths = RunPaths(tmp_path)
    assert paths.weights(3).read_bytes() == before
    assert set(tmp_path.iterdir()) == {paths.weights(3)}


def test_the_tutorials_network_trains_with_its_one_segment(tmp_path: Path) -> None:
    lessons: Lessons = [("case-001", "train", *discs(4)), ("case-002", "validation", *discs(2))]
    plan = short_plan("encoder_decoder", filters=2)
    recorder = run(write_bundle(tmp_path, lessons, plan=plan, predict=("case-002",)))
    assert recorder.last.outcome == "finished"
    rates = [done.epoch.rate for done in recorder.of(EpochDone)]
    assert rates == [1e-3, 1e-3]
    assert set(np.unique(np.load(recorder.of(Predicted)[0].labels_file))) <= {0, 1}


def finetuned(folder: Path, **fields: Any) -> Recorder:
    """One epoch at a rate so small that the weights stay where they were."""
    plan: Any = short_plan(epochs=1, rate=1e-7)
    lessons: Lessons = [("case-001", "train", *discs(4))]
    bundle = write_bundle(folder, lessons, **{"plan": plan, **fields})
    recorder = run(bundle)
    last: Message = recorder.last
    assert isinstance(last, Finished), last
    return recorder


def distance(
    folder: Path, other: TrainedNetwork, name: str, own: TrainedNetwork | None = None
) -> float:
    """The largest difference of the weights of like layers of this run and another one."""
    mine, theirs = (
        [
            weight
            for layer in checkpoints.load(trained).layers
            if layer.name.startswith(name)
            for weight in layer.get_weights()
        ]
        for trained in (own or kept(folder / "run", built_for=other.built_for), other)
    )
    return max(float(np.abs(a - b).max()) for a, b in zip(mine, theirs, strict=True))
