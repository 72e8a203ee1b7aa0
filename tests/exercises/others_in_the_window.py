"""What a reader sees of an operation, a command, a look and a language, after they were added."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, Qt, QTranslator
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMenu, QToolButton, QTreeWidget
from pytestqt.qtbot import QtBot

from segdesk.cli.main import main
from segdesk.ui.look import translations
from tests.projects import stroke
from tests.windows import Desk, open_desk

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def rows_of(desk: Desk, menu: str) -> list[str]:
    found = desk.window.findChild(QMenu, menu)
    assert found is not None
    return [row.objectName() for row in found.actions()]


def found_by_name(desk: Desk, text: str) -> tuple[str, str]:
    """Name and keys of the first row of the palette and of the sheet for some letters."""
    answers: set[tuple[str, str]] = set()
    for opened, id in (
        ("command_palette", "palette_dialog"),
        ("shortcut_sheet", "shortcuts_dialog"),
    ):
        desk.window.table[opened].trigger()
        dialog = desk.dialog(id)
        search, rows = dialog.findChild(QLineEdit, f"{id}_search"), dialog.findChild(QTreeWidget)
        assert search is not None and rows is not None
        search.setText(text)
        row = rows.currentItem()
        assert row is not None
        answers.add((row.text(0), row.text(1)))
        dialog.reject()
    assert len(answers) == 1
    return answers.pop()


def test_the_operation_is_in_menu_palette_sheet_and_on_the_command_line(
    desk: Desk, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.open(project)
    workbench = desk.window.session.workbench
    assert workbench is not None
    stroke(workbench, 2)
    labels = workbench.annotation("case-001").labels
    before = np.count_nonzero(labels)
    assert "widen" in rows_of(desk, "menu_tools")
    assert found_by_name(desk, "widen") == ("Widen the segment", "")
    desk.window.table["widen"].trigger()
    desk.wait(lambda: bool(np.count_nonzero(labels) > before))
    assert desk.window.table["undo"].text().startswith("Undo Widen")
    desk.close()
    assert main(["apply", str(project), "widen", "--segment", "1", "--json"]) == 0
    assert '"voxels": 0' not in capsys.readouterr().out.split("case-002")[0]


def test_the_command_is_in_menu_keys_palette_and_sheet(desk: Desk, project: Path) -> None:
    assert "greet" in rows_of(desk, "menu_help")
    desk.open(project)
    desk.shortcut(Qt.Key.Key_G, CTRL | ALT)
    said = desk.window.findChild(QLabel, "status_words")
    assert said is not None and said.text() == "Good morning."
    assert found_by_name(desk, "greet") == ("Greet", "Ctrl+Alt+G")


def test_the_look_is_in_menu_and_keys_and_on_the_image(desk: Desk, project: Path) -> None:
    desk.open(project)
    assert rows_of(desk, "menu_view").count("look_invert") == 1
    place = desk.canvas.pixel_of(2.0, 2.0).toPoint()
    dark = desk.canvas.grab().toImage().pixelColor(place).lightness()
    desk.shortcut(Qt.Key.Key_U, CTRL)
    bright = desk.canvas.grab().toImage().pixelColor(place).lightness()
    assert dark + bright == pytest.approx(255, abs=2) and dark != bright
    assert desk.window.table["look_invert"].isChecked()
    assert found_by_name(desk, "inverted") == ("Inverted", "Ctrl+U")


def test_a_word_of_the_stamp_is_said_in_a_second_language(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGDESK_LOGS", str(tmp_path / "logs"))
    if not Path("german.qm").is_file():
        pytest.skip("Qt's tool for translators cannot start here")
    translations.install(qapp, Path("german.qm").resolve())
    try:
        desk = open_desk(tmp_path / "settings")
        button = desk.window.findChild(QToolButton, "stamp_button")
        assert button is not None and button.text() == "Stempel"
        assert desk.window.table["brush"].text() == "Brush"
        desk.close()
    finally:
        for translator in qapp.findChildren(QTranslator):
            QCoreApplication.removeTranslator(translator)
            translator.deleteLater()
