"""A full disk: one message stands with what is safe and what is not, and goes by itself."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QFrame, QLabel

from segdesk.app.project.workbench import Workbench
from segdesk.ui.flows import journal_sync
from tests.full_disk import full_disk
from tests.ui.canvas.mouse import drag
from tests.windows import Desk

CASE = "case-001"
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(autouse=True)
def quick_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is tried again soon."""
    monkeypatch.setattr(journal_sync, "SYNC_EVERY_MS", 200)


def workbench_of(desk: Desk) -> Workbench:
    workbench = desk.window.session.workbench
    assert workbench is not None
    return workbench


def draw(desk: Desk, row: int) -> None:
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (row, 4), (row, 10))
    desk.settle()


def messages(desk: Desk) -> list[str]:
    """Every message over the scan, with its second line."""
    frames = desk.window.banner.findChildren(QFrame, "message")
    return [
        " ".join(label.text() for label in frame.findChildren(QLabel))
        for frame in frames
        if frame.isVisible()
    ]


def dialogs() -> list[str]:
    return [
        row.objectName()
        for row in QApplication.topLevelWidgets()
        if isinstance(row, QDialog) and row.isVisible()
    ]


def said(desk: Desk) -> str:
    words = desk.window.findChild(QLabel, "saved_words")
    assert words is not None
    return words.text()


def strokes_after_a_kill(project: Path, copy: Path) -> int:
    """How many strokes of today somebody finds who opens the folder as it lies there now."""
    shutil.copytree(project, copy)
    again = Workbench.open(copy)
    found = sum(edit.kind == "stroke" for edit in again.history.done)
    again.close()
    return found


def test_strokes_on_a_full_disk_are_counted_in_one_message_that_goes_when_there_is_room(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    desk.open(project)
    draw(desk, 4)
    with full_disk(project):
        for at, row in enumerate((8, 12, 16), start=1):
            draw(desk, row)
            (only,) = messages(desk)
            many = "The last change is" if at == 1 else f"The last {at} changes are"
            assert only.startswith(f"{many} not on the disk yet")
            assert "the disk is full" in only and "Everything before is safe" in only
            assert said(desk) == f"the last changes ({at}) are not on the disk"
        assert dialogs() == []
        # What was said to be lost by a kill is lost by one, and nothing else.
        assert strokes_after_a_kill(project, tmp_path / "killed.segdesk") == 1
        desk.window.session.journal.sync()
        desk.wait(lambda: not desk.window.session.writer.is_syncing)
        assert len(messages(desk)) == 1
    # Nobody draws and nobody saves: the timer of the sync is enough.
    desk.wait(lambda: messages(desk) == [])
    desk.wait(lambda: said(desk) == "recovery copy up to date")
    assert strokes_after_a_kill(project, tmp_path / "room.segdesk") == 4


def test_what_is_undone_on_a_full_disk_is_counted_shown_and_written_by_the_timer(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    desk.open(project)
    draw(desk, 4)
    draw(desk, 8)
    workbench = workbench_of(desk)
    desk.window.session.journal.sync()
    desk.wait(lambda: not desk.window.session.writer.is_syncing)
    with full_disk(project):
        desk.shortcut(Qt.Key.Key_Z, CONTROL)
        assert workbench.folder.waiting == 1
        assert "The last change is not on the disk yet" in messages(desk)[0]
        assert desk.window.table["redo"].isEnabled()
        assert dialogs() == []
    desk.wait(lambda: messages(desk) == [])
    assert strokes_after_a_kill(project, tmp_path / "room.segdesk") == 1


def test_a_save_that_a_full_disk_refuses_says_that_nothing_is_lost_and_is_tried_again(
    desk: Desk, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    draw(desk, 4)
    with full_disk(project):
        for _ in range(3):
            desk.shortcut(Qt.Key.Key_S, CONTROL)
            desk.wait(lambda: not desk.window.session.is_saving)
        (only,) = messages(desk)
        assert only.startswith("The project is not saved. Nothing is lost")
        # The one that keeps every stroke is another than the one that could not be begun.
        assert "The next journal of the project 'test.segdesk' could not be written" in only
        assert "the disk is full" in only
        assert dialogs() == []
        assert strokes_after_a_kill(project, tmp_path / "killed.segdesk") == 1
    monkeypatch.setattr(journal_sync, "SAVE_EVERY", 1)
    desk.wait(lambda: messages(desk) == [] and said(desk).startswith("saved "))


def test_a_journal_that_is_lost_stays_lost_until_a_save_has_succeeded(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    session, folder = desk.window.session, workbench_of(desk).folder
    journal = session.journal
    real = os.fsync
    refusals: list[int] = []

    def fails_once(file: int) -> None:
        if not refusals:
            refusals.append(file)
            raise OSError(5, "Input/output error")
        real(file)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fails_once)
        patched.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
        draw(desk, 4)
        # A new generation is begun at once; this one can't be put in its place.
        desk.wait(lambda: bool(refusals) and not (session.writer.is_syncing or session.is_saving))
        draw(desk, 8)
        desk.wait(lambda: not journal._has_unsynced and not session.writer.is_syncing)
        # The journal that follows has been synced; the one before it has not, and never will be.
        assert folder.is_journal_lost
        (only,) = messages(desk)
        assert "but not a power cut" in only
        assert "recovery copy" not in said(desk)
    monkeypatch.setattr(journal_sync, "SAVE_EVERY", 1)
    desk.wait(lambda: messages(desk) == [] and said(desk).startswith("saved "))
    assert not folder.is_journal_lost
