"""What Enter, M, X, Backspace and N say of slices."""

from __future__ import annotations

import numpy as np
import pytest

from segdesk.app.reviewing import (
    accept_in_bulk,
    dismiss,
    next_to_look_at,
    say_right,
    set_status,
)
from segdesk.app.tools.strokes import BrushStroke
from segdesk.app.workbench import Workbench
from segdesk.core.annotation import Provenance
from segdesk.core.prediction import Prediction
from segdesk.core.run import Run, plan_for
from segdesk.core.status import SliceStatus
from segdesk.errors import UsageError
from tests.projects import SHAPE, disc, voxels

CASE = "case-001"


def predict(workbench: Workbench, run: str = "run-001") -> np.ndarray:
    """Give the case a prediction: the disc on every slice."""
    labels = disc(voxels())
    workbench.put_run(Run(run, plan_for(), started=1.0, best=1, outcome="finished"))
    probability = np.full(SHAPE, 200, np.uint8)
    workbench.folder.write_prediction(Prediction(run, CASE, labels, probability))
    workbench.add_prediction(run, CASE)
    return labels


def paint(workbench: Workbench, index: int, value: int) -> None:
    BrushStroke(
        workbench, CASE, index, (10.0, 14.0), value=value, radius_mm=3.0, pixel_mm=(2.0, 1.0)
    ).release()


def test_enter_takes_the_prediction_and_makes_the_slice_corrected(workbench: Workbench) -> None:
    labels = predict(workbench)
    edit = say_right(workbench, CASE, 1)
    annotation = workbench.annotation(CASE)
    assert edit is not None and edit.name == "Accept prediction"
    assert np.array_equal(annotation.labels[1], labels[1])
    assert annotation.status(1) is SliceStatus.CORRECTED
    assert (annotation.provenance[1][labels[1] > 0] == Provenance.PREDICTION).all()


def test_enter_never_overwrites_a_voxel_that_a_hand_has_set(workbench: Workbench) -> None:
    labels = predict(workbench)
    paint(workbench, 1, 0)
    erased = workbench.annotation(CASE).provenance[1] == Provenance.HAND
    assert (labels[1][erased] == 1).any()
    say_right(workbench, CASE, 1)
    now = workbench.annotation(CASE).labels[1]
    assert not now[erased].any()
    assert np.array_equal(now[~erased], labels[1][~erased])


def test_enter_without_a_prediction_says_the_slice_is_right(workbench: Workbench) -> None:
    paint(workbench, 1, 1)
    before = workbench.annotation(CASE).labels[1].copy()
    say_right(workbench, CASE, 1)
    assert workbench.annotation(CASE).status(1) is SliceStatus.CORRECTED
    assert np.array_equal(workbench.annotation(CASE).labels[1], before)
    assert say_right(workbench, CASE, 1) is None


def test_enter_on_a_verified_slice_does_not_take_the_second_look_back(
    workbench: Workbench,
) -> None:
    set_status(workbench, CASE, 1, SliceStatus.VERIFIED)
    assert say_right(workbench, CASE, 1) is None
    assert workbench.annotation(CASE).status(1) is SliceStatus.VERIFIED


def test_a_dismissed_prediction_is_not_taken_until_undo_brings_it_back(
    workbench: Workbench,
) -> None:
    labels = predict(workbench)
    dismiss(workbench, CASE, 1)
    with pytest.raises(UsageError, match="dismissed already"):
        dismiss(workbench, CASE, 1)
    say_right(workbench, CASE, 1)
    assert not workbench.annotation(CASE).labels[1].any()
    workbench.undo()
    workbench.undo()
    say_right(workbench, CASE, 1)
    assert np.array_equal(workbench.annotation(CASE).labels[1], labels[1])


def test_bulk_acceptance_leaves_right_rejected_and_hand_alone(workbench: Workbench) -> None:
    labels = predict(workbench)
    set_status(workbench, CASE, 0, SliceStatus.REJECTED)
    set_status(workbench, CASE, 1, SliceStatus.VERIFIED)
    paint(workbench, 2, 0)
    edit = accept_in_bulk(workbench, CASE)
    annotation = workbench.annotation(CASE)
    assert edit is not None
    assert annotation.statuses == (
        SliceStatus.REJECTED,
        SliceStatus.VERIFIED,
        SliceStatus.PARTIAL,
        SliceStatus.PREDICTED,
        SliceStatus.PREDICTED,
    )
    assert not annotation.labels[:2].any()
    assert np.array_equal(annotation.labels[3:], labels[3:])
    hand = annotation.provenance[2] == Provenance.HAND
    assert not annotation.labels[2][hand].any()
    workbench.undo()
    assert not annotation.labels.any()
    assert annotation.status(3) is SliceStatus.UNLABELLED


def test_verified_and_rejected_are_taken_back_by_the_same_key(workbench: Workbench) -> None:
    set_status(workbench, CASE, 0, SliceStatus.VERIFIED)
    set_status(workbench, CASE, 0, SliceStatus.VERIFIED)
    assert workbench.annotation(CASE).status(0) is SliceStatus.UNLABELLED
    say_right(workbench, CASE, 2)
    set_status(workbench, CASE, 2, SliceStatus.REJECTED)
    set_status(workbench, CASE, 2, SliceStatus.REJECTED)
    assert workbench.annotation(CASE).status(2) is SliceStatus.CORRECTED
    set_status(workbench, CASE, 1, SliceStatus.REJECTED)
    set_status(workbench, CASE, 1, SliceStatus.REJECTED)
    assert workbench.annotation(CASE).status(1) is SliceStatus.UNLABELLED


def test_next_goes_round_the_slices_that_need_a_look(workbench: Workbench) -> None:
    assert next_to_look_at(workbench, CASE, 0) is None
    paint(workbench, 3, 1)
    assert next_to_look_at(workbench, CASE, 0) == 3
    assert next_to_look_at(workbench, CASE, 3) == 3
    predict(workbench)
    say_right(workbench, CASE, 4)
    assert next_to_look_at(workbench, CASE, 3) == 0
    assert next_to_look_at(workbench, CASE, 0, step=-1) == 3


def test_without_a_history_a_rejected_slice_goes_back_to_what_its_voxels_say(
    workbench: Workbench,
) -> None:
    predict(workbench)
    accept_in_bulk(workbench, CASE, [0])
    paint(workbench, 1, 1)
    for index, expected in ((0, "predicted"), (1, "partial"), (2, "unlabelled")):
        set_status(workbench, CASE, index, SliceStatus.REJECTED)
        workbench.history.clear()
        set_status(workbench, CASE, index, SliceStatus.REJECTED)
        assert workbench.annotation(CASE).status(index).word == expected
