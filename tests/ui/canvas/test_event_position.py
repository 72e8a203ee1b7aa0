"""Where a mouse and a pen point, with which end, and how small the brush can be."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QInputDevice, QMouseEvent, QPointingDevice, QTabletEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.grid import Grid
from segdesk.ui.canvas.event_position import pointed_at
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.look.theme import DARK
from tests.ui.canvas.bench_project import add_case, draw, new_project, shown
from tests.ui.canvas.mouse import LEFT, NONE, PLAIN, drag, move_to, wheel
from tests.ui.canvas.test_strokes import SHAPE, labels

#: In mm.
MICROMETRES_20 = 0.02
PEN, ERASER = QPointingDevice.PointerType.Pen, QPointingDevice.PointerType.Eraser
PRESS, RELEASE = QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease


def stylus(end: QPointingDevice.PointerType) -> QPointingDevice:
    kind, can = QInputDevice.DeviceType.Stylus, QInputDevice.Capability.Position
    return QPointingDevice("pen", 7, kind, end, can, 1, 2)


def pen(
    canvas: SliceView,
    kind: QEvent.Type,
    voxel: tuple[float, float],
    device: QPointingDevice,
) -> None:
    at = canvas.pixel_of(*voxel)
    held = NONE if kind == QEvent.Type.TabletRelease else LEFT
    event = QTabletEvent(
        kind, device, at, canvas.mapToGlobal(at), 0.5, 0, 0, 0, 0, 0, PLAIN, LEFT, held
    )
    QApplication.sendEvent(canvas, event)
    assert event.isAccepted()


def pen_stroke(
    canvas: SliceView, *voxels: tuple[float, float], end: QPointingDevice.PointerType
) -> None:
    device = stylus(end)
    pen(canvas, QEvent.Type.TabletPress, voxels[0], device)
    for voxel in voxels:
        pen(canvas, QEvent.Type.TabletMove, voxel, device)
    pen(canvas, QEvent.Type.TabletRelease, voxels[-1], device)


def click_at(canvas: SliceView, x: float, y: float) -> None:
    at = QPointF(x, y)
    for kind, held in ((PRESS, LEFT), (RELEASE, NONE)):
        event = QMouseEvent(kind, at, canvas.mapToGlobal(at), LEFT, held, PLAIN)
        QApplication.sendEvent(canvas, event)


@pytest.mark.parametrize("tool", ["brush", "eraser", "lasso"])
def test_the_other_end_of_a_pen_erases_and_its_tip_does_what_the_tool_does(
    canvas: SliceView, view: ViewState, workbench: Workbench, tool: str
) -> None:
    draw(workbench, 3, np.full(SHAPE, 2))
    view.hand.use_tool(tool)
    corners = ((10, 10), (10, 30), (30, 30), (30, 10))
    pen_stroke(canvas, *corners, end=ERASER)
    assert labels(workbench)[10, 20] == 0
    assert not (labels(workbench) == 1).any()
    pen_stroke(canvas, *((row, column + 25) for row, column in corners), end=PEN)
    assert labels(workbench)[10, 45] == (0 if tool == "eraser" else 1)


def test_a_mouse_event_that_is_made_of_a_pen_erases_with_its_other_end(
    canvas: SliceView, view: ViewState, workbench: Workbench
) -> None:
    draw(workbench, 3, np.full(SHAPE, 2))
    view.hand.use_tool("brush")
    device, at = stylus(ERASER), canvas.pixel_of(20, 30)
    for kind, held in ((PRESS, LEFT), (RELEASE, NONE)):
        event = QMouseEvent(kind, at, at, canvas.mapToGlobal(at), LEFT, held, PLAIN, device)
        QApplication.sendEvent(canvas, event)
    assert labels(workbench)[20, 30] == 0


@pytest.mark.parametrize("zoom", [0.05, 0.1, 0.2])
def test_a_click_paints_the_voxel_at_the_centre_of_the_pixel_under_the_pointer(
    canvas: SliceView, view: ViewState, workbench: Workbench, zoom: float
) -> None:
    """Zoomed out so far that half a pixel is another voxel."""
    canvas.set_viewport(canvas.viewport.zoomed(zoom, 250, 300))
    view.hand.use_tool("brush")
    view.hand.set_brush(0.5)
    left, top, width, height = canvas.viewport.rectangle
    y = int(top + height / 2)
    row = int((y + 0.5 - top) / height * SHAPE[0])
    hits = 0
    for x in range(int(left) + 1, int(left + width) - 1, 3):
        before = labels(workbench)
        click_at(canvas, x, y)
        changed = np.argwhere(labels(workbench) != before)
        column = int((x + 0.5 - left) / width * SHAPE[1])
        assert changed.tolist() == [[row, column]]
        under = canvas.under_pointer()
        assert under is not None and (under.row, under.column) == (row, column)
        hits += column != int((x - left) / width * SHAPE[1])
    # Of these clicks, some are on another voxel than the corner of their pixel.
    assert hits


@pytest.mark.parametrize(
    ("ratio", "at", "expected"),
    [
        (1.0, (10.0, 20.0), (10.5, 20.5)),
        (2.0, (10.5, 20.0), (10.75, 20.25)),
        (1.5, (7 / 1.5, 4 / 1.5), (7.5 / 1.5, 4.5 / 1.5)),
        # A pen between two pixels is where it is.
        (1.0, (10.25, 20.0), (10.25, 20.0)),
    ],
)
def test_a_mouse_is_at_the_centre_of_its_device_pixel_at_every_scale(
    ratio: float, at: tuple[float, float], expected: tuple[float, float]
) -> None:
    place = QPointF(*at)
    found = pointed_at(QMouseEvent(QEvent.Type.MouseMove, place, place, NONE, NONE, PLAIN), ratio)
    assert (found.x(), found.y()) == pytest.approx(expected)


@pytest.fixture
def fine(tmp_path: Path, qtbot: QtBot) -> Iterator[tuple[SliceView, ViewState, Workbench]]:
    """A view of a scan with voxels of 20 micrometres."""
    (tmp_path / "fine").mkdir()
    workbench = new_project(tmp_path / "fine")
    add_case(workbench, Grid((6, *SHAPE), (0.1, MICROMETRES_20, MICROMETRES_20)))
    view = shown(workbench)
    canvas = SliceView(workbench, view, view.pane, DARK)
    qtbot.addWidget(canvas)
    canvas.resize(500, 600)
    canvas.show()
    qtbot.waitExposed(canvas)
    yield canvas, view, workbench
    canvas.detach()
    workbench.close()


def test_the_smallest_brush_is_one_voxel_whatever_its_size(
    fine: tuple[SliceView, ViewState, Workbench],
) -> None:
    canvas, view, workbench = fine
    view.hand.use_tool("brush")
    view.hand.set_brush(0.0)
    assert view.hand.brush_mm == pytest.approx(MICROMETRES_20)
    # Also where the pointer is between voxels; the outline says so too.
    for at, place in enumerate((0.0, 0.3, -0.49, 0.49)):
        voxel = (20 + place, 10 + 5 * at + place)
        move_to(canvas, canvas.pixel_of(*voxel))
        brush = canvas._hover.outline
        assert brush is not None and brush.region.mask.sum() == 1
        drag(canvas, voxel)
        assert (labels(workbench) == 1).sum() == at + 1
        assert labels(workbench)[20, 10 + 5 * at] == 1


def test_the_brush_is_stepped_from_one_voxel_to_the_largest_and_back(
    fine: tuple[SliceView, ViewState, Workbench],
) -> None:
    canvas, view, _ = fine
    view.hand.set_brush(0.0)
    sizes = [view.hand.brush_mm]
    for _ in range(80):
        wheel(canvas, up=120, modifiers=Qt.KeyboardModifier.ShiftModifier)
        sizes.append(view.hand.brush_mm)
    assert sizes[-1] == view.hand.size_range[1]
    grown = sizes[: sizes.index(sizes[-1]) + 1]
    assert all(larger > smaller for smaller, larger in itertools.pairwise(grown))
    for _ in range(90):
        wheel(canvas, up=-120, modifiers=Qt.KeyboardModifier.ShiftModifier)
    assert view.hand.brush_mm == pytest.approx(MICROMETRES_20)
