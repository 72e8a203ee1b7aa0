"""A disk without room is said before anything is written."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.labelling.reviewing import say_right
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import predicting, room, running, training
from segdesk.core.run import plan_for
from segdesk.errors import TrainingError
from segdesk.jobs import messages
from tests.app.runs.test_running import child, run_through
from tests.projects import SHAPE, begin_brush

RESERVE_MB = 64


def a_disk(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    usage = shutil.disk_usage(Path.cwd())._replace(free=free)
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: usage)


@pytest.fixture
def taught(workbench: Workbench) -> Workbench:
    begin_brush(workbench, "case-001", 1, (10.0, 14.0), value=1, radius_mm=4.0).release()
    say_right(workbench, "case-001", 1)
    return workbench


def files(workbench: Workbench) -> dict[Path, int]:
    return {path: path.stat().st_size for path in workbench.folder.path.rglob("*")}


def test_a_training_without_room_is_refused_with_need_and_rest(
    taught: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, project = files(taught), taught.project
    a_disk(monkeypatch, 7_000_000)
    with pytest.raises(TrainingError) as caught:
        training.freeze(taught, plan_for(), predict=["case-001"])
    words = f"This needs about {RESERVE_MB} MB and the disk has 7 MB left."
    assert caught.value.sentence == words and caught.value.hint
    assert files(taught) == before and taught.project is project


def test_what_is_needed_grows_with_the_slices_that_teach_and_the_largest_predicted_case(
    taught: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = taught.project.case("case-001")
    voxels = SHAPE[0] * SHAPE[1] * SHAPE[2]
    a_disk(monkeypatch, room.RESERVE + 4 * voxels)
    room.check_room(taught.folder.path, (), [case] * 9)
    with pytest.raises(TrainingError):
        room.check_room(taught.folder.path, [(case, 1)], [case])
    a_disk(monkeypatch, room.RESERVE + voxels)
    room.check_room(taught.folder.path, [(case, SHAPE[0])] * 50, ())
    with pytest.raises(TrainingError):
        room.check_room(taught.folder.path, [(case, SHAPE[0])] * 51, ())


def test_a_prediction_without_room_is_refused(
    taught: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = training.freeze(taught, plan_for(epochs=1))
    run_through(taught, training.training_session(frozen, command=child(tmp_path)))
    run = taught.project.run("run-001")
    a_disk(monkeypatch, 0)
    with pytest.raises(TrainingError, match="the disk has 0 MB left"):
        predicting.prediction_session(taught, run, ["case-001"])


def test_a_disk_that_says_nothing_refuses_nothing(
    taught: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Path) -> None:
        raise OSError

    monkeypatch.setattr(room.shutil, "disk_usage", away)
    training.freeze(taught, plan_for())


def test_what_the_trainer_wrote_of_a_case_goes_once_it_is_taken_over(
    taught: Workbench, tmp_path: Path
) -> None:
    frozen = training.freeze(taught, plan_for(epochs=1), predict=["case-001"])
    session = training.training_session(frozen, command=child(tmp_path))
    left: list[list[Path]] = []

    def take(message: messages.Message) -> None:
        running.take(taught, session.job, message)
        if isinstance(message, messages.Predicted):
            left.append(list((frozen.job.paths.bundle / "predictions").iterdir()))

    running.finish(taught, session.job, session.work(take))
    assert left == [[]]
    prediction = taught.prediction("case-001")
    assert prediction is not None and (prediction.labels == 1).all()


def test_files_elsewhere_stay_whatever_a_trainer_names(taught: Workbench, tmp_path: Path) -> None:
    frozen = training.freeze(taught, plan_for(epochs=1), predict=["case-001"])
    session = training.training_session(frozen, command=child(tmp_path))
    taught.folder.write_index()
    bundle = taught.folder.runs.paths("run-001").bundle
    bundle.mkdir()
    files = [tmp_path / "labels.npy", bundle / ".." / "probability.npy"]
    for file in files:
        np.save(file, np.ones(SHAPE, np.uint8))
    session._take(messages.Predicted("case-001", *map(str, files)), lambda message: None)
    assert session.predicted == ["case-001"]
    assert all(file.is_file() for file in files)
