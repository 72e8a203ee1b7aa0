"""The settings of the next training: a form that makes a `Plan`."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QSpinBox,
    QWidget,
)

from segdesk.app.workbench import Workbench
from segdesk.core.networks import CATALOGUE, DEFAULT, network
from segdesk.core.run import Plan, plan_for
from segdesk.ui.panels.panel import label
from segdesk.ui.theme import GRID

OPEN_ENDED, EPOCHS, MINUTES = "open", "epochs", "minutes"
THIS_CASE, ALL_CASES, NO_CASE = "this", "all", "none"


class PlanForm(QWidget):
    """Network, size, budget, batch, rate, augmentation, where to start, what to predict."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("plan_form")
        self.setAccessibleName(self.tr("Settings of the next training"))
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 2 * GRID, 0)
        self._form.setVerticalSpacing(GRID)
        self._form.setHorizontalSpacing(2 * GRID)
        self.network = self._choice("plan_network", [(row.id, row.id) for row in CATALOGUE])
        self.start_from = self._choice("plan_start", [(self.tr("from scratch"), "")])
        self.budget = self._choice(
            "plan_budget",
            [
                (self.tr("until it stops improving"), OPEN_ENDED),
                (self.tr("epochs"), EPOCHS),
                (self.tr("minutes"), MINUTES),
            ],
        )
        self.epochs = self._count("plan_epochs", 1, 100_000, 10)
        self.minutes = self._number("plan_minutes", 0.1, 10_000, 5, 1)
        self.predict = self._choice(
            "plan_predict",
            [
                (self.tr("this case"), THIS_CASE),
                (self.tr("all cases"), ALL_CASES),
                (self.tr("nothing"), NO_CASE),
            ],
        )
        self.slice_size = self._choice(
            "plan_size",
            [(self.tr("their own, up to 256"), 0), *((f"{n} px", n) for n in (64, 128, 256, 512))],
        )
        self.filters = self._count("plan_filters", 1, 256, 16)
        self.batch = self._count("plan_batch", 1, 256, 8)
        self.rate = self._number("plan_rate", 1e-6, 1.0, 1e-3, 6)
        self.rate.setSingleStep(5e-4)
        self.augmentation = self._number("plan_augmentation", 0.0, 1.0, 0.5, 2)
        self.augmentation.setSingleStep(0.1)
        for text, widget in (
            (self.tr("Network"), self.network),
            (self.tr("Start"), self.start_from),
            (self.tr("Train for"), self.budget),
            (self.tr("Epochs"), self.epochs),
            (self.tr("Minutes"), self.minutes),
            (self.tr("Then predict"), self.predict),
            (self.tr("Slice size"), self.slice_size),
            (self.tr("Filters"), self.filters),
            (self.tr("Batch"), self.batch),
            (self.tr("Rate"), self.rate),
            (self.tr("Augmentation"), self.augmentation),
        ):
            name = label(text, "dim")
            name.setBuddy(widget)
            widget.setAccessibleName(text)
            self._form.addRow(name, widget)
        self._use_defaults(DEFAULT)
        self.network.activated.connect(self._network_chosen)
        self.start_from.activated.connect(self._start_chosen)
        self.budget.activated.connect(self._show_budget)
        self._workbench: Workbench | None = None

    def offer_runs(self, workbench: Workbench | None) -> None:
        """Offer the runs of a project to start from."""
        self._workbench = workbench
        runs = workbench.project.runs if workbench is not None else ()
        kept = self.start_from.currentData()
        self.start_from.clear()
        self.start_from.addItem(self.tr("from scratch"), "")
        for run in reversed(runs):
            if run.has_weights and run.outcome != "running":
                words = self.tr("fine-tune {run} ({network})")
                self.start_from.addItem(words.format(run=run.id, network=run.plan.network), run.id)
        self.start_from.setCurrentIndex(max(0, self.start_from.findData(kept)))

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
        self._use_defaults(self.network.currentData())
        self.start_from.setCurrentIndex(0)

    def _use_defaults(self, id: str) -> None:
        """A network's own settings; its number of epochs becomes the budget where it has one."""
        row = network(id)
        self.network.setCurrentIndex(self.network.findData(id))
        self.network.setToolTip(row.description)
        self.filters.setValue(row.filters)
        self.batch.setValue(row.batch)
        self.rate.setValue(row.rate)
        self.augmentation.setValue(row.augmentation)
        self.budget.setCurrentIndex(self.budget.findData(EPOCHS if row.epochs else OPEN_ENDED))
        if row.epochs:
            self.epochs.setValue(row.epochs)
        self._show_budget()

    def _start_chosen(self) -> None:
        """Fine-tuning keeps network and filters of the run it starts from."""
        id = self.start_from.currentData()
        is_fresh = not id
        if not is_fresh and self._workbench is not None:
            plan = self._workbench.project.run(id).plan
            self.network.setCurrentIndex(self.network.findData(plan.network))
            self.filters.setValue(plan.filters)
        why = "" if is_fresh else self.tr("Fine-tuning keeps network and filters of its run")
        for widget in (self.network, self.filters):
            widget.setEnabled(is_fresh)
            widget.setToolTip(why)

    def _show_budget(self) -> None:
        budget = self.budget.currentData()
        self._form.setRowVisible(self.epochs, budget == EPOCHS)
        self._form.setRowVisible(self.minutes, budget == MINUTES)

    def _choice(self, id: str, rows: list[tuple[str, Any]]) -> QComboBox:
        box = QComboBox()
        box.setObjectName(id)
        for text, data in rows:
            box.addItem(text, data)
        return box

    def _count(self, id: str, low: int, high: int, value: int) -> QSpinBox:
        box = QSpinBox()
        box.setObjectName(id)
        box.setRange(low, high)
        box.setValue(value)
        return box

    def _number(
        self, id: str, low: float, high: float, value: float, decimals: int
    ) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setObjectName(id)
        box.setDecimals(decimals)
        box.setRange(low, high)
        box.setValue(value)
        return box
