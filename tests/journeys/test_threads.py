"""Painting never stutters: HDF5, hashes and fsync stay off the window's thread."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from segdesk.app.project.workbench import Workbench
from segdesk.core.project import Project
from segdesk.store.saving import Save
from tests.app.runs.test_running import child
from tests.builders import write_dicom_series
from tests.journeys.heavy_calls import HeavyCalls, record
from tests.journeys.test_import_scans import make_project_at
from tests.ui.canvas.mouse import drag
from tests.windows import Desk, open_desk


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> HeavyCalls:
    return record(monkeypatch)


def _may_stay(call: str) -> bool:
    """Settings are a small file; they change with a dialog, an opening and the close, and never
    while somebody paints."""
    return "app.settings.keep" in call


def workbench_of(desk: Desk) -> Workbench:
    workbench = desk.window.session.workbench
    assert workbench is not None
    return workbench


def teach(desk: Desk) -> None:
    """Paint on two slices and call them right."""
    desk.key(Qt.Key.Key_B)
    for _ in range(2):
        drag(desk.canvas, (12, 12), (12, 20))
        desk.key(Qt.Key.Key_Return)
        desk.key(Qt.Key.Key_Right)


def save(desk: Desk) -> None:
    desk.window.table["save"].trigger()
    desk.wait(lambda: not (desk.window.session.is_saving or workbench_of(desk).has_unsaved))


def test_a_day_at_the_desk_keeps_the_disk_off_the_windows_thread(
    qtbot: QtBot, settings_folder: Path, tmp_path: Path, calls: HeavyCalls
) -> None:
    for name in ("one", "two"):
        write_dicom_series(tmp_path / name, patient=f"PATIENT-{name}")
    calls.made.clear()
    desk = open_desk(settings_folder, trainer_command=child(tmp_path))
    # A scan comes in, into a new project; a pool is set; strokes are synced, undone and saved.
    desk.drop(tmp_path / "one")
    make_project_at(desk, tmp_path, "lungs", qtbot)
    desk.wait_for_mask()
    desk.window.table["pool_train"].trigger()
    teach(desk)
    desk.window.session.journal.sync()
    desk.wait(lambda: not desk.window.session.writer.is_syncing)
    desk.window.table["undo"].trigger()
    save(desk)
    # Another scan comes in; a network learns, and what it predicts is taken and saved.
    desk.drop(tmp_path / "two")
    desk.wait(lambda: len(workbench_of(desk).project.cases) == 2)
    desk.window.table["train"].trigger()
    desk.wait(lambda: not desk.window.training.is_running)
    assert workbench_of(desk).predicted_by("case-001") is not None
    desk.window.table["accept_predictions"].trigger()
    save(desk)
    # The other case is drawn on, closing saves that, and it is there when it is opened again.
    view = desk.window.session.view
    assert view is not None
    view.crosshair.show_case("case-002")
    desk.wait_for_mask()
    drag(desk.canvas, (12, 12), (12, 20))
    desk.close()
    again = open_desk(settings_folder)
    again.open(tmp_path / "lungs.segdesk")
    assert workbench_of(again).project.case("case-001").pool == "train"
    again.close()
    assert calls.kinds() == {"h5py", "fsync", "hash"}
    found = [call for call in calls.on(threading.get_ident()) if not _may_stay(call)]
    assert found == [], "\n".join(found)


def test_a_stroke_reaches_the_disk_while_a_long_save_goes_on(
    desk: Desk, project: Path, calls: HeavyCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, run = threading.Event(), Save.run

    def long(save: Save) -> Project:
        gate.wait(60)
        return run(save)

    desk.open(project)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    with monkeypatch.context() as patched:
        patched.setattr(Save, "run", long)
        desk.window.save()
        drag(desk.canvas, (4, 4), (4, 9))
        calls.made.clear()
        desk.window.session.journal.sync()
        try:
            desk.wait(lambda: "fsync" in calls.kinds())
            assert desk.window.session.is_saving
        finally:
            gate.set()
    desk.wait(lambda: not desk.window.session.is_saving)
    assert calls.on(threading.get_ident()) == []
