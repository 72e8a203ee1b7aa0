"""Names full of what Qt takes for markup, keys and marks are shown as they are, everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QEvent, QModelIndex, Qt
from PySide6.QtGui import QAction, QHelpEvent, QTextDocument
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QMenu,
    QToolTip,
    QWidget,
)

from segdesk.app.project import saving
from segdesk.core.printable import printable
from segdesk.errors import InputError
from segdesk.sentence import Sentence
from segdesk.ui.canvas.status_strip import StatusStrip
from segdesk.ui.dialogs.message import show_error
from segdesk.ui.faults import Faults
from segdesk.ui.look.as_written import caption, tip
from tests.projects import make_project
from tests.ui.canvas.mouse import drag
from tests.windows import Desk

#: Bold, a picture that is not there, an entity, a key, and a mark of titles.
NAME = '<b>Lung</b> <img src="x"> &lt; R&D [*]'
#: The same for a file system.
FILE = "<b>P <img src=x> &lt; R&D [*]"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    workbench = make_project(tmp_path, segment=NAME)
    saving.save(workbench)
    path = workbench.folder.path
    workbench.close()
    return path.rename(tmp_path / f"{FILE}.segdesk")


def shown_tip(text: str) -> str:
    """What a tooltip of this text shows."""
    if not GuiQt.mightBeRichText(text):
        return text
    document = QTextDocument()
    document.setHtml(text)
    return document.toPlainText()


def items(model: QAbstractItemModel, role: int) -> Iterator[str]:
    # Of a list Qt keeps the number of columns to itself.
    columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount(QModelIndex())
    for row in range(model.rowCount(QModelIndex())):
        for column in range(columns):
            yield str(model.index(row, column).data(role) or "")


def check(root: QWidget, name: str) -> int:
    """Look at every widget below this one; how many show the name, and each shows it whole."""
    seen = 0
    begins = name[:6]
    for widget in [root, *root.findChildren(QWidget)]:
        about = (type(widget).__name__, widget.objectName())
        if begins in widget.toolTip() or "&lt;b&gt;" in widget.toolTip():
            assert name in shown_tip(widget.toolTip()), about
            seen += 1
        if isinstance(widget, QLabel) and begins in widget.text():
            assert widget.textFormat() is Qt.TextFormat.PlainText, about
            assert name in widget.text(), about
            seen += 1
        if isinstance(widget, QAbstractButton) and begins in widget.text():
            assert caption(name) in widget.text(), about
            seen += 1
        if isinstance(widget, QAbstractItemView | QComboBox):
            model = widget.model()
            texts = list(items(model, Qt.ItemDataRole.DisplayRole))
            seen += sum(name in text for text in texts)
            for words in items(model, Qt.ItemDataRole.ToolTipRole):
                if begins in words or "&lt;b&gt;" in words:
                    assert name in shown_tip(words), about
                    seen += 1
    for action in root.findChildren(QAction):
        if begins in action.text():
            assert caption(name) in action.text(), action.objectName()
            seen += 1
        if begins in action.toolTip() or "&lt;b&gt;" in action.toolTip():
            assert name in shown_tip(action.toolTip()), action.objectName()
    return seen


def test_the_whole_window_shows_names_as_they_are(desk: Desk, hostile: Path) -> None:
    desk.open(hostile)
    workbench, view = desk.window.session.workbench, desk.window.session.view
    assert workbench is not None and view is not None
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    desk.settle()
    # Segment list, its tooltip, tool bar with its tooltip, the mouse's words with theirs.
    assert check(desk.window, NAME) >= 6
    assert desk.window.windowTitle().replace("[*][*]", "[*]").startswith(FILE)
    desk.window.messages.say(f"{NAME} is locked")
    desk.window.banner.say(f"{NAME} came in")
    assert check(desk.window, NAME) >= 7


def test_the_tip_of_a_slice_names_segments_as_they_are(desk: Desk, hostile: Path) -> None:
    desk.open(hostile)
    workbench, strip = desk.window.session.workbench, desk.window.findChild(QWidget, "status_strip")
    assert workbench is not None and isinstance(strip, StatusStrip)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    desk.key(Qt.Key.Key_Return)
    workbench.add_segment("Later")
    desk.settle()
    assert desk.window.session.view is not None
    at = strip.rectangle_of(desk.window.session.view.crosshair.slice).center().toPoint()
    QApplication.sendEvent(strip, QHelpEvent(QEvent.Type.ToolTip, at, strip.mapToGlobal(at)))
    assert NAME in shown_tip(QToolTip.text())
    QToolTip.hideText()


def test_menus_over_a_voxel_and_recent_projects_show_names_as_they_are(
    desk: Desk, hostile: Path
) -> None:
    desk.open(hostile)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    desk.key(Qt.Key.Key_Escape)
    desk.canvas.ask_for_menu(desk.canvas.pixel_of(12, 16))
    desk.settle()
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    entry = menu.findChild(QAction, "paint_with_this")
    assert entry is not None and entry.text() == f"Paint with {caption(NAME)}"
    menu.close()
    desk.shortcut(Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    desk.wait(lambda: desk.window.session.workbench is None)
    button = desk.window.findChild(QAbstractButton, "recent_0")
    assert button is not None and button.text() == caption(FILE)
    assert check(desk.window, FILE) >= 2
    recent = desk.window.findChild(QAction, "open_recent_0")
    assert recent is None or recent.text() == caption(FILE)


def test_messages_show_names_as_they_are(desk: Desk) -> None:
    dialog = show_error(
        desk.window,
        InputError(
            Sentence("'{name}' cannot be read.", name=NAME), Sentence("Rename {name}.", name=NAME)
        ),
    )
    assert check(dialog, NAME) == 2
    dialog.accept()
    Faults().show_error(InputError(Sentence("'{name}' is empty.", name=NAME)))
    assert check(desk.dialog("error_dialog"), NAME) == 1
    desk.dialog("error_dialog").accept()


def test_an_empty_project_says_its_name_as_it_is(desk: Desk, tmp_path: Path) -> None:
    from segdesk.app.project.workbench import Workbench

    path = tmp_path / f"{FILE}.segdesk"
    Workbench.create(path).close()
    desk.window.open_project(path)
    desk.wait(lambda: desk.window.session.workbench is not None)
    heading = desk.window.findChild(QLabel, "start_heading")
    assert heading is not None and heading.text() == f"{FILE} has no scan yet"
    assert heading.textFormat() is Qt.TextFormat.PlainText


def test_ordinary_tips_are_left_alone_and_markup_is_shown() -> None:
    assert tip("2 < 3 mm & more") == "2 < 3 mm & more"
    for text in (NAME, "a\n<b>b</b>", "&lt;", "<qt>x</qt>"):
        assert shown_tip(tip(text)) == text


#: Commands a terminal, ends a line, turns the order of letters round.
COMMANDS = "\x1b[2J\a\x9b\u202egnul\x7f"


def commanding(root: QWidget) -> list[str]:
    """Texts of the window that hold what commands."""
    texts = [root.windowTitle()]
    for widget in [root, *root.findChildren(QWidget)]:
        texts += [widget.toolTip(), widget.windowTitle()]
        if isinstance(widget, QLabel | QAbstractButton):
            texts.append(widget.text())
        if isinstance(widget, QAbstractItemView | QComboBox):
            for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
                texts += items(widget.model(), role)
    for action in root.findChildren(QAction):
        texts += [action.text(), action.toolTip()]
    return [text for text in texts if printable(text) != text]


def test_what_commands_is_shown_as_the_replacement_character(desk: Desk, tmp_path: Path) -> None:
    workbench = make_project(tmp_path, segment=f"Lung{COMMANDS}")
    row = workbench.project.cases[0]
    workbench.put_project(workbench.project.with_case(replace(row, name=f"First{COMMANDS}")))
    saving.save(workbench)
    workbench.close()
    path = workbench.folder.path.rename(tmp_path / f"P{COMMANDS}.segdesk")
    desk.open(path)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    desk.settle()
    desk.window.messages.say(f"Lung{COMMANDS} is locked")
    desk.window.banner.say(f"Lung{COMMANDS} came in")
    assert commanding(desk.window) == []
    shown = [label.text() for label in desk.window.banner.findChildren(QLabel)]
    assert any("Lung\ufffd[2J\ufffd\ufffd\ufffdgnul\ufffd came in" in text for text in shown)
