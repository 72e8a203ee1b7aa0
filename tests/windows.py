"""The real window for tests: the demo's `Desk`, closed at the end of each, and projects for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from segdesk.app.project import saving
from segdesk.demo import desk as demo
from segdesk.ui.application import open_window
from tests.projects import make_project

__all__ = ["Desk", "desk", "open_desk", "project", "saved_project", "settings_folder"]


class Desk(demo.Desk):
    """As the demo's; a test waits for what it asserts, too."""

    def wait(self, condition: Callable[[], object]) -> None:
        """Until a condition is true, or says nothing and its assertions hold."""

        def holds() -> bool:
            try:
                said = condition()
            except AssertionError:
                return False
            return said is None or bool(said)

        super().wait(holds)


@pytest.fixture
def settings_folder(tmp_path: Path) -> Path:
    return tmp_path / "settings"


@pytest.fixture
def desk(
    qtbot: QtBot, settings_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """The empty window."""
    monkeypatch.setenv("SEGDESK_LOGS", str(tmp_path / "logs"))
    made = open_desk(settings_folder)
    yield made
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QDialog):
            widget.reject()
    if not made.is_closed:
        made.close()


def open_desk(settings_folder: Path, *, trainer_command: Sequence[str] | None = None) -> Desk:
    """Open a window with these settings; a QApplication is there."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    opened = open_window(
        application, settings_folder=settings_folder, trainer_command=trainer_command
    )
    # A bug has to fail the test, not to show a dialog.
    opened.faults.uninstall()
    # Not handed to qtbot, which would delete the window while it is still saving.
    return Desk(opened.window)


@pytest.fixture(scope="session")
def saved_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once; `project` is a copy."""
    workbench = make_project(tmp_path_factory.mktemp("saved"), cases=2)
    workbench.history.clear()
    saving.save(workbench)
    workbench.close()
    return workbench.folder.path


@pytest.fixture
def project(saved_project: Path, tmp_path: Path) -> Path:
    """A saved project with two cases and the segment "Disc", and nothing to undo."""
    return Path(shutil.copytree(saved_project, tmp_path / "projects" / saved_project.name))
