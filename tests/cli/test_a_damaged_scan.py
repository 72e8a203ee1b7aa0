"""One wrong bit in a scan costs nothing but the scan: the mask comes out, stays, and the same scan
is put back."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.files import exporting
from segdesk.app.project.mask_alone import Alone
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation
from segdesk.errors import ProjectError
from tests.cli.conftest import Run, truth
from tests.projects import stroke, voxels


def flip(file: Path) -> None:
    """One wrong bit amid the voxels, which are most of the file."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def test_the_mask_of_a_damaged_scan_is_written_for_other_programs(
    segdesk: Run, project: Path, tmp_path: Path
) -> None:
    flip(project / "cases/case-001/volume.h5")
    out = tmp_path / "mask.npy"
    said = segdesk("export", project, out, "--case", "case-001")
    assert said.code == 0, said.err
    assert np.array_equal(np.load(out), truth())
    assert (
        "The scan of 'case-001' is damaged" in said.err and "is whole and needs no scan" in said.err
    )
    # The scan itself is still refused.
    scan = segdesk(
        "export", project, tmp_path / "scan.npy", "--case", "case-001", "--what", "volume"
    )
    scan.is_refusal(3, "damaged")


@pytest.mark.parametrize("harm", ["bit", "missing"])
def test_the_same_scan_is_put_back_by_importing_it_again(
    segdesk: Run, project: Path, scan: Path, tmp_path: Path, harm: str
) -> None:
    before = segdesk("info", project, "--json").json
    workbench = Workbench.open(project)
    stroke(workbench, 4)
    wanted = workbench.annotation("case-001").labels.copy()
    statuses = dict(Counter(status.word for status in workbench.statuses("case-001")))
    workbench.close()
    file = project / "cases/case-001/volume.h5"
    flip(file) if harm == "bit" else file.unlink()
    said = segdesk("import", project, scan, "--json")
    (case,) = said.json["cases"]
    assert case["case"] == "case-001" and case["statuses"] == statuses
    assert "The scan of 'case-001' was put back" in said.err
    assert segdesk("check", project).code == 0
    after = segdesk("info", project, "--json").json
    (was,), (now,) = before["cases"], after["cases"]
    assert {**was, "statuses": statuses} == now
    assert after["split"] == before["split"]
    workbench = Workbench.open(project, writable=False)
    assert np.array_equal(workbench.annotation("case-001").labels, wanted)
    assert np.array_equal(workbench.volume("case-001").voxels, voxels())
    workbench.close()
    assert sorted(file.name for file in (project / "cases").iterdir()) == ["case-001"]
    # Another one is a case of its own, and so is the same where nothing is lacking.
    again = segdesk("import", project, scan, "--json").json
    assert again["cases"][0]["case"] == "case-002"


def test_another_scan_does_not_take_the_place_of_a_damaged_one(
    segdesk: Run, project: Path, other_scan: Path
) -> None:
    file = project / "cases/case-001/volume.h5"
    flip(file)
    damaged = file.read_bytes()
    (case,) = segdesk("import", project, other_scan, "--json").json["cases"]
    assert case["case"] == "case-002" and file.read_bytes() == damaged


def test_a_repaired_project_gets_its_scan_back(
    segdesk: Run, project: Path, scan: Path, tmp_path: Path
) -> None:
    flip(project / "cases/case-001/volume.h5")
    made = tmp_path / "new.segdesk"
    assert segdesk("check", project, "--repair", made).code == 3
    said = segdesk("import", made, scan)
    assert said.code == 0 and "The scan of 'case-001' was put back" in said.err
    assert segdesk("check", made).code == 0
    out = tmp_path / "mask.npy"
    segdesk("export", made, out, "--case", "case-001")
    assert np.array_equal(np.load(out), truth())


def test_a_mask_that_lacks_a_change_is_not_called_whole(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = Workbench.open(project)
    problem = ProjectError("The scan is damaged.", "")
    mask = Annotation(workbench.project.case("case-001").grid)
    monkeypatch.setattr(exporting, "mask_alone", lambda *_: Alone(mask, 2))
    made = exporting.prepare_alone(workbench, "case-001", problem)
    assert made.notes[0] == (
        "2 changes made since do not fit the mask of 'case-001' and are not in it. "
        "The scan is damaged."
    )
    workbench.close()


def test_it_is_put_back_by_its_name_and_nothing_else_takes_it(
    segdesk: Run, project: Path, scan: Path, other_scan: Path
) -> None:
    segdesk("import", project, scan, "--case", "case-001").is_refusal(2, "There is a case")
    file = project / "cases/case-001/volume.h5"
    flip(file)
    damaged = file.read_bytes()
    segdesk("import", project, other_scan, "--case", "case-001").is_refusal(
        3, "This is not the scan of 'case-001'", "another name"
    )
    assert file.read_bytes() == damaged
    said = segdesk("import", project, scan, "--case", "case-001", "--json")
    assert [case["case"] for case in said.json["cases"]] == ["case-001"]
    assert "The scan of 'case-001' was put back" in said.err
    assert segdesk("check", project).code == 0
    assert sorted(file.name for file in (project / "cases").iterdir()) == ["case-001"]


def test_a_case_that_is_not_packed_is_named_with_what_can_be_done_for_it(
    segdesk: Run, project: Path, other_scan: Path, tmp_path: Path
) -> None:
    segdesk("import", project, other_scan)
    flip(project / "cases/case-001/volume.h5")
    said = segdesk("pack", project, tmp_path / "p.h5", "--json")
    packed = json.loads(said.out)
    assert (said.code, packed["cases"], packed["damaged"]) == (3, ["case-002"], ["case-001"])
    (note,) = packed["notes"]
    assert note.startswith("The scan of 'case-001' is damaged") and note in said.err
    assert "stays out, with its mask, which can be read: export it, or import" in note


def test_of_two_that_have_lost_the_same_scan_the_one_that_is_named_gets_it(
    segdesk: Run, project: Path, scan: Path
) -> None:
    segdesk("import", project, scan)
    files = [project / f"cases/case-00{number}/volume.h5" for number in (1, 2)]
    for file in files:
        flip(file)
    (case,) = segdesk("import", project, scan, "--case", "case-002", "--json").json["cases"]
    assert case["case"] == "case-002"
    said = segdesk("check", project, "--json")
    assert [row["case"] for row in json.loads(said.out)["findings"]] == ["case-001"]


@pytest.mark.parametrize("harm", ["what waits", "the journal"])
def test_a_mask_is_not_called_whole_where_a_change_of_it_is_lost(
    segdesk: Run, project: Path, tmp_path: Path, harm: str
) -> None:
    workbench = Workbench.open(project)
    for index in (3, 4):
        stroke(workbench, index)
    workbench.close()
    flip(project / "cases/case-001/volume.h5")
    Workbench.open(project).close()
    file = max(project.glob("journal-*"))
    if harm == "what waits":
        file = project / "cases/case-001/waiting.journal"
    content = bytearray(file.read_bytes())
    content[-9] ^= 1
    file.write_bytes(content)
    said = segdesk("export", project, tmp_path / "mask.npy", "--case", "case-001")
    assert said.code == 0 and "is lost" in said.err
    assert "is whole and needs no scan" not in said.err


@pytest.mark.parametrize("command", ["import", "export", "apply"])
def test_what_a_journal_has_lost_is_said_by_the_command_that_finds_it(
    segdesk: Run, project: Path, other_scan: Path, tmp_path: Path, command: str
) -> None:
    """One that writes sets the rest aside, so that nobody is told a second time."""
    workbench = Workbench.open(project)
    for index in (3, 4):
        stroke(workbench, index)
    workbench.close()
    file = max(project.glob("journal-*"))
    content = bytearray(file.read_bytes())
    content[-9] ^= 1
    file.write_bytes(content)
    rest = {
        "import": (project, other_scan),
        "export": (project, tmp_path / "mask.npy", "--case", "case-001"),
        "apply": (project, "fill_holes", "--segment", "1"),
    }[command]
    said = segdesk(command, *rest)
    assert said.code == 0
    assert said.err.count(f"Nothing in '{file.name}' could be used: what was changed in it") == 1
