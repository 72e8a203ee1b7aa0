"""Keys of the canvas: press, tap, hold, refusal, other keyboards."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segdesk.app.screen.view_state import ViewState
from segdesk.errors import UsageError
from segdesk.ui.canvas.keys import HOLD_MS
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.commands.action import Action
from tests.ui.canvas.mouse import LEFT, PLAIN, SHIFT, drag, move, press, release

#: Korean ㅈ and Cyrillic ц, both on the key that gives W on a US keyboard, and its scan code.
KOREAN_W, CYRILLIC_W, PLACE_OF_W = 0x3148, 0x0446, 17


@dataclass
class Table:
    """Counts what was done."""

    done: list[str] = field(default_factory=list)

    def action(self, id: str, *keys: str, **more: object) -> Action:
        def handler() -> None:
            self.done.append(id)

        fields = {"canvas": True, "handler": handler, **more}
        return Action(id, id, id, menu="view", keys=keys, **fields)


@pytest.fixture
def table() -> Table:
    return Table()


def test_a_key_that_is_pressed_does_its_action(canvas: SliceView, table: Table) -> None:
    canvas.set_actions(
        [
            table.action("next", "N"),
            table.action("previous", "Shift+N"),
            table.action("ten", "PgDown", "Ctrl+Right"),
            table.action("right", "Return", "Enter"),
            table.action("help", "?"),
            table.action("smaller", "["),
            table.action("elsewhere", "Z", canvas=False),
        ]
    )
    for key, modifiers in (
        (Qt.Key.Key_N, PLAIN),
        (Qt.Key.Key_N, SHIFT),
        (Qt.Key.Key_PageDown, PLAIN),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier),
        (Qt.Key.Key_Right, PLAIN),
        (Qt.Key.Key_Return, PLAIN),
        (Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier),
        (Qt.Key.Key_Question, SHIFT),
        (Qt.Key.Key_BracketLeft, PLAIN),
        (Qt.Key.Key_Z, PLAIN),
    ):
        QTest.keyClick(canvas, key, modifiers)
    assert table.done == [
        "next", "previous", "ten", "ten", "right", "right", "help", "smaller",
    ]  # fmt: skip


def test_a_shortcut_of_the_window_does_not_take_a_key_of_the_canvas(
    canvas: SliceView, table: Table
) -> None:
    canvas.set_actions([table.action("next", "N")])
    ours = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_N, PLAIN, "n")
    other = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Y, PLAIN, "y")
    for event in (ours, other):
        event.ignore()
        QApplication.sendEvent(canvas, event)
    assert (ours.isAccepted(), other.isAccepted()) == (True, False)


def test_a_tap_of_w_takes_the_next_segment_and_w_held_with_a_drag_the_window(
    canvas: SliceView, view: ViewState, table: Table
) -> None:
    next_segment = table.action(
        "next_segment",
        "W",
        handler=lambda: view.hand.step_segment(1),
        key_use="tap_hold",
        hold=canvas.use_hold_window,
    )
    canvas.set_actions([next_segment])
    view.hand.use_tool("brush")
    QTest.keyClick(canvas, Qt.Key.Key_W)
    assert view.hand.segment == 2
    width = view.display.window.width
    QTest.keyPress(canvas, Qt.Key.Key_W)
    drag(canvas, (20, 20), (20, 30))
    QTest.keyRelease(canvas, Qt.Key.Key_W)
    assert view.display.window.width > width
    assert view.hand.segment == 2
    assert not view.workbench.annotation("case-001").labels.any()
    drag(canvas, (20, 20), (20, 30))
    assert view.workbench.annotation("case-001").labels[3, 20, 20] == 2


def test_a_key_that_stays_down_is_held_and_comes_up_without_a_tap(
    canvas: SliceView, table: Table, qtbot: QtBot
) -> None:
    held: list[bool] = []
    canvas.set_actions([table.action("peek", "S", key_use="tap_hold", hold=held.append)])
    QTest.keyPress(canvas, Qt.Key.Key_S)
    assert held == []
    qtbot.waitUntil(lambda: held == [True], timeout=HOLD_MS * 20)
    QTest.keyRelease(canvas, Qt.Key.Key_S)
    assert held == [True, False]
    assert table.done == []


def test_a_lost_focus_lets_a_held_key_go(canvas: SliceView, table: Table) -> None:
    held: list[bool] = []
    canvas.set_actions([table.action("pan", "Space", key_use="tap_hold", hold=held.append)])
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    press(canvas, (20, 20))
    assert held == [True]
    QApplication.sendEvent(canvas, QFocusEvent(QEvent.Type.FocusOut))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert held == [True, False]
    assert table.done == []


def test_space_held_moves_the_slice_in_every_tool(
    canvas: SliceView, view: ViewState, table: Table
) -> None:
    pan = table.action("pan", "Space", key_use="tap_hold", hold=canvas.use_hold_pan)
    canvas.set_actions([pan])
    view.hand.use_tool("brush")
    before = canvas.pixel_of(20, 20)
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    press(canvas, (20, 20))
    move(canvas, (25, 20), LEFT)
    assert canvas.pixel_of(20, 20).y() > before.y()
    release(canvas, (20, 20))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert not view.workbench.annotation("case-001").labels.any()


def test_arrows_go_on_while_they_are_down_and_other_keys_do_not(
    canvas: SliceView, table: Table
) -> None:
    canvas.set_actions([table.action("slice", "Left", repeats=True), table.action("reject", "X")])
    for key, text in ((Qt.Key.Key_Left, ""), (Qt.Key.Key_X, "x")):
        for is_repeat in (False, True, True):
            event = QKeyEvent(QEvent.Type.KeyPress, key, PLAIN, text, is_repeat)
            QApplication.sendEvent(canvas, event)
    assert table.done == ["slice", "slice", "slice", "reject"]


def test_an_action_that_cannot_be_done_says_why(
    canvas: SliceView, table: Table, qtbot: QtBot
) -> None:
    canvas.set_actions([table.action("accept", "Return", why_not=lambda: "No prediction yet.")])
    with qtbot.waitSignal(canvas.refused) as said:
        QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert said.args == ["No prediction yet."]
    assert table.done == []


def test_a_refusal_of_an_action_is_said_with_its_hint(
    canvas: SliceView, table: Table, qtbot: QtBot
) -> None:
    def refuse() -> None:
        raise UsageError("There is nothing.", "Train first.")

    canvas.set_actions([table.action("dismiss", "Backspace", handler=refuse)])
    with qtbot.waitSignal(canvas.refused) as said:
        QTest.keyClick(canvas, Qt.Key.Key_Backspace)
    assert said.args == ["There is nothing. Train first."]


def test_esc_and_enter_go_to_the_gesture_first_and_then_to_their_actions(
    canvas: SliceView, view: ViewState, table: Table
) -> None:
    canvas.set_actions([table.action("navigate", "Esc"), table.action("right", "Return")])
    view.hand.use_tool("brush")
    press(canvas, (20, 20))
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    press(canvas, (20, 20))
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert table.done == []
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert table.done == ["right", "navigate"]


def test_an_action_during_a_stroke_finds_it_finished(
    canvas: SliceView, view: ViewState, table: Table
) -> None:
    names: list[str] = []
    history = view.workbench.history
    verify = table.action("verify", "M", handler=lambda: names.append(history.done[-1].name))
    canvas.set_actions([verify])
    view.hand.use_tool("brush")
    press(canvas, (20, 20))
    QTest.keyClick(canvas, Qt.Key.Key_M)
    assert names == ["Brush"]


def test_a_shortcut_of_the_window_during_a_stroke_finds_it_finished(
    canvas: SliceView, view: ViewState
) -> None:
    view.hand.use_tool("brush")
    press(canvas, (20, 20))
    ctrl_z = QKeyEvent(
        QEvent.Type.ShortcutOverride, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier
    )
    QApplication.sendEvent(canvas, ctrl_z)
    assert not canvas.stroke_in_progress
    view.workbench.undo()
    assert not view.workbench.annotation("case-001").labels.any()


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS numbers its keys otherwise")
@pytest.mark.parametrize(("key", "text"), [(KOREAN_W, "ㅈ"), (CYRILLIC_W, "ц"), (0, "")])
def test_a_keyboard_without_latin_letters_goes_by_the_place_of_the_key(
    canvas: SliceView, table: Table, key: int, text: str
) -> None:
    canvas.set_actions([table.action("next_segment", "W")])
    place = PLACE_OF_W if sys.platform == "win32" else PLACE_OF_W + 8
    event = QKeyEvent(QEvent.Type.KeyPress, key, PLAIN, place, 0, 0, text)
    QApplication.sendEvent(canvas, event)
    assert table.done == ["next_segment"]


def test_a_latin_letter_goes_by_its_character_wherever_the_key_is(
    canvas: SliceView, table: Table
) -> None:
    canvas.set_actions([table.action("w", "W"), table.action("z", "Z")])
    # A French keyboard has Z where a US one has W.
    event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Z, PLAIN, PLACE_OF_W + 8, 0, 0, "z")
    QApplication.sendEvent(canvas, event)
    assert table.done == ["z"]
