"""Nothing lies over another thing, is cut or sticks out of the screen where that is small."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QListView,
    QScrollArea,
    QWidget,
)
from pytestqt.qtbot import QtBot

from segdesk.core.grid import Grid
from segdesk.formats.export import export
from segdesk.ui.dialogs.series_list import ImportChoiceDialog
from segdesk.ui.look.sizes import row_height
from segdesk.ui.panels.training_details import FORM_WIDTH
from tests.app.runs.test_resuming import child
from tests.ui.panels.taught_desk import taught_desk
from tests.ui.panels.test_training import wait_for_end
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


def half_seen(desk: Desk, inside: QWidget) -> list[str]:
    """The controls and words that no scrolling brings on the screen whole."""
    found = []
    for kind in (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit, QLabel):
        for widget in inside.findChildren(kind):
            if not widget.isVisible() or not getattr(widget, "text", lambda: "-")():
                continue
            around = widget.parentWidget()
            while around is not None:
                if isinstance(around, QScrollArea):
                    around.ensureWidgetVisible(widget, 0, 0)
                around = around.parentWidget()
            desk.settle()
            if widget.visibleRegion().boundingRect() != widget.rect():
                seen = widget.visibleRegion().boundingRect()
                found.append(f"{widget.objectName()}: {seen} of {widget.rect()}")
    return found


@pytest.fixture
def stopped(
    qapp: QApplication, qtbot: QtBot, settings_folder: Path, tmp_path: Path
) -> Iterator[Desk]:
    """A small window on a project with a run that can go on, settings and curves shown."""
    desk = taught_desk(tmp_path, settings_folder, child(tmp_path))
    desk.press(part(desk, "training"), "train_button")
    wait_for_end(desk)
    desk.window.resize(*SMALL)
    desk.wait(lambda: part(desk, "resume_button").isVisible())
    yield desk
    desk.close()


@pytest.mark.parametrize("page", ["first", "more"])
def test_every_setting_of_a_training_can_be_seen_whole(stopped: Desk, page: str) -> None:
    assert (stopped.window.width(), stopped.window.height()) == SMALL
    form = part(stopped, "plan_form")
    if page == "more":
        stopped.press(form, "more_settings")
    assert part(stopped, "plan_validate").isVisible() == (page == "first")
    assert half_seen(stopped, form) == []
    area = part(stopped, "plan_scroll")
    assert isinstance(area, QScrollArea) and area.horizontalScrollBar().maximum() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_resume_stands_whole_beside_train(stopped: Desk, theme: str) -> None:
    stopped.window.table[f"theme_{theme}"].trigger()
    stopped.settle()
    ids = ("plan_network", "plan_start", "train_button", "resume_button", "curves_button")
    for id in ids:
        whole = part(stopped, id)
        assert whole.visibleRegion().boundingRect() == whole.rect(), id
        assert whole.width() >= whole.minimumSizeHint().width(), id
    for one, other in combinations(ids, 2):
        assert not rectangle(stopped, one).intersects(rectangle(stopped, other)), (one, other)


def test_curves_have_the_room_of_what_can_be_done_about_a_run_while_none_runs(
    stopped: Desk,
) -> None:
    more = rectangle(stopped, "curves_and_settings")
    assert rectangle(stopped, "curves").right() == more.right()


@pytest.mark.parametrize("count", [1, 4])
def test_everything_of_an_import_can_be_seen_whole(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(QScreen, "availableSize", lambda _: QSize(*SMALL))
    folder = tmp_path / "a-folder-with-a-name-that-is-rather-long"
    folder.mkdir()
    for at in range(count):
        values = np.random.default_rng(at).normal(0, 80, (4, 16, 16)).round().astype(np.int16)
        # The first looks like a mask; of the others nobody can tell whether they are HU.
        voxels = (values > 0).astype(np.uint8) if at == 0 else values
        export(folder / f"scan-{at}.nrrd", voxels, Grid((4, 16, 16), (5.0, 1.0, 1.0)))
    (folder / "broken.nrrd").write_bytes(b"NRRD0004\n")
    desk.window.imports.start([folder])
    dialog = desk.dialog("import_choice_dialog")
    assert isinstance(dialog, ImportChoiceDialog)
    assert dialog.width() <= SMALL[0] and dialog.height() <= SMALL[1]
    assert half_seen(desk, dialog) == []
    # At least a row of the list, and all of them by scrolling.
    for at in range(dialog.list.topLevelItemCount()):
        item = dialog.list.topLevelItem(at)
        assert item is not None
        dialog.list.scrollToItem(item)
        row = dialog.list.visualItemRect(item)
        assert dialog.list.viewport().rect().contains(row.center())
        assert row.height() <= dialog.list.viewport().height()
    dialog.reject()


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
