"""Journey: what ends in the background changes nothing that the hand acts on.

Case, slice, tool, segment and the place of the picture stay; what came is marked, said, offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QListView, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from segdesk.app.files import importing, label_maps
from segdesk.app.files.exporting import Export
from segdesk.app.project import removing, saving
from segdesk.app.project.saving import PendingSave
from segdesk.app.screen.view_state import ViewState
from segdesk.core.status import SliceStatus
from segdesk.errors import InputError
from segdesk.ui.dialogs import dialog
from segdesk.ui.flows import case_reader
from segdesk.ui.widgets import banner
from tests.builders import write_dicom_series
from tests.journeys.test_import_scans import choose_file, make_project_at, workbench_of
from tests.journeys.test_one_thing_at_a_time import status_of
from tests.projects import in_memory, make_project, stroke
from tests.ui.canvas.mouse import LEFT, drag, move, press, release
from tests.windows import Desk


def view_of(desk: Desk) -> ViewState:
    view = desk.window.session.view
    assert view is not None
    return view


def held(desk: Desk) -> tuple[Any, ...]:
    """What the hand acts on, and where on the screen it lies."""
    view, canvas = view_of(desk), desk.canvas
    return (
        view.crosshair.case_id,
        view.crosshair.slice,
        view.hand.tool,
        view.hand.segment,
        view.hand.brush_mm,
        view.display.window,
        canvas.viewport,
        canvas.mapToGlobal(QPoint(0, 0)),
        canvas.hasFocus(),
    )


def button(desk: Desk, id: str) -> QPushButton:
    """A button of a message, waited for."""
    desk.wait(lambda: desk.window.banner.findChild(QPushButton, id) is not None)
    found = desk.window.banner.findChild(QPushButton, id)
    assert found is not None
    return found


def take_offer(desk: Desk, id: str, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Click the button of a message that has stood there for a while."""
    monkeypatch.setattr(banner, "ARMED_AFTER_MS", 0)
    qtbot.mouseClick(button(desk, id), LEFT)
    desk.settle()


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    write_dicom_series(tmp_path / "scan")
    return tmp_path / "scan"


def test_an_import_that_ends_in_mid_stroke_leaves_the_stroke_in_its_case_and_the_case_on_screen(
    desk: Desk, project: Path, scan: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    before = held(desk)
    press(desk.canvas, (12, 8))
    move(desk.canvas, (12, 12), LEFT)
    desk.drop(scan)
    desk.wait(lambda: len(workbench_of(desk).project.cases) == 3)
    desk.wait(lambda: not desk.window.imports.is_busy)
    move(desk.canvas, (12, 20), LEFT)
    release(desk.canvas, (12, 20))
    assert held(desk) == before
    workbench = workbench_of(desk)
    index = view_of(desk).crosshair.slice
    assert workbench.annotation("case-001").labels[index, 12, 8:21].all()
    assert [edit.name for edit in workbench.history.done] == ["Brush"]
    assert not in_memory(workbench, "case-003").annotation.labels.any()
    assert desk.window.banner.text == "case-003 was imported."
    cases = desk.window.findChild(QListView, "case_list")
    assert cases is not None
    row = cases.model().index(2, 0)
    assert row.data(Qt.ItemDataRole.AccessibleTextRole) == "case-003, new"
    take_offer(desk, "show_new_case", qtbot, monkeypatch)
    desk.wait_for_mask()
    assert desk.window.session.case_id == "case-003"
    assert row.data(Qt.ItemDataRole.AccessibleTextRole) == "case-003"
    assert desk.window.banner.text == ""


def test_an_offer_to_show_a_case_that_was_removed_meanwhile_says_so(
    desk: Desk, project: Path, scan: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    desk.drop(scan)
    desk.wait(lambda: "was imported" in desk.window.banner.text)
    desk.wait(lambda: not desk.window.imports.is_busy)
    workbench = workbench_of(desk)
    saving.save(workbench)
    removing.take_out(workbench, "case-003")
    desk.settle()
    take_offer(desk, "show_new_case", qtbot, monkeypatch)
    assert held(desk)[0] == "case-001"
    assert desk.window.banner.text == "Nothing of it is in the project any more."


def test_only_an_empty_project_shows_its_first_case_by_itself(
    desk: Desk, tmp_path: Path, scan: Path, qtbot: QtBot
) -> None:
    write_dicom_series(tmp_path / "scans" / "a", patient="A")
    write_dicom_series(tmp_path / "scans" / "b", patient="B")
    desk.drop(tmp_path / "scans")
    desk.press(desk.dialog("import_choice_dialog"), "import_chosen")
    make_project_at(desk, tmp_path, "lungs", qtbot)
    desk.wait(lambda: not desk.window.imports.is_busy)
    desk.wait_for_mask()
    assert desk.window.session.case_id == "case-001"
    assert view_of(desk).marks.new == {"case-002"}
    # Both of them, not the one alone that nobody has seen yet.
    assert desk.window.banner.text.endswith("2 cases were imported.")


def test_many_scans_with_much_to_know_are_two_messages_and_the_offer_goes_with_its_case(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    desk.open(project)
    for at in range(6):
        write_dicom_series(
            tmp_path / "scans" / str(at), patient=str(at), tags={"LossyImageCompression": "01"}
        )
    desk.drop(tmp_path / "scans")
    desk.press(desk.dialog("import_choice_dialog"), "import_chosen")
    desk.wait(lambda: len(workbench_of(desk).project.cases) == 8)
    said = [
        "There is something to know about 6 of the cases, such as case-003: rest the pointer on a "
        "case in the list.",
        "6 cases were imported.",
    ]
    desk.wait(lambda: desk.window.banner.text.splitlines() == said)
    desk.wait(lambda: not desk.window.imports.is_busy)
    view_of(desk).crosshair.show_case("case-004")
    desk.settle()
    assert "6 cases were imported." in desk.window.banner.text
    view_of(desk).crosshair.show_case("case-003")
    desk.wait(lambda: "6 cases were imported." not in desk.window.banner.text)


def test_a_click_that_meets_a_message_just_come_up_neither_shows_a_case_nor_paints(
    desk: Desk, project: Path, scan: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(banner, "ARMED_AFTER_MS", 10**9)
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    desk.drop(scan)
    offer = button(desk, "show_new_case")
    before = held(desk)
    handle = desk.window.windowHandle()
    assert handle is not None
    place = offer.mapTo(desk.window, offer.rect().center())
    QTest.mouseClick(handle, LEFT, Qt.KeyboardModifier.NoModifier, place)
    desk.settle()
    assert held(desk) == before
    assert not workbench_of(desk).annotation("case-001").labels.any()
    assert status_of(desk) == "A message had just come up under the pointer, so nothing was done."


def test_an_import_leaves_background_in_the_hand(
    desk: Desk, project: Path, tmp_path: Path, scan: Path, qtbot: QtBot
) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_0)
    desk.drop(scan)
    desk.wait(lambda: len(workbench_of(desk).project.cases) == 3)
    assert view_of(desk).hand.segment == 0
    np.save(tmp_path / "mask.npy", np.ones(workbench_of(desk).project.cases[0].grid.shape, "u1"))
    desk.window.table["import_labels"].trigger()
    choose_file(desk, tmp_path / "mask.npy", qtbot)
    desk.press(desk.dialog("label_options_dialog"), "import_label_map")
    desk.wait(lambda: bool(workbench_of(desk).annotation("case-001").labels.all()))
    desk.settle()
    assert view_of(desk).hand.segment == 0


@pytest.mark.parametrize("kind", ["import", "labels", "export", "read", "save"])
def test_what_fails_in_the_background_floats_and_a_stroke_goes_on(
    kind: str,
    desk: Desk,
    project: Path,
    scan: Path,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> object:
        raise InputError("It cannot be done.", "Do something else.")

    desk.open(project)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (4, 8), (4, 9))
    before = held(desk)
    press(desk.canvas, (12, 8))
    ends: dict[str, Callable[[], object]] = {
        "import": lambda: desk.drop(scan),
        "labels": lambda: desk.window.exchange._read(
            workbench_of(desk), "case-001", tmp_path / "none.nii", "auto"
        ),
        "export": lambda: desk.window.exchange._export(
            workbench_of(desk), "case-001", "annotation", tmp_path / "out.npy"
        ),
        "read": lambda: desk.window.session.case_reader.when_read("case-002", lambda: None),
        "save": desk.window.save,
    }
    with monkeypatch.context() as broken:
        broken.setattr(importing, "read_in", refuse)
        broken.setattr(label_maps, "read_label_map", refuse)
        broken.setattr(Export, "write", refuse)
        broken.setattr(case_reader, "read_case", refuse)
        broken.setattr(PendingSave, "run", refuse)
        ends[kind]()
        desk.wait(lambda: desk.window.banner.text != "")
    move(desk.canvas, (12, 20), LEFT)
    release(desk.canvas, (12, 20))
    assert held(desk) == before
    index = desk.canvas.view.crosshair.slice
    assert workbench_of(desk).annotation("case-001").labels[index, 12, 8:21].all()
    assert not desk.has_dialog("error_dialog")
    said = desk.window.banner.text
    if kind == "save":
        assert said == "The project is not saved. Nothing is lost: the journal keeps every stroke."
    else:
        assert said == "It cannot be done."
    advice = desk.window.banner.findChild(QLabel, "message_advice")
    wanted = "Do something else."
    if kind == "save":
        wanted = "It cannot be done. It is tried again by itself."
    assert advice is not None and advice.text() == wanted


def test_the_volumes_that_were_found_are_offered_where_somebody_has_begun_to_draw(
    desk: Desk, project: Path, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        write_dicom_series(tmp_path / "scans" / name, patient=name)
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    before = held(desk)
    desk.window.imports.start([tmp_path / "scans"])
    press(desk.canvas, (12, 8))
    button(desk, "choose_volumes")
    move(desk.canvas, (12, 12), LEFT)
    release(desk.canvas, (12, 12))
    desk.key(Qt.Key.Key_Return)
    assert held(desk) == before
    assert not desk.has_dialog("import_choice_dialog")
    assert desk.window.imports.is_busy
    take_offer(desk, "choose_volumes", qtbot, monkeypatch)
    monkeypatch.setattr(dialog, "KEYS_AFTER_MS", 0)
    qtbot.keyClick(desk.dialog("import_choice_dialog"), Qt.Key.Key_Return)
    desk.wait(lambda: len(workbench_of(desk).project.cases) == 4)


def test_an_offer_of_volumes_that_is_closed_ends_the_import(
    desk: Desk, project: Path, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        write_dicom_series(tmp_path / "scans" / name, patient=name)
    desk.open(project)
    desk.window.imports.start([tmp_path / "scans"])
    desk.key(Qt.Key.Key_B)
    button(desk, "choose_volumes")
    monkeypatch.setattr(banner, "ARMED_AFTER_MS", 0)
    cross = desk.window.banner.findChild(QWidget, "close_banner")
    assert cross is not None
    qtbot.mouseClick(cross, LEFT)
    assert not desk.window.imports.is_busy


def test_a_return_that_meets_a_dialog_just_come_up_presses_nothing(
    desk: Desk, project: Path, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        write_dicom_series(tmp_path / "scans" / name, patient=name)
    monkeypatch.setattr(dialog, "KEYS_AFTER_MS", 10**9)
    desk.open(project)
    desk.drop(tmp_path / "scans")
    asked = desk.dialog("import_choice_dialog")
    for widget in (asked, *asked.findChildren(QWidget)):
        qtbot.keyClick(widget, Qt.Key.Key_Return)
        qtbot.keyClick(widget, Qt.Key.Key_Escape)
    assert asked.isVisible()
    monkeypatch.setattr(dialog, "KEYS_AFTER_MS", 0)
    qtbot.keyClick(asked, Qt.Key.Key_Escape)
    assert not desk.window.imports.is_busy


@pytest.fixture
def slow_reading(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """The reading of a case waits until this is set."""
    may_end, read = Event(), case_reader.read_case
    may_end.set()

    def wait(*wanted: Any) -> object:
        may_end.wait(20)
        return read(*wanted)

    monkeypatch.setattr(case_reader, "read_case", wait)
    yield may_end
    may_end.set()


def undo_in_a_case_that_is_not_in_memory(desk: Desk, project: Path, slow_reading: Event) -> None:
    """A stroke in case-001, another case on screen, and Ctrl+Z while nothing can be read."""
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 8), (12, 20))
    view_of(desk).crosshair.show_case("case-002")
    desk.wait_for_mask()
    desk.window.save()
    desk.wait(lambda: not workbench_of(desk).has_unsaved and not desk.window.session.is_saving)
    # As if the memory had been needed for other cases.
    del workbench_of(desk)._memory._cases["case-001"]
    slow_reading.clear()
    desk.shortcut(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)


def test_an_undo_shows_its_place_when_it_is_asked_for_and_not_when_the_mask_has_been_read(
    desk: Desk, project: Path, slow_reading: Event
) -> None:
    undo_in_a_case_that_is_not_in_memory(desk, project, slow_reading)
    assert desk.window.session.case_id == "case-001"
    desk.shortcut(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert status_of(desk) == "case-001 is still being read: wait a moment."
    view_of(desk).crosshair.show_case("case-002")
    slow_reading.set()
    desk.wait(lambda: not workbench_of(desk).history.done)
    assert not workbench_of(desk).annotation("case-001").labels.any()
    assert desk.window.session.case_id == "case-002"
    assert desk.window.banner.text == "Undone: Brush, slice 3 of case-001"


def test_an_undo_that_waits_for_its_mask_is_left_out_and_said_where_more_was_drawn(
    desk: Desk, project: Path, slow_reading: Event
) -> None:
    undo_in_a_case_that_is_not_in_memory(desk, project, slow_reading)
    view_of(desk).crosshair.show_case("case-002")
    drag(desk.canvas, (12, 8), (12, 20))
    slow_reading.set()
    desk.wait(lambda: desk.window.session.has_mask("case-001"))
    for case in ("case-001", "case-002"):
        assert in_memory(workbench_of(desk), case).annotation.labels.any()
    assert desk.window.banner.text == (
        "Left as it was, because more was drawn since: Brush, slice 3 of case-001"
    )


def test_ctrl_z_meant_for_a_stroke_takes_back_no_labels_that_came_in_with_a_new_case(
    desk: Desk, project: Path
) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 8), (12, 20))
    # What an import with labels does when it ends.
    in_memory(workbench_of(desk), "case-002")
    stroke(workbench_of(desk), 1, case="case-002")
    view_of(desk).marks.mark_new("case-002")
    before = held(desk)
    desk.shortcut(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert held(desk) == before
    assert "of case-002, which came in by itself" in status_of(desk)
    assert in_memory(workbench_of(desk), "case-002").annotation.labels.any()
    view_of(desk).crosshair.show_case("case-002")
    desk.wait_for_mask()
    desk.shortcut(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not in_memory(workbench_of(desk), "case-002").annotation.labels.any()


def test_a_stroke_on_a_case_that_is_still_read_is_dropped_and_said(
    desk: Desk, project: Path, slow_reading: Event
) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    slow_reading.clear()
    view_of(desk).crosshair.show_case("case-002")
    drag(desk.canvas, (12, 8), (12, 20))
    assert status_of(desk) == "case-002 is still being read, so nothing was drawn."
    slow_reading.set()
    desk.wait_for_mask()
    for case in ("case-001", "case-002"):
        assert not in_memory(workbench_of(desk), case).annotation.labels.any()


def test_the_case_on_screen_stays_in_memory_whatever_is_read_behind_it(
    desk: Desk, tmp_path: Path
) -> None:
    made = make_project(tmp_path, cases=6)
    saving.save(made)
    made.close()
    desk.open(made.folder.path)
    # In one turn of the loop, as a training that freezes its cases reads them.
    for number in range(2, 7):
        in_memory(workbench_of(desk), f"case-{number:03d}")
    assert desk.window.session.has_mask("case-001")
    desk.key(Qt.Key.Key_Return)
    index = view_of(desk).crosshair.slice
    assert workbench_of(desk).statuses("case-001")[index] is SliceStatus.CORRECTED


def test_labels_for_a_project_that_was_closed_meanwhile_reach_no_other_one(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    desk.open(project)
    gone = workbench_of(desk)
    np.save(tmp_path / "mask.npy", np.ones(gone.project.cases[0].grid.shape, "u1"))
    desk.window.close_project()
    desk.wait(lambda: desk.window.session.workbench is None)
    desk.open(project)
    desk.window.exchange._ask_how(gone, "case-001", tmp_path / "mask.npy")
    desk.press(desk.dialog("label_options_dialog"), "import_label_map")
    assert "has been closed" in desk.window.banner.text
    assert not workbench_of(desk).annotation("case-001").labels.any()
