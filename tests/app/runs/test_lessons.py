"""Who teaches, validates, stays out and is left out: counted, kept with the run, in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from segdesk.app.labelling.accepting import accept_in_bulk
from segdesk.app.labelling.reviewing import set_status
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import lessons, teaching, training
from segdesk.core.run import plan_for
from segdesk.core.share import Share
from segdesk.core.split import Split
from segdesk.core.status import SliceStatus
from tests.app.runs.test_teaching import right
from tests.projects import add_case, disc, make_project, stroke, voxels
from tests.ui.canvas.bench_project import predict


def shares(workbench: Workbench) -> tuple[Share, ...]:
    cases = [case.id for case in workbench.project.cases]
    return teaching.curriculum(workbench).shares(cases)


def test_every_slice_that_somebody_has_said_something_of_is_counted_once(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=0)
    scan = voxels((20, 24, 32))
    add_case(workbench, scan=scan)
    add_case(workbench)
    right(workbench, "case-001", *range(1, 15))
    set_status(workbench, "case-001", 16, SliceStatus.REJECTED)
    predict(workbench, disc(scan), "case-001")
    accept_in_bulk(workbench, "case-001", [17, 18])
    chosen = teaching.curriculum(workbench)
    assert shares(workbench) == (
        Share("case-001", teach=9, between=2, validate=3, predicted=2, rejected=1),
    )
    between = next(row for row in chosen.left_out if row.why == "between")
    validating = next(choice for choice in chosen.choices if choice.pool == "validation").slices
    assert between.slices == (validating[0] - 1, validating[-1] + 1)
    counted = [index for choice in chosen.choices for index in choice.slices]
    counted += [index for row in chosen.left_out for index in row.slices]
    assert sorted(counted) == [*range(1, 15), 16, 17, 18]
    workbench.close()


def test_slices_of_a_case_that_tests_or_that_are_drawn_in_part_are_left_out_by_name(
    tmp_path: Path,
) -> None:
    workbench = make_project(tmp_path, cases=0)
    for pool in ("train", "validation", "test"):
        add_case(workbench, scan=voxels(seed=len(pool)), pool=pool)
    for case in workbench.project.cases:
        right(workbench, case.id, 0, 1)
        stroke(workbench, 3, case=case.id)
    assert shares(workbench) == (
        Share("case-001", teach=3),
        Share("case-002", validate=2, in_part=1),
        Share("case-003", test=3),
    )
    workbench.close()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("way", ["stroke", "right"])
def test_a_slice_of_another_patient_does_not_turn_teaching_and_validating_round(
    tmp_path: Path, seed: int, way: str
) -> None:
    workbench = make_project(tmp_path, cases=2)
    workbench.put_project(replace(workbench.project, split=Split(seed)))
    right(workbench, "case-002", 0, 1, 2, 3)
    if way == "stroke":
        stroke(workbench, 2, case="case-001")
    else:
        right(workbench, "case-001", 2)
    teach = {
        choice.case for choice in teaching.curriculum(workbench).choices if choice.pool == "train"
    }
    assert teach == {"case-002"}
    assert dict(teaching.joined_split(workbench).pools)["case-001"] == "validation"
    workbench.close()


def test_a_run_keeps_what_was_true_when_it_started(workbench: Workbench, tmp_path: Path) -> None:
    right(workbench, "case-001", 0, 1, 2, 3, 4)
    frozen = training.freeze(workbench, plan_for())
    then = shares(workbench)
    assert frozen.run.shares == then == (Share("case-001", teach=2, between=2, validate=1),)
    right(workbench, "case-001", 0)
    set_status(workbench, "case-001", 4, SliceStatus.REJECTED)
    assert shares(workbench) != then
    workbench.folder.write_index()
    beside = Workbench.open(workbench.folder.path, writable=False)
    assert beside.project.runs[-1].shares == then
    beside.close()


def test_in_short_it_is_two_sums() -> None:
    first = Share("case-001", teach=9, between=2, validate=3)
    assert lessons.in_short([first, Share("case-002", validate=69)]) == "9 teach, 72 validate"
    assert lessons.in_short([Share("a", teach=1, predicted=4)]) == "1 teaches"
    assert lessons.in_short([Share("a", test=4)]) == ""


def test_few_cases_are_named_in_a_line() -> None:
    first = Share("case-001", teach=9, between=2, validate=3)
    assert lessons.in_a_line([first, Share("case-002", validate=69)]) == (
        "9 slices of case-001 teach, 2 stay out beside those that validate, "
        "3 validate; case-002, 69 slices, validates"
    )
    assert lessons.in_a_line([Share("a", teach=1, validate=1, predicted=4, rejected=1)]) == (
        "1 slice of a teaches, 1 validates (left out: 4 predicted, 1 rejected)"
    )
    assert lessons.in_a_line([Share("a", in_part=2), Share("b", test=5)]) == (
        "a (left out: 2 drawn in part, where only whole slices validate); b, 5 slices, "
        "is kept for the test"
    )
    assert lessons.in_a_line([]) == ""


def test_many_cases_are_summed_up_in_a_line_and_listed_up_to_a_bound() -> None:
    many = [Share(f"case-{at:03d}", teach=6) for at in range(150)]
    many += [Share(f"case-{at:03d}", validate=7, rejected=1) for at in range(150, 200)]
    line = lessons.in_a_line(many)
    assert line == (
        "900 slices of 150 cases teach, 350 slices of 50 cases validate, "
        "50 slices of 50 cases are left out"
    )
    lines = lessons.in_lines(many).split("\n")
    assert lines[0] == line
    assert lines[1] == "case-000, 6 slices, teaches"
    assert lines[-1] == "and 176 more cases"
    assert len(lines) == 26
