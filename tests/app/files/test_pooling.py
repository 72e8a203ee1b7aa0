"""Pools set by hand: one for all scans of a patient, and only with a reason after a training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from segdesk.app.files import joining, pooling
from segdesk.app.files.importing import Imported, Request
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs.teaching import curriculum, keep_split
from segdesk.core.case import Case
from segdesk.core.run import Run, plan_for
from segdesk.core.split import Pool
from segdesk.core.status import SliceStatus
from segdesk.errors import UsageError
from tests.app.files.test_importing import finding
from tests.judging import judge
from tests.projects import add_case, voxels


@pytest.fixture
def workbench(tmp_path: Path):
    made = Workbench.create(tmp_path / "p.segdesk")
    for at, patient in enumerate(("a", "a", "b")):
        add_case(made, patient=patient, scan=voxels(seed=at))
    yield made
    made.close()


def bring(
    workbench: Workbench, *, patient: str, pool: Pool | None = None, seed: int = 9, series: str = ""
) -> Case:
    """Bring a scan in by the door of every import, as if it had just been read."""
    like = add_case(workbench, scan=voxels(seed=seed), patient=patient)
    others = tuple(row for row in workbench.project.cases if row.id != like.id)
    workbench.put_project(replace(workbench.project, cases=others))
    case = replace(like, pool=pool, patient=patient, source=replace(like.source, series=series))
    return joining.take(workbench, Imported(case, None, None, Request(finding(), case.id)))


def train(workbench: Workbench) -> None:
    """As a training does: draw the split, keep it and a run."""
    keep_split(workbench)
    run = Run(id="run-001", plan=plan_for(epochs=1), started=0.0)
    workbench.put_project(replace(workbench.project, runs=(run,)))


def pools(workbench: Workbench) -> list[str | None]:
    return [case.pool for case in workbench.project.cases]


def test_every_scan_of_the_patient_moves_along(workbench: Workbench) -> None:
    pooling.set_pool(workbench, "case-001", "test")
    assert pools(workbench) == ["test", "test", None]
    pooling.set_pool(workbench, "case-002", None)
    assert pools(workbench) == [None, None, None]


def test_after_a_training_a_move_needs_a_reason_which_is_kept(workbench: Workbench) -> None:
    run = Run(id="run-001", plan=plan_for(epochs=1), started=0.0)
    workbench.put_project(replace(workbench.project, runs=(run,)))
    assert pooling.needs_reason(workbench, "case-003", "train")
    assert not pooling.needs_reason(workbench, "case-003", None)
    with pytest.raises(UsageError, match="why"):
        pooling.set_pool(workbench, "case-003", "train", reason="  ")
    assert pools(workbench) == [None, None, None]
    pooling.set_pool(workbench, "case-003", "train", reason="a better scanner")
    assert workbench.project.case("case-003").pool_reasons == ("a better scanner",)


def test_a_pool_that_changes_nothing_needs_no_reason(workbench: Workbench) -> None:
    train(workbench)
    drawn = workbench.project.split.pool("a")
    assert drawn is not None
    other: Pool = "test" if drawn != "test" else "train"
    assert not pooling.needs_reason(workbench, "case-001", drawn)
    assert pooling.needs_reason(workbench, "case-001", other)
    pooling.set_pool(workbench, "case-001", other, reason="why not")
    assert pooling.needs_reason(workbench, "case-002", None)


def test_a_new_scan_takes_the_pool_that_its_patient_has_by_hand(workbench: Workbench) -> None:
    pooling.set_pool(workbench, "case-001", "test")
    assert bring(workbench, patient="a").pool == "test"
    assert bring(workbench, patient="c", seed=8).pool is None


def test_a_pool_at_the_import_takes_the_patients_other_scans_along(workbench: Workbench) -> None:
    bring(workbench, patient="a", pool="validation")
    assert pools(workbench) == ["validation", "validation", None, "validation"]


def test_a_pool_at_the_import_against_that_of_the_patient_is_refused_by_name(
    workbench: Workbench,
) -> None:
    pooling.set_pool(workbench, "case-002", "train")
    before = workbench.project
    with pytest.raises(UsageError, match=r"'case-001' is of the same patient.*'train'"):
        bring(workbench, patient="a", pool="validation")
    assert workbench.project == before
    assert not (workbench.folder.path / "cases" / "case-004").exists()


def test_after_a_training_an_import_moves_no_patient(workbench: Workbench) -> None:
    train(workbench)
    drawn = workbench.project.split.pool("a")
    assert drawn is not None
    other: Pool = "test" if drawn != "test" else "train"
    with pytest.raises(UsageError, match=r"'case-001' is of the same patient.*trained"):
        bring(workbench, patient="a", pool=other)
    assert pools(workbench) == [None, None, None]
    assert bring(workbench, patient="a", pool=drawn, seed=8).pool == drawn
    assert bring(workbench, patient="new", pool="test", seed=7).pool == "test"


def test_the_same_voxels_and_the_same_series_are_the_same_patient(workbench: Workbench) -> None:
    assert bring(workbench, patient="x", seed=2).patient == "b"
    first = bring(workbench, patient="", seed=5, series="s")
    again = bring(workbench, patient="y", seed=6, series="s")
    assert again.patient == first.id
    assert pooling.same_patient(workbench, first.id) == (first.id, again.id)
    assert bring(workbench, patient="", seed=7).patient == ""


def test_twins_are_never_parted_by_the_split(tmp_path: Path) -> None:
    workbench = Workbench.create(tmp_path / "twins.segdesk")
    for _ in range(2):
        for seed in range(3):
            id = bring(workbench, patient="", seed=seed).id
            judge(workbench, id, {0: SliceStatus.CORRECTED})
    chosen = {choice.case: choice.pool for choice in curriculum(workbench).choices}
    assert len(set(chosen.values())) == 2
    for number in range(1, 4):
        assert chosen[f"case-{number:03d}"] == chosen[f"case-{number + 3:03d}"]
    workbench.close()
