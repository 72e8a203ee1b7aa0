"""A ball, a stroke across 300 slices and their acceptance are one Edit each, and cost what they
touch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.labelling.accepting import accept_in_bulk
from segdesk.app.labelling.editing import Gesture
from segdesk.app.project.workbench import Workbench
from segdesk.core.box import Box
from segdesk.core.edit import VoxelCount
from segdesk.core.prediction import Prediction
from segdesk.core.status import SliceStatus
from tests.projects import add_case, begin_brush

CASE = "case-001"
SHAPE = (300, 40, 80)
#: As `tests.projects` writes scans: slice, row, column.
SPACING = np.array([5.0, 2.0, 1.0])

State = tuple[bytes, bytes, tuple[SliceStatus, ...]]


@pytest.fixture
def tall(tmp_path: Path) -> Iterator[Workbench]:
    workbench = Workbench.create(tmp_path / "tall.segdesk")
    add_case(workbench, scan=np.zeros(SHAPE, np.int16))
    workbench.add_segment("Lung")
    yield workbench
    workbench.close()


def state(workbench: Workbench) -> State:
    mask = workbench.annotation(CASE)
    return mask.labels.tobytes(), mask.provenance.tobytes(), mask.statuses


def reopened(workbench: Workbench) -> State:
    """As after a kill: what the folder alone says, with nothing saved."""
    again = Workbench.open(workbench.folder.path, writable=False)
    try:
        return state(again)
    finally:
        again.close()


def test_a_ball_of_20_mm_is_one_edit_and_its_undo_leaves_every_byte(tall: Workbench) -> None:
    begin_brush(tall, CASE, 17, (20.0, 60.0), value=1, radius_mm=6.0).release()
    before, known = state(tall), len(tall.history.done)
    places = np.indices(SHAPE).reshape(3, -1).T
    inside = np.linalg.norm((places - (16, 20, 63)) * SPACING, axis=1) <= 10.0
    ball = inside.reshape(SHAPE)
    box = Box(13, 20, 12, 30, 50, 76)
    emitted: list[tuple[Box, ...]] = []
    tall.labels_changed.connect(lambda _, boxes: emitted.append(boxes))
    gesture = Gesture(tall, CASE, "Ball", on_screen=(16,))
    assert gesture.paint(box, ball[box.window], 1)
    edit = gesture.finish()
    assert edit is not None
    assert [done.patches for done in tall.history.done[known:]] == [edit.patches]
    mask, old = tall.annotation(CASE).labels, np.frombuffer(before[0], np.uint8).reshape(SHAPE)
    np.testing.assert_array_equal(mask, np.where(ball, 1, old))
    gained = int(np.count_nonzero(ball & (old == 0)))
    assert edit.counts == (VoxelCount(0, 0, gained), VoxelCount(1, gained, 0))
    assert edit.changed == gained
    assert len(emitted) == 1
    # It lies in two tiles by slice and in two by column.
    assert len(edit.patches) == 4
    after = state(tall)
    assert reopened(tall) == after
    assert tall.undo() is not None
    assert state(tall) == before
    assert reopened(tall) == before
    assert tall.redo() is not None
    assert state(tall) == after


def test_a_stroke_across_300_slices_keeps_the_tiles_that_it_touches_and_no_slice(
    tall: Workbench,
) -> None:
    before = state(tall)
    gesture = Gesture(tall, CASE, "Brush", on_screen=())
    for row in range(3, 30, 3):
        box = Box(0, 300, row, row + 4, 70, 71)
        gesture.paint(box, np.ones(box.shape, bool), 1)
    tiles = -(-SHAPE[0] // 16)
    assert len(gesture._before) == tiles
    assert sum(2 * labels.nbytes for labels, _ in gesture._before.values()) == (
        2 * SHAPE[0] * 40 * 16
    )
    edit = gesture.finish()
    assert edit is not None
    assert len(edit.patches) == tiles
    assert edit.slices == tuple(range(300))
    assert reopened(tall) == state(tall)
    tall.undo()
    assert state(tall) == before


def test_esc_takes_a_stroke_across_back_byte_by_byte(tall: Workbench) -> None:
    begin_brush(tall, CASE, 5, (20.0, 60.0), value=1, radius_mm=6.0).release()
    before, history = state(tall), tall.history.done
    gesture = Gesture(tall, CASE, "Erase", on_screen=())
    box = Box(0, 300, 0, 40, 60, 61)
    gesture.paint(box, np.ones(box.shape, bool), 0)
    assert state(tall) != before
    gesture.cancel()
    assert state(tall) == before
    assert tall.history.done == history


def test_an_acceptance_of_300_slices_is_one_edit_with_a_patch_for_each_tile(
    tall: Workbench,
) -> None:
    begin_brush(tall, CASE, 7, (20.0, 60.0), value=1, radius_mm=6.0).release()
    labels = np.zeros(SHAPE, np.uint8)
    labels[:, 10:30, 50:70] = 1
    labels[44] = 0
    run = "run-001"
    tall.folder.runs.paths(run)
    tall.folder.runs.write_prediction(Prediction(run, CASE, labels, np.full_like(labels, 200)))
    tall.add_prediction(run, CASE)
    before, known = state(tall), len(tall.history.done)
    emitted: list[tuple[Box, ...]] = []
    tall.labels_changed.connect(lambda _, boxes: emitted.append(boxes))
    taken = accept_in_bulk(tall, CASE)
    assert taken.edit is not None
    assert (len(tall.history.done), len(emitted)) == (known + 1, 1)
    assert taken.slices == 299
    assert len(taken.edit.patches) == 2 * -(-SHAPE[0] // 16)
    after = state(tall)
    assert taken.edit.changed == np.count_nonzero(
        np.frombuffer(before[0], np.uint8) != np.frombuffer(after[0], np.uint8)
    )
    loaded = tall.loaded(CASE)
    assert loaded.counts.voxels(1) == np.count_nonzero(loaded.annotation.labels == 1)
    assert reopened(tall) == after
    tall.undo()
    assert state(tall) == before
    assert loaded.counts.voxels(1) == np.count_nonzero(loaded.annotation.labels == 1)
