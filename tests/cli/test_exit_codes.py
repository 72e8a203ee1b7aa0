"""How a command ends: 0 done, 1 a bug, 2 bad use, 3 the world's fault; one sentence each."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from segdesk import __version__
from segdesk.app.files import importing
from segdesk.cli.commands import app
from segdesk.formats.scan import ArrayScan
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["--nonsense"],
        ["import"],
        ["import", "p.segdesk"],
        ["import", "p.segdesk", "scan.npy", "--series"],
        ["info"],
        ["info", "p.segdesk", "--all"],
        ["train", "p.segdesk", "--epochs", "many"],
        ["train", "p.segdesk", "--epochs", "0"],
        ["train", "p.segdesk", "--max-minutes", "nan"],
        ["train", "p.segdesk", "--batch", "-1"],
        ["train", "p.segdesk", "--size", "4"],
        ["train", "p.segdesk", "--network", "resnet"],
        ["export", "p.segdesk", "mask.nrrd"],
        ["export", "p.segdesk", "mask.nrrd", "--case", "case-001", "--what", "everything"],
        ["evaluate", "p.segdesk", "--pool", "holdout"],
        ["import", "p.segdesk", "scan.npy", "--pool", "all"],
        ["import", "p.segdesk", "scan.npy", "--labels-as", "right", "--labels", "x.npy"],
        ["import", "p.segdesk", "scan.npy", "--labels-as", "corrected"],
    ],
    ids=" ".join,
)
def test_bad_use_ends_with_2_and_one_sentence(segdesk: Run, arguments: list[str]) -> None:
    assert segdesk(*arguments).is_refusal(2)


@pytest.mark.parametrize(
    "arguments",
    [
        ["import", "{project}", "scan.npy", "--labels", ""],
        ["import", "{project}", "scan.npy", "--labels="],
        ["import", "{project}", "scan.npy", "--case", ""],
        ["evaluate", "{project}", "--run", ""],
        ["predict", "{project}", "--run="],
        ["train", "{project}", "--from", ""],
        ["export", "{project}", "m.nrrd", "--case", "case-001", "--what", ""],
        ["info", ""],
    ],
    ids=" ".join,
)
def test_an_empty_argument_is_refused_and_stands_for_nothing(
    segdesk: Run, project: Path, scan: Path, arguments: list[str]
) -> None:
    """As a shell's variable that was never set: no scan comes in without its labels."""
    places = {"{project}": project, "scan.npy": scan}
    before = segdesk("info", project).out
    refused = segdesk(*(places.get(text, text) for text in arguments))
    assert refused.is_refusal(2, "is empty.", "leave it out")
    assert segdesk("info", project).out == before


@pytest.mark.parametrize("option", ["--rate", "--augmentation", "--max-minutes"])
def test_a_number_that_can_be_read_in_two_ways_is_refused_with_both(
    segdesk: Run, option: str
) -> None:
    refused = segdesk("train", "p.segdesk", option, "1,024")
    assert refused.is_refusal(2, f"'{option}': '1,024' can be read in two ways.")
    assert refused.is_refusal(2, "1.0240")


def test_a_comma_is_a_decimal_sign_on_the_command_line(segdesk: Run, project: Path) -> None:
    assert segdesk("train", project, "--rate", "2,5").is_refusal(2, "rate is 2.5")
    assert segdesk("train", project, "--rate", "1.125").is_refusal(2, "rate is 1.125")


def test_the_sentence_lists_what_could_have_been_meant(segdesk: Run, project: Path) -> None:
    assert segdesk("train", project, "--network", "resnet").is_refusal(2, "encoder_decoder")
    assert segdesk("predict", project, "--run", "run-009").is_refusal(2, "none yet")
    nowhere = segdesk("export", project, "m.nrrd", "--case", "case-009")
    assert nowhere.is_refusal(2, "case-001")
    assert segdesk("evaluate", project, "--pool", "best").is_refusal(2, "validation, test")


@pytest.mark.parametrize("command", ["info", "train", "predict", "evaluate"])
@pytest.mark.parametrize("what", ["missing", "file", "folder", "nonsense inside"])
def test_a_project_that_is_no_project_ends_with_3(
    segdesk: Run, tmp_path: Path, command: str, what: str
) -> None:
    path = tmp_path / "p.segdesk"
    if what == "file":
        path.write_text("no project")
    elif what != "missing":
        path.mkdir()
        (path / ("project.h5" if what == "nonsense inside" else "letter.txt")).write_text("Dear")
    assert segdesk(command, path).is_refusal(3, "p.segdesk")


def test_a_bug_ends_with_1_and_the_log_has_the_traceback(
    segdesk: Run, project: Path, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("segdesk.app.files.exporting.export", broken)
    log = logs / "segdesk.log"
    said = segdesk("export", project, "mask.nrrd", "--case", "case-001", "--json")
    assert said.is_refusal(1, "bug", str(log))
    assert "Traceback" in log.read_text() and "planted" in log.read_text()


def test_ctrl_c_ends_with_3_and_a_sentence(
    segdesk: Run, scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(importing, "survey", interrupted)
    assert segdesk("import", tmp_path / "p.segdesk", scan).is_refusal(3, "Stopped")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no polite signal")
@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM])
def test_an_import_that_is_ended_politely_leaves_nothing_behind(
    segdesk: Run, scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: signal.Signals
) -> None:
    plane = ArrayScan.plane

    def ended_at_slice_3(self: ArrayScan, index: int) -> np.ndarray:
        if index == 3:
            signal.raise_signal(way)
        return plane(self, index)

    monkeypatch.setattr(ArrayScan, "plane", ended_at_slice_3)
    before = set(tmp_path.iterdir())
    assert segdesk("import", tmp_path / "p.segdesk", scan).is_refusal(3, "Stopped")
    assert set(tmp_path.iterdir()) == before
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_the_version_is_said(segdesk: Run) -> None:
    said = segdesk("--version")
    assert (said.code, said.out, said.err) == (0, f"segdesk {__version__}\n", "")


def test_every_command_explains_itself(segdesk: Run) -> None:
    names = [command.name for command in app.registered_commands if not command.hidden]
    assert set(names) >= {"import", "info", "train", "predict", "evaluate", "export", "networks"}
    overview = segdesk("--help")
    assert overview.code == 0
    for name in names:
        assert name is not None and f"  {name} " in overview.out
        said = segdesk(name, "--help")
        assert said.code == 0 and said.err == ""
        assert f"Usage: segdesk {name}" in said.out
