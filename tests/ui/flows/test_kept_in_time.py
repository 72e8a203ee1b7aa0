"""What was drawn is made lasting by itself, and closing saves what came while it saved."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from segdesk.app.project.workbench import Workbench
from segdesk.store.project_folder import ProjectFolder
from segdesk.store.saving import Save
from segdesk.ui.flows import journal_sync
from tests.ui.canvas.mouse import drag
from tests.windows import Desk


def draw(desk: Desk, row: int) -> None:
    view = desk.window.session.view
    assert view is not None
    view.hand.use_tool("brush")
    drag(desk.canvas, (row, 12), (row, 18))


def test_the_journal_is_synced_by_itself(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_sync, "SYNC_EVERY_MS", 50)
    desk.open(project)
    synced: list[int] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        real(descriptor)
        synced.append(descriptor)

    draw(desk, 12)
    monkeypatch.setattr(os, "fsync", fsync)
    desk.wait(lambda: bool(synced))


def test_closing_saves_what_was_drawn_while_it_saved(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    draw(desk, 12)
    may_go_on, run = threading.Event(), Save.run

    def slow(save: Save, *given: Any) -> Any:
        assert may_go_on.wait(60)
        return run(save, *given)

    monkeypatch.setattr(Save, "run", slow)
    desk.window.close()
    desk.wait(lambda: desk.window.session.is_saving)
    draw(desk, 4)
    workbench = desk.window.session.workbench
    assert workbench is not None
    labels = workbench.annotation("case-001").labels.copy()
    may_go_on.set()
    desk.wait(lambda: desk.window.session.workbench is None)
    _is_saved(project, labels)


def test_closing_saves_what_was_drawn_while_it_wrote_the_index(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    begun, may_go_on, write = threading.Event(), threading.Event(), ProjectFolder.write_what_waits

    def slow(folder: ProjectFolder) -> None:
        begun.set()
        assert may_go_on.wait(60)
        write(folder)

    monkeypatch.setattr(ProjectFolder, "write_what_waits", slow)
    desk.window.close()
    desk.wait(begun.is_set)
    draw(desk, 4)
    workbench = desk.window.session.workbench
    assert workbench is not None
    labels = workbench.annotation("case-001").labels.copy()
    assert labels.any()
    may_go_on.set()
    desk.wait(lambda: desk.window.session.workbench is None)
    _is_saved(project, labels)


def _is_saved(project: Path, labels: npt.NDArray[np.uint8]) -> None:
    again = Workbench.open(project)
    assert again.recovered == 0
    assert np.array_equal(again.annotation("case-001").labels, labels)
    again.close()
