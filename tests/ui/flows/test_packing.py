"""A project packed out of the window, and a packed one opened in it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
)

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.errors import Cancelled
from segdesk.ui.application import begin
from segdesk.ui.look.theme import GRID
from tests.packs import add_run, by_h5py, pack_of
from tests.projects import make_project, stroke
from tests.windows import Desk, desk, project, settings_folder

__all__ = ["desk", "project", "settings_folder"]


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """carried.h5: a project with two cases of which the first has a stroke."""
    home = tmp_path / "elsewhere"
    home.mkdir()
    workbench = make_project(home, cases=2)
    stroke(workbench, 2)
    file = pack_of(workbench, tmp_path / "carried.h5")
    workbench.close()
    return file


def unpack_into(desk: Desk, folder: Path) -> None:
    dialog = desk.dialog("new_project_dialog")
    assert dialog.windowTitle() == "Unpack a project"
    said = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "carried.h5 is a packed project with 2 cases. " in said
    name = dialog.findChild(QLineEdit, "project_name")
    place = dialog.findChild(QLineEdit, "project_folder")
    assert isinstance(name, QLineEdit) and isinstance(place, QLineEdit)
    assert name.text() == "carried"
    place.setText(str(folder))
    desk.press(dialog, "create_project")


def row(tree: QTreeWidget, group: int, at: int) -> QTreeWidgetItem:
    """A case (group 0) or run (group 1) of the list."""
    home = tree.topLevelItem(group)
    assert home is not None
    found = home.child(at)
    assert found is not None
    return found


@pytest.mark.parametrize("way", ["drop", "menu", "command line"])
def test_a_packed_project_is_offered_to_be_unpacked_and_opens(
    desk: Desk, packed: Path, tmp_path: Path, way: str
) -> None:
    if way == "drop":
        desk.drop(packed)
    elif way == "menu":
        desk.window.table["open_packed"].trigger()
        dialog = desk.dialog("file_dialog")
        assert isinstance(dialog, QFileDialog)
        dialog.filesSelected.emit([str(packed)])
        dialog.close()
    else:
        begin(desk.window, packed, ())
    unpack_into(desk, tmp_path)
    desk.wait_for_mask()
    session = desk.window.session
    assert session.path == tmp_path / "carried.segdesk"
    assert session.workbench is not None
    with by_h5py(packed) as root:
        labels = root["cases/case-001/labels"][()]
    assert labels.any()
    assert np.array_equal(session.workbench.annotation("case-001").labels, labels)


def test_a_damaged_packed_project_is_refused_and_the_open_one_stays(
    desk: Desk, project: Path, packed: Path
) -> None:
    desk.open(project)
    content = bytearray(packed.read_bytes())
    content[len(content) // 2] ^= 1
    packed.write_bytes(content)
    desk.window.open_project(packed)
    desk.wait(lambda: "carried.h5" in desk.window.banner.text)
    assert "damaged" in desk.window.banner.text
    assert desk.window.session.path == project
    assert not desk.has_dialog("pack_checking")


def test_unpacking_can_be_cancelled_and_leaves_nothing(
    desk: Desk, packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.window.open_project(packed)
    desk.dialog("new_project_dialog")

    def never_ends(*_: Any, cancelled: Any, **__: Any) -> None:
        while not cancelled():
            pass
        raise Cancelled

    monkeypatch.setattr("segdesk.ui.flows.packing.unpacking.unpack", never_ends)
    unpack_into(desk, tmp_path)
    desk.press(desk.dialog("pack_unpacking"), "cancel_waiting")
    desk.wait(lambda: "nothing half-done" in desk.window.banner.text)
    assert desk.window.session.workbench is None
    assert not (tmp_path / "carried.segdesk").exists()


def test_the_open_project_is_packed_with_the_cases_and_runs_that_are_ticked(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    workbench = Workbench.open(project)
    for run in ("run-001", "run-002"):
        add_run(workbench, run)
    saving.save(workbench)
    workbench.close()
    desk.open(project)
    assert desk.window.session.workbench is not None
    stroke(desk.window.session.workbench, 3)
    labels = desk.window.session.workbench.annotation("case-001").labels.copy()
    desk.window.table["pack"].trigger()
    dialog = desk.dialog("pack_dialog")
    tree = dialog.findChild(QTreeWidget, "pack_list")
    assert isinstance(tree, QTreeWidget)
    assert [row(tree, 0, at).text(0) for at in range(2)] == ["case-001", "case-002"]
    row(tree, 0, 1).setCheckState(0, Qt.CheckState.Unchecked)
    row(tree, 1, 0).setCheckState(0, Qt.CheckState.Unchecked)
    desk.press(dialog, "choose_pack_file")
    file_dialog = desk.dialog("file_dialog")
    assert isinstance(file_dialog, QFileDialog)
    file_dialog.filesSelected.emit([str(tmp_path / "out")])
    file_dialog.close()
    desk.wait(lambda: "1 case and 1 run are in out.h5." in desk.window.banner.text)
    with by_h5py(tmp_path / "out.h5") as root:
        assert (set(root["cases"]), set(root["runs"])) == ({"case-001"}, {"run-002"})
        assert np.array_equal(root["cases/case-001/labels"][()], labels)


def test_leaving_every_case_out_is_no_choice(desk: Desk, project: Path) -> None:
    desk.open(project)
    desk.window.table["pack"].trigger()
    dialog = desk.dialog("pack_dialog")
    tree = dialog.findChild(QTreeWidget, "pack_list")
    assert isinstance(tree, QTreeWidget)
    desk.settle()
    # Names are whole, with their box and the style's margins: what is left out is known by them.
    name = row(tree, 0, 0)
    needed = tree.fontMetrics().horizontalAdvance(name.text(0)) + 12 * GRID
    assert tree.visualItemRect(name).width() - tree.columnWidth(1) >= needed
    for at in range(2):
        row(tree, 0, at).setCheckState(0, Qt.CheckState.Unchecked)
    button = dialog.findChild(QPushButton, "choose_pack_file")
    assert isinstance(button, QPushButton)
    assert not button.isEnabled()
    assert "Tick at least one case." in button.toolTip()


def test_without_a_project_there_is_nothing_to_pack(desk: Desk) -> None:
    assert not desk.window.table["pack"].isEnabled()
    assert desk.window.packing.why_not_pack() == "Open a project first (Ctrl+O)."
