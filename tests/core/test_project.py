"""The index: cases and runs by their id, each one once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segdesk.core.case import Case, Source
from segdesk.core.grid import Grid
from segdesk.core.project import Project
from segdesk.core.run import Run, plan_for
from segdesk.errors import UsageError


def case(id: str, **more: str) -> Case:
    return Case(id, Grid((3, 2, 2)), "HU", "f" * 64, -1024, 600, Source("DICOM"), **more)


def run(id: str) -> Run:
    return Run(id, plan_for(), started=0.0)


def test_a_case_is_added_or_takes_the_place_of_the_one_with_its_id() -> None:
    project = Project("p").with_case(case("a")).with_case(case("b"))
    newer = replace(case("a"), generation=4)
    project = project.with_case(newer)
    assert [c.id for c in project.cases] == ["a", "b"]
    assert project.case("a") is newer


def test_a_run_is_added_or_takes_the_place_of_the_one_with_its_id() -> None:
    project = Project("p").with_run(run("run-001")).with_run(run("run-002"))
    newer = replace(run("run-001"), best=3)
    project = project.with_run(newer)
    assert [r.id for r in project.runs] == ["run-001", "run-002"]
    assert project.run("run-001") is newer


def test_an_unknown_id_is_refused_with_those_that_there_are() -> None:
    project = Project("p").with_case(case("case-001"))
    with pytest.raises(UsageError, match="no case 'x'") as caught:
        project.case("x")
    assert "case-001" in caught.value.hint
    with pytest.raises(UsageError, match="no run 'x'") as caught:
        project.run("x")
    assert "none yet" in caught.value.hint


def test_the_next_id_is_the_lowest_that_nobody_has() -> None:
    project = Project("p")
    assert (project.next_case_id(), project.next_run_id()) == ("case-001", "run-001")
    project = (
        project.with_case(case("case-001")).with_case(case("case-003")).with_run(run("run-001"))
    )
    assert (project.next_case_id(), project.next_run_id()) == ("case-002", "run-002")


def test_slices_of_a_scan_are_one_patient_and_independent_slices_one_each() -> None:
    scan = case("a", patient="hash")
    assert {scan.patient_of(index) for index in range(scan.slices)} == {"hash"}
    assert case("a").patient_of(0) == "a"
    slices = replace(scan, grid=replace(scan.grid, stacked=False))
    assert len({slices.patient_of(index) for index in range(slices.slices)}) == 3
