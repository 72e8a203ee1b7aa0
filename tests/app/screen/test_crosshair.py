"""The crosshair is shared by all panes; each keeps to its own axis. Places of cases are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.labelling.reviewing import say_right
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.crosshair import Crosshair
from segdesk.app.screen.pane import Pane
from segdesk.core.box import Box
from segdesk.core.cutting import cut
from segdesk.core.edit import Edit, Planes
from segdesk.core.plane import Plane
from tests.projects import SHAPE, make_project

FIRST, SECOND = "case-001", "case-002"


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    made = make_project(tmp_path, cases=2)
    yield made
    made.close()


@pytest.fixture
def crosshair(workbench: Workbench) -> Crosshair:
    crosshair = Crosshair(workbench)
    crosshair.show_case(FIRST)
    return crosshair


@pytest.fixture
def axial(crosshair: Crosshair) -> Pane:
    return Pane(crosshair)


@pytest.fixture
def coronal(crosshair: Crosshair) -> Pane:
    return Pane(crosshair, axis=1)


@pytest.fixture
def said(crosshair: Crosshair, axial: Pane, coronal: Pane) -> list[str]:
    """Which signals were emitted, in order."""
    heard: list[str] = []

    def hear(name: str) -> Callable[[], None]:
        return lambda: heard.append(name)

    crosshair.case_changed.connect(hear("case"))
    crosshair.slice_changed.connect(hear("slice"))
    crosshair.moved.connect(lambda axes: heard.append(f"moved {axes}"))
    for name, pane in (("axial", axial), ("coronal", coronal)):
        pane.index_changed.connect(hear(f"{name} index"))
        pane.axis_changed.connect(hear(f"{name} axis"))
    return heard


def painted(workbench: Workbench, box: Box, case: str = FIRST) -> Edit:
    """One Edit of a hand that fills a box with segment 1."""
    annotation = workbench.annotation(case)
    labels, touched = annotation.labels[box.window], annotation.provenance[box.window]
    planes = Planes(labels, np.ones_like(labels), touched, np.full_like(touched, 3))
    workbench.do(Edit("Box", case, patches=cut(box, planes)))
    return workbench.history.done[-1]


def test_all_panes_go_through_the_middle_of_a_case_that_is_shown_first(
    crosshair: Crosshair, axial: Pane, coronal: Pane
) -> None:
    assert crosshair.voxel == (2, 12, 16)
    assert (axial.index, coronal.index) == (2, 12)
    assert (axial.count, coronal.count) == SHAPE[:2]


def test_a_step_in_one_pane_moves_the_voxel_and_leaves_panes_of_other_axes(
    crosshair: Crosshair, axial: Pane, coronal: Pane, said: list[str]
) -> None:
    axial.step(1)
    assert crosshair.voxel == (3, 12, 16)
    assert coronal.index == 12
    assert said == ["slice", "axial index", "moved (0,)"]
    said.clear()
    coronal.step(-4)
    assert crosshair.voxel == (3, 8, 16)
    assert (axial.index, coronal.index) == (3, 8)
    assert said == ["coronal index", "moved (1,)"]


def test_two_panes_of_one_axis_show_one_plane(crosshair: Crosshair, axial: Pane) -> None:
    second = Pane(crosshair)
    axial.go_to(4)
    assert second.plane == axial.plane
    assert second.index == 4


def test_a_move_to_a_voxel_is_followed_by_the_panes_that_it_concerns(
    crosshair: Crosshair, axial: Pane, coronal: Pane, said: list[str]
) -> None:
    crosshair.move_to((1, 20, 3))
    assert (axial.index, coronal.index) == (1, 20)
    assert said == ["slice", "axial index", "coronal index", "moved (0, 1, 2)"]
    said.clear()
    crosshair.move_to((1, 20, 9))
    assert said == ["moved (2,)"]
    crosshair.move_to((1, 20, 9))
    assert said == ["moved (2,)"]


@pytest.mark.parametrize("axis", range(3))
def test_a_pane_stops_at_the_ends_of_its_stack(
    crosshair: Crosshair, workbench: Workbench, axis: int
) -> None:
    pane = Pane(crosshair, axis)
    pane.step(1000)
    assert pane.index == SHAPE[axis] - 1
    assert pane.plane == Plane.across(workbench.project.case(FIRST).grid, axis, SHAPE[axis] - 1)
    pane.towards_feet(1000)
    # Slices are stacked towards the head; other stacks go to higher indices.
    assert pane.index == (0 if axis == 0 else SHAPE[axis] - 1)
    pane.step(-1000)
    assert pane.index == 0


def test_a_pane_turns_to_another_axis_and_the_others_do_not(
    workbench: Workbench, crosshair: Crosshair, axial: Pane, coronal: Pane, said: list[str]
) -> None:
    plane = Plane.across(workbench.project.case(FIRST).grid, 2, 31)
    axial.show(FIRST, plane)
    assert axial.plane == plane
    assert crosshair.voxel == (2, 12, 31)
    assert (coronal.axis, coronal.index) == (1, 12)
    assert said.count("axial axis") == 1 and "coronal axis" not in said and "slice" not in said
    said.clear()
    axial.show(FIRST, plane)
    assert said == []


def test_a_plane_beyond_the_stack_is_its_last(
    workbench: Workbench, crosshair: Crosshair, coronal: Pane
) -> None:
    grid = workbench.project.case(SECOND).grid
    coronal.show(SECOND, Plane.across(grid, 1, 1000))
    assert crosshair.case_id == SECOND
    assert coronal.index == SHAPE[1] - 1


def test_each_case_is_shown_where_it_was_left_and_panes_keep_their_axis(
    crosshair: Crosshair, axial: Pane, coronal: Pane, said: list[str]
) -> None:
    crosshair.move_to((4, 3, 2))
    said.clear()
    crosshair.show_case(SECOND)
    assert said == ["case"]
    assert crosshair.voxel == (2, 12, 16)
    assert (axial.axis, coronal.axis) == (0, 1)
    crosshair.show_case(FIRST)
    assert crosshair.voxel == (4, 3, 2)
    crosshair.show_case(SECOND, 1000)
    assert crosshair.voxel == (SHAPE[0] - 1, 12, 16)


def test_the_workbench_knows_which_case_is_looked_at(
    workbench: Workbench, crosshair: Crosshair
) -> None:
    crosshair.show_case(SECOND)
    assert workbench.looked_at == SECOND
    crosshair.show_case(None)
    assert workbench.looked_at == ""
    assert crosshair.case is None


def test_without_a_case_nothing_is_seen_and_nothing_moves(workbench: Workbench) -> None:
    crosshair = Crosshair(workbench)
    pane = Pane(crosshair, 2)
    pane.step(3)
    crosshair.show_slice(2)
    assert (pane.plane, pane.count, crosshair.voxel) == (None, 0, (0, 0, 0))


def test_what_an_edit_changed_is_seen_by_each_pane_for_itself(
    workbench: Workbench, crosshair: Crosshair, axial: Pane, coronal: Pane
) -> None:
    edit = painted(workbench, Box(4, 5, 20, 22, 0, 8))
    assert not axial.shows(edit) and not coronal.shows(edit)
    crosshair.show_slice(4)
    assert axial.shows(edit) and not coronal.shows(edit)
    crosshair.move_to((0, 21, 0))
    assert not axial.shows(edit) and coronal.shows(edit)


def test_undo_is_revealed_in_the_pane_that_is_asked(
    workbench: Workbench, crosshair: Crosshair, axial: Pane, coronal: Pane
) -> None:
    edit = painted(workbench, Box(4, 5, 20, 22, 0, 8))
    coronal.reveal(edit)
    assert crosshair.voxel == (2, 20, 16)
    coronal.step(1)
    coronal.reveal(edit)
    assert coronal.index == 21
    axial.reveal(edit)
    assert crosshair.voxel == (4, 21, 16)


def test_undo_of_another_case_is_revealed_there(
    workbench: Workbench, crosshair: Crosshair, axial: Pane, coronal: Pane
) -> None:
    edit = painted(workbench, Box(0, 4, 6, 7, 0, 8), SECOND)
    axial.reveal(edit)
    assert (crosshair.case_id, crosshair.voxel) == (SECOND, (2, 12, 16))
    crosshair.show_case(FIRST)
    coronal.reveal(edit)
    assert (crosshair.case_id, coronal.axis, coronal.index) == (SECOND, 1, 6)


def test_a_move_of_status_is_revealed_by_its_slice(
    workbench: Workbench, crosshair: Crosshair, coronal: Pane
) -> None:
    workbench.loaded(FIRST)
    say_right(workbench, FIRST, 4)
    edit = workbench.history.done[-1]
    assert not edit.patches
    coronal.reveal(edit)
    assert crosshair.voxel == (4, 12, 16)
