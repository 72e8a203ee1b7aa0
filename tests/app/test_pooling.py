"""Pools set by hand: one for all scans of a patient, and only with a reason after a training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from segdesk.app import pooling
from segdesk.app.workbench import Workbench
from segdesk.core.run import Run, plan_for
from segdesk.errors import UsageError
from tests.projects import add_case


@pytest.fixture
def workbench(tmp_path: Path):
    made = Workbench.create(tmp_path / "p.segdesk")
    for patient in ("a", "a", "b"):
        add_case(made, patient=patient)
    yield made
    made.close()


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
