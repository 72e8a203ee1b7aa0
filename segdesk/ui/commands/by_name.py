"""Every action in one searchable list: the shortcut sheet and the command palette.

Both are made from the table of actions. The sheet shows keys and stays open; the palette runs the
first match at Enter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHeaderView, QLineEdit, QTreeWidget, QTreeWidgetItem, QWidget

from segdesk.ui.commands.action import Action
from segdesk.ui.commands.menus import in_words
from segdesk.ui.dialogs.dialog import Dialog, grey_out
from segdesk.ui.look.as_written import tip
from segdesk.ui.look.theme import GRID
from segdesk.ui.look.translations import tr

#: Keys of the search field that move in the list.
MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class ActionListDialog(Dialog):
    """A search field over a list of actions.

    Parameters
    ----------
    id, title : of the dialog
    actions : the table
    run : called with the action at Enter or a double click; None: the list is only read
    """

    def __init__(
        self,
        parent: QWidget,
        id: str,
        title: str,
        actions: Sequence[Action],
        run: Callable[[Action], None] | None,
    ) -> None:
        super().__init__(id, title, parent)
        self._actions = actions
        self._run = run
        self.search = QLineEdit()
        self.search.setObjectName(f"{id}_search")
        self.search.setAccessibleName(tr("Search"))
        self.search.setPlaceholderText(tr("Search by name, key or menu"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        self.rows.addWidget(self.search)
        self.list = QTreeWidget()
        self.list.setObjectName(f"{id}_list")
        self.list.setAccessibleName(title)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setHeaderLabels([tr("Action"), tr("Keys"), tr("Menu")])
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        for action in actions:
            self._add(action)
        self.list.itemActivated.connect(lambda item, _: self._chosen(item))
        self.rows.addWidget(self.list, 1)
        self.resize(190 * GRID, 130 * GRID)
        self._filter("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows in the search field move in the list; Enter takes the row that is marked."""
        if watched is self.search and isinstance(event, QKeyEvent):
            pressed = event.type() == QEvent.Type.KeyPress
            if pressed and event.key() in MOVES:
                self.list.keyPressEvent(event)
                return True
            if pressed and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                item = self.list.currentItem()
                if item is not None and not item.isHidden():
                    self._chosen(item)
                return True
        return super().eventFilter(watched, event)

    def _add(self, action: Action) -> None:
        text = action.text_now() if action.text_now is not None else action.text
        item = QTreeWidgetItem(self.list, [text, keys_in_words(action), in_words(action.menu)])
        reason = action.why_not()
        item.setToolTip(0, tip(reason or action.tip))
        if self._run is not None and reason:
            item.setText(2, reason)
            grey_out(item, self.palette())

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        first: QTreeWidgetItem | None = None
        for row in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(row)
            if item is None:
                continue
            hay = " ".join(item.text(column) for column in range(3)).casefold()
            item.setHidden(not all(word in hay for word in words))
            if first is None and not item.isHidden() and not item.isDisabled():
                first = item
        if first is not None:
            self.list.setCurrentItem(first)

    def _chosen(self, item: QTreeWidgetItem) -> None:
        if self._run is None or item.isDisabled():
            return
        action = self._actions[self.list.indexOfTopLevelItem(item)]
        self.accept()
        self._run(action)


def keys_in_words(action: Action) -> str:
    """The keys of an action as this system writes them, "or" between alternatives."""
    native = QKeySequence.SequenceFormat.NativeText
    keys = [sequence.toString(native) for sequence in action.sequences]
    # The two keys of that name are one to a reader, as the buttons call them.
    keys = [key for key in keys if key.replace("Return", "Enter") == key or len(keys) == 1]
    words = tr(" or ").join(keys)
    if action.key_use == "tap_hold" and action.hold is not None:
        words += tr(" (hold to peek)") if action.id == "overlays" else tr(" (or hold and drag)")
    return words
