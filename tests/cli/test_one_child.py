"""One call that trains, predicts and evaluates starts one trainer process for all of it."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import run_in_use
from segdesk.core.project import Project
from segdesk.jobs import standby
from tests.app.runs.test_running import CHILD, child
from tests.cli.conftest import Run

Jobs = Callable[[], list[tuple[int, bool]]]


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jobs:
    """A child that stays is in the trainer's place; gives of each job so far by which process it
    was done, and whether it trained."""
    begin, _, body = CHILD.partition("    folder = Path(sys.argv[1])\n")
    script, notes = tmp_path / "stays.py", tmp_path / "notes"
    work = textwrap.indent(
        textwrap.dedent(body).format(middle="", leaves=True, dice=1, rival=1), " " * 12
    )
    script.write_text(
        textwrap.dedent(begin)
        + "while True:\n"
        + "    match channel.wait_for_task():\n"
        + "        case Work(folder):\n"
        + "            folder = Path(folder)\n"
        + work
        + "\n            with open(sys.argv[1], 'a') as notes:\n"
        + "                notes.write(f'{os.getpid()} {bundle.train}\\n')\n"
        + "            channel.end_job()\n"
    )
    command = (sys.executable, str(script), str(notes))
    monkeypatch.setattr(standby, "trainer_command", lambda: command)

    def done() -> list[tuple[int, bool]]:
        lines = notes.read_text().splitlines() if notes.exists() else []
        return [(int(pid), trains == "True") for pid, trains in map(str.split, lines)]

    return done


def test_a_training_predicts_and_evaluates_in_its_own_process(
    segdesk: Run, project: Path, jobs: Jobs
) -> None:
    said = segdesk("train", project, "--epochs", "1", "--predict", "--evaluate", "all", "--json")
    fields = said.json
    assert fields["predicted"] == ["case-001"]
    alone = segdesk("evaluate", project, "--pool", "all", "--json").json
    assert fields["evaluation"] == alone
    assert [trains for _, trains in jobs()] == [True]
    assert "run-001, the run in use, on the slices" in said.err


def test_what_another_run_in_use_has_not_predicted_is_predicted_by_the_same_process(
    segdesk: Run, project: Path, jobs: Jobs
) -> None:
    assert segdesk("train", project, "--epochs", "1", "--evaluate", "all").code == 0
    workbench = Workbench.open(project)
    case = workbench.project.cases[0]
    (run,) = workbench.project.runs
    workbench.folder.runs.named(run.id).prediction(case.id).unlink()
    run_in_use.choose_by_hand(workbench, run.id)
    workbench.follow_project(_without_predictions(workbench))
    workbench.folder.write_index()
    workbench.close()
    said = segdesk("train", project, "--epochs", "1", "--predict", "--json").json
    assert (said["run"], said["in_use"], said["predicted"]) == ("run-002", "run-001", [case.id])
    _, (first, trains), (second, predicts) = jobs()
    assert first == second
    assert (trains, predicts) == (True, False)


def _without_predictions(workbench: Workbench) -> Project:
    project = workbench.project
    return project.with_case(replace(project.cases[0], predictions=()))


def test_a_training_alone_neither_predicts_nor_stays(
    segdesk: Run, project: Path, jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segdesk.jobs.trainer_client.trainer_command", lambda: child(tmp_path))
    fields = segdesk("train", project, "--epochs", "1", "--json").json
    assert not {"predicted", "evaluation"} & fields.keys()
    assert not jobs()


def test_a_pool_with_nothing_to_compare_is_said_before_a_training_is_begun(
    segdesk: Run, project: Path, jobs: Jobs
) -> None:
    said = segdesk("train", project, "--epochs", "1", "--evaluate", "test")
    assert said.is_refusal(2, "nothing to compare with")
    assert not jobs()
    assert segdesk("info", project, "--json").json["runs"] == []


def test_a_pool_that_is_none_is_refused(segdesk: Run, project: Path, jobs: Jobs) -> None:
    assert segdesk("train", project, "--evaluate", "most").code == 2
    assert not jobs()
