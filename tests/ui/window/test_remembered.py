"""What a window remembers from one opening to the next, and what Ctrl+Z takes back first."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.store.parts import project_file
from tests import projects
from tests.projects import add_case, make_project, voxels
from tests.ui.canvas.mouse import drag
from tests.windows import Desk, open_desk

CONTROL = Qt.KeyboardModifier.ControlModifier


def workbench_of(desk: Desk) -> Workbench:
    workbench = desk.window.session.workbench
    assert workbench is not None
    return workbench


def test_case_and_slice_brush_layers_and_plan_come_back(
    desk: Desk, project: Path, qtbot: QtBot, settings_folder: Path
) -> None:
    desk.open(project)
    view = desk.window.session.view
    assert view is not None
    view.crosshair.show_case("case-002")
    desk.wait_for_mask()
    desk.key(Qt.Key.Key_Home)
    there = view.crosshair.slice
    view.hand.set_brush(3.5)
    view.display.set_layers(annotation=0.7, prediction=0.2, style="outline")
    form = desk.window.training_panel
    assert form is not None
    network = form.form.network
    network.setCurrentIndex(network.findData("unet"))
    network.activated.emit(network.currentIndex())
    form.form.batch.set_value(3)
    before = project_file.read(project)
    desk.close()
    _, generation = project_file.read(project)
    assert generation == before[1]
    again = open_desk(settings_folder)
    again.open(project)
    view = again.window.session.view
    assert view is not None
    assert (view.crosshair.case_id, view.crosshair.slice) == ("case-002", there)
    assert view.hand.brush_mm == 3.5
    assert (view.display.layers.annotation, view.display.layers.prediction) == (0.7, 0.2)
    assert view.display.layers.style == "outline"
    assert not workbench_of(again).has_unsaved
    panel = again.window.training_panel
    assert panel is not None
    plan = panel.form.plan()
    assert (plan.network, plan.batch) == ("unet", 3)
    again.close()


def test_a_brush_of_less_than_a_millimetre_comes_back(
    desk: Desk,
    tmp_path: Path,
    qtbot: QtBot,
    settings_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(projects, "SPACING_MM", (0.1, 0.1, 0.1))
    workbench = make_project(tmp_path)
    saving.save(workbench)
    path = workbench.folder.path
    workbench.close()
    desk.open(path)
    assert desk.window.session.view is not None
    desk.window.session.view.hand.set_brush(0.4)
    desk.close()
    again = open_desk(settings_folder)
    again.open(path)
    assert again.window.session.view is not None
    assert again.window.session.view.hand.brush_mm == 0.4
    again.close()


def test_a_place_that_is_gone_and_settings_of_nonsense_open_all_the_same(
    desk: Desk, project: Path, qtbot: QtBot, settings_folder: Path
) -> None:
    desk.window.preferences.change(
        brush_mm=-5.0, annotation=9.0, style="nonsense", plan='{"network": "none", "batch": "x"}'
    )
    desk.open(project)
    view = desk.window.session.view
    assert view is not None
    assert view.crosshair.case_id == "case-001" and 0 < view.hand.brush_mm <= 1.0
    assert view.display.layers.annotation == 1.0 and view.display.layers.style == "fill"
    panel = desk.window.training_panel
    assert panel is not None
    assert panel.findChild(QComboBox, "plan_network") is panel.form.network


def test_the_first_undo_after_an_import_is_what_the_hand_did(desk: Desk, tmp_path: Path) -> None:
    made = Workbench.create(tmp_path / "new.segdesk")
    add_case(made, scan=voxels())
    saving.save(made)
    path = made.folder.path
    made.close()
    desk.open(path)
    workbench = workbench_of(desk)
    assert [segment.name for segment in workbench.segments] == ["Lung"]
    assert workbench.history.next_undo is None and not workbench.has_unsaved
    assert not desk.window.table["undo"].isEnabled()
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    desk.settle()
    assert workbench.annotation("case-001").labels.any()
    desk.shortcut(Qt.Key.Key_Z, CONTROL)
    assert not workbench.annotation("case-001").labels.any()
    assert len(workbench.segments) == 1
    desk.shortcut(Qt.Key.Key_Z, CONTROL)
    assert len(workbench.segments) == 1
    desk.close()
    again = Workbench.open(path)
    assert [segment.name for segment in again.segments] == ["Lung"]
    again.close()
