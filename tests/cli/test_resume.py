"""A training that was stopped or killed goes on where it was: real processes, the default network,
augmentation on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segdesk.app.project.workbench import Workbench
from segdesk.cli.main import main
from segdesk.core.run import Run as CoreRun
from segdesk.core.run import plan_for
from segdesk.jobs.run_paths import RunPaths
from tests.cli.conftest import Run
from tests.cli.test_training_for_real import IN_THE_FOREGROUND

pytestmark = [
    pytest.mark.keras,
    pytest.mark.skipif(os.name == "nt", reason="signals of POSIX"),
]
SIDE, SLICES, RUN = 96, 14, "run-001"
ASKED = ("--epochs", "6", "--seed", "5", "--json")


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a disc on every slice, of slices that have half their size at first."""
    folder = tmp_path_factory.mktemp("taught")
    generator = np.random.default_rng(2)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    labels = np.zeros((SLICES, SIDE, SIDE), np.uint8)
    for plane in labels:
        row, column = generator.uniform(0.4 * SIDE, 0.6 * SIDE, 2)
        plane[(rows - row) ** 2 + (columns - column) ** 2 < (0.2 * SIDE) ** 2] = 1
    np.save(folder / "scan.npy", (labels * 90 + generator.normal(0, 30, labels.shape)).astype("i2"))
    np.save(folder / "labels.npy", labels)
    path = folder / "p.segdesk"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGDESK_LOGS", str(folder / "logs"))
        arguments = ("import", path, folder / "scan.npy", "--labels", folder / "labels.npy")
        assert main([*map(str, arguments), "--pool", "train"]) == 0
    return path


def cut(project: Path, how: signal.Signals) -> int:
    """Train, and send a signal once epoch 3 is done; gives how the process ended."""
    training = subprocess.Popen(
        [sys.executable, "-c", IN_THE_FOREGROUND, "train", str(project), *ASKED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert training.stderr is not None
    said = [training.stderr.readline()]
    while said[-1] and not said[-1].startswith("epoch 3,"):
        said.append(training.stderr.readline())
    training.send_signal(how)
    training.communicate()
    assert said[-1], said
    return training.returncode


def curve(fields: dict[str, Any]) -> list[list[float]]:
    names = ("number", "steps", "rate", "loss", "accuracy", "dice", "val_loss", "val_dice")
    return [[row[name] for name in names] for row in fields["history"]]


def test_stopped_and_killed_at_epoch_3_end_as_the_one_that_was_not(
    segdesk: Run, taught: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_DETERMINISTIC_OPS", "1")
    whole, stopped, killed = (
        Path(shutil.copytree(taught, tmp_path / f"{name}.segdesk"))
        for name in ("whole", "stopped", "killed")
    )
    fields = segdesk("train", whole, *ASKED).json
    assert (fields["network"], fields["epochs"], fields["resumed"]) == ("unet_fast", 6, [])
    assert fields["full_sized_after"] == fields["history"][2]["steps"] - 2

    assert cut(stopped, signal.SIGINT) == 0
    assert cut(killed, signal.SIGKILL) == -signal.SIGKILL
    # A look alone closes no record.
    for project, outcome in ((stopped, "stopped"), (killed, "running")):
        paths = RunPaths(project / "runs" / RUN)
        assert paths.kept_checkpoints()
        (before,) = segdesk("info", project, "--json").json["runs"]
        assert before["outcome"] == outcome
        said = segdesk("train", project, "--resume", RUN, "--json")
        after = said.json
        assert after["outcome"] == "finished"
        (step,) = after["resumed"]
        assert f"{RUN} goes on after step {step}, in epoch " in said.err
        assert "the labels that it began with" in said.err
        assert np.allclose(curve(after), curve(fields), rtol=0, atol=1e-5), project
        assert after["best"] == fields["best"]
        assert after["full_sized_after"] == fields["full_sized_after"]
        # Nothing is left that would take room for nothing.
        assert paths.kept_checkpoints() == [] and not paths.kept_bundle.exists()
        assert not paths.bundle.exists()
    assert segdesk("train", stopped, "--resume", RUN).is_refusal(3, RUN, "has finished")


def test_a_run_goes_on_with_its_own_settings_alone(
    segdesk: Run, taught: Path, tmp_path: Path
) -> None:
    project = Path(shutil.copytree(taught, tmp_path / "p.segdesk"))
    assert segdesk("train", project, "--resume", "run-009").is_refusal(2, "run-009")
    workbench = Workbench.open(project)
    workbench.put_run(CoreRun(RUN, plan_for(epochs=6, seed=5), 1.0, outcome="stopped", best=2))
    workbench.close()
    ran = ("train", project, "--resume", RUN)
    own = ("--seed", "5", "--epochs", "6")
    assert segdesk(*ran, *own, "--rate", "0.5").is_refusal(
        2, "--rate was", "cannot be 0.5", "--from"
    )
    assert segdesk(*ran, *own, "--json").is_refusal(3, "no checkpoint", "starting from 'run-001'")
    (run,) = segdesk("info", project, "--json").json["runs"]
    assert (run["outcome"], run["best"]) == ("stopped", 2)
