"""The window in a made-up language, in which each piece of a text is between two marks.

It goes the whole way: collected from the code, through Qt's own tools, loaded, shown. What a reader
sees without the marks would stay English in every language; the values that are put into a text
stand outside its marks, so they are looked at like any other.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QPointF, Qt, QTranslator
from PySide6.QtGui import QAction, QPainter
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QMenu,
    QTreeWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from segdesk.app.files import pooling
from segdesk.app.runs import running
from segdesk.app.runs.running import TrainerJob
from segdesk.core.plane import Plane
from segdesk.core.prediction import Proposal
from segdesk.core.run import Run, plan_for
from segdesk.jobs import wire
from segdesk.jobs.messages import Note
from segdesk.sentence import Sentence
from segdesk.ui.canvas.rimmed_text import RimmedText
from segdesk.ui.dialogs.pack_choice import LeftOut
from segdesk.ui.look import counted_words, translations
from segdesk.ui.window.status_line import StatusLine
from tests import scripts
from tests.app.project.test_one_damaged_file import damage
from tests.full_disk import full_disk
from tests.ui.canvas.mouse import drag, move
from tests.ui.flows.test_damaged_case import saved_twice
from tests.windows import Desk, open_desk

OPEN, CLOSE = "⟦", "⟧"
#: What no language has of its own: names, and the symbols of units.
NAMES = {"segdesk", "HU", "Dice", "mm", "min", "GPU", "CPU", "Disc"}
#: What the tests call their projects, segments and files.
NAMES |= {"test", "Lobe", "nii"}
#: Names of keys, as Qt says them in a tooltip.
KEYS = {"Ctrl", "Shift", "Alt", "Esc", "Return", "Enter", "Space", "Backspace", "PgUp", "PgDown"}
KEYS |= {"Left", "Right", "Up", "Down", "Home", "End"}


@pytest.fixture(scope="session")
def script() -> ModuleType:
    return scripts.load("sentences")


def marked(text: str) -> str:
    """A text in the made-up language: what a translator writes is between marks, values are not."""
    pieces = re.split(r"(\{[^}]*\})", text)
    return "".join(
        piece if at % 2 or not piece.strip() else f"{OPEN}{piece}{CLOSE}"
        for at, piece in enumerate(pieces)
    )


@pytest.fixture(scope="session")
def made_up(script: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The .qm of the made-up language."""
    folder = tmp_path_factory.mktemp("language")
    ts, qm = folder / "segdesk_xx.ts", folder / "segdesk_xx.qm"
    texts = script.collected()
    try:
        script.update(ts, texts)
    except SystemExit as error:
        if "shared libraries" in str(error):
            pytest.skip(f"Qt's tool for translators cannot start here: {error}")
        raise
    tree = ET.parse(ts)
    messages = list(tree.iter("message"))
    assert len(messages) == len(texts) > 300
    for message in messages:
        source, target = message.find("source"), message.find("translation")
        assert source is not None and source.text and target is not None
        target.attrib.pop("type", None)
        if message.get("numerus") == "yes":
            for child in list(target):
                target.remove(child)
            target.text = None
            form = ET.SubElement(target, "numerusform")
            form.text = marked(source.text)
        else:
            # A mnemonic stays one.
            target.text = marked(source.text)
    tree.write(ts, "utf-8", xml_declaration=True)
    # What is translated stays so when the code is collected again.
    script.update(ts, texts)
    assert ET.parse(ts).getroot().find(".//translation[@type='unfinished']") is None
    script.release(ts, qm)
    return qm


@pytest.fixture
def speaking(qapp: QApplication, made_up: Path) -> Iterator[None]:
    translations.install(qapp, made_up)
    yield
    for translator in qapp.findChildren(QTranslator):
        QCoreApplication.removeTranslator(translator)
        translator.deleteLater()


@pytest.fixture
def foreign(
    speaking: None,
    qtbot: QtBot,
    settings_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Desk]:
    monkeypatch.setenv("SEGDESK_LOGS", str(tmp_path / "logs"))
    made = open_desk(settings_folder)
    yield made
    if not made.is_closed:
        made.close()


#: Paths, and the ids of cases and networks.
GIVEN = re.compile(r"/\S+|case-\d+|run-\d+|project-\d+\S*|\bunet\w*|\bencoder_decoder\b")


def english_in(text: str) -> str:
    """What of a text stands outside the marks and is a word."""
    text = GIVEN.sub(" ", re.sub(r"<[^>]*>|&[^;]*;", " ", text))
    outside, depth = "", 0
    for letter in text:
        depth += (letter == OPEN) - (letter == CLOSE)
        outside += letter if depth == 0 and letter != CLOSE else " "
    words = [word for word in re.findall(r"[A-Za-z]{3,}", outside) if word not in NAMES | KEYS]
    return " ".join(words)


def texts_of(root: QWidget) -> Iterator[tuple[str, str]]:
    """(where, text) of what can be read in a window and its menus."""
    for widget in (root, *root.findChildren(QWidget)):
        if widget.objectName().startswith("qt_"):
            continue  # Qt's own, of Qt's own translation
        where = f"{type(widget).__name__} {widget.objectName()}"
        yield where, widget.toolTip()
        yield where, widget.accessibleName()
        match widget:
            case QLabel() | QAbstractButton():
                yield where, widget.text()
            case QLineEdit():
                yield where, widget.placeholderText()
            case QComboBox():
                for row in range(widget.count()):
                    yield where, widget.itemText(row)
            case QMenu():
                yield where, widget.title()
            case QTreeWidget():
                header = widget.headerItem()
                rows = [widget.topLevelItem(row) for row in range(widget.topLevelItemCount())]
                for column in range(widget.columnCount()):
                    yield where, header.text(column)
                    for row in rows:
                        yield where, "" if row is None else row.text(column)
            case _:
                pass
    for action in root.findChildren(QAction):
        yield f"QAction {action.objectName()}", action.text()
        yield f"QAction {action.objectName()}", action.toolTip()


def stays_english(root: QWidget) -> list[str]:
    return sorted({f"{where}: {text}" for where, text in texts_of(root) if english_in(text)})


def test_the_empty_window_is_said_in_another_language(foreign: Desk) -> None:
    assert "\n".join(stays_english(foreign.window)) == ""


def test_the_window_with_a_scan_is_said_in_another_language(foreign: Desk, project: Path) -> None:
    foreign.open(project)
    assert "\n".join(stays_english(foreign.window)) == ""


@pytest.mark.parametrize(
    ("action", "dialog"),
    [
        ("shortcut_sheet", "shortcuts_dialog"),
        ("command_palette", "palette_dialog"),
        ("about", "about_dialog"),
        ("new_project", "new_project_dialog"),
        ("export", "export_dialog"),
        ("rename_case", "case_name_dialog"),
        ("remove_case", "remove_case_dialog"),
        ("pack", "pack_dialog"),
    ],
)
def test_dialogs_are_said_in_another_language(
    foreign: Desk, project: Path, action: str, dialog: str
) -> None:
    foreign.open(project)
    foreign.window.table[action].trigger()
    shown = foreign.dialog(dialog)
    assert "\n".join(stays_english(shown)) == ""
    shown.reject()


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written by a painter rather than by a label."""
    texts: list[str] = []
    write, draw = RimmedText.write, QPainter.drawText

    def hear_write(self: RimmedText, painter: QPainter, baseline: QPointF, text: str) -> None:
        texts.append(text)
        write(self, painter, baseline, text)

    def hear_draw(self: QPainter, *given: Any) -> Any:
        texts.extend(each for each in given if isinstance(each, str))
        return draw(self, *given)

    monkeypatch.setattr(RimmedText, "write", hear_write)
    monkeypatch.setattr(QPainter, "drawText", hear_draw)
    return texts


def test_what_is_painted_is_said_in_another_language(
    foreign: Desk, project: Path, painted: list[str]
) -> None:
    foreign.open(project)
    foreign.wait_for_mask()
    case = foreign.workbench.project.cases[0].id
    for pool in ("train", "validation", "test"):
        pooling.set_pool(foreign.workbench, case, pool, reason="a reason")
        foreign.settle()
        foreign.window.grab()
    labels = np.ones(foreign.workbench.annotation(case).labels.shape, np.uint8)
    foreign.workbench.propose(Proposal("run-001", case, 122, 3, labels[0]))
    foreign.view.display.set_layers(style="difference")
    grid = foreign.workbench.project.case(case).grid
    for axis in (0, 1, 2):
        foreign.view.pane.show(case, Plane.across(grid, axis, 3))
        move(foreign.canvas, (3, 3))
        foreign.settle()
        foreign.window.grab()
    assert {f"{OPEN}train{CLOSE}", f"{OPEN}only predicted{CLOSE}"} <= set(painted)
    assert any(text.startswith(f"{OPEN}Axial{CLOSE}   ") for text in painted)
    english = {text for text in painted if english_in(text)}
    assert english == set()
    assert "\n".join(stays_english(foreign.window)) == ""


def test_a_proposal_and_what_is_done_with_it_are_said_in_another_language(
    foreign: Desk, project: Path
) -> None:
    foreign.open(project)
    workbench, case = foreign.workbench, foreign.workbench.project.cases[0].id
    index = foreign.view.crosshair.slice
    workbench.follow_run(Run("run-001", plan_for(), started=0.0), keep=False)
    labels = np.ones(workbench.annotation(case).labels.shape[1:], np.uint8)
    workbench.propose(Proposal("run-001", case, 122, index, labels))
    foreign.settle()
    shown = "\n".join(text for _, text in texts_of(foreign.window))
    assert f"{OPEN}Proposal {CLOSE}run-001" in shown
    assert f"run-001{OPEN}, step {CLOSE}122" in shown
    assert "\n".join(stays_english(foreign.window)) == ""
    foreign.key(Qt.Key.Key_Backspace)
    foreign.shortcut(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    foreign.canvas.grab()
    foreign.key(Qt.Key.Key_Return)
    said = "\n".join(messages(foreign))
    assert f"{OPEN}Take prediction{CLOSE}{OPEN} ({CLOSE}run-001{OPEN}, step {CLOSE}122" in said
    assert english_of(foreign) == []
    assert "\n".join(stays_english(foreign.window)) == ""


def test_the_marks_are_looked_for(foreign: Desk) -> None:
    """Or this file could not fail."""
    QLabel("plainly English", foreign.window)
    assert any("plainly English" in row for row in stays_english(foreign.window))


def messages(desk: Desk) -> list[str]:
    """What stands over the scan and in the status line, and the History."""
    frames = desk.window.banner.findChildren(QFrame, "message")
    words = desk.window.findChild(QLabel, "status_words")
    steps = desk.window.findChild(QListWidget, "history_list")
    assert words is not None and steps is not None
    return [
        words.text(),
        *(label.text() for frame in frames for label in frame.findChildren(QLabel)),
        *(steps.item(row).text() for row in range(steps.count())),
    ]


def english_of(desk: Desk) -> list[str]:
    return [text for text in messages(desk) if english_in(text)]


def test_strokes_steps_and_refusals_are_said_in_another_language(
    foreign: Desk, project: Path
) -> None:
    foreign.open(project)
    workbench = foreign.window.session.workbench
    assert workbench is not None
    foreign.key(Qt.Key.Key_B)
    drag(foreign.canvas, (12, 12), (12, 20))
    foreign.key(Qt.Key.Key_Return)
    workbench.add_segment("Lobe")
    workbench.change_segment(replace(workbench.segments[1], locked=True))
    foreign.settle()
    drag(foreign.canvas, (12, 12), (12, 20))
    said = "\n".join(messages(foreign))
    assert f"{OPEN}Brush{CLOSE}" in said
    assert f"{OPEN}Lock segment '{CLOSE}Disc{OPEN}'{CLOSE}" in said
    assert english_of(foreign) == []
    # And after a restart the journal says it still.
    foreign.window.table["undo"].trigger()
    foreign.settle()
    assert english_of(foreign) == []
    assert english_in(foreign.window.table["redo"].text()) == ""


def test_a_damaged_mask_is_said_in_another_language(foreign: Desk, tmp_path: Path) -> None:
    project = saved_twice(tmp_path, 1)
    damage(project / "cases/case-001/annotation-2.h5")
    foreign.window.open_project(project)
    foreign.wait(lambda: any("damaged" in text for text in messages(foreign)))
    assert english_of(foreign) == []


def test_a_file_that_is_no_scan_is_said_in_another_language(
    foreign: Desk, project: Path, tmp_path: Path
) -> None:
    foreign.open(project)
    bad = tmp_path / "7.nii"
    bad.write_bytes(b"no scan at all" * 100)
    foreign.drop(bad)
    foreign.wait(lambda: any("7.nii" in text for text in messages(foreign)))
    assert english_of(foreign) == []


def test_a_save_that_a_full_disk_refuses_is_said_in_another_language(
    foreign: Desk, project: Path
) -> None:
    foreign.open(project)
    foreign.key(Qt.Key.Key_B)
    drag(foreign.canvas, (12, 12), (12, 20))
    with full_disk(project):
        drag(foreign.canvas, (4, 12), (4, 20))
        foreign.window.save()
        foreign.wait(lambda: not foreign.window.session.is_saving)
        said = [text for text in messages(foreign) if text]
        assert len(said) > 2 and english_of(foreign) == []
        saved = foreign.window.findChild(QLabel, "saved_words")
        assert saved is not None and english_in(f"{saved.text()} {saved.toolTip()}") == ""


def test_what_the_trainer_says_is_said_in_another_language(foreign: Desk, project: Path) -> None:
    """Notes come as lines of another process, and stay with the run."""
    foreign.open(project)
    workbench, panel = foreign.workbench, foreign.window.training_panel
    assert panel is not None
    workbench.follow_run(Run("run-001", plan_for(), started=0.0), keep=False)
    job = TrainerJob("run-001", workbench.folder, ())
    foreign.open_curves()
    said: list[str] = []
    panel.said.connect(said.append)
    for note in (
        Sentence("There is no validation slice yet, so the last weights are kept."),
        Sentence("All slices teach and none validates, so the last weights are kept."),
        Sentence(
            "The checkpoint of step {step} cannot be used: it {said}.",
            step=3,
            said=Sentence("is of another plan"),
        ),
    ):
        message = wire.decode(wire.encode(Note(note)))
        running.take(workbench, job, message)
        foreign.window.training.message.emit(message)
    foreign.settle()
    assert len(said) == 3 and all(OPEN in text for text in said)
    assert [text for text in said if english_in(text)] == []
    assert len(workbench.project.run("run-001").notes) == 3
    panel._show("run-001")
    foreign.settle()
    shown = "\n".join(text for _, text in texts_of(panel))
    assert f"{OPEN}The checkpoint of step {CLOSE}3" in shown
    assert "\n".join(stays_english(panel)) == ""


def test_packing_and_its_progress_are_said_in_another_language(
    foreign: Desk, project: Path, tmp_path: Path
) -> None:
    foreign.open(project)
    told: list[str] = []
    line = foreign.window.findChild(StatusLine)
    assert line is not None

    def look() -> None:
        told.extend(label.text() for label in line.findChildren(QLabel))

    foreign.window.runner.began.connect(look)
    foreign.window.runner.progressed.connect(look)
    foreign.window.packing._save_first(foreign.workbench, LeftOut(), tmp_path / "test.h5")
    foreign.wait(lambda: any("test.h5" in text for text in messages(foreign)))
    assert len({text for text in told if OPEN in text}) > 2
    assert [text for text in told if english_in(text)] == []
    assert english_of(foreign) == []


@pytest.mark.parametrize(
    "counted",
    [
        counted_words.voxels,
        counted_words.slices,
        counted_words.cases,
        counted_words.predictions,
    ],
)
@pytest.mark.parametrize("count", [0, 1, 2, 5, 1200])
def test_numbers_have_the_forms_of_the_language(
    speaking: None, counted: Callable[[int], str], count: int
) -> None:
    # The made-up language has one form for all, so 1 is no word of its own.
    assert english_in(counted(count)) == ""
    assert counted(count).startswith(f"{count:,}{OPEN}")
