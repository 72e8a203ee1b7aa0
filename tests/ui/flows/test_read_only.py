"""A project that is only read: said, looked at, exported, and never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from segdesk.app.project.workbench import Workbench
from segdesk.cli.main import main
from segdesk.errors import UsageError
from segdesk.ui.widgets.banner import ARMED_AFTER_MS
from tests.projects import stroke
from tests.read_only_disk import read_only_disk
from tests.store.disk.test_lock import HOLD, _start
from tests.ui.canvas.mouse import drag
from tests.windows import Desk

CASE = "case-001"
#: What a reader does with a project that is only read, beside whole menus; all else changes it.
LOOKS = frozenset(
    (
        *("new_project", "open_project", "open_packed", "close_project", "export", "pack", "quit"),
        *("save_elsewhere", "navigate", "brush_smaller", "brush_larger", "start_from_prediction"),
        *("next_to_look_at", "previous_to_look_at", "previous_segment", "next_segment"),
        *("pick_segment", "stop_training", "open_curves", "trainer_stays"),
    )
)
MENUS_OF_LOOKING = ("view", "help", "tools/segment")


@pytest.fixture
def on_a_read_only_disk(project: Path) -> Iterator[Path]:
    with read_only_disk(project.parent):
        yield project


def everything(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def advice(desk: Desk) -> str:
    """The second lines of the messages."""
    found = desk.window.banner.findChildren(QLabel, "message_advice")
    return "\n".join(label.text() for label in found)


def workbench_of(desk: Desk) -> Workbench:
    workbench = desk.window.session.workbench
    assert workbench is not None
    return workbench


def test_a_read_only_disk_is_opened_read_only_and_said_so(
    desk: Desk, on_a_read_only_disk: Path, qtbot: QtBot
) -> None:
    desk.open(on_a_read_only_disk)
    assert "(read only)" in desk.window.windowTitle()
    assert "Read only: nothing is saved." in desk.window.banner.text
    assert "Its folder or disk may not be written to." in advice(desk)
    # It lies on the scan: whoever has read it can close it, and the title goes on saying it.
    close = desk.window.banner.findChild(QToolButton, "close_banner")
    assert close is not None and close.isVisible()
    qtbot.wait(ARMED_AFTER_MS + 50)
    close.click()
    assert desk.window.banner.text == ""
    assert "(read only)" in desk.window.windowTitle()
    assert not workbench_of(desk).folder.writable
    assert not desk.has_dialog("error_dialog")


def test_whatever_would_change_a_project_that_is_only_read_says_why_not(
    desk: Desk, on_a_read_only_disk: Path
) -> None:
    desk.open(on_a_read_only_disk)
    rows = desk.window.table.actions
    looks = {row.id for row in rows if row.menu.startswith(MENUS_OF_LOOKING)} | LOOKS
    # A new action has to be one or the other.
    changes = {row.id for row in rows if row.changes}
    assert {row.id for row in rows} - looks == changes
    for action in desk.window.table.actions:
        made = desk.window.table[action.id]
        if action.id in changes:
            assert not made.isEnabled(), action.id
            assert "read only" in made.toolTip(), action.id
        else:
            assert "read only" not in made.toolTip(), action.id
    for id in ("add_segment", "import_link"):
        button = desk.window.findChild(QPushButton, id)
        assert button is not None
        assert not button.isEnabled() and "read only" in button.toolTip(), id


def test_painting_in_a_project_that_is_only_read_says_a_sentence_and_draws_nothing(
    desk: Desk, on_a_read_only_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(on_a_read_only_disk)
    said: list[str] = []
    monkeypatch.setattr(desk.window._status, "say", said.append)
    before = workbench_of(desk).annotation(CASE).labels.copy()
    files = everything(on_a_read_only_disk)
    desk.key(Qt.Key.Key_B)
    assert "read only" in said[-1]
    view = desk.window.session.view
    assert view is not None
    # However the brush came into the hand.
    view.hand.use_tool("brush")
    for button in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
        said.clear()
        drag(desk.canvas, (4, 4), (4, 10), button=button)
        desk.settle()
        assert said and "read only" in said[0]
    desk.shortcut(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    desk.key(Qt.Key.Key_Return)
    assert np.array_equal(workbench_of(desk).annotation(CASE).labels, before)
    assert workbench_of(desk).history.next_undo is None
    desk.window.close_project()
    desk.wait(lambda: desk.window.session.workbench is None)
    assert everything(on_a_read_only_disk) == files


def test_what_was_not_saved_is_seen_on_a_read_only_disk_and_nothing_asks_to_be_saved(
    desk: Desk, project: Path
) -> None:
    made = Workbench.open(project)
    stroke(made, 2)
    drawn = made.annotation(CASE).labels.copy()
    made.close()
    with read_only_disk(project.parent):
        desk.open(project)
        assert np.array_equal(workbench_of(desk).annotation(CASE).labels, drawn)
        assert not workbench_of(desk).has_unsaved
        with pytest.raises(UsageError, match="read only"):
            workbench_of(desk).undo()
        desk.close()


def test_the_mask_of_a_project_that_is_only_read_can_be_exported(
    desk: Desk, on_a_read_only_disk: Path, tmp_path: Path
) -> None:
    desk.open(on_a_read_only_disk)
    file = tmp_path / "mask.nii.gz"
    workbench = workbench_of(desk)
    desk.window.exchange._export(workbench, CASE, "annotation", file)
    desk.wait(file.exists)


def test_a_locked_project_can_be_only_read_from_the_dialog(desk: Desk, project: Path) -> None:
    with _start(HOLD, str(project)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        desk.window.open_project(project)
        dialog = desk.dialog("locked_dialog")
        assert desk.window.session.workbench is None
        desk.press(dialog, "only_read")
        desk.wait_for_mask()
        assert "(read only)" in desk.window.windowTitle()
        assert "Another program has it open for writing" in advice(desk)
        holder.kill()


def test_commands_that_only_read_work_on_a_read_only_project(
    on_a_read_only_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = everything(on_a_read_only_disk)
    assert main(["info", str(on_a_read_only_disk)]) == 0
    assert CASE in capsys.readouterr().out
    assert main(["predict", str(on_a_read_only_disk)]) == 3
    assert "may not be written to" in capsys.readouterr().err
    assert everything(on_a_read_only_disk) == files
