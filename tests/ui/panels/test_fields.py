"""Fields around the image: the wheel, the windows that a scan can have, undo in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QStandardItemModel, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QListWidget,
    QSlider,
    QToolButton,
    QWidget,
)

from segdesk.app.files import importing, joining
from segdesk.app.project.workbench import Workbench
from segdesk.core.box import Box
from segdesk.core.cutting import cut
from segdesk.core.edit import Edit, Planes
from segdesk.core.status import SliceStatus
from segdesk.ui.look.edit_words import place_words
from segdesk.ui.panels.history import describe
from segdesk.ui.window.status_line import StatusLine
from tests.judging import judgement
from tests.projects import make_project
from tests.ui.canvas.mouse import drag
from tests.windows import Desk

FIELDS = (QComboBox, QAbstractSpinBox, QSlider)


def wheel(widget: QWidget) -> None:
    place = QPointF(widget.rect().center())
    event = QWheelEvent(
        place,
        QPointF(widget.mapToGlobal(place.toPoint())),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def value(widget: QWidget) -> object:
    if isinstance(widget, QComboBox):
        return widget.currentIndex()
    if isinstance(widget, QSlider):
        return widget.value()
    return widget.property("text")


def test_the_wheel_over_a_field_without_the_focus_changes_nothing(
    desk: Desk, project: Path
) -> None:
    desk.open(project)
    fields = [row for row in desk.window.findChildren(QWidget) if isinstance(row, FIELDS)]
    assert {"window_preset", "brush_mm", "brush_slider", "annotation_opacity"} <= {
        row.objectName() for row in fields
    }
    for field in fields:
        before = value(field)
        wheel(field)
        assert value(field) == before, field.objectName()
        assert not field.hasFocus(), field.objectName()
        assert field.focusPolicy() != Qt.FocusPolicy.WheelFocus, field.objectName()


def test_the_wheel_changes_the_field_that_the_reader_is_in(desk: Desk, project: Path) -> None:
    desk.open(project)
    slider = desk.window.findChild(QSlider, "annotation_opacity")
    assert slider is not None
    before = slider.value()
    slider.setFocus()
    wheel(slider)
    assert slider.value() != before


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    """A project whose only case has plain numbers and no window of its own."""
    np.save(tmp_path / "plain.npy", np.arange(3 * 16 * 16, dtype=np.int16).reshape(3, 16, 16))
    workbench = Workbench.create(tmp_path / "arrays.segdesk", reader="")
    found = importing.survey([tmp_path / "plain.npy"])
    joining.import_scan(workbench, importing.requests(workbench, found.volumes)[0])
    workbench.close()
    return tmp_path / "arrays.segdesk"


def test_windows_of_hu_are_no_choice_where_the_values_are_not_hu(desk: Desk, arrays: Path) -> None:
    desk.open(arrays)
    table = desk.window.table
    combo = desk.window.findChild(QComboBox, "window_preset")
    assert combo is not None
    model = combo.model()
    assert isinstance(model, QStandardItemModel)
    for at, name in enumerate(("lung", "mediastinum", "bone", "soft")):
        assert not table[f"window_{name}"].isEnabled()
        assert table[f"window_{name}"].toolTip() == "These values are not HU."
        assert not model.item(at).isEnabled()
    assert table["window_file"].isEnabled()
    assert table["window_file"].text() == "Whole range"
    assert combo.currentText() == "whole range"
    assert "not HU" in combo.toolTip()
    desk.shortcut(Qt.Key.Key_F2)
    view = desk.window.session.view
    assert view is not None and view.display.preset == "file"


def test_windows_of_hu_come_back_with_a_scan_in_hu(desk: Desk, arrays: Path, project: Path) -> None:
    desk.open(arrays)
    desk.window.open_project(project)
    desk.wait(lambda: desk.window.session.path == project)
    desk.wait_for_mask()
    combo = desk.window.findChild(QComboBox, "window_preset")
    assert combo is not None
    model = combo.model()
    assert isinstance(model, QStandardItemModel)
    assert model.item(0).isEnabled()
    assert "not HU" not in combo.toolTip()
    assert desk.window.table["window_lung"].isEnabled()


def test_undo_and_the_history_name_the_case_where_there_are_several(
    desk: Desk, project: Path
) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    view = desk.window.session.view
    assert view is not None
    view.crosshair.show_case("case-002")
    desk.wait_for_mask()
    desk.wait(lambda: desk.window.table["undo"].text() == "Undo Brush, slice 3 of case-001")
    rows = desk.window.findChild(QListWidget, "history_list")
    assert rows is not None
    assert "slice 3 of case-001" in rows.item(0).text()


def test_the_only_case_is_not_named(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    one = judgement(workbench, "case-001", {2: SliceStatus.CORRECTED})
    two = judgement(workbench, "case-001", dict.fromkeys((2, 4), SliceStatus.CORRECTED))
    assert place_words(one, workbench) == "slice 3"
    assert place_words(two, workbench) == "2 slices"
    assert place_words(Edit("Add segment", ""), workbench) == ""
    # An Edit of a case that is no longer there.
    assert place_words(Edit("Import", "case-009"), workbench) == "case-009"
    workbench.close()


@pytest.mark.parametrize(
    ("count", "words"), [(1, "Brush, 1 voxel · "), (1200, "Brush, 1,200 voxels · ")]
)
def test_voxels_are_counted_in_good_english(tmp_path: Path, count: int, words: str) -> None:
    workbench = make_project(tmp_path)
    before, after = np.zeros((1, 1, count), np.uint8), np.ones((1, 1, count), np.uint8)
    patches = cut(Box(2, 3, 0, 1, 0, count), Planes(before, after, before, after))
    assert describe((Edit("Brush", "case-001", patches=patches),), workbench) == words + "slice 3"
    workbench.close()


def test_m_and_x_say_what_the_second_press_does(desk: Desk) -> None:
    for id, what in (
        ("verify_slice", "once more and the slice is corrected again"),
        ("reject_slice", "once more and it is what its voxels say"),
    ):
        tip = next(action.tip for action in desk.window.table.actions if action.id == id)
        assert what in tip


def test_a_refusal_stands_although_the_mouse_has_something_to_say(desk: Desk) -> None:
    words, line = desk.window.findChild(QLabel, "status_words"), desk.window.statusBar()
    assert words is not None and isinstance(line, StatusLine)
    line.say("This was refused.")
    line.say_mouse("Brush: left paints")
    assert words.text() == "This was refused."
    desk.wait(lambda: words.text() == "Brush: left paints")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_buttons_of_the_file_dialog_show_what_they_are(desk: Desk, theme: str) -> None:
    desk.window.table[f"theme_{theme}"].trigger()
    desk.window.opening.ask()
    dialog = desk.dialog("file_dialog")
    for id in ("backButton", "forwardButton", "toParentButton", "newFolderButton"):
        button = dialog.findChild(QToolButton, id)
        assert button is not None
        image = button.grab().toImage()
        inner = image.rect().adjusted(6, 6, -6, -6)
        ground = image.pixel(inner.topLeft())
        drawn = [
            (x, y)
            for x in range(inner.left(), inner.right())
            for y in range(inner.top(), inner.bottom())
            if image.pixel(x, y) != ground
        ]
        for along in zip(*drawn, strict=True):
            # Between paddings that are too wide for it, an icon is a few pixels or none.
            assert max(along) - min(along) >= 4, (id, button.size())
        assert drawn, id
    dialog.reject()
    desk.window.table["theme_dark"].trigger()


def test_a_row_of_the_history_is_never_wider_than_the_list(desk: Desk, project: Path) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    rows = desk.window.findChild(QListWidget, "history_list")
    assert rows is not None
    rows.setFixedWidth(120)
    desk.settle()
    assert not rows.horizontalScrollBar().isVisible()
    assert rows.item(0).toolTip().startswith(rows.item(0).text() + " · ")
