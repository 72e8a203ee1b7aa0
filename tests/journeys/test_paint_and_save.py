"""Journey: open, paint, undo, say that slices are right, save, reopen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Provenance
from segdesk.core.status import SliceStatus
from tests.projects import in_memory
from tests.ui.canvas.mouse import RIGHT, drag
from tests.windows import Desk, open_desk

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def workbench_of(desk: Desk) -> Workbench:
    workbench = desk.window.session.workbench
    assert workbench is not None
    return workbench


def painted(desk: Desk, index: int) -> int:
    case = desk.window.session.case_id
    assert case is not None
    return int(np.count_nonzero(in_memory(workbench_of(desk), case).annotation.labels[index]))


def slice_on_screen(desk: Desk) -> int:
    view = desk.window.session.view
    assert view is not None
    return view.crosshair.slice


def test_a_project_opens_at_its_middle_slice_and_is_named_in_the_title(
    desk: Desk, project: Path
) -> None:
    desk.open(project)
    assert slice_on_screen(desk) == 2
    assert desk.window.windowTitle() == "test.segdesk — segdesk"
    assert desk.canvas.isVisible()


def test_nothing_is_painted_in_navigate_and_everything_is_in_brush(
    desk: Desk, project: Path
) -> None:
    desk.open(project)
    drag(desk.canvas, (10, 10), (14, 18))
    assert painted(desk, 2) == 0
    desk.key(Qt.Key.Key_B)
    before = desk.canvas.grab().toImage()
    drag(desk.canvas, (10, 10), (14, 18))
    desk.settle()
    annotation = workbench_of(desk).annotation("case-001")
    assert annotation.labels[2, 10, 10] == 1
    assert annotation.labels[2, 14, 18] == 1
    assert annotation.provenance[2, 14, 18] == Provenance.HAND
    assert annotation.status(2) is SliceStatus.PARTIAL
    assert desk.canvas.grab().toImage() != before


def test_a_right_drag_in_brush_erases(desk: Desk, project: Path) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    drag(desk.canvas, (12, 12), (12, 20), button=RIGHT)
    assert painted(desk, 2) == 0
    # An erased voxel was touched too: it teaches background.
    assert workbench_of(desk).annotation("case-001").provenance[2, 12, 12] == Provenance.HAND


def test_undo_and_redo_name_the_slice_and_jump_to_it(desk: Desk, project: Path) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    desk.key(Qt.Key.Key_Home)
    there = slice_on_screen(desk)
    assert there != 2
    count = painted(desk, 2)
    desk.settle()
    assert desk.window.table["undo"].text() == "Undo Brush, slice 3 of case-001"
    desk.shortcut(Qt.Key.Key_Z, CTRL)
    assert painted(desk, 2) == 0
    assert slice_on_screen(desk) == 2
    desk.key(Qt.Key.Key_End)
    desk.shortcut(Qt.Key.Key_Z, CTRL | SHIFT)
    assert painted(desk, 2) == count
    assert slice_on_screen(desk) == 2
    desk.shortcut(Qt.Key.Key_Z, CTRL)
    desk.shortcut(Qt.Key.Key_Y, CTRL)
    assert painted(desk, 2) == count


def test_home_goes_to_slice_1_and_end_to_the_last_one(desk: Desk, project: Path) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_Home)
    assert slice_on_screen(desk) == 0
    desk.key(Qt.Key.Key_End)
    assert slice_on_screen(desk) == 4


def test_undo_goes_back_to_the_case_that_it_changes(desk: Desk, project: Path) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    view = desk.window.session.view
    assert view is not None
    view.crosshair.show_case("case-002")
    desk.wait_for_mask()
    desk.shortcut(Qt.Key.Key_Z, CTRL)
    assert view.crosshair.case_id == "case-001"
    assert painted(desk, 2) == 0


def test_keys_say_what_a_slice_is_and_go_to_the_next_that_needs_a_look(
    desk: Desk, project: Path
) -> None:
    desk.open(project)
    workbench = workbench_of(desk)

    def status(index: int) -> SliceStatus:
        return workbench.statuses("case-001")[index]

    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    desk.key(Qt.Key.Key_Home)
    last = slice_on_screen(desk)
    drag(desk.canvas, (12, 12), (12, 20))
    desk.key(Qt.Key.Key_Return, SHIFT)
    assert status(last) is SliceStatus.CORRECTED
    assert slice_on_screen(desk) == 2
    desk.key(Qt.Key.Key_M)
    assert status(2) is SliceStatus.VERIFIED
    desk.key(Qt.Key.Key_M)
    assert status(2) is SliceStatus.CORRECTED
    desk.key(Qt.Key.Key_X)
    assert status(2) is SliceStatus.REJECTED
    desk.key(Qt.Key.Key_X)
    assert status(2) is SliceStatus.PARTIAL
    desk.key(Qt.Key.Key_End)
    desk.key(Qt.Key.Key_N)
    assert slice_on_screen(desk) == 2
    desk.key(Qt.Key.Key_Return)
    assert status(2) is SliceStatus.CORRECTED


def test_what_was_painted_is_there_after_closing_and_opening_again(
    desk: Desk, project: Path, qtbot: QtBot, settings_folder: Path
) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    desk.key(Qt.Key.Key_Return)
    desk.shortcut(Qt.Key.Key_S, CTRL)
    desk.wait(lambda: not workbench_of(desk).has_unsaved)
    # A stroke after the save, which closing has to save.
    desk.key(Qt.Key.Key_Right)
    drag(desk.canvas, (5, 5), (5, 9))
    annotation = workbench_of(desk).annotation("case-001")
    labels, provenance = annotation.labels.copy(), annotation.provenance.copy()
    statuses = annotation.statuses
    desk.close()
    again = open_desk(settings_folder)
    again.open(project)
    assert workbench_of(again).recovered == 0
    reopened = workbench_of(again).annotation("case-001")
    assert np.array_equal(reopened.labels, labels)
    assert np.array_equal(reopened.provenance, provenance)
    assert reopened.statuses == statuses
    again.close()


def test_a_stroke_during_a_save_is_neither_lost_nor_in_the_way(desk: Desk, project: Path) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    desk.window.save()
    drag(desk.canvas, (4, 4), (4, 9))
    count = painted(desk, 2)
    desk.wait(lambda: not desk.window.session.is_saving)
    assert workbench_of(desk).has_unsaved
    desk.close()
    workbench = Workbench.open(project)
    assert int(np.count_nonzero(workbench.annotation("case-001").labels[2])) == count
    workbench.close()


def test_closing_stays_open_and_says_so_where_the_disk_refuses(
    desk: Desk, project: Path, monkeypatch
) -> None:
    from segdesk.errors import ProjectError
    from segdesk.store.saving import Save

    desk.open(project)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))

    def full(self: Save, progress: object = None) -> None:
        raise ProjectError("The disk is full.", "Free some space.")

    monkeypatch.setattr(Save, "run", full)
    desk.window.close()
    dialog = desk.dialog("save_failed_dialog")
    assert desk.window.isVisible()
    desk.press(dialog, "stay_open")
    assert desk.window.isVisible()
    assert painted(desk, 2)
    desk.window.close()
    desk.press(desk.dialog("save_failed_dialog"), "close_anyway")
    desk.wait(lambda: not desk.window.isVisible())
    monkeypatch.undo()
    workbench = Workbench.open(project)
    assert workbench.recovered == 1
    workbench.close()
