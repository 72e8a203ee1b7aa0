"""Journey: files fall onto the window and become cases."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
)
from pytestqt.qtbot import QtBot

from segdesk.app.project.workbench import Workbench
from segdesk.store.parts import volume_file
from tests.builders import write_dicom_series
from tests.ui.canvas.mouse import drag
from tests.windows import Desk


def workbench_of(desk: Desk) -> Workbench:
    workbench = desk.window.session.workbench
    assert workbench is not None
    return workbench


def make_project_at(desk: Desk, folder: Path, name: str, qtbot: QtBot) -> None:
    """Answer the dialog that asks where the project shall live."""
    dialog = desk.dialog("new_project_dialog")
    for id, text in (("project_name", name), ("project_folder", str(folder))):
        field = dialog.findChild(QLineEdit, id)
        assert field is not None
        field.selectAll()
        qtbot.keyClicks(field, text)
    desk.press(dialog, "create_project")


def test_a_dicom_folder_dropped_on_the_empty_window_becomes_a_case_of_a_new_project(
    desk: Desk, tmp_path: Path, qtbot: QtBot
) -> None:
    hu = write_dicom_series(tmp_path / "scan")
    desk.drop(tmp_path / "scan")
    make_project_at(desk, tmp_path, "lungs", qtbot)
    desk.wait_for_mask()
    workbench = workbench_of(desk)
    assert workbench.folder.path == tmp_path / "lungs.segdesk"
    assert np.array_equal(workbench.volume("case-001").voxels, hu)
    assert desk.window.windowTitle() == "lungs.segdesk — segdesk"
    # Painting works at once: there is a segment.
    assert [segment.name for segment in workbench.segments] == ["Lung"]
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (5, 5), (5, 9))
    assert workbench.annotation("case-001").labels[2, 5, 7] == 1


def test_the_place_is_asked_only_once(desk: Desk, tmp_path: Path, qtbot: QtBot) -> None:
    write_dicom_series(tmp_path / "one")
    write_dicom_series(tmp_path / "two", patient="PATIENT-2")
    desk.drop(tmp_path / "one")
    make_project_at(desk, tmp_path, "lungs", qtbot)
    desk.wait_for_mask()
    desk.drop(tmp_path / "two")
    desk.wait(lambda: len(workbench_of(desk).project.cases) == 2)
    assert not desk.has_dialog("new_project_dialog")
    assert desk.window.session.case_id == "case-001"


def brightest(row: QTreeWidgetItem) -> int:
    """Of the picture of a series, 0 to 255."""
    image = row.icon(0).pixmap(48, 48).toImage()
    places = range(0, image.width(), 2), range(0, image.height(), 2)
    return max(image.pixelColor(x, y).lightness() for x in places[0] for y in places[1])


def test_several_series_are_listed_with_the_disk_they_need_and_only_ticked_ones_come_in(
    desk: Desk, project: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    desk.open(project)
    write_dicom_series(
        tmp_path / "scans" / "a", description="Sharp", kernel="B70f", tags={"SeriesNumber": 4}
    )
    write_dicom_series(
        tmp_path / "scans" / "b", description="Soft", kernel="B30f", tags={"SeriesNumber": 4}
    )
    desk.drop(tmp_path / "scans")
    dialog = desk.dialog("import_choice_dialog")
    space = dialog.findChild(QLabel, "import_space")
    rows = dialog.findChild(QTreeWidget, "import_series")
    assert space is not None and rows is not None
    assert "2 of 2 chosen." in space.text()
    assert f"the disk of '{project}' has" in space.text() and "free" in space.text()
    first = rows.topLevelItem(0)
    assert first is not None
    kept = rows.topLevelItem(1)
    assert kept is not None
    assert {first.text(6), kept.text(6)} == {"a", "b"}
    assert first.text(2) == "4" and first.text(3) == "5 slices of 12×16"
    # The middle slice comes after the list: it is not black.
    desk.wait(lambda: brightest(first) > 40 and brightest(kept) > 40)
    kernel = kept.text(1)
    first.setCheckState(0, Qt.CheckState.Unchecked)
    assert "1 of 2 chosen" in space.text()
    desk.press(dialog, "import_chosen")
    desk.wait(lambda: len(workbench_of(desk).project.cases) == 3)
    tags = dict(workbench_of(desk).project.case("case-003").source.tags)
    assert tags["ConvolutionKernel"] == kernel


def test_a_folder_without_images_shows_one_sentence_and_makes_no_project(
    desk: Desk, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "notes.txt").write_text("nothing to see")
    desk.drop(empty)
    dialog = desk.dialog("error_dialog")
    said = dialog.findChild(QLabel, "message_text")
    assert said is not None
    assert "empty" in said.text()
    desk.press(dialog, "close_message")
    assert desk.window.session.workbench is None
    assert not list(tmp_path.glob("**/*.segdesk"))


def test_a_scan_that_breaks_off_leaves_neither_a_case_nor_the_project_made_for_it(
    desk: Desk, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dicom_series(tmp_path / "scan")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(volume_file, "_lay_out", full)
    desk.drop(tmp_path / "scan")
    make_project_at(desk, tmp_path, "lungs", qtbot)
    dialog = desk.dialog("error_dialog")
    desk.press(dialog, "close_message")
    desk.wait(lambda: desk.window.session.workbench is None)
    assert not (tmp_path / "lungs.segdesk").exists()
    assert str(tmp_path / "lungs.segdesk") not in desk.window.preferences.now.recent


def test_a_cancelled_import_leaves_the_open_project_as_it_was(
    desk: Desk, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    write_dicom_series(tmp_path / "scan", shape=(40, 12, 16))
    runner = desk.window.runner
    # Cancelled by the first progress that it tells, as an impatient reader would.
    runner.progressed.connect(lambda task, *_: task.cancel())
    desk.drop(tmp_path / "scan")
    desk.wait(lambda: not desk.window.imports.is_busy)
    assert not desk.has_dialog("error_dialog")
    assert len(workbench_of(desk).project.cases) == 2
    assert not (project / "cases" / "case-003").exists()


def test_a_project_dropped_on_the_window_is_opened(desk: Desk, project: Path) -> None:
    desk.drop(project)
    desk.wait_for_mask()
    assert desk.window.session.path == project


def test_a_project_that_another_window_has_open_says_so(desk: Desk, project: Path) -> None:
    other = Workbench.open(project)
    desk.window.open_project(project)
    desk.press(desk.dialog("locked_dialog"), "leave_locked")
    assert desk.window.session.workbench is None
    other.close()


def test_a_folder_that_is_no_project_says_so(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "x.segdesk").mkdir()
    desk.drop(tmp_path / "x.segdesk")
    desk.press(desk.dialog("error_dialog"), "close_message")
    assert desk.window.session.workbench is None


def test_a_label_map_comes_in_by_the_menu_and_undo_takes_it_back(
    desk: Desk, project: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    desk.open(project)
    case = workbench_of(desk).project.case("case-001")
    labels = np.zeros(case.grid.shape, np.uint8)
    labels[1, 3:6, 4:9] = 1
    from segdesk.formats.export import export

    export(tmp_path / "mask.nii.gz", labels, case.grid)
    desk.window.table["import_labels"].trigger()
    choose_file(desk, tmp_path / "mask.nii.gz", qtbot)
    desk.press(desk.dialog("label_options_dialog"), "import_label_map")
    desk.wait(lambda: bool(workbench_of(desk).annotation("case-001").labels.any()))
    assert np.array_equal(workbench_of(desk).annotation("case-001").labels, labels)
    desk.window.table["undo"].trigger()
    assert not workbench_of(desk).annotation("case-001").labels.any()


def test_the_annotation_is_exported_as_it_is(
    desk: Desk, project: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    expected = workbench_of(desk).annotation("case-001").labels.copy()
    desk.shortcut(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    desk.press(desk.dialog("export_dialog"), "choose_export_file")
    choose_file(desk, tmp_path / "out.npy", qtbot)
    desk.wait(lambda: "out.npy was written" in desk.window.banner.text)
    assert np.array_equal(np.load(tmp_path / "out.npy"), expected)


def test_the_name_of_an_export_follows_the_kind_that_is_chosen(
    desk: Desk, project: Path, qtbot: QtBot
) -> None:
    desk.open(project)
    desk.shortcut(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    desk.press(desk.dialog("export_dialog"), "choose_export_file")
    dialog = desk.dialog("file_dialog")
    name = dialog.findChild(QLineEdit, "fileNameEdit")
    kinds = dialog.findChild(QComboBox, "fileTypeCombo")
    assert name is not None and kinds is not None
    said = [name.text()]
    kinds.setFocus()
    for _ in range(kinds.count() - 1):
        qtbot.keyClick(kinds, Qt.Key.Key_Down)
        said.append(name.text())
    endings = (".nii.gz", ".nrrd", ".mha", ".npy", "")
    assert said == [f"case-001-annotation{ending}" for ending in endings]
    qtbot.keyClick(name, Qt.Key.Key_Return)
    folder = project.parent / "case-001-annotation"
    desk.wait(lambda: "case-001-annotation was written" in desk.window.banner.text)
    assert len(list(folder.glob("*.png"))) == workbench_of(desk).project.case("case-001").slices


def choose_file(desk: Desk, path: Path, qtbot: QtBot) -> None:
    """Type a path into the file dialog and press Enter."""
    dialog = desk.dialog("file_dialog")
    field = dialog.findChild(QLineEdit, "fileNameEdit")
    assert field is not None
    field.clear()
    qtbot.keyClicks(field, str(path))
    qtbot.keyClick(field, Qt.Key.Key_Return)
    desk.settle()


def test_the_next_step_of_a_refusal_stands_in_the_list_and_in_the_message(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    desk.open(project)
    both = tmp_path / "both"
    (both / "colour").mkdir(parents=True)
    Image.new("LA", (6, 5)).save(both / "colour" / "colour.png")
    desk.drop(both)
    # With a scan on screen what failed floats: no dialog comes between a hand and its scan.
    desk.wait(lambda: "colour.png is a picture in colour" in desk.window.banner.text)
    hint = desk.window.banner.findChild(QLabel, "message_advice")
    assert hint is not None and "Save a scan in grey levels" in hint.text()
    for name in ("a", "b"):
        (both / name).mkdir()
        Image.new("L", (6, 5)).save(both / name / "grey.png")
    desk.drop(both)
    dialog = desk.dialog("import_choice_dialog")
    rows = dialog.findChild(QTreeWidget, "import_series")
    assert rows is not None
    texts = [rows.topLevelItem(at) for at in range(rows.topLevelItemCount())]
    row = next(item for item in texts if item is not None and "colour.png" in item.text(0))
    assert "Save a scan in grey levels" in row.text(0)
    assert row.toolTip(0).endswith("index in a palette.")
    # Once, with the folder; and the line on top does not call everything chosen.
    assert row.text(0).startswith("colour: colour.png is a picture in colour")
    assert row.toolTip(0).startswith(str(both / "colour"))
    space = dialog.findChild(QLabel, "import_space")
    assert space is not None
    assert " of 3 chosen; 1 cannot be read, see below. They need" in space.text()
    desk.press(dialog, "cancel_import_choice")


def test_a_full_disk_of_the_last_project_does_not_stop_an_import_into_a_new_one(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    """The place is asked for first, and the room is measured there."""
    small, large = tmp_path / "small", tmp_path / "large"
    small.mkdir()
    large.mkdir()
    desk.window.preferences.change(project_folder=str(small))
    measured = shutil.disk_usage

    def usage(path: Path) -> object:
        found = measured(path)
        return found._replace(free=500) if Path(path) == small else found

    monkeypatch.setattr(shutil, "disk_usage", usage)
    for name in ("a", "b"):
        write_dicom_series(tmp_path / "scans" / name, patient=name)
    desk.drop(tmp_path / "scans")
    choice = desk.dialog("import_choice_dialog")
    space = choice.findChild(QLabel, "import_space")
    assert space is not None and "disk" not in space.text()
    desk.press(choice, "import_chosen")
    place = desk.dialog("new_project_dialog")
    create = place.findChild(QPushButton, "create_project")
    said = place.findChild(QLabel, "project_place")
    assert create is not None and said is not None and not create.isEnabled()
    assert said.text().startswith("The import needs ")
    assert said.text().endswith(f"the disk of '{small}' has 0.0 MB left.")
    folder = place.findChild(QLineEdit, "project_folder")
    assert folder is not None
    folder.selectAll()
    qtbot.keyClicks(folder, str(large))
    assert create.isEnabled()
    desk.press(place, "create_project")
    desk.wait_for_mask()
    desk.wait(lambda: len(workbench_of(desk).project.cases) == 2)
    assert workbench_of(desk).folder.path.parent == large


def test_the_list_grows_as_wide_as_its_rows_need(
    desk: Desk, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    long = "ThoraxRoutine with contrast, thin slices, follow-up of nodules"
    write_dicom_series(tmp_path / "scans" / "a", description=long, kernel="Br38f\\3")
    write_dicom_series(tmp_path / "scans" / "b", description="Soft", patient="b")
    screen = QSize(3000, 1500)
    monkeypatch.setattr(QScreen, "availableSize", lambda _: screen)
    desk.drop(tmp_path / "scans")
    dialog = desk.dialog("import_choice_dialog")
    rows = dialog.findChild(QTreeWidget, "import_series")
    assert rows is not None
    first = rows.topLevelItem(0)
    assert first is not None and first.text(1) == "Br38f, 3"
    assert rows.sizeHintForColumn(0) <= rows.columnWidth(0)
    desk.press(dialog, "cancel_import_choice")
