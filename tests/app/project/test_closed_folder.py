"""What the system does not let anybody look at costs what lies there, and only for that long."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.errors import ProjectGone
from segdesk.store.checking import check
from segdesk.store.repairing import repair
from tests.out_of_reach import closed_folder, disk_away
from tests.projects import make_project, stroke


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """Two cases, each with a stroke that no save has seen."""
    workbench = make_project(tmp_path, cases=2)
    stroke(workbench, 0)
    stroke(workbench, 0, case="case-002")
    workbench.close()
    return workbench.folder.path


@pytest.mark.parametrize("number", [errno.ENOTCONN, errno.EIO, errno.ESTALE])
def test_a_stroke_while_the_disk_is_away_leaves_no_gap(tmp_path: Path, number: int) -> None:
    workbench = make_project(tmp_path)
    stroke(workbench, 1)
    path = workbench.folder.path
    with disk_away(path, number):
        stroke(workbench, 2)
        assert workbench.folder.waiting == 1
        gone = workbench.folder.why_gone()
        assert isinstance(gone, ProjectGone)
        assert "cannot be reached" in str(gone)
    # On the same slice: it fits what was drawn while the disk was away.
    stroke(workbench, 2, value=2, row=6.0)
    assert workbench.folder.waiting == 0
    assert workbench.folder.why_gone() is None
    labels = workbench.annotation("case-001").labels.copy()
    shutil.copytree(path, tmp_path / "killed.segdesk", ignore=shutil.ignore_patterns("lock"))
    killed = Workbench.open(tmp_path / "killed.segdesk")
    try:
        assert killed.notes == ("Recovered 3 strokes that had not been saved.",)
        assert np.array_equal(killed.annotation("case-001").labels, labels)
    finally:
        killed.close()
        workbench.close()


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO])
@pytest.mark.parametrize("writable", [True, False], ids=["to write", "to read"])
def test_a_case_whose_folder_nobody_may_look_into_keeps_no_other_from_work(
    drawn: Path, number: int, writable: bool
) -> None:
    with closed_folder(drawn / "cases" / "case-001", number):
        workbench = Workbench.open(drawn, writable=writable)
        assert [*workbench.left_out] == ["case-001"]
        assert any("'case-001' is left out until it can be read" in one for one in workbench.notes)
        assert workbench.annotation("case-002").labels.any()
        if writable:
            stroke(workbench, 1, case="case-002")
            saving.save(workbench)
        workbench.close()
    workbench = Workbench.open(drawn)
    try:
        assert workbench.annotation("case-002").labels[1].any() == writable
        # The save drops the journal that had it; what the case's folder did not take waited beside.
        assert not list(drawn.glob("left-out-*"))
        assert workbench.annotation("case-001").labels.any()
    finally:
        workbench.close()


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO])
def test_a_check_and_a_repair_go_on_behind_such_a_folder(
    drawn: Path, tmp_path: Path, number: int
) -> None:
    with closed_folder(drawn / "cases" / "case-001", number):
        (finding,) = check(drawn).findings
        assert (finding.what, finding.case) == ("scan", "case-001")
        repaired = repair(drawn, tmp_path / "new.segdesk")
    assert [case.id for case in repaired.project.cases] == ["case-002"]
    assert any("The case is left out" in sentence for sentence in repaired.lost)
