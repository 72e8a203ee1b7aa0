"""What a step and a move of a brush cost, in things done, not in seconds."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter
from pytestqt.qtbot import QtBot

from segdesk.core.box import Area, Box
from segdesk.core.grid import Grid
from segdesk.ops.layers import HATCH, hatch
from segdesk.ui.canvas import rimmed_text, scene
from segdesk.ui.canvas.rimmed_text import KEPT, RimmedText
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.look.theme import DARK
from tests.ui.canvas.bench_project import CASE, add_case, new_project, shown
from tests.ui.canvas.mouse import LEFT, move, press, release

#: Four tiles of a slice meet in its middle.
WIDE = Grid((2, 128, 128), (5.0, 1.0, 1.0))


def test_a_move_of_the_brush_over_four_tiles_is_one_change(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = new_project(tmp_path)
    add_case(workbench, WIDE)
    view = shown(workbench)
    view.hand.use_tool("brush")
    view.hand.set_brush(20.0)
    canvas = SliceView(workbench, view, view.pane, DARK)
    qtbot.addWidget(canvas, before_close_func=SliceView.detach)
    canvas.resize(600, 600)
    canvas.show()
    qtbot.waitExposed(canvas)
    canvas.grab()
    changed: list[tuple[Box, ...]] = []
    workbench.labels_changed.connect(lambda case, boxes: changed.append(boxes))
    inks: list[object] = []
    look = scene.Look
    monkeypatch.setattr(scene, "Look", lambda **how: (inks.append(how), look(**how))[1])
    press(canvas, (64.0, 64.0))
    for column in range(65, 69):
        move(canvas, (64.0, float(column)), LEFT)
        canvas.grab()
    assert [len(boxes) for boxes in changed] == [1] * 5
    # Nobody has said that layers look otherwise.
    assert inks == []
    release(canvas, (64.0, 68.0))
    edit = workbench.history.done[-1]
    assert len(edit.patches) == 4
    workbench.undo()
    assert not workbench.annotation(CASE).labels.any()
    workbench.close()


def test_a_hatch_is_made_of_bytes_and_not_of_whole_numbers() -> None:
    area = Area(3, 515, 5, 517)
    rng = np.random.default_rng(2)
    ours, theirs = (rng.integers(0, 3, area.shape, dtype=np.uint8) for _ in range(2))
    tracemalloc.start()
    try:
        found = hatch(ours, theirs, area)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * ours.size
    row, column = np.mgrid[area.row0 : area.row1, area.column0 : area.column1]
    plain = (theirs != ours) & (theirs != 0) & ((row + column) % HATCH == 0)
    assert np.array_equal(found, plain)


@pytest.mark.parametrize("pixels", [9, 11, 13, 14, 16, 20, 26])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_text_with_a_rim_is_laid_out_once_and_stands_where_text_stands(
    pixels: int, scale: float, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    del qtbot
    laid_out: list[str] = []
    kind = rimmed_text.QStaticText
    monkeypatch.setattr(
        rimmed_text, "QStaticText", lambda text: (laid_out.append(text), kind(text))[1]
    )
    font = QFont()
    font.setPixelSize(pixels)
    writing = RimmedText(font)
    colour, rim = QColor("#eef"), QColor(0, 0, 0, 170)
    writing.use(colour, rim)
    words, places = "W −600 <b>y</b> 12", (QPointF(7.4, 41.5), QPointF(20, 90.2))

    def bare() -> QImage:
        image = QImage(400, 200, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(scale)
        image.fill(QColor("#777"))
        return image

    one, other = bare(), bare()
    with QPainter(one) as painter:
        for place in places:
            writing.write(painter, place, words)
    with QPainter(other) as painter:
        painter.setFont(font)
        for place in places:
            at = QPointF(round(place.x()), round(place.y()))
            painter.setPen(rim)
            for right, down in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
                painter.drawText(at + QPointF(right, down), words)
            painter.setPen(colour)
            painter.drawText(at, words)
    assert one == other != bare()
    assert laid_out == [words]


def test_figures_that_go_by_are_not_kept_for_ever(qtbot: QtBot) -> None:
    del qtbot
    writing = RimmedText(QFont())
    image = QImage(50, 50, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    with QPainter(image) as painter:
        for number in range(3 * KEPT):
            writing.write(painter, QPointF(5, 20), str(number))
            assert writing.kept <= KEPT
