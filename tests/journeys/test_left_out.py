"""Journey: a piece that the prediction left out is found, counted, restored, saved and opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLabel, QMenu

from segdesk.core.status import SliceStatus
from tests.journeys.test_what_is_right import CASE, SLICE, labels, said, status, workbench_of
from tests.projects import disc, voxels
from tests.ui.canvas.bench_project import predict
from tests.ui.canvas.mouse import LEFT, RIGHT, move, press, release
from tests.ui.window.test_another_language import (
    english_in,
    foreign,
    made_up,
    script,
    speaking,
    stays_english,
)
from tests.windows import Desk

__all__ = ["foreign", "made_up", "script", "speaking"]

PIECE = (3.0, 4.0)
CTRL = Qt.KeyboardModifier.ControlModifier


def give_a_prediction(desk: Desk) -> None:
    labels = disc(voxels())
    left_out = np.zeros_like(labels)
    left_out[SLICE - 1 : SLICE + 2, 2:5, 2:7] = 1
    labels[left_out != 0] = 0
    predict(workbench_of(desk), labels, CASE, left_out=left_out)
    desk.settle()


@pytest.fixture
def predicted(desk: Desk, project: Path) -> None:
    desk.open(project)
    give_a_prediction(desk)


def in_the_panel(desk: Desk) -> str:
    words = desk.window.findChild(QLabel, "slice_agreement")
    assert words is not None
    return words.text()


def menu_of(desk: Desk) -> QMenu:
    desk.settle()
    menu = desk.window.findChild(QMenu, "context_menu")
    assert menu is not None
    return menu


def click(desk: Desk, button: Qt.MouseButton = LEFT) -> None:
    move(desk.canvas, PIECE)
    press(desk.canvas, PIECE, button)
    release(desk.canvas, PIECE, button)
    desk.settle()


def test_restored_by_a_click_taken_by_enter_and_there_the_next_time(
    desk: Desk, predicted: None
) -> None:
    del predicted
    assert "Left out of the case, too small (hatched): Disc" in in_the_panel(desk)
    click(desk)
    assert said(desk).startswith("Part of the prediction again: Disc")
    assert "Left out" not in in_the_panel(desk)
    desk.shortcut(Qt.Key.Key_Z, CTRL)
    assert "Left out" in in_the_panel(desk)
    click(desk)
    desk.shortcut(Qt.Key.Key_S, CTRL)
    desk.wait(lambda: not desk.window.session.writer.is_saving)
    desk.key(Qt.Key.Key_Return)
    assert status(desk) is SliceStatus.CORRECTED
    assert labels(desk)[3, 4] == 1


@pytest.mark.parametrize("tool", [Qt.Key.Key_Escape, Qt.Key.Key_B])
def test_the_menu_of_what_is_under_the_pointer_restores_it_with_any_tool(
    desk: Desk, predicted: None, tool: Qt.Key
) -> None:
    del predicted
    desk.key(tool)
    if tool == Qt.Key.Key_Escape:
        click(desk, RIGHT)
    else:
        move(desk.canvas, PIECE)
        at = QPoint(5, 5)
        event = QContextMenuEvent(
            QContextMenuEvent.Reason.Keyboard, at, desk.canvas.mapToGlobal(at)
        )
        QApplication.sendEvent(desk.canvas, event)
    menu = menu_of(desk)
    row = next(one for one in menu.actions() if one.objectName() == "toggle_piece")
    assert row.text().startswith("Restore left-out piece: Disc")
    row.trigger()
    menu.close()
    desk.settle()
    prediction = workbench_of(desk).prediction(CASE)
    assert prediction is not None and prediction.of_slice(SLICE)[3, 4] == 1
    assert not labels(desk).any()


def test_none_of_its_words_stay_english(foreign: Desk, project: Path) -> None:
    desk = foreign
    desk.open(project)
    give_a_prediction(desk)
    hints: list[str] = []
    desk.canvas.said.connect(hints.append)
    desk.canvas.refused.connect(hints.append)
    click(desk)
    click(desk)
    click(desk, RIGHT)
    menu = menu_of(desk)
    rows = [one.text() for one in menu.actions() if one.objectName() == "toggle_piece"]
    menu.close()
    assert len(rows) == 1 and len(hints) >= 4
    for text in (*hints, *rows, in_the_panel(desk)):
        assert english_in(text) == "", text
    assert stays_english(desk.window) == []
