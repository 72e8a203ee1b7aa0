"""The rule by which one run follows another, and whose prediction is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segdesk.core.case import Case, Source
from segdesk.core.grid import Grid
from segdesk.core.project import Project
from segdesk.core.run import Run, plan_for
from segdesk.core.run_in_use import Comparison, RunInUse, after_training

FIRST = RunInUse("run-001", "because")
GOOD = Run("run-001", plan_for(), 0.0, outcome="finished", best=3)
BAD = replace(GOOD, id="run-002", nothing_learnt="Nothing was learnt: its Dice is 0.")
BETTER = replace(GOOD, id="run-003")


def compared(mine: float | None, theirs: float | None, **fields: object) -> RunInUse:
    found = Comparison("run-002", mine, 5, other="run-001", other_dice=theirs)
    return after_training(FIRST, replace(found, **fields))


@pytest.mark.parametrize(
    ("mine", "theirs", "chosen"),
    [(0.8, 0.7, "run-002"), (0.7, 0.7, "run-002"), (0.69, 0.7, "run-001"), (0.0, 0.7, "run-001")],
)
def test_the_better_one_on_the_same_slices_is_used_and_a_tie_goes_to_the_newer(
    mine: float, theirs: float, chosen: str
) -> None:
    found = compared(mine, theirs)
    assert found.run == chosen
    assert dict(found.figures) == {"run-001": theirs, "run-002": mine} and found.slices == 5
    assert f"{mine:.3f}" in found.reason and f"{theirs:.3f}" in found.reason


@pytest.mark.parametrize(
    ("mine", "theirs", "reason"),
    [
        (
            0.976,
            0.976,
            "Dice 0.976 on 5 validation slices, as run-001; of two that are equal the newer is "
            "used.",
        ),
        (0.97621, 0.97612, "Dice 0.9762 on 5 validation slices; run-001 has 0.9761."),
        (0.9761, 0.9764, "Dice 0.9764 on 5 validation slices; run-002 has 0.9761."),
    ],
)
def test_the_reason_is_never_two_figures_that_look_the_same(
    mine: float, theirs: float, reason: str
) -> None:
    assert compared(mine, theirs).reason == reason


def test_the_first_that_learns_is_used() -> None:
    found = after_training(RunInUse(), Comparison("run-001", 0.4, 1))
    assert found.run == "run-001"
    assert found.reason == "It is the first that learnt: Dice 0.400 on 1 validation slice."


def test_without_a_validation_slice_the_newest_is_used() -> None:
    assert compared(None, None, slices=0).run == "run-002"
    assert "No slice validates yet" in compared(None, None, slices=0).reason
    assert "shows a segment" in compared(None, None).reason


def test_a_stop_before_the_comparison_leaves_what_is_in_use() -> None:
    found = compared(0.9, None)
    assert found.run == "run-001" and "stopped before" in found.reason


def test_a_run_that_cannot_be_measured_any_more_is_given_up() -> None:
    found = compared(0.1, None, problem="The run has no weights.")
    assert found.run == "run-002" and found.reason.endswith("The run has no weights.")


def test_a_choice_by_hand_stays_while_the_rule_goes_on() -> None:
    found = after_training(
        replace(FIRST, by_hand="run-007"), Comparison("run-002", 0.8, 5, "run-001", 0.7)
    )
    assert (found.run, found.chosen) == ("run-007", "run-002")


@pytest.mark.parametrize(
    ("in_use", "predictions", "shown"),
    [
        ("run-001", ("run-001", "run-002"), "run-001"),
        ("run-003", ("run-001", "run-002"), "run-001"),
        ("run-003", ("run-001", "run-003"), "run-003"),
        ("run-001", ("run-002",), None),
        ("run-002", ("run-001", "run-002"), "run-002"),
        ("", ("run-001", "run-003", "run-002"), "run-003"),
        ("run-001", (), None),
    ],
)
def test_the_run_in_use_is_shown_else_the_newest_that_learnt(
    in_use: str, predictions: tuple[str, ...], shown: str | None
) -> None:
    case = Case("case-001", Grid((1, 2, 2)), "HU", "", 0, 0, Source("array"))
    project = Project(
        "id",
        cases=(replace(case, predictions=predictions),),
        runs=(GOOD, BAD, BETTER),
        in_use=RunInUse(in_use),
    )
    assert project.predicted_by("case-001") == shown


@pytest.mark.parametrize("outcome", ["running", "crashed"])
def test_a_run_that_did_not_end_well_has_not_learnt(outcome: str) -> None:
    assert GOOD.has_learnt
    assert not replace(GOOD, outcome=outcome).has_learnt
    assert not BAD.has_learnt and not replace(GOOD, best=0).has_learnt
    assert replace(GOOD, outcome="stopped").has_learnt
