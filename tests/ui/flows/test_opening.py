"""Another project is opened first and the old one let go after it: a refusal changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.errors import ProjectError
from segdesk.store.project_folder import ProjectFolder
from tests.projects import make_project
from tests.store.disk.test_lock import HOLD, _start
from tests.ui.canvas.mouse import drag
from tests.windows import Desk

CASE = "case-001"


@pytest.fixture
def another(tmp_path: Path) -> Path:
    (tmp_path / "more").mkdir()
    made = make_project(tmp_path / "more")
    saving.save(made)
    made.close()
    return made.folder.path


def workbench_of(desk: Desk) -> Workbench:
    workbench = desk.window.session.workbench
    assert workbench is not None
    return workbench


def drawn_on(desk: Desk, project: Path) -> Workbench:
    """A project that is open, with a stroke that is not saved."""
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (4, 4), (4, 10))
    desk.settle()
    workbench = workbench_of(desk)
    assert workbench.has_unsaved
    return workbench


@pytest.mark.parametrize("why", ["damaged", "nothing there", "no project", "locked"])
def test_a_project_that_cannot_be_opened_leaves_the_open_one_alone(
    desk: Desk, project: Path, another: Path, why: str
) -> None:
    workbench = drawn_on(desk, project)
    edit = workbench.history.next_undo
    holder = None
    if why == "damaged":
        (another / "project.h5").write_bytes(b"x" * 1000)
    elif why == "nothing there":
        another = another.with_name("none.segdesk")
    elif why == "no project":
        (another / "project.h5").unlink()
    else:
        holder = _start(HOLD, str(another))
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
    desk.window.open_project(another)
    session = desk.window.session
    if holder is not None:
        with holder:
            desk.press(desk.dialog("locked_dialog"), "leave_locked")
            holder.kill()
    else:
        desk.wait(lambda: another.name in desk.window.banner.text)
    assert not session.is_opening
    assert session.workbench is workbench
    assert session.case_id == CASE
    assert workbench.history.next_undo is edit
    drag(desk.canvas, (12, 4), (12, 10))
    desk.settle()
    assert workbench.history.next_undo is not edit


def test_the_old_project_is_saved_and_closed_once_the_new_one_is_there(
    desk: Desk, project: Path, another: Path
) -> None:
    workbench = drawn_on(desk, project)
    expected = workbench.annotation(CASE).labels.copy()
    desk.window.open_project(another)
    desk.wait(lambda: desk.window.session.path == another)
    again = Workbench.open(project)
    assert (again.annotation(CASE).labels == expected).all()
    assert not again.has_unsaved
    again.close()


def test_opening_the_open_project_again_changes_nothing_and_says_so(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = drawn_on(desk, project)
    said: list[str] = []
    monkeypatch.setattr(desk.window._status, "say", said.append)
    desk.window.open_project(project)
    desk.settle()
    assert desk.window.session.workbench is workbench
    assert said == ["'test.segdesk' is open already."]


def test_a_reader_who_stays_after_all_leaves_the_new_project_closed(
    desk: Desk, project: Path, another: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = drawn_on(desk, project)

    def refuse(*_: object, **__: object) -> None:
        raise ProjectError("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(ProjectFolder, "begin_save", refuse)
        desk.window.open_project(another)
        desk.press(desk.dialog("save_failed_dialog"), "stay_open")
    assert desk.window.session.workbench is workbench
    # Its lock is free again, and the window can be asked for it once more.
    ProjectFolder.open(another, writable=True).close()
    desk.window.open_project(another)
    desk.wait(lambda: desk.window.session.path == another)


def test_a_window_that_closes_while_a_project_is_being_opened_lets_that_one_go_too(
    desk: Desk, project: Path, another: Path
) -> None:
    drawn_on(desk, project)
    desk.window.open_project(another)
    desk.close()
    for path in (project, another):
        again = Workbench.open(path)
        assert not again.has_unsaved
        again.close()
