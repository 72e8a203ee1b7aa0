"""The dialog for a new project: what cannot be a place for one is refused before Create."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from segdesk.store.project_folder import ProjectFolder
from segdesk.ui.dialogs import new_project
from segdesk.ui.dialogs.new_project import NewProjectDialog, good_place


def reason(qtbot: QtBot, folder: Path, name: str) -> str:
    """Why Create is disabled, or ""."""
    dialog = NewProjectDialog(None, str(folder), lambda _: None)
    qtbot.addWidget(dialog)
    dialog.name.setText(name)
    create = dialog.findChild(QPushButton, "create_project")
    assert create is not None
    assert create.isEnabled() == (not create.toolTip())
    return create.toolTip()


@pytest.mark.parametrize("name", ["lungs", "Lunge ü", "폐", "a.b", "console", "..x"])
def test_an_ordinary_name_can_be_taken(qtbot: QtBot, tmp_path: Path, name: str) -> None:
    assert reason(qtbot, tmp_path, name) == ""


@pytest.mark.parametrize("name", ["x" * 300, "폐" * 100])
def test_a_name_that_no_disk_takes_is_too_long(qtbot: QtBot, tmp_path: Path, name: str) -> None:
    assert "too long" in reason(qtbot, tmp_path, name)


@pytest.mark.parametrize("name", [".", "..", "...", " .. ", "..segdesk"])
def test_dots_are_no_name(qtbot: QtBot, tmp_path: Path, name: str) -> None:
    assert "dots" in reason(qtbot, tmp_path, name)


@pytest.mark.parametrize("name", ["con", "NUL", "Aux.segdesk", "com1", "lpt9.x"])
def test_names_of_windows_devices_are_refused_everywhere(
    qtbot: QtBot, tmp_path: Path, name: str
) -> None:
    assert "Windows" in reason(qtbot, tmp_path, name)


@pytest.mark.parametrize("name", ["", "  ", "a/b", "a:b", "a\x00b", "a\x07b"])
def test_signs_that_no_name_can_have_are_refused(qtbot: QtBot, tmp_path: Path, name: str) -> None:
    assert "A name is needed" in reason(qtbot, tmp_path, name)


def test_a_folder_of_a_project_is_refused(qtbot: QtBot, tmp_path: Path) -> None:
    """Before it is: else a packed project would be asked for anew after its check."""
    ProjectFolder.create(tmp_path / "p.segdesk").close()
    for folder in ("p.segdesk", "p.segdesk/cases"):
        said = reason(qtbot, tmp_path / folder, "lungs")
        assert said == "This folder belongs to the project 'p.segdesk'."
    assert reason(qtbot, tmp_path, "lungs") == ""


def test_a_folder_that_cannot_be_written_into_is_refused(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By a stand-in, because root may write everywhere.
    dialog = NewProjectDialog(None, str(tmp_path), lambda _: None)
    qtbot.addWidget(dialog)
    monkeypatch.setattr(new_project.os, "access", lambda *_: False)
    dialog.name.setText("lungs")
    create = dialog.findChild(QPushButton, "create_project")
    assert create is not None
    assert create.toolTip() == "Nothing can be written into this folder."
    assert not create.isEnabled()


def test_a_folder_that_cannot_be_looked_into_is_refused(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = NewProjectDialog(None, str(tmp_path), lambda _: None)
    qtbot.addWidget(dialog)

    def closed(_: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "exists", closed)
    dialog.name.setText("lungs")
    create = dialog.findChild(QPushButton, "create_project")
    assert create is not None
    assert create.toolTip() == "This folder cannot be looked into."


def test_the_proposed_place_is_one_that_can_be_written_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert good_place(str(tmp_path)).parent == tmp_path
    access = new_project.os.access
    monkeypatch.setattr(
        new_project.os, "access", lambda path, mode: path != tmp_path and access(path, mode)
    )
    assert good_place(str(tmp_path)).parent != tmp_path
