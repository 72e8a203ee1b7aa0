"""One row of the table of actions: the `Action`. The table itself is `actions.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QKeySequence

from segdesk.ui.canvas.keys import KeyUse


def _always() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Action:
    """Something a user can do; menus, toolbar, shortcut sheet and help are made from it.

    Parameters
    ----------
    id : also the objectName of its QAction and buttons
    text : as in the menu, without "…" unless it asks something first
    tip : one sentence
    handler : done on a press, or on a tap
    menu : title of the menu it stands in; "View/Theme" is a menu inside a menu
    shortcut : keys in Qt's portable text, several separated by ", "
    canvas : its keys act only while the canvas has the focus (single letters, Enter, arrows)
    why_not : "" where it can be done now, else the reason, which becomes the tooltip
    key_use : press, or tap and hold
    hold : called with True when the key is held (after 200 ms, or when the pointer drags), with
        False when it comes up
    checked : for actions that are on or off
    icon : name of an icon in resources/icons, or empty
    text_now : the text where it changes, such as "Undo Brush, slice 18"
    """

    id: str
    text: str
    tip: str
    handler: Callable[[], None]
    menu: str
    shortcut: str = ""
    canvas: bool = False
    why_not: Callable[[], str] = _always
    key_use: KeyUse = "press"
    hold: Callable[[bool], None] | None = None
    checked: Callable[[], bool] | None = None
    icon: str = ""
    text_now: Callable[[], str] | None = None

    @property
    def sequences(self) -> list[QKeySequence]:
        """Its keys, the first one first. Qt's own list reads "; " between them, not ", "."""
        portable = QKeySequence.SequenceFormat.PortableText
        return [QKeySequence(text, portable) for text in self.shortcut.split(", ") if text]


#: Actions of a menu, in groups that separators part.
Groups = tuple[tuple[Action, ...], ...]
