"""One plot of a run's figures over its epochs, drawn by pyqtgraph.

What is drawn and when belongs to `curves`, which imports this file late: pyqtgraph takes some
0.3 s to load. How many points there are belongs to `curve_points`.
"""

from __future__ import annotations

import numpy as np
import pyqtgraph
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QResizeEvent, QTextDocument
from PySide6.QtWidgets import QGraphicsItem, QLabel, QSizePolicy, QVBoxLayout, QWidget

from segdesk.ui.charts.curve_points import (
    Numbers,
    Outside,
    Series,
    round_out,
    round_up,
    value_range,
)
from segdesk.ui.look.as_written import tip
from segdesk.ui.look.sizes import small_size
from segdesk.ui.look.theme import GRID, Tokens
from segdesk.ui.widgets.labels import label

#: The x axis shows at least so many epochs.
FEWEST_EPOCHS = 5
#: Room above and below the curves, as a share of their range.
PADDING = 0.06
#: Room left and right of the epochs, as a share of them.
MARGIN = 0.02


class Plot(QWidget):
    """Title with the newest figures, and three lines: training, validation, steps."""

    def __init__(self, id: str, title: str, axis: str, tokens: Tokens) -> None:
        super().__init__()
        self.setObjectName(id)
        self.setAccessibleName(title)
        self._title = label(title, "dim")
        self._title.setObjectName(f"{id}_title")
        self._title.setTextFormat(Qt.TextFormat.RichText)
        self._plot = pyqtgraph.PlotWidget(enableMenu=False)
        self._plot.setObjectName(f"{id}_plot")
        self._plot.setAccessibleName(title)
        self._plot.hideButtons()
        # The wheel over a plot scrolls nothing and zooms nothing: figures stay where they are.
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        # The ranges are set with the data; pyqtgraph's own search for them costs every point.
        self._plot.disableAutoRange()
        # A learning rate of 0.001 is written so, not as "1 (x0.001)".
        self._plot.getAxis("left").enableAutoSIPrefix(False)
        self._steps, self._train, self._validation = _Curve(), _Curve(), _Curve()
        self.lines = (self._steps, self._train, self._validation)
        #: A curve of a single value.
        self._dots = pyqtgraph.ScatterPlotItem(size=5, pen=None)
        #: Triangles at the edge where something lies outside.
        self._outside = pyqtgraph.ScatterPlotItem(size=8, pen=None)
        for item in (self._steps, self._train, self._validation, self._dots, self._outside):
            self._plot.addItem(item)
        self._colours: dict[object, str] = {}
        self._shown: tuple[float, ...] = ()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(GRID // 2)
        rows.addWidget(_Line(self._title))
        rows.addWidget(self._plot, 1)
        self._axis = axis
        self.set_tokens(tokens)

    def set_tokens(self, tokens: Tokens) -> None:
        """Other colours."""
        font = QFont(self.font())
        font.setPixelSize(small_size())
        self._plot.setBackground(tokens.background)
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(pyqtgraph.mkPen(tokens.line))
            axis.setTextPen(pyqtgraph.mkPen(tokens.dim))
            # Fewer ticks are calmer, and the axes are most of what a plot costs to paint.
            axis.setStyle(tickLength=-3, tickFont=font, maxTickLevel=0)
            # They stay while the curves between them change: painted once, kept as a picture.
            axis.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        bottom = self._plot.getAxis("bottom")
        bottom.setLabel(self._axis, **{"color": tokens.dim, "font-size": f"{small_size()}px"})
        bottom.label.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self._plot.showGrid(x=False, y=True, alpha=0.15)
        self._steps.setPen(pyqtgraph.mkPen(tokens.dim, width=1))
        self._outside.setBrush(pyqtgraph.mkBrush(tokens.warn))
        for line, colour, style in (
            (self._train, tokens.accent, Qt.PenStyle.SolidLine),
            (self._validation, tokens.warn, Qt.PenStyle.DashLine),
        ):
            line.setPen(pyqtgraph.mkPen(colour, width=2, style=style))
            self._colours[line] = colour

    def show_title(self, whole: str, shorter: str) -> None:
        """Rich text; where there is no room for the whole, the shorter one and the whole as its
        tooltip. A figure that is cut is another figure.
        """
        self._title.setText(whole)
        self._title.setToolTip("")
        if self._title.sizeHint().width() > self._title.width():
            document = QTextDocument()
            document.setHtml(whole)
            self._title.setText(shorter)
            self._title.setToolTip(tip(document.toPlainText()))

    def show_curves(
        self, train: Series, validation: Series, steps: Series, *, last: float
    ) -> Outside | None:
        """Draw all lines anew; a single point is drawn as a dot.

        Parameters
        ----------
        last : the epoch that the x axis reaches at least

        Returns
        -------
        The value that lies farthest outside of what is shown; each such is marked at the edge.
        None where all are shown.
        """
        parts = [series.points() for series in (steps, train, validation)]
        places, values = (np.concatenate(column) for column in zip(*parts, strict=True))
        low, high = value_range(values)
        room = PADDING * (high - low)
        bottom, top = round_out(low - room, high + room)
        dots: list[tuple[float, float, str]] = []
        for line, series in (
            (self._steps, steps),
            (self._train, train),
            (self._validation, validation),
        ):
            at, value = series.points()
            value = np.clip(value, bottom, top)
            if len(at) == 1 and line is not self._steps:
                dots.append((float(at[0]), float(value[0]), self._colours[line]))
            line.setVisible(len(at) > 0)
            if len(at):
                # Where points are as close as pixels nobody sees it, and it costs most.
                is_fine = not series.is_reduced and line is not self._steps
                line.setData(at, value, antialias=is_fine)
        above, below = values > top, values < bottom
        _scatter(
            self._outside,
            np.concatenate([places[above], places[below]]),
            np.concatenate([np.full(above.sum(), high), np.full(below.sum(), low)]),
            symbol=["t1"] * int(above.sum()) + ["t"] * int(below.sum()),
        )
        _scatter(
            self._dots,
            np.array([x for x, _, _ in dots]),
            np.array([y for _, y, _ in dots]),
            brush=[pyqtgraph.mkBrush(colour) for _, _, colour in dots],
        )
        self._show_range(0.0, round_up(max(last, FEWEST_EPOCHS)), bottom, top)
        outside = values[above | below]
        if not outside.size:
            return None
        middle = (low + high) / 2
        farthest = float(outside[np.argmax(np.abs(outside - middle))])
        return Outside(farthest, is_above=farthest > middle)

    def _show_range(self, *range: float) -> None:
        """Axes are most of what a plot costs: they are drawn anew only where they change."""
        if range != self._shown:
            self._shown = range
            left, right, bottom, top = range
            beyond = MARGIN * (right - left)
            self._plot.getViewBox().setRange(
                xRange=(left - beyond, right + beyond), yRange=(bottom, top), padding=0
            )
            for line in self.lines:
                line.fill(QRectF(left - beyond, bottom, right - left + 2 * beyond, top - bottom))
            # Else it would be found out while the plot is painted, which is then painted twice.
            self._plot.getViewBox().prepareForPaint()


class _Line(QWidget):
    """As high as a label and as wide as there is room, whatever the label says.

    The label lies in no layout: a new text in a layout has the whole window laid out anew.
    """

    def __init__(self, label: QLabel) -> None:
        super().__init__()
        self._label = label
        label.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(0, self._label.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._label.resize(self.size())


class _Curve(pyqtgraph.PlotCurveItem):
    """A line that may go anywhere in its plot.

    Where exactly it goes is asked a dozen times for each picture, and to find it out costs as much
    as the line.
    """

    def __init__(self) -> None:
        super().__init__()
        self._room = QRectF(0.0, 0.0, 1.0, 1.0)

    def fill(self, room: QRectF) -> None:
        """The plot shows this now, in the units of the points."""
        self.prepareGeometryChange()
        self._room = room

    def boundingRect(self) -> QRectF:
        return self._room


def _scatter(item: pyqtgraph.ScatterPlotItem, x: Numbers, y: Numbers, **look: object) -> None:
    """Hand over points; where there are none, nothing is painted."""
    item.setVisible(len(x) > 0)
    if len(x):
        item.setData(x=x, y=y, **look)
