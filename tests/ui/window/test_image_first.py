"""The image has most of the window; training is one row until more of it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from segdesk.core.networks import network
from segdesk.ui.charts.small_curve import SmallCurve
from tests.ui.panels.test_training import desk_with, wait_for_end
from tests.windows import Desk

__all__ = ["desk_with"]

CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
#: A child that has learnt for three epochs and goes on until it is told to stop.
THREE_EPOCHS = (
    "import time\n"
    "for at in (2, 3):\n"
    "    channel.send(EpochDone(Epoch(at, at, 0.7 / at, 0.8, 0.001, 0.5, 0.6, 0.8, 0.3 * at)))\n"
    "while not channel.should_stop():\n"
    "    channel.send(Step(4, 1, 10, 0.2, 10.0, 30.0)); time.sleep(0.02)"
)


def part(desk: Desk, id: str) -> QWidget:
    found = desk.window.findChild(QWidget, id)
    assert found is not None, id
    return found


def slice_height(desk: Desk) -> float:
    """Of the slice as it is drawn, in pixels."""
    view = desk.window.session.view
    assert view is not None and view.crosshair.case is not None
    rows = view.crosshair.case.grid.shape[1]
    return desk.canvas.pixel_of(rows - 0.5, 0.0).y() - desk.canvas.pixel_of(-0.5, 0.0).y()


def test_a_slice_is_512_pixels_high_on_a_small_screen(desk: Desk, project: Path) -> None:
    desk.open(project)
    desk.window.resize(1366, 768)
    desk.settle()
    desk.window.table["fit"].trigger()
    assert (desk.window.width(), desk.window.height()) == (1366, 768)
    assert slice_height(desk) >= 512
    assert desk.canvas.height() >= 600


def test_the_view_has_most_of_a_large_screen(desk: Desk, project: Path) -> None:
    desk.open(project)
    desk.window.resize(1920, 1080)
    desk.settle()
    assert (desk.window.width(), desk.window.height()) == (1920, 1080)
    share = desk.canvas.width() * desk.canvas.height() / (1920 * 1080)
    assert share >= 0.6, f"{share:.3f}"


def test_a_training_is_a_row_with_its_progress_and_opens_by_a_key_and_a_click(
    desk_with: Callable[..., Desk],
) -> None:
    desk = desk_with(THREE_EPOCHS)
    desk.open_curves()
    more = part(desk, "curves_and_settings")
    assert not more.isVisible()
    high, idle = desk.canvas.height(), part(desk, "train_button")
    place = rectangle(desk, idle)
    desk.press(part(desk, "training"), "train_button")
    desk.wait(lambda: _text(desk, "training_dice") == "Dice 0.900")
    desk.wait(lambda: _text(desk, "training_left") == "epoch 4 · 30 s left")
    # The row is as high as before, and a second press finds nothing to press.
    assert desk.canvas.height() == high
    assert not place.intersects(rectangle(desk, part(desk, "stop_button")))
    curve = part(desk, "small_curve")
    assert isinstance(curve, SmallCurve) and curve.isVisible() and curve.points >= 5
    desk.shortcut(Qt.Key.Key_T, CTRL_SHIFT)
    assert more.isVisible() and part(desk, "curves").isVisible()
    assert desk.canvas.height() < high - 150
    desk.shortcut(Qt.Key.Key_T, CTRL_SHIFT)
    assert not more.isVisible() and desk.canvas.height() == high
    QTest.mouseClick(curve, Qt.MouseButton.LeftButton)
    desk.settle()
    assert more.isVisible()
    desk.press(part(desk, "training"), "stop_button")
    wait_for_end(desk)
    assert part(desk, "train_button").isVisible() and not curve.isVisible()
    desk.close()


def test_the_row_names_the_network_in_plain_words(desk: Desk, project: Path) -> None:
    desk.open(project)
    panel = desk.window.training_panel
    assert panel is not None
    box = panel.form.network
    assert box.currentText() == "lung U-Net, good with few slices"
    assert box.isVisible() and box.width() >= box.sizeHint().width()
    for at in range(box.count()):
        assert box.itemData(at) not in box.itemText(at)
        # The window and 'segdesk networks' say of the same one that few slices are enough.
        description = network(box.itemData(at)).description
        assert ("few slices" in box.itemText(at)) == ("few slices" in description)


@pytest.mark.parametrize("words", [5, 20])
def test_no_line_of_the_row_is_cut_while_there_is_room_for_both(
    desk: Desk, project: Path, words: int
) -> None:
    desk.window.resize(1920, 1080)
    desk.open(project)
    panel = desk.window.training_panel
    assert panel is not None
    state, lessons = panel.row.state, panel.row.lessons.findChild(QLabel, "training_lessons")
    assert isinstance(lessons, QLabel)
    state.show_line(" ".join(["why"] * words), "warn")
    state.show()
    lessons.setText("92 slices of a case teach, 2 stand between, 23 validate")
    panel.row.lessons.show()
    desk.settle()
    for line in (state, lessons):
        assert line.fontMetrics().horizontalAdvance(line.text()) <= line.width()


def rectangle(desk: Desk, widget: QWidget) -> QRect:
    return QRect(widget.mapTo(desk.window, QPoint(0, 0)), widget.size())


def _text(desk: Desk, id: str) -> str:
    found = part(desk, id)
    assert isinstance(found, QLabel)
    return found.text() if found.isVisible() else ""


def test_the_button_opens_and_closes_what_is_below_the_row(desk: Desk, project: Path) -> None:
    desk.open(project)
    button = part(desk, "curves_button")
    assert isinstance(button, QPushButton)
    high = desk.canvas.height()
    desk.press(part(desk, "training"), "curves_button")
    assert desk.window.table["open_curves"].isChecked() and desk.canvas.height() < high
    desk.press(part(desk, "training"), "curves_button")
    assert not desk.window.table["open_curves"].isChecked() and desk.canvas.height() == high
