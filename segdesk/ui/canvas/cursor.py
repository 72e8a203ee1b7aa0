"""The outline of a tool on the slice: exactly the voxels that a click would change."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from segdesk.ops import paint
from segdesk.ui.canvas.viewport import Viewport

#: The dark rim reaches this far around the line, in pixels.
RIM = 2


class OutlineCursor:
    """What a click would change. Owned by the slice view.

    Parameters
    ----------
    region : from the tool in the hand
    """

    def __init__(self, region: paint.Region) -> None:
        self.region = region
        self._lines = joined(paint.outline_edges(region.mask))

    def rectangle(self, viewport: Viewport) -> QRect:
        """What it covers in the widget."""
        x0, y0, x1, y1 = viewport.covered(self.region.area)
        left, top = int(x0) - RIM - 1, int(y0) - RIM - 1
        return QRect(left, top, int(x1) + RIM + 2 - left, int(y1) + RIM + 2 - top)

    def paint(self, painter: QPainter, viewport: Viewport, colour: QColor) -> None:
        """Draw the outline, with a dark rim so that it is seen on anything."""
        (y, down), (x, right) = viewport.row_axis, viewport.column_axis
        area = self.region.area
        corner = np.array([area.row0, area.column0, area.row0, area.column0])
        placed = (self._lines + corner) * np.array([down, right, down, right])
        placed += np.array([y, x, y, x])
        lines = [QLineF(x0, y0, x1, y1) for y0, x0, y1, x1 in placed.tolist()]
        painter.setPen(QPen(dark_rim(), 3.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawLines(lines)
        painter.setPen(QPen(colour, 1.0))
        painter.drawLines(lines)


def dark_rim() -> QColor:
    """Colour around a line, so that it is seen on a bright image."""
    colour = QColor(Qt.GlobalColor.black)
    colour.setAlpha(110)
    return colour


def joined(edges: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Pixel edges in a row as one line each: fewer to draw, the same picture.

    Parameters
    ----------
    edges : intp, (edges, 4), as `ops.paint.outline_edges` gives them

    Returns
    -------
    intp, (lines, 4): row0, column0, row1, column1
    """
    across = edges[edges[:, 0] == edges[:, 2]]
    down = edges[edges[:, 1] == edges[:, 3]]
    across = across[np.lexsort((across[:, 1], across[:, 0]))]
    down = down[np.lexsort((down[:, 0], down[:, 1]))]
    return np.concatenate([_runs(across), _runs(down)])


def _runs(edges: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    if not len(edges):
        return edges
    follows = (edges[1:, :2] == edges[:-1, 2:]).all(axis=1)
    ends_here = np.append(~follows, True)
    starts_here = np.append(True, ~follows)
    return np.concatenate([edges[starts_here, :2], edges[ends_here, 2:]], axis=1)
