"""What Enter, Ctrl+Enter, M, X, Backspace and N say of slices, and acceptance in bulk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segdesk.app.labelling import accepting
from segdesk.app.labelling.accepting import accept_in_bulk
from segdesk.app.labelling.reviewing import (
    dismiss,
    next_to_look_at,
    say_right,
    set_status,
    take_prediction,
)
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Provenance
from segdesk.core.prediction import Prediction
from segdesk.core.run import Run, plan_for
from segdesk.core.status import SliceStatus
from segdesk.errors import UsageError
from tests.judging import judge
from tests.projects import SHAPE, begin_brush, disc, voxels

CASE = "case-001"


def predict(
    workbench: Workbench, run: str = "run-001", labels: np.ndarray | None = None
) -> np.ndarray:
    """Give the case a prediction: the disc on every slice where no labels are given."""
    labels = disc(voxels()) if labels is None else labels
    workbench.put_run(Run(run, plan_for(), started=1.0, best=1, outcome="finished"))
    probability = np.full(SHAPE, 200, np.uint8)
    workbench.folder.runs.write_prediction(Prediction(run, CASE, labels, probability))
    workbench.add_prediction(run, CASE)
    return labels


def paint(workbench: Workbench, index: int, value: int) -> None:
    begin_brush(workbench, CASE, index, (10.0, 14.0), value=value, radius_mm=3.0).release()


def test_enter_takes_the_prediction_and_makes_the_slice_corrected(workbench: Workbench) -> None:
    labels = predict(workbench)
    edit = say_right(workbench, CASE, 1)
    annotation = workbench.annotation(CASE)
    assert edit is not None and edit.name == "Take prediction"
    assert np.array_equal(annotation.labels[1], labels[1])
    assert annotation.status(1) is SliceStatus.CORRECTED
    assert (annotation.provenance[1][labels[1] > 0] == Provenance.PREDICTION).all()


def lock(workbench: Workbench, number: int = 1) -> None:
    workbench.change_segment(replace(workbench.segments[number], locked=True))


def status(workbench: Workbench, index: int) -> SliceStatus:
    return workbench.annotation(CASE).status(index)


@pytest.mark.parametrize("value", [1, 0])
def test_enter_adds_nothing_to_a_slice_that_a_hand_has_touched(
    workbench: Workbench, value: int
) -> None:
    labels = predict(workbench)
    paint(workbench, 1, value)
    before = workbench.annotation(CASE).labels[1].copy()
    assert (before != labels[1]).any()
    edit = say_right(workbench, CASE, 1)
    assert edit is not None and edit.patches == ()
    assert np.array_equal(workbench.annotation(CASE).labels[1], before)
    assert status(workbench, 1) is SliceStatus.CORRECTED


def test_enter_confirms_what_was_taken_in_bulk_not_what_a_newer_run_says(
    workbench: Workbench,
) -> None:
    labels = predict(workbench)
    accept_in_bulk(workbench, CASE)
    predict(workbench, "run-002", np.ones(SHAPE, np.uint8))
    say_right(workbench, CASE, 1)
    assert np.array_equal(workbench.annotation(CASE).labels[1], labels[1])
    assert status(workbench, 1) is SliceStatus.CORRECTED


def test_what_only_the_prediction_has_is_counted_for_each_segment(workbench: Workbench) -> None:
    workbench.add_segment("Table")
    labels = disc(voxels())
    labels[1, 22:, :5] = 2
    predict(workbench, labels=labels)
    paint(workbench, 1, 1)
    say_right(workbench, CASE, 1)
    found = accepting.taking(workbench, CASE, 1)
    mask = workbench.annotation(CASE).labels[1]
    assert found is not None
    assert dict(found.gained) == {
        1: np.count_nonzero((labels[1] == 1) & (mask != 1)),
        2: 10,
    }


@pytest.mark.parametrize("said_before", [False, True])
def test_ctrl_enter_takes_the_prediction_where_no_hand_has_drawn(
    workbench: Workbench, said_before: bool
) -> None:
    labels = predict(workbench)
    paint(workbench, 1, 0)
    erased = workbench.annotation(CASE).provenance[1] == Provenance.HAND
    assert (labels[1][erased] == 1).any()
    if said_before:
        say_right(workbench, CASE, 1)
    edit = take_prediction(workbench, CASE, 1)
    assert edit is not None and edit.name == "Take prediction"
    now = workbench.annotation(CASE).labels[1]
    assert not now[erased].any()
    assert np.array_equal(now[~erased], labels[1][~erased])
    assert status(workbench, 1) is SliceStatus.CORRECTED
    assert take_prediction(workbench, CASE, 1) is None


@pytest.mark.parametrize(
    ("touched", "before", "enter_takes"),
    [
        (False, SliceStatus.UNLABELLED, True),
        (False, SliceStatus.PREDICTED, True),
        (False, SliceStatus.REJECTED, True),
        # Somebody has said that nothing is there.
        (False, SliceStatus.CORRECTED, False),
        (False, SliceStatus.VERIFIED, False),
        (True, SliceStatus.PREDICTED, False),
        (True, SliceStatus.PARTIAL, False),
        (True, SliceStatus.CORRECTED, False),
        (True, SliceStatus.VERIFIED, False),
        (True, SliceStatus.REJECTED, False),
    ],
)
def test_what_enter_and_ctrl_enter_take_on_a_slice_of_each_status(
    workbench: Workbench, touched: bool, before: SliceStatus, enter_takes: bool
) -> None:
    labels = predict(workbench)
    if touched:
        # Background alone: what a hand has rubbed out is no untouched slice.
        paint(workbench, 1, 0)
    judge(workbench, CASE, {1: before})
    hand = workbench.annotation(CASE).provenance[1] == Provenance.HAND
    say_right(workbench, CASE, 1)
    assert workbench.annotation(CASE).labels[1].any() == enter_takes
    verified = SliceStatus.VERIFIED
    assert status(workbench, 1) is (verified if before is verified else SliceStatus.CORRECTED)
    take_prediction(workbench, CASE, 1)
    expected = np.where(hand, 0, labels[1])
    assert np.array_equal(workbench.annotation(CASE).labels[1], expected)
    assert status(workbench, 1) is SliceStatus.CORRECTED


def test_ctrl_enter_on_a_verified_slice_makes_it_corrected_only_where_it_changes_it(
    workbench: Workbench,
) -> None:
    labels = predict(workbench)
    say_right(workbench, CASE, 1)
    set_status(workbench, CASE, 1, SliceStatus.VERIFIED)
    assert take_prediction(workbench, CASE, 1) is None
    assert status(workbench, 1) is SliceStatus.VERIFIED
    predict(workbench, "run-002", np.ones(SHAPE, np.uint8))
    take_prediction(workbench, CASE, 1)
    assert status(workbench, 1) is SliceStatus.CORRECTED
    assert workbench.annotation(CASE).labels[1].sum() > labels[1].sum()


def test_ctrl_enter_without_a_prediction_or_with_a_dismissed_one_is_refused(
    workbench: Workbench,
) -> None:
    with pytest.raises(UsageError, match="no prediction"):
        take_prediction(workbench, CASE, 1)
    predict(workbench)
    dismiss(workbench, CASE, 1)
    with pytest.raises(UsageError, match="is dismissed"):
        take_prediction(workbench, CASE, 1)
    assert status(workbench, 1) is SliceStatus.UNLABELLED


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("deed", [say_right, take_prediction])
def test_a_locked_or_hidden_segment_refuses_what_it_would_leave_out(
    workbench: Workbench, deed, hidden: bool
) -> None:
    labels = predict(workbench)
    if hidden:
        workbench.show_segment(1, False)
    else:
        lock(workbench)
    word, way = ("hidden", "Show it") if hidden else ("locked", "Unlock it")
    voxels_out = f"{np.count_nonzero(labels[1]):,} voxels"
    with pytest.raises(
        UsageError, match=f"'Disc' is {word}, so {voxels_out}.*{way}.*dismiss the prediction"
    ):
        deed(workbench, CASE, 1)
    assert status(workbench, 1) is SliceStatus.UNLABELLED
    assert not workbench.annotation(CASE).labels.any()
    # The way out that the sentence names.
    dismiss(workbench, CASE, 1)
    say_right(workbench, CASE, 1)
    assert status(workbench, 1) is SliceStatus.CORRECTED


def test_a_lock_that_only_keeps_what_is_there_refuses_nothing(workbench: Workbench) -> None:
    workbench.add_segment("Table")
    paint(workbench, 1, 1)
    labels = np.zeros(SHAPE, np.uint8)
    labels[1, :2] = 2
    predict(workbench, labels=labels)
    lock(workbench)
    before = workbench.annotation(CASE).labels[1] == 1
    take_prediction(workbench, CASE, 1)
    now = workbench.annotation(CASE).labels[1]
    assert np.array_equal(now == 1, before)
    assert (now[:2] == 2).all()


def test_bulk_acceptance_that_a_lock_would_keep_from_anything_is_refused_as_a_whole(
    workbench: Workbench,
) -> None:
    workbench.add_segment("Table")
    labels = disc(voxels())
    labels[2:, 22:, :5] = 2
    predict(workbench, labels=labels)
    lock(workbench)
    with pytest.raises(UsageError, match=r"'Disc' is locked.*menu Case"):
        accept_in_bulk(workbench, CASE)
    assert set(workbench.annotation(CASE).statuses) == {SliceStatus.UNLABELLED}
    taken = accept_in_bulk(workbench, CASE, without_closed=True)
    assert (taken.slices, taken.voxels) == (3, 30)
    assert taken.kept_out == ((1, np.count_nonzero(labels == 1)),)
    assert taken.agreed == 2
    assert not (workbench.annotation(CASE).labels == 1).any()
    assert [s.word for s in workbench.annotation(CASE).statuses] == [
        "unlabelled",
        "unlabelled",
        "predicted",
        "predicted",
        "predicted",
    ]


def test_bulk_acceptance_counts_what_it_took_and_what_it_left_out(workbench: Workbench) -> None:
    labels = disc(voxels())
    labels[4] = 0
    predict(workbench, labels=labels)
    set_status(workbench, CASE, 0, SliceStatus.REJECTED)
    set_status(workbench, CASE, 1, SliceStatus.VERIFIED)
    paint(workbench, 2, 0)
    hand = workbench.annotation(CASE).provenance[2] == Provenance.HAND
    taken = accept_in_bulk(workbench, CASE)
    expected = np.count_nonzero(labels[2][~hand]) + np.count_nonzero(labels[3])
    assert (taken.slices, taken.voxels, taken.cleared) == (2, expected, 0)
    assert taken.ml == pytest.approx(expected * 5.0 * 2.0 * 1.0 / 1000)
    assert taken.by_hand == np.count_nonzero(labels[2][hand])
    assert (taken.right, taken.rejected, taken.dismissed, taken.empty) == (1, 1, 0, 1)
    # Nothing was taken there, so nothing says that a prediction was.
    assert status(workbench, 4) is SliceStatus.UNLABELLED
    again = accept_in_bulk(workbench, CASE)
    assert again.edit is None
    assert (again.slices, again.agreed) == (0, 2)


def test_a_removed_segment_comes_back_with_no_prediction(workbench: Workbench) -> None:
    labels = disc(voxels())
    labels[1, 22:, :5] = 9
    predict(workbench, labels=labels)
    say_right(workbench, CASE, 1)
    assert set(np.unique(workbench.annotation(CASE).labels)) == {0, 1}


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
    assert accept_in_bulk(workbench, CASE).edit is not None
    annotation = workbench.annotation(CASE)
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


def test_a_verified_slice_goes_back_to_corrected(workbench: Workbench) -> None:
    paint(workbench, 0, 1)
    for _ in range(2):
        set_status(workbench, CASE, 0, SliceStatus.VERIFIED)
    assert status(workbench, 0) is SliceStatus.CORRECTED


def test_a_rejected_slice_never_goes_back_to_a_status_that_was_withdrawn(
    workbench: Workbench,
) -> None:
    paint(workbench, 2, 1)
    say_right(workbench, CASE, 2)
    set_status(workbench, CASE, 2, SliceStatus.VERIFIED)
    for _ in range(2):
        set_status(workbench, CASE, 2, SliceStatus.REJECTED)
    assert status(workbench, 2) is SliceStatus.PARTIAL
    for _ in range(2):
        set_status(workbench, CASE, 1, SliceStatus.REJECTED)
    assert status(workbench, 1) is SliceStatus.UNLABELLED


def test_next_goes_round_the_slices_that_need_a_look(workbench: Workbench) -> None:
    assert next_to_look_at(workbench, CASE, 0) is None
    paint(workbench, 3, 1)
    assert next_to_look_at(workbench, CASE, 0) == 3
    assert next_to_look_at(workbench, CASE, 3) == 3
    predict(workbench)
    say_right(workbench, CASE, 4)
    assert next_to_look_at(workbench, CASE, 3) == 0
    assert next_to_look_at(workbench, CASE, 0, step=-1) == 3


def test_a_rejected_slice_goes_back_to_what_its_voxels_say(
    workbench: Workbench,
) -> None:
    predict(workbench)
    accept_in_bulk(workbench, CASE, [0])
    paint(workbench, 1, 1)
    for index, expected in ((0, "predicted"), (1, "partial"), (2, "unlabelled")):
        set_status(workbench, CASE, index, SliceStatus.REJECTED)
        set_status(workbench, CASE, index, SliceStatus.REJECTED)
        assert workbench.annotation(CASE).status(index).word == expected
