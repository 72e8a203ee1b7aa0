"""What is drawn in a colour of its own, or lies behind a button, says what it is."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QScrollArea, QToolBar, QToolButton, QWidget

from segdesk.ui.look.theme import DARK
from tests.windows import Desk


def test_the_colours_of_the_difference_have_a_legend_while_they_are_on(
    desk: Desk, project: Path
) -> None:
    desk.open(project)
    view = desk.window.session.view
    legend = desk.window.findChild(QWidget, "difference_legend")
    assert view is not None and legend is not None
    assert not legend.isVisible()
    while view.display.layers.style != "difference":
        desk.key(Qt.Key.Key_O)
    assert legend.isVisible()
    # It makes nothing wider, also where there is little room.
    desk.window.resize(960, 600)
    desk.settle()
    column = desk.window.findChild(QWidget, "layers")
    assert column is not None
    while not isinstance(column, QScrollArea):
        column = column.parentWidget()
        assert column is not None
    inside = column.widget()
    assert inside is not None and inside.width() <= column.viewport().width()
    labels = legend.findChildren(QLabel)
    seen = [row.text() or row.pixmap().toImage().pixelColor(1, 1).name() for row in labels]
    assert seen == [DARK.false_positive, "only predicted", DARK.false_negative, "only drawn"]
    desk.key(Qt.Key.Key_O)
    assert not legend.isVisible()


def test_what_the_tool_bar_has_no_room_for_lies_behind_a_button_that_is_seen(
    desk: Desk, project: Path
) -> None:
    desk.open(project)
    bar = desk.window.findChild(QToolBar, "tool_bar")
    assert bar is not None
    more = bar.findChild(QToolButton, "qt_toolbar_ext_button")
    assert more is not None
    # Its fields are those of the tool in the hand.
    desk.window.table["brush"].trigger()
    desk.window.resize(960, 600)
    desk.settle()
    assert more.isVisible()
    assert "More tools" in more.toolTip()
    picture, wanted = more.grab().toImage(), QColor(DARK.text)
    near = sum(
        abs(picture.pixelColor(x, y).lightness() - wanted.lightness()) < 60
        for x in range(picture.width())
        for y in range(picture.height())
    )
    assert near > 8
