"""The window promises no more than is true: what is on the disk, how long ago, what was drawn."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QLabel

from segdesk.app.project.workbench import Workbench
from segdesk.store.journal import journal_file as journal
from segdesk.ui.canvas.scene import Scene
from segdesk.ui.faults import Faults
from segdesk.ui.flows import journal_sync
from segdesk.ui.window.saved_words import clock
from tests.ui.canvas.mouse import drag
from tests.windows import Desk

CASE = "case-001"


@pytest.fixture(autouse=True)
def no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal is synced where a test says so, however slow the machine is."""
    monkeypatch.setattr(journal_sync, "SYNC_EVERY_MS", 10**8)


@pytest.fixture
def faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    monkeypatch.setenv("SEGDESK_LOGS", str(tmp_path / "logs"))
    made = Faults()
    made.install()
    yield made
    made.uninstall()


def said(desk: Desk) -> str:
    words = desk.window.findChild(QLabel, "saved_words")
    assert words is not None
    return words.text()


def bug_dialogs() -> int:
    return sum(
        window.isVisible() and window.objectName().startswith("bug_dialog")
        for window in QGuiApplication.topLevelWindows()
    )


def draw(desk: Desk) -> None:
    view = desk.window.session.view
    assert view is not None
    view.hand.use_tool("brush")
    drag(desk.canvas, (12, 12), (12, 20))
    desk.settle()


def refuse(*_: object) -> None:
    raise OSError(errno.EIO, "Input/output error")


def test_the_journal_is_trusted_only_while_the_last_sync_succeeded(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    draw(desk)
    assert said(desk) == "recovery copy up to date"
    session = desk.window.session
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", refuse)
        session.journal.sync()
        desk.wait(lambda: "the disk refused" in said(desk))
        assert "recovery copy" not in said(desk)
        words = desk.window.findChild(QLabel, "saved_words")
        assert words is not None and words.property("role") == "bad"
        assert "not a power cut" in words.toolTip() and "save again" in words.toolTip()
        desk.wait(lambda: not session.is_saving)
        assert "the disk refused" in said(desk)
    # A second fsync of the same file proves nothing: what was lost is written by a save.
    desk.window.save()
    desk.wait(lambda: said(desk).startswith("saved "))
    draw_elsewhere(desk)
    assert said(desk) == "recovery copy up to date"


def draw_elsewhere(desk: Desk) -> None:
    drag(desk.canvas, (6, 12), (6, 20))
    desk.settle()


def test_a_lost_journal_is_replaced_by_a_save_that_nobody_asked_for(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    draw(desk)
    session, real, left = desk.window.session, os.fsync, [1]

    def fails_once(file: int) -> None:
        if left:
            left.pop()
            refuse()
        real(file)

    monkeypatch.setattr(os, "fsync", fails_once)
    session.journal.sync()
    desk.wait(lambda: said(desk).startswith("saved "))
    workbench = session.workbench
    assert workbench is not None
    expected = workbench.annotation(CASE).labels.copy()
    desk.close()
    again = Workbench.open(project)
    assert again.recovered == 0
    assert (again.annotation(CASE).labels == expected).all() and expected.any()
    again.close()


def test_after_a_failed_fsync_a_journal_never_claims_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = journal.Journal.create(tmp_path, 0, 1)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", refuse)
        with pytest.raises(OSError, match="Input/output"):
            made.sync()
    assert made.is_lost
    with pytest.raises(OSError, match="Input/output"):
        made.sync()
    made.close()


def test_what_the_disk_does_not_take_is_said_and_taken_back_when_it_does(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    workbench = desk.window.session.workbench
    assert workbench is not None
    with monkeypatch.context() as patched:
        patched.setattr(journal, "put_all", refuse)
        workbench.add_segment("Left")
        desk.settle()
        assert said(desk) == "the last changes (1) are not on the disk"
        assert "The last change is not on the disk yet" in desk.window.banner.text
    desk.window.session.journal.sync()
    desk.wait(lambda: said(desk) == "recovery copy up to date")
    assert workbench.folder.waiting == 0


def test_a_clock_that_is_set_back_changes_no_duration(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    draw(desk)
    desk.window.save()
    desk.wait(lambda: said(desk).startswith("saved "))
    before = time.time()
    monkeypatch.setattr(time, "time", lambda: before - 3600)
    desk.window.session.busy_changed.emit()
    # The time that it was, which does not change while one looks.
    now = time.time()
    assert said(desk) in {f"saved {clock(now - past)}" for past in range(90)}
    assert clock(now - 40 * 86_400).count("-") == 2 and clock(now).count("-") == 0


def test_an_error_of_painting_is_told_once_and_the_picture_falls_back(
    faults: Faults, desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk.open(project)
    good = desk.canvas.grab().toImage()
    ground = desk.canvas.palette().color(QPalette.ColorRole.Window)
    with monkeypatch.context() as patched:

        def broken(*_: object) -> None:
            raise ZeroDivisionError("nobody expected this")

        patched.setattr(Scene, "paint", broken)
        for _ in range(20):
            desk.canvas.repaint()
            desk.settle()
        assert bug_dialogs() == 1
        desk.press(desk.dialog("bug_dialog"), "close_bug")
        for _ in range(20):
            desk.canvas.repaint()
            desk.settle()
        assert bug_dialogs() == 0
        fallen = desk.canvas.grab().toImage()
        assert fallen.pixelColor(2, 2) == ground
        assert fallen.pixelColor(fallen.width() // 2, fallen.height() // 4) == ground
        assert {fallen.pixel(x, fallen.height() // 2) for x in range(fallen.width())} != {
            ground.rgb()
        }
    log = (tmp_path / "logs" / "segdesk.log").read_text("utf-8")
    assert log.count("a bug:") == 1
    # The hand that closed the dialog lies over the slice, whose voxel is named.
    QApplication.sendEvent(desk.canvas, QEvent(QEvent.Type.Leave))
    desk.settle()
    assert desk.canvas.grab().toImage() == good


def test_a_bug_promises_what_is_true_of_the_open_project(
    faults: Faults, desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    faults.what_is_kept = desk.window.session.journal.what_is_kept
    draw(desk)
    faults.show_error(RuntimeError("a bug"))
    dialog = desk.dialog("bug_dialog")
    assert any("Nothing is lost" in row.text() for row in dialog.findChildren(QLabel))
    desk.press(dialog, "close_bug")
    monkeypatch.setattr(os, "fsync", refuse)
    desk.window.session.journal.sync()
    desk.wait(lambda: "the disk refused" in said(desk))
    faults.show_error(RuntimeError("another"))
    dialog = desk.dialog("bug_dialog")
    texts = [row.text() for row in dialog.findChildren(QLabel)]
    assert not any("Nothing is lost" in text for text in texts)
    assert any("not a power cut" in text for text in texts)
    desk.press(dialog, "close_bug")
    monkeypatch.undo()


def test_the_same_sentence_is_shown_once_until_it_is_read(faults: Faults, desk: Desk) -> None:
    from segdesk.errors import ProjectError

    for _ in range(30):
        faults.show_error(ProjectError("The disk is full.", "Free some space."))
    shown = [w for w in QGuiApplication.topLevelWindows() if w.isVisible()]
    assert sum(w.objectName().startswith("error_dialog") for w in shown) == 1
    desk.press(desk.dialog("error_dialog"), "close_message")
    faults.show_error(ProjectError("The disk is full.", "Free some space."))
    desk.press(desk.dialog("error_dialog"), "close_message")
