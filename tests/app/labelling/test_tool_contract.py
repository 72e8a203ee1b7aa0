"""What every tool of the toolbox keeps to in all three planes; a new one is here by its line.

The scan has a hollow block of the segment Wall with nothing inside. Every tool is pressed in the
middle of the hole and led round there, so a tool that paints has something to change.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.labelling.editing import Gesture
from segdesk.app.labelling.options import Options
from segdesk.app.labelling.slate import Sheet
from segdesk.app.labelling.tools import ghosts
from segdesk.app.labelling.tools.ghosts import Ghost
from segdesk.app.labelling.tools.press import Held, press
from segdesk.app.labelling.tools.tool import Look, Point, Stroke, Tool
from segdesk.app.labelling.tools.toolbox import TOOLS
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Provenance
from segdesk.core.box import Box
from segdesk.core.plane import Plane
from segdesk.core.resources import resource
from segdesk.errors import UsageError
from tests.exercises.dots import Dots
from tests.projects import add_case

CASE, OTHER = "case-001", "case-002"
#: Segments: what is drawn with, and the walls of the hollow block.
DRAWN, WALL = 1, 2
SHAPE = (12, 24, 32)
BLOCK = Box(2, 10, 6, 18, 8, 24)
HOLE = Box(3, 9, 7, 17, 9, 23)
#: And one that holds a ghost, which is not in the toolbox.
PAINTING = [*(tool for tool in TOOLS if tool.paints), Dots()]
named = pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.id)
painting = pytest.mark.parametrize("tool", PAINTING, ids=lambda tool: tool.id)
planes = pytest.mark.parametrize("axis", range(3), ids=("axial", "coronal", "sagittal"))


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    made = Workbench.create(tmp_path / "tools.segdesk")
    made.add_segment("Drawn")
    made.add_segment("Wall")
    for id, stacked in ((CASE, True), (OTHER, False)):
        add_case(made, id=id, scan=np.zeros(SHAPE, np.int16), stacked=stacked)
        wall = Gesture(made, id, "Wall")
        hollow = np.ones(BLOCK.shape, bool)
        hollow[1:-1, 1:-1, 1:-1] = False
        assert wall.paint(BLOCK, hollow, WALL)
        wall.finish()
    yield made
    made.close()


def state(workbench: Workbench, case: str = CASE) -> tuple[object, ...]:
    mask = workbench.annotation(case)
    return mask.labels.tobytes(), mask.provenance.tobytes(), mask.statuses, mask.complete


def middle(workbench: Workbench, axis: int, case: str = CASE) -> Plane:
    """The plane across an axis through the middle of the hole."""
    first, last = HOLE.ranges[axis]
    return Plane.across(workbench.project.case(case).grid, axis, (first + last) // 2)


def path(axis: int) -> list[Point]:
    """From the middle of the hole round in it, on a plane across an axis."""
    rows, columns = (HOLE.ranges[other] for other in range(3) if other != axis)
    row, column = (rows[0] + rows[1]) // 2, (columns[0] + columns[1]) // 2
    around = [(-1, -3), (-1, 3), (2, 3), (2, -3)]
    return [(float(row), float(column)), *((row + 1.0 * r, column + 1.0 * c) for r, c in around)]


def begin(
    workbench: Workbench, tool: Tool, plane: Plane, point: Point, *, case: str = CASE, erase=False
) -> Stroke | Look | Ghost | None:
    held = Held(tool, DRAWN, Options(), is_opposite=tool.erases != erase, is_right=erase)
    return press(workbench, case, plane, point, held)


def gesture(
    workbench: Workbench,
    tool: Tool,
    plane: Plane,
    points: list[Point],
    *,
    case: str = CASE,
    erase: bool = False,
) -> None:
    """Press, move and release, by whichever of the two buttons; a ghost is taken."""
    begun = begin(workbench, tool, plane, points[0], case=case, erase=erase)
    if begun is None or isinstance(begun, str):
        return
    if isinstance(begun, Ghost):
        for point in points[1:]:
            begun = ghosts.with_press(workbench, begun, replace(begun.presses[0], point=point))
        ghosts.take(workbench, begun)
        return
    for point in points[1:]:
        begun.move(point)
    begun.release()


@named
def test_a_tool_says_all_that_a_row_of_the_table_needs(tool: Tool) -> None:
    assert resource("icons", f"{tool.id}.svg").is_file()
    words = tool.words
    assert words.name and words.tip and words.hover and words.hover_erasing
    assert bool(words.done and words.done_erasing) == tool.paints
    said = " ".join((words.name, words.tip, words.hover, words.hover_erasing))
    values = {name for _, name, _, _ in string.Formatter().parse(said) if name}
    assert values <= {"segment", "opposite", "drop"}
    # Which keys there are is the window's to say.
    assert not {"Ctrl", "Shift", "Esc", "Enter", "press"} & set(said.replace(",", " ").split())
    assert [each.id for each in TOOLS].count(tool.id) == 1
    assert [each.key for each in TOOLS].count(tool.key) == 1
    assert all(option.name and option.tip for option in tool.options)


@planes
@painting
def test_undo_leaves_every_byte_as_it_was_and_redo_as_it_became(
    workbench: Workbench, tool: Tool, axis: int
) -> None:
    for erase in (False, True):
        before, known = state(workbench), len(workbench.history.done)
        gesture(workbench, tool, middle(workbench, axis), path(axis), erase=erase)
        after = state(workbench)
        assert after != before
        edits = workbench.history.done[known:]
        assert [edit.name for edit in edits] == [
            tool.words.done_erasing if erase else tool.words.done
        ]
        for _ in edits:
            workbench.undo()
        assert state(workbench) == before
        for _ in edits:
            workbench.redo()
        assert state(workbench) == after


@planes
@painting
def test_a_hand_paints_what_is_in_it_and_only_on_its_plane(
    workbench: Workbench, tool: Tool, axis: int
) -> None:
    before = workbench.annotation(CASE).labels.copy()
    plane = middle(workbench, axis)
    gesture(workbench, tool, plane, path(axis))
    mask = workbench.annotation(CASE)
    changed = mask.labels != before
    assert changed.any()
    assert (mask.labels[changed] == DRAWN).all()
    assert (mask.provenance[changed] == Provenance.HAND).all()
    off = np.delete(changed, plane.index, axis)
    assert not off.any()


@planes
@painting
def test_a_locked_segment_stays_and_is_not_drawn_with(
    workbench: Workbench, tool: Tool, axis: int
) -> None:
    workbench.change_segment(replace(workbench.segments[WALL], locked=True))
    wall = workbench.annotation(CASE).labels == WALL
    rows, columns = (BLOCK.ranges[other] for other in range(3) if other != axis)
    across = [(float(rows[0] - 2), float(columns[0])), (float(rows[1]), float(columns[1]))]
    for points in (path(axis), [(float(rows[0]), float(columns[0])), *across]):
        for erase in (False, True):
            gesture_or_refusal(workbench, tool, middle(workbench, axis), points, erase=erase)
            assert (workbench.annotation(CASE).labels[wall] == WALL).all()
    workbench.change_segment(replace(workbench.segments[DRAWN], locked=True))
    before = state(workbench)
    with pytest.raises(UsageError, match="locked"):
        gesture(workbench, tool, middle(workbench, axis), path(axis))
    assert state(workbench) == before


def gesture_or_refusal(
    workbench: Workbench, tool: Tool, plane: Plane, points: list[Point], *, erase: bool = False
) -> None:
    """A gesture that the tool may refuse; then it leaves nothing behind."""
    before = state(workbench)
    try:
        gesture(workbench, tool, plane, points, erase=erase)
    except UsageError:
        assert state(workbench) == before


@planes
@painting
def test_cancel_leaves_no_trace(workbench: Workbench, tool: Tool, axis: int) -> None:
    before, known = state(workbench), workbench.history.done
    begun = begin(workbench, tool, middle(workbench, axis), path(axis)[0])
    if begun is None:
        # The press was all of it: undo is the way back, which another test takes.
        assert len(workbench.history.done) == len(known) + 1
        return
    assert not isinstance(begun, str)
    if not isinstance(begun, Ghost):
        for point in path(axis)[1:]:
            begun.move(point)
        begun.cancel()
    workbench.settle()
    assert state(workbench) == before
    assert workbench.history.done == known


@planes
@named
def test_another_case_and_one_without_geometry(workbench: Workbench, tool: Tool, axis: int) -> None:
    one, other = state(workbench), state(workbench, OTHER)
    gesture(workbench, tool, middle(workbench, axis, OTHER), path(axis), case=OTHER)
    assert state(workbench) == one
    assert (state(workbench, OTHER) != other) == tool.paints
    if tool.paints:
        workbench.undo()
    assert state(workbench, OTHER) == other


@planes
@named
def test_at_the_edge_and_beyond_it(workbench: Workbench, tool: Tool, axis: int) -> None:
    plane = middle(workbench, axis)
    sheet = Sheet(workbench, CASE, plane)
    rows, columns = sheet.shape
    corner, beyond = (-0.4, columns - 0.6), (rows + 40.0, -55.0)
    for points in ([corner, beyond], [beyond, corner], [beyond, (-90.0, 3.0)]):
        outline = tool.outline(sheet, points[0], Options())
        assert outline is None or outline.mask.shape == outline.area.shape
        before, known = state(workbench), len(workbench.history.done)
        gesture_or_refusal(workbench, tool, plane, points)
        for _ in range(len(workbench.history.done) - known):
            workbench.undo()
        assert state(workbench) == before


@planes
@painting
def test_the_outline_is_what_a_click_changes(workbench: Workbench, tool: Tool, axis: int) -> None:
    plane, point = middle(workbench, axis), path(axis)[0]
    region = tool.outline(Sheet(workbench, CASE, plane), point, Options())
    if region is None:
        return
    expected = np.zeros(plane.shape(workbench.project.case(CASE).grid), bool)
    expected[region.area.window] = region.mask
    gesture(workbench, tool, plane, [point])
    drawn = plane.cut(workbench.annotation(CASE).labels) == DRAWN
    np.testing.assert_array_equal(drawn, expected)


@planes
def test_a_tool_that_paints_nothing_leaves_nothing_behind(workbench: Workbench, axis: int) -> None:
    for tool in TOOLS:
        if not tool.paints:
            before, known = state(workbench), workbench.history.done
            for erase in (False, True):
                gesture(workbench, tool, middle(workbench, axis), path(axis), erase=erase)
            assert (state(workbench), workbench.history.done) == (before, known)
