"""What a training proposes of a slice while it goes on is offered, taken and dismissed as a
prediction is, and an Edit names the run and the step that it took."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.labelling import accepting, reviewing
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import running
from segdesk.app.runs.running import TrainerJob, Worked
from segdesk.core.annotation import Provenance
from segdesk.core.prediction import Prediction, Proposal
from segdesk.core.run import Run, plan_for
from segdesk.core.run_in_use import RunInUse
from segdesk.core.status import SliceStatus
from segdesk.errors import UsageError
from segdesk.jobs.messages import Proposed
from segdesk.jobs.trainer_client import Ended
from tests.projects import add_case

CASE, SLICE = "case-001", 2


@pytest.fixture
def proposed(workbench: Workbench) -> list[tuple[str, int]]:
    """A training goes on while its case is on screen; hears of what is proposed."""
    workbench.annotation(CASE)
    workbench.follow_run(Run("run-001", plan_for(epochs=1), started=1.0), keep=False)
    heard: list[tuple[str, int]] = []
    workbench.proposed.connect(lambda case, index: heard.append((case, index)))
    return heard


def shape(workbench: Workbench) -> tuple[int, int]:
    _, rows, columns = workbench.project.case(CASE).grid.shape
    return rows, columns


def proposal(
    workbench: Workbench, *, step: int = 40, index: int = SLICE, run: str = "run-001"
) -> Proposal:
    labels = np.zeros(shape(workbench), np.uint8)
    labels[:4, : step // 10] = 1
    return Proposal(run, CASE, step, index, labels)


def test_enter_takes_the_newest_proposal_and_names_run_and_step(
    workbench: Workbench, proposed: list[tuple[str, int]]
) -> None:
    for step in (40, 60):
        workbench.propose(proposal(workbench, step=step))
    assert proposed == [(CASE, SLICE)] * 2
    edit = reviewing.say_right(workbench, CASE, SLICE)
    assert edit is not None
    assert edit.name == "Take prediction (run-001, step 60)"
    annotation = workbench.annotation(CASE)
    assert np.array_equal(annotation.labels[SLICE], proposal(workbench, step=60).labels)
    assert (annotation.provenance[SLICE][:4, :6] == Provenance.PREDICTION).all()
    assert annotation.status(SLICE) is SliceStatus.CORRECTED
    workbench.undo()
    assert not workbench.annotation(CASE).labels.any()


def test_the_name_is_kept_through_a_save(
    workbench: Workbench, proposed: list[tuple[str, int]]
) -> None:
    workbench.propose(proposal(workbench))
    reviewing.say_right(workbench, CASE, SLICE)
    saving.save(workbench)
    workbench.close()
    again = Workbench.open(workbench.folder.path)
    assert again.history.done[-1].name == "Take prediction (run-001, step 40)"
    again.close()


def test_a_first_stroke_starts_from_the_proposal(
    workbench: Workbench, proposed: list[tuple[str, int]]
) -> None:
    workbench.propose(proposal(workbench))
    edit = accepting.start_edit(workbench, CASE, SLICE)
    assert edit is not None
    assert edit.name == "Start from prediction (run-001, step 40)"


def test_a_slice_without_one_is_offered_the_prediction_as_before(
    workbench: Workbench, proposed: list[tuple[str, int]]
) -> None:
    workbench.propose(proposal(workbench))
    assert accepting.offered(workbench, CASE, SLICE + 1) is None
    with pytest.raises(UsageError, match="no prediction"):
        reviewing.take_prediction(workbench, CASE, SLICE + 1)


def predicted(workbench: Workbench, run: str) -> Prediction:
    """What a run has predicted of the whole case: it is in use, and its file is there."""
    labels = np.full(workbench.project.case(CASE).grid.shape, 1, np.uint8)
    prediction = Prediction(run, CASE, labels, labels)
    if run not in {each.id for each in workbench.project.runs}:
        workbench.follow_run(Run(run, plan_for(epochs=1), started=0.5), keep=False)
    workbench.use(RunInUse(by_hand=run))
    workbench.add_prediction(run, CASE, prediction)
    return prediction


def test_a_proposal_is_dismissed_with_those_that_follow_it_on_its_slice(
    workbench: Workbench, proposed: list[tuple[str, int]]
) -> None:
    workbench.propose(proposal(workbench))
    edit = reviewing.dismiss(workbench, CASE, SLICE)
    assert edit.name == "Dismiss proposal"
    workbench.propose(proposal(workbench, step=80))
    assert accepting.offered(workbench, CASE, SLICE) is None
    workbench.propose(proposal(workbench, index=0))
    assert accepting.offered(workbench, CASE, 0) is not None
    with pytest.raises(UsageError, match="dismissed already"):
        reviewing.dismiss(workbench, CASE, SLICE)
    with pytest.raises(UsageError, match="is dismissed"):
        reviewing.take_prediction(workbench, CASE, SLICE)
    workbench.undo()
    offered = accepting.offered(workbench, CASE, SLICE)
    assert isinstance(offered, Proposal) and offered.step == 80


def test_a_dismissed_proposal_says_nothing_of_what_the_run_predicts_at_its_end(
    workbench: Workbench, proposed: list[tuple[str, int]]
) -> None:
    workbench.propose(proposal(workbench))
    reviewing.dismiss(workbench, CASE, SLICE)
    final = predicted(workbench, "run-001")
    assert accepting.offered(workbench, CASE, SLICE) is final


def test_under_a_dismissed_proposal_the_prediction_in_use_is_offered(
    workbench: Workbench, proposed: list[tuple[str, int]]
) -> None:
    earlier = predicted(workbench, "run-000")
    workbench.propose(proposal(workbench))
    assert accepting.offered_by(workbench, CASE, SLICE) == "run-001"
    reviewing.dismiss(workbench, CASE, SLICE)
    assert accepting.offered(workbench, CASE, SLICE) is earlier
    assert accepting.offered_by(workbench, CASE, SLICE) == "run-000"
    reviewing.dismiss(workbench, CASE, SLICE)
    assert accepting.offered(workbench, CASE, SLICE) is None
    assert workbench.annotation(CASE).is_dismissed("run-000", SLICE)
    workbench.undo()
    edit = reviewing.say_right(workbench, CASE, SLICE)
    assert edit is not None and edit.name == "Take prediction"


def test_n_stops_at_a_slice_that_has_a_proposal_only(
    workbench: Workbench, proposed: list[tuple[str, int]]
) -> None:
    assert reviewing.next_to_look_at(workbench, CASE, 0) is None
    workbench.propose(proposal(workbench))
    assert reviewing.next_to_look_at(workbench, CASE, 0) == SLICE
    reviewing.dismiss(workbench, CASE, SLICE)
    assert reviewing.next_to_look_at(workbench, CASE, 0) is None


def test_what_comes_while_a_button_is_down_is_not_shown(
    workbench: Workbench, proposed: list[tuple[str, int]]
) -> None:
    first = proposal(workbench)
    workbench.propose(first)
    workbench.pressed_on = CASE
    workbench.propose(proposal(workbench, step=90))
    assert workbench.proposal(CASE, SLICE) is first
    workbench.pressed_on = ""
    workbench.propose(proposal(workbench, step=90))
    assert workbench.proposal(CASE, SLICE) is not first


def test_whoever_shows_a_case_hears_that_its_proposals_went(
    workbench: Workbench, proposed: list[tuple[str, int]]
) -> None:
    workbench.propose(proposal(workbench))
    heard: list[str] = []
    workbench.predictions_changed.connect(heard.append)
    workbench.propose(proposal(workbench, step=10))
    assert not heard
    workbench.propose(proposal(workbench, index=0, run="run-002"))
    assert heard == [CASE]


@pytest.mark.parametrize("end", ["crashed", "nothing learnt", "finished"])
def test_a_training_that_came_to_nothing_proposes_nothing_any_more(
    workbench: Workbench, proposed: list[tuple[str, int]], end: str
) -> None:
    workbench.propose(proposal(workbench))
    run = replace(workbench.project.run("run-001"), best=1, weights_sha256="5e")
    if end == "nothing learnt":
        run = replace(run, nothing_learnt="It learnt nothing.")
    workbench.follow_run(run, keep=False)
    outcome = "crashed" if end == "crashed" else "finished"
    ended = Ended(outcome, "It is over.", "", 0, workbench.folder.path)
    job = TrainerJob("run-001", workbench.folder, ())
    running.close_record(workbench, job, Worked(ended, None))
    assert (workbench.proposal(CASE, SLICE) is not None) == (end == "finished")


def test_a_run_that_a_person_chose_is_shown_in_place_of_proposals(
    workbench: Workbench, proposed: list[tuple[str, int]]
) -> None:
    workbench.propose(proposal(workbench))
    workbench.use(RunInUse(by_hand="run-001"))
    assert workbench.proposal(CASE, SLICE) is not None
    workbench.use(RunInUse(by_hand="run-000"))
    assert workbench.proposal(CASE, SLICE) is None


def test_a_prediction_of_the_case_takes_the_place_of_its_proposals(
    workbench: Workbench, proposed: list[tuple[str, int]]
) -> None:
    workbench.propose(proposal(workbench))
    grid = workbench.project.case(CASE).grid
    labels = np.zeros(grid.shape, np.uint8)
    prediction = Prediction("run-001", CASE, labels, labels)
    workbench.add_prediction("run-001", CASE, prediction)
    assert workbench.proposal(CASE, SLICE) is None


def test_another_training_begins_with_none(
    workbench: Workbench, proposed: list[tuple[str, int]]
) -> None:
    workbench.propose(proposal(workbench))
    workbench.propose(proposal(workbench, index=0, run="run-002"))
    assert workbench.proposal(CASE, SLICE) is None
    assert workbench.proposal(CASE, 0) is not None


@pytest.mark.parametrize("what", ["another shape", "beyond the last", "a case that is not read"])
def test_what_does_not_fit_is_dropped(
    workbench: Workbench, proposed: list[tuple[str, int]], what: str
) -> None:
    made = proposal(workbench)
    match what:
        case "another shape":
            made = Proposal("run-001", CASE, 1, SLICE, made.labels[1:])
        case "beyond the last":
            made = proposal(workbench, index=workbench.project.case(CASE).slices)
        case _:
            made = Proposal("run-001", "case-002", 1, SLICE, made.labels)
    workbench.propose(made)
    assert not proposed


def test_a_second_case_has_its_own(workbench: Workbench, proposed: list[tuple[str, int]]) -> None:
    add_case(workbench)
    workbench.propose(proposal(workbench))
    assert workbench.proposal("case-002", SLICE) is None


@pytest.mark.parametrize("damage", ["gone", "no array", "cut", "floats", "a link"])
def test_a_file_that_is_no_proposal_is_none(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "proposal.npy"
    np.save(file, np.ones((4, 4), np.float32 if damage == "floats" else np.uint8))
    match damage:
        case "gone":
            file.unlink()
        case "no array":
            file.write_bytes(b"nothing")
        case "cut":
            file.write_bytes(file.read_bytes()[:-4])
        case "a link":
            file.rename(tmp_path / "other.npy")
            file.symlink_to(tmp_path / "other.npy")
        case _:
            pass
    assert running.read_proposal("run-001", Proposed(3, CASE, SLICE, str(file))) is None


def test_a_message_with_its_file_reaches_the_project(
    workbench: Workbench, proposed: list[tuple[str, int]], tmp_path: Path
) -> None:
    file = tmp_path / "proposal.npy"
    np.save(file, proposal(workbench).labels)
    message = Proposed(40, CASE, SLICE, str(file))
    job = TrainerJob("run-001", workbench.folder, ())
    running.take(workbench, job, message)
    assert not proposed
    running.take(workbench, job, message, running.read_proposal("run-001", message))
    assert proposed == [(CASE, SLICE)]
