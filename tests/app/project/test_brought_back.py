"""What was done again on a mask, and a kill before it was saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segdesk.app.project import damaged_mask, saving
from segdesk.app.project.workbench import Workbench
from segdesk.store.repairing import repair
from tests.app.project.test_one_damaged_file import damage
from tests.projects import make_project, stroke


def taken_back_and_killed(folder: Path) -> tuple[Path, np.ndarray]:
    """An older mask was taken and all since was done again, which stands in the journal behind
    what it is; two of these Edits fit the older mask without the ones before them too."""
    workbench = make_project(folder)
    for value in (1, 0):
        for row in (10.0, 13.0):
            stroke(workbench, 1, value=value, row=row)
    saving.save(workbench)
    stroke(workbench, 1, value=1, row=10.0)
    saving.save(workbench)
    stroke(workbench, 1, value=0, row=13.0)
    stroke(workbench, 1, value=1, row=13.0)
    wanted = workbench.annotation("case-001").labels.copy()
    workbench.close()
    path = workbench.folder.path
    damage(path / "cases/case-001/annotation-2.h5")
    workbench = Workbench.open(path)
    older = damaged_mask.look(workbench, workbench.project.case("case-001"))
    assert older is not None
    damaged_mask.follow(workbench, older, damaged_mask.take(workbench, older))
    assert "3 changes" in damaged_mask.bring_back(workbench, older)
    assert np.array_equal(workbench.annotation("case-001").labels, wanted)
    workbench.folder.close()  # killed
    return path, wanted


def test_a_kill_before_it_was_saved_leaves_it_once(tmp_path: Path) -> None:
    path, wanted = taken_back_and_killed(tmp_path)
    workbench = Workbench.open(path)
    assert np.array_equal(workbench.annotation("case-001").labels, wanted)
    assert list(path.glob("left-out-*")) == []
    assert [edit.case for edit in workbench.history.done] == ["case-001"] * 3
    stroke(workbench, 2)
    wanted = workbench.annotation("case-001").labels.copy()
    while workbench.history.next_undo is not None:
        workbench.undo()
    while workbench.history.next_redo is not None:
        workbench.redo()
    assert np.array_equal(workbench.annotation("case-001").labels, wanted)
    saving.save(workbench)
    workbench.close()
    workbench = Workbench.open(path)
    assert np.array_equal(workbench.annotation("case-001").labels, wanted)
    workbench.close()


@pytest.mark.parametrize("older", ["sound", "damaged"])
def test_a_repair_does_it_once_too(tmp_path: Path, older: str) -> None:
    """On an empty mask too, with what led to the older one."""
    path, wanted = taken_back_and_killed(tmp_path)
    if older == "damaged":
        damage(path / "cases/case-001/annotation-1.h5")
    repaired = repair(path, tmp_path / "new.segdesk")
    assert repaired.lost == ()
    assert ("nothing of it is lost" in " ".join(repaired.notes)) == (older == "damaged")
    workbench = Workbench.open(tmp_path / "new.segdesk")
    assert np.array_equal(workbench.annotation("case-001").labels, wanted)
    workbench.close()
