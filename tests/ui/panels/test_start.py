"""What a training begins with, chosen in the window: what is kept of it is said before Train."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QFileDialog

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import model_export, run_in_use
from tests.app.runs.test_starting import learnt
from tests.projects import make_project
from tests.ui.panels.test_training import (
    OpenDesk,
    button,
    desk_with,
    newest,
    panel,
    text,
    wait_for_end,
)
from tests.windows import Desk

__all__ = ["desk_with"]
#: Of the list: what stands in it from scratch, without any run.
A_FILE, A_PROJECT = 1, 2


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Path]:
    """Another project, whose run knows this one's segment and one more."""
    (tmp_path / "elsewhere").mkdir()
    workbench = make_project(tmp_path / "elsewhere")
    run = learnt(workbench, [(1, "Lung"), (2, "disc")])
    run_in_use.choose_by_hand(workbench, run.id)
    saving.save(workbench)
    path = workbench.folder.path
    workbench.close()
    yield path


def starts(desk: Desk) -> QComboBox:
    box = panel(desk).findChild(QComboBox, "plan_start")
    assert box is not None
    return box


def answer(desk: Desk, row: int, path: Path) -> None:
    """Choose a row of the list by keys, and answer the file dialog that it opens."""
    box = starts(desk)
    QTest.keyClick(box, Qt.Key.Key_Home)
    box.setCurrentIndex(row - 1)
    QTest.keyClick(box, Qt.Key.Key_Down)
    dialog = desk.dialog("file_dialog")
    assert isinstance(dialog, QFileDialog)
    # Until it is answered nothing else is chosen.
    assert box.currentData() == ""
    dialog.filesSelected.emit([str(path)])
    dialog.close()


@pytest.mark.parametrize("kind", ["file", "project"])
def test_a_training_begins_with_a_file_or_another_project(
    desk_with: OpenDesk, other: Path, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / "lungs.segmodel"
    elsewhere = Workbench.open(other, writable=False)
    model_export.export(elsewhere, elsewhere.project.run("run-001"), file)
    elsewhere.close()
    desk = desk_with()
    assert not text(desk, "training_state")
    name = f"{(file if kind == 'file' else other).name}:run-001"
    answer(desk, A_FILE if kind == "file" else A_PROJECT, file if kind == "file" else other)
    desk.wait(lambda: starts(desk).currentData() == name)
    desk.settle()
    said = text(desk, "training_state")
    assert said.startswith(f"Begins with {name}. Kept: Disc. Left out: Lung.")
    network = panel(desk).findChild(QComboBox, "plan_network")
    assert network is not None and not network.isEnabled()
    desk.press(panel(desk), "train_button")
    wait_for_end(desk)
    run = newest(desk)
    assert run.begun_from is not None and run.begun_from.run == "run-001"
    assert run.begun_from.home == name.partition(":")[0]
    assert f"fine-tuned from {name}" in text(desk, "training_facts")
    # It is offered again, beside the run that it has become.
    assert starts(desk).currentData() == name
    QTest.keyClick(starts(desk), Qt.Key.Key_Home)
    desk.settle()
    assert "Begins with" not in text(desk, "training_state") or run.notes
    assert starts(desk).findData("run-001") == 1
    desk.close()


def test_a_run_of_the_project_says_what_it_knows(desk_with: OpenDesk) -> None:
    desk = desk_with()
    desk.press(panel(desk), "train_button")
    wait_for_end(desk)
    QTest.keyClick(starts(desk), Qt.Key.Key_Home)
    QTest.keyClick(starts(desk), Qt.Key.Key_Down)
    desk.settle()
    assert text(desk, "training_state").startswith("Begins with run-001. It knows all segments.")
    desk.close()


def test_what_is_no_model_is_said_and_nothing_is_chosen(
    desk_with: OpenDesk, tmp_path: Path
) -> None:
    (tmp_path / "lungs.segmodel").write_bytes(b"import os")
    desk = desk_with()
    answer(desk, A_FILE, tmp_path / "lungs.segmodel")
    desk.wait(lambda: "'lungs.segmodel' is no model of segdesk." in desk.window.banner.text)
    assert starts(desk).currentData() == "" and button(desk, "train_button").isEnabled()
    desk.close()
