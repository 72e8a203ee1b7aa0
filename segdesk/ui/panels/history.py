"""What was done, the newest first; a click goes to the slice that it changed."""

from __future__ import annotations

import time

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QSizePolicy

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.edit import Edit
from segdesk.ui.look import as_written, counted_words
from segdesk.ui.look.as_written import tip
from segdesk.ui.look.edit_words import case_words, place_words
from segdesk.ui.look.sizes import scaled
from segdesk.ui.look.theme import GRID, Tokens
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.panels.panel import Panel

#: Rows shown; undo itself goes further back.
SHOWN = 50
#: Height of a row in pixels, and how many are seen however low the window is.
ROW_HEIGHT, FEWEST_ROWS = 6 * GRID, 2


class HistoryPanel(Panel):
    """The Edits that undo can take back."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__("history", tr("History"), tokens)
        self._list = QListWidget()
        self._list.setObjectName("history_list")
        self._list.setAccessibleName(tr("History"))
        self._list.setUniformItemSizes(True)
        self._list.itemActivated.connect(self._go)
        self._list.itemClicked.connect(self._go)
        # It takes the room that is left, and asks for little.
        self._list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self._list.setMinimumHeight(FEWEST_ROWS * scaled(ROW_HEIGHT))
        self.rows.addWidget(self._list, 1)
        self._steps: tuple[tuple[Edit, ...], ...] = ()

    def _listen(self, workbench: Workbench, view: ViewState) -> None:
        self.bridge.listen(workbench.history_changed, self.refresh)
        self.bridge.listen(workbench.index_changed, self.refresh)

    def refresh(self) -> None:
        workbench = self.workbench
        self._steps = workbench.history.newest_steps(SHOWN) if workbench is not None else ()
        self._list.clear()
        if workbench is not None:
            for step in self._steps:
                self._list.addItem(_row(describe(step, workbench), step[-1].time))
        if not self._steps:
            item = QListWidgetItem(tr("Nothing to undo yet"))
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self._list.addItem(item)

    def _go(self, item: QListWidgetItem) -> None:
        row = self._list.row(item)
        if self.view is not None and row < len(self._steps):
            self.view.pane.reveal(self._steps[row][0])


def _row(text: str, at: float) -> QListWidgetItem:
    """A row that is as wide as the list; what does not fit, and when it was, tells the tooltip."""
    item = QListWidgetItem(as_written.item(text))
    when = f" · {_clock(at)}" if at else ""
    item.setToolTip(tip(text + when))
    item.setSizeHint(QSize(1, scaled(ROW_HEIGHT)))
    return item


def _clock(at: float) -> str:
    """When it was, with the day where that is not today: what can be undone may be old."""
    then, today = time.localtime(at), time.localtime()
    is_today = then[:3] == today[:3]
    return time.strftime("%H:%M" if is_today else "%Y-%m-%d %H:%M", then)


def describe(step: tuple[Edit, ...], workbench: Workbench) -> str:
    """One line: name, how many voxels, where."""
    parts = [translated(step[-1].name)]
    voxels = sum(edit.changed for edit in step)
    if voxels:
        parts[0] += ", " + counted_words.voxels(voxels)
    cases = {edit.case for edit in step if edit.case}
    where = (
        place_words(step[0], workbench)
        if len(step) == 1
        else counted_words.cases(len(cases))
        if len(cases) > 1
        else "".join(case_words(id, workbench) for id in cases)
    )
    if where:
        parts.append(where)
    return " · ".join(parts)
