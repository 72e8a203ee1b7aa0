"""The curves of a run: loss, accuracy, Dice, each with its validation, and the rate.

pyqtgraph draws; the figures come from `core.run.Run` and nothing is kept here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from segdesk.core.run import Epoch, Run
from segdesk.ui.theme import GRID, SMALL, Tokens

Figure = Callable[[Epoch], float | None]


@dataclass(frozen=True, slots=True)
class Chart:
    """One plot: its title and the figures of training and validation."""

    id: str
    title: str
    train: Figure
    validation: Figure
    is_share: bool


CHARTS = (
    Chart("chart_loss", "loss", lambda e: e.loss, lambda e: e.val_loss, is_share=False),
    Chart("chart_accuracy", "accuracy", lambda e: e.accuracy, lambda e: e.val_accuracy, True),
    Chart("chart_dice", "Dice", lambda e: e.dice, lambda e: e.val_dice, True),
)


class Curves(QWidget):
    """Three plots side by side; full lines are training, dashed ones validation."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__()
        self.setObjectName("curves")
        self.setAccessibleName("Training curves")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GRID)
        self._plots: list[pyqtgraph.PlotWidget] = []
        self._lines: list[tuple[pyqtgraph.PlotDataItem, pyqtgraph.PlotDataItem]] = []
        self._live = pyqtgraph.PlotDataItem()
        for chart in CHARTS:
            plot = pyqtgraph.PlotWidget()
            plot.setObjectName(chart.id)
            plot.setAccessibleName(f"Curve of {chart.title}")
            plot.setMenuEnabled(False)
            plot.hideButtons()
            plot.setMouseEnabled(x=False, y=False)
            # The wheel over a plot scrolls nothing and zooms nothing: figures stay where they are.
            plot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            train, validation = plot.plot(), plot.plot()
            self._lines.append((train, validation))
            self._plots.append(plot)
            row.addWidget(plot, 1)
        self._plots[0].addItem(self._live)
        self._steps: list[tuple[float, float]] = []
        self.set_tokens(tokens)
        self.show_run(None)

    def set_tokens(self, tokens: Tokens) -> None:
        """Other colours."""
        for chart, plot, (train, validation) in zip(CHARTS, self._plots, self._lines, strict=True):
            plot.setBackground(tokens.background)
            for side in ("left", "bottom"):
                axis = plot.getAxis(side)
                axis.setPen(pyqtgraph.mkPen(tokens.line))
                axis.setTextPen(pyqtgraph.mkPen(tokens.dim))
                axis.setStyle(tickLength=-3)
            plot.showGrid(x=False, y=True, alpha=0.15)
            plot.setTitle(chart.title, color=tokens.dim, size=f"{SMALL}px")
            colour = tokens.good if chart.id == "chart_dice" else tokens.accent
            train.setPen(pyqtgraph.mkPen(colour, width=2))
            validation.setPen(pyqtgraph.mkPen(tokens.warn, width=2, style=Qt.PenStyle.DashLine))
        self._live.setPen(pyqtgraph.mkPen(tokens.dim, width=1))

    def add_step(self, epoch: float, loss: float) -> None:
        """The loss of a step, drawn thin behind the epochs' curve."""
        self._steps.append((epoch, loss))
        points = np.asarray(self._steps[-2000:])
        self._live.setData(points[:, 0], points[:, 1])

    def clear_steps(self) -> None:
        """Forget the steps of the last run."""
        self._steps.clear()
        self._live.setData([], [])

    def show_run(self, run: Run | None) -> None:
        """Draw a run's epochs as they are now."""
        epochs = run.epochs if run is not None else ()
        for chart, plot, (train, validation) in zip(CHARTS, self._plots, self._lines, strict=True):
            train.setData(*_points(epochs, chart.train), symbol="o" if len(epochs) == 1 else None)
            validation.setData(
                *_points(epochs, chart.validation), symbol="o" if len(epochs) == 1 else None
            )
            last = _last(epochs, chart)
            title = f"{chart.title}  {last:.3f}" if last is not None else chart.title
            plot.setTitle(title)
            plot.getViewBox().setXRange(0, max(len(epochs), 5), padding=0.02)


def _points(epochs: tuple[Epoch, ...], figure: Figure) -> tuple[list[float], list[float]]:
    pairs = [(float(e.number), value) for e in epochs if (value := figure(e)) is not None]
    return [at for at, _ in pairs], [value for _, value in pairs]


def _last(epochs: tuple[Epoch, ...], chart: Chart) -> float | None:
    if not epochs:
        return None
    validation = chart.validation(epochs[-1])
    return chart.train(epochs[-1]) if validation is None else validation
