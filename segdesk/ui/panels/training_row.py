"""The slim row of the training: what would be trained, or how far it is.

While nothing runs it says network, start, Train, who teaches and the last Dice, and offers to go on
with a run that was stopped; while something
runs progress, time left, Dice, a small curve and Stop. Train and Stop never stand at the same
place, because a double click on the one would press the other.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from segdesk.core.run import Run
from segdesk.ui.charts.small_curve import SmallCurve
from segdesk.ui.look.as_written import tip
from segdesk.ui.look.theme import GRID, Tokens
from segdesk.ui.look.translations import tr
from segdesk.ui.panels.elided import ElidedLabel
from segdesk.ui.panels.lessons_line import LessonsLine
from segdesk.ui.panels.plan_form import PlanForm
from segdesk.ui.widgets.labels import label

#: Of a field, in pixels.
NARROWEST = 20 * GRID
#: The longest that is said of a training's time.
WIDEST_LEFT = "epoch 1000 · 59 min 59 s left"
#: Shares of the room: of the bar, and how many pixels of words are one share.
BAR, UNIT = 6, 40


class TrainingRow(QWidget):
    """Owned by the training panel, which says what it shows.

    Parameters
    ----------
    form : gives its fields for network and start
    train, stop, resume : what the buttons do
    """

    #: Curves and settings are wanted, or not any more.
    turned = Signal()

    def __init__(
        self,
        form: PlanForm,
        tokens: Tokens,
        train: Callable[[], None],
        stop: Callable[[], None],
        resume: Callable[[], None],
    ) -> None:
        super().__init__()
        self.setObjectName("training_row")
        self.setAccessibleName(tr("Training"))
        self.state = ElidedLabel("training_state")
        self.state.hide()
        self.lessons = LessonsLine()
        self.left = ElidedLabel("training_left")
        self.bar = QProgressBar()
        self.bar.setObjectName("training_progress")
        self.bar.setAccessibleName(tr("Progress of the training"))
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.curve = SmallCurve(tokens)
        self.curve.clicked.connect(self.turned)
        self._dice = label("", "good")
        self._dice.setObjectName("training_dice")
        self.train_button = push_button("train_button", tr("Train"), "primary", train)
        self.resume_button = push_button("resume_button", tr("Resume"), "", resume)
        self.resume_button.hide()
        self.stop_button = push_button("stop_button", tr("Stop"), "bad", stop)
        self._turn = push_button("curves_button", "", "link", self.turned.emit)
        self._turn.setAccessibleName(tr("Curves and settings"))
        self._idle = (form.network, form.start_from, self.train_button)
        self._running = (self.bar, self.left, self.curve, self.stop_button)
        row = QHBoxLayout(self)
        # A styled button is a pixel higher than it says.
        row.setContentsMargins(0, 1, 0, 1)
        row.setSpacing(2 * GRID)
        row.addWidget(label(tr("Training"), "title"))
        for field in (form.network, form.start_from):
            # As wide as its words; where the window is narrow it gives way.
            field.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            field.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            field.setMinimumWidth(NARROWEST)
            row.addWidget(field)
        row.addWidget(self.train_button)
        row.addWidget(self.resume_button)
        row.addSpacing(GRID)
        row.addWidget(self.bar, BAR)
        # Whole at any time, and as wide while it counts down: the bar beside it is not to jump.
        self.left.setMinimumWidth(self.left.fontMetrics().horizontalAdvance(WIDEST_LEFT))
        row.addWidget(self.left, BAR // 2)
        row.addWidget(self.state)
        row.addWidget(self.lessons)
        # What is left where none of these is shown.
        row.addStretch(0)
        row.addWidget(self._dice)
        row.addWidget(self.curve)
        row.addWidget(self.stop_button)
        row.addWidget(self._turn)
        self.show_running(False)
        self.show_open(False)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._share_room()
        return super().event(event)

    def _share_room(self) -> None:
        """Room for both lines by the width of their words, so that neither is cut before the
        other. A factor that stays asks for no new layout."""
        row = self.layout()
        if isinstance(row, QHBoxLayout):
            for line in (self.state, self.lessons):
                width = max(1, line.sizeHint().width() // UNIT)
                if row.stretch(row.indexOf(line)) != width:
                    row.setStretchFactor(line, width)

    def set_tokens(self, tokens: Tokens) -> None:
        """Other colours."""
        self.curve.set_tokens(tokens)

    def show_running(self, running: bool) -> None:
        """What would be trained, or how far it is."""
        for widget in self._idle:
            widget.setVisible(not running)
        for widget in self._running:
            widget.setVisible(running)

    def show_open(self, is_open: bool) -> None:
        """Whether curves and settings stand below the row."""
        self._turn.setText(tr("Curves ▾") if is_open else tr("Curves ▴"))
        words = tr("Only this row") if is_open else tr("Curves of the runs, and all settings")
        self._turn.setToolTip(tip(tr("Ctrl+Shift+T: {words}", words=words)))

    def show_dice(self, run: Run | None) -> None:
        """The newest Dice of a run that goes on, else its best; nothing where there is none, or
        where nothing was learnt: a green figure beside that would praise it."""
        words, more = "", ""
        if run is not None and not run.nothing_learnt:
            running = run.outcome == "running"
            epoch = run.epochs[-1] if running and run.epochs else run.best_epoch
            if epoch is not None and epoch.val_dice is not None:
                words = tr("Dice {dice}", dice=f"{epoch.val_dice:.3f}")
                more = tr(
                    "Of {run} on the slices that validate, at epoch {epoch}",
                    run=run.id,
                    epoch=epoch.number,
                )
        self._dice.setText(words)
        self._dice.setToolTip(tip(more))
        self._dice.setVisible(bool(words))


def push_button(id: str, text: str, role: str, slot: Callable[[], None]) -> QPushButton:
    """A button in a role of the style sheet."""
    button = QPushButton(text)
    button.setObjectName(id)
    button.setAccessibleName(text)
    button.setProperty("role", role)
    button.clicked.connect(lambda: slot())
    return button
