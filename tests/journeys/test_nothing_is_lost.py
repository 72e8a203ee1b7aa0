"""Journeys in which two things happen at once: saves, strokes, undo, a full disk, closing."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.store import project_folder
from segdesk.store.journal import journal_file as journal
from segdesk.store.scans import Scans
from tests.projects import in_memory, make_project
from tests.ui.canvas.mouse import drag
from tests.windows import Desk

CONTROL = Qt.KeyboardModifier.ControlModifier
CASE = "case-001"


def drawn(workbench: Workbench, case: str = CASE) -> int:
    return int((in_memory(workbench, case).annotation.labels > 0).sum())


def workbench_of(desk: Desk) -> Workbench:
    workbench = desk.window.session.workbench
    assert workbench is not None
    return workbench


def hold_saves(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Let every save wait until the gate is opened."""
    gate, run = threading.Event(), project_folder.Save.run

    def slow(self, *arguments, **options):
        gate.wait(20)
        return run(self, *arguments, **options)

    monkeypatch.setattr(project_folder.Save, "run", slow)
    return gate


def draw_on_a_full_disk(desk: Desk, project: Path, patched: pytest.MonkeyPatch) -> None:
    """A stroke that the journal cannot take."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    desk.open(project)
    desk.key(Qt.Key.Key_B)
    patched.setattr(journal, "put_all", full)
    drag(desk.canvas, (4, 4), (4, 10))
    desk.settle()
    assert "not on the disk yet" in desk.window.banner.text


def test_a_stroke_during_a_queued_save_is_whole_after_a_crash(
    desk: Desk, project: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (4, 4), (4, 10))
    desk.settle()
    gate = hold_saves(monkeypatch)
    desk.shortcut(Qt.Key.Key_S, CONTROL)
    drag(desk.canvas, (10, 4), (10, 10))
    desk.settle()
    desk.shortcut(Qt.Key.Key_S, CONTROL)
    spot = desk.canvas.pixel_of(16, 8).toPoint()
    qtbot.mouseMove(desk.canvas, spot)
    qtbot.mousePress(desk.canvas, Qt.MouseButton.LeftButton, pos=spot)
    gate.set()
    desk.wait(lambda: not desk.window.session.is_saving)
    end = desk.canvas.pixel_of(18, 14).toPoint()
    qtbot.mouseMove(desk.canvas, end)
    qtbot.mouseRelease(desk.canvas, Qt.MouseButton.LeftButton, pos=end)
    desk.settle()
    expected = drawn(workbench_of(desk))
    as_after_a_crash = tmp_path / "copy.segdesk"
    shutil.copytree(project, as_after_a_crash)
    again = Workbench.open(as_after_a_crash)
    assert drawn(again) == expected
    assert not any("left out" in note for note in again.notes)
    again.close()


def test_undo_never_takes_back_what_was_drawn_while_a_mask_was_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = make_project(tmp_path, cases=6)
    saving.save(made)
    path = made.folder.path
    made.close()
    desk.open(path)
    session = desk.window.session
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (4, 4), (4, 10))
    desk.settle()
    desk.shortcut(Qt.Key.Key_S, CONTROL)
    desk.wait(lambda: not session.is_saving and not workbench_of(desk).has_unsaved)
    assert session.view is not None
    for number in range(2, 7):
        session.view.crosshair.show_case(f"case-{number:03d}")
        desk.wait_for_mask()
    assert not session.has_mask(CASE)
    gate, read = threading.Event(), Scans.read

    def slow(self, case):
        gate.wait(20)
        return read(self, case)

    monkeypatch.setattr(Scans, "read", slow)
    desk.shortcut(Qt.Key.Key_Z, CONTROL)
    # The undo has shown its place at once; the reader goes back and draws on.
    assert session.case_id == CASE
    session.view.crosshair.show_case("case-006")
    drag(desk.canvas, (12, 4), (12, 10))
    desk.settle()
    expected = drawn(workbench_of(desk), "case-006")
    assert expected
    gate.set()
    desk.wait(lambda: session.has_mask(CASE))
    desk.settle()
    assert drawn(workbench_of(desk), "case-006") == expected


def test_on_a_full_disk_closing_tells_the_truth_and_closes(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        draw_on_a_full_disk(desk, project, patched)
        desk.window.close()
        said = desk.dialog("save_failed_dialog")
        words = " ".join(label.text() for label in said.findChildren(QLabel))
        assert "not on the disk yet" in words
        desk.press(said, "close_anyway")
        desk.wait(lambda: not desk.window.isVisible())
    Workbench.open(project).close()


def test_on_a_disk_that_has_room_again_closing_saves_everything(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        draw_on_a_full_disk(desk, project, patched)
        expected = drawn(workbench_of(desk))
        assert expected
        desk.window.close()
        said = desk.dialog("save_failed_dialog")
    desk.press(said, "save_again")
    desk.wait(lambda: not desk.window.isVisible())
    again = Workbench.open(project)
    assert drawn(again) == expected
    again.close()


def test_esc_in_the_dialog_about_a_refused_save_keeps_the_window_and_lets_it_close_later(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    with monkeypatch.context() as patched:
        draw_on_a_full_disk(desk, project, patched)
        desk.window.close()
        qtbot.keyClick(desk.dialog("save_failed_dialog"), Qt.Key.Key_Escape)
        desk.settle()
        assert desk.window.isVisible()
        assert desk.window.reasons.idle() == ""
        desk.window.close()
        said = desk.dialog("save_failed_dialog")
    desk.press(said, "save_again")
    desk.wait(lambda: not desk.window.isVisible())
