"""How fast the slice view answers: the next slice, and a move of a large brush.

Real wheel and mouse events on a real `SliceView` of 1600 x 1000 pixels, offscreen. A step counts
from the event until its paint has ended, and has exactly one paint; both are checked.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from segdesk.core.grid import Grid
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.look.theme import DARK
from tests.benchmarks.rows import Row, row_of
from tests.ui.canvas.bench_project import add_case, draw, new_project, predict, shown

SIZE = (1600, 1000)
SLICES = 40
STEPS = 300
#: The first steps fill caches and are not counted.
WARM_UP = 20
RADIUS_VOXELS = 40


class CountingView(SliceView):
    """Counts its paints."""

    paints = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self.paints += 1


def rows() -> list[Row]:
    """All rows of this file."""
    return [next_slice(), brush_move()]


def next_slice() -> Row:
    """One notch of the wheel at 512 x 512, with annotation and prediction."""
    with _view() as view:
        middle = QPointF(view.rect().center())

        def turn(step: int) -> None:
            # There and back through the stack, so that every step shows another slice.
            down = (step // (SLICES - 1)) % 2 == 0
            QApplication.sendEvent(view, wheel(view, middle, 120 if down else -120))

        view.view.crosshair.show_slice(0)
        return row_of("next_slice", _timed(view, turn))


def brush_move() -> Row:
    """One mouse move with a brush of 40 voxels' radius, painting on the way."""
    with _view() as view:
        view.view.hand.use_tool("brush")
        view.view.hand.set_brush(2 * RADIUS_VOXELS * 0.7)
        at = view.pixel_of(*_on_spiral(0))
        send_mouse(view, QEvent.Type.MouseButtonPress, at, Qt.MouseButton.LeftButton)

        def move(step: int) -> None:
            send_mouse(view, QEvent.Type.MouseMove, view.pixel_of(*_on_spiral(step + 1)))

        timed = _timed(view, move)
        send_mouse(view, QEvent.Type.MouseButtonRelease, at, Qt.MouseButton.LeftButton)
        return row_of("brush_move", timed)


def _timed(view: CountingView, step: Callable[[int], None]) -> list[float]:
    seconds: list[float] = []
    QApplication.processEvents()
    for number in range(WARM_UP + STEPS):
        before = view.paints
        started = time.perf_counter()
        step(number)
        QApplication.processEvents()
        seconds.append(time.perf_counter() - started)
        if view.paints != before + 1:
            raise RuntimeError(f"step {number} had {view.paints - before} paints, expected 1")
    return seconds[WARM_UP:]


def _on_spiral(step: int) -> tuple[float, float]:
    """A path that keeps reaching voxels that were not painted yet, 4 voxels a step."""
    radius = 12 * math.sqrt(step + 1)
    angle = 4 * step / max(radius, 1) if step < 40 else 0.67 * math.sqrt(step) + 4 * step / radius
    return 256 + radius * math.sin(angle), 256 + radius * math.cos(angle)


@contextmanager
def _view() -> Iterator[CountingView]:
    with tempfile.TemporaryDirectory() as folder:
        workbench = new_project(Path(folder))
        grid = Grid((SLICES, 512, 512), (2.5, 0.7, 0.7))
        add_case(workbench, grid, noise_scan(grid.shape))
        state = shown(workbench)
        labels = _lungs(grid.shape)
        for index in range(SLICES):
            draw(workbench, index, labels[index])
        predict(workbench, np.roll(labels, 4, axis=2))
        view = CountingView(workbench, state, state.pane, DARK)
        view.resize(*SIZE)
        view.show()
        QApplication.processEvents()
        try:
            yield view
        finally:
            view.detach()
            view.close()
            workbench.close()


def noise_scan(shape: tuple[int, int, int]) -> npt.NDArray[np.int16]:
    """Noise over the range of a chest CT, int16."""
    return np.random.default_rng(1).normal(-400, 400, shape).clip(-1024, 3000).astype(np.int16)


def _lungs(shape: tuple[int, int, int]) -> npt.NDArray[np.uint8]:
    """Two ellipses on every slice, about a fifth of it."""
    row, column = np.mgrid[: shape[1], : shape[2]]
    labels = np.zeros(shape, np.uint8)
    for number, centre in ((1, 340), (2, 172)):
        inside = ((row - 256) / 130) ** 2 + ((column - centre) / 72) ** 2 < 1
        labels[:, inside] = number
    return labels


def wheel(view: SliceView, at: QPointF, angle: int) -> QWheelEvent:
    return QWheelEvent(
        at,
        view.mapToGlobal(at),
        QPoint(),
        QPoint(0, angle),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )


def send_mouse(
    view: SliceView,
    kind: QEvent.Type,
    at: QPointF,
    button: Qt.MouseButton = Qt.MouseButton.NoButton,
) -> None:
    held = Qt.MouseButton.LeftButton
    if kind == QEvent.Type.MouseButtonRelease:
        held = Qt.MouseButton.NoButton
    event = QMouseEvent(
        kind, at, view.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(view, event)
