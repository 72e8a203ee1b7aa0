"""What was done, the newest first; a click goes to the slice that it changed."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from segdesk.app.view_state import ViewState
from segdesk.app.workbench import Workbench
from segdesk.core.edit import Edit
from segdesk.ui.panels.panel import Panel
from segdesk.ui.theme import Tokens

#: Rows shown; undo itself goes further back.
SHOWN = 50


class HistoryPanel(Panel):
    """The Edits that undo can take back."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__("history", "History", tokens)
        self._list = QListWidget()
        self._list.setObjectName("history_list")
        self._list.setAccessibleName(self.tr("History"))
        self._list.setUniformItemSizes(True)
        self._list.itemActivated.connect(self._go)
        self._list.itemClicked.connect(self._go)
        self.rows.addWidget(self._list, 1)
        self._edits: tuple[Edit, ...] = ()

    def _listen(self, workbench: Workbench, view: ViewState) -> None:
        self.bridge.listen(workbench.history_changed, self.refresh)

    def refresh(self) -> None:
        done = self.workbench.history.done if self.workbench is not None else ()
        self._edits = done[-SHOWN:][::-1]
        self._list.clear()
        for edit in self._edits:
            self._list.addItem(QListWidgetItem(describe(edit)))
        if not self._edits:
            item = QListWidgetItem(self.tr("Nothing to undo yet"))
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self._list.addItem(item)

    def _go(self, item: QListWidgetItem) -> None:
        row = self._list.row(item)
        if self.view is not None and row < len(self._edits):
            self.view.reveal(self._edits[row])


def describe(edit: Edit) -> str:
    """One line: name, how many voxels, where, when. Slices count from 1."""
    parts = [edit.name]
    voxels = sum(patch.changed for patch in edit.patches)
    if voxels:
        parts[0] += f", {voxels} voxels"
    if len(edit.slices) == 1:
        parts.append(f"slice {edit.slices[0] + 1}")
    elif edit.slices:
        parts.append(f"{len(edit.slices)} slices")
    if edit.time:
        parts.append(time.strftime("%H:%M", time.localtime(edit.time)))
    return " · ".join(parts)
