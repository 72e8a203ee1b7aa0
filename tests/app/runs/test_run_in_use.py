"""Which run predicts after trainings that end well and badly, with a small child."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from segdesk.app.labelling.reviewing import say_right
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import predicting, run_in_use, running, training
from segdesk.app.runs.run_in_use import AUTOMATIC
from segdesk.core.run import Run, plan_for
from segdesk.errors import TrainingError, UsageError
from segdesk.jobs import bundle as bundles
from segdesk.jobs.messages import Message, Note
from tests.app.runs.test_running import child, remembering
from tests.projects import add_case, begin_brush, voxels

#: In the middle of a child's work: what the real one says where nothing was learnt.
WORTHLESS = (
    'channel.send(Judged("Nothing was learnt in 1 epoch: its Dice is 0.", 1, 0.0))\n'
    'channel.send(Finished("finished", "Nothing was learnt.", 1, 0.5)); sys.exit(0)'
)
KILLED = "import signal; os.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture
def taught(workbench: Workbench) -> Iterator[Workbench]:
    for index in (1, 3):
        begin_brush(workbench, "case-001", index, (10.0, 14.0), value=1, radius_mm=4.0).release()
        say_right(workbench, "case-001", index)
    yield workbench


def train(
    workbench: Workbench, folder: Path, middle: str = "", **dice: float
) -> tuple[Run, bundles.Bundle]:
    """Train and predict case-001 with a child that does this in the middle; `dice` as it takes."""
    frozen = training.freeze(workbench, plan_for(epochs=1), predict=["case-001"])
    session, made = remembering(frozen, child(folder, middle, **dice))
    worked = session.work(lambda message: running.take(workbench, session.job, message))
    return running.finish(workbench, session.job, worked), made[0]


def test_a_better_run_takes_over_and_a_worse_one_does_not(
    taught: Workbench, tmp_path: Path
) -> None:
    train(taught, tmp_path)
    assert taught.project.in_use.run == "run-001"
    _, bundle = train(taught, tmp_path, dice=0.2, rival=0.7)
    assert bundle.rival is not None and bundle.rival.run == "run-001"
    assert taught.project.in_use.run == taught.predicted_by("case-001") == "run-001"
    assert "run-002 has 0.200" in run_in_use.said_of(taught.project)
    train(taught, tmp_path, dice=0.9, rival=0.7)
    assert taught.project.in_use.run == taught.predicted_by("case-001") == "run-003"
    assert "run-001 has 0.700" in run_in_use.said_of(taught.project)
    kept = taught.project.in_use
    taught.close()
    again = Workbench.open(taught.folder.path, writable=False)
    assert again.project.in_use == kept
    again.close()


def test_a_run_that_learnt_nothing_is_not_used(taught: Workbench, tmp_path: Path) -> None:
    run, _ = train(taught, tmp_path, WORTHLESS)
    assert run.outcome == "finished" and run.has_weights and not run.has_learnt
    assert taught.project.in_use.run == ""
    with pytest.raises(UsageError, match="learnt anything yet"):
        predicting.run_to_predict(taught.project)
    train(taught, tmp_path)
    train(taught, tmp_path, WORTHLESS)
    assert taught.project.in_use.run == "run-002"
    assert predicting.run_to_predict(taught.project).id == "run-002"


def test_a_run_that_crashed_in_its_first_epoch_is_not_used(
    taught: Workbench, tmp_path: Path
) -> None:
    run, _ = train(taught, tmp_path, KILLED)
    assert run.outcome == "crashed" and run.has_weights
    assert taught.project.in_use.run == ""
    with pytest.raises(UsageError, match="run-001: cut off before"):
        predicting.run_to_predict(taught.project)
    train(taught, tmp_path)
    train(taught, tmp_path, KILLED)
    assert predicting.run_to_predict(taught.project).id == "run-002"


def test_a_choice_by_hand_is_kept_until_the_rule_is_wanted_again(
    taught: Workbench, tmp_path: Path
) -> None:
    train(taught, tmp_path)
    worthless, _ = train(taught, tmp_path, WORTHLESS)
    assert run_in_use.choose_by_hand(taught, worthless.id) == worthless
    _, bundle = train(taught, tmp_path)
    assert bundle.predict == (), "the run that was chosen predicts"
    assert taught.project.in_use.run == "run-002"
    left = predicting.left_to_predict(
        taught, running.TrainerJob("run-003", taught.folder, (taught.project.case("case-001"),))
    )
    assert left == (worthless, ["case-001"])
    assert taught.predicted_by("case-001") == "run-001"
    saving.save(taught)
    taught.close()
    again = Workbench.open(taught.folder.path)
    try:
        assert again.project.in_use.run == "run-002"
        assert "chosen by hand" in run_in_use.said_of(again.project)
        chosen = run_in_use.choose_by_hand(again, AUTOMATIC)
        assert chosen is not None and chosen.id == "run-003"
    finally:
        again.close()


def test_a_segment_that_the_run_in_use_never_learnt_is_named(
    taught: Workbench, tmp_path: Path
) -> None:
    train(taught, tmp_path)
    assert "never learnt" not in run_in_use.said_of(taught.project)
    taught.add_segment("Tumour")
    assert run_in_use.said_of(taught.project).endswith(" run-001 never learnt Tumour.")
    # As good on slices that show no tumour, so the rule keeps it; what it lacks is said.
    for index in (1, 3):
        say_right(taught, "case-001", index)
    train(taught, tmp_path, dice=0.2, rival=0.7)
    said = run_in_use.said_of(taught.project)
    assert said.startswith("In use: run-001.") and said.endswith(" run-001 never learnt Tumour.")
    run_in_use.choose_by_hand(taught, "run-002")
    assert "never learnt" not in run_in_use.said_of(taught.project)


def test_a_run_of_which_too_little_is_known_is_given_up_for_that_reason(
    taught: Workbench, tmp_path: Path
) -> None:
    first, _ = train(taught, tmp_path)
    taught.put_run(replace(first, intensities=None))
    _, bundle = train(taught, tmp_path, dice=0.2)
    assert bundle.rival is None and taught.project.in_use.run == "run-002"
    assert run_in_use.said_of(taught.project).endswith(
        "run-001 could not be measured: the values that it learnt from are not known any more."
    )


def test_a_run_without_weights_cannot_be_chosen(taught: Workbench) -> None:
    with pytest.raises(UsageError, match="no run 'run-009'"):
        run_in_use.choose_by_hand(taught, "run-009")
    taught.put_run(Run("run-001", plan_for(), 0.0, outcome="crashed"))
    with pytest.raises(UsageError, match="kept no weights"):
        run_in_use.choose_by_hand(taught, "run-001")


def test_another_run_in_use_is_told_to_whoever_shows_a_case(
    taught: Workbench, tmp_path: Path
) -> None:
    train(taught, tmp_path)
    train(taught, tmp_path)
    assert taught.project.case("case-001").predictions == ("run-001", "run-002")
    told: list[str] = []
    taught.predictions_changed.connect(told.append)
    run_in_use.choose_by_hand(taught, "run-001")
    assert told == ["case-001"] and taught.predicted_by("case-001") == "run-001"
    run_in_use.choose_by_hand(taught, "run-001")
    assert told == ["case-001"]


def test_what_was_to_be_predicted_is_left_to_an_earlier_run_that_is_better(
    taught: Workbench, tmp_path: Path
) -> None:
    train(taught, tmp_path)
    train(taught, tmp_path, dice=0.2, rival=0.7)
    add_case(taught, scan=voxels(seed=1))
    job = running.TrainerJob("run-002", taught.folder, tuple(taught.project.cases))
    left = predicting.left_to_predict(taught, job)
    assert left is not None and left[0].id == "run-001"
    assert left[1] == ["case-002"], "it has predicted case-001"
    only = running.TrainerJob("run-002", taught.folder, job.predict[:1])
    assert predicting.left_to_predict(taught, only) is None


def test_of_all_cases_those_of_another_unit_are_left_out_and_the_rest_is_predicted(
    taught: Workbench, tmp_path: Path
) -> None:
    run, _ = train(taught, tmp_path)
    other = add_case(taught, unit="raw").id
    command = child(tmp_path)
    session = predicting.prediction_session(taught, run, [other, "case-001"], command=command)
    heard: list[str] = []

    def listen(message: Message) -> None:
        running.take(taught, session.job, message)
        if isinstance(message, Note):
            heard.append(message.sentence)

    running.finish(taught, session.job, session.work(listen))
    assert session.predicted == ["case-001"]
    said = f"'{other}' is not predicted: it holds numbers without a unit and the network learns"
    assert heard == [f"{said} from HU."]
    with pytest.raises(TrainingError, match="is not predicted: it holds numbers"):
        predicting.prediction_session(taught, run, [other])
