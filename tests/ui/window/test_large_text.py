"""The font is the system's in its size, and everything follows it up to twice that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QFontInfo
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from segdesk.ui.look.sizes import row_height
from segdesk.ui.panels.elided import ElidedLabel
from tests.windows import Desk, open_desk

SCREEN = (1920, 1080)


@pytest.fixture
def large(qapp: QApplication, qtbot: QtBot, settings_folder: Path, project: Path) -> Iterator[Desk]:
    """The window on a project, with text of twice the size."""
    before = qapp.font()
    doubled = qapp.font()
    doubled.setPointSizeF(2 * before.pointSizeF())
    qapp.setFont(doubled)
    desk = open_desk(settings_folder)
    desk.open(project)
    desk.window.resize(*SCREEN)
    desk.settle()
    yield desk
    desk.close()
    qapp.setFont(before)


def cut(widget: QWidget) -> str:
    """What is too small for its words, or lies outside of what is around it; "" where nothing."""
    words = f"{widget.objectName()} {getattr(widget, 'text', str)()!r}"
    needs = widget.fontMetrics().height()
    if widget.height() < needs:
        return f"{words}: {widget.height()} < {needs} high"
    if isinstance(widget, QLabel) and widget.wordWrap():
        lines = widget.heightForWidth(widget.width())
        return f"{words}: {widget.height()} < {lines} high" if widget.height() < lines else ""
    is_cut = not isinstance(widget, ElidedLabel | QComboBox)
    if is_cut and widget.width() < widget.minimumSizeHint().width():
        return f"{words}: {widget.width()} wide"
    around = widget.parentWidget()
    while around is not None and not isinstance(around, QScrollArea):
        place = QRect(widget.mapTo(around, QPoint(0, 0)), widget.size())
        if not around.rect().contains(place):
            return f"{words}: {place} sticks out of {around.objectName()} {around.rect()}"
        if around.isWindow() or isinstance(around.parentWidget(), QScrollArea):
            break
        around = around.parentWidget()
    return ""


def seen(desk: Desk) -> list[QWidget]:
    kinds = (QLabel, QAbstractButton, QComboBox)
    found = (one for kind in kinds for one in desk.window.findChildren(kind))
    return [one for one in found if one.isVisible() and not one.visibleRegion().isEmpty()]


def test_text_has_the_systems_size(desk: Desk, project: Path) -> None:
    desk.open(project)
    label = desk.window.findChild(QLabel, "saved_words")
    button = desk.window.findChild(QAbstractButton, "train_button")
    assert label is not None and button is not None
    size = QFontInfo(QApplication.font()).pixelSize()
    assert QFontInfo(button.font()).pixelSize() == size
    assert QFontInfo(label.font()).pixelSize() == round(0.85 * size)


def test_nothing_is_cut_at_twice_the_size(large: Desk) -> None:
    assert (large.window.width(), large.window.height()) == SCREEN
    assert row_height() > 55
    widgets = seen(large)
    assert len(widgets) > 30
    assert [problem for problem in map(cut, widgets) if problem] == []
    large.open_curves()
    assert (large.window.width(), large.window.height()) == SCREEN
    assert [problem for problem in map(cut, seen(large)) if problem] == []
