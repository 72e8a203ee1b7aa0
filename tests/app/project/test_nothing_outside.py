"""A stranger's project: no link in the folder of a run leads a training, or its end, elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from segdesk.app.labelling.reviewing import say_right
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import cut_off, predicting, running, training
from segdesk.core.run import plan_for
from segdesk.errors import ProjectError, ProjectGone
from segdesk.jobs import bundle as bundles
from segdesk.jobs import messages
from segdesk.jobs.messages import Message
from tests.app.runs.test_running import child, run_through
from tests.projects import stroke

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")

#: What a run's folder has, as files and as folders.
FILES = ("trainer.log", "messages.jsonl")
FOLDERS = ("bundle", "predictions")
LINKS: dict[str, Callable[[Path, Path], None]] = {
    "soft": Path.symlink_to,
    "hard": Path.hardlink_to,
}


@pytest.fixture
def taught(workbench: Workbench) -> Workbench:
    for index in (1, 3):
        stroke(workbench, index)
        say_right(workbench, "case-001", index)
    return workbench


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A folder that has to be after a test what it was before."""
    folder = tmp_path / "outside"
    (folder / "predictions").mkdir(parents=True)
    for name in ("diary", "manifest.json", "predictions/case-001.h5"):
        (folder / name).write_text("mine")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    yield folder
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def train(workbench: Workbench, folder: Path) -> None:
    frozen = training.freeze(workbench, plan_for(epochs=1), predict=["case-001"])
    run_through(workbench, training.training_session(frozen, command=child(folder)))


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("name", FILES)
def test_a_training_writes_its_own_files_where_links_were_put(
    taught: Workbench, tmp_path: Path, outside: Path, name: str, link: str
) -> None:
    planted = taught.folder.path / "runs" / "run-001" / name
    planted.parent.mkdir()
    LINKS[link](planted, outside / "diary")
    train(taught, tmp_path)
    assert taught.project.run("run-001").outcome == "finished"
    assert not planted.is_symlink()


def test_a_link_in_the_place_of_the_bundle_goes_and_what_it_leads_to_stays(
    taught: Workbench, tmp_path: Path, outside: Path
) -> None:
    planted = taught.folder.path / "runs" / "run-001" / "bundle"
    planted.parent.mkdir()
    planted.symlink_to(outside)
    train(taught, tmp_path)
    assert taught.project.run("run-001").outcome == "finished"
    assert not planted.is_symlink()


@pytest.mark.parametrize("name", ["predictions", "."])
def test_where_predictions_or_the_whole_folder_are_a_link_nothing_is_written(
    taught: Workbench, tmp_path: Path, outside: Path, name: str
) -> None:
    planted = taught.folder.path / "runs" / "run-001" / name
    if name != ".":
        planted.parent.mkdir()
    planted.symlink_to(outside)
    frozen = training.freeze(taught, plan_for(epochs=1), predict=["case-001"])
    heard = list[str]()
    try:
        session = training.training_session(frozen, command=child(tmp_path))
        run = running.finish(
            taught, session.job, session.work(lambda message: heard.append(str(message)))
        )
        said = " ".join((run.reason, *run.notes, *heard))
    except ProjectError as error:
        said = str(error)
    assert "is a link" in said


@pytest.mark.parametrize("name", ["messages.jsonl", "bundle", "bundle/manifest.json"])
def test_the_record_of_a_run_that_was_cut_off_is_not_read_through_links(
    taught: Workbench, tmp_path: Path, outside: Path, name: str
) -> None:
    train(taught, tmp_path)
    run = taught.project.run("run-001")
    planted = taught.folder.path / "runs" / "run-001" / name
    planted.parent.mkdir(exist_ok=True)
    if planted.exists():
        planted.rename(tmp_path / "away")
    planted.symlink_to(outside if name == "bundle" else outside / "manifest.json")
    taught.put_run(replace(run, outcome="running", intensities=None))
    assert cut_off.recover(taught) == ("run-001",)
    assert taught.project.run("run-001").intensities is None


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", ["messages.jsonl", "bundle/manifest.json"])
def test_the_record_of_a_run_that_was_cut_off_is_not_waited_for(
    taught: Workbench, tmp_path: Path, name: str
) -> None:
    train(taught, tmp_path)
    run = taught.project.run("run-001")
    planted = taught.folder.path / "runs" / "run-001" / name
    planted.parent.mkdir(exist_ok=True)
    planted.unlink(missing_ok=True)
    os.mkfifo(planted)
    taught.put_run(replace(run, outcome="running"))
    assert cut_off.recover(taught) == ("run-001",)


@pytest.mark.parametrize("when", ["before", "targets", "manifest", "prediction"])
def test_a_training_whose_project_is_swapped_writes_nothing_into_the_other_folder(
    taught: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    project, before = taught.folder.path, dict[Path, bytes]()

    def swap() -> None:
        shutil.copytree(project, project.with_name("older.segdesk"))
        project.rename(project.with_name("moved.segdesk"))
        project.with_name("older.segdesk").rename(project)
        before.update({path: path.read_bytes() for path in project.rglob("*") if path.is_file()})

    def swapping(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            result = real(*arguments)
            if not before:
                swap()
            return result

        return call

    frozen = training.freeze(taught, plan_for(epochs=1), predict=["case-001"])
    session = training.training_session(frozen, command=child(tmp_path))
    if when in ("targets", "manifest"):
        name = "targets_writer" if when == "targets" else "write"
        monkeypatch.setattr(bundles, name, swapping(getattr(bundles, name)))
    heard: list[Message] = []
    if when == "prediction":
        (tmp_path / "bundle").mkdir()
        taught.folder.runs.paths("run-001")
        swap()
        names = [str(tmp_path / "bundle" / name) for name in ("labels.npy", "probability.npy")]
        session._take(messages.Predicted("case-001", *names), heard.append)
        session._take(messages.Note("Said."), heard.append)
        assert [type(one) for one in heard] == [messages.Note] * 3
    else:
        if when == "before":
            taught.folder.write_index()
            swap()
        assert isinstance(session.work(heard.append).error, ProjectGone)
    now = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    assert now == before
    project.rename(project.with_name("older.segdesk"))
    project.with_name("moved.segdesk").rename(project)


def test_a_prediction_alone_writes_no_log_through_a_link(
    taught: Workbench, tmp_path: Path, outside: Path
) -> None:
    train(taught, tmp_path)
    log = taught.folder.path / "runs" / "run-001" / "trainer.log"
    log.unlink()
    log.symlink_to(outside / "diary")
    run = taught.project.run("run-001")
    session = predicting.prediction_session(taught, run, ["case-001"], command=child(tmp_path))
    run_through(taught, session)
    assert taught.prediction("case-001") is not None
