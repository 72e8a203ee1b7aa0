"""Strokes, their rules, and what undo takes back."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segdesk.app.labelling.editing import Gesture, PaintRules, propose
from segdesk.app.labelling.reviewing import say_right, set_status
from segdesk.app.labelling.slate import Slate
from segdesk.app.labelling.tools.fill import fill_at
from segdesk.app.labelling.tools.lasso import LassoStroke
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation, Provenance
from segdesk.core.box import Box
from segdesk.core.edit import Edit
from segdesk.core.grid import Grid
from segdesk.core.plane import Plane
from segdesk.core.status import SliceStatus
from segdesk.errors import UsageError
from tests.examples import examples
from tests.projects import begin_brush, make_project

CASE = "case-001"


def brush(workbench: Workbench, index: int = 2, value: int = 1, at: tuple = (10.0, 12.0)):
    return begin_brush(workbench, CASE, index, at, value=value, radius_mm=4.0)


def slate(workbench: Workbench, index: int) -> Slate:
    return Slate(workbench, CASE, Plane(0, index), "Draw")


def state(workbench: Workbench):
    annotation = workbench.annotation(CASE)
    return annotation.labels.copy(), annotation.provenance.copy(), annotation.statuses


def same(first, second) -> bool:
    return (
        np.array_equal(first[0], second[0])
        and np.array_equal(first[1], second[1])
        and first[2] == second[2]
    )


def test_a_brush_paints_a_circle_in_millimetres(workbench: Workbench) -> None:
    brush(workbench).release()
    rows, columns = np.nonzero(workbench.annotation(CASE).labels[2])
    expected = {
        (row, column)
        for row in range(24)
        for column in range(32)
        if np.hypot((row - 10) * 2.0, (column - 12) * 1.0) <= 4.0
    }
    assert set(zip(rows.tolist(), columns.tolist(), strict=True)) == expected


def test_a_stroke_is_one_edit_and_makes_the_slice_partial(workbench: Workbench) -> None:
    before = len(workbench.history.done)
    stroke = brush(workbench)
    for column in range(12, 25, 3):
        stroke.move((10.0, float(column)))
    stroke.release()
    assert len(workbench.history.done) == before + 1
    assert workbench.annotation(CASE).status(2) is SliceStatus.PARTIAL
    assert (workbench.annotation(CASE).provenance[2] == Provenance.HAND).any()


def test_a_stroke_is_packed_at_its_release_and_not_at_its_moves(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed: list[int] = []
    compress = zlib.compress

    def counting(content: bytes, level: int) -> bytes:
        packed.append(len(content))
        return compress(content, level)

    monkeypatch.setattr("segdesk.core.edit.zlib.compress", counting)
    drawn = brush(workbench)
    for column in range(12, 20):
        drawn.move((10.0, float(column)))
    assert not packed
    edit = drawn.release()
    assert edit is not None
    assert len(packed) == len(edit.patches) == 1
    assert edit.patches[0].packed


def test_a_fast_move_leaves_no_gap(workbench: Workbench) -> None:
    stroke = brush(workbench, at=(10.0, 3.0))
    stroke.move((10.0, 28.0))
    stroke.release()
    assert workbench.annotation(CASE).labels[2, 10, 3:29].all()


def test_undo_and_redo_restore_labels_provenance_and_status(workbench: Workbench) -> None:
    empty = state(workbench)
    brush(workbench).release()
    painted = state(workbench)
    assert workbench.undo() is not None
    assert same(state(workbench), empty)
    assert workbench.redo() is not None
    assert same(state(workbench), painted)


def test_esc_takes_a_stroke_back_without_a_trace(workbench: Workbench) -> None:
    before, history = state(workbench), workbench.history.done
    stroke = brush(workbench)
    stroke.move((14.0, 20.0))
    stroke.cancel()
    assert same(state(workbench), before)
    assert workbench.history.done == history


def test_a_stroke_that_changes_nothing_leaves_nothing_behind(workbench: Workbench) -> None:
    brush(workbench).release()
    history = workbench.history.done
    assert brush(workbench).release() is None
    assert workbench.history.done == history


def test_erasing_background_by_hand_teaches_background(workbench: Workbench) -> None:
    brush(workbench, value=0).release()
    annotation = workbench.annotation(CASE)
    assert not annotation.labels.any()
    assert (annotation.provenance[2] == Provenance.HAND).any()
    assert annotation.status(2) is SliceStatus.PARTIAL


def test_a_locked_segment_is_neither_painted_with_nor_painted_over(workbench: Workbench) -> None:
    brush(workbench).release()
    workbench.change_segment(replace(workbench.segments[1], locked=True))
    other = workbench.add_segment("Other")
    labels = workbench.annotation(CASE).labels.copy()
    brush(workbench, value=other.number, at=(10.0, 15.0)).release()
    now = workbench.annotation(CASE).labels
    assert (now[labels == 1] == 1).all()
    assert (now == other.number).any()
    with pytest.raises(UsageError, match="locked"):
        brush(workbench, value=1)


def test_undo_is_not_clipped_by_a_lock_that_came_later(workbench: Workbench) -> None:
    empty = state(workbench)
    brush(workbench).release()
    workbench.change_segment(replace(workbench.segments[1], locked=True))
    workbench.undo()
    workbench.undo()
    assert same(state(workbench), empty)


def test_a_stroke_on_a_verified_slice_makes_it_corrected(workbench: Workbench) -> None:
    say_right(workbench, CASE, 2)
    set_status(workbench, CASE, 2, SliceStatus.VERIFIED)
    brush(workbench).release()
    assert workbench.annotation(CASE).status(2) is SliceStatus.CORRECTED


def test_a_rejected_slice_stays_rejected(workbench: Workbench) -> None:
    set_status(workbench, CASE, 2, SliceStatus.REJECTED)
    brush(workbench).release()
    assert workbench.annotation(CASE).status(2) is SliceStatus.REJECTED


def test_a_change_off_screen_makes_a_corrected_slice_partial(workbench: Workbench) -> None:
    say_right(workbench, CASE, 3)
    gesture = Gesture(workbench, CASE, "Ball", on_screen=(2,))
    box = Box(3, 4, 4, 6, 4, 6)
    gesture.paint(box, np.ones(box.shape, bool), 1, provenance=Provenance.TOOL)
    gesture.finish()
    assert workbench.annotation(CASE).status(3) is SliceStatus.PARTIAL


def test_the_lasso_fills_its_inside(workbench: Workbench) -> None:
    lasso = LassoStroke(slate(workbench, 1), (4.0, 4.0), value=1)
    for point in ((4.0, 20.0), (18.0, 20.0), (18.0, 4.0)):
        lasso.move(point)
    lasso.release()
    labels = workbench.annotation(CASE).labels[1]
    assert labels[5:18, 5:20].all()
    assert not labels[:4].any() and not labels[:, 21:].any()


def test_fill_closes_a_ring_and_refuses_open_background(workbench: Workbench) -> None:
    gesture = Gesture(workbench, CASE, "Ring")
    ring = np.ones((8, 8), bool)
    ring[1:-1, 1:-1] = False
    gesture.paint(Box(0, 1, 4, 12, 4, 12), ring[None], 1)
    gesture.finish()
    fill_at(slate(workbench, 0), (7.0, 7.0), value=1)
    assert workbench.annotation(CASE).labels[0, 4:12, 4:12].all()
    with pytest.raises(UsageError, match="open to the edge"):
        fill_at(slate(workbench, 0), (0.0, 0.0), value=1)


PLANE = (6, 7)


@given(
    labels=st.lists(st.integers(0, 3), min_size=42, max_size=42),
    provenance=st.lists(st.integers(0, 3), min_size=42, max_size=42),
    mask=st.lists(st.booleans(), min_size=42, max_size=42),
    value=st.integers(0, 3),
    locked=st.frozensets(st.integers(1, 3), max_size=2),
    stored=st.none() | st.tuples(st.integers(-50, 0), st.integers(0, 50)),
    inverted=st.booleans(),
    over_hand=st.booleans(),
)
@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_propose_changes_exactly_the_voxels_that_the_rules_allow(
    labels, provenance, mask, value, locked, stored, inverted, over_hand
) -> None:
    before = np.array(labels, np.uint8).reshape(1, *PLANE)
    touched = np.array(provenance, np.uint8).reshape(1, *PLANE)
    scan = np.arange(-21, 21, dtype=np.int16).reshape(1, *PLANE)
    annotation = Annotation(Grid((1, *PLANE)), labels=before.copy(), provenance=touched.copy())
    box = Box(0, 1, 0, PLANE[0], 0, PLANE[1])
    rules = PaintRules(locked, stored, inverted, over_hand)
    wanted = np.array(mask).reshape(1, *PLANE)
    patches = propose(annotation, box, wanted, value, Provenance.TOOL, rules, scan)
    annotation.apply(Edit("x", CASE, patches=patches))

    def allowed(row: int, column: int) -> bool:
        label, by = before[0, row, column], touched[0, row, column]
        if not wanted[0, row, column] or label in locked:
            return False
        if stored is not None:
            inside = stored[0] <= scan[0, row, column] <= stored[1]
            if inside == inverted:
                return False
        return over_hand or by != Provenance.HAND

    for row in range(PLANE[0]):
        for column in range(PLANE[1]):
            painted = allowed(row, column)
            expected = (value, 2) if painted else (before[0, row, column], touched[0, row, column])
            now = annotation.labels[0, row, column], annotation.provenance[0, row, column]
            assert now == expected


@given(st.data())
@settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_strokes_undone_to_the_start_equal_the_start(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    workbench = make_project(tmp_path_factory.mktemp("strokes"))
    try:
        start, depth = state(workbench), len(workbench.history.done)
        point = st.tuples(st.floats(-3, 27), st.floats(-3, 35))
        for _ in range(data.draw(st.integers(1, 8))):
            index, value = data.draw(st.integers(0, 4)), data.draw(st.integers(0, 1))
            stroke = brush(workbench, index, value, data.draw(point))
            for at in data.draw(st.lists(point, max_size=3)):
                stroke.move(at)
            stroke.release()
        end = state(workbench)
        undone = 0
        while len(workbench.history.done) > depth:
            workbench.undo()
            undone += 1
        assert same(state(workbench), start)
        for _ in range(undone):
            workbench.redo()
        assert same(state(workbench), end)
    finally:
        workbench.close()
