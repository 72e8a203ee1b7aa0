"""The walk of `make demo` goes through the same dialogs as a reader; here as far as the import.

What comes after it (train, accept, save, export) is walked by the journeys of its own subjects.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segdesk.demo.walk import Walk


def test_the_walk_of_the_demo_gets_its_three_scans_into_a_project(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGDESK_LOGS", str(tmp_path / "logs"))
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    walk = Walk(tmp_path, application)
    try:
        walk.make_phantoms()
        walk.open_empty()
        walk.import_scans()
        assert [case.id for case in walk.workbench.project.cases] == [
            "case-001",
            "case-002",
            "case-003",
        ]
    finally:
        walk.give_up()
