"""The session around a trainer process, with a small child that speaks the protocol."""

from __future__ import annotations

import errno
import hashlib
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segdesk.app.labelling.reviewing import say_right, set_status
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import bundling, cut_off, predicting, running, training
from segdesk.app.runs.frozen_training import Frozen
from segdesk.app.runs.running import TrainerSession
from segdesk.core import durable_files
from segdesk.core.run import Intensities, plan_for
from segdesk.core.status import SliceStatus
from segdesk.errors import ProjectError, TrainingError, UsageError
from segdesk.jobs import bundle as bundles
from segdesk.jobs import messages
from segdesk.jobs.messages import Message
from segdesk.store.parts import prediction_file
from segdesk.store.project_folder import ProjectFolder
from tests.projects import add_case, begin_brush

CHILD = """
    import hashlib, os, sys
    from pathlib import Path
    from segdesk.jobs.child import open_channel
    channel = open_channel()
    import numpy as np
    from segdesk.core.run import Epoch
    from segdesk.jobs import bundle as bundles
    from segdesk.jobs.messages import *
    from segdesk.jobs.run_paths import RunPaths
    folder = Path(sys.argv[1])
    bundle = bundles.read(folder)
    channel.send(Hello(PROTOCOL, os.getpid(), (("python", "3"),)))
    if bundle.train:
        channel.send(Started("CPU", "no GPU", 10, (24, 32), (2.0, 1.0), 1, 0, (32, 32)))
        channel.send(EpochDone(Epoch(1, 0.5, 0.7, 0.8, 0.001)))
        weights = RunPaths(Path(bundle.run_folder)).weights(1)
        np.savez(weights, np.zeros(3, np.float32))
        digest = hashlib.sha256(weights.read_bytes()).hexdigest()
        channel.leave_on_stop = {leaves}
        channel.send(Checkpoint(1, str(weights), digest))
    {middle}
    if bundle.train:
        other = bundle.rival
        channel.send(Judged("", 1, {dice}, other.run if other else "", {rival} if other else None))
        if other and {dice} < {rival}:
            channel.send(Finished("finished", "All done.", 1, 0.5))
            sys.exit(0)
    (folder / "predictions").mkdir()
    for case in bundle.predict:
        files = []
        for name, value in (("labels", 1), ("probability", 255)):
            file = folder / "predictions" / f"{{case}}-{{name}}.npy"
            np.save(file, np.full(bundle.volume(case).shape, value, np.uint8))
            files.append(str(file))
        if bundle.own is not None and any(row.least_piece for row in bundle.own.refinements):
            labels = np.load(files[0])
            left_out = np.zeros_like(labels)
            left_out[:2, :2, :2], labels[:2, :2, :2] = 1, 0
            np.save(files[0], labels)
            np.save(folder / "predictions" / f"{{case}}-left-out.npy", left_out)
            files.append(str(folder / "predictions" / f"{{case}}-left-out.npy"))
        channel.send(Predicted(case, *files))
    channel.send(Finished("finished", "All done.", 1, 0.5))
"""


def child(folder: Path, middle: str = "", *, dice: float = 0.5, rival: float = 0.5) -> list[str]:
    """The command of a child that does this in the middle.

    Where that is to end by itself, it is so from the moment in which the first weights are told:
    whoever has seen them may stop it. Its best weights have this Dice, and the run in use has that
    one on the same slices.
    """
    script = folder / "child.py"
    leaves = "channel.leave_on_stop = False" not in middle
    text = textwrap.dedent(CHILD).format(middle=middle, leaves=leaves, dice=dice, rival=rival)
    script.write_text(text, encoding="utf-8")
    return [sys.executable, str(script)]


@pytest.fixture
def taught(workbench: Workbench) -> Workbench:
    for index in (1, 3):
        begin_brush(workbench, "case-001", index, (10.0, 14.0), value=1, radius_mm=4.0).release()
        say_right(workbench, "case-001", index)
    return workbench


def run_through(workbench: Workbench, session: TrainerSession) -> list[Message]:
    heard: list[Message] = []

    def take(message: Message) -> None:
        heard.append(message)
        running.take(workbench, session.job, message)

    running.finish(workbench, session.job, session.work(take))
    return heard


def remembering(frozen: Frozen, command: list[str]) -> tuple[TrainerSession, list[bundles.Bundle]]:
    """A session of a training, and what it has written as its bundle once that is done."""
    made: list[bundles.Bundle] = []

    def prepare(tell: running.TellNote) -> bundles.Bundle:
        made.append(bundling.prepare(frozen, tell))
        return made[-1]

    return TrainerSession(frozen.job, prepare, command=command), made


def test_a_training_leaves_a_run_a_model_and_a_prediction(
    taught: Workbench, tmp_path: Path
) -> None:
    frozen = training.freeze(taught, plan_for(epochs=1), predict=["case-001"])
    run_through(taught, training.training_session(frozen, command=child(tmp_path)))
    run = taught.project.run("run-001")
    assert (run.outcome, run.best, len(run.epochs)) == ("finished", 1, 1)
    assert run.device == "CPU" and run.intensities is not None
    prediction = taught.prediction("case-001")
    assert prediction is not None and (prediction.labels == 1).all()
    assert not frozen.job.paths.bundle.exists()


def test_a_run_knows_the_labels_that_it_saw_by_their_content(
    taught: Workbench, tmp_path: Path
) -> None:
    def train(workbench: Workbench) -> tuple[tuple[str, str], ...]:
        frozen = training.freeze(workbench, plan_for(epochs=1))
        run_through(workbench, training.training_session(frozen, command=child(tmp_path)))
        return workbench.project.runs[-1].labels_seen

    first = train(taught)
    assert {case for case, _ in first} == {"case-001"}
    assert all(len(digest) == 16 for _, digest in first)
    saving.save(taught)
    taught.close()
    again = Workbench.open(taught.folder.path)
    try:
        assert again.project.runs[-1].labels_seen == first
        assert train(again) == first
        # Elsewhere in the case: this does not teach.
        set_status(again, "case-001", 4, SliceStatus.REJECTED)
        assert train(again) == first
        begin_brush(again, "case-001", 1, (16.0, 20.0), value=1, radius_mm=4.0).release()
        assert train(again) != first
    finally:
        again.close()


def test_runs_and_curves_are_there_after_reopening(taught: Workbench, tmp_path: Path) -> None:
    frozen = training.freeze(taught, plan_for(epochs=1), predict=["case-001"])
    run_through(taught, training.training_session(frozen, command=child(tmp_path)))
    runs = taught.project.runs
    path = taught.folder.path
    taught.close()
    again = Workbench.open(path)
    try:
        assert again.project.runs == runs
        prediction = again.prediction("case-001", "run-001")
        assert prediction is not None and (prediction.probability == 255).all()
    finally:
        again.close()


def test_a_killed_trainer_leaves_a_crashed_run_with_a_readable_reason(
    taught: Workbench, tmp_path: Path
) -> None:
    frozen = training.freeze(taught, plan_for(epochs=1))
    command = child(tmp_path, "import signal; os.kill(os.getpid(), signal.SIGKILL)")
    run_through(taught, training.training_session(frozen, command=command))
    run = taught.project.run("run-001")
    assert run.outcome == "crashed"
    assert "kill" in run.reason.lower()
    assert len(run.epochs) == 1


def test_a_refused_bundle_closes_the_run_with_its_reason(workbench: Workbench) -> None:
    begin_brush(workbench, "case-001", 2, (10.0, 14.0), value=1, radius_mm=4.0).release()
    frozen = training.freeze(workbench, plan_for(epochs=1))
    session = training.training_session(frozen, command=[sys.executable, "-c", "raise SystemExit"])
    worked = session.work(lambda message: None)
    assert isinstance(worked.error, TrainingError)
    run = running.finish(workbench, session.job, worked)
    assert run.outcome == "crashed" and "no background voxel" in run.reason


def test_a_run_that_was_cut_off_with_the_program_gets_its_curve_back(
    taught: Workbench, tmp_path: Path
) -> None:
    frozen = training.freeze(taught, plan_for(epochs=1))
    session = training.training_session(frozen, command=child(tmp_path))
    session.work(lambda message: None)
    assert frozen.job.paths.messages.is_file()
    path = taught.folder.path
    taught.close()
    again = Workbench.open(path)
    try:
        assert again.project.run("run-001").outcome == "running"
        assert cut_off.recover(again) == ("run-001",)
        run = again.project.run("run-001")
        assert run.outcome == "crashed" and len(run.epochs) == 1 and run.best == 1
        assert cut_off.recover(again) == ()
    finally:
        again.close()


def test_a_turned_bit_ends_a_training_only_where_the_slice_is_used(
    taught: Workbench, tmp_path: Path
) -> None:
    case = taught.project.case("case-001")
    file, offset = taught.folder.scans.location(case)
    frozen, predicting = (
        training.freeze(taught, plan_for(epochs=1), predict=predict)
        for predict in ([], ["case-001"])
    )
    sound, nbytes = file.read_bytes(), 2 * np.prod(case.grid.slice_shape)
    for index, ends in ((0, False), (1, True), (3, True)):
        data = bytearray(sound)
        data[offset + index * nbytes + 8] ^= 1
        file.write_bytes(data)
        if ends:
            with pytest.raises(ProjectError, match="scan of 'case-001'"):
                bundling.prepare(frozen)
        else:
            bundling.prepare(frozen)
        with pytest.raises(ProjectError, match="scan of 'case-001'"):
            bundling.prepare(predicting)


def test_a_run_that_was_cut_off_after_its_verdict_is_in_use_and_can_predict(
    taught: Workbench, tmp_path: Path
) -> None:
    run_through(
        taught,
        training.training_session(
            training.freeze(taught, plan_for(epochs=1)), command=child(tmp_path)
        ),
    )
    frozen = training.freeze(taught, plan_for(epochs=1))
    session, made = remembering(frozen, child(tmp_path, dice=0.8, rival=0.6))
    worked = session.work(lambda message: None)
    # A program that is killed leaves its bundle.
    running.write_bundle(frozen.job, made[0])
    path = taught.folder.path
    taught.close()
    again = Workbench.open(path)
    assert again.project.in_use.run == "run-001"
    assert cut_off.recover(again) == ("run-002",)
    again.close()
    again = Workbench.open(path)
    run = again.project.run("run-002")
    assert run.outcome == "crashed"
    assert (run.intensities, run.labels_seen) == (worked.intensities, worked.labels_seen)
    assert run.intensities is not None and run.labels_seen
    assert again.project.in_use.chosen == "run-002"
    assert "run-001 has 0.600" in again.project.in_use.reason
    left = predicting.prediction_session(again, run, ["case-001"], command=child(tmp_path))
    run_through(again, left)
    assert again.predicted_by("case-001") == "run-002"
    again.close()


def test_a_run_predicts_later_with_its_own_model(taught: Workbench, tmp_path: Path) -> None:
    frozen = training.freeze(taught, plan_for(epochs=1))
    run_through(taught, training.training_session(frozen, command=child(tmp_path)))
    assert taught.prediction("case-001") is None
    run = predicting.run_to_predict(taught.project)
    session = predicting.prediction_session(taught, run, ["case-001"], command=child(tmp_path, ""))
    heard = run_through(taught, session)
    assert any(isinstance(message, messages.Predicted) for message in heard)
    prediction = taught.prediction("case-001")
    assert prediction is not None and np.all(prediction.labels == 1)
    assert taught.project.run("run-001").outcome == "finished"


def test_a_run_whose_model_is_gone_cannot_predict(taught: Workbench, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No run"):
        predicting.run_to_predict(taught.project)
    frozen = training.freeze(taught, plan_for(epochs=1))
    run_through(taught, training.training_session(frozen, command=child(tmp_path)))
    frozen.job.paths.weights(1).unlink()
    with pytest.raises(TrainingError, match="not there any more"):
        predicting.prediction_session(taught, taught.project.run("run-001"), ["case-001"])


def test_fine_tuning_keeps_network_and_filters(taught: Workbench, tmp_path: Path) -> None:
    frozen = training.freeze(taught, plan_for(epochs=1))
    run_through(taught, training.training_session(frozen, command=child(tmp_path)))
    with pytest.raises(UsageError, match="keeps network and filters"):
        training.freeze(taught, plan_for("unet", start_from="run-001"))
    with pytest.raises(UsageError, match="neighbours at 0 mm, not 3"):
        training.freeze(taught, plan_for(start_from="run-001", neighbours_mm=3.0))
    again = training.freeze(taught, plan_for(epochs=1, start_from="run-001"))
    bundle = bundling.prepare(again)
    assert bundle.start is not None and bundle.start.built_for == (32, 32)
    assert bundle.start.path == frozen.job.paths.weights(1).resolve()
    kept = hashlib.sha256(bundle.start.path.read_bytes()).hexdigest()
    assert bundle.start.sha256 == kept == taught.project.run("run-001").weights_sha256


def test_fine_tuning_sees_the_values_as_the_run_that_it_starts_from(
    workbench: Workbench, tmp_path: Path
) -> None:
    """Its weights know no other intensities, whatever today's slices would give."""
    id = add_case(workbench, unit="raw").id
    for index in (1, 3):
        begin_brush(workbench, id, index, (10.0, 14.0), value=1, radius_mm=4.0).release()
        say_right(workbench, id, index)
    fresh = bundling.prepare(training.freeze(workbench, plan_for(epochs=1))).intensities
    own = Intensities(-1234.0, 987.0, "raw")
    assert own != fresh
    run = workbench.project.run("run-001")
    workbench.put_run(replace(run, outcome="finished", best=1, intensities=own))
    frozen = training.freeze(workbench, plan_for(epochs=1, start_from="run-001"))
    assert bundling.prepare(frozen).intensities == own


@pytest.mark.parametrize("kind", ["curve", "prediction"])
def test_a_disk_that_fills_during_a_training_costs_a_note_and_not_the_training(
    taught: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    add_case(taught)
    frozen = training.freeze(taught, plan_for(epochs=1), predict=["case-001", "case-002"])
    session = training.training_session(frozen, command=child(tmp_path))
    appended, write = durable_files.append_regular, prediction_file.write

    def full(path: Path, name: str) -> None:
        if path.name == name:
            raise OSError(errno.ENOSPC, "No space left on device")

    def opened(path: Path) -> Any:
        full(path, "messages.jsonl")
        return appended(path)

    def written(path: Path, *arguments: Any, **options: Any) -> None:
        full(path, "case-001.h5")
        write(path, *arguments, **options)

    if kind == "curve":
        monkeypatch.setattr(durable_files, "append_regular", opened)
    else:
        monkeypatch.setattr(prediction_file, "write", written)
    heard = run_through(taught, session)
    run = taught.project.run("run-001")
    assert (run.outcome, run.best) == ("finished", 1)
    said = [note for note in run.notes if "No space left" in note or "the disk is full" in note]
    assert len(said) == 1 and len([row for row in heard if isinstance(row, messages.Note)]) == 1
    if kind == "prediction":
        assert "'case-001'" in said[0]
        assert taught.project.case("case-001").predictions == ()
    assert taught.project.case("case-002").predictions == ("run-001",)


def test_an_index_that_is_refused_during_a_training_is_written_at_its_end(
    taught: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_case(taught)
    frozen = training.freeze(taught, plan_for(epochs=1), predict=["case-001", "case-002"])
    session = training.training_session(frozen, command=child(tmp_path))
    write, calls = ProjectFolder.write_index, [0]

    def refused(folder: ProjectFolder) -> None:
        calls[0] += 1
        if calls[0] in (2, 3):
            raise ProjectError("The index could not be written: the disk is full.")
        write(folder)

    monkeypatch.setattr(ProjectFolder, "write_index", refused)
    run_through(taught, session)
    assert calls[0] == 4
    path = taught.folder.path
    taught.close()
    again = Workbench.open(path)
    assert again.project.run("run-001").outcome == "finished"
    assert again.project.case("case-002").predictions == ("run-001",)
    again.close()


def test_neighbours_are_kept_with_the_run_and_checked_before_they_teach(
    taught: Workbench, tmp_path: Path
) -> None:
    """Slices 1 and 3 teach; slice 2 is seen beside them, and a bit of it was turned."""
    assert taught.project.case("case-001").slices == 5
    frozen = training.freeze(taught, plan_for(epochs=1, neighbours_mm=3.0))
    run_through(taught, training.training_session(frozen, command=child(tmp_path)))
    saving.save(taught)
    kept = ProjectFolder.open(taught.folder.path, writable=False).load().project.run("run-001")
    assert kept.plan.neighbours_mm == 3.0
    known = running.trained_network(taught.folder, kept)
    assert (known.channels, known.neighbours_mm) == (3, 3.0)
    file, offset = taught.folder.scans.location(taught.project.case("case-001"))
    _, rows, columns = taught.project.case("case-001").grid.shape
    content = bytearray(file.read_bytes())
    content[offset + 2 * 2 * rows * columns + 7] ^= 16
    file.write_bytes(content)
    alone = training.freeze(taught, plan_for(epochs=1))
    bundling.prepare(alone)
    beside = training.freeze(taught, plan_for(epochs=1, neighbours_mm=3.0))
    with pytest.raises(ProjectError, match="slice 3"):
        bundling.prepare(beside)
