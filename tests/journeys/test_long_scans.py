"""A scan of a thousand slices asks no more of the window than one of thirty.

Held by the number of calls, which no busy machine changes; the times stand in `make bench`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from segdesk.app.project import saving
from segdesk.core.grid import Grid
from tests.ui.canvas.bench_project import add_case, draw, new_project, predict
from tests.ui.canvas.mouse import wheel
from tests.windows import open_desk

SIDE = 16


def test_a_slice_step_and_a_dab_cost_as_many_calls_as_in_a_short_scan(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGDESK_LOGS", str(tmp_path / "logs"))
    short, long = (_calls(tmp_path, qtbot, slices) for slices in (30, 1000))
    for what, count in short.items():
        assert count > 50, what
        # Loops over all slices that build tuples cost no calls worth the name.
        assert long[what] <= 1.2 * count, (what, count, long[what])


def _calls(folder: Path, qtbot: QtBot, slices: int) -> dict[str, int]:
    desk = open_desk(folder / f"settings-{slices}")
    desk.open(_project(folder, slices))
    # What the window makes when it has nothing else to do, the plots among it.
    qtbot.wait(800)
    canvas = desk.canvas

    def step() -> None:
        before = canvas.view.crosshair.slice
        wheel(canvas, up=120)
        desk.settle()
        assert canvas.view.crosshair.slice != before

    def dab() -> None:
        middle = QPoint(canvas.width() // 2, canvas.height() // 2)
        QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=middle)
        desk.settle()

    desk.key(Qt.Key.Key_B)
    for act in (step, dab):
        act()
    counted = {"step": _counted(step), "dab": _counted(dab)}
    desk.close()
    return counted


def _counted(act: Callable[[], None]) -> int:
    """Calls of Python functions while something is done."""
    count = 0

    def profile(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(profile)
    try:
        act()
    finally:
        sys.setprofile(None)
    return count


def _project(folder: Path, slices: int) -> Path:
    home = folder / str(slices)
    home.mkdir()
    workbench = new_project(home, "Lung")
    shape = (slices, SIDE, SIDE)
    add_case(workbench, Grid(shape, (1.0, 0.7, 0.7)), np.full(shape, -500, np.int16))
    mask = np.zeros(shape, np.uint8)
    mask[:, 4:8, 4:8] = 1
    for index in range(0, slices, slices // 10):
        draw(workbench, index, mask[index])
    predict(workbench, mask)
    saving.save(workbench)
    workbench.close()
    return workbench.folder.path
