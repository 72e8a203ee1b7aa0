"""What a training begins with: a run of this project, of another one, or a model file."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.labelling.reviewing import say_right
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import bundling, model_export, starting, training
from segdesk.app.runs.starting import Start
from segdesk.core.beginning import Beginning
from segdesk.core.run import Epoch, Intensities, Run, plan_for
from segdesk.errors import TrainingError, UsageError
from tests.app.runs.test_running import taught
from tests.projects import make_project

__all__ = ["taught"]
SEEN = Intensities(-900.0, 500.0, "HU")


def learnt(workbench: Workbench, segments: list[tuple[int, str]], **fields: object) -> Run:
    """A run with weights, as if it had ended."""
    run = Run(
        workbench.project.next_run_id(),
        plan_for(epochs=1),
        1.0,
        ended=2.0,
        outcome="finished",
        segments=tuple(segments),
        intensities=SEEN,
        pixel_mm=(1.5, 1.5),
        input_shape=(24, 32),
        built_for=(32, 32),
        epochs=(Epoch(1, 0.5, 0.7, 0.8, 0.001, steps=10),),
        best=1,
    )
    paths = workbench.folder.runs.paths(run.id)
    np.savez(paths.weights(1), np.arange(3, dtype=np.float32))
    digest = hashlib.sha256(paths.weights(1).read_bytes()).hexdigest()
    run = replace(run, weights_sha256=digest, **fields)
    workbench.put_run(run)
    return run


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another project with a run, which nobody has open."""
    (tmp_path / "elsewhere").mkdir()
    workbench = make_project(tmp_path / "elsewhere")
    learnt(workbench, [(1, "Lung"), (2, "disc")])
    saving.save(workbench)
    path = workbench.folder.path
    workbench.close()
    return path


def begun(workbench: Workbench, start: Start, **fields: object) -> training.Frozen:
    plan = replace(plan_for(epochs=1, start_from=start.name), **fields)
    return training.freeze(workbench, plan, start=start)


def said(workbench: Workbench, start: Start, size: int = 0) -> str:
    return starting.said(start, size, starting.wanted_now(workbench))


@pytest.mark.parametrize("form", ["{path}:run-001", "{path}/runs/run-001"])
def test_a_training_begins_with_a_run_of_another_project(
    taught: Workbench, other: Path, form: str
) -> None:
    start = starting.find(taught, form.format(path=other))
    assert start.name == "test.segdesk:run-001"
    assert said(taught, start) == (
        "Begins with test.segdesk:run-001. Kept: Disc. Left out: Lung. As there, HU count from "
        "-900 to 500. Slices are seen at its size, 1.50 mm a pixel."
    )
    frozen = begun(taught, start)
    sha256 = hashlib.sha256((other / "runs/run-001/weights-1.npz").read_bytes()).hexdigest()
    assert frozen.run.begun_from == Beginning("test.segdesk", "run-001", 1, 10, sha256)
    assert said(taught, start) in frozen.run.notes
    bundle = bundling.prepare(frozen)
    assert bundle.start is not None and bundle.start.segments == ((0, "Lung"), (1, "disc"))
    assert (bundle.intensities, bundle.pixel_mm, bundle.input_shape) == (SEEN, (1.5, 1.5), (24, 32))
    # The trainer looks nowhere but below the project.
    assert bundle.start.path.is_relative_to(taught.folder.path.resolve())
    assert hashlib.sha256(bundle.start.path.read_bytes()).hexdigest() == sha256
    frozen.let_go()


def test_the_beginning_is_kept_with_the_run(taught: Workbench, other: Path) -> None:
    frozen = begun(taught, starting.find(taught, f"{other}:run-001"))
    frozen.let_go()
    taught.folder.write_index()
    path = taught.folder.path
    taught.close()
    again = Workbench.open(path, writable=False)
    run = again.project.run(frozen.run.id)
    assert run.begun_from == frozen.run.begun_from and run.begun_from is not None
    again.close()


def test_a_segment_that_was_added_since_the_start_was_chosen_is_known(
    taught: Workbench, other: Path
) -> None:
    start = starting.find(taught, f"{other}:run-001")
    taught.add_segment("lung")
    for index in (1, 3):
        say_right(taught, "case-001", index)
    frozen = begun(taught, start)
    bundle = bundling.prepare(frozen)
    assert bundle.start is not None and bundle.start.segments == ((2, "Lung"), (1, "disc"))
    frozen.let_go()


def test_a_training_begins_with_a_model_file(taught: Workbench, other: Path) -> None:
    file = other.with_name("lungs.segmodel")
    elsewhere = Workbench.open(other, writable=False)
    model_export.export(elsewhere, elsewhere.project.run("run-001"), file)
    elsewhere.close()
    start = starting.find(taught, str(file))
    assert start.name == "lungs.segmodel:run-001"
    frozen = begun(taught, start)
    bundle = bundling.prepare(frozen)
    assert bundle.start is not None and bundle.start.segments == ((0, "Lung"), (1, "disc"))
    original = other / "runs/run-001/weights-1.npz"
    assert bundle.start.path.read_bytes() == original.read_bytes()
    frozen.let_go()


def test_weights_that_changed_after_they_were_chosen_are_not_taken(
    taught: Workbench, other: Path
) -> None:
    start = starting.find(taught, f"{other}:run-001")
    frozen = begun(taught, start)
    (other / "runs/run-001/weights-1.npz").write_bytes(b"another")
    with pytest.raises(TrainingError, match="have changed since"):
        bundling.prepare(frozen)
    with pytest.raises(TrainingError, match="is not the file that was kept"):
        starting.find(taught, f"{other}:run-001")


def test_of_this_project_a_segment_is_known_by_its_number_whatever_its_name(
    taught: Workbench,
) -> None:
    run = learnt(taught, [(1, "an older name")])
    start = starting.find(taught, run.id)
    assert "It knows all segments." in said(taught, start)
    assert begun(taught, start).run.notes == ()
    # By its own path it is the same run.
    path = taught.folder.path
    assert starting.find(taught, f"{path}:{run.id}").home == ""
    taught.add_segment("Nodule")
    say_right(taught, "case-001", 1)
    say_right(taught, "case-001", 3)
    assert "Kept: Disc. New: Nodule." in said(taught, start)


def test_what_nothing_is_kept_of_and_another_size_are_said(taught: Workbench) -> None:
    start = starting.find(taught, learnt(taught, [(9, "Heart")]).id)
    words = said(taught, start, 64)
    assert "It knows none of these segments, so its last layer is new: Disc." in words
    assert "It learnt at 1.50 mm a pixel; now slices have 64 pixels." in words


def test_what_cannot_be_begun_with_is_refused_in_one_sentence(
    taught: Workbench, other: Path, tmp_path: Path
) -> None:
    for text in ("run-009", f"{other}:run-009"):
        with pytest.raises(UsageError, match="There is no run 'run-009'"):
            starting.find(taught, text)
    with pytest.raises(UsageError, match=r"There is no './gone.segmodel' to begin with"):
        starting.find(taught, "./gone.segmodel")
    (tmp_path / "model.keras").write_bytes(b"no zip")
    with pytest.raises(TrainingError, match=r"'model.keras' is no model of segdesk"):
        starting.find(taught, str(tmp_path / "model.keras"))
    raw = learnt(taught, [(1, "Disc")], intensities=Intensities(0.0, 1.0, "raw"))
    with pytest.raises(TrainingError, match="learnt from arrays without a unit, and what teaches"):
        begun(taught, starting.find(taught, raw.id))
    start = starting.find(taught, learnt(taught, [(1, "Disc")]).id)
    with pytest.raises(UsageError, match="learnt with unet_fast and 16 filters"):
        begun(taught, start, filters=8)
    with pytest.raises(UsageError, match="neighbours at 0 mm, not 3"):
        begun(taught, start, neighbours_mm=3.0)


def test_a_run_that_is_trained_just_now_elsewhere_is_not_taken(
    taught: Workbench, other: Path
) -> None:
    elsewhere = Workbench.open(other)
    elsewhere.put_run(replace(elsewhere.project.run("run-001"), outcome="running"))
    elsewhere.folder.write_index()
    with pytest.raises(UsageError, match="is being trained"):
        starting.find(taught, f"{other}:run-001")
    elsewhere.close()
