"""From an import to figures with the real trainer, and how Ctrl+C ends it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from segdesk.jobs.run_paths import RunPaths
from tests.cli.conftest import Run

pytestmark = pytest.mark.keras
#: A shell's background jobs, and what a test runner starts there, ignore Ctrl+C.
IN_THE_FOREGROUND = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from segdesk.cli.main import run; run()"
)
TINY = ("--network", "encoder_decoder", "--filters", "2", "--size", "32", "--batch", "2")


def test_a_network_is_trained_fine_tuned_and_evaluated(segdesk: Run, project: Path) -> None:
    first = segdesk("train", project, *TINY, "--epochs", "2", "--seed", "3", "--json").json
    assert (first["run"], first["epochs"], first["outcome"]) == ("run-001", 2, "finished")
    assert first["best"] in (1, 2) and first["parameters"] > 0
    second = segdesk("train", project, "--from", "run-001", "--max-minutes", "0.01", "--json").json
    assert second["network"] == "encoder_decoder" and second["epochs"] >= 1
    assert second["parameters"] == first["parameters"]
    figures = segdesk("evaluate", project, "--pool", "all", "--run", "run-001", "--json").json
    assert figures["number"] == 4
    assert 0 <= figures["dice"] <= 1 and 0 < figures["accuracy"] < 1
    carried = project.with_name("carried.segdesk")
    assert segdesk("pack", project, project.with_name("carried.h5")).code == 0
    assert segdesk("unpack", project.with_name("carried.h5"), carried).code == 0
    masks = [predicted_by_the_first(segdesk, path) for path in (project, carried)]
    assert np.array_equal(*masks)


def predicted_by_the_first(segdesk: Run, project: Path) -> npt.NDArray[np.uint8]:
    """What run-001 predicts now, by its own weights in this project."""
    assert segdesk("predict", project, "--run", "run-001").code == 0
    file = project.with_suffix(".npy")
    options = ("--case", "case-001", "--what", "prediction")
    assert segdesk("export", project, *options, file).code == 0
    return np.load(file)


def test_a_training_at_a_rate_that_ruins_it_is_not_used(segdesk: Run, project: Path) -> None:
    unet = ("--network", "unet", "--filters", "2", "--size", "32", "--batch", "1")
    better = ("--network", "unet_norm", "--filters", "4", "--size", "32", "--batch", "1")
    first = segdesk("train", project, *better, "--epochs", "12", "--rate", "0.01", "--json").json
    assert first["learnt"] and first["in_use"] == "run-001"
    said = segdesk("train", project, *unet, "--epochs", "3", "--rate", "1", "--json")
    ruined = said.json
    assert (ruined["outcome"], ruined["learnt"], ruined["in_use"]) == (
        "finished",
        False,
        "run-001",
    )
    assert ruined["best_epoch"]["val_dice"] == 0.0
    assert "run-002: Nothing was learnt in 3 epochs" in said.err
    assert "lower learning rate (it was 1, unet starts at 0.001)" in said.err
    assert segdesk("predict", project, "--json").json["run"] == "run-001"


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl+C to a console")
def test_ctrl_c_stops_the_training_and_keeps_what_it_has(segdesk: Run, project: Path) -> None:
    command = [sys.executable, "-c", IN_THE_FOREGROUND, "train", str(project), *TINY]
    with subprocess.Popen(
        [*command, "--epochs", "9999", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as training:
        assert training.stderr is not None
        said = [training.stderr.readline()]
        while said[-1] and not said[-1].startswith("epoch 1,"):
            said.append(training.stderr.readline())
        training.send_signal(signal.SIGINT)
        out, err = training.communicate()
    assert training.returncode == 0, "".join((*said, err))
    fields = json.loads(out)
    assert fields["outcome"] == "stopped" and fields["best"] >= 1
    assert "run-001: Stopped; the weights of epoch" in err
    (run,) = segdesk("info", project, "--json").json["runs"]
    assert (run["outcome"], run["best"]) == ("stopped", fields["best"])
    assert RunPaths(project / "runs" / "run-001").weights(run["best"]).is_file()
    assert processes_that_name(project) == []


def processes_that_name(path: Path) -> list[str]:
    """Command lines of running processes in which a path stands; none where /proc is unknown."""
    found: list[str] = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        # A process may end while it is looked at.
        with contextlib.suppress(OSError):
            line = file.read_bytes().decode(errors="replace")
            if str(path) in line:
                found.append(line)
    return found
