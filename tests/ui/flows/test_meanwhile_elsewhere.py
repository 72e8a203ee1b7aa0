"""What a hand does while the project is saved elsewhere: the window stays where the work is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from segdesk.app.project import removing
from segdesk.app.project.elsewhere import Elsewhere
from segdesk.app.project.workbench import Workbench
from segdesk.ui.flows import opening
from tests.projects import begin_brush
from tests.store.faults import refusing
from tests.ui.flows.test_elsewhere import CASE, choose, draw, workbench_of
from tests.windows import Desk


class Held:
    """Something that goes on only once a test lets it: a worker waits for it."""

    def __init__(self, real: Callable[..., Any], *, after: bool) -> None:
        self.reached = threading.Event()
        self.go = threading.Event()
        self._real = real
        self._after = after

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        done = self._real(*arguments, **options) if self._after else None
        self.reached.set()
        assert self.go.wait(20)
        return done if self._after else self._real(*arguments, **options)


def begin_to_save_elsewhere(desk: Desk, folder: Path, name: str) -> Path:
    """Ask for a copy from the menu and choose its place, without waiting for it."""
    folder.mkdir()
    desk.window.table["save_elsewhere"].trigger()
    choose(desk, folder, name)
    return folder / f"{name}.segdesk"


def test_a_stroke_while_the_copy_is_opened_keeps_the_window_where_the_stroke_is(
    desk: Desk, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    draw(desk, 4)
    workbench = workbench_of(desk)
    held = Held(opening.open_project, after=False)
    monkeypatch.setattr(opening, "open_project", held)
    target = begin_to_save_elsewhere(desk, tmp_path / "there", "copy")
    desk.wait(held.reached.is_set)
    draw(desk, 12)
    held.go.set()
    desk.wait(lambda: not desk.window.session.is_opening)
    assert workbench_of(desk) is workbench and desk.window.session.path == project
    assert "lacks what was drawn while it was opened" in desk.window.banner.text
    assert sum(edit.kind == "stroke" for edit in workbench.history.done) == 2
    # It is whole, and nobody holds it.
    copy = Workbench.open(target)
    assert sum(edit.kind == "stroke" for edit in copy.history.done) == 1
    copy.close()
    monkeypatch.undo()
    draw(desk, 16)
    assert workbench.folder.waiting == 0


def test_a_stroke_in_progress_when_the_copy_is_opened_keeps_the_window_where_it_is(
    desk: Desk, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    workbench = workbench_of(desk)
    held = Held(opening.open_project, after=False)
    monkeypatch.setattr(opening, "open_project", held)
    begin_to_save_elsewhere(desk, tmp_path / "there", "copy")
    desk.wait(held.reached.is_set)
    begin_brush(workbench, CASE, 2, (6.0, 14.0), value=1, radius_mm=4.0)
    held.go.set()
    desk.wait(lambda: not desk.window.session.is_opening)
    assert workbench_of(desk) is workbench and desk.window.session.path == project
    assert "lacks what was drawn while it was opened" in desk.window.banner.text
    assert sum(edit.kind == "stroke" for edit in workbench.history.done) == 1


def test_a_cancel_that_comes_when_the_copy_is_whole_keeps_the_window_where_it_is(
    desk: Desk, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    draw(desk, 4)
    workbench = workbench_of(desk)
    held = Held(Elsewhere.write, after=True)
    monkeypatch.setattr(Elsewhere, "write", lambda *rest, **options: held(*rest, **options))
    target = begin_to_save_elsewhere(desk, tmp_path / "there", "copy")
    desk.wait(held.reached.is_set)
    desk.press(desk.dialog("elsewhere_waiting"), "cancel_waiting")
    draw(desk, 12)
    held.go.set()
    desk.wait(lambda: "is complete, but the window stays here" in desk.window.banner.text)
    assert workbench_of(desk) is workbench and desk.window.session.path == project
    assert not desk.window.session.is_opening
    assert sum(edit.kind == "stroke" for edit in workbench.history.done) == 2
    copy = Workbench.open(target)
    assert sum(edit.kind == "stroke" for edit in copy.history.done) == 1
    copy.close()


def test_a_cancel_while_the_copy_is_made_leaves_nothing_of_it(
    desk: Desk, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    workbench = workbench_of(desk)
    held = Held(Elsewhere.write, after=False)
    monkeypatch.setattr(Elsewhere, "write", lambda *rest, **options: held(*rest, **options))
    target = begin_to_save_elsewhere(desk, tmp_path / "there", "copy")
    desk.wait(held.reached.is_set)
    desk.press(desk.dialog("elsewhere_waiting"), "cancel_waiting")
    held.go.set()
    desk.wait(lambda: not desk.window.runner.is_busy("write"))
    assert workbench_of(desk) is workbench and list(target.parent.iterdir()) == []
    desk.key(Qt.Key.Key_B)
    draw(desk, 12)
    assert workbench.history.next_undo is not None


def test_an_index_that_cannot_be_written_at_closing_is_asked_about(
    desk: Desk, project: Path
) -> None:
    """Nothing else waits: every stroke is saved, only a name was given."""
    desk.open(project)
    workbench = workbench_of(desk)
    with refusing("os.replace", 0) as failed:
        removing.rename(workbench, CASE, "the first one")
        desk.window.close()
        asked = desk.dialog("save_failed_dialog")
        assert failed
        desk.press(asked, "save_again")
        asked = desk.dialog("save_failed_dialog")
    desk.press(asked, "save_again")
    desk.wait(lambda: desk.window.session.workbench is None)
    again = Workbench.open(project)
    assert again.project.case(CASE).title == "the first one"
    again.close()
