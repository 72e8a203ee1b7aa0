"""The training dock: settings, progress, curves, and the slice as the network sees it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from segdesk.app.running import Worked
from segdesk.app.view_state import ViewState
from segdesk.app.workbench import Workbench
from segdesk.core.run import Plan, Run
from segdesk.errors import SegdeskError
from segdesk.jobs import messages
from segdesk.jobs.messages import Message
from segdesk.ui.panels.panel import Panel, label
from segdesk.ui.panels.plan_form import PlanForm
from segdesk.ui.panels.preview import PreviewPicture
from segdesk.ui.theme import GRID, Tokens
from segdesk.ui.training_controller import TrainingController

if TYPE_CHECKING:
    from segdesk.ui.charts.curves import Curves


class TrainingPanel(Panel):
    """Asks the controller to train, and shows what it says.

    Parameters
    ----------
    controller : owned by the window
    """

    said = Signal(str)

    def __init__(self, controller: TrainingController, tokens: Tokens) -> None:
        self._controller = controller
        super().__init__("training", "Training", tokens)
        self._run_id: str | None = None
        self._curves: Curves | None = None
        self._facts = label("", "dim")
        self._facts.setObjectName("training_facts")
        self._facts.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.title_row.insertWidget(1, self._facts, 1)
        self._left = label("", "dim")
        self._left.setObjectName("training_left")
        self.title_row.addWidget(self._left)
        self._bar = QProgressBar()
        self._bar.setObjectName("training_progress")
        self._bar.setAccessibleName(self.tr("Progress of the training"))
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        self.rows.addWidget(self._bar)
        body = QHBoxLayout()
        body.setSpacing(3 * GRID)
        self.form = PlanForm()
        body.addWidget(_scrolled(self.form))
        self._charts = QVBoxLayout()
        self._empty = label(
            self.tr("Curves of loss, accuracy and Dice appear here while a network learns."), "dim"
        )
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._charts.addWidget(self._empty)
        body.addLayout(self._charts, 1)
        body.addLayout(self._side())
        self.rows.addLayout(body, 1)
        controller.started.connect(self._started)
        controller.message.connect(self._take)
        controller.finished.connect(self._finished)

    def _side(self) -> QVBoxLayout:
        side = QVBoxLayout()
        side.setSpacing(GRID)
        self._preview = PreviewPicture()
        side.addWidget(self._preview)
        side.addStretch(1)
        self.train_button = self._button("train_button", self.tr("Train"), "primary", self.train)
        self._pause = self._button("pause_button", self.tr("Pause"), "", self._toggle_pause)
        self._stop = self._button("stop_button", self.tr("Stop"), "bad", self._controller.stop)
        self.train_button.setToolTip(self.tr("Ctrl+T: learn from the slices that are right"))
        self._stop.setToolTip(self.tr("Ctrl+.: end now and keep the best weights"))
        pair = QHBoxLayout()
        pair.setSpacing(2 * GRID)
        pair.addWidget(self._pause)
        pair.addWidget(self._stop)
        side.addWidget(self.train_button)
        side.addLayout(pair)
        return side

    def _button(self, id: str, text: str, role: str, slot: object) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(id)
        button.setAccessibleName(text)
        button.setProperty("role", role)
        button.clicked.connect(slot)
        return button

    def _listen(self, workbench: Workbench, view: ViewState) -> None:
        self.bridge.listen(workbench.run_changed, self.refresh)
        self.bridge.listen(workbench.index_changed, self.refresh)
        self.bridge.listen(workbench.statuses_changed, self.refresh)
        self.bridge.listen(view.case_changed, self.refresh)
        runs = workbench.project.runs
        self._run_id = runs[-1].id if runs else None

    def detach(self) -> None:
        self._run_id = None
        super().detach()

    def set_tokens(self, tokens: Tokens) -> None:
        super().set_tokens(tokens)
        if self._curves is not None:
            self._curves.set_tokens(tokens)

    # What the user asks for

    def train(self) -> None:
        """Train with the form's settings; a refusal is said in the status line."""
        case = self.view.case_id if self.view is not None else None
        if self._controller.is_running or self.why_not_train():
            self.said.emit(self.why_not_train())
            return
        preview = (case, self.view.slice) if case is not None and self.view is not None else None
        try:
            self._start(self.form.plan(), self.form.cases_to_predict(case), preview)
        except SegdeskError as error:
            self._facts.setText(str(error))
            self.said.emit(str(error))

    def _start(self, plan: Plan, predict: Sequence[str], preview: tuple[str, int] | None) -> None:
        self._ensure_curves().clear_steps()
        self._controller.train(plan, predict, preview)

    def why_not_train(self) -> str:
        """Empty where a training can start, else the reason."""
        if self.workbench is None:
            return self.tr("Open a project first.")
        if self._controller.is_running:
            return self.tr("A training is running; stop it first.")
        cases = self.workbench.project.cases
        if not any(s.teaches for case in cases for s in self.workbench.statuses(case.id)):
            return self.tr("No slice teaches yet: paint one and press Enter when it is right.")
        return ""

    def _toggle_pause(self) -> None:
        self._controller.pause(not self._controller.is_paused)
        self.refresh()

    # What the controller says

    def _started(self, run_id: str) -> None:
        self._run_id = run_id
        self._bar.setValue(0)
        self._left.setText(self.tr("starting…"))
        self._preview.clear_picture()
        self.refresh()

    def _take(self, message: Message) -> None:
        match message:
            case messages.Step():
                share = (message.step / max(message.steps, 1)) if message.steps else 0.0
                self._ensure_curves().add_step(message.epoch - 1 + share, message.loss)
                self._left.setText(self._time_left(message))
                self._bar.setValue(round(1000 * self._share(message)))
            case messages.Progress():
                self._bar.setValue(round(1000 * message.done / max(message.total, 1)))
                self._left.setText(
                    self.tr("predicting {case}: {done} of {total}").format(
                        case=message.case, done=message.done, total=message.total
                    )
                )
            case messages.Note():
                self.said.emit(message.sentence)
            case messages.Preview() if self.workbench is not None:
                self._show_preview(message)
            case _:
                pass

    def _share(self, message: messages.Step) -> float:
        if message.seconds_left is not None:
            return message.seconds / max(message.seconds + message.seconds_left, 1e-6)
        return message.step / max(message.steps, 1)

    def _time_left(self, message: messages.Step) -> str:
        words = self.tr("epoch {epoch}").format(epoch=message.epoch)
        if message.seconds_left is None:
            return words + self.tr(" · stops by itself when it no longer improves")
        return words + " · " + self.tr("{time} left").format(time=clock(message.seconds_left))

    def _show_preview(self, message: messages.Preview) -> None:
        if self.workbench is None or self.view is None:
            return
        volume = self.workbench.volume(message.case)
        try:
            labels = np.load(message.file, allow_pickle=False)
        except (OSError, ValueError):
            # The next epoch replaces the file; a picture that comes too late is not missed.
            return
        words = self.tr("slice {slice}, epoch {epoch}").format(
            slice=message.slice + 1, epoch=message.epoch
        )
        self._preview.show_picture(
            volume, message.slice, labels, self.workbench.segments, self.view.window, words
        )

    def _finished(self, run: Run, worked: Worked) -> None:
        self._left.setText("")
        self._bar.setValue(0)
        if worked.error is not None:
            self.said.emit(str(worked.error))
        elif worked.ended is not None:
            self.said.emit(f"{run.id}: {worked.ended.reason}")
        self.refresh()

    # What is shown

    def refresh(self) -> None:
        running = self._controller.is_running
        why = self.why_not_train()
        self.train_button.setEnabled(not why)
        self.train_button.setToolTip(why or self.tr("Ctrl+T: learn from the slices that are right"))
        idle = self.tr("Nothing is running")
        for button in (self._pause, self._stop):
            button.setEnabled(running)
        self._pause.setText(self.tr("Go on") if self._controller.is_paused else self.tr("Pause"))
        self._pause.setToolTip("" if running else idle)
        self._stop.setToolTip(
            self.tr("Ctrl+.: end now and keep the best weights") if running else idle
        )
        self._bar.setVisible(running)
        self.form.setEnabled(not running)
        self.form.setToolTip(self.tr("Settings are fixed while a training runs") if running else "")
        if not running:
            self.form.offer_runs(self.workbench)
        run = self._shown_run()
        self._facts.setText(run_words(run) if run is not None else why)
        self._facts.setToolTip(self._facts.text())
        if run is not None and run.epochs:
            self._ensure_curves()
        if self._curves is not None:
            self._curves.show_run(run)

    def _shown_run(self) -> Run | None:
        if self.workbench is None or self._run_id is None:
            return None
        return self.workbench.project.run(self._run_id)

    def _ensure_curves(self) -> Curves:
        if self._curves is None:
            # pyqtgraph takes 0.4 s to load and the first slice does not wait for it.
            from segdesk.ui.charts.curves import Curves

            self._curves = Curves(self.tokens)
            self._empty.hide()
            self._charts.addWidget(self._curves, 1)
        return self._curves


def run_words(run: Run) -> str:
    """One line about a run: what, from where, on how many slices, on which device, how it ended."""
    parts = [run.id, run.plan.network]
    if run.plan.start_from:
        parts.append(f"fine-tuned from {run.plan.start_from}")
    parts.append(f"{run.train_slices} slices teach, {run.validation_slices} validate")
    if run.device:
        why = run.device_reason.rstrip(".")
        parts.append(f"{run.device} ({why})" if why else run.device)
    best = run.best_epoch
    if best is not None and best.val_dice is not None:
        parts.append(f"best Dice {best.val_dice:.3f} at epoch {best.number}")
    parts.append(run.validation)
    if run.outcome != "running":
        parts.append(f"{run.outcome}: {run.reason}" if run.reason else run.outcome)
    return " · ".join(part for part in parts if part)


def clock(seconds: float) -> str:
    """Seconds as people say them: 40 s, 1 min 40 s, 2 h 5 min."""
    whole = max(0, math.ceil(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _scrolled(widget: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setObjectName("plan_scroll")
    area.setAccessibleName(widget.accessibleName())
    area.setWidget(widget)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFixedWidth(75 * GRID)
    return area
