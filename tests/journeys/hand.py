"""A hand that draws and types by real events of the window system, and watches where it lands."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListView

from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.status import SliceStatus
from segdesk.ui.widgets.banner import Banner
from segdesk.ui.window.status_line import StatusLine
from tests.windows import Desk

LEFT = Qt.MouseButton.LeftButton
PLAIN = Qt.KeyboardModifier.NoModifier
#: Longest pause between two events of a hand, in milliseconds; tasks end in between.
PAUSE_MS = 12
#: Case, slice, tool, segment and brush.
Place = tuple[str, int, str, int, float]
#: Labels and statuses of each case in memory.
Masks = dict[str, tuple[npt.NDArray[np.uint8], tuple[SliceStatus, ...]]]


@dataclass(slots=True)
class Tally:
    """What became of the inputs, of each kind."""

    landed: Counter[str] = field(default_factory=Counter)
    #: Kind, and what was said.
    dropped: list[tuple[str, str]] = field(default_factory=list)
    #: Inputs that did nothing although nothing was said.
    silent: list[str] = field(default_factory=list)

    @property
    def given(self) -> int:
        return self.landed.total() + len(self.dropped)

    def lines(self) -> dict[str, str]:
        """The whole and each kind in words, for a test's record."""
        dropped = Counter(kind for kind, _ in self.dropped)
        share = self.landed.total() / max(self.given, 1)
        lines = {
            "all": f"{self.given} given, {self.landed.total()} landed ({share:.1%}),"
            f" {len(self.dropped)} dropped and {len(self.dropped) - len(self.silent)} of them said"
        }
        for kind in sorted({*self.landed, *dropped}):
            said = Counter(said for one, said in self.dropped if one == kind and said)
            words = "; ".join(f"{count} x {sentence}" for sentence, count in said.items())
            lines[kind] = f"{self.landed[kind]} landed, {dropped[kind]} dropped" + (
                f" ({words})" if words else ""
            )
        return lines


class Hand:
    """Aims at what is on screen, takes a moment, and acts.

    Whatever ends in that moment must not change what it acts on; whatever it does must lie in the
    case and slice that were on screen.

    Parameters
    ----------
    between : called between two inputs: what runs in the background is started there
    """

    def __init__(
        self,
        desk: Desk,
        monkeypatch: pytest.MonkeyPatch,
        seed: int,
        between: Callable[[], None] = lambda: None,
    ) -> None:
        self.desk = desk
        self.tally = Tally()
        self._random = random.Random(seed)
        self._between = between
        self._said: list[str] = []
        self._listen(monkeypatch)

    def _listen(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Hear what the window says, in the status line or in a message."""
        say, add = StatusLine.say, Banner._add

        def spoken(line: StatusLine, sentence: str) -> None:
            self._said.append(sentence)
            say(line, sentence)

        def floated(banner: Banner, kind: Any, sentence: str, *rest: Any, **more: Any):
            self._said.append(sentence)
            return add(banner, kind, sentence, *rest, **more)

        monkeypatch.setattr(StatusLine, "say", spoken)
        monkeypatch.setattr(Banner, "_add", floated)

    @property
    def view(self) -> ViewState:
        view = self.desk.window.session.view
        assert view is not None
        return view

    @property
    def workbench(self) -> Workbench:
        return self.view.workbench

    def place(self) -> Place:
        """What the hand would act on now."""
        view = self.view
        assert view.crosshair.case_id is not None
        return (
            view.crosshair.case_id,
            view.crosshair.slice,
            view.hand.tool,
            view.hand.segment,
            view.hand.brush_mm,
        )

    def act(self) -> None:
        """One input of a random kind."""
        self._between()
        kind = self._random.choices(("stroke", "key", "segment", "case"), (70, 20, 7, 3))[0]
        if kind == "stroke":
            self.stroke()
        elif kind == "key":
            self.key(self._random.choice((Qt.Key.Key_Return, Qt.Key.Key_M, Qt.Key.Key_Up)))
        elif kind == "segment":
            self.key(self._random.choice((Qt.Key.Key_0, Qt.Key.Key_1, Qt.Key.Key_Down)))
        else:
            self.show_another_case()

    # Inputs

    def stroke(self) -> None:
        """A short stroke with the brush, at a place where the scan is seen."""
        rows, columns = self._shape()
        row = self._random.randrange(2, rows - 2)
        start = self._random.randrange(2, columns - 8)
        way = [(row, start + step) for step in range(0, 6, 2)]
        aimed = self._aim()
        # Where the scan is seen now: a panel that got another width has moved it.
        places = [self._in_window(*voxel) for voxel in way]
        canvas, window = self.desk.canvas, self.desk.window
        if any(window.childAt(at) is not canvas for at in places):
            return
        before = self._masks()
        QTest.mousePress(self._handle(), LEFT, PLAIN, places[0])
        for at in places[1:]:
            self._pause()
            QTest.mouseMove(self._handle(), at)
        QTest.mouseRelease(self._handle(), LEFT, PLAIN, places[-1])
        self._landed_in(aimed, before)
        case, index, value = aimed[0], aimed[1], aimed[3]
        is_there = self.workbench.is_loaded(case) and all(
            self.workbench.annotation(case).labels[index][voxel] == value for voxel in way
        )
        self._count(is_there, "stroke", f"{case}, slice {index + 1}")

    def key(self, key: Qt.Key) -> None:
        """A key on the canvas."""
        aimed = self._aim()
        before = self._masks()
        QTest.keyClick(self._handle(), key)
        self._landed_in(aimed, before)
        after, view = (aimed[0], aimed[1]), self.view
        if key in (Qt.Key.Key_Return, Qt.Key.Key_M):
            done = self.workbench.is_loaded(after[0]) and (
                self.workbench.statuses(after[0])[after[1]].teaches_whole
            )
        elif key in (Qt.Key.Key_0, Qt.Key.Key_1):
            done = view.hand.segment == int(key == Qt.Key.Key_1)
        else:
            done = view.crosshair.case_id == after[0] and abs(view.crosshair.slice - after[1]) <= 1
        self._count(done, key.name, f"{after[0]}, slice {after[1] + 1}")

    def show_another_case(self) -> None:
        """A click in the list of cases: what was meant for the old one is over."""
        cases = self.desk.window.findChild(QListView, "case_list")
        assert cases is not None
        row = self._random.randrange(min(cases.model().rowCount(), 4))
        at = cases.visualRect(cases.model().index(row, 0)).center()
        QTest.mouseClick(self._handle(), LEFT, PLAIN, cases.viewport().mapTo(self._window(), at))
        self._pause()
        self.desk.canvas.setFocus()

    # Where it lands

    def _aim(self) -> Place:
        """Look, take a moment, and find that nothing has changed by itself."""
        seen = self.place()
        self._pause()
        now = self.place()
        assert now == seen, [pair for pair in zip(seen, now, strict=True) if pair[0] != pair[1]]
        self._said.clear()
        return seen

    def _landed_in(self, aimed: Place, before: Masks) -> None:
        for case, (labels, statuses) in self._masks().items():
            if case not in before:
                continue
            old_labels, old_statuses = before[case]
            for index in range(len(labels)):
                same = np.array_equal(labels[index], old_labels[index])
                same &= statuses[index] is old_statuses[index]
                assert same or (case, index) == aimed[:2], (case, index, aimed)

    def _count(self, landed: bool, kind: str, where: str) -> None:
        if landed:
            self.tally.landed[kind] += 1
            return
        self.tally.dropped.append((kind, " / ".join(self._said)))
        if not self._said:
            self.tally.silent.append(f"{kind} in {where}")

    def _masks(self) -> Masks:
        workbench = self.workbench
        return {
            case.id: (
                workbench.annotation(case.id).labels.copy(),
                tuple(workbench.statuses(case.id)),
            )
            for case in workbench.project.cases
            if workbench.is_loaded(case.id)
        }

    # The window

    def _window(self):
        return self.desk.window

    def _handle(self):
        handle = self.desk.window.windowHandle()
        assert handle is not None
        return handle

    def _shape(self) -> tuple[int, int]:
        case = self.view.crosshair.case
        assert case is not None
        return case.grid.slice_shape

    def _in_window(self, row: float, column: float) -> QPoint:
        at = self.desk.canvas.pixel_of(row, column)
        return self.desk.canvas.mapTo(self._window(), at.toPoint())

    def _pause(self) -> None:
        QTest.qWait(self._random.randrange(PAUSE_MS))
