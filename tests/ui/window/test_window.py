"""The window's frame: menus and keys, theme, docks, settings, what is disabled and why."""

from __future__ import annotations

import itertools
import shutil
from collections import Counter
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QColor
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QDockWidget,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSlider,
    QTreeWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from segdesk.app.settings import Settings, SettingsFile
from segdesk.core.status import SliceStatus
from segdesk.core.window import Window
from segdesk.ui.canvas import corner_texts
from segdesk.ui.commands.by_name import keys_in_words
from segdesk.ui.look.theme import DARK, LIGHT, Tokens
from tests.ui.canvas.mouse import drag, wheel
from tests.windows import Desk, open_desk

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
#: Widgets that a screen reader stops at.
NAMED = (QAbstractButton, QComboBox, QSlider, QLineEdit, QAbstractSpinBox, QAbstractItemView)


def actions_in(menu: QMenu) -> list[QAction]:
    found: list[QAction] = []
    for action in menu.actions():
        inner = action.menu()
        found += actions_in(inner) if isinstance(inner, QMenu) else [action]
    return found


def test_every_action_of_the_table_stands_once_in_a_menu(desk: Desk) -> None:
    window = desk.window
    found: Counter[str] = Counter()
    for top in window.menuBar().actions():
        menu = top.menu()
        assert isinstance(menu, QMenu)
        found.update(action.objectName() for action in actions_in(menu) if action.objectName())
    for action in window.table.actions:
        assert found[action.id] == 1, action.id
        assert window.table[action.id].objectName() == action.id


def test_no_key_means_two_things(desk: Desk) -> None:
    keys = Counter(
        sequence.toString() for action in desk.window.table.actions for sequence in action.sequences
    )
    assert all(keys) and max(keys.values()) == 1, keys.most_common(3)


def test_menus_have_no_doubled_or_dangling_separators(desk: Desk) -> None:
    for menu in desk.window.menuBar().findChildren(QMenu):
        kinds = [action.isSeparator() for action in menu.actions()]
        assert kinds
        assert not kinds[0] and not kinds[-1]
        assert (True, True) not in itertools.pairwise(kinds)


@pytest.mark.parametrize("with_project", [False, True])
def test_every_widget_that_can_be_reached_has_a_name(
    desk: Desk, project: Path, with_project: bool
) -> None:
    if with_project:
        desk.open(project)
    for widget in desk.window.findChildren(QWidget):
        inner = widget.objectName().startswith("qt_") or isinstance(widget.parent(), NAMED)
        if isinstance(widget, NAMED) and widget.isVisible() and not inner:
            assert widget.accessibleName(), (type(widget).__name__, widget.objectName())
            assert widget.objectName(), widget.accessibleName()


def test_what_cannot_be_done_says_why(desk: Desk, project: Path) -> None:
    table = desk.window.table
    assert not table["save"].isEnabled()
    assert table["save"].toolTip() == "Open a project first (Ctrl+O)."
    for action in table.actions:
        if not table[action.id].isEnabled():
            assert table[action.id].toolTip() == action.why_not()
    desk.open(project)
    assert table["brush"].isEnabled()
    assert "prediction" in table["accept_predictions"].toolTip()
    assert table["undo"].toolTip() == "Nothing has been done yet."


def test_the_empty_window_invites_and_shows_no_docks(desk: Desk) -> None:
    assert not any(dock.isVisible() for dock in desk.window.findChildren(QDockWidget))
    heading = desk.window.findChild(QLabel, "start_heading")
    assert heading is not None and heading.isVisible()
    for id in ("start_import_folder", "start_open_project", "start_new_project"):
        button = desk.window.findChild(QAbstractButton, id)
        assert button is not None and button.isEnabled()


def test_the_theme_changes_while_the_window_is_open_and_is_kept(
    desk: Desk, project: Path, qtbot: QtBot, settings_folder: Path
) -> None:
    desk.open(project)
    place = desk.window.statusBar().rect().center()

    def colour(of: Desk) -> QColor:
        of.settle()
        return QColor(of.window.statusBar().grab().toImage().pixel(place))

    assert colour(desk) == QColor(DARK.raised)
    desk.window.table["theme_light"].trigger()
    assert colour(desk) == QColor(LIGHT.raised)
    desk.close()
    again = open_desk(settings_folder)
    assert colour(again) == QColor(LIGHT.raised)
    assert again.window.table["theme_light"].isChecked()
    again.window.table["theme_dark"].trigger()
    again.close()


def test_f11_leaves_the_image_alone_and_brings_the_docks_back_as_they_were(
    desk: Desk, project: Path
) -> None:
    desk.open(project)
    docks = {dock.objectName(): dock for dock in desk.window.findChildren(QDockWidget)}
    desk.window.table["show_training_dock"].trigger()
    assert not docks["training_dock"].isVisible()
    width = desk.canvas.width()
    desk.shortcut(Qt.Key.Key_F11)
    assert not any(dock.isVisible() for dock in docks.values())
    assert desk.canvas.width() > width
    desk.shortcut(Qt.Key.Key_F11)
    assert docks["cases_dock"].isVisible() and docks["masks_dock"].isVisible()
    assert not docks["training_dock"].isVisible()
    assert desk.canvas.width() == width


def test_layout_and_wheel_are_kept_from_one_window_to_the_next(
    desk: Desk, project: Path, qtbot: QtBot, settings_folder: Path
) -> None:
    desk.open(project)
    desk.window.table["wheel_flipped"].trigger()
    desk.window.table["show_training_dock"].trigger()
    desk.close()
    again = open_desk(settings_folder)
    again.open(project)
    view = again.window.session.view
    assert view is not None
    before = view.crosshair.slice
    wheel(again.canvas, up=120)
    assert view.crosshair.slice == before - 1
    dock = again.window.findChild(QDockWidget, "training_dock")
    assert dock is not None and not dock.isVisible()
    assert again.window.preferences.now.recent == (str(project.resolve()),)
    again.close()


def test_a_recent_project_opens_by_a_click_on_the_start_page(
    desk: Desk, project: Path, qtbot: QtBot
) -> None:
    desk.open(project)
    desk.shortcut(Qt.Key.Key_W, CTRL)
    desk.wait(lambda: desk.window.session.workbench is None)
    row = desk.window.findChild(QAbstractButton, "recent_0")
    assert row is not None and row.isVisible()
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    desk.wait_for_mask()
    assert desk.window.session.path == project


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it, 1 to 21."""

    def light(name: str) -> float:
        parts = [part / 255 for part in QColor(name).getRgb()[:3]]
        red, green, blue = (p / 12.92 if p <= 0.04 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("tokens", [DARK, LIGHT])
def test_what_can_be_pressed_or_typed_into_has_an_edge_and_does_not_look_disabled(
    tokens: Tokens,
) -> None:
    """3 to 1 is what WCAG 2 asks of the edge of a control."""
    assert contrast(tokens.edge, tokens.panel) >= 3
    assert contrast(tokens.text, tokens.field) >= 7
    # A field is the lightest there is in a light window, the darkest in a dark one.
    shades = (tokens.background, tokens.panel, tokens.raised, tokens.line)
    pick = min if tokens.is_dark else max
    lightest = pick((tokens.field, *shades), key=lambda name: QColor(name).lightness())
    assert lightest == tokens.field


def test_a_button_that_can_be_pressed_shows_its_edge_and_one_that_cannot_a_fainter_one(
    desk: Desk,
) -> None:
    button = QPushButton("Cancel", desk.window)
    button.resize(120, 40)
    seen: dict[bool, QColor] = {}
    for is_on in (True, False):
        button.setEnabled(is_on)
        seen[is_on] = button.grab().toImage().pixelColor(60, 0)
    assert seen == {True: QColor(DARK.edge), False: QColor(DARK.line)}


def test_recent_projects_of_one_name_tell_their_folders(
    qtbot: QtBot, settings_folder: Path, project: Path
) -> None:
    other = Path(shutil.copytree(project, project.parent.parent / "second" / project.name))
    recent = (str(project), str(other), str(project.parent))
    SettingsFile(settings_folder).keep(Settings(recent=recent))
    desk = open_desk(settings_folder)
    rows = [desk.window.findChild(QAbstractButton, f"recent_{at}") for at in range(3)]
    texts = [row.text() for row in rows if row is not None]
    places = [f"{project.stem} in {path.parent}" for path in (project, other)]
    assert texts == [*places, project.parent.stem]
    menus = [found for found in QApplication.allWidgets() if found.objectName() == "menu_recent"]
    assert texts in [[action.text() for action in menu.actions()] for menu in menus]
    desk.close()


def test_the_window_and_level_are_written_in_one_way(desk: Desk, project: Path) -> None:
    desk.open(project)
    box = desk.window.findChild(QComboBox, "window_preset")
    assert box is not None
    desk.view.display.set_window(Window(-780.0, 2093.0))
    desk.settle()
    case = desk.workbench.project.case("case-001")
    view = desk.view
    written = corner_texts.facts(desk.workbench, view.display, view.pane, case).window
    assert box.placeholderText() == written == "W 2093   L −780"
    view.display.use_preset("file")
    desk.settle()
    written = corner_texts.facts(desk.workbench, view.display, view.pane, case).window
    assert written.endswith(f"   {box.currentText()}") and "whole range" in written


def test_the_key_that_calls_a_slice_right_has_one_name(desk: Desk) -> None:
    rows = [row for row in desk.window.table.actions if "Return" in row.keys]
    assert rows
    for action in rows:
        assert "Return" not in keys_in_words(action) and "Enter" in keys_in_words(action)
        assert "Return" not in desk.window.table[action.id].toolTip()


def test_recent_projects_that_nobody_can_look_at_keep_the_window_from_nothing(
    qtbot: QtBot, settings_folder: Path, project: Path
) -> None:
    SettingsFile(settings_folder).keep(Settings(recent=("x" * 5000, "\0", str(project))))
    desk = open_desk(settings_folder)
    row = desk.window.findChild(QAbstractButton, "recent_0")
    assert row is not None and row.text() == project.stem
    desk.close()


def test_the_palette_runs_an_action_by_a_few_letters(
    desk: Desk, project: Path, qtbot: QtBot
) -> None:
    desk.open(project)
    desk.shortcut(Qt.Key.Key_P, CTRL | SHIFT)
    dialog = desk.dialog("palette_dialog")
    search = dialog.findChild(QLineEdit, "palette_dialog_search")
    assert search is not None
    qtbot.keyClicks(search, "lasso")
    qtbot.keyClick(search, Qt.Key.Key_Return)
    desk.settle()
    view = desk.window.session.view
    assert view is not None and view.hand.tool == "lasso"
    assert not desk.has_dialog("palette_dialog")


def test_the_shortcut_sheet_finds_an_action_by_its_key(desk: Desk, qtbot: QtBot) -> None:
    desk.shortcut(Qt.Key.Key_F1)
    dialog = desk.dialog("shortcuts_dialog")
    rows = dialog.findChild(QTreeWidget)
    search = dialog.findChild(QLineEdit, "shortcuts_dialog_search")
    assert rows is not None and search is not None
    assert rows.topLevelItemCount() == len(desk.window.table.actions)
    qtbot.keyClicks(search, "ctrl+t")
    found = [rows.topLevelItem(at) for at in range(rows.topLevelItemCount())]
    assert [row.text(0) for row in found if row is not None and not row.isHidden()] == ["Train"]
    dialog.reject()


def test_a_return_in_a_field_never_says_that_a_slice_is_right(
    desk: Desk, project: Path, qtbot: QtBot
) -> None:
    desk.open(project)
    desk.window.table["brush"].trigger()
    desk.settle()
    field = desk.window.findChild(QAbstractSpinBox, "brush_mm")
    assert field is not None and field.isVisible()
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_Return)
    desk.settle()
    workbench = desk.window.session.workbench
    assert workbench is not None
    assert workbench.statuses("case-001")[2] is SliceStatus.UNLABELLED


def test_a_pool_set_by_hand_moves_every_scan_of_the_patient(desk: Desk, project: Path) -> None:
    desk.open(project)
    desk.window.table["pool_validation"].trigger()
    workbench = desk.window.session.workbench
    assert workbench is not None
    assert workbench.project.case("case-001").pool == "validation"
    assert workbench.project.case("case-002").pool is None
    assert desk.window.table["pool_validation"].isChecked()


def test_the_status_line_says_what_the_mouse_would_do_and_when_it_was_saved(
    desk: Desk, project: Path
) -> None:
    desk.open(project)
    words = desk.window.findChild(QLabel, "status_words")
    saved = desk.window.findChild(QLabel, "saved_words")
    assert words is not None and saved is not None
    assert words.text().startswith("Navigate")
    desk.key(Qt.Key.Key_B)
    assert words.text().startswith("Brush: left paints Disc")
    drag(desk.canvas, (12, 12), (12, 20))
    desk.settle()
    assert saved.text() == "recovery copy up to date"
    desk.window.save()
    desk.wait(lambda: saved.text().startswith("saved "))


def test_switching_cases_keeps_the_place_of_each(desk: Desk, project: Path) -> None:
    desk.open(project)
    view = desk.window.session.view
    assert view is not None
    desk.key(Qt.Key.Key_Home)
    there = view.crosshair.slice
    view.crosshair.show_case("case-002")
    desk.wait_for_mask()
    assert view.crosshair.slice == 2
    view.crosshair.show_case("case-001")
    assert view.crosshair.slice == there


def test_opening_another_project_saves_the_first(desk: Desk, project: Path, tmp_path: Path) -> None:
    from segdesk.app.project.workbench import Workbench
    from tests.projects import make_project

    (tmp_path / "more").mkdir()
    other = make_project(tmp_path / "more")
    path = other.folder.path
    other.close()
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    desk.window.open_project(path)
    desk.wait(lambda: desk.window.session.path == path)
    desk.wait_for_mask()
    first = Workbench.open(project)
    assert first.recovered == 0
    assert first.annotation("case-001").labels[2].any()
    first.close()


def test_about_says_that_it_is_no_medical_device(desk: Desk) -> None:
    desk.window.table["about"].trigger()
    dialog: QDialog = desk.dialog("about_dialog")
    text = dialog.findChild(QLabel, "message_text")
    assert text is not None and "not a medical device" in text.text()
    desk.press(dialog, "close_message")
