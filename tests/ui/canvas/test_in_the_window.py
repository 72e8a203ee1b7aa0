"""The canvas in the window: what it refuses goes by, and the strip's wheel reaches it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLabel

from segdesk.ui.canvas.status_strip import StatusStrip
from segdesk.ui.window.status_line import StatusLine
from tests.ui.canvas.mouse import drag, wheel
from tests.windows import Desk


def test_a_refusal_stands_for_a_moment_and_then_the_mouse_has_the_word_again(
    desk: Desk, project: Path
) -> None:
    desk.open(project)
    workbench = desk.window.session.workbench
    words = desk.window.findChild(QLabel, "status_words")
    assert workbench is not None and words is not None
    desk.key(Qt.Key.Key_B)
    hint = words.text()
    workbench.change_segment(replace(workbench.segments[1], locked=True))
    drag(desk.canvas, (12, 12), (12, 20))
    assert "is locked" in words.text()
    line = desk.window.findChild(StatusLine)
    assert line is not None
    for timer in line.findChildren(QTimer):
        timer.timeout.emit()
    assert words.text() == hint


def test_the_wheel_over_the_strip_reaches_the_slices(desk: Desk, project: Path) -> None:
    desk.open(project)
    view, strip = desk.window.session.view, desk.window.findChild(StatusStrip)
    assert view is not None and strip is not None
    before = view.crosshair.slice
    wheel(strip, up=-120)
    assert abs(view.crosshair.slice - before) == 1
