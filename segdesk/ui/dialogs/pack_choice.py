"""What of a project goes into one file: cases and runs with boxes to tick, all ticked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from segdesk.app.project.packing import parted
from segdesk.core.project import Project
from segdesk.ui.dialogs.dialog import Dialog, sentence
from segdesk.ui.look import as_written, counted_words
from segdesk.ui.look.as_written import tip
from segdesk.ui.look.network_words import network_name
from segdesk.ui.look.theme import GRID
from segdesk.ui.look.translations import all_translated, tr

_ID = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Ids of what stays out."""

    cases: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()


class PackChoiceDialog(Dialog):
    """Asked before the file.

    Parameters
    ----------
    project : whose cases and runs are listed
    then : gets what stays out
    """

    def __init__(
        self, parent: QWidget | None, project: Project, then: Callable[[LeftOut], None]
    ) -> None:
        super().__init__("pack_dialog", tr("Pack"), parent)
        self._project = project
        self._then = then
        self.rows.addWidget(
            sentence(
                tr(
                    "The whole project goes into one file, which h5py and MATLAB read too: scans, "
                    "masks, predictions, runs with their weights. What is not ticked stays out."
                )
            )
        )
        self._list = QTreeWidget()
        self._list.setObjectName("pack_list")
        self._list.setAccessibleName(tr("Cases and runs"))
        self._list.setColumnCount(2)
        self._list.setHeaderHidden(True)
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self._list.setMinimumSize(110 * GRID, 60 * GRID)
        self._cases = self._under(
            tr("Cases"), [(c.id, c.title, counted_words.slices(c.slices)) for c in project.cases]
        )
        ended = [run for run in project.runs if run.outcome != "running"]
        self._runs = self._under(
            tr("Runs"), [(run.id, run.id, network_name(run.plan.network)) for run in ended]
        )
        self._list.expandAll()
        header = self._list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.rows.addWidget(self._list)
        self._said = sentence("", role="warn")
        self._said.setObjectName("pack_parted")
        self.rows.addWidget(self._said)
        self.add_button("cancel_pack", tr("Cancel"), self.reject)
        self._go = self.add_button(
            "choose_pack_file", tr("Choose the file…"), self._choose, role="primary"
        )
        self.end_rows()
        self._list.itemChanged.connect(lambda *_: self._check())
        self._check()

    def _under(self, title: str, rows: list[tuple[str, str, str]]) -> list[QTreeWidgetItem]:
        if not rows:
            return []
        home = QTreeWidgetItem([title])
        home.setFlags(Qt.ItemFlag.ItemIsEnabled)
        self._list.addTopLevelItem(home)
        items: list[QTreeWidgetItem] = []
        for id, name, words in rows:
            item = QTreeWidgetItem([as_written.item(name), as_written.item(words)])
            item.setData(0, _ID, id)
            item.setCheckState(0, Qt.CheckState.Checked)
            home.addChild(item)
            items.append(item)
        return items

    @property
    def left_out(self) -> LeftOut:
        """What is not ticked."""
        return LeftOut(_unticked(self._cases), _unticked(self._runs))

    def _check(self) -> None:
        left = self.left_out
        notes = parted(self._project, left.cases)
        self._said.setText("\n".join(all_translated(notes)))
        self._said.setVisible(bool(notes))
        nothing = len(left.cases) == len(self._cases)
        self._go.setEnabled(not nothing)
        self._go.setToolTip(tip(tr("Tick at least one case.") if nothing else ""))

    def _choose(self) -> None:
        left = self.left_out
        self.accept()
        self._then(left)


def _unticked(items: list[QTreeWidgetItem]) -> tuple[str, ...]:
    return tuple(
        str(item.data(0, _ID)) for item in items if item.checkState(0) != Qt.CheckState.Checked
    )
