"""The curves of a run: loss, accuracy and Dice, each with its validation, and the learning rate.

The figures come from `core.run.Run`; only the steps' loss is kept here, for as long as the run is
drawn. One plot is `plot.Plot`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from segdesk.core.run import Epoch, Run
from segdesk.ui.panels.panel import label
from segdesk.ui.theme import GRID, Tokens
from segdesk.ui.threads.preload import Preload
from segdesk.ui.translations import tr

if TYPE_CHECKING:
    from segdesk.ui.charts.plot import Plot

Figure = Callable[[Epoch], float | None]
#: Steps that are drawn, at most; five come in a second.
MOST_STEPS = 1500
#: A window that is shown first shows its scan; what loads for later waits so long.
WAIT_MS = 700
#: Between two plots that are drawn anew, so that each is painted by itself.
PAUSE_MS = 15
#: From this width on, in pixels, the learning rate gets a plot of its own.
WIDE = 880


@dataclass(frozen=True, slots=True)
class Chart:
    """One plot: its title and the figures of training and validation."""

    id: str
    title: str
    train: Figure
    validation: Figure | None = None
    digits: str = ".3f"


def _charts() -> tuple[Chart, ...]:
    return (
        Chart("chart_loss", tr("loss"), lambda e: e.loss, lambda e: e.val_loss),
        Chart("chart_accuracy", tr("accuracy"), lambda e: e.accuracy, lambda e: e.val_accuracy),
        Chart("chart_dice", tr("Dice"), lambda e: e.dice, lambda e: e.val_dice),
        Chart("chart_rate", tr("learning rate"), lambda e: e.rate, digits=".2g"),
    )


class Curves(QWidget):
    """Plots side by side; full lines are training, dashed ones validation.

    The plots come some time after the widget is shown first, because pyqtgraph is slow to load;
    until then what is to be drawn waits. A plot is slow to make and to paint, so they take turns.
    """

    def __init__(self, tokens: Tokens) -> None:
        super().__init__()
        self.setObjectName("curves")
        self.setAccessibleName(tr("Curves of the training"))
        self._tokens = tokens
        self._charts = _charts()
        self._plots: list[Plot] = []
        self._run: Run | None = None
        self._steps: deque[tuple[float, float]] = deque(maxlen=MOST_STEPS)
        self._legend = label("", "dim")
        self._legend.setObjectName("curves_legend")
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        empty = label(
            tr("Curves of loss, accuracy and Dice appear here while a network learns."), "dim"
        )
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setWordWrap(True)
        page = QWidget()
        rows = QVBoxLayout(page)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(GRID // 2)
        rows.addWidget(self._legend)
        self._row = QHBoxLayout()
        self._row.setSpacing(3 * GRID)
        rows.addLayout(self._row, 1)
        self._pages = QStackedWidget()
        self._pages.addWidget(empty)
        self._pages.addWidget(page)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(self._pages)
        self._to_draw: list[int] = []
        self._turn = QTimer(self)
        self._turn.setInterval(PAUSE_MS)
        self._turn.timeout.connect(self._draw_next)
        self._preload = Preload("segdesk.ui.charts.plot", self)
        self._preload.ready.connect(self._make_next)
        self._show_legend()

    def set_tokens(self, tokens: Tokens) -> None:
        """Other colours."""
        self._tokens = tokens
        for plot in self._plots:
            plot.set_tokens(tokens)
        self._show_legend()
        self._draw()

    def clear_steps(self) -> None:
        """Forget the steps of the last run."""
        self._steps.clear()
        if self._plots:
            self._plots[0].show_steps(())

    def add_step(self, epoch: float, loss: float) -> None:
        """The loss of a step, drawn thin behind the epochs' curve."""
        self._steps.append((epoch, loss))
        self._pages.setCurrentIndex(1)
        if self._plots:
            self._plots[0].show_steps(self._steps)

    def show_run(self, run: Run | None) -> None:
        """Draw a run's epochs as they are now; nothing where they are drawn."""
        before, self._run = self._run, run
        if run is not None and (run.epochs or run.outcome == "running"):
            self._pages.setCurrentIndex(1)
        elif not self._steps:
            self._pages.setCurrentIndex(0)
        if before is None or run is None or (before.id, before.epochs) != (run.id, run.epochs):
            self._draw()

    # Making the plots

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(WAIT_MS, self, self._preload.start)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_next(self) -> None:
        """One more plot; the next one in a later turn."""
        # Here, because the preload has seen to it that this costs nothing.
        from segdesk.ui.charts.plot import Plot

        chart = self._charts[len(self._plots)]
        plot = Plot(chart.id, chart.title, tr("epoch"), self._tokens)
        self._plots.append(plot)
        self._row.addWidget(plot, 1)
        self._make_room()
        if len(self._plots) < len(self._charts):
            QTimer.singleShot(PAUSE_MS, self, self._make_next)
        else:
            self._draw()
            self._plots[0].show_steps(self._steps)

    def _make_room(self) -> None:
        """The widget has another size: its plots are painted anew, one after the other."""
        if len(self._plots) == len(self._charts):
            self._plots[-1].setVisible(self.width() >= WIDE)
            self._draw()

    # Drawing

    def _draw(self) -> None:
        """Draw the run; the plots follow in turns."""
        self._to_draw = list(range(len(self._plots)))
        for plot in self._plots:
            plot.setUpdatesEnabled(False)
        self._show_legend()
        self._turn.start()

    def _draw_next(self) -> None:
        if not self._to_draw:
            self._turn.stop()
            return
        at = self._to_draw.pop(0)
        chart, plot = self._charts[at], self._plots[at]
        epochs = self._run.epochs if self._run is not None else ()
        plot.show_title(self._title(chart, epochs))
        plot.show_points(
            _points(epochs, chart.train),
            _points(epochs, chart.validation) if chart.validation is not None else (),
        )
        # The epoch that is being trained has its place.
        is_running = self._run is not None and self._run.outcome == "running"
        plot.show_epochs(float(len(epochs) + is_running))
        plot.setUpdatesEnabled(True)

    def _title(self, chart: Chart, epochs: tuple[Epoch, ...]) -> str:
        """The chart's name, and the newest figures in the colours of their lines."""
        words = chart.title
        if epochs:
            newest = epochs[-1]
            for figure, colour in (
                (chart.train, self._tokens.accent),
                (chart.validation, self._tokens.warn),
            ):
                value = figure(newest) if figure is not None else None
                if value is not None:
                    words += f'&nbsp; <span style="color:{colour}">{value:{chart.digits}}</span>'
        return words

    def _show_legend(self) -> None:
        lines = (
            (self._tokens.accent, "&#8212;&#8212;", tr("training")),
            (self._tokens.warn, "&#8211; &#8211; &#8211;", tr("validation")),
        )
        words = " &nbsp;&nbsp; ".join(
            f'<span style="color:{colour}">{line}</span>&nbsp; {name}'
            for colour, line, name in lines
        )
        if self._run is not None and self._run.epochs:
            rate = tr("learning rate {rate}", rate=f"{self._run.epochs[-1].rate:.2g}")
            words += f" &nbsp;&nbsp; {rate}"
        self._legend.setText(words)


def _points(epochs: tuple[Epoch, ...], figure: Figure) -> list[tuple[float, float]]:
    return [(float(e.number), value) for e in epochs if (value := figure(e)) is not None]
