"""What each part of the view state does when another case is shown, and what the list marks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.labelling.tools.toolbox import TOOLS
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.window import PRESETS, Window
from tests.exercises.dots import DOT, Dots
from tests.projects import add_case, make_project

FIRST, SECOND = "case-001", "case-002"
OWN = Window(120.0, 350.0)


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    made = make_project(tmp_path, cases=2)
    yield made
    made.close()


@pytest.fixture
def view(workbench: Workbench) -> ViewState:
    view = ViewState(workbench, (*TOOLS, Dots()))
    view.crosshair.show_case(FIRST)
    return view


def test_each_case_has_the_window_in_which_it_was_left(view: ViewState) -> None:
    view.display.set_window(OWN)
    view.crosshair.show_case(SECOND)
    assert (view.display.window, view.display.preset) == (PRESETS["lung"], "lung")
    view.display.use_preset("bone")
    view.crosshair.show_case(FIRST)
    assert (view.display.window, view.display.preset) == (OWN, "")
    view.crosshair.show_case(None)
    view.crosshair.show_case(SECOND)
    assert view.display.preset == "bone"


def test_an_array_without_hu_is_first_shown_over_its_whole_range(
    workbench: Workbench, view: ViewState
) -> None:
    ramp = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    add_case(workbench, id="raw", scan=ramp, unit="raw")
    view.crosshair.show_case("raw")
    assert view.display.preset == "file"
    assert view.display.window != PRESETS["lung"]


def test_whoever_hears_of_a_case_finds_its_window_and_no_ghost(
    workbench: Workbench, view: ViewState
) -> None:
    workbench.loaded(FIRST)
    view.hand.use_tool("dots")
    view.hand.set_size(DOT, 6.0)
    assert view.hand.ghost is not None
    view.display.set_window(OWN)
    view.marks.mark_new(SECOND)
    found: list[object] = []
    view.crosshair.case_changed.connect(
        lambda: found.append((view.display.window, view.hand.ghost, view.marks.new))
    )
    view.crosshair.show_case(SECOND)
    assert found == [(PRESETS["lung"], None, frozenset())]


def test_a_case_is_new_until_it_is_shown(view: ViewState) -> None:
    told: list[frozenset[str]] = []
    view.marks.marks_changed.connect(lambda: told.append(view.marks.new))
    view.marks.mark_new(SECOND)
    view.crosshair.show_case(FIRST)
    view.crosshair.show_case(SECOND)
    view.crosshair.show_case(FIRST)
    assert told == [frozenset({SECOND}), frozenset()]


def test_a_case_is_unreadable_until_it_was_read(view: ViewState) -> None:
    told: list[dict[str, str]] = []
    view.marks.marks_changed.connect(lambda: told.append(dict(view.marks.unreadable)))
    view.marks.mark_readable(FIRST)
    view.marks.mark_unreadable(FIRST, "The file is damaged.")
    view.marks.mark_readable(FIRST)
    assert told == [{FIRST: "The file is damaged."}, {}]
