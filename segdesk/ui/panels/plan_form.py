"""The settings of the next training: a form that makes a `Plan`."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from segdesk.app.workbench import Workbench
from segdesk.core.networks import CATALOGUE, DEFAULT, network
from segdesk.core.run import Plan, plan_for
from segdesk.ui.as_written import tip
from segdesk.ui.panels.panel import label
from segdesk.ui.theme import GRID
from segdesk.ui.translations import tr

OPEN_ENDED, EPOCHS, MINUTES = "open", "epochs", "minutes"
#: Of a field for numbers, at least, in pixels.
FIELD_WIDTH = 18 * GRID
THIS_CASE, ALL_CASES, NO_CASE = "this", "all", "none"


class PlanForm(QWidget):
    """What nearly everybody chooses first; the rest of the settings behind "More settings"."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("plan_form")
        self.setAccessibleName(tr("Settings of the next training"))
        self._workbench: Workbench | None = None
        self.network = self._choice("plan_network", [(row.id, row.id) for row in CATALOGUE])
        self.start_from = self._choice("plan_start", [(tr("from scratch"), "")])
        self.budget = self._choice(
            "plan_budget",
            [
                (tr("as long as it improves"), OPEN_ENDED),
                (tr("epochs"), EPOCHS),
                (tr("minutes"), MINUTES),
            ],
        )
        self.epochs = self._count("plan_epochs", 1, 100_000, 10)
        self.minutes = self._number("plan_minutes", 0.1, 10_000, 5, 1)
        self.predict = self._choice(
            "plan_predict",
            [
                (tr("this case"), THIS_CASE),
                (tr("all cases"), ALL_CASES),
                (tr("nothing"), NO_CASE),
            ],
        )
        self.slice_size = self._choice(
            "plan_size",
            [(tr("their own, up to 256"), 0), *((f"{n} px", n) for n in (64, 128, 256, 512))],
        )
        self.filters = self._count("plan_filters", 1, 256, 16)
        self.batch = self._count("plan_batch", 1, 256, 8)
        self.rate = self._number("plan_rate", 1e-6, 1.0, 1e-3, 6)
        self.rate.setSingleStep(5e-4)
        self.augmentation = self._number("plan_augmentation", 0.0, 1.0, 0.5, 2)
        self.augmentation.setSingleStep(0.1)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._first_page())
        self._pages.addWidget(self._second_page())
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 2 * GRID, 0)
        around.addWidget(self._pages)
        self._use_defaults(DEFAULT)
        self.network.activated.connect(self._network_chosen)
        self.start_from.activated.connect(self._start_chosen)
        self.budget.activated.connect(self._show_budget)

    def _first_page(self) -> QWidget:
        page, form = _page()
        self._add(form, tr("Network"), self.network)
        self._add(form, tr("Start"), self.start_from)
        self._add(form, tr("Train for"), self.budget, self.epochs, self.minutes)
        more = self._turner("more_settings", tr("More settings"), 1)
        self._add(form, tr("Then predict"), self.predict, more)
        self.epochs.setAccessibleName(tr("Epochs"))
        self.minutes.setAccessibleName(tr("Minutes"))
        self.predict.setToolTip(tr("What the best weights predict at the end"))
        return page

    def _second_page(self) -> QWidget:
        page, form = _page()
        self._add(form, tr("Slice size"), self.slice_size)
        self._add(form, tr("Filters, batch"), self.filters, self.batch)
        self._add(form, tr("Learning rate"), self.rate)
        back = self._turner("fewer_settings", tr("Back"), 0)
        self._add(form, tr("Augmentation"), self.augmentation, back)
        self.slice_size.setToolTip(tr("Pixels of the longer side that the network sees"))
        self.filters.setAccessibleName(tr("Filters"))
        self.batch.setAccessibleName(tr("Batch"))
        self.batch.setToolTip(tr("Slices in one step"))
        self.augmentation.setToolTip(tr("Strength of shifts, turns, noise and the like: 0 is off"))
        return page

    def _add(self, form: QFormLayout, text: str, *fields: QWidget) -> None:
        """A row: the first field is named by the row's words."""
        name = label(text, "dim")
        # As high as a field, so that both stand on one line.
        name.setFixedHeight(7 * GRID)
        name.setBuddy(fields[0])
        fields[0].setAccessibleName(text)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        for at, field in enumerate(fields):
            row.addWidget(field, 0 if at else 1)
        form.addRow(name, row)

    def _turner(self, id: str, text: str, page: int) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(id)
        button.setAccessibleName(text)
        button.setProperty("role", "link")
        button.clicked.connect(lambda: self._pages.setCurrentIndex(page))
        return button

    def offer_runs(self, workbench: Workbench | None) -> None:
        """Offer the runs of a project to start from."""
        self._workbench = workbench
        runs = workbench.project.runs if workbench is not None else ()
        kept = self.start_from.currentData()
        self.start_from.clear()
        self.start_from.addItem(tr("from scratch"), "")
        for run in reversed(runs):
            if run.has_weights and run.outcome != "running":
                words = tr("fine-tune {run} ({network})", run=run.id, network=run.plan.network)
                self.start_from.addItem(words, run.id)
        self.start_from.setCurrentIndex(max(0, self.start_from.findData(kept)))
        self._hold_what_fine_tuning_keeps()

    def plan(self) -> Plan:
        """The settings as a Plan.

        Raises
        ------
        UsageError
            Where a value is out of range.
        """
        budget = self.budget.currentData()
        return plan_for(
            self.network.currentData(),
            filters=self.filters.value(),
            size=self.slice_size.currentData(),
            epochs=self.epochs.value() if budget == EPOCHS else None,
            max_minutes=self.minutes.value() if budget == MINUTES else None,
            batch=self.batch.value(),
            rate=self.rate.value(),
            augmentation=self.augmentation.value(),
            start_from=self.start_from.currentData(),
        )

    def cases_to_predict(self, this: str | None) -> tuple[str, ...]:
        """Ids of the cases to predict at the end."""
        wanted = self.predict.currentData()
        if wanted == ALL_CASES and self._workbench is not None:
            return tuple(case.id for case in self._workbench.project.cases)
        return (this,) if wanted == THIS_CASE and this is not None else ()

    def _network_chosen(self) -> None:
        self.start_from.setCurrentIndex(0)
        self._use_defaults(self.network.currentData())

    def _use_defaults(self, id: str) -> None:
        """A network's own settings; its number of epochs becomes the budget where it has one."""
        self._use_settings(id)
        row = network(id)
        self.budget.setCurrentIndex(self.budget.findData(EPOCHS if row.epochs else OPEN_ENDED))
        if row.epochs:
            self.epochs.setValue(row.epochs)
        self._show_budget()
        self._hold_what_fine_tuning_keeps()

    def _use_settings(self, id: str) -> None:
        """A network's own settings but for the budget."""
        row = network(id)
        self.network.setCurrentIndex(self.network.findData(id))
        self.filters.setValue(row.filters)
        self.batch.setValue(row.batch)
        self.rate.setValue(row.rate)
        self.augmentation.setValue(row.augmentation)

    def _start_chosen(self) -> None:
        """Fine-tuning keeps network and filters of the run it starts from; the budget stays as it
        was set."""
        id = self.start_from.currentData()
        if id and self._workbench is not None:
            plan = self._workbench.project.run(id).plan
            if plan.network != self.network.currentData():
                self._use_settings(plan.network)
            self.filters.setValue(plan.filters)
        self._hold_what_fine_tuning_keeps()

    def _hold_what_fine_tuning_keeps(self) -> None:
        is_fresh = not self.start_from.currentData()
        why = tr("Fine-tuning keeps network and filters of its run")
        description = network(self.network.currentData()).description
        self.network.setToolTip(tip(description if is_fresh else why))
        self.filters.setToolTip(tip(tr("Of the network's first level") if is_fresh else why))
        for widget in (self.network, self.filters):
            widget.setEnabled(is_fresh)

    def _show_budget(self) -> None:
        budget = self.budget.currentData()
        self.epochs.setVisible(budget == EPOCHS)
        self.minutes.setVisible(budget == MINUTES)

    def _choice(self, id: str, rows: list[tuple[str, Any]]) -> QComboBox:
        box = QComboBox()
        box.setObjectName(id)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(6)
        for text, data in rows:
            box.addItem(text, data)
        return box

    def _count(self, id: str, low: int, high: int, value: int) -> QSpinBox:
        box = QSpinBox()
        box.setObjectName(id)
        box.setMinimumWidth(FIELD_WIDTH)
        box.setRange(low, high)
        box.setValue(value)
        return box

    def _number(
        self, id: str, low: float, high: float, value: float, decimals: int
    ) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setObjectName(id)
        box.setMinimumWidth(FIELD_WIDTH)
        box.setDecimals(decimals)
        box.setRange(low, high)
        box.setValue(value)
        return box


def _page() -> tuple[QWidget, QFormLayout]:
    page = QWidget()
    form = QFormLayout(page)
    form.setContentsMargins(0, 0, 0, 0)
    form.setVerticalSpacing(GRID // 2)
    form.setHorizontalSpacing(2 * GRID)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return page, form
