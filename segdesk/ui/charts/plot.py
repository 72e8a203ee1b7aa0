"""One plot of a run's figures over its epochs, drawn by pyqtgraph.

What is drawn and when belongs to `curves`, which imports this file late: pyqtgraph takes some
0.3 s to load.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from segdesk.ui.panels.panel import label
from segdesk.ui.theme import GRID, SMALL, Tokens

Points = Sequence[tuple[float, float]]
#: The x axis shows at least so many epochs.
FEWEST_EPOCHS = 5


class Plot(QWidget):
    """Title with the newest figures, and three lines: training, validation, steps."""

    def __init__(self, id: str, title: str, axis: str, tokens: Tokens) -> None:
        super().__init__()
        self.setObjectName(id)
        self.setAccessibleName(title)
        self._title = label(title, "dim")
        self._title.setObjectName(f"{id}_title")
        self._title.setTextFormat(Qt.TextFormat.RichText)
        # Plots beside each other are as wide as each other, whatever their titles say.
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._plot = pyqtgraph.PlotWidget(enableMenu=False)
        self._plot.setObjectName(f"{id}_plot")
        self._plot.setAccessibleName(title)
        self._plot.hideButtons()
        # The wheel over a plot scrolls nothing and zooms nothing: figures stay where they are.
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._steps = self._plot.plot()
        self._train = self._plot.plot(antialias=True)
        self._validation = self._plot.plot(antialias=True)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(GRID // 2)
        rows.addWidget(self._title)
        rows.addWidget(self._plot, 1)
        self._axis = axis
        self.set_tokens(tokens)
        self._plot.getViewBox().setXRange(0, FEWEST_EPOCHS, padding=0.02)

    def set_tokens(self, tokens: Tokens) -> None:
        """Other colours."""
        font = QFont(self.font())
        font.setPixelSize(SMALL)
        self._plot.setBackground(tokens.background)
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(pyqtgraph.mkPen(tokens.line))
            axis.setTextPen(pyqtgraph.mkPen(tokens.dim))
            # Fewer ticks are calmer, and the axes are most of what a plot costs to paint.
            axis.setStyle(tickLength=-3, tickFont=font, maxTickLevel=0)
        self._plot.getAxis("bottom").setLabel(
            self._axis, **{"color": tokens.dim, "font-size": f"{SMALL}px"}
        )
        self._plot.showGrid(x=False, y=True, alpha=0.15)
        self._steps.setPen(pyqtgraph.mkPen(tokens.dim, width=1))
        for line, colour, style in (
            (self._train, tokens.accent, Qt.PenStyle.SolidLine),
            (self._validation, tokens.warn, Qt.PenStyle.DashLine),
        ):
            line.setPen(pyqtgraph.mkPen(colour, width=2, style=style))
            line.setSymbolPen(pyqtgraph.mkPen(colour))
            line.setSymbolBrush(pyqtgraph.mkBrush(colour))
            line.setSymbolSize(5)

    def show_title(self, text: str) -> None:
        """Rich text."""
        self._title.setText(text)

    def show_points(self, train: Points, validation: Points) -> None:
        """Draw both lines anew; a single point is drawn as a dot."""
        for line, points in ((self._train, train), (self._validation, validation)):
            line.setData(*_axes(points), symbol="o" if len(points) == 1 else None)

    def show_steps(self, steps: Points) -> None:
        """Draw the thin line behind the others."""
        self._steps.setData(*_axes(steps))

    def show_epochs(self, last: float) -> None:
        """Let the x axis reach to this epoch."""
        self._plot.getViewBox().setXRange(0, max(last, FEWEST_EPOCHS), padding=0.02)


def _axes(points: Points) -> tuple[list[float], list[float]]:
    return [at for at, _ in points], [value for _, value in points]
