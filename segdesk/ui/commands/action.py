"""One row of the table of actions: the `Action`. The table itself is `actions.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtGui import QKeySequence

from segdesk.ui.canvas.keys import KeyUse

#: What has to be there, each with what the ones before it say: an open project, a case on screen,
#: values in HU, its mask, a segment, a prediction.
Need = Literal["nothing", "project", "case", "hu", "mask", "segment", "prediction"]


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
    menu : id of the menu it stands in, as in `menus`; "view/theme" is a menu inside a menu
    keys : in Qt's portable text, the first one is shown
    canvas : its keys act only while the canvas has the focus (single letters, Enter, arrows)
    needs : what has to be there; answered in words once for all, before `why_not` is asked
    changes : it changes the open project, so it cannot be done where that is only read
    repeats : goes on while its key stays down; else it acts once for each press
    why_not : what else keeps it from being done now, in words that become the tooltip; ""
        where nothing does
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
    keys: tuple[str, ...] = ()
    canvas: bool = False
    needs: Need = "nothing"
    changes: bool = False
    repeats: bool = False
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
        return [QKeySequence(text, portable) for text in self.keys]


#: Actions of a menu, in groups that separators part.
Groups = tuple[tuple[Action, ...], ...]
