"""The program as it is installed: what it loads, and what reaches its streams."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import teaching
from tests.cli.conftest import Run
from tests.projects import voxels

HEAVY = {"PySide6", "pyqtgraph", "keras", "tensorflow", "SimpleITK", "skimage", "pydicom"}
RUN_AND_LIST = """
import json, sys
from segdesk.cli.main import main
code = main(sys.argv[1:])
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def fresh(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, as from a shell."""
    return subprocess.run(
        [sys.executable, "-m", "segdesk.cli", *map(str, arguments)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", ["info", "networks", "--help", "--version", "import"])
def test_small_commands_load_no_heavy_library(project: Path, command: str) -> None:
    target = {"info": [str(project)], "import": [str(project), str(project / "nothing")]}
    found = subprocess.run(
        [sys.executable, "-c", RUN_AND_LIST, command, *target.get(command, [])],
        capture_output=True,
        text=True,
        check=True,
    )
    code, loaded = json.loads(found.stdout.splitlines()[-1])
    assert code == (3 if command == "import" else 0)
    assert HEAVY & set(loaded) == set()


def test_the_status_and_the_streams_of_a_process_are_those_of_the_command(
    project: Path, tmp_path: Path
) -> None:
    done = fresh("info", project, "--json")
    assert done.returncode == 0 and done.stderr == ""
    assert json.loads(done.stdout)["cases"][0]["case"] == "case-001"
    refused = fresh("info", tmp_path / "nowhere.segdesk")
    assert refused.returncode == 3 and refused.stdout == ""
    assert refused.stderr.startswith("segdesk: 'nowhere.segdesk' is not there.")
    assert fresh("info", "--nonsense").returncode == 2


def test_a_reader_that_leaves_early_is_no_fault(project: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as broken:
        left = subprocess.run(
            [sys.executable, "-m", "segdesk.cli", "info", str(project)],
            stdout=broken,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (left.returncode, left.stderr) == (0, b"")


def test_names_that_the_terminal_cannot_write_are_escaped(project: Path) -> None:
    said = fresh("info", project, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert said.returncode == 0 and r"24\xd732" in said.stdout
    if sys.platform == "linux":
        nowhere = os.fsdecode(b"\xff.segdesk")
        assert fresh("info", nowhere).returncode == 3


def test_warnings_of_libraries_stay_off_the_terminal(tmp_path: Path) -> None:
    source = (
        "import sys, warnings, logging\n"
        "from segdesk.cli import learn, main\n"
        "def loud(**_):\n"
        "    warnings.warn('from a library')\n"
        "    logging.getLogger('pydicom').warning('from a library')\n"
        "commands.scans.importing.survey = lambda *a, **k: loud()\n"
        f"sys.argv[1:] = ['import', {str(tmp_path / 'p.segdesk')!r}, 'x']\n"
        "main.run()\n"
    )
    said = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
    assert "from a library" not in said.stderr


def test_info_shows_tables_to_people(segdesk: Run, project: Path) -> None:
    said = segdesk("info", project)
    assert said.err == ""
    assert "case-001       5  24×32  train  4 corrected, 1 unlabelled" in said.out
    assert "     1  Segment 1" in said.out


def test_info_says_what_the_import_said_of_a_case(segdesk: Run, project: Path, scan: Path) -> None:
    said = segdesk("import", project, scan, "--case", "again").err
    assert "again: The voxels equal those of case-001" in said
    assert "again: The voxels equal those of case-001" in segdesk("info", project).err


def test_an_import_says_what_its_labels_made_of_the_slices(
    segdesk: Run, project: Path, other_scan: Path, labels: Path
) -> None:
    said = segdesk("import", project, other_scan, "--labels", labels, "--case", "b").err
    assert "b: after its labels 4 corrected, 1 unlabelled." in said
    assert "after its labels" not in segdesk("import", project, other_scan, "--case", "c").err


def test_info_says_which_pool_was_drawn(segdesk: Run, tmp_path: Path) -> None:
    volume, path = tmp_path / "ct.nii", tmp_path / "drawn.segdesk"
    nibabel.save(nibabel.Nifti1Image(voxels().T, np.eye(4)), volume)
    assert segdesk("import", path, volume, "--unit", "hu").code == 0
    assert "  not drawn yet  " in segdesk("info", path).out
    workbench = Workbench.open(path)
    teaching.keep_split(workbench)
    saving.save(workbench)
    workbench.close()
    (pool,) = segdesk("info", path, "--json").json["split"]["pools"].values()
    assert f"  {pool}  " in segdesk("info", path).out


def test_networks_are_listed_with_their_parameters(segdesk: Run) -> None:
    rows = {row["id"]: row for row in segdesk("networks", "--json").json["networks"]}
    assert rows["encoder_decoder"]["parameters"] == 331_137
    assert rows["unet"]["parameters"] == 8_639_202
    fields = {"id", "description", "parameters", "loss", "border"}
    assert all(set(row) == fields for row in rows.values())
    assert "331137" in segdesk("networks").out
