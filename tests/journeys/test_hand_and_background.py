"""Journey: a hand draws and types while imports, reads, predictions, trainings and saves end.

Every voxel and status lies in the case and slice that were on screen when the input was given.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from segdesk.app.labelling.reviewing import say_right
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from tests.app.runs.test_running import child
from tests.builders import write_dicom_series
from tests.journeys.hand import Hand
from tests.projects import make_project, stroke
from tests.windows import Desk, open_desk

#: At least this much of what is given lands.
LANDED = 0.95
#: More cases than stay in memory, so that some are read again.
CASES = 6


@pytest.fixture
def sources(tmp_path: Path) -> list[Path]:
    """Scans to import, and a folder without any."""
    for at in range(3):
        write_dicom_series(tmp_path / f"scan-{at}", patient=f"PATIENT-{at}")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "scan.nii").write_bytes(b"no scan")
    return [*(tmp_path / f"scan-{at}" for at in range(3)), tmp_path / "broken"]


@pytest.fixture
def busy_desk(
    qtbot: QtBot, settings_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """A window on a project in which two slices teach, with a child that trains and predicts."""
    monkeypatch.setenv("SEGDESK_LOGS", str(tmp_path / "logs"))
    (tmp_path / "projects").mkdir()
    workbench = make_project(tmp_path / "projects", cases=CASES)
    for index in (1, 3):
        stroke(workbench, index)
        say_right(workbench, "case-001", index)
    saving.save(workbench)
    workbench.close()
    desk = open_desk(settings_folder, trainer_command=child(tmp_path))
    desk.open(workbench.folder.path)
    desk.key(Qt.Key.Key_B)
    yield desk
    if not desk.is_closed:
        desk.close()


class Background:
    """Starts what ends behind the hand, one of each kind at a time."""

    def __init__(self, desk: Desk, sources: list[Path]) -> None:
        self.desk = desk
        self.ended: list[str] = []
        self._sources = cycle(sources)
        self._cases = cycle(f"case-{at:03d}" for at in range(CASES, 0, -1))
        session, window = desk.window.session, desk.window
        window.training.finished.connect(lambda *_: self.ended.append("training"))
        window.imports.failed.connect(lambda _: self.ended.append("failure"))
        workbench = session.workbench
        assert workbench is not None
        self._keep = (
            lambda _: self.ended.append("read"),
            lambda _: self.ended.append("prediction"),
            self._index_changed,
        )
        workbench.case_loaded.connect(self._keep[0])
        workbench.predictions_changed.connect(self._keep[1])
        workbench.index_changed.connect(self._keep[2])
        self._count = len(workbench.project.cases)

    def _index_changed(self) -> None:
        workbench = self.desk.window.session.workbench
        if workbench is not None and len(workbench.project.cases) > self._count:
            self._count = len(workbench.project.cases)
            self.ended.append("import")

    def start_import(self) -> None:
        if not self.desk.window.imports.is_busy:
            self.desk.window.imports.start([next(self._sources)])

    def start_save(self) -> None:
        session = self.desk.window.session
        if not session.is_saving:
            session.writer.save(lambda _: self.ended.append("save"))

    def start_read(self) -> None:
        self.desk.window.session.case_reader.when_read(next(self._cases), lambda: None)

    def start_training(self) -> None:
        panel = self.desk.window.training_panel
        if panel is not None and not self.desk.window.training.is_running:
            panel.train()

    def start_all(self) -> None:
        for start in (self.start_import, self.start_save, self.start_read, self.start_training):
            start()

    def wait_until_idle(self) -> None:
        window = self.desk.window
        self.desk.wait(
            lambda: (
                not (
                    window.imports.is_busy or window.training.is_running or window.session.is_saving
                )
            )
        )


def audit(project: Path, desk: Desk, hand: Hand) -> None:
    """What is on disk after closing is what the hand has seen, and no imported mask has a voxel."""
    workbench = desk.window.session.workbench
    assert workbench is not None
    seen = {case: labels for case, (labels, _) in hand._masks().items()}
    desk.close()
    again = Workbench.open(project)
    for case in again.project.cases:
        labels = again.annotation(case.id).labels
        if case.id in seen:
            assert np.array_equal(labels, seen[case.id]), case.id
        if int(case.id.removeprefix("case-")) > CASES:
            assert not labels.any(), case.id
            assert not any(status.value for status in again.statuses(case.id))
    again.close()


@pytest.mark.parametrize(
    "inputs", [60, pytest.param(300, marks=pytest.mark.long)], ids=["60", "300"]
)
def test_every_input_lands_where_it_was_given_while_everything_ends_behind_it(
    busy_desk: Desk,
    sources: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    record_testsuite_property: Callable[[str, object], None],
    inputs: int,
) -> None:
    background = Background(busy_desk, sources)
    hand = Hand(busy_desk, monkeypatch, inputs, background.start_all)
    project = busy_desk.window.session.path
    assert project is not None
    while hand.tally.given < inputs:
        hand.act()
        if hand.tally.given % 30 == 0:
            # The reader closes what has been read.
            busy_desk.window.banner.clear()
    ended = {kind: background.ended.count(kind) for kind in set(background.ended)}
    # Kept in the record of the tests; `-s` shows it.
    tally = hand.tally.lines() | {"ended behind it": str(dict(sorted(ended.items())))}
    for name, line in tally.items():
        record_testsuite_property(f"{inputs} inputs, {name}", line)
        sys.stdout.write(f"\n{name}: {line}")
    assert hand.tally.silent == []
    assert hand.tally.landed.total() >= LANDED * hand.tally.given
    assert set(ended) == {"import", "read", "prediction", "training", "save", "failure"}
    background.wait_until_idle()
    audit(project, busy_desk, hand)


@pytest.mark.parametrize("kind", ["import", "read", "prediction", "training", "save", "failure"])
def test_an_ending_in_the_background_changes_nothing_under_a_stream_of_strokes_and_keys(
    busy_desk: Desk, sources: list[Path], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    background = Background(busy_desk, sources[3:] if kind == "failure" else sources[:1])
    starts: dict[str, Callable[[], None]] = {
        "import": background.start_import,
        "failure": background.start_import,
        "read": background.start_read,
        "save": background.start_save,
        "training": background.start_training,
        "prediction": background.start_training,
    }
    hand = Hand(busy_desk, monkeypatch, 7)
    project = busy_desk.window.session.path
    assert project is not None
    # Something to save, and the case on screen is not needed by what is read.
    hand.stroke()
    starts[kind]()
    for _ in range(200):
        hand.stroke()
        hand.key(Qt.Key.Key_Return)
        if background.ended.count(kind):
            break
    assert kind in background.ended
    hand.stroke()
    assert hand.tally.silent == [] and not hand.tally.dropped
    background.wait_until_idle()
    audit(project, busy_desk, hand)


def test_a_key_meant_for_stop_presses_nothing_else_when_the_training_ends_by_itself(
    busy_desk: Desk, qtbot: QtBot
) -> None:
    window = busy_desk.window
    panel = window.training_panel
    assert panel is not None
    ended: list[str] = []
    window.training.finished.connect(lambda *_: ended.append("training"))
    panel.train()
    stop = panel.findChild(QPushButton, "stop_button")
    assert stop is not None
    stop.setFocus()
    assert stop.hasFocus()
    busy_desk.wait(lambda: bool(ended) and not window.training.is_running)
    holder = window.focusWidget()
    assert holder is panel
    runs = len(panel.workbench.project.runs) if panel.workbench else 0
    QTest.keyClick(holder, Qt.Key.Key_Space)
    busy_desk.settle()
    assert not window.training.is_running
    assert panel.workbench is not None and len(panel.workbench.project.runs) == runs


def test_words_of_a_training_do_not_make_its_dock_wider_and_move_the_scan(busy_desk: Desk) -> None:
    panel = busy_desk.window.training_panel
    assert panel is not None
    left = panel.findChild(QLabel, "training_left")
    assert left is not None
    before, place = panel.minimumSizeHint().width(), busy_desk.canvas.geometry()
    left.setText("predicting a case with a long name: slice 118 of 480 " * 8)
    busy_desk.settle()
    assert panel.minimumSizeHint().width() == before
    assert busy_desk.canvas.geometry() == place
