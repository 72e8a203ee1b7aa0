"""The project under a window that is open goes away: said, nothing written elsewhere, and saved
elsewhere nothing is lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from segdesk.app.project.workbench import Workbench
from segdesk.ui.widgets.banner import ARMED_AFTER_MS
from tests.read_only_disk import read_only_disk
from tests.store.disk.test_guard import (
    an_older_copy,
    another_folder,
    deleted,
    everything,
    lock_deleted,
    renamed,
)
from tests.ui.canvas.mouse import drag
from tests.windows import Desk

CASE = "case-001"
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """Another place."""
    (tmp_path / "there").mkdir()
    return tmp_path / "there"


def open_to_draw(desk: Desk, project: Path) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_B)


def workbench_of(desk: Desk) -> Workbench:
    workbench = desk.window.session.workbench
    assert workbench is not None
    return workbench


def draw(desk: Desk, row: int) -> None:
    drag(desk.canvas, (row, 4), (row, 10))
    desk.settle()


def look(desk: Desk) -> None:
    """What the timer does every two seconds."""
    journal = desk.window.session.journal
    journal.sync()
    desk.wait(lambda: not desk.window.session.writer.is_syncing)


def messages(desk: Desk) -> str:
    """Every message over the scan, with its second line."""
    banner = desk.window.banner
    return "\n".join(label.text() for label in banner.findChildren(QLabel) if label.isVisible())


def choose(desk: Desk, folder: Path, name: str) -> None:
    dialog = desk.dialog("new_project_dialog")
    for id, text in (("project_folder", str(folder)), ("project_name", name)):
        field = dialog.findChild(QLineEdit, id)
        assert field is not None
        field.selectAll()
        QTest.keyClicks(field, text)
    desk.press(dialog, "create_project")


def save_elsewhere(desk: Desk, folder: Path, name: str) -> Path:
    """Choose a place in the dialog that is open, and wait for the project there."""
    choose(desk, folder, name)
    target = folder / f"{name}.segdesk"
    desk.wait(lambda: desk.window.session.path == target)
    desk.wait_for_mask()
    # Without a window system nobody gives it back once the dialog is gone.
    desk.window.activateWindow()
    desk.settle()
    return target


def press_the_message(desk: Desk, qtbot: QtBot) -> None:
    button = desk.window.banner.findChild(QPushButton, "offer_save_elsewhere")
    assert button is not None
    qtbot.wait(ARMED_AFTER_MS + 50)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    desk.settle()


@pytest.mark.parametrize("change", [renamed, an_older_copy, deleted, lock_deleted])
def test_a_project_that_goes_away_is_said_and_saved_elsewhere_nothing_is_lost(
    desk: Desk, project: Path, there: Path, qtbot: QtBot, change: Callable[[Path], None]
) -> None:
    open_to_draw(desk, project)
    draw(desk, 4)
    look(desk)
    change(project)
    before = everything(project) if project.exists() else {}
    draw(desk, 12)
    look(desk)
    desk.shortcut(Qt.Key.Key_S, CTRL)
    desk.wait(lambda: "test.segdesk" in desk.window.banner.text)
    desk.wait(lambda: not desk.window.session.is_saving)
    assert not desk.has_dialog("error_dialog")
    assert (everything(project) if project.exists() else {}) == before
    expected = workbench_of(desk).annotation(CASE).labels.copy()
    press_the_message(desk, qtbot)
    target = save_elsewhere(desk, there, "kept")
    assert (everything(project) if project.exists() else {}) == before
    workbench = workbench_of(desk)
    assert np.array_equal(workbench.annotation(CASE).labels, expected)
    assert desk.window.session.view is not None and desk.window.session.view.hand.tool == "brush"
    assert "no longer" not in desk.window.banner.text
    draw(desk, 18)
    desk.shortcut(Qt.Key.Key_S, CTRL)
    desk.wait(lambda: not workbench.has_unsaved and not desk.window.session.is_saving)
    expected = workbench.annotation(CASE).labels.copy()
    desk.close()
    again = Workbench.open(target)
    assert np.array_equal(again.annotation(CASE).labels, expected)
    again.close()


def test_a_disk_that_turns_read_only_while_a_project_is_open_loses_nothing_after_save_elsewhere(
    desk: Desk, project: Path, there: Path, qtbot: QtBot
) -> None:
    open_to_draw(desk, project)
    draw(desk, 4)
    look(desk)
    with read_only_disk(project.parent):
        before = everything(project)
        draw(desk, 12)
        look(desk)
        expected = workbench_of(desk).annotation(CASE).labels.copy()
        press_the_message(desk, qtbot)
        save_elsewhere(desk, there, "kept")
        assert np.array_equal(workbench_of(desk).annotation(CASE).labels, expected)
        assert everything(project) == before


def test_a_folder_that_is_put_back_is_written_to_again_and_the_message_goes(
    desk: Desk, project: Path
) -> None:
    open_to_draw(desk, project)
    renamed(project)
    draw(desk, 4)
    look(desk)
    assert "no longer at its place" in desk.window.banner.text
    project.with_name("renamed.segdesk").rename(project)
    look(desk)
    assert "no longer at its place" not in desk.window.banner.text


def test_a_folder_that_is_put_back_after_a_save_has_failed_is_saved_at_the_next_look(
    desk: Desk, project: Path
) -> None:
    desk.open(project)
    session = desk.window.session
    desk.key(Qt.Key.Key_B)
    renamed(project)
    draw(desk, 4)
    desk.shortcut(Qt.Key.Key_S, CTRL)
    desk.wait(lambda: not session.is_saving)
    look(desk)
    project.with_name("renamed.segdesk").rename(project)
    desk.window._disk_message.look()
    assert "no longer" not in messages(desk)
    assert "Its folder is back at its place" in messages(desk)
    look(desk)
    desk.wait(lambda: messages(desk) == "" and not workbench_of(desk).has_unsaved)
    assert not session.is_saving


def test_a_window_that_is_closed_over_a_deleted_project_asks_and_can_save_it_elsewhere(
    desk: Desk, project: Path, there: Path
) -> None:
    desk.open(project)
    expected = workbench_of(desk).annotation(CASE).labels.copy()
    deleted(project)
    desk.window.close()
    desk.press(desk.dialog("save_failed_dialog"), "save_elsewhere_first")
    save_elsewhere(desk, there, "kept")
    assert np.array_equal(workbench_of(desk).annotation(CASE).labels, expected)
    # The other case was on the disk only.
    assert desk.window.banner.text.splitlines() == [
        "What could be reached is in 'kept.segdesk' now.",
        "case-002 could not be kept: its scan is gone.",
    ]


def test_a_copy_of_a_project_that_is_well_is_made_from_the_menu(
    desk: Desk, project: Path, there: Path
) -> None:
    open_to_draw(desk, project)
    draw(desk, 4)
    expected = workbench_of(desk).annotation(CASE).labels.copy()
    desk.window.table["save_elsewhere"].trigger()
    save_elsewhere(desk, there, "copy")
    assert np.array_equal(workbench_of(desk).annotation(CASE).labels, expected)
    assert desk.window.banner.text == "Everything is in 'copy.segdesk' now."
    # Whoever has saved is not told that something is not saved.
    desk.wait(lambda: not workbench_of(desk).has_unsaved)
    old = Workbench.open(project)
    assert np.array_equal(old.annotation(CASE).labels, expected)
    old.close()


def test_a_copy_that_fails_leaves_the_project_open_as_it_was(
    desk: Desk, project: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_to_draw(desk, project)
    another_folder(project)
    draw(desk, 4)
    workbench = workbench_of(desk)
    desk.window.table["save_elsewhere"].trigger()
    with monkeypatch.context() as patched, read_only_disk(there):
        patched.setattr("segdesk.ui.dialogs.new_project._may_write", lambda _: True)
        choose(desk, there, "kept")
        desk.wait(lambda: "could not be written" in desk.window.banner.text)
    assert workbench_of(desk) is workbench
    assert list(there.iterdir()) == []
    draw(desk, 12)
    desk.window.close()
    desk.press(desk.dialog("save_failed_dialog"), "close_anyway")
    desk.wait(lambda: desk.window.session.workbench is None)


def test_a_journal_that_another_program_deletes_is_followed_by_a_save_at_once(
    desk: Desk, project: Path
) -> None:
    desk.open(project)
    workbench = workbench_of(desk)
    draw(desk, 3)
    (journal,) = project.glob(f"journal-{workbench.folder.generation}")
    journal.unlink()
    look(desk)
    session = desk.window.session
    desk.wait(lambda: not session.is_saving and not workbench.has_unsaved)
    draw(desk, 6)
    drawn = workbench.annotation(CASE).labels.copy()
    copy = project.with_name("copy.segdesk")
    shutil.copytree(project, copy)
    again = Workbench.open(copy)
    assert np.array_equal(again.annotation(CASE).labels, drawn)
    again.close()


def test_what_is_safe_of_a_folder_that_was_renamed_is_said_and_true(
    desk: Desk, project: Path
) -> None:
    open_to_draw(desk, project)
    renamed(project)
    draw(desk, 4)
    look(desk)
    said = desk.window.session.journal.what_is_kept()
    assert "every stroke is in its journal: closing loses none" in said
    drawn = workbench_of(desk).annotation(CASE).labels.copy()
    copy = shutil.copytree(project.with_name("renamed.segdesk"), project.with_name("copy.segdesk"))
    again = Workbench.open(copy, writable=False)
    assert np.array_equal(again.annotation(CASE).labels, drawn)
    again.close()
    project.with_name("renamed.segdesk").rename(project)
    look(desk)
