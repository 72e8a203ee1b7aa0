"""The one table of actions, and the QActions, menus and context menus that are made from it.

What stands in the table is in `groups`, what a row is in `action`, what it acts on in `desk`. Keys
of rows with `canvas=True` act only while the slice view has the focus: `canvas.keys` dispatches
them, and their QActions only show the key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from segdesk.ui.commands.action import Action, Groups
from segdesk.ui.commands.desk import Desk
from segdesk.ui.commands.groups.editing import edit_groups, tool_groups
from segdesk.ui.commands.groups.files import file_groups
from segdesk.ui.commands.groups.helping import help_groups
from segdesk.ui.commands.groups.looking import slice_groups, view_groups
from segdesk.ui.commands.groups.operating import operation_groups
from segdesk.ui.commands.groups.reviewing import case_groups
from segdesk.ui.commands.groups.training import train_groups
from segdesk.ui.commands.menus import Menus
from segdesk.ui.look.as_written import caption, tip
from segdesk.ui.look.icons import icon
from segdesk.ui.look.theme import Tokens


def groups(desk: Desk) -> Groups:
    """Every action of the window, once, in the order of the menus."""
    rows = (
        *file_groups(desk),
        *edit_groups(desk),
        *slice_groups(desk),
        *view_groups(desk),
        *case_groups(desk),
        *tool_groups(desk),
        *operation_groups(desk),
        *train_groups(desk),
        *help_groups(desk),
    )
    return desk.reasons.answering(rows)


class ActionTable:
    """The table as Qt has it. Owned by the window.

    Parameters
    ----------
    window : parent of the QActions
    rows : in groups
    before : called before an action runs (a stroke in progress is finished first)
    """

    def __init__(self, window: QWidget, rows: Groups, before: Callable[[], None]) -> None:
        self._groups = rows
        self._before = before
        self.actions: tuple[Action, ...] = tuple(action for group in rows for action in group)
        self._by_id = {action.id: action for action in self.actions}
        if len(self._by_id) != len(self.actions):
            raise ValueError("expected each action once in the table")
        self._qactions = {action.id: self._made(action, window) for action in self.actions}
        #: Kept, because all are shown anew whenever anything becomes possible.
        self._tips = {action.id: _tip(action) for action in self.actions}

    def __getitem__(self, id: str) -> QAction:
        return self._qactions[id]

    def _made(self, action: Action, window: QWidget) -> QAction:
        made = QAction(action.text, window)
        made.setObjectName(action.id)
        made.setCheckable(action.checked is not None)
        if action.icon:
            made.setData(action.icon)
        made.setShortcuts(action.sequences)
        if action.canvas:
            made.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        made.triggered.connect(lambda: self.run(action))
        if not action.canvas:
            # On the window itself, so that keys act while the menu bar is hidden.
            window.addAction(made)
        return made

    def run(self, action: Action) -> None:
        """Do an action now, where it can be done."""
        if not action.why_not():
            self._before()
            action.handler()
        self.refresh()

    def fill(self, bar: QMenuBar) -> Menus:
        """Make the menus."""
        menus = Menus(bar)
        for group in self._groups:
            menu = menus.at(group[0].menu)
            if menu.actions() and "/" not in group[0].menu:
                menu.addSeparator()
            for action in group:
                menu.addAction(self._qactions[action.id])
        return menus

    def context_menu(self, parent: QMenu, ids: Sequence[str]) -> QMenu:
        """Put actions of the table into a menu; "" is a separator."""
        for id in ids:
            if id:
                parent.addAction(self._qactions[id])
            else:
                parent.addSeparator()
        return parent

    def refresh(self, *ids: str) -> None:
        """Show for each action, or those of these ids, whether it can be done, text and check."""
        for action in self.actions:
            if ids and action.id not in ids:
                continue
            made = self._qactions[action.id]
            reason = action.why_not()
            made.setEnabled(not reason)
            if action.text_now is not None:
                made.setText(caption(action.text_now()))
                made.setIconText(action.text)
            made.setToolTip(tip(reason or self._tips[action.id]))
            if action.checked is not None:
                made.setChecked(action.checked())

    def set_tokens(self, tokens: Tokens) -> None:
        """Icons in other colours."""
        for action in self.actions:
            if action.icon:
                self._qactions[action.id].setIcon(icon(action.icon, tokens))
                self._qactions[action.id].setIconVisibleInMenu(False)


def _tip(action: Action) -> str:
    keys = action.sequences
    if not keys:
        return action.tip
    return f"{action.tip} ({keys[0].toString(QKeySequence.SequenceFormat.NativeText)})"
