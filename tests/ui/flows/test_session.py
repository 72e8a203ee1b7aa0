"""One project after another: nothing of the one that was closed reaches the next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.app.settings import SettingsFile
from segdesk.errors import ProjectError
from segdesk.ui.flows.session import Session
from segdesk.ui.look.preferences import Preferences
from tests.projects import make_project, stroke
from tests.ui.flows.held_tasks import HeldTasks

CASE = "case-001"


@pytest.fixture
def tasks(qapp: QApplication) -> HeldTasks:
    return HeldTasks()


@pytest.fixture
def session(tasks: HeldTasks, tmp_path: Path) -> Iterator[Session]:
    made = Session(tasks, Preferences(SettingsFile(tmp_path / "settings"), tasks))
    yield made
    made.let_go()


def opened(folder: Path) -> Workbench:
    folder.mkdir()
    made = make_project(folder)
    saving.save(made)
    made.close()
    return Workbench.open(made.folder.path)


def test_the_next_project_is_read_while_the_last_one_is_still_being_read(
    session: Session, tasks: HeldTasks, tmp_path: Path
) -> None:
    session.take(opened(tmp_path / "one"))
    session.let_go()
    session.take(second := opened(tmp_path / "two"))
    assert session.is_reading
    tasks.end(f"Reading {CASE}")
    assert not second.is_loaded(CASE)
    tasks.end(f"Reading {CASE}")
    assert second.is_loaded(CASE) and not session.is_reading


def test_a_save_of_the_last_project_that_fails_is_no_trouble_of_the_next(
    session: Session, tasks: HeldTasks, tmp_path: Path
) -> None:
    session.take(first := opened(tmp_path / "one"))
    tasks.end(f"Reading {CASE}")
    stroke(first, 1)
    session.writer.save(lambda _: None)
    # "Close anyway", while the journal's timer has had another save begun.
    session.let_go()
    session.take(opened(tmp_path / "two"))
    tasks.fail("Saving", ProjectError("The disk is full."))
    assert session.journal.kept.is_all and not session.is_saving
