"""The list of cases marks the one that is shown."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QListView

from segdesk.app.files import pooling
from tests.projects import make_project, stroke
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


def test_only_the_row_that_changed_is_shown_anew(desk: Desk, project: Path) -> None:
    desk.open(project)
    workbench = desk.window.session.workbench
    assert workbench is not None
    cases = desk.window.findChild(QListView, "case_list")
    assert cases is not None
    rows: list[tuple[int, int]] = []
    cases.model().dataChanged.connect(lambda first, last: rows.append((first.row(), last.row())))
    workbench.show_segment(1, False)
    desk.settle()
    assert rows == []
    pooling.set_pool(workbench, "case-002", "test")
    desk.settle()
    assert rows == [(1, 1)]
    workbench.show_segment(1, True)
    stroke(workbench, 2)
    desk.settle()
    assert rows == [(1, 1), (0, 0)]
