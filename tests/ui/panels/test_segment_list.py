"""The segment list by keyboard and by its menu."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QContextMenuEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QColorDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QTableView,
)
from pytestqt.qtbot import QtBot

from segdesk.core.segment import Segment
from segdesk.ui.models.segments_model import LOCKED, NAME, SHOWN
from segdesk.ui.panels.segments import SWATCH
from tests.windows import Desk


@pytest.fixture
def table(desk: Desk, project: Path) -> QTableView:
    desk.open(project)
    found = desk.window.findChild(QTableView, "segment_table")
    assert found is not None
    found.setFocus()
    return found


def first_segment(desk: Desk) -> Segment:
    workbench = desk.window.session.workbench
    assert workbench is not None
    return workbench.segments[1]


def open_menu(desk: Desk, table: QTableView, *, by_key: bool = False) -> QMenu:
    place = table.visualRect(table.model().index(0, 0)).center()
    reason = QContextMenuEvent.Reason.Keyboard if by_key else QContextMenuEvent.Reason.Mouse
    asked = table.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle)
    at = asked.center() if by_key else place
    event = QContextMenuEvent(reason, at, table.viewport().mapToGlobal(at))
    QApplication.sendEvent(table if by_key else table.viewport(), event)
    desk.settle()
    menu = desk.window.findChild(QMenu, "segment_menu")
    assert menu is not None and menu.isVisible()
    return menu


def choose(desk: Desk, menu: QMenu, id: str) -> None:
    action = next(row for row in menu.actions() if row.objectName() == id)
    menu.close()
    action.trigger()
    desk.settle()


def rename(desk: Desk, table: QTableView, qtbot: QtBot, name: str) -> None:
    field = table.viewport().findChild(QLineEdit)
    assert field is not None
    field.selectAll()
    qtbot.keyClicks(field, name)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    desk.settle()


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_return_on_a_row_renames_it(
    desk: Desk, table: QTableView, qtbot: QtBot, key: Qt.Key
) -> None:
    qtbot.keyClick(table, key)
    rename(desk, table, qtbot, "Nodule")
    assert first_segment(desk).name == "Nodule"
    # The Return that ended the name has not begun another one.
    assert table.state() != QTableView.State.EditingState


def test_the_history_says_what_became_of_a_segment(desk: Desk, table: QTableView) -> None:
    workbench = desk.window.session.workbench
    assert workbench is not None
    before = workbench.segments[1]
    for change in (
        replace(before, name="Lung"),
        replace(before, name="Lung", colour="#123456"),
    ):
        workbench.change_segment(change)
    assert [edit.name for edit in workbench.history.done][-2:] == [
        f"Rename segment '{before.name}' to 'Lung'",
        "Change segment 'Lung'",
    ]


def test_the_menu_of_a_row_renames_hides_and_locks(
    desk: Desk, table: QTableView, qtbot: QtBot
) -> None:
    menu = open_menu(desk, table)
    assert [row.text() for row in menu.actions()] == [
        "Rename",
        "Colour…",
        "Hide",
        "Lock",
        "Remove…\tDel",
    ]
    choose(desk, menu, "rename_segment")
    rename(desk, table, qtbot, "Lobe")
    assert first_segment(desk).name == "Lobe"
    choose(desk, open_menu(desk, table), "show_segment")
    assert not first_segment(desk).visible
    choose(desk, open_menu(desk, table), "lock_segment")
    assert first_segment(desk).locked
    menu = open_menu(desk, table)
    assert [row.text() for row in menu.actions()][2:4] == ["Show", "Unlock"]
    menu.close()


def test_the_menu_key_opens_the_menu_of_the_current_row(desk: Desk, table: QTableView) -> None:
    menu = open_menu(desk, table, by_key=True)
    assert menu.accessibleName() == "Disc"
    menu.close()


def test_a_colour_is_chosen_in_a_dialog_that_stops_nothing(desk: Desk, table: QTableView) -> None:
    choose(desk, open_menu(desk, table), "colour_segment")
    dialog = desk.dialog("segment_colour_dialog")
    assert isinstance(dialog, QColorDialog)
    dialog.setCurrentColor(QColor("#123456"))
    dialog.accept()
    desk.settle()
    assert first_segment(desk).colour == "#123456"


def test_a_colour_for_a_project_that_has_gone_is_dropped(desk: Desk, table: QTableView) -> None:
    choose(desk, open_menu(desk, table), "colour_segment")
    dialog = desk.dialog("segment_colour_dialog")
    assert isinstance(dialog, QColorDialog)
    desk.window.close_project()
    desk.wait(lambda: desk.window.session.workbench is None)
    dialog.setCurrentColor(QColor("#123456"))
    dialog.accept()
    desk.settle()


def click(qtbot: QtBot, table: QTableView, row: int, column: int) -> None:
    place = table.visualRect(table.model().index(row, column)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def active(desk: Desk) -> int:
    view = desk.window.session.view
    assert view is not None
    return view.hand.segment


def test_a_click_on_the_only_segment_takes_it_back_from_background(
    desk: Desk, table: QTableView, qtbot: QtBot
) -> None:
    click(qtbot, table, 0, NAME)
    desk.key(Qt.Key.Key_0)
    assert active(desk) == 0
    # The table gets the focus: Qt makes its first row the current one, which nobody has chosen.
    table.setFocus(Qt.FocusReason.TabFocusReason)
    desk.settle()
    assert active(desk) == 0
    click(qtbot, table, 0, NAME)
    assert active(desk) == 1


def test_a_click_on_an_eye_or_a_padlock_leaves_the_active_segment(
    desk: Desk, table: QTableView, qtbot: QtBot
) -> None:
    workbench = desk.window.session.workbench
    assert workbench is not None
    workbench.add_segment("Other")
    desk.settle()
    for column in (SHOWN, LOCKED):
        click(qtbot, table, 1, column)
        desk.settle()
        assert active(desk) == 1
        assert [index.row() for index in table.selectionModel().selectedRows()] == [0]
    assert not workbench.segments[2].visible and workbench.segments[2].locked
    # The second of two quick clicks comes as a double click, and is a click.
    place = table.visualRect(table.model().index(1, LOCKED)).center()
    for act in (qtbot.mouseDClick, qtbot.mouseRelease):
        act(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert not workbench.segments[2].locked
    history = [edit.name for edit in workbench.history.done]
    assert history[-2:] == ["Lock segment 'Other'", "Unlock segment 'Other'"]
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert active(desk) == 2


def test_the_swatch_of_the_active_segment_has_its_own_colour(desk: Desk, table: QTableView) -> None:
    place = table.visualRect(table.model().index(0, NAME))
    picture = table.viewport().grab(place).toImage()
    row = picture.height() // 2
    colours = [picture.pixelColor(x, row).name() for x in range(SWATCH)]
    assert colours.count(first_segment(desk).colour) >= 10


def test_tab_leaves_every_table(desk: Desk, table: QTableView, qtbot: QtBot) -> None:
    for view in desk.window.findChildren(QAbstractItemView):
        assert not view.tabKeyNavigation(), view.objectName()
    qtbot.keyClick(table, Qt.Key.Key_Tab)
    assert not table.hasFocus()


@pytest.mark.parametrize(("typed", "said"), [("  ", "needs a name"), ("Other", "already")])
def test_a_name_that_is_empty_or_taken_is_refused_with_a_sentence(
    desk: Desk, table: QTableView, qtbot: QtBot, typed: str, said: str
) -> None:
    workbench = desk.window.session.workbench
    assert workbench is not None
    workbench.add_segment("Other")
    desk.settle()
    table.setCurrentIndex(table.model().index(0, 0))
    qtbot.keyClick(table, Qt.Key.Key_Return)
    rename(desk, table, qtbot, typed)
    assert first_segment(desk).name == "Disc"
    words = desk.window.findChild(QLabel, "status_words")
    assert words is not None and said in words.text()
    qtbot.keyClick(table, Qt.Key.Key_Return)
    rename(desk, table, qtbot, "  Left lung ")
    assert first_segment(desk).name == "Left lung"
    desk.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert first_segment(desk).name == "Disc"
