"""Nothing lies over another thing, is cut or sticks out of the screen where that is small."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication, QListView, QScrollArea, QWidget

from segdesk.ui.look.sizes import row_height
from segdesk.ui.panels.training import FORM_WIDTH
from tests.windows import Desk

#: Of 1920 x 1080 pixels at twice the size, in logical pixels.
SMALL = (960, 540)
#: What stands below each other at the right.
SHOWN = (
    "segment_table",
    "annotation_opacity",
    "prediction_opacity",
    "overlay_style",
    "run_in_use",
    "slice_right",
    "slice_take",
    "history_list",
)


def part(desk: Desk, id: str) -> QWidget:
    found = desk.window.findChild(QWidget, id)
    assert found is not None, id
    return found


def rectangle(desk: Desk, id: str) -> QRect:
    widget = part(desk, id)
    return QRect(widget.mapTo(desk.window, QPoint(0, 0)), widget.size())


@pytest.fixture
def small(desk: Desk, project: Path) -> Desk:
    desk.open(project)
    # With as much to say as the panels may have.
    workbench = desk.window.session.workbench
    assert workbench is not None
    desk.key(Qt.Key.Key_Return)
    workbench.add_segment("A segment that came later and has a long name")
    desk.window.resize(*SMALL)
    desk.settle()
    return desk


def test_the_window_fits_a_small_screen(small: Desk) -> None:
    assert (small.window.width(), small.window.height()) == SMALL
    panel = small.window.training_panel
    for id in ("plan_network", "plan_start", "train_button", "curves_button"):
        whole = part(small, id).rect()
        assert part(small, id).visibleRegion().boundingRect() == whole, id
    small.open_curves()
    assert (small.window.width(), small.window.height()) == SMALL
    assert panel is not None and panel.form.width() <= FORM_WIDTH


def test_nothing_of_the_column_lies_over_its_neighbour_and_all_of_it_is_reached(
    small: Desk,
) -> None:
    for one, other in combinations(SHOWN, 2):
        assert not rectangle(small, one).intersects(rectangle(small, other)), (one, other)
    assert part(small, "segment_table").height() >= 2 * row_height()
    assert part(small, "history_list").height() >= row_height()
    column = part(small, "masks_column")
    assert isinstance(column, QScrollArea)
    for id in SHOWN:
        column.ensureWidgetVisible(part(small, id))
        small.settle()
        seen = part(small, id).visibleRegion().boundingRect()
        assert seen.width() == part(small, id).width(), id


def test_history_gets_the_room_that_segments_do_not_need(desk: Desk, project: Path) -> None:
    desk.open(project)
    workbench = desk.window.session.workbench
    assert workbench is not None
    desk.window.resize(1920, 1080)
    desk.settle()
    assert part(desk, "segment_table").height() <= 2 * row_height() + 4
    assert part(desk, "history_list").height() > 12 * row_height()
    column = part(desk, "masks_column")
    lowest = rectangle(desk, "history_list").bottom()
    assert rectangle(desk, "masks_column").bottom() - lowest < row_height()
    for _ in range(15):
        workbench.add_segment()
    desk.settle()
    assert part(desk, "segment_table").height() >= 8 * row_height()
    assert isinstance(column, QScrollArea) and not column.verticalScrollBar().isVisible()


def test_a_row_of_the_case_list_is_as_wide_as_the_list(small: Desk) -> None:
    rows = part(small, "case_list")
    assert isinstance(rows, QListView)
    assert not rows.horizontalScrollBar().isVisible()
    assert rows.visualRect(rows.model().index(0, 0)).width() <= rows.viewport().width()


def test_the_column_needs_no_scrolling_on_a_common_screen(desk: Desk, project: Path) -> None:
    desk.open(project)
    desk.window.resize(1366, 768)
    QApplication.processEvents()
    column = part(desk, "masks_column")
    assert isinstance(column, QScrollArea)
    assert not column.verticalScrollBar().isVisible()
