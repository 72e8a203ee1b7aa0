"""`train`, `predict` and `evaluate` around a small child that speaks the trainer's protocol."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.labelling import reviewing
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.cli.main import main
from segdesk.jobs import trainer_client
from segdesk.jobs.run_paths import RunPaths
from tests.app.runs.test_run_in_use import WORTHLESS
from tests.app.runs.test_running import child
from tests.cli.conftest import Run

FIGURES = {"dice", "iou", "precision", "recall", "accuracy"}
Trainer = Callable[[str], None]


@pytest.fixture
def trainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trainer:
    """Put the small child in the trainer's place; `middle` runs between training and predicting."""

    def use(middle: str = "") -> None:
        command = (*child(tmp_path, middle),)
        monkeypatch.setattr(trainer_client, "trainer_command", lambda: command)

    use()
    return use


@pytest.fixture(scope="module")
def trained_project(imported_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once; `trained` is a copy."""
    folder = tmp_path_factory.mktemp("trained")
    path = Path(shutil.copytree(imported_project, folder / "p.segdesk"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGDESK_LOGS", str(folder / "logs"))
        patch.setattr(trainer_client, "trainer_command", lambda: child(folder))
        assert main(["train", str(path), "--epochs", "1"]) == 0
    return path


@pytest.fixture
def trained(trained_project: Path, trainer: Trainer, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained_project, tmp_path / "p.segdesk"))


def test_a_fold_that_is_none_is_refused_before_anything_is_opened(
    segdesk: Run, project: Path
) -> None:
    said = segdesk("train", project, "--fold", "6/5")
    assert said.code == 2 and "'6/5' is no fold" in said.err


def test_a_training_answers_with_its_run(segdesk: Run, project: Path, trainer: Trainer) -> None:
    said = segdesk("train", project, "--epochs", "3", "--network", "unet", "--seed", "4", "--json")
    fields = said.json
    assert (fields["run"], fields["epochs"], fields["best"]) == ("run-001", 1, 1)
    assert fields["seconds"] == 0.5 and fields["outcome"] == "finished"
    assert fields["network"] == "unet" and fields["best_epoch"]["loss"] == 0.7
    assert "epoch 1" in said.err and "run-001: All done." in said.err
    assert "3 slices of case-001 teach, 1 validates." in said.err
    (share,) = fields["shares"]
    assert (share["case"], share["teach"], share["validate"]) == ("case-001", 3, 1)
    (run,) = segdesk("info", project, "--json").json["runs"]
    assert (run["run"], run["outcome"], run["best"]) == ("run-001", "finished", 1)


def test_a_loss_that_ran_away_is_null_and_no_bug(
    segdesk: Run, project: Path, trainer: Trainer
) -> None:
    trainer('channel.send(EpochDone(Epoch(2, 0.6, float("nan"), float("inf"), 0.001)))')
    history = segdesk("train", project, "--json").json["history"]
    assert (history[1]["loss"], history[1]["accuracy"]) == (None, None)


def test_a_trainer_that_crashes_is_the_worlds_fault_and_is_recorded(
    segdesk: Run, project: Path, trainer: Trainer
) -> None:
    trainer("import signal; os.kill(os.getpid(), signal.SIGKILL)")
    said = segdesk("train", project, "--json")
    assert (said.code, said.out) == (3, "")
    assert "SIGKILL" in said.err.splitlines()[-1] and "Traceback" not in said.err
    (run,) = segdesk("info", project, "--json").json["runs"]
    assert run["outcome"] == "crashed" and "SIGKILL" in run["reason"]


def test_a_stop_before_there_was_anything_to_keep_ends_with_3(
    segdesk: Run, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "stopped.py"
    script.write_text(
        "from segdesk.jobs.child import open_channel\n"
        "from segdesk.jobs.messages import *\n"
        "channel = open_channel()\n"
        "channel.send(Hello(PROTOCOL, 1, ()))\n"
        "channel.send(Finished('stopped', 'Stopped before the first epoch.', 0, 0.1))\n"
    )
    monkeypatch.setattr(trainer_client, "trainer_command", lambda: (sys.executable, str(script)))
    assert segdesk("train", project).is_refusal(3, "run-001 kept no weights", "Stopped before")


def test_ctrl_c_while_the_bundle_is_written_leaves_a_stopped_run(
    segdesk: Run, project: Path, trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("segdesk.app.runs.training.prepare", interrupted)
    assert segdesk("train", project).is_refusal(3, "Stopped before it began")
    (run,) = segdesk("info", project, "--json").json["runs"]
    assert run["outcome"] == "stopped"
    assert not (project / "runs" / "run-001" / "bundle").exists()


def test_nothing_that_teaches_is_said_and_makes_no_run(
    segdesk: Run, tmp_path: Path, scan: Path, trainer: Trainer
) -> None:
    segdesk("import", tmp_path / "p.segdesk", scan)
    assert segdesk("train", tmp_path / "p.segdesk").is_refusal(3, "No slice teaches yet")
    assert segdesk("info", tmp_path / "p.segdesk", "--json").json["runs"] == []


def test_fine_tuning_keeps_the_network_of_its_run(
    segdesk: Run, project: Path, trainer: Trainer
) -> None:
    segdesk("train", project, "--network", "unet", "--filters", "3")
    assert segdesk("train", project, "--from", "run-007").is_refusal(2, "run-001")
    assert segdesk("train", project, "--from", "run-001", "--json").json["network"] == "unet"
    other = segdesk("train", project, "--from", "run-001", "--network", "unet_norm")
    assert other.is_refusal(2, "unet and 3 filters")


def test_a_training_begins_with_another_project_or_a_file_and_says_what_it_keeps(
    segdesk: Run, trained_project: Path, project: Path, trainer: Trainer, tmp_path: Path
) -> None:
    trained = trained_project
    file = tmp_path / "lungs.segmodel"
    assert segdesk("model", trained, tmp_path / "lungs.keras").is_refusal(2, "does not end in")
    answer = segdesk("model", trained, file, "--json").json
    assert (answer["run"], answer["epoch"]) == ("run-001", 1)
    assert segdesk("model", trained, file).is_refusal(2, "There is already something")
    for start, home in ((f"{trained}:run-001", trained.name), (file, file.name)):
        said = segdesk("train", project, "--from", start, "--json")
        (before,) = (line for line in said.err.splitlines() if "Begins with" in line)
        assert f"Begins with {home}:run-001. It knows all segments." in before
        fields = said.json
        assert fields["start"]["said"] in before and fields["start"]["new"] == []
        begun_from = fields["begun_from"]
        assert (begun_from["home"], begun_from["run"]) == (home, "run-001")
        assert begun_from["sha256"] == answer["sha256"]
    file.write_bytes(b"PK")
    before = len(segdesk("info", project, "--json").json["runs"])
    assert segdesk("train", project, "--from", file).is_refusal(3, "is no model of segdesk")
    assert len(segdesk("info", project, "--json").json["runs"]) == before


def test_evaluate_predicts_first_and_answers_by_case_and_slice(
    segdesk: Run, trained: Path, other_scan: Path, labels: Path
) -> None:
    segdesk(
        "import", trained, other_scan, "--labels", labels, "--pool", "validation", "--case", "v"
    )
    fields = segdesk("evaluate", trained, "--json").json
    assert (fields["run"], fields["pool"], fields["number"]) == ("run-001", "validation", 4)
    assert set(fields) >= FIGURES | {"dice_median"}
    (case,) = fields["cases"]
    assert case["case"] == "v" and set(case) >= FIGURES | {"dice_median"}
    assert [row["slice"] for row in case["slices"]] == [0, 1, 2, 3]
    assert all(set(row) >= FIGURES for row in case["slices"])
    # The child predicts the segment everywhere.
    truth = np.load(labels)[:4] == 1
    shares = truth.mean(axis=(1, 2))
    assert fields["recall"] == 1
    assert fields["precision"] == pytest.approx(shares.mean())
    assert fields["accuracy"] == pytest.approx(shares.mean())
    assert fields["dice"] == pytest.approx((2 * shares / (1 + shares)).mean())
    assert fields["dice_median"] == pytest.approx(np.median(2 * shares / (1 + shares)))
    assert fields["iou"] == pytest.approx(shares.mean())
    assert fields["over"] == "slices"
    (segment,) = fields["segments"]
    assert segment["dice"] == fields["dice"] and segment["absent"] == []
    # Slices without a geometry lie nowhere, so nothing is far from them.
    assert "hd95_mm" not in segment
    low, high = fields["dice_interval"]
    assert low <= fields["dice"] <= high and segment["dice_interval"] == [low, high]
    assert not any(row["empty"] for row in case["slices"])
    table = segdesk("evaluate", trained).out.splitlines()
    assert [line.split()[:3] for line in table[1:]] == [
        ["v", "4", f"{fields['dice']:.3f}"],
        ["all,", "over", "slices"],
    ]


def test_evaluate_says_where_a_segment_is_nowhere(
    segdesk: Run, trained: Path, other_scan: Path, labels: Path
) -> None:
    segdesk(
        "import", trained, other_scan, "--labels", labels, "--pool", "validation", "--case", "v"
    )
    workbench = Workbench.open(trained)
    workbench.add_segment("Vein")
    for index in range(workbench.project.case("v").slices):
        reviewing.say_right(workbench, "v", index)
    saving.save(workbench)
    workbench.close()
    said = segdesk("evaluate", trained)
    assert "run-001 never learnt Vein" in said.err
    assert "Vein is nowhere in v: undefined there" in said.err
    assert said.out.splitlines()[0].split()[-1] == "Vein"
    assert said.out.splitlines()[1].split()[-1] == "—"
    fields = segdesk("evaluate", trained, "--json").json
    assert [(row["name"], row["absent"]) for row in fields["segments"][1:]] == [("Vein", ["v"])]
    assert fields["segments"][1]["dice"] is None and fields["unknown"] == ["Vein"]


def test_evaluate_says_which_run_it_compared_and_where_it_learnt(
    segdesk: Run, trained: Path, other_scan: Path, labels: Path
) -> None:
    segdesk(
        "import", trained, other_scan, "--labels", labels, "--pool", "validation", "--case", "v"
    )
    said = segdesk("evaluate", trained).err
    assert "run-001, the run in use, on the slices of the pool 'validation'" in said
    assert "learnt from" not in said
    said = segdesk("evaluate", trained, "--pool", "all").err
    assert "It learnt from case-001: figures there flatter." in said
    segdesk("train", trained, "--epochs", "1")
    first = segdesk("evaluate", trained, "--run", "run-001").err
    second = segdesk("evaluate", trained, "--run", "run-002").err
    in_use = segdesk("info", trained, "--json").json["in_use"]["run"]
    words = {"run-001": first, "run-002": second}
    assert "the run in use," in words.pop(in_use)
    (other,) = words.values()
    assert "which is not in use," in other


def test_a_training_says_what_its_figure_is_worth(
    segdesk: Run, project: Path, trainer: Trainer
) -> None:
    said = segdesk("train", project, "--epochs", "1")
    (run,) = segdesk("info", project, "--json").json["runs"]
    assert run["validation"] and f"run-001: {run['validation']}." in said.err


def test_evaluate_needs_slices_to_compare_with(segdesk: Run, trained: Path) -> None:
    assert segdesk("evaluate", trained, "--pool", "test").is_refusal(2, "--pool all")
    assert segdesk("evaluate", trained, "--pool", "all", "--json").json["number"] == 4


def test_evaluate_works_beside_a_window_once_the_predictions_are_there(
    segdesk: Run, trained: Path, other_scan: Path, labels: Path
) -> None:
    segdesk("import", trained, other_scan, "--labels", labels, "--pool", "test", "--case", "t")
    before = segdesk("evaluate", trained, "--pool", "test", "--json").json
    writer = Workbench.open(trained)
    try:
        assert segdesk("evaluate", trained, "--pool", "test", "--json").json == before
        assert segdesk("evaluate", trained, "--pool", "all").is_refusal(3, "open for writing")
    finally:
        writer.close()


def test_evaluate_says_who_is_in_no_pool_yet_and_draws_where_it_writes(
    segdesk: Run, trained: Path, other_scan: Path, labels: Path
) -> None:
    def drawn() -> set[str]:
        return set(segdesk("info", trained, "--json").json["split"]["pools"])

    segdesk("evaluate", trained, "--pool", "train")
    segdesk("import", trained, other_scan, "--labels", labels, "--case", "n")
    before = drawn()
    said = segdesk("evaluate", trained, "--pool", "train", "--json")
    assert said.json["number"] == 4
    assert "n is in no pool before the next training" in said.err
    assert segdesk("evaluate", trained, "--pool", "validation").is_refusal(2, "n is in no pool")
    assert drawn() == before
    assert segdesk("evaluate", trained, "--pool", "all", "--json").json["number"] == 8
    assert drawn() == before | {f"n/{index}" for index in range(5)}


def test_a_pool_for_a_twin_of_another_pool_is_refused_by_name(
    segdesk: Run, project: Path, scan: Path
) -> None:
    said = segdesk("import", project, scan, "--pool", "validation")
    assert said.is_refusal(2, "'case-001' is of the same patient", "'train'")
    assert segdesk("import", project, scan, "--json").json["cases"][0]["pool"] == "train"


def test_predict_takes_the_cases_that_are_named(
    segdesk: Run, trained: Path, scan: Path, tmp_path: Path
) -> None:
    segdesk("import", trained, scan, "--case", "b")
    segdesk("import", trained, scan, "--case", "c")
    wanted = ("--case", "b", "--case", "case-001", "--case", "b")
    said = segdesk("predict", trained, *wanted, "--json").json
    why = "In use: run-001. It is the first that learnt: Dice 0.500 on 1 validation slice."
    left_out = {"b": [], "case-001": []}
    assert said == {"run": "run-001", "why": why, "cases": ["b", "case-001"], "left_out": left_out}
    cases = segdesk("info", trained, "--json").json["cases"]
    assert [case["predictions"] for case in cases] == [["run-001"], ["run-001"], []]
    assert segdesk("predict", trained, "--json").json["cases"] == ["case-001", "b", "c"]
    file = tmp_path / "prediction.npy"
    what = ("--case", "c", "--what", "prediction")
    assert segdesk("export", trained, file, *what).code == 0
    assert (np.load(file) == 1).all()


def test_predict_counts_what_it_leaves_out_and_can_leave_out_nothing(
    segdesk: Run, project: Path, trainer: Trainer, tmp_path: Path
) -> None:
    trainer(
        "from segdesk.core.refinement import Refinement\n"
        "from segdesk.jobs.messages import Refined\n"
        "channel.send(Refined((Refinement(1, 5.0),)))"
    )
    assert segdesk("train", project, "--epochs", "1").code == 0
    said = segdesk("predict", project, "--json").json["left_out"]["case-001"]
    case = segdesk("info", project, "--json").json["cases"][0]
    assert [(row["segment"], row["voxels"], row["ml"]) for row in said] == [(1, 8, None)]
    assert not case["stacked"] and case["left_out"] == said
    words = f"{said[0]['name']} 8 voxels"
    assert words in segdesk("predict", project).out and words in segdesk("info", project).out
    kept = segdesk("predict", project, "--keep-pieces", "--json").json
    assert kept["left_out"] == {"case-001": []}
    assert segdesk("info", project, "--json").json["cases"][0]["left_out"] == []
    file = tmp_path / "prediction.npy"
    what = ("--case", "case-001", "--what", "prediction")
    assert segdesk("export", project, file, *what).code == 0
    assert (np.load(file) == 1).all()


def test_predict_refuses_what_is_not_there(segdesk: Run, project: Path, trainer: Trainer) -> None:
    assert segdesk("predict", project).is_refusal(2, "Train first")
    segdesk("train", project)
    assert segdesk("predict", project, "--case", "nobody").is_refusal(2, "case-001")
    assert segdesk("predict", project, "--run", "run-002").is_refusal(2, "run-001")
    RunPaths(project / "runs" / "run-001").weights(1).unlink()
    assert segdesk("predict", project).is_refusal(3, "not there any more")


def test_a_prediction_that_crashes_is_the_worlds_fault(
    segdesk: Run, trained: Path, trainer: Trainer
) -> None:
    trainer("raise SystemExit(5)")
    said = segdesk("predict", trained, "--json")
    assert said.is_refusal(3, "ended with code 5")
    assert segdesk("info", trained, "--json").json["cases"][0]["predictions"] == []


def test_predict_uses_the_better_run_and_says_why(
    segdesk: Run, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worse = child(tmp_path, dice=0.2, rival=0.7)
    monkeypatch.setattr(trainer_client, "trainer_command", lambda: (*worse,))
    said = segdesk("train", trained, "--json")
    why = "In use: run-001. Dice 0.700 on 1 validation slice; run-002 has 0.200."
    assert why in said.err
    assert (said.json["run"], said.json["in_use"], said.json["learnt"]) == (
        "run-002",
        "run-001",
        True,
    )
    assert segdesk("predict", trained, "--json").json["run"] == "run-001"
    assert why in segdesk("predict", trained).err
    fields = segdesk("info", trained, "--json").json["in_use"]
    assert (fields["run"], fields["why"], fields["slices"]) == ("run-001", why, 1)
    assert dict(fields["figures"]) == {"run-001": 0.7, "run-002": 0.2}


def test_a_run_given_to_predict_stays_in_use_until_the_rule_is_wanted(
    segdesk: Run, trained: Path
) -> None:
    segdesk("train", trained)
    assert segdesk("predict", trained, "--json").json["run"] == "run-002"
    said = segdesk("predict", trained, "--run", "run-001", "--json")
    assert said.json["run"] == "run-001" and "chosen by hand" in said.json["why"]
    assert "The best is run-002" in said.err
    assert segdesk("predict", trained, "--json").json["run"] == "run-001"
    assert segdesk("evaluate", trained, "--pool", "all", "--json").json["run"] == "run-001"
    # Another run is looked at without being used.
    segdesk("evaluate", trained, "--pool", "all", "--run", "run-002")
    assert segdesk("info", trained, "--json").json["in_use"]["run"] == "run-001"
    assert segdesk("predict", trained, "--run", "automatic", "--json").json["run"] == "run-002"


def test_a_training_that_learnt_nothing_says_so_and_is_not_used(
    segdesk: Run, trained: Path, trainer: Trainer
) -> None:
    trainer(WORTHLESS)
    said = segdesk("train", trained, "--json")
    assert said.json["learnt"] is False and said.json["outcome"] == "finished"
    assert said.json["nothing_learnt"].startswith("Nothing was learnt")
    assert said.json["in_use"] == "run-001"
    assert "Nothing was learnt in 1 epoch: its Dice is 0." in said.err
    assert segdesk("predict", trained, "--json").json["run"] == "run-001"


def test_where_no_run_has_learnt_predict_says_so(
    segdesk: Run, project: Path, trainer: Trainer
) -> None:
    trainer(WORTHLESS)
    said = segdesk("train", project)
    assert said.code == 0 and "No run is in use. No run has learnt anything yet." in said.err
    assert segdesk("predict", project).is_refusal(2, "No run has learnt anything yet")
    trainer("")
    assert segdesk("predict", project, "--run", "run-001").code == 0
