"""Journey: the real trainer in a made-up language; what its process says is said in it as well."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from segdesk.app.labelling.reviewing import say_right
from segdesk.core.annotation import Provenance
from segdesk.core.cutting import SliceChange, redrawn
from segdesk.core.edit import Edit
from segdesk.ui.look.translations import translated
from segdesk.ui.window.status_line import StatusLine
from tests.journeys.test_train_real import (
    choose,
    desk_workbench,
    go_to,
    open_curves,
    paint_and_accept,
    press_train,
    small_project,
    wait_long,
)
from tests.ui.window.test_another_language import (
    OPEN,
    english_in,
    english_of,
    foreign,
    made_up,
    script,
    speaking,
    stays_english,
    texts_of,
)
from tests.windows import Desk

__all__ = ["foreign", "made_up", "script", "speaking"]

#: pyqtgraph's menu of a plot is switched off, but its entry is still made; and the page without a
#: scan names the project.
NOT_SHOWN = ("QAction : Export", "PlainLabel start_heading: small")

pytestmark = pytest.mark.keras


def english_on(desk: Desk) -> str:
    """What stays English in the window, a line each."""
    return "\n".join(row for row in stays_english(desk.window) if not row.startswith(NOT_SHOWN))


class Ear:
    """Hears everything that the window says while a training goes on."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.heard: dict[str, None] = {}
        self.english: dict[str, None] = {}
        self.messages: set[str] = set()
        desk.window.training.message.connect(self._look)
        desk.window.training.finished.connect(self._look)

    def _look(self, message: object, *_: object) -> None:
        self.messages.add(type(message).__name__)
        self.listen()

    def listen(self) -> None:
        panel, line = self._desk.window.training_panel, self._desk.window.findChild(StatusLine)
        assert panel is not None and line is not None
        for root in (panel, line):
            for where, text in texts_of(root):
                self.heard[text] = None
                said = f"{where}: {text}"
                if english_in(text) and not said.startswith(NOT_SHOWN):
                    self.english[said] = None


def test_a_training_its_notes_and_its_failure_say_nothing_in_english(
    foreign: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    desk = foreign
    desk.open(small_project(tmp_path))
    workbench, ear = desk_workbench(desk), Ear(foreign)
    paint_and_accept(desk, 1, 2, 3, 5)
    # On a slice that nobody has drawn on, a proposal may come.
    go_to(desk, 6)
    open_curves(desk)
    press_train(desk)
    wait_long(
        qtbot,
        desk,
        lambda: not desk.window.training.is_running or bool(workbench.project.runs[-1].epochs),
    )
    assert english_on(desk) == ""
    wait_long(qtbot, desk, lambda: not desk.window.training.is_running)
    first = workbench.project.runs[-1]
    assert first.outcome == "finished", first.reason
    assert english_on(desk) == ""
    assert english_of(desk) == []

    # All teach: no figure, and a note says so.
    choose(desk, "plan_validate", False)
    press_train(desk)
    wait_long(qtbot, desk, lambda: not desk.window.training.is_running)
    second = workbench.project.runs[-1]
    assert second.id == "run-002" and second.outcome == "finished", second.reason
    assert any("none validates" in note for note in second.notes)
    assert english_on(desk) == ""

    # Nothing but one segment on every slice: only the trainer finds that out.
    labels = workbench.annotation("case-001")
    full = labels.labels[0] == labels.labels[0]
    for index in range(labels.grid.shape[0]):
        change = SliceChange(index, full, full.astype("uint8"), Provenance.HAND)
        workbench.do(Edit("Brush", "case-001", patches=redrawn(labels, [change])))
        say_right(workbench, "case-001", index)
    press_train(desk)
    wait_long(qtbot, desk, lambda: not desk.window.training.is_running)
    third = workbench.project.runs[-1]
    assert third.outcome == "crashed" and "no background voxel" in third.reason
    desk.settle()
    assert english_on(desk) == ""
    assert english_in(translated(third.reason)) == ""

    assert {"Hello", "Started", "Step", "EpochDone", "Note", "Judged", "Finished"} <= ear.messages
    assert any("preparing" in text and OPEN in text for text in ear.heard)
    assert list(ear.english) == []
