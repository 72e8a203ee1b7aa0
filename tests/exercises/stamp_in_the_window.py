"""What a reader sees of the stamp, after it was added to a copy of the program."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit, QMenu, QToolButton, QTreeWidget, QWidget
from pytestqt.qtbot import QtBot

from segdesk.app.labelling.tools.toolbox import TOOLS
from tests.windows import Desk


def test_the_stamp_is_in_toolbar_menu_keys_palette_sheet_options_and_words(
    desk: Desk, project: Path, qtbot: QtBot
) -> None:
    assert TOOLS[-1].id == "stamp"
    desk.open(project)
    view, workbench = desk.window.session.view, desk.window.session.workbench
    assert view is not None and workbench is not None
    side, brush = (desk.window.findChild(QWidget, id) for id in ("stamp_mm", "brush_mm"))
    assert side is not None and brush is not None and not side.isVisible()
    # Toolbar, with its icon and its tip.
    button = desk.window.findChild(QToolButton, "stamp_button")
    assert button is not None and button.isVisible() and not button.icon().isNull()
    assert button.text() == "Stamp" and "Put a square" in button.toolTip()
    # Menu.
    menu = desk.window.findChild(QMenu, "menu_tools")
    assert menu is not None and "stamp" in [row.objectName() for row in menu.actions()]
    # Key, row of options, words of the mouse.
    desk.key(Qt.Key.Key_U)
    assert view.hand.tool == "stamp" and button.isChecked()
    assert side.isVisible() and not brush.isVisible()
    said: list[str] = []
    desk.canvas.said.connect(said.append)
    view.hand.use_tool("brush")
    view.hand.use_tool("stamp")
    qtbot.mouseMove(desk.canvas, desk.canvas.rect().center() + QPoint(3, 3))
    desk.settle()
    assert "Stamp: click puts a square of Disc down" in said[-1] and "Shift+wheel" in said[-1]
    # Palette and sheet.
    for opened, id in (
        ("command_palette", "palette_dialog"),
        ("shortcut_sheet", "shortcuts_dialog"),
    ):
        desk.window.table[opened].trigger()
        dialog = desk.dialog(id)
        search = dialog.findChild(QLineEdit, f"{id}_search")
        rows = dialog.findChild(QTreeWidget)
        assert search is not None and rows is not None
        search.setText("stamp")
        row = rows.currentItem()
        assert row is not None and (row.text(0), row.text(1)) == ("Stamp", "U")
        dialog.reject()
    # A click.
    qtbot.mouseClick(desk.canvas, Qt.MouseButton.LeftButton, pos=desk.canvas.rect().center())
    desk.settle()
    assert workbench.history.done[-1].name == "Stamp"
    assert desk.window.table["undo"].text().startswith("Undo Stamp")
