"""Removing a segment through the list: asked in numbers, in every case, and brought back whole."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QListWidget, QTableView
from pytestqt.qtbot import QtBot

from segdesk.app.files import label_maps
from segdesk.app.labelling import removing_segments
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.formats.labels import LabelMap
from segdesk.ui.threads.task_runner import Task
from segdesk.ui.widgets.banner import Banner
from tests.projects import add_case, begin_brush, in_memory, lung_and_tumour, voxels
from tests.windows import Desk

CASES = tuple(f"case-{number:03d}" for number in range(1, 7))
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """A saved project of six cases, more than stay in memory; Tumour is in five of them."""
    workbench = lung_and_tumour(tmp_path, CASES)
    workbench.history.clear()
    saving.save(workbench)
    path = workbench.folder.path
    workbench.close()
    return path


def masks(workbench: Workbench) -> list[tuple[bytes, bytes]]:
    """Labels and provenance of every case, read from disk where they are not in memory."""
    found: list[tuple[bytes, bytes]] = []
    for id in CASES:
        is_kept = workbench.is_loaded(id)
        mask = (workbench.loaded(id) if is_kept else workbench.read_case(id)).annotation
        found.append((mask.labels.tobytes(), mask.provenance.tobytes()))
    return found


def count(workbench: Workbench, number: int) -> int:
    return sum(labels.count(number) for labels, _ in masks(workbench))


def opened(desk: Desk, project: Path) -> tuple[Workbench, QTableView]:
    """The project in the window, with the second segment's row in hand."""
    desk.open(project)
    workbench = desk.window.session.workbench
    table = desk.window.findChild(QTableView, "segment_table")
    assert workbench is not None and table is not None
    take(desk, table, 2)
    return workbench, table


def take(desk: Desk, table: QTableView, number: int) -> None:
    """The segment in hand, and its row with the focus."""
    view = desk.window.session.view
    assert view is not None
    view.hand.use_segment(number)
    desk.settle()
    table.setFocus()


def question(desk: Desk) -> str:
    text = desk.dialog("remove_segment_question").findChild(QLabel, "message_text")
    assert text is not None
    return text.text()


def rest(desk: Desk) -> None:
    """Until nothing is under way any more."""
    busy = ("removal_looking", "removal_under_way", "history_under_way")
    desk.wait(lambda: not any(desk.has_dialog(id) for id in busy))
    # As a desktop does when a dialog has gone.
    desk.window.activateWindow()
    desk.canvas.setFocus()
    desk.settle()


def test_delete_on_its_row_asks_in_numbers_and_one_undo_brings_every_voxel_back(
    desk: Desk, drawn: Path, qtbot: QtBot
) -> None:
    workbench, table = opened(desk, drawn)
    before, size = masks(workbench), count(workbench, 2)
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    assert question(desk) == (
        f"'Tumour' has {size:,} voxels in 100 slices of 5 cases. They become background; undo "
        "brings them back."
    )
    desk.press(desk.dialog("remove_segment_question"), "remove_segment")
    desk.wait(lambda: 2 not in workbench.segments)
    rest(desk)
    assert count(workbench, 2) == 0
    assert count(workbench, 1) == sum(labels.count(1) for labels, _ in before)
    after = masks(workbench)
    view, rows = desk.window.session.view, desk.window.findChild(QListWidget, "history_list")
    assert view is not None and rows is not None
    assert view.hand.segment == 1
    assert rows.item(0).text() == f"Remove segment 'Tumour', {size:,} voxels · 5 cases"
    assert desk.window.table["undo"].text() == "Undo Remove segment 'Tumour'"
    desk.key(Qt.Key.Key_Z, CTRL)
    desk.wait(lambda: workbench.history.next_undo is None)
    rest(desk)
    assert masks(workbench) == before
    assert workbench.segments.numbers == (1, 2)
    desk.key(Qt.Key.Key_Y, CTRL)
    desk.wait(lambda: workbench.history.next_redo is None)
    rest(desk)
    assert masks(workbench) == after
    assert workbench.segments.numbers == (1,)


def test_an_undo_after_a_save_reads_what_has_left_the_memory(
    desk: Desk, drawn: Path, qtbot: QtBot
) -> None:
    workbench, table = opened(desk, drawn)
    before = masks(workbench)
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    desk.press(desk.dialog("remove_segment_question"), "remove_segment")
    desk.wait(lambda: 2 not in workbench.segments)
    rest(desk)
    desk.window.save()
    desk.wait(lambda: not workbench.has_unsaved and not desk.window.session.is_saving)
    # Other cases are looked at: those of the removal leave the memory.
    view = desk.window.session.view
    assert view is not None
    for id in ("case-002", "case-001", "case-002", "case-003"):
        view.crosshair.show_case(id)
        desk.wait_for_mask()
    assert not all(workbench.is_loaded(id) for id in CASES)
    desk.key(Qt.Key.Key_Z, CTRL)
    desk.wait(lambda: workbench.history.next_undo is None)
    rest(desk)
    assert masks(workbench) == before


def test_a_stroke_in_progress_is_a_step_of_its_own_before_anybody_is_asked(
    desk: Desk, drawn: Path, qtbot: QtBot
) -> None:
    workbench, table = opened(desk, drawn)
    begin_brush(workbench, CASES[0], 2, (6.0, 14.0), value=2, radius_mm=4.0)
    assert workbench.history.next_undo is None
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    drawn_last = workbench.history.next_undo
    assert drawn_last is not None and drawn_last.name == "Brush"
    desk.press(desk.dialog("remove_segment_question"), "keep_segment")


def test_whoever_keeps_it_changes_nothing(desk: Desk, drawn: Path, qtbot: QtBot) -> None:
    workbench, table = opened(desk, drawn)
    before = masks(workbench)
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    desk.press(desk.dialog("remove_segment_question"), "keep_segment")
    assert masks(workbench) == before
    assert workbench.segments.numbers == (1, 2)
    assert workbench.history.next_undo is None


def test_a_segment_without_a_voxel_goes_without_a_question(
    desk: Desk, drawn: Path, qtbot: QtBot
) -> None:
    workbench, table = opened(desk, drawn)
    workbench.add_segment("Rib")
    desk.settle()
    take(desk, table, 3)
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    desk.wait(lambda: 3 not in workbench.segments)
    rest(desk)
    words = desk.window.findChild(QLabel, "status_words")
    assert words is not None
    assert words.text() == "'Rib' was removed. Undo brings it back."
    assert workbench.add_segment("Vessel").number == 4


def test_a_locked_segment_is_refused_with_the_way_out(
    desk: Desk, drawn: Path, qtbot: QtBot
) -> None:
    workbench, table = opened(desk, drawn)
    workbench.change_segment(replace(workbench.segments[2], locked=True))
    desk.settle()
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    desk.settle()
    assert 2 in workbench.segments
    assert not desk.has_dialog("remove_segment_question")
    words = desk.window.findChild(QLabel, "status_words")
    assert words is not None
    assert words.text() == (
        "The segment 'Tumour' is locked and stays as it is. Unlock it in the segment list."
    )


def test_a_mask_that_cannot_be_read_leaves_nothing_half_removed(
    desk: Desk, drawn: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench, table = opened(desk, drawn)
    before = masks(workbench)
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    asked = desk.dialog("remove_segment_question")
    (file,) = (drawn / "cases" / "case-005").glob("annotation-*.h5")
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    desk.press(asked, "remove_segment")
    rest(desk)
    banner = desk.window.findChild(Banner)
    assert banner is not None
    assert "case-005" in "".join(row.text() for row in banner.findChildren(QLabel))
    file.write_bytes(content)
    assert masks(workbench) == before
    assert workbench.segments.numbers == (1, 2)
    assert workbench.history.next_redo is None


@pytest.mark.parametrize("is_saved", [False, True])
def test_labels_that_come_while_the_question_stands_go_too(
    desk: Desk, drawn: Path, qtbot: QtBot, is_saved: bool
) -> None:
    """As the end of an import brings them: into a case that had none, and with a new case."""
    workbench, table = opened(desk, drawn)
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    asked = desk.dialog("remove_segment_question")
    add_case(workbench, id="case-007", scan=voxels((20, 24, 32), seed=7))
    labels = np.full((20, 24, 32), 2, np.uint8)
    for id in ("case-002", "case-007"):
        in_memory(workbench, id)
        label_maps.take_label_map(workbench, id, LabelMap(labels))
    if is_saved:
        saving.save(workbench)
        for id in CASES:
            in_memory(workbench, id)
        assert not workbench.is_loaded("case-007")
    desk.press(asked, "remove_segment")
    desk.wait(lambda: 2 not in workbench.segments)
    rest(desk)
    assert count(workbench, 2) == 0
    assert not in_memory(workbench, "case-007").annotation.labels.any()


def test_no_part_of_it_begins_while_something_may_come_between(
    desk: Desk, drawn: Path, qtbot: QtBot
) -> None:
    """Labels that an import brings between two parts would split the step that undo takes back."""
    workbench, table = opened(desk, drawn)
    why = "Something is being imported or exported: wait, or cancel it."
    words = desk.window.findChild(QLabel, "status_words")
    assert words is not None
    first, second = threading.Event(), threading.Event()
    start(desk, first)
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    desk.settle()
    assert words.text() == why
    assert not desk.has_dialog("removal_looking") and 2 in workbench.segments
    first.set()
    desk.wait(lambda: not desk.window.runner.is_busy("long"))
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    desk.press(desk.dialog("remove_segment_question"), "remove_segment")
    desk.wait(lambda: 2 not in workbench.segments)
    rest(desk)
    start(desk, second)
    desk.key(Qt.Key.Key_Z, CTRL)
    desk.settle()
    assert words.text() == why and 2 not in workbench.segments
    second.set()
    desk.wait(lambda: not desk.window.runner.is_busy("long"))
    desk.key(Qt.Key.Key_Z, CTRL)
    desk.wait(lambda: workbench.history.next_undo is None)
    rest(desk)
    assert workbench.segments.numbers == (1, 2)


def start(desk: Desk, until: threading.Event) -> None:
    """A long task, as an import is, that ends when it is told to."""

    def work(_: Task) -> None:
        until.wait(30)

    def failed(error: Exception) -> None:
        raise error

    desk.window.runner.start("Importing", work, done=lambda _: None, failed=failed, lane="long")


def test_nothing_is_drawn_while_it_is_under_way(desk: Desk, drawn: Path, qtbot: QtBot) -> None:
    workbench, table = opened(desk, drawn)
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    desk.press(desk.dialog("remove_segment_question"), "remove_segment")
    dialog = desk.dialog("removal_under_way")
    assert dialog.isModal()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    desk.wait(lambda: 2 not in workbench.segments)
    rest(desk)
    assert removing_segments.look_for(workbench.annotation("case-001"), "case-001", 2).voxels == 0
    assert np.count_nonzero(workbench.annotation("case-001").labels == 1) > 0
