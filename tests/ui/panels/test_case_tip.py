"""What an import said of a case is found again where the case stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListView

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.core.case import Source
from tests.windows import Desk


def test_what_the_import_said_is_found_again_in_the_tip_of_the_case(
    desk: Desk, project: Path
) -> None:
    workbench = Workbench.open(project)
    source = Source("array", notes=("The numbers were not taken as HU.",))
    case = replace(workbench.project.case("case-002"), source=source)
    workbench.put_project(workbench.project.with_case(case))
    saving.save(workbench)
    workbench.close()
    desk.open(project)
    rows = desk.window.findChild(QListView, "case_list")
    assert rows is not None
    tips = [rows.model().index(at, 0).data(Qt.ItemDataRole.ToolTipRole) for at in (0, 1)]
    assert "\n" not in tips[0]
    assert tips[1].endswith("\nThe numbers were not taken as HU.")
