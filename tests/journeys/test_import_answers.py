"""Journey: a single file, and what it leaves open, in the import's dialog."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QTreeWidget,
)
from pytestqt.qtbot import QtBot

from segdesk.app.files.import_questions import Questions
from segdesk.formats.findings import Finding, Survey
from segdesk.ui.dialogs import dialog as ui_dialog
from segdesk.ui.dialogs.series_list import ImportChoiceDialog
from tests.journeys.test_import_scans import make_project_at, workbench_of
from tests.projects import disc, in_memory, voxels
from tests.windows import Desk

AFFINE = np.diag([-1.0, -1, 2, 1])


@pytest.fixture(autouse=True)
def _keys_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dialog takes keys without the pause for a hand that still types into the scan."""
    monkeypatch.setattr(ui_dialog, "KEYS_AFTER_MS", 0)


def nifti(file: Path, array: np.ndarray) -> Path:
    nib.save(nib.Nifti1Image(array.T, AFFINE), file)
    return file


def part(dialog: QDialog, kind: type, id: str):
    found = dialog.findChild(kind, id)
    assert found is not None, id
    return found


def tick(qtbot: QtBot, option: QRadioButton) -> None:
    qtbot.mouseClick(option, Qt.MouseButton.LeftButton, pos=option.rect().center() * 0.1)
    assert option.isChecked()


def test_a_single_file_comes_in_with_its_labels(desk: Desk, tmp_path: Path, qtbot: QtBot) -> None:
    hu = voxels()
    scan, mask = nifti(tmp_path / "ct.nii", hu), nifti(tmp_path / "mask.nii", disc(hu))
    desk.drop(scan)
    dialog = desk.dialog("import_choice_dialog")
    assert not part(dialog, QLabel, "import_looks_like_mask").isVisible()
    assert not part(dialog, QLabel, "import_unit_doubt").isVisible()
    assert (
        part(dialog, QComboBox, "import_unit").currentText() == "HU or not: decided by the numbers"
    )
    qtbot.keyClicks(part(dialog, QLineEdit, "import_labels_file"), str(mask))
    desk.press(dialog, "import_chosen")
    make_project_at(desk, tmp_path, "lungs", qtbot)
    desk.wait_for_mask()
    workbench = workbench_of(desk)
    assert workbench.project.case("case-001").unit == "HU"
    assert np.array_equal(workbench.annotation("case-001").labels, disc(hu))


def test_a_mask_is_taken_as_the_labels_of_its_case(
    desk: Desk, project: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    desk.open(project)
    workbench = workbench_of(desk)
    hu = voxels(seed=7)
    desk.drop(nifti(tmp_path / "ct.nii", hu))
    desk.press(desk.dialog("import_choice_dialog"), "import_chosen")
    desk.wait(lambda: len(workbench.project.cases) == 3 and not desk.window.imports.is_busy)
    desk.drop(nifti(tmp_path / "mask.nii", disc(hu) * np.uint8(3)))
    dialog = desk.dialog("import_choice_dialog")
    said = part(dialog, QLabel, "import_looks_like_mask").text()
    assert said == "mask.nii looks like a mask of case-003: it holds only 0 and 3."
    assert part(dialog, QRadioButton, "import_as_labels").isChecked()
    assert not part(dialog, QComboBox, "import_unit").isVisible()
    assert not part(dialog, QLineEdit, "import_labels_file").isEnabled()
    desk.press(dialog, "import_chosen")
    desk.press(desk.dialog("label_options_dialog"), "import_label_map")
    desk.wait(lambda: in_memory(workbench, "case-003").annotation.labels.any())
    assert np.array_equal(in_memory(workbench, "case-003").annotation.labels, disc(hu) * 3)
    assert len(workbench.project.cases) == 3 and not desk.window.imports.is_busy


def test_a_mask_becomes_a_scan_only_where_the_reader_says_so(
    desk: Desk, project: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    desk.open(project)
    workbench = workbench_of(desk)
    mask = disc(voxels(seed=7))[:, 2:]
    desk.drop(nifti(tmp_path / "mask.nii", mask))
    dialog = desk.dialog("import_choice_dialog")
    assert (
        part(dialog, QLabel, "import_looks_like_mask")
        .text()
        .startswith("mask.nii looks like a mask: it holds only")
    )
    assert "choose Import labels…" in part(dialog, QLabel, "import_looks_like_mask").text()
    button = part(dialog, QPushButton, "import_chosen")
    assert not button.isEnabled() and button.toolTip() == "Say whether it is a scan."
    assert not part(dialog, QRadioButton, "import_as_labels").isVisible()
    tick(qtbot, part(dialog, QRadioButton, "import_as_scan"))
    desk.press(dialog, "import_chosen")
    desk.wait(lambda: len(workbench.project.cases) == 3)
    assert np.array_equal(in_memory(workbench, "case-003").volume.voxels, mask)


def test_the_unit_is_asked_where_the_values_do_not_tell_it(
    desk: Desk, project: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    desk.open(project)
    workbench = workbench_of(desk)
    tissue = np.rint(np.random.default_rng(0).normal(0, 80, (5, 24, 32))).astype(np.int16)
    desk.drop(nifti(tmp_path / "belly.nii", tissue))
    dialog = desk.dialog("import_choice_dialog")
    assert "do not tell whether they are HU" in part(dialog, QLabel, "import_unit_doubt").text()
    button, unit = (
        part(dialog, QPushButton, "import_chosen"),
        part(dialog, QComboBox, "import_unit"),
    )
    assert not button.isEnabled() and button.toolTip() == "Say whether the values are HU."
    unit.setFocus()
    qtbot.keyClick(unit, Qt.Key.Key_Down)
    assert unit.currentText() == "HU"
    desk.press(dialog, "import_chosen")
    desk.wait(lambda: len(workbench.project.cases) == 3)
    assert workbench.project.case("case-003").unit == "HU"
    assert np.array_equal(in_memory(workbench, "case-003").volume.voxels, tissue)


def test_many_notes_and_doubts_leave_the_buttons_on_a_small_screen(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QScreen, "availableSize", lambda _: QSize(960, 540))
    finding = Finding("NIfTI", "scan.nii", "", "", "", (3, 4, 5), None, 120, (Path("scan.nii"),))
    rows = tuple(replace(finding, description=f"scan-{at}.nii") for at in range(40))
    notes = tuple(f"picture-{at}.png was left out, because it is a picture." for at in range(60))
    asked = [Questions(unit=f"{row.description}: air may be at 24 or at -1000.") for row in rows]
    dialog = ImportChoiceDialog(
        None, Survey(rows, (), notes), asked, Path.home(), lambda chosen: None
    )
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.minimumSizeHint().height() <= 540 and dialog.height() <= 540
    text = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "picture-59.png" in text and "and 36 more" in text


def test_arrays_of_one_file_are_listed_and_the_mask_among_them_is_not_ticked(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    desk.open(project)
    workbench = workbench_of(desk)
    hu = voxels(seed=7)
    np.savez(tmp_path / "two.npz", x=hu, y=disc(hu))
    desk.drop(tmp_path / "two.npz")
    dialog = desk.dialog("import_choice_dialog")
    rows = part(dialog, QTreeWidget, "import_series")
    items = [rows.topLevelItem(at) for at in range(2)]
    assert [item.text(0) for item in items] == ["two.npz:x", "two.npz:y (looks like a mask)"]
    assert [item.checkState(0) for item in items] == [
        Qt.CheckState.Checked,
        Qt.CheckState.Unchecked,
    ]
    desk.press(dialog, "import_chosen")
    desk.wait(lambda: len(workbench.project.cases) == 3 and not desk.window.imports.is_busy)
    assert np.array_equal(in_memory(workbench, "case-003").volume.voxels, hu)
