"""The curves of a run: loss, accuracy and Dice, each with its validation, and the learning rate.

The figures come from `core.run.Run`; only the steps' loss is kept here, for as long as the run is
drawn. One plot is `plot.Plot`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, Qt, QTimer
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from segdesk.core.run import Epoch, Run
from segdesk.ui.charts.curve_points import Numbers, Outside, Series
from segdesk.ui.look.theme import GRID, Tokens
from segdesk.ui.look.translations import tr
from segdesk.ui.threads.preload import Preload
from segdesk.ui.widgets.labels import label

if TYPE_CHECKING:
    from segdesk.ui.charts.plot import Plot

Figure = Callable[[Epoch], float | None]
#: A window that is shown first shows its scan; what loads for later waits so long.
WAIT_MS = 700
#: Between two plots that are drawn anew, so that each is painted by itself.
PAUSE_MS = 15
#: Between the end of one round of drawing and the next: an eye does not need more.
REST_MS = 150
#: A plot is at least so wide, in pixels; those that do not fit beside each other are not shown.
NARROWEST = 100
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
    short_digits: str = ".2f"
    short_title: str = ""


def _charts() -> tuple[Chart, ...]:
    return (
        Chart("chart_loss", tr("loss"), lambda e: e.loss, lambda e: e.val_loss, short_digits=".2g"),
        Chart(
            "chart_accuracy",
            tr("accuracy"),
            lambda e: e.accuracy,
            lambda e: e.val_accuracy,
            short_title=tr("acc."),
        ),
        Chart("chart_dice", tr("Dice"), lambda e: e.dice, lambda e: e.val_dice),
        Chart(
            "chart_rate", tr("learning rate"), lambda e: e.rate, digits=".2g", short_digits=".2g"
        ),
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
        # The window may be narrower than all plots beside each other.
        self.setMinimumWidth(1)
        self._tokens = tokens
        self._charts = _charts()
        self._plots: list[Plot] = []
        self._run: Run | None = None
        self._steps = Series()
        #: Of each chart, training and validation.
        self._series = [(Series(), Series()) for _ in self._charts]
        #: The run whose first epochs the series hold, how many, and the last of them.
        self._known_id, self._known = "", 0
        self._last_known: Epoch | None = None
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
        self._turn.setSingleShot(True)
        self._round = QElapsedTimer()
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
        self._mark(0)

    def add_step(self, epoch: float, loss: float) -> None:
        """The loss of a step, drawn thin behind the epochs' curve."""
        self._steps.append(epoch, loss)
        self._pages.setCurrentIndex(1)
        self._mark(0)

    def show_run(self, run: Run | None) -> None:
        """Draw a run's epochs as they are now; nothing where they are drawn."""
        before, self._run = self._run, run
        if run is not None and (run.epochs or run.outcome == "running"):
            self._pages.setCurrentIndex(1)
        elif not self._steps.points()[0].size:
            self._pages.setCurrentIndex(0)
        if self._take_epochs() or (before is None) != (run is None):
            self._show_legend()
            self._mark(*range(len(self._charts)))

    def _take_epochs(self) -> bool:
        """Take what is new of the run's epochs into the series; whether anything was."""
        id = self._run.id if self._run is not None else ""
        epochs = self._run.epochs if self._run is not None else ()
        known = self._known
        goes_on = id == self._known_id and (
            not known or (len(epochs) >= known and epochs[known - 1] is self._last_known)
        )
        if not goes_on:
            known = 0
            for series in self._series:
                for one in series:
                    one.clear()
        for epoch in epochs[known:]:
            for chart, (train, validation) in zip(self._charts, self._series, strict=True):
                _append(train, epoch, chart.train)
                if chart.validation is not None:
                    _append(validation, epoch, chart.validation)
        self._known_id, self._known = id, len(epochs)
        self._last_known = epochs[-1] if epochs else None
        return not goes_on or len(epochs) > known

    def loss_and_dice(self) -> tuple[tuple[Numbers, Numbers], tuple[Numbers, Numbers]]:
        """Epochs and values of the training's loss, and of the validation's Dice."""
        by_id = {chart.id: at for at, chart in enumerate(self._charts)}
        loss, dice = by_id["chart_loss"], by_id["chart_dice"]
        return self._series[loss][0].points(), self._series[dice][1].points()

    @property
    def is_drawn(self) -> bool:
        """Whether the plots are there and show everything that came."""
        return len(self._plots) == len(self._charts) and not self._to_draw

    # Making the plots

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(WAIT_MS, self, self._preload.start)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._pages.setVisible(self.width() >= NARROWEST)
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

    def _make_room(self) -> None:
        """The widget has another size: its plots are painted anew, one after the other."""
        if len(self._plots) == len(self._charts):
            fitting = self.width() // NARROWEST
            for at, plot in enumerate(self._plots):
                is_last = at == len(self._plots) - 1
                plot.setVisible(at < fitting and (self.width() >= WIDE or not is_last))
                plot.setUpdatesEnabled(False)
            self._draw()

    # Drawing

    def _draw(self) -> None:
        """Draw everything; the plots follow in turns."""
        self._show_legend()
        self._mark(*range(len(self._charts)))

    def _mark(self, *charts: int) -> None:
        """Have these drawn in their turn, however many messages come until then."""
        self._to_draw += [at for at in charts if at not in self._to_draw]
        if self._to_draw and self._plots and not self._turn.isActive():
            rest = REST_MS - self._round.elapsed() if self._round.isValid() else 0
            self._turn.start(max(PAUSE_MS, rest))

    def _draw_next(self) -> None:
        at = self._to_draw.pop(0)
        if at < len(self._plots):
            self._draw_chart(at)
        if self._to_draw:
            self._turn.start(PAUSE_MS)
        else:
            self._round.start()

    def _draw_chart(self, at: int) -> None:
        chart, plot = self._charts[at], self._plots[at]
        if plot.isHidden():
            # Where it gets room, all are drawn.
            return
        epochs = self._run.epochs if self._run is not None else ()
        train, validation = self._series[at]
        # The epoch that is being trained has its place.
        is_running = self._run is not None and self._run.outcome == "running"
        steps = self._steps if at == 0 else Series()
        outside = plot.show_curves(train, validation, steps, last=float(len(epochs) + is_running))
        newest = epochs[-1] if epochs else None
        plot.show_title(
            self._title(chart, newest, outside), self._title(chart, newest, outside, is_short=True)
        )
        plot.setUpdatesEnabled(True)

    def _title(
        self,
        chart: Chart,
        newest: Epoch | None,
        outside: Outside | None,
        *,
        is_short: bool = False,
    ) -> str:
        """The chart's name, the newest figures in the colours of their lines, what is not shown.

        Parameters
        ----------
        is_short : a short name, a digit and a space less, of what is not shown only its mark
        """
        words, gap, digits = chart.title, "&nbsp; ", chart.digits
        if is_short:
            words, gap, digits = chart.short_title or words, " ", chart.short_digits
        if newest is not None:
            for figure, colour in (
                (chart.train, self._tokens.accent),
                (chart.validation, self._tokens.warn),
            ):
                value = figure(newest) if figure is not None else None
                if value is not None:
                    words += f'{gap}<span style="color:{colour}">{value:{digits}}</span>'
        if outside is not None:
            mark, beyond = (
                ("&#9650;", tr("up to")) if outside.is_above else ("&#9660;", tr("down to"))
            )
            words += f'{gap}<span style="color:{self._tokens.warn}">{mark}</span>'
            if not is_short:
                words += f" {beyond} {outside.value:.3g}"
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


def _append(series: Series, epoch: Epoch, figure: Figure) -> None:
    value = figure(epoch)
    if value is not None:
        series.append(float(epoch.number), value)
