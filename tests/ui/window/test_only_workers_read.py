"""In the window nothing is read because it was asked for: masks and predictions come by workers."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from segdesk.app.project import saving
from segdesk.app.project.loaded import NotInMemory
from segdesk.app.project.workbench import Workbench
from segdesk.core.prediction import Prediction
from segdesk.core.run import Run, plan_for
from segdesk.core.run_in_use import RunInUse
from segdesk.store.run_files import RunFiles
from tests.projects import make_project
from tests.windows import Desk

RUN = "run-001"


def workbench_of(desk: Desk) -> Workbench:
    workbench = desk.window.session.workbench
    assert workbench is not None
    return workbench


def test_a_mask_that_is_not_in_memory_is_a_bug_in_the_window(desk: Desk, project: Path) -> None:
    desk.open(project)
    workbench = workbench_of(desk)
    for asked in (workbench.loaded, workbench.annotation, workbench.volume, workbench.see):
        with pytest.raises(NotInMemory, match="expected 'case-002' in memory"):
            asked("case-002")
    assert not workbench.is_loaded("case-002")
    desk.window.session.case_reader.when_read("case-002", lambda: None)
    desk.wait(lambda: workbench.is_loaded("case-002"))
    assert workbench.annotation("case-002") is workbench.loaded("case-002").annotation


def test_the_command_line_reads_what_it_asks_for(project: Path) -> None:
    workbench = Workbench.open(project)
    assert workbench.annotation("case-002").labels.shape == workbench.volume("case-002").grid.shape
    workbench.close()


@pytest.fixture
def predicted(tmp_path: Path) -> Path:
    """A saved project with a prediction of each of its cases."""
    made = make_project(tmp_path)
    made.put_run(Run(RUN, plan_for(epochs=1), 1.0, outcome="finished", best=1))
    for case in made.project.cases:
        full = np.ones(case.grid.shape, np.uint8)
        made.folder.runs.write_prediction(Prediction(RUN, case.id, full, full))
        made.add_prediction(RUN, case.id)
    made.use(RunInUse(chosen=RUN))
    saving.save(made)
    made.close()
    return made.folder.path


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The threads on which predictions were read."""
    threads: list[int] = []
    read = RunFiles.read_prediction

    def recorded(*given: object, **named: object) -> Prediction:
        threads.append(threading.get_ident())
        return read(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(RunFiles, "read_prediction", recorded)
    return threads


def test_a_prediction_that_has_left_the_memory_is_read_by_a_worker_and_then_shown(
    desk: Desk, predicted: Path, reading: list[int]
) -> None:
    desk.open(predicted)
    workbench = workbench_of(desk)
    # As where many other cases were read behind this one, which stays because it is on screen.
    workbench._memory.drop_prediction(RUN, "case-001")
    desk.key(Qt.Key.Key_Right)
    desk.wait(lambda: desk.canvas.scene.has_shown_prediction)
    assert workbench.prediction("case-001") is not None
    assert len(reading) == 2 and threading.get_ident() not in reading


def test_a_prediction_that_cannot_be_read_is_tried_once_and_said(
    desk: Desk, predicted: Path, reading: list[int]
) -> None:
    (predicted / f"runs/{RUN}/predictions/case-001.h5").write_bytes(b"damage")
    desk.open(predicted)
    assert "Predict the case again." in desk.window.banner.text
    for _ in range(2):
        assert workbench_of(desk).prediction("case-001") is None
        desk.settle()
    assert len(reading) == 1 and threading.get_ident() not in reading


def test_a_prediction_that_cannot_be_read_later_is_tried_once_and_said(
    desk: Desk, predicted: Path, reading: list[int]
) -> None:
    desk.open(predicted)
    workbench = workbench_of(desk)
    (predicted / f"runs/{RUN}/predictions/case-001.h5").write_bytes(b"damage")
    workbench._memory.drop_prediction(RUN, "case-001")
    assert workbench.prediction("case-001") is None
    desk.wait(lambda: "Predict the case again." in desk.window.banner.text)
    assert workbench.prediction("case-001") is None
    desk.settle()
    assert len(reading) == 2 and threading.get_ident() not in reading


@pytest.mark.parametrize(
    ("key", "modifiers"),
    [
        (Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier),
        (Qt.Key.Key_M, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Backspace, Qt.KeyboardModifier.NoModifier),
    ],
)
def test_nothing_is_said_of_a_slice_whose_prediction_is_still_being_read(
    desk: Desk,
    predicted: Path,
    monkeypatch: pytest.MonkeyPatch,
    key: Qt.Key,
    modifiers: Qt.KeyboardModifier,
) -> None:
    desk.open(predicted)
    workbench, may_end, read = workbench_of(desk), threading.Event(), RunFiles.read_prediction

    def slow(*given: object, **named: object) -> Prediction:
        may_end.wait(20)
        return read(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(RunFiles, "read_prediction", slow)
    workbench._memory.drop_prediction(RUN, "case-001")
    desk.key(Qt.Key.Key_Right)
    before = workbench.statuses("case-001"), workbench.history.next_undo
    desk.key(key, modifiers)
    assert (workbench.statuses("case-001"), workbench.history.next_undo) == before
    words = desk.window.findChild(QLabel, "status_words")
    assert words is not None and "The prediction has only just come" in words.text()
    may_end.set()
    desk.wait(lambda: desk.canvas.scene.has_shown_prediction)
