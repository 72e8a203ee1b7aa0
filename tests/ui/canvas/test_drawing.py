"""What is drawn: boxes of a stroke as a full paint, letters, layers, status, value under the cursor."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QImage, QPaintEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segdesk.app import reviewing
from segdesk.app.view_state import ViewState
from segdesk.app.workbench import Workbench
from segdesk.core.edit import Dismissal, Edit
from segdesk.core.grid import Grid
from segdesk.core.status import SliceStatus
from segdesk.ui.canvas import facts
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.theme import DARK, LIGHT
from tests.ui.canvas.bench_project import CASE, add_case, draw, predict
from tests.ui.canvas.mouse import LEFT, drag, move, move_to, press, release

SHAPE = (40, 60)


class WatchedView(SliceView):
    """Remembers what was asked to be painted."""

    def __init__(self, workbench: Workbench, view: ViewState) -> None:
        self.painted: list[QRect] = []
        super().__init__(workbench, view, DARK)

    def paintEvent(self, event: QPaintEvent) -> None:
        self.painted += [QRect(event.rect())] if event.region().rectCount() == 1 else []
        super().paintEvent(event)


def on_screen(canvas: SliceView) -> QImage:
    """What the window's backing store has, which grab() would paint anew."""
    QApplication.processEvents()
    image = canvas.window().backingStore().paintDevice()
    assert isinstance(image, QImage)
    return image.copy()


@pytest.mark.parametrize("zoom", [0.4, 1.0, 2.37, 6.0])
def test_a_stroke_repaints_only_its_box_and_yet_the_same_pixels_as_a_full_paint(
    workbench: Workbench, view: ViewState, qtbot: QtBot, zoom: float
) -> None:
    predict(workbench, checkers())
    canvas = SliceView(workbench, view, DARK)
    qtbot.addWidget(canvas)
    canvas.resize(701, 603)
    canvas.show()
    qtbot.waitExposed(canvas)
    canvas.set_viewport(canvas.viewport.zoomed(zoom, 340.3, 290.9))
    view.use_tool("brush")
    press(canvas, (20, 30))
    for column in (32, 35, 33.4, 28):
        move(canvas, (21.3, column), LEFT)
        QApplication.processEvents()
    release(canvas, (21.3, 28))
    parts = canvas.grab().toImage()
    canvas.update()
    canvas.peek(True)
    QApplication.processEvents()
    canvas.peek(False)
    whole = canvas.grab().toImage()
    assert parts == whole
    canvas.detach()


def checkers() -> npt.NDArray[np.uint8]:
    row, column = np.mgrid[:40, :60]
    plane = ((row // 7 + column // 9) % 3).astype(np.uint8)
    return np.broadcast_to(plane, (6, 40, 60)).copy()
