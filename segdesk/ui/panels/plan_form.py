"""The settings of the next training: a form that makes a `Plan`."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import starting
from segdesk.app.runs.starting import Start
from segdesk.core.networks import CATALOGUE, DEFAULT, network
from segdesk.core.run import Plan, plan_for
from segdesk.errors import UsageError
from segdesk.sentence import Sentence
from segdesk.ui.flows.start_choice import A_FILE, A_PROJECT
from segdesk.ui.look import as_written
from segdesk.ui.look.as_written import tip
from segdesk.ui.look.network_words import network_choice
from segdesk.ui.look.sizes import scaled
from segdesk.ui.look.theme import GRID
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.widgets.labels import label
from segdesk.ui.widgets.number_field import NumberField

OPEN_ENDED, EPOCHS, MINUTES = "open", "epochs", "minutes"
#: Of a field for numbers, at least, in pixels.
FIELD_WIDTH = 18 * GRID
THIS_CASE, ALL_CASES, NO_CASE = "this", "all", "none"


class PlanForm(QWidget):
    """How long to train and what to predict; the rest of the settings behind "More settings".

    `network` and `start_from` stand in the training's row, which gives them their place.
    """

    #: `problem` may be another one.
    problem_changed = Signal()
    #: What to begin with shall be looked for: `A_FILE` or `A_PROJECT`.
    start_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("plan_form")
        self.setAccessibleName(tr("Settings of the next training"))
        self._workbench: Workbench | None = None
        #: What was found elsewhere to begin with, by its name; and what is chosen.
        self._found: dict[str, Start] = {}
        self._chosen = ""
        self.network = self._choice(
            "plan_network", [(network_choice(row.id), row.id) for row in CATALOGUE]
        )
        self.start_from = self._choice("plan_start", [(tr("from scratch"), "")])
        self.network.setAccessibleName(tr("Network"))
        self.start_from.setAccessibleName(tr("Start"))
        self.budget = self._choice(
            "plan_budget",
            [
                (tr("as long as it improves"), OPEN_ENDED),
                (tr("epochs"), EPOCHS),
                (tr("minutes"), MINUTES),
            ],
        )
        self.epochs = _field(NumberField("plan_epochs", 1, 100_000, 10, whole=True))
        self.minutes = _field(NumberField("plan_minutes", 0.1, 10_000, 5))
        self.predict = self._choice(
            "plan_predict",
            [
                (tr("this case"), THIS_CASE),
                (tr("all cases"), ALL_CASES),
                (tr("nothing"), NO_CASE),
            ],
        )
        self.validate = self._choice(
            "plan_validate",
            [(tr("on slices that are kept out"), True), (tr("on none: all teach"), False)],
        )
        self.slice_size = self._choice(
            "plan_size",
            [(tr("their own, up to 256"), 0), *((f"{n} px", n) for n in (64, 128, 256, 512))],
        )
        self.neighbours = _field(NumberField("plan_neighbours", 0.0, 50.0, 0.0))
        self.filters = _field(NumberField("plan_filters", 1, 256, 16, whole=True))
        self.batch = _field(NumberField("plan_batch", 1, 256, 8, whole=True))
        self.rate = _field(NumberField("plan_rate", 1e-6, 1.0, 1e-3, ratio=2.0))
        self.augmentation = _field(NumberField("plan_augmentation", 0.0, 1.0, 0.5, step=0.1))
        for field in (self.epochs, self.minutes, *self._numbers()):
            field.problem_changed.connect(self.problem_changed)
        self._pages = _Pages()
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
        self._add(form, tr("Train for"), self.budget, self.epochs, self.minutes)
        self._add(form, tr("Validate"), self.validate)
        more = self._turner("more_settings", tr("More settings"), 1)
        self._add(form, tr("Then predict"), self.predict, more)
        self.epochs.setAccessibleName(tr("Epochs"))
        self.minutes.setAccessibleName(tr("Minutes"))
        self.predict.setToolTip(tr("What the best weights predict at the end"))
        self.validate.setToolTip(
            tr("Where all teach, nothing says how good the run is: the last weights are kept")
        )
        return page

    def _second_page(self) -> QWidget:
        page, form = _page()
        self._add(form, tr("Slice size"), self.slice_size)
        self._add(form, tr("Neighbours, mm"), self.neighbours)
        self._add(form, tr("Filters, batch"), self.filters, self.batch)
        self._add(form, tr("Learning rate"), self.rate)
        back = self._turner("fewer_settings", tr("Back"), 0)
        self._add(form, tr("Augmentation"), self.augmentation, back)
        self.slice_size.setToolTip(tr("Pixels of the longer side that the network sees"))
        self.filters.setAccessibleName(tr("Filters"))
        self.batch.setAccessibleName(tr("Batch"))
        self.batch.set_tip(tr("Slices in one step"))
        self.augmentation.set_tip(tr("Strength of shifts, turns, noise and the like: 0 is off"))
        return page

    def _add(self, form: QFormLayout, text: str, *fields: QWidget) -> None:
        """A row: the first field is named by the row's words."""
        name = label(text, "dim")
        # As high as a field, so that both stand on one line.
        name.setFixedHeight(scaled(7 * GRID))
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
        if workbench is not self._workbench:
            self._found.clear()
        self._workbench = workbench
        if self.start_from.view().isVisible():
            # A run that ends behind an open list moves no row under the pointer: asked again later.
            return
        runs = workbench.project.runs if workbench is not None else ()
        self.start_from.clear()
        self.start_from.addItem(tr("from scratch"), "")
        for run in reversed(runs):
            if run.has_weights and run.outcome != "running":
                words = tr("from {run}", run=run.id)
                self.start_from.addItem(as_written.item(words), run.id)
        for name in self._found:
            self.start_from.addItem(as_written.item(tr("from {run}", run=name)), name)
        if workbench is not None:
            self.start_from.addItem(tr("a model file…"), A_FILE)
            self.start_from.addItem(tr("another project…"), A_PROJECT)
        self.start_from.setCurrentIndex(max(0, self.start_from.findData(self._chosen)))
        self._chosen = self.start_from.currentData()
        self._hold_what_fine_tuning_keeps()

    def offer_start(self, start: Start) -> None:
        """Offer what was found elsewhere, and choose it."""
        self._found[start.name] = start
        self._chosen = start.name
        self.offer_runs(self._workbench)
        self._start_chosen()

    def start(self) -> Start | None:
        """What the next training begins with; None from scratch."""
        if not self._chosen or self._workbench is None:
            return None
        found = self._found.get(self._chosen)
        if found is None:
            return starting.of_run(self._workbench, self._chosen)
        return found.among(self._workbench)

    def _numbers(self) -> tuple[NumberField, ...]:
        """The fields for numbers that the next Plan is made of."""
        budget = self.budget.currentData()
        limit = {EPOCHS: (self.epochs,), MINUTES: (self.minutes,)}.get(budget, ())
        return (*limit, self.neighbours, self.filters, self.batch, self.rate, self.augmentation)

    def problem(self) -> str:
        """Which field holds what no number can be made of, and why; "" where none does."""
        for field in self._numbers():
            if field.problem:
                return f"{field.accessibleName()}: {field.problem}"
        return ""

    def plan(self) -> Plan:
        """The settings as a Plan; asked for where there is no `problem`.

        Raises
        ------
        UsageError
            Where a number cannot be read, or a value is out of range.
        """
        problem = self.problem()
        if problem:
            raise UsageError(Sentence.of(problem))
        budget = self.budget.currentData()
        return plan_for(
            self.network.currentData(),
            filters=self.filters.count,
            size=self.slice_size.currentData(),
            epochs=self.epochs.count if budget == EPOCHS else None,
            max_minutes=self.minutes.value if budget == MINUTES else None,
            batch=self.batch.count,
            rate=self.rate.value,
            augmentation=self.augmentation.value,
            start_from=self._chosen,
            validates=self.validate.currentData(),
            neighbours_mm=self.neighbours.value,
        )

    def cases_to_predict(self, this: str | None) -> tuple[str, ...]:
        """Ids of the cases to predict at the end."""
        wanted = self.predict.currentData()
        if wanted == ALL_CASES and self._workbench is not None:
            return tuple(case.id for case in self._workbench.project.cases)
        return (this,) if wanted == THIS_CASE and this is not None else ()

    def _network_chosen(self) -> None:
        self.start_from.setCurrentIndex(0)
        self._chosen = ""
        self._use_defaults(self.network.currentData())

    def _use_defaults(self, id: str) -> None:
        """A network's own settings; its number of epochs becomes the budget where it has one."""
        self._use_settings(id)
        row = network(id)
        self.budget.setCurrentIndex(self.budget.findData(EPOCHS if row.epochs else OPEN_ENDED))
        if row.epochs:
            self.epochs.set_value(row.epochs)
        self._show_budget()
        self._hold_what_fine_tuning_keeps()

    def _use_settings(self, id: str) -> None:
        """A network's own settings but for the budget."""
        row = network(id)
        self.network.setCurrentIndex(self.network.findData(id))
        self.filters.set_value(row.filters)
        self.batch.set_value(row.batch)
        self.rate.set_value(row.rate)
        self.augmentation.set_value(row.augmentation)

    def _start_chosen(self) -> None:
        """Fine-tuning keeps network and filters of the run it starts from; the budget stays as it
        was set."""
        wanted = self.start_from.currentData()
        if wanted in (A_FILE, A_PROJECT):
            self.start_from.setCurrentIndex(max(0, self.start_from.findData(self._chosen)))
            self.start_wanted.emit(wanted)
            return
        self._chosen = wanted
        start = self.start()
        if start is not None:
            model = start.model
            if model.network != self.network.currentData():
                self._use_settings(model.network)
            self.filters.set_value(model.filters)
            self.neighbours.set_value(model.neighbours_mm)
        self._hold_what_fine_tuning_keeps()
        self.problem_changed.emit()

    def _hold_what_fine_tuning_keeps(self) -> None:
        is_fresh = not self._chosen
        why = tr("Fine-tuning keeps network, filters and neighbours of its run")
        row = network(self.network.currentData())
        description = f"{translated(row.description)} ({row.id})"
        self.network.setToolTip(tip(description if is_fresh else why))
        self.filters.set_tip(tr("Of the network's first level") if is_fresh else why)
        beside = tr("The slices so far below and above are seen beside each one (2.5-D); 0: none")
        self.neighbours.set_tip(beside if is_fresh else why)
        run = self.start_from.currentText()
        more = tr("What the network begins with: nothing, or what an earlier run has learnt")
        self.start_from.setToolTip(tip(more if is_fresh else f"{run}: {why}"))
        for widget in (self.network, self.filters, self.neighbours):
            widget.setEnabled(is_fresh)

    def _show_budget(self) -> None:
        budget = self.budget.currentData()
        self.epochs.setVisible(budget == EPOCHS)
        self.minutes.setVisible(budget == MINUTES)
        self.problem_changed.emit()

    def _choice(self, id: str, rows: list[tuple[str, Any]]) -> QComboBox:
        box = QComboBox()
        box.setObjectName(id)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(6)
        for text, data in rows:
            box.addItem(text, data)
        return box


class _Pages(QStackedWidget):
    """As wide as the widest page, and only as high as the one that is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        hint, page = super().sizeHint(), self.currentWidget()
        return hint if page is None else QSize(hint.width(), page.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        hint, page = super().minimumSizeHint(), self.currentWidget()
        return hint if page is None else QSize(hint.width(), page.minimumSizeHint().height())


def _field(field: NumberField) -> NumberField:
    field.setMinimumWidth(scaled(FIELD_WIDTH))
    return field


def _page() -> tuple[QWidget, QFormLayout]:
    page = QWidget()
    form = QFormLayout(page)
    form.setContentsMargins(0, 0, 0, 0)
    form.setVerticalSpacing(GRID // 2)
    form.setHorizontalSpacing(2 * GRID)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return page, form
