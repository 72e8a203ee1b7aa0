"""Keys of the canvas act wherever no field is being typed in; fields and lists keep theirs."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLineEdit,
    QListView,
    QPushButton,
    QWidget,
)

from segdesk.core.status import SliceStatus
from tests.windows import Desk

KEY = Qt.Key
LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def handle(desk: Desk) -> QWindow:
    """Events at the system's window, as the system gives them."""
    return desk.window.windowHandle()


def click(desk: Desk, widget: QWidget, at: QPoint | None = None) -> None:
    spot = widget.mapTo(desk.window, widget.rect().center() if at is None else at)
    QTest.mouseClick(handle(desk), LEFT, PLAIN, spot)
    desk.settle()


def type_key(desk: Desk, key: Qt.Key, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
    QTest.keyClick(handle(desk), key, modifiers)
    desk.settle()


def statuses(desk: Desk) -> tuple[SliceStatus, ...]:
    workbench, case = desk.window.session.workbench, desk.window.session.case_id
    assert workbench is not None and case is not None
    return workbench.statuses(case)


def shown(desk: Desk) -> int:
    view = desk.window.session.view
    assert view is not None
    return view.crosshair.slice


def case_list(desk: Desk) -> QListView:
    found = desk.window.findChild(QListView, "case_list")
    assert found is not None
    return found


def test_after_a_click_on_a_case_keys_act_on_its_slices(desk: Desk, project: Path) -> None:
    desk.open(project)
    cases = case_list(desk)
    second = cases.visualRect(cases.model().index(1, 0)).center()
    click(desk, cases.viewport(), cases.viewport().mapFrom(cases.viewport(), second))
    desk.wait(
        lambda: desk.window.session.case_id == "case-002" and not desk.window.session.is_reading
    )
    desk.settle()
    assert desk.canvas.hasFocus()
    type_key(desk, KEY.Key_Home)
    type_key(desk, KEY.Key_M)
    assert statuses(desk)[shown(desk)] is SliceStatus.VERIFIED
    type_key(desk, KEY.Key_X)
    assert statuses(desk)[shown(desk)] is SliceStatus.REJECTED
    first = shown(desk)
    type_key(desk, KEY.Key_PageUp)
    type_key(desk, KEY.Key_PageDown)
    last = shown(desk)
    type_key(desk, KEY.Key_PageUp)
    assert len({first, last, shown(desk)}) > 1


@pytest.mark.parametrize("name", ["QPushButton", "QComboBox"])
def test_keys_act_while_something_that_is_not_typed_in_has_the_focus(
    desk: Desk, project: Path, name: str
) -> None:
    desk.open(project)
    kinds = {"QPushButton": QPushButton, "QComboBox": QComboBox}
    widget = next(
        found
        for found in desk.window.findChildren(kinds[name])
        if found.isVisible() and found.isEnabled()
    )
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    type_key(desk, KEY.Key_M)
    assert statuses(desk)[shown(desk)] is SliceStatus.VERIFIED
    assert widget.hasFocus()


def test_a_list_that_was_reached_by_tab_keeps_the_keys_that_move_in_it(
    desk: Desk, project: Path
) -> None:
    desk.open(project)
    cases = case_list(desk)
    cases.setFocus(Qt.FocusReason.TabFocusReason)
    before = shown(desk)
    type_key(desk, KEY.Key_Down)
    desk.wait(lambda: desk.window.session.case_id == "case-002")
    type_key(desk, KEY.Key_Up)
    desk.wait(lambda: desk.window.session.case_id == "case-001")
    assert shown(desk) == before and cases.hasFocus()


def test_the_segment_list_keeps_its_own_keys_after_a_click(desk: Desk, project: Path) -> None:
    desk.open(project)
    table = desk.window.findChild(QAbstractItemView, "segment_table")
    assert table is not None
    name = table.visualRect(table.model().index(0, 2))
    click(desk, table.viewport(), name.center())
    assert table.hasFocus()
    type_key(desk, KEY.Key_M)
    assert statuses(desk)[shown(desk)] is SliceStatus.VERIFIED
    type_key(desk, KEY.Key_Return)
    typing = QApplication.focusWidget()
    assert isinstance(typing, QLineEdit)
    for key in (KEY.Key_X, KEY.Key_B, KEY.Key_1):
        type_key(desk, key)
    assert typing.text().casefold() == "xb1"
    assert statuses(desk)[shown(desk)] is SliceStatus.VERIFIED


def test_a_key_that_is_held_elsewhere_comes_up_when_the_window_loses_the_keyboard(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    button = next(
        found
        for found in desk.window.findChildren(QPushButton)
        if found.isVisible() and found.isEnabled()
    )
    button.setFocus(Qt.FocusReason.TabFocusReason)
    peeked: list[bool] = []
    monkeypatch.setattr(desk.canvas, "peek", peeked.append)
    QTest.keyPress(handle(desk), KEY.Key_S)
    desk.wait(lambda: peeked == [True])
    QApplication.sendEvent(handle(desk), QEvent(QEvent.Type.FocusOut))
    assert peeked == [True, False]
    QApplication.sendEvent(handle(desk), QKeyEvent(QEvent.Type.KeyRelease, KEY.Key_S, PLAIN, "s"))
    assert peeked == [True, False]
