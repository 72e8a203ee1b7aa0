"""What is being drawn becomes an Edit before another one comes, or neither could be replayed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.files.label_maps import take_label_map
from segdesk.app.labelling.accepting import START, accept_in_bulk, start_edit
from segdesk.app.labelling.editing import Gesture
from segdesk.app.labelling.removing_segments import remove_segment
from segdesk.app.labelling.reviewing import say_right, set_status, take_prediction
from segdesk.app.labelling.tools.brush import BrushStroke
from segdesk.app.project.packing import prepare
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation
from segdesk.core.box import Box
from segdesk.core.edit import Edit, Patch, Planes
from segdesk.core.prediction import Prediction
from segdesk.core.run import Run, plan_for
from segdesk.core.status import SliceStatus
from segdesk.formats.labels import LabelMap
from tests.projects import begin_brush, disc, make_project, stroke, voxels

CASE = "case-001"


def _in_progress(workbench: Workbench) -> BrushStroke:
    return begin_brush(workbench, CASE, 2, (10.0, 6.0), value=1, radius_mm=3.0)


def _predict(workbench: Workbench, value: int = 1) -> None:
    labels = np.full(workbench.project.case(CASE).grid.shape, value, np.uint8)
    workbench.put_run(Run("run-001", plan_for(), started=1.0, best=1, outcome="finished"))
    workbench.folder.runs.write_prediction(Prediction("run-001", CASE, labels, labels))
    workbench.add_prediction("run-001", CASE)


def _begin_only(workbench: Workbench) -> None:
    """A gesture that has started from the prediction and drawn nothing yet."""
    Gesture(
        workbench, CASE, "Fill", on_screen=(2,), start=lambda: start_edit(workbench, CASE, 2)
    ).begin()


def _names(edits: Iterable[Edit]) -> list[str]:
    return [edit.name for edit in edits]


@pytest.mark.parametrize(
    "act",
    [
        lambda workbench: say_right(workbench, CASE, 2),
        lambda workbench: set_status(workbench, CASE, 2, SliceStatus.VERIFIED),
        lambda workbench: take_prediction(workbench, CASE, 2),
        lambda workbench: accept_in_bulk(workbench, CASE),
        lambda workbench: take_label_map(workbench, CASE, LabelMap(disc(voxels()))),
        lambda workbench: remove_segment(workbench, 2),
        prepare,
        Workbench.in_memory,
        Workbench.take_unsaved,
    ],
    ids=["right", "verify", "take", "accept", "labels", "segment", "pack", "copy", "save"],
)
def test_a_stroke_in_progress_is_an_edit_before_anything_looks_at_the_mask(
    workbench: Workbench, act: Callable[[Workbench], object]
) -> None:
    workbench.add_segment("Other")
    stroke(workbench, 0, value=2)
    _predict(workbench)
    known = len(workbench.history.done)
    _in_progress(workbench)
    seen: list[list[str]] = []
    with pytest.MonkeyPatch.context() as patch:
        real = Workbench.annotation

        def looking(bench: Workbench, case: str) -> Annotation:
            seen.append(_names(bench.history.done[known:]))
            return real(bench, case)

        patch.setattr(Workbench, "annotation", looking)
        act(workbench)
    assert _names(workbench.history.done[known:])[0] == "Brush"
    assert all(names for names in seen[2:])


def test_an_undo_takes_back_the_stroke_in_progress(workbench: Workbench) -> None:
    stroke(workbench, 1)
    _in_progress(workbench)
    workbench.undo()
    labels = workbench.annotation(CASE).labels
    assert labels[1].any() and not labels[2].any()


def test_a_redo_does_nothing_over_a_stroke_in_progress(workbench: Workbench) -> None:
    stroke(workbench, 1)
    workbench.undo()
    _in_progress(workbench)
    assert workbench.redo() is None


def test_a_gesture_that_begins_over_a_stroke_in_progress_comes_after_it(
    workbench: Workbench,
) -> None:
    known = len(workbench.history.done)
    first = _in_progress(workbench)
    second = begin_brush(workbench, CASE, 3, (12.0, 9.0), value=1, radius_mm=3.0)
    assert [edit.slices for edit in workbench.history.done[known:]] == [(2,)]
    second.release()
    assert first.release() is None
    assert [edit.slices for edit in workbench.history.done[known:]] == [(2,), (3,)]


def test_a_stroke_starts_from_the_prediction_that_a_gesture_before_it_did_not_use(
    workbench: Workbench,
) -> None:
    _predict(workbench)
    known = len(workbench.history.done)
    _begin_only(workbench)
    begin_brush(
        workbench,
        CASE,
        2,
        (10.0, 6.0),
        value=0,
        radius_mm=3.0,
        start=lambda: start_edit(workbench, CASE, 2),
    ).release()
    assert _names(workbench.history.done[known:]) == [START, "Erase"]


def test_a_segment_is_removed_though_a_gesture_shows_it_and_has_drawn_nothing(
    workbench: Workbench,
) -> None:
    workbench.add_segment("Other")
    _predict(workbench, 2)
    _begin_only(workbench)
    assert workbench.annotation(CASE).labels[2].all()
    assert remove_segment(workbench, 2) == ()
    assert not workbench.annotation(CASE).labels.any()


def test_an_edit_that_comes_over_a_stroke_in_progress_is_replayed_after_it(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    mask = workbench.annotation(CASE)
    unfinished = _in_progress(workbench)
    box = Box(2, 3, 8, 13, 3, 9)
    before, touched = mask.labels[box.window].copy(), mask.provenance[box.window].copy()
    assert before.any()
    planes = Planes(before, np.zeros_like(before), touched, np.full_like(touched, 3))
    workbench.do(Edit("Erase", CASE, patches=(Patch.of(box, planes),)))
    unfinished.release()
    labels = mask.labels.copy()
    path = workbench.folder.path
    workbench.close()
    again = Workbench.open(path)
    assert np.array_equal(again.annotation(CASE).labels, labels)
    assert not list(path.glob("left-out*"))
    again.close()
