"""Cases removed and renamed from the window, with the system's bin and without one."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import QFile, Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QListView, QListWidget

from segdesk.app.labelling.reviewing import say_right
from segdesk.app.project import removing
from segdesk.app.project.saving import PendingSave
from segdesk.app.project.workbench import Workbench
from segdesk.core.project import Project
from segdesk.core.run import Run, plan_for
from segdesk.core.share import Share
from tests.projects import disc, in_memory, stroke, voxels
from tests.ui.canvas.bench_project import predict
from tests.ui.canvas.mouse import drag
from tests.ui.panels.test_training import UNTIL_STOPPED, OpenDesk, desk_with, panel, wait_for_epoch
from tests.windows import Desk

__all__ = ["desk_with"]


def names(desk: Desk) -> list[str]:
    rows = desk.window.findChild(QListView, "case_list")
    assert rows is not None
    model = rows.model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def remove(desk: Desk) -> str:
    """Remove the case on screen; what the dialog said."""
    desk.window.table["remove_case"].trigger()
    dialog = desk.dialog("remove_case_dialog")
    said = " ".join(label.text() for label in dialog.findChildren(QLabel))
    desk.press(dialog, "remove_case_now")
    return said


@pytest.fixture
def no_bin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFile, "moveToTrash", staticmethod(lambda _: False))


def test_a_case_goes_after_one_question_and_the_next_one_is_shown(
    desk: Desk, project: Path, no_bin: None
) -> None:
    desk.open(project)
    workbench = desk.window.session.workbench
    assert workbench is not None
    predict(workbench, disc(voxels()), "case-001")
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    desk.settle()
    said = remove(desk)
    assert "case-001" in said and "worked on in 1 of them" in said and "bin" in said
    assert "and 1 prediction go" in said
    gone = project / "removed" / "case-001"
    desk.wait(lambda: "removed/case-001" in desk.window.banner.text)
    assert (gone / "volume.h5").is_file() and len(list(gone.glob("annotation-*.h5"))) == 1
    assert not (project / "cases" / "case-001").exists()
    assert names(desk) == ["case-002"] and desk.window.session.case_id == "case-002"
    desk.wait_for_mask()
    assert not desk.window.table["undo"].isEnabled() or desk.window.table["undo"].text() == (
        "Undo Add segment"
    )
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    desk.close()
    again = Workbench.open(project)
    assert [case.id for case in again.project.cases] == ["case-002"]
    assert again.annotation("case-002").labels.any()
    again.close()


def test_where_there_is_a_bin_the_files_go_there(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk.open(project)

    def to_bin(path: str) -> bool:
        Path(path).rename(tmp_path / "bin")
        return True

    monkeypatch.setattr(QFile, "moveToTrash", staticmethod(to_bin))
    remove(desk)
    desk.wait(lambda: "case-001 is in the system's bin" in desk.window.banner.text)
    assert (tmp_path / "bin" / "volume.h5").is_file()
    assert not (project / "removed").exists()
    desk.close()


def test_keeping_changes_nothing(desk: Desk, project: Path) -> None:
    desk.open(project)
    desk.window.table["remove_case"].trigger()
    desk.press(desk.dialog("remove_case_dialog"), "keep_case")
    assert names(desk) == ["case-001", "case-002"]
    assert (project / "cases" / "case-001" / "volume.h5").is_file()


def test_the_last_case_leaves_a_project_that_invites_to_import(
    desk: Desk, project: Path, no_bin: None
) -> None:
    desk.open(project)
    remove(desk)
    desk.wait(lambda: len(names(desk)) == 1)
    desk.wait_for_mask()
    remove(desk)
    desk.wait(lambda: desk.window.session.case_id is None)
    heading = desk.window.findChild(QLabel, "start_heading")
    assert heading is not None and heading.isVisible() and "has no scan yet" in heading.text()
    desk.wait(lambda: (project / "removed" / "case-002").is_dir())


def test_while_a_training_runs_it_is_refused_with_a_sentence(desk_with: OpenDesk) -> None:
    desk = desk_with(UNTIL_STOPPED)
    desk.press(panel(desk), "train_button")
    wait_for_epoch(desk)
    action = desk.window.table["remove_case"]
    desk.settle()
    assert not action.isEnabled() and "stop it first" in action.toolTip()
    desk.close()


def test_while_it_is_being_read_or_the_project_saved_it_is_refused(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    care = desk.window.care
    assert care.why_not_remove() == ""
    session = desk.window.session
    with monkeypatch.context() as patched:
        patched.setattr(type(session.case_reader), "is_being_read", lambda *_: True)
        assert "being read" in care.why_not_remove()
    with monkeypatch.context() as patched:
        patched.setattr(type(session), "is_saving", True)
        assert "being saved" in care.why_not_remove()


def test_a_case_gets_a_name_in_the_list_and_keeps_its_id_on_disk(desk: Desk, project: Path) -> None:
    desk.open(project)
    desk.window.table["rename_case"].trigger()
    dialog = desk.dialog("case_name_dialog")
    field = dialog.findChild(QLineEdit, "case_name")
    assert field is not None and field.text() == "case-001"
    field.setText("<b>First</b> & best")
    desk.press(dialog, "rename_case_now")
    desk.wait(lambda: names(desk)[0] == "<b>First</b> & best")
    desk.wait(lambda: not desk.window.table["save"].isEnabled())
    desk.close()
    again = Workbench.open(project)
    assert again.project.case("case-001").title == "<b>First</b> & best"
    again.close()


def test_history_and_lessons_call_a_case_by_its_name(desk: Desk, project: Path) -> None:
    before = Workbench.open(project)
    shares = (Share("case-002", teach=2),)
    before.put_run(Run("run-001", plan_for(), 1.0, outcome="finished", shares=shares))
    removing.rename(before, "case-002", "Second & last")
    before.close()
    desk.open(project)
    workbench = desk.window.session.workbench
    taught = desk.window.findChild(QLabel, "training_lessons")
    facts = desk.window.findChild(QLabel, "training_facts")
    history = desk.window.findChild(QListWidget, "history_list")
    assert workbench is not None and history is not None
    assert taught is not None and facts is not None
    desk.wait(lambda: "Second & last, 2 slices, teach" in facts.toolTip())
    in_memory(workbench, "case-002")
    stroke(workbench, 1, case="case-002")
    say_right(workbench, "case-002", 1)
    desk.settle()
    assert desk.window.table["undo"].text() == "Undo Slice is right, slice 2 of Second && last"
    assert history.item(0).text().endswith("slice 2 of Second & last")
    desk.wait(lambda: "Second & last, 1 slice, teaches" in taught.toolTip())


def test_a_name_that_another_case_has_is_refused_with_a_sentence(desk: Desk, project: Path) -> None:
    desk.open(project)
    workbench = desk.window.session.workbench
    assert workbench is not None
    removing.rename(workbench, "case-002", "Second")
    desk.window.table["rename_case"].trigger()
    dialog = desk.dialog("case_name_dialog")
    field = dialog.findChild(QLineEdit, "case_name")
    assert field is not None
    field.setText("Second")
    desk.press(dialog, "rename_case_now")
    assert names(desk)[0] == "case-001"


def test_a_case_that_something_has_begun_to_need_while_the_save_ran_stays(
    desk: Desk, project: Path, no_bin: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    desk.settle()
    may_save, may_export, run = Event(), Event(), PendingSave.run

    def late(pending: PendingSave) -> Project:
        may_save.wait(20)
        return run(pending)

    monkeypatch.setattr(PendingSave, "run", late)
    remove(desk)
    session = desk.window.session
    assert session.view is not None
    session.view.crosshair.show_case("case-002")
    desk.window.runner.start(
        "Exporting case-001",
        lambda _: may_export.wait(20),
        done=lambda _: None,
        failed=lambda _: None,
        lane="long",
    )
    may_save.set()
    desk.wait(lambda: "being imported or exported" in desk.window.banner.text)
    assert names(desk) == ["case-001", "case-002"]
    may_export.set()
    desk.wait(lambda: not desk.window.runner.is_busy("long"))


def test_a_case_that_goes_is_not_painted_any_more_in_the_same_turn(
    desk: Desk, project: Path
) -> None:
    desk.open(project)
    workbench, view = desk.window.session.workbench, desk.window.session.view
    rows = desk.window.findChild(QListView, "case_list")
    assert workbench is not None and view is not None and rows is not None
    view.crosshair.show_case("case-002")
    removing.take_out(workbench, "case-001")
    rows.viewport().repaint()
    assert names(desk) == ["case-002"]
