"""A look while nothing trains: with which run, at what, and what of it is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.labelling import accepting, reviewing
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs.looking import look_session, run_to_look_with, take_look
from segdesk.app.runs.running import TrainerJob
from segdesk.core.prediction import Proposal
from segdesk.core.run import Epoch, Intensities, Run, plan_for
from segdesk.core.run_in_use import RunInUse
from segdesk.core.status import SliceStatus
from segdesk.jobs import bundle as bundles

CASE, SLICE, STEP = "case-001", 2, 70


@pytest.fixture
def run(workbench: Workbench) -> Run:
    """In use; it has not predicted the case, which is in memory."""
    workbench.annotation(CASE)
    made = Run(
        "run-001",
        plan_for("unet_fast"),
        1.0,
        ended=2.0,
        outcome="stopped",
        segments=((1, "Disc"),),
        intensities=Intensities(-1024.0, 600.0, "HU"),
        input_shape=(24, 32),
        built_for=(32, 32),
        epochs=(Epoch(1, 1.0, 0.5, 0.9, 1e-3, steps=STEP),),
        best=1,
        weights_sha256="1" * 64,
    )
    workbench.follow_run(made, keep=False)
    workbench.use(RunInUse(chosen=made.id))
    return made


def proposal(workbench: Workbench, run: Run, *, step: int = STEP) -> Proposal:
    _, rows, columns = workbench.project.case(CASE).grid.shape
    return Proposal(run.id, CASE, step, SLICE, np.ones((rows, columns), np.uint8))


def test_the_run_in_use_looks_at_a_slice_of_a_case_that_it_has_not_predicted(
    workbench: Workbench, run: Run
) -> None:
    assert run_to_look_with(workbench, CASE, SLICE) == run
    assert take_look(workbench, run, proposal(workbench, run))
    offered = accepting.offered(workbench, CASE, SLICE)
    assert isinstance(offered, Proposal)
    assert (offered.run, offered.step) == (run.id, STEP)
    assert run_to_look_with(workbench, CASE, SLICE) is None
    assert run_to_look_with(workbench, CASE, SLICE + 1) == run
    edit = reviewing.say_right(workbench, CASE, SLICE)
    assert edit is not None
    assert edit.name == f"Take prediction (run-001, step {STEP})"


def _right(workbench: Workbench, run: Run) -> None:
    reviewing.set_status(workbench, CASE, SLICE, SliceStatus.VERIFIED)


def _rejected(workbench: Workbench, run: Run) -> None:
    reviewing.set_status(workbench, CASE, SLICE, SliceStatus.REJECTED)


def _dismissed(workbench: Workbench, run: Run) -> None:
    workbench.propose(proposal(workbench, run))
    reviewing.dismiss(workbench, CASE, SLICE)
    workbench.drop_proposals()


def _predicted(workbench: Workbench, run: Run) -> None:
    workbench.add_prediction(run.id, CASE)


def _none_in_use(workbench: Workbench, run: Run) -> None:
    workbench.use(RunInUse())


def _goes_on(workbench: Workbench, run: Run) -> None:
    workbench.follow_run(replace(run, outcome="running"), keep=False)


def _of_another_unit(workbench: Workbench, run: Run) -> None:
    raw = replace(run, intensities=Intensities(0.0, 1.0, "raw"))
    workbench.follow_run(raw, keep=False)


@pytest.mark.parametrize(
    "change",
    [_right, _rejected, _dismissed, _predicted, _none_in_use, _goes_on, _of_another_unit],
)
def test_nothing_is_looked_at_and_nothing_taken_where_it_is_not_wanted(
    workbench: Workbench, run: Run, change: Callable[[Workbench, Run], None]
) -> None:
    change(workbench, run)
    assert run_to_look_with(workbench, CASE, SLICE) is None
    assert not take_look(workbench, run, proposal(workbench, run))
    assert workbench.proposal(CASE, SLICE) is None


def test_what_other_weights_or_another_run_made_is_dropped(workbench: Workbench, run: Run) -> None:
    assert not take_look(workbench, run, replace(proposal(workbench, run), run="run-000"))
    again = replace(run, weights_sha256="2" * 64)
    workbench.follow_run(again, keep=False)
    assert not take_look(workbench, run, proposal(workbench, run))
    assert workbench.proposal(CASE, SLICE) is None
    assert take_look(workbench, again, proposal(workbench, again))


def test_a_proposal_of_an_earlier_step_is_made_anew(workbench: Workbench, run: Run) -> None:
    workbench.propose(proposal(workbench, run, step=STEP - 10))
    assert run_to_look_with(workbench, CASE, SLICE) == run


def test_a_look_leaves_the_log_of_its_run_alone(workbench: Workbench, run: Run) -> None:
    """And the child is told one slice, the weights and their step."""
    session = look_session(workbench, run, CASE, SLICE, command=["false"])
    paths = session.job.paths
    paths.folder.mkdir(parents=True)
    paths.log.write_text("What the training printed.")
    seen: list[bundles.Bundle] = []
    wrote = bundles.write

    def write(bundle: bundles.Bundle, folder: Path, root: Path) -> None:
        wrote(bundle, folder, root)
        seen.append(bundles.read(folder))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundles, "write", write)
        worked = session.work(lambda _: None)
    assert worked.ended is not None
    assert worked.ended.outcome == "crashed"
    assert paths.log.read_text() == "What the training printed."
    assert not paths.bundle.exists()
    (bundle,) = seen
    assert (bundle.preview, bundle.predict, bundle.train) == ((CASE, SLICE), (), False)
    assert bundle.own is not None
    assert (bundle.own.step, bundle.own.sha256) == (STEP, run.weights_sha256)
    assert isinstance(session.job, TrainerJob)
