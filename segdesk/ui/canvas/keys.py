"""Keys of the canvas: from a key event to a row of the table of actions, by press, tap or hold.

QAction knows only a press, and a shortcut of the whole window would act while a number is typed.
So actions with `canvas=True` are dispatched here and only while the slice view has the focus.
Keys go by the character that they give; where that is no Latin letter or digit (a Korean, Greek or
Cyrillic keyboard), by the place of the key.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, cast

from PySide6.QtCore import QKeyCombination, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence

from segdesk.errors import UsageError
from segdesk.ui.look.translations import translated

#: press: when the key goes down. tap_hold: `handler` on a tap, `hold` while it stays down.
KeyUse = Literal["press", "tap_hold"]
#: A key that stays down this long is held, not tapped.
HOLD_MS = 200

#: Keys that mean nothing by themselves: they end no stroke.
MODIFIERS = frozenset(
    (
        Qt.Key.Key_Shift,
        Qt.Key.Key_Control,
        Qt.Key.Key_Alt,
        Qt.Key.Key_AltGr,
        Qt.Key.Key_Meta,
        Qt.Key.Key_Super_L,
        Qt.Key.Key_Super_R,
        Qt.Key.Key_CapsLock,
        Qt.Key.Key_NumLock,
        Qt.Key.Key_ScrollLock,
        Qt.Key.Key_unknown,
    )
)

_KEYPAD = Qt.KeyboardModifier.KeypadModifier.value
_SHIFT = Qt.KeyboardModifier.ShiftModifier.value
#: First code of the keys that give no character (Escape, arrows, F1 …).
_FIRST_SPECIAL = Qt.Key.Key_Escape.value
#: Letters and digits of a US keyboard by scan code (set 1, as Windows and Linux number them).
_ROWS = {2: "1234567890", 16: "QWERTYUIOP", 30: "ASDFGHJKL", 44: "ZXCVBNM"}
_BY_PLACE = {
    first + offset: letter for first, row in _ROWS.items() for offset, letter in enumerate(row)
}
#: The same by macOS's virtual key code (Carbon's Events.h, kVK_ANSI_A = 0 and on).
_BY_MAC_PLACE = dict(zip(range(10), "ASDFHGZXCV", strict=True)) | {
    11: "B", 12: "Q", 13: "W", 14: "E", 15: "R", 16: "Y", 17: "T", 18: "1", 19: "2", 20: "3",
    21: "4", 22: "6", 23: "5", 25: "9", 26: "7", 28: "8", 29: "0", 31: "O", 32: "U", 34: "I",
    35: "P", 37: "L", 38: "J", 40: "K", 45: "N", 46: "M",
}  # fmt: skip
#: X11 and Wayland add this to the kernel's codes.
_XKB_OFFSET = 8


class Keyed(Protocol):
    """What a row of the table of actions is to its keys."""

    @property
    def keys(self) -> tuple[str, ...]: ...

    @property
    def repeats(self) -> bool: ...

    @property
    def canvas(self) -> bool: ...

    @property
    def key_use(self) -> KeyUse: ...

    @property
    def handler(self) -> Callable[[], None]: ...

    @property
    def hold(self) -> Callable[[bool], None] | None: ...

    @property
    def why_not(self) -> Callable[[], str]: ...


@dataclass(slots=True)
class _Down:
    """A tap-or-hold key that is down."""

    action: Keyed
    is_held: bool = False


class KeyDispatcher(QObject):
    """Owned by the slice view.

    Parameters
    ----------
    before : called before an action runs (a stroke in progress is finished first)
    """

    #: Why an action could not be done, in words.
    refused = Signal(str)

    def __init__(self, before: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._before = before
        self._by_key: dict[tuple[int, int], Keyed] = {}
        self._down: dict[int, _Down] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(HOLD_MS)
        self._timer.timeout.connect(self.hold_what_is_down)

    def set_actions(self, actions: Sequence[Keyed]) -> None:
        """The table of actions; those with `canvas=True` and a shortcut are dispatched."""
        self.let_go()
        self._by_key = {
            key: action for action in actions if action.canvas for key in _keys(action.keys)
        }

    def action_for(self, event: QKeyEvent) -> Keyed | None:
        """The action that a key means."""
        for key in _candidates(event):
            if key in self._by_key:
                return self._by_key[key]
        return None

    def press(self, event: QKeyEvent) -> bool:
        """A key went down. Returns whether it means something here."""
        action = self.action_for(event)
        if action is None:
            return False
        if action.key_use == "tap_hold":
            if not event.isAutoRepeat() and event.key() not in self._down:
                self._down[event.key()] = _Down(action)
                self._timer.start()
        elif not event.isAutoRepeat() or action.repeats:
            self._run(action)
        return True

    def release(self, event: QKeyEvent) -> bool:
        """A key came up. Returns whether it had meant something here."""
        if event.isAutoRepeat():
            return event.key() in self._down
        down = self._down.pop(event.key(), None)
        if down is None:
            return False
        if down.is_held:
            _hold(down.action, False)
        else:
            self._run(down.action)
        return True

    def hold_what_is_down(self) -> None:
        """The time for a tap is over, or the pointer went down: keys that are down are held."""
        for down in self._down.values():
            if not down.is_held:
                down.is_held = True
                _hold(down.action, True)

    def let_go(self) -> None:
        """The focus is lost: held keys come up, and what was down is no tap."""
        self._timer.stop()
        released, self._down = self._down, {}
        for down in released.values():
            if down.is_held:
                _hold(down.action, False)

    def _run(self, action: Keyed) -> None:
        reason = action.why_not()
        if reason:
            self.refused.emit(reason)
            return
        self._before()
        try:
            action.handler()
        except UsageError as refusal:
            self.refused.emit(translated(refusal.words))


def _hold(action: Keyed, down: bool) -> None:
    if action.hold is not None:
        action.hold(down)


def _keys(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """(key, modifiers) of each alternative in Qt's portable text."""
    for text in texts:
        sequence = QKeySequence(text, QKeySequence.SequenceFormat.PortableText)
        if not sequence.isEmpty():
            # Indexing works, but PySide's stubs do not know it.
            combination = cast("Sequence[QKeyCombination]", sequence)[0]
            yield combination.key().value, combination.keyboardModifiers().value


def _candidates(event: QKeyEvent) -> Iterator[tuple[int, int]]:
    """What an event could mean, the likeliest first."""
    key, modifiers = event.key(), event.modifiers().value & ~_KEYPAD
    yield key, modifiers
    letter_or_special = key >= _FIRST_SPECIAL or chr(key).isalpha()
    if modifiers & _SHIFT and not letter_or_special:
        # "?" and "+" need Shift on some keyboards and not on others: the character decides.
        yield key, modifiers & ~_SHIFT
    if key >= _FIRST_SPECIAL or (chr(key).isascii() and chr(key).isalnum()):
        return
    place = _letter_at(event)
    if place:
        yield ord(place), modifiers


def _letter_at(event: QKeyEvent) -> str:
    """The letter or digit that a US keyboard has where the key is, or ""."""
    if sys.platform == "darwin":
        return _BY_MAC_PLACE.get(event.nativeVirtualKey(), "")
    offset = 0 if sys.platform == "win32" else _XKB_OFFSET
    return _BY_PLACE.get(event.nativeScanCode() - offset, "")
