"""A training writes into the folder that it was given, wherever that lies, and into no other."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segdesk.core import place
from segdesk.errors import TrainingError
from segdesk.jobs import bundle as bundles
from segdesk.jobs.bundle import Bundle
from segdesk.jobs.messages import Failed, Message, Predicted, Proposed, Started
from segdesk.learning import arrays_file, proposing, trainer
from segdesk.learning.run_folder import HeldRun
from tests.learning.builders import Lessons, Recorder, discs, short_plan, write_bundle


def everything(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


class Swapper(Recorder):
    """Puts an older copy into the folder's place as soon as the network stands."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.before: dict[str, bytes] = {}

    def send(self, message: Message) -> None:
        super().send(message)
        if isinstance(message, Started):
            self.before = swapped(self.folder)


def swapped(folder: Path) -> dict[str, bytes]:
    """Move a folder away and put a copy into its place; gives what is in that."""
    away = folder.with_name("moved")
    folder.rename(away)
    shutil.copytree(away, folder)
    return everything(folder)


def bundle_in(tmp_path: Path, **fields: Any) -> Path:
    project = tmp_path / "p.segdesk"
    project.mkdir()
    lessons: Lessons = [("case-001", "train", *discs(4)), ("case-002", "validation", *discs(2))]
    return write_bundle(project, lessons, plan=short_plan(epochs=1), **fields)


@pytest.mark.keras
@pytest.mark.skipif(sys.platform != "linux", reason="a folder is reached by its descriptor")
def test_a_project_that_is_swapped_while_it_trains_gets_its_weights_and_the_other_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "_judge", lambda *_: True)
    monkeypatch.setattr(proposing, "FIRST_S", 0.0)
    folder = bundle_in(tmp_path, predict=("case-002",), preview=("case-002", 1))
    recorder = Swapper(tmp_path / "p.segdesk")
    trainer.run_bundle(folder, recorder)
    assert recorder.last.outcome == "finished", recorder.last
    assert everything(tmp_path / "p.segdesk") == recorder.before
    run = tmp_path / "moved/run"
    assert (run / f"weights-{recorder.last.best}.npz").is_file()
    preview, (predicted,) = recorder.of(Proposed)[0], recorder.of(Predicted)
    # They are named as the program knows them.
    for file in (preview.file, predicted.labels_file, predicted.probability_file):
        assert Path(file).is_relative_to(folder)
        assert (run / "bundle" / Path(file).relative_to(folder)).is_file()


@pytest.mark.keras
def test_a_training_does_not_begin_in_a_folder_that_has_taken_the_place(tmp_path: Path) -> None:
    folder = bundle_in(tmp_path)
    before = swapped(tmp_path / "p.segdesk")
    recorder = Recorder()
    trainer.run_bundle(folder, recorder)
    assert isinstance(recorder.last, Failed) and "no longer at its place" in recorder.last.sentence
    assert everything(tmp_path / "p.segdesk") == before


def held_in(tmp_path: Path) -> tuple[HeldRun, Bundle]:
    folder = bundle_in(tmp_path)
    bundle = bundles.read(folder)
    assert bundle.identity is not None
    return HeldRun.of(bundle, folder), bundle


def test_where_no_descriptor_leads_to_a_folder_its_path_is_compared_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "_DESCRIPTORS", tmp_path / "none")
    held, bundle = held_in(tmp_path)
    assert held.paths().folder == Path(bundle.run_folder)
    before = swapped(tmp_path / "p.segdesk")
    for write in (held.paths, held.bundle, held.check):
        with pytest.raises(TrainingError, match="no longer at its place"):
            write()
    # Just before the rename, too.
    weights = Path(bundle.run_folder) / "weights-1.npz"
    with pytest.raises(TrainingError):
        arrays_file.write(weights, [np.zeros(3)], held.check)
    assert not weights.exists()
    assert everything(tmp_path / "p.segdesk").keys() - before.keys() <= {
        "run/.weights-1.npz.partial"
    }
    held.close()


def test_a_folder_that_was_deleted_is_said(tmp_path: Path) -> None:
    held, _ = held_in(tmp_path)
    shutil.rmtree(tmp_path / "p.segdesk")
    with pytest.raises(TrainingError, match="no longer at its place"):
        held.paths()
    held.close()
