"""What is typed, chosen in an open list or asked by a dialog outlives what ends behind it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDialog, QLineEdit, QPushButton, QTableView
from pytestqt.qtbot import QtBot

from segdesk.app.project.workbench import Workbench
from segdesk.core.run import Run, plan_for
from segdesk.errors import ProjectError
from segdesk.ui.dialogs import dialog as dialog_module
from segdesk.ui.dialogs.dialog import Dialog
from segdesk.ui.dialogs.message import Choice, show_message
from segdesk.ui.flows import case_reader
from tests.builders import write_dicom_series
from tests.projects import add_case
from tests.windows import Desk


@pytest.fixture
def workbench(desk: Desk, project: Path) -> Workbench:
    desk.open(project)
    found = desk.window.session.workbench
    assert found is not None
    return found


def type_a_name(desk: Desk, qtbot: QtBot) -> QLineEdit:
    """Half of another name for the first segment."""
    table = desk.window.findChild(QTableView, "segment_table")
    assert table is not None
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Return)
    field = table.viewport().findChild(QLineEdit)
    assert field is not None
    qtbot.keyClicks(field, "Left l")
    return field


def test_a_name_that_is_typed_outlives_a_case_that_is_read_and_labels_that_come(
    desk: Desk, workbench: Workbench, qtbot: QtBot
) -> None:
    field = type_a_name(desk, qtbot)
    desk.window.session.case_reader.when_read("case-002", lambda: None)
    desk.wait(lambda: desk.window.session.has_mask("case-002"))
    assert field.text() == "Left l"
    workbench.add_segment("Came with labels")
    desk.settle()
    qtbot.keyClicks(QApplication.focusWidget(), "ung")
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    desk.settle()
    assert [row.name for row in workbench.segments] == ["Left lung", "Came with labels"]


def test_the_first_letter_of_a_name_still_replaces_the_old_one(
    desk: Desk, workbench: Workbench, qtbot: QtBot
) -> None:
    table = desk.window.findChild(QTableView, "segment_table")
    assert table is not None
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Return)
    desk.window.session.case_reader.when_read("case-002", lambda: None)
    desk.wait(lambda: desk.window.session.has_mask("case-002"))
    qtbot.keyClicks(table.viewport().findChild(QLineEdit), "Lobe")
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    desk.settle()
    assert workbench.segments[1].name == "Lobe"


@pytest.mark.usefixtures("workbench")
def test_volumes_that_were_found_are_offered_and_ask_nothing_while_a_name_is_typed(
    desk: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    for at in range(2):
        write_dicom_series(tmp_path / "scans" / str(at), patient=f"PATIENT-{at}")
    desk.window.imports.start([tmp_path / "scans"])
    field = type_a_name(desk, qtbot)
    desk.wait(
        lambda: desk.has_dialog("import_choice_dialog") or "to import" in desk.window.banner.text
    )
    assert not desk.has_dialog("import_choice_dialog")
    assert field.text() == "Left l" and field.hasFocus()


@pytest.mark.usefixtures("workbench")
def test_volumes_that_were_found_open_no_dialog_over_another_one(
    desk: Desk, tmp_path: Path
) -> None:
    for at in range(2):
        write_dicom_series(tmp_path / "scans" / str(at), patient=f"PATIENT-{at}")
    desk.window.imports.start([tmp_path / "scans"])
    desk.window.show_about()
    desk.wait(
        lambda: desk.has_dialog("import_choice_dialog") or "to import" in desk.window.banner.text
    )
    assert not desk.has_dialog("import_choice_dialog")


def test_the_case_on_screen_is_read_after_another_one_that_could_not_be(
    desk: Desk, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged, read = threading.Event(), case_reader.read_case

    def read_case(workbench: Workbench, case: str) -> object:
        if case == "case-002":
            damaged.wait(20)
            raise ProjectError("The mask is damaged.")
        return read(workbench, case)

    monkeypatch.setattr(case_reader, "read_case", read_case)
    add_case(workbench)
    view = desk.window.session.view
    assert view is not None
    view.crosshair.show_case("case-002")
    view.crosshair.show_case("case-003")
    desk.settle()
    damaged.set()
    desk.wait(lambda: desk.window.session.has_mask("case-003"))
    desk.wait(lambda: "damaged" in desk.window.banner.text)


def finished_run(workbench: Workbench, id: str) -> None:
    plan = plan_for("unet_norm", epochs=1)
    workbench.put_run(Run(id=id, plan=plan, started=1.0, outcome="finished", best=1))


def test_rows_of_an_open_list_of_runs_stay_where_they_are(desk: Desk, workbench: Workbench) -> None:
    finished_run(workbench, "run-001")
    desk.settle()
    box = desk.window.findChild(QComboBox, "run_in_use")
    assert box is not None
    rows = [box.itemData(at) for at in range(box.count())]
    box.showPopup()
    finished_run(workbench, "run-002")
    desk.settle()
    assert box.view().isVisible()
    assert [box.itemData(at) for at in range(box.count())] == rows
    QTest.keyClick(box.view(), Qt.Key.Key_Escape)
    desk.settle()
    assert [box.itemData(at) for at in range(box.count())] == [rows[0], "run-002", "run-001"]


def test_keys_that_were_pressed_before_a_dialog_was_seen_press_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialog_module, "KEYS_AFTER_MS", 0)
    pressed: list[str] = []
    dialog = Dialog("late_dialog", "Late", desk.window)
    dialog.add_button("yes", "Yes", lambda: pressed.append("yes"), role="primary")
    dialog.end_rows()
    dialog.take_no_keys_yet()
    dialog.open()
    # As a queue of keys does that waited while the dialog was made: before its first paint.
    QTest.sendKeyEvent(
        QTest.KeyAction.Click, dialog, Qt.Key.Key_Return, "", Qt.KeyboardModifier.NoModifier
    )
    assert pressed == []
    assert QTest.qWaitForWindowExposed(dialog)
    dialog.repaint()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert pressed == ["yes"]
    dialog.reject()


def test_the_answer_that_changes_nothing_has_the_focus(desk: Desk) -> None:
    chosen: list[str] = []
    dialog = show_message(
        desk.window,
        "question",
        "A question",
        "Shall it go?",
        choices=(
            Choice("go", "Go", lambda: chosen.append("go")),
            Choice("stay", "Stay", lambda: chosen.append("stay"), "primary"),
        ),
    )
    desk.settle()
    button = dialog.findChild(QPushButton, "stay")
    assert button is not None and dialog.focusWidget() is button
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert chosen == ["stay"]


def test_files_are_taken_as_a_copy_even_where_a_move_is_proposed(
    desk: Desk, tmp_path: Path
) -> None:
    """The program that a move is accepted from may delete what it gave."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "scan.nii"))])
    both = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    place, shift = QPointF(50, 50), Qt.KeyboardModifier.ShiftModifier
    button = Qt.MouseButton.LeftButton
    for event in (
        QDragEnterEvent(place.toPoint(), both, data, button, shift),
        QDropEvent(place, both, data, button, shift),
    ):
        assert event.proposedAction() == Qt.DropAction.MoveAction
        event.setDropAction(Qt.DropAction.MoveAction)
        QApplication.sendEvent(desk.window, event)
        assert event.isAccepted() and event.dropAction() == Qt.DropAction.CopyAction
    desk.wait(lambda: any(isinstance(row, QDialog) for row in QApplication.topLevelWidgets()))
