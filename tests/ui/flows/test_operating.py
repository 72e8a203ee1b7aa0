"""Operations from the menu: asked, done as one Edit, undone; Ctrl+Z goes to a ghost first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox
from pytestqt.qtbot import QtBot

from segdesk.app.labelling.editing import Gesture
from segdesk.app.labelling.options import Options
from segdesk.app.labelling.tools import ghosts
from segdesk.app.labelling.tools.tool import Press
from segdesk.app.project.workbench import Workbench
from segdesk.core.box import Box
from tests.exercises.dots import Dots
from tests.windows import Desk

CASE = "case-001"
RING = Box(2, 3, 4, 12, 4, 12)


def bench(desk: Desk, project: Path) -> Workbench:
    """A window with a ring on the slice on screen."""
    desk.open(project)
    workbench = desk.window.session.workbench
    assert workbench is not None
    ring = np.ones(RING.shape, bool)
    ring[:, 1:-1, 1:-1] = False
    gesture = Gesture(workbench, CASE, "Ring")
    gesture.paint(RING, ring, 1)
    gesture.finish()
    desk.settle()
    return workbench


@pytest.mark.parametrize("is_large", [False, True])
def test_holes_are_filled_from_the_menu(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch, is_large: bool
) -> None:
    if is_large:
        monkeypatch.setattr("segdesk.core.pieces.PIECE", 1)
    workbench = bench(desk, project)
    labels = workbench.annotation(CASE).labels
    before = labels.copy()
    desk.window.table["fill_holes"].trigger()
    dialog = desk.dialog("operation_dialog")
    enclosed = dialog.findChild(QCheckBox, "holes_enclosed")
    assert enclosed is not None and not enclosed.isChecked()
    desk.press(dialog, "start_operation")
    desk.wait(lambda: bool(labels[2, 5:11, 5:11].all()))
    desk.wait(lambda: not desk.window.session.large.is_under_way)
    desk.wait(lambda: desk.window.table["undo"].text().startswith("Undo Fill holes"))
    desk.window.table["undo"].trigger()
    desk.wait(lambda: not labels[2, 5:11, 5:11].any())
    np.testing.assert_array_equal(labels, before)


def test_what_is_chosen_in_its_dialog_counts(desk: Desk, project: Path) -> None:
    workbench = bench(desk, project)
    known = len(workbench.history.done)
    said: list[str] = []
    desk.window.operating.noted.connect(said.append)
    desk.window.table["fill_holes"].trigger()
    dialog = desk.dialog("operation_dialog")
    enclosed = dialog.findChild(QCheckBox, "holes_enclosed")
    assert enclosed is not None
    enclosed.click()
    desk.press(dialog, "start_operation")
    assert "nothing to change" in said[-1]
    assert len(workbench.history.done) == known


def test_ctrl_z_goes_to_a_ghost_first(desk: Desk, project: Path, qtbot: QtBot) -> None:
    workbench = bench(desk, project)
    view = desk.window.session.view
    assert view is not None and view.pane.plane is not None
    known = len(workbench.history.done)
    presses = tuple(Press((row, 20.0), 1, Options()) for row in (6.0, 14.0))
    ghost = ghosts.made(
        workbench, Dots(), CASE, view.pane.plane, value=1, options=Options(), presses=presses
    )
    view.hand.hold(ghost)
    desk.settle()
    assert desk.window.table["undo"].text() == "Take back the last press of Dots"
    desk.shortcut(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert view.hand.ghost is not None and view.hand.ghost.presses == presses[:1]
    assert len(workbench.history.done) == known
    desk.shortcut(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert view.hand.ghost is None and len(workbench.history.done) == known
    # Then it is the last change's turn.
    desk.shortcut(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    desk.wait(lambda: len(workbench.history.done) == known - 1)
