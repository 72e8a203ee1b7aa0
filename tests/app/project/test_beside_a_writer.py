"""Programs that only read a project while another one draws, takes back and saves."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from segdesk.app.project.workbench import Workbench
from segdesk.errors import ProjectError
from segdesk.store.checking import check
from tests.packs import full_project

CHECKOUT = Path(__file__).resolve().parents[3]
WRITER = """
    import sys, time
    from pathlib import Path
    from segdesk.app.project import saving
    from segdesk.app.project.workbench import Workbench
    from tests.projects import stroke
    workbench, number = Workbench.open(Path(sys.argv[1])), 0
    print("open", flush=True)
    end = time.monotonic() + float(sys.argv[2])
    while time.monotonic() < end:
        number += 1
        stroke(workbench, number % 5, value=1 + number % 2, case=f"case-00{1 + number % 3}")
        if number % 4 == 0:
            workbench.undo()
        if number % 3 == 0:
            saving.save(workbench)
    workbench.close()
"""


def read_beside(folder: Path, seconds: float) -> int:
    """Read and check again and again; how often all of it was read."""
    workbench = full_project(folder, cases=3)
    workbench.close()
    path, whole = workbench.folder.path, 0
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path), str(seconds)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == "open\n"
        while writer.poll() is None:
            whole += _read(path)
            assert check(path).findings == ()
    assert writer.returncode == 0
    assert _read(path)
    return whole


def _read(path: Path) -> bool:
    reader = Workbench.open(path, writable=False)
    try:
        assert all("not saved yet" in note for note in reader.notes)
        for case in reader.project.cases:
            reader.annotation(case.id)
    except ProjectError as error:
        # What a save has replaced since the project was opened here.
        assert "Another program has saved the project since" in error.sentence
        return False
    finally:
        reader.close()
    return True


def test_who_reads_beside_a_writer_reads_it_whole_or_is_told_that_it_was_saved(
    tmp_path: Path,
) -> None:
    read_beside(tmp_path, 1)


@pytest.mark.long
def test_who_reads_for_long_beside_a_writer_reads_it_whole_or_is_told(tmp_path: Path) -> None:
    assert read_beside(tmp_path, 40) > 2
