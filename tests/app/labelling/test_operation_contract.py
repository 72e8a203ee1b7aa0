"""What every operation of the catalogue keeps to. A new one is here by its line there.

The scan has a closed box of the segment Wall around a hole, and a ring on one slice alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.labelling.editing import Gesture
from segdesk.app.labelling.operations import applying
from segdesk.app.labelling.operations.catalogue import OPERATIONS
from segdesk.app.labelling.operations.fill_holes import ENCLOSED, FillHoles
from segdesk.app.labelling.operations.operation import Operation, Snapshot
from segdesk.app.labelling.options import Options
from segdesk.app.labelling.reviewing import say_right
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Provenance
from segdesk.core.box import Box
from segdesk.core.edit import Edit
from segdesk.core.status import SliceStatus
from segdesk.errors import Cancelled, UsageError
from tests.projects import add_case

CASE, OTHER = "case-001", "case-002"
WALL, INSIDE = 1, 2
SHAPE = (12, 24, 32)
BOX, HOLE = Box(2, 8, 4, 14, 4, 14), Box(3, 7, 5, 13, 5, 13)
RING, IN_RING = Box(9, 10, 16, 22, 20, 28), Box(9, 10, 17, 21, 21, 27)
each = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    made = Workbench.create(tmp_path / "operations.segdesk")
    made.add_segment("Wall")
    made.add_segment("Inside")
    for id, stacked in ((CASE, True), (OTHER, False)):
        add_case(made, id=id, scan=np.zeros(SHAPE, np.int16), stacked=stacked)
        for box, hole in ((BOX, HOLE), (RING, IN_RING)):
            hollow = np.ones(box.shape, bool)
            hollow[hole.within(box)] = False
            gesture = Gesture(made, id, "Wall")
            gesture.paint(box, hollow, WALL)
            gesture.finish()
    yield made
    made.close()


def state(workbench: Workbench, case: str = CASE) -> tuple[bytes, bytes, object, object]:
    mask = workbench.annotation(case)
    return mask.labels.tobytes(), mask.provenance.tobytes(), mask.statuses, mask.complete


def ignore(done: int, total: int) -> None:
    """Nobody looks at the progress."""


def do(
    workbench: Workbench, operation: Operation, case: str = CASE, options: Options | None = None
) -> Edit | None:
    return applying.apply(
        workbench,
        operation,
        case,
        segment=WALL,
        options=options or Options(),
        progress=ignore,
    )


@each
def test_it_is_one_edit_whose_undo_leaves_every_byte(
    workbench: Workbench, operation: Operation
) -> None:
    before, other, known = state(workbench), state(workbench, OTHER), len(workbench.history.done)
    edit = do(workbench, operation)
    assert edit is not None and edit.name == operation.words.done
    after = state(workbench)
    assert after != before and len(workbench.history.done) == known + 1
    changed = workbench.annotation(CASE).provenance != np.frombuffer(before[1], np.uint8).reshape(
        SHAPE
    )
    assert (workbench.annotation(CASE).provenance[changed] == Provenance.TOOL).all()
    workbench.undo()
    assert state(workbench) == before
    workbench.redo()
    assert state(workbench) == after
    assert state(workbench, OTHER) == other


@each
def test_it_works_without_geometry(workbench: Workbench, operation: Operation) -> None:
    one = state(workbench)
    assert do(workbench, operation, OTHER) is not None
    assert state(workbench) == one


@each
def test_locked_segments_and_hand_voxels_stay(workbench: Workbench, operation: Operation) -> None:
    by_hand = Gesture(workbench, CASE, "Background")
    by_hand.paint(Box(4, 5, 6, 8, 6, 8), np.ones((1, 2, 2), bool), 0)
    by_hand.finish()
    other = Gesture(workbench, CASE, "Inside")
    other.paint(Box(5, 6, 8, 10, 8, 10), np.ones((1, 2, 2), bool), INSIDE)
    other.finish()
    workbench.change_segment(replace(workbench.segments[INSIDE], locked=True))
    mask = workbench.annotation(CASE)
    hand = mask.provenance == Provenance.HAND
    labels = mask.labels.copy()
    assert do(workbench, operation) is not None
    np.testing.assert_array_equal(mask.labels[hand], labels[hand])
    workbench.undo()
    workbench.change_segment(replace(workbench.segments[WALL], locked=True))
    before = state(workbench)
    with pytest.raises(UsageError, match="locked"):
        do(workbench, operation)
    assert state(workbench) == before


@each
def test_stopped_it_leaves_no_trace(workbench: Workbench, operation: Operation) -> None:
    before, known = state(workbench), workbench.history.done

    def stop(done: int, total: int) -> None:
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        applying.apply(workbench, operation, CASE, segment=WALL, options=Options(), progress=stop)
    assert (state(workbench), workbench.history.done) == (before, known)


@each
def test_of_an_empty_mask_nothing_is_left(workbench: Workbench, operation: Operation) -> None:
    mask = workbench.annotation(CASE)
    snapshot = Snapshot(mask.grid, mask.labels, INSIDE)
    assert operation.run(snapshot, Options(), ignore) is None


def test_holes_are_filled_slice_by_slice_or_where_they_are_closed_on_all_sides(
    workbench: Workbench,
) -> None:
    filled = np.zeros(SHAPE, bool)
    filled[BOX.window] = True
    enclosed = do(workbench, FillHoles(), options=Options().changed(ENCLOSED, True))
    assert enclosed is not None and enclosed.changed == HOLE.size
    ring = workbench.annotation(CASE).labels.copy()
    assert (ring[BOX.window] == WALL).all() and not ring[IN_RING.window].any()
    each_slice = do(workbench, FillHoles())
    assert each_slice is not None and each_slice.changed == IN_RING.size
    assert (workbench.annotation(CASE).labels[RING.window] == WALL).all()
    # Once more there is nothing to change, and nothing is left behind.
    known = workbench.history.done
    assert do(workbench, FillHoles()) is None
    assert workbench.history.done == known


def test_a_right_slice_that_nobody_sees_becomes_partial(workbench: Workbench) -> None:
    say_right(workbench, CASE, 5)
    assert workbench.statuses(CASE)[5] is SliceStatus.CORRECTED
    do(workbench, FillHoles())
    assert workbench.statuses(CASE)[5] is SliceStatus.PARTIAL
