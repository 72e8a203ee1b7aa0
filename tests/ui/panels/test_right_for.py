"""A slice that is right for some segments only says so, and N and Enter finish it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QColor, QHelpEvent
from PySide6.QtWidgets import QApplication, QLabel, QToolTip

from segdesk.ui.canvas.status_strip import MARK, StatusStrip
from segdesk.ui.look.theme import DARK
from segdesk.ui.panels.slice_panel import SlicePanel
from tests.ui.canvas.mouse import drag
from tests.windows import Desk

CTRL = Qt.KeyboardModifier.ControlModifier


def said(desk: Desk) -> str:
    """The first line of the panel."""
    panel = desk.window.findChild(SlicePanel)
    assert panel is not None
    return panel.findChildren(QLabel)[1].text()


def colours(strip: StatusStrip, index: int) -> tuple[str, str]:
    """Of the left and the right half of a mark."""
    image, mark = strip.grab().toImage(), strip.rectangle_of(index)
    y = round(mark.center().y())
    places = mark.left() + MARK / 4, mark.left() + 3 * MARK / 4
    left, right = (QColor(image.pixel(QPoint(round(x), y))).name() for x in places)
    return left, right


def test_a_segment_that_comes_later_opens_the_slices_that_were_right_and_enter_completes_them(
    desk: Desk, project: Path
) -> None:
    desk.open(project)
    workbench, view = desk.window.session.workbench, desk.window.session.view
    strip = desk.window.findChild(StatusStrip)
    assert workbench is not None and view is not None and strip is not None
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    desk.key(Qt.Key.Key_Return)
    at = view.crosshair.slice
    assert said(desk) == "corrected · nothing left to look at"
    workbench.add_segment("Tumour")
    desk.settle()
    assert said(desk) == "right for Disc, not yet for Tumour · 1 to look at"
    assert colours(strip, at) == (DARK.corrected, DARK.partial)
    place = strip.rectangle_of(at).center().toPoint()
    QApplication.sendEvent(strip, QHelpEvent(QEvent.Type.ToolTip, place, strip.mapToGlobal(place)))
    assert QToolTip.text() == f"slice {at + 1} · right for Disc, not yet for Tumour"
    QToolTip.hideText()
    desk.key(Qt.Key.Key_Home)
    assert view.crosshair.slice != at
    desk.key(Qt.Key.Key_N)
    assert view.crosshair.slice == at
    desk.key(Qt.Key.Key_Return)
    assert workbench.complete("case-001")[at] == {1, 2}
    assert said(desk) == "corrected · nothing left to look at"
    assert colours(strip, at) == (DARK.corrected, DARK.corrected)
    desk.key(Qt.Key.Key_Z, CTRL)
    assert said(desk).startswith("right for Disc, not yet for Tumour")
    desk.key(Qt.Key.Key_M)
    assert said(desk) == "verified · nothing left to look at"


def test_a_slice_that_nobody_has_touched_is_not_called_done(desk: Desk, project: Path) -> None:
    desk.open(project)
    assert said(desk) == "unlabelled · nothing drawn here yet"
    desk.key(Qt.Key.Key_N)
    words = desk.window.findChild(QLabel, "status_words")
    assert words is not None
    assert words.text() == "No slice of this case has a prediction or strokes that need a look."
    desk.key(Qt.Key.Key_Return)
    assert said(desk) == "corrected · nothing left to look at"


def test_a_line_of_words_names_few_segments_and_counts_the_rest(desk: Desk, project: Path) -> None:
    desk.open(project)
    workbench = desk.window.session.workbench
    assert workbench is not None
    desk.key(Qt.Key.Key_Return)
    for name in ("A", "B", "C", "D", "E"):
        workbench.add_segment(name)
    desk.settle()
    assert said(desk).startswith("right for Disc, not yet for A, B and 3 more · ")
    desk.key(Qt.Key.Key_M)
    workbench.add_segment("F")
    desk.settle()
    assert said(desk).startswith("verified for Disc, A and 4 more, not yet right for F · ")
