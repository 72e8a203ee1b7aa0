"""The list of cases marks the one that is shown."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QListView

from tests.projects import make_project
from tests.windows import Desk


def marked(desk: Desk) -> list[int]:
    cases = desk.window.findChild(QListView, "case_list")
    assert cases is not None
    return [row.row() for row in cases.selectedIndexes()]


def test_the_case_that_is_shown_is_marked_in_the_next_project_too(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    desk.open(project)
    assert marked(desk) == [0]
    other = make_project(tmp_path, cases=2)
    path = other.folder.path
    other.close()
    cases = desk.window.findChild(QListView, "case_list")
    assert cases is not None
    # The keys go to the list before the new project says which case it shows.
    desk.window.session.opened.connect(cases.setFocus)
    desk.window.open_project(path)
    desk.wait(lambda: desk.window.session.path == path)
    desk.wait_for_mask()
    assert marked(desk) == [0]
