"""Journey: impatient hands drop, open and close while something else is under way."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from segdesk.app.files import importing
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.ui.flows.dropped import dropped_project
from tests.builders import write_dicom_series
from tests.journeys.test_import_scans import make_project_at, workbench_of
from tests.projects import make_project
from tests.windows import Desk

BUSY = "An import is running: wait until it ends, or cancel it."
OPENING = "A project is being opened: wait a moment."
CLOSING = "A project is being closed: wait a moment."
ALONE = "One project can be open at a time: drop it alone."


def status_of(desk: Desk) -> str:
    words = desk.window.findChild(QLabel, "status_words")
    assert words is not None
    return words.text()


def saved_project(folder: Path) -> Path:
    folder.mkdir()
    workbench = make_project(folder)
    saving.save(workbench)
    workbench.close()
    return workbench.folder.path


def fill_in(dialog: QDialog, folder: Path, name: str) -> None:
    for id, text in (("project_folder", str(folder)), ("project_name", name)):
        field = dialog.findChild(QLineEdit, id)
        assert field is not None
        field.setText(text)


@pytest.fixture
def scans(tmp_path: Path) -> tuple[Path, Path]:
    """Two DICOM folders."""
    for name, patient in (("one", "PATIENT-1"), ("two", "PATIENT-2")):
        write_dicom_series(tmp_path / name, patient=patient)
    return tmp_path / "one", tmp_path / "two"


def test_a_drop_before_the_project_of_the_first_is_made_is_refused_and_nothing_is_lost(
    desk: Desk, scans: tuple[Path, Path], tmp_path: Path, qtbot: QtBot
) -> None:
    desk.drop(scans[0])
    dialog = desk.dialog("new_project_dialog")
    assert desk.window.imports.is_busy
    desk.drop(scans[1])
    desk.wait(lambda: status_of(desk) == BUSY)
    fill_in(dialog, tmp_path, "lungs")
    # Between Create and the start of the import, in the same turn of the loop.
    create = dialog.findChild(QPushButton, "create_project")
    assert create is not None
    create.click()
    assert desk.window.imports.is_busy
    desk.drop(scans[1])
    desk.wait_for_mask()
    desk.wait(lambda: not desk.window.imports.is_busy)
    assert [case.id for case in workbench_of(desk).project.cases] == ["case-001"]
    desk.drop(scans[1])
    desk.wait(lambda: len(workbench_of(desk).project.cases) == 2)


def test_an_import_ends_where_a_dialog_of_it_is_rejected(
    desk: Desk, scans: tuple[Path, Path], tmp_path: Path, qtbot: QtBot
) -> None:
    desk.drop(*scans)
    desk.dialog("import_choice_dialog").reject()
    desk.settle()
    assert not desk.window.imports.is_busy
    desk.drop(scans[0])
    desk.dialog("new_project_dialog").reject()
    desk.settle()
    assert not desk.window.imports.is_busy
    assert desk.window.table["import_folder"].isEnabled()
    desk.drop(scans[0])
    make_project_at(desk, tmp_path, "lungs", qtbot)
    desk.wait_for_mask()


def test_every_way_to_an_import_says_that_one_is_running(
    desk: Desk, project: Path, scans: tuple[Path, Path]
) -> None:
    desk.drop(*scans)
    dialog = desk.dialog("import_choice_dialog")
    start = desk.window.findChild(QPushButton, "start_import_folder")
    assert start is not None
    assert not start.isEnabled()
    assert start.toolTip() == desk.window.table["import_folder"].toolTip() == BUSY
    dialog.reject()
    desk.settle()
    desk.open(project)
    desk.drop(*scans)
    dialog = desk.dialog("import_choice_dialog")
    link = desk.window.findChild(QPushButton, "import_link")
    assert link is not None
    link.click()
    assert status_of(desk) == BUSY
    dialog.reject()


def test_an_import_ends_where_its_project_cannot_be_made(
    desk: Desk, scans: tuple[Path, Path], tmp_path: Path, qtbot: QtBot
) -> None:
    desk.drop(scans[0])
    dialog = desk.dialog("new_project_dialog")
    fill_in(dialog, tmp_path, "lungs")
    (tmp_path / "lungs.segdesk").write_text("in the way")
    desk.press(dialog, "create_project")
    desk.press(desk.dialog("error_dialog"), "close_message")
    assert not desk.window.imports.is_busy
    assert desk.window.session.workbench is None


def test_a_scan_dropped_while_a_project_is_opened_is_refused(
    desk: Desk, project: Path, scans: tuple[Path, Path]
) -> None:
    desk.window.open_project(project)
    desk.window.imports.start([scans[0]])
    assert status_of(desk) == OPENING
    desk.wait_for_mask()
    assert not desk.window.imports.is_busy
    desk.settle()
    assert not desk.has_dialog("new_project_dialog")
    assert len(workbench_of(desk).project.cases) == 2


def test_of_three_projects_dropped_quickly_the_first_opens_and_the_others_are_refused(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    others = [saved_project(tmp_path / name) for name in ("b", "c")]
    said: list[str] = []
    say = desk.window.messages.say
    desk.window.messages.say = lambda sentence: (said.append(sentence), say(sentence))[1]
    for path in (project, *others):
        desk.drop(path)
    desk.wait_for_mask()
    assert desk.window.session.path == project
    assert said == [OPENING, OPENING]


def test_what_is_dropped_while_a_project_is_closed_is_refused(
    desk: Desk, project: Path, tmp_path: Path, scans: tuple[Path, Path]
) -> None:
    other = saved_project(tmp_path / "b")
    desk.open(project)
    workbench_of(desk).add_segment()
    desk.window.close_project()
    desk.window.open_project(other)
    assert status_of(desk) == CLOSING
    assert desk.window.imports.why_not() == CLOSING
    desk.window.imports.start([scans[0]])
    desk.wait(lambda: desk.window.session.workbench is None)
    desk.settle()
    assert desk.window.session.workbench is None
    assert not desk.has_dialog("new_project_dialog")
    assert desk.window.table["open_project"].isEnabled()


def test_closing_the_window_counts_while_a_project_is_changed(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    other = saved_project(tmp_path / "b")
    desk.open(project)
    workbench_of(desk).add_segment()
    desk.window.open_project(other)
    desk.close()
    Workbench.open(other).close()


def test_opening_another_project_says_which_import_it_stopped(
    desk: Desk,
    project: Path,
    tmp_path: Path,
    scans: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = saved_project(tmp_path / "b")
    desk.open(project)
    # The other project is opened first: the import is not through before it is told to stop.
    read_in = importing.read_in

    def patiently(*arguments: Any, cancelled: Callable[[], bool], **options: Any) -> object:
        asked = count()

        def is_cancelled() -> bool:
            waits = 1000 if next(asked) else 0
            return any(cancelled() or time.sleep(0.01) for _ in range(waits)) or cancelled()

        return read_in(*arguments, cancelled=is_cancelled, **options)

    monkeypatch.setattr(importing, "read_in", patiently)
    # Another project is wanted with the first plane that was written.
    desk.window.imports.previewed.connect(lambda *_: desk.window.open_project(other))
    desk.drop(scans[0])
    desk.wait(lambda: desk.window.session.path == other)
    desk.wait_for_mask()
    stopped = "The import was stopped; case-003 was not imported."
    desk.wait(lambda: desk.window.banner.text == stopped)
    desk.wait(lambda: not desk.window.imports.is_busy)
    first = Workbench.open(project)
    assert [case.id for case in first.project.cases] == ["case-001", "case-002"]
    first.close()


def test_a_survey_that_another_project_stopped_says_so_and_asks_nothing_later(
    desk: Desk, project: Path, scans: tuple[Path, Path]
) -> None:
    desk.window.imports.start(list(scans))
    desk.window.open_project(project)
    desk.wait_for_mask()
    stopped = "The import was stopped; nothing was imported."
    desk.wait(lambda: desk.window.banner.text == stopped)
    assert not desk.has_dialog("import_choice_dialog")


def test_a_question_of_an_import_goes_with_the_project(
    desk: Desk, project: Path, scans: tuple[Path, Path]
) -> None:
    desk.drop(scans[0])
    desk.dialog("new_project_dialog")
    desk.window.open_project(project)
    desk.wait_for_mask()
    assert not desk.has_dialog("new_project_dialog")
    stopped = "The import was stopped; nothing was imported."
    desk.wait(lambda: desk.window.banner.text == stopped)


def test_an_import_that_was_already_in_is_not_called_stopped(
    desk: Desk, project: Path, scans: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    read_in = importing.read_in
    # Deaf to the wish to stop, like a scan whose last plane is being written.
    monkeypatch.setattr(
        importing, "read_in", lambda *a, **k: read_in(*a, **{**k, "cancelled": lambda: False})
    )
    desk.window.imports.previewed.connect(lambda *_: desk.window.close_project())
    desk.drop(scans[0])
    desk.wait(lambda: desk.window.session.workbench is None)
    assert desk.window.banner.text == ""
    first = Workbench.open(project)
    assert len(first.project.cases) == 3
    first.close()


def test_several_projects_at_once_or_one_with_other_things_are_refused_with_one_sentence(
    desk: Desk, project: Path, tmp_path: Path, scans: tuple[Path, Path]
) -> None:
    other = saved_project(tmp_path / "b")
    for paths in ((project, other), (project, scans[0])):
        desk.window.messages.say("")
        desk.drop(*paths)
        desk.wait(lambda: status_of(desk) == ALONE)
        assert not desk.window.imports.is_busy
    assert desk.window.session.workbench is None


def test_the_index_of_a_project_dropped_opens_the_project(desk: Desk, project: Path) -> None:
    desk.drop(project / "project.h5")
    desk.wait_for_mask()
    assert desk.window.session.path == project


def test_an_index_outside_of_a_project_is_no_project(tmp_path: Path) -> None:
    (tmp_path / "project.h5").write_bytes(b"")
    assert dropped_project(tmp_path / "project.h5") is None
    assert dropped_project(tmp_path) is None
