"""What an older mask says of itself, has of segments removed since, and gets from the journal."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.files import exporting
from segdesk.app.labelling import removing_segments
from segdesk.app.project import damaged_mask, saving
from segdesk.app.project.workbench import Workbench
from segdesk.core.completeness import status_move
from segdesk.core.edit import Edit
from segdesk.core.status import SliceStatus
from segdesk.errors import ProjectError
from segdesk.store.journal import journal_contents
from segdesk.store.parts import annotation_file
from segdesk.store.project_folder import PreviousMask
from segdesk.store.repairing import repair
from tests.projects import make_project, stroke
from tests.store.resealing import changing

FIRST, SECOND = (f"cases/case-001/annotation-{number}.h5" for number in (1, 2))


def damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


@pytest.fixture
def workbench(tmp_path: Path) -> Workbench:
    """A case with a mask of two saves, the first with voxels of two segments."""
    workbench = make_project(tmp_path, cases=2)
    while len(workbench.segments) < 2:
        workbench.add_segment()
    stroke(workbench, 2, value=1)
    stroke(workbench, 3, value=2)
    saving.save(workbench)
    return workbench


def previous(workbench: Workbench) -> PreviousMask:
    found = workbench.folder.previous_mask(workbench.project.case("case-001"))
    assert found is not None
    return found


def take_older(workbench: Workbench) -> str:
    older = previous(workbench)
    damaged_mask.follow(workbench, older, damaged_mask.take(workbench, older))
    return damaged_mask.bring_back(workbench, older)


def test_its_date_is_that_of_its_save_whatever_a_copy_made_of_its_file(
    workbench: Workbench,
) -> None:
    stroke(workbench, 4)
    saving.save(workbench)
    path = workbench.folder.path
    damage(path / SECOND)
    when = previous(workbench)
    assert abs(when.saved - time.time()) < 600
    os.utime(path / FIRST, (1e9, 1e9))
    assert previous(workbench) == when
    workbench.close()


@pytest.mark.parametrize("said", [-1.0, float("nan"), 4e10, 1e300])
def test_a_date_that_no_calendar_knows_is_not_believed(workbench: Workbench, said: float) -> None:
    """Windows' calendar ends with the year 3000."""
    path = workbench.folder.path / FIRST
    case = replace(workbench.project.case("case-001"), generation=1)
    with changing(path) as file:
        file.attrs["saved"] = said
    os.utime(path, (1e9, 1e9))
    assert annotation_file.saved(path, case) == 1e9
    workbench.close()


def without_its_removed_segment(workbench: Workbench) -> Path:
    """The second segment was removed, nothing leads to the newest mask, and that is damaged."""
    removing_segments.remove_segment(workbench, 2)
    workbench.history.clear()
    for _ in range(2):
        stroke(workbench, 4, case="case-002")
        saving.save(workbench)
    workbench.close()
    path = workbench.folder.path
    damage(path / SECOND)
    for journal in path.glob("journal-[01]"):
        journal.unlink()
    return path


@pytest.mark.parametrize("writable", [True, False])
def test_it_has_no_voxels_of_a_segment_that_was_removed_since(
    workbench: Workbench, writable: bool
) -> None:
    path = without_its_removed_segment(workbench)
    workbench = Workbench.open(path, writable=writable)
    with pytest.raises(ProjectError):
        workbench.annotation("case-001")
    said = take_older(workbench)
    labels = workbench.annotation("case-001").labels
    assert set(np.unique(labels)) == {0, 1} and "voxels of segments removed since" in said
    assert workbench.loaded("case-001").counts.voxels(2) == 0
    # No undo brings back what has no name.
    undone = workbench.history.next_undo
    assert undone is None or undone.case != "case-001"
    workbench.close()
    if writable:
        again = Workbench.open(path)
        assert np.array_equal(again.annotation("case-001").labels, labels)
        again.close()


def test_a_repair_takes_them_out_of_it_too_and_says_so(
    workbench: Workbench, tmp_path: Path
) -> None:
    path = without_its_removed_segment(workbench)
    repaired = repair(path, tmp_path / "new.segdesk")
    assert "voxels of segments removed since" in " ".join(repaired.lost)
    made = Workbench.open(tmp_path / "new.segdesk")
    assert set(np.unique(made.annotation("case-001").labels)) == {0, 1}
    made.close()


def test_what_was_done_again_and_not_saved_before_a_kill_is_no_misfit(
    workbench: Workbench,
) -> None:
    path = workbench.folder.path
    # Each on the one before, so that the first of them fits neither before nor behind.
    for value in (2, 1, 2):
        stroke(workbench, 2, value=value)
    wanted = workbench.annotation("case-001").labels.copy()
    workbench.close()
    away = path.with_name("away.h5")
    (path / FIRST).rename(away)
    workbench = Workbench.open(path)
    away.rename(path / FIRST)
    assert np.array_equal(workbench.annotation("case-001").labels, wanted)
    assert "done again" in workbench.brought_back["case-001"]
    stroke(workbench, 2, value=1)
    wanted = workbench.annotation("case-001").labels.copy()
    # As after a kill: what was done again stands in the journal twice.
    workbench.close()
    workbench = Workbench.open(path)
    assert np.array_equal(workbench.annotation("case-001").labels, wanted)
    assert "left out" not in " ".join(workbench.notes)
    assert list(path.glob("left-out-*")) == []
    workbench.close()


@pytest.mark.parametrize("harm", ["saved", "removed", *["renamed"] * (sys.platform == "linux")])
def test_a_reader_beside_a_writer_says_that_it_saved_and_not_that_something_is_missing(
    workbench: Workbench, harm: str
) -> None:
    saving.save(workbench)
    reader = Workbench.open(workbench.folder.path, writable=False)
    if harm == "removed":
        (workbench.folder.path / "cases/case-001/volume.h5").unlink()
        cases = workbench.project.cases[1:]
        workbench.put_project(replace(workbench.project, cases=cases))
    for index in range(3 * (harm != "removed")):
        stroke(workbench, 4, value=1 + index % 2)
        saving.save(workbench)
    if harm == "renamed":
        workbench.close()
        workbench.folder.path.rename(workbench.folder.path.with_name("elsewhere"))
    with pytest.raises(ProjectError, match="Another program has saved the project ") as refused:
        reader.annotation("case-001")
    assert "Open the project again" in refused.value.hint
    assert not reader.annotation("case-002").labels.any()
    reader.close()
    workbench.close()


def test_what_is_missing_is_called_so_where_nobody_has_saved(workbench: Workbench) -> None:
    workbench.close()
    reader = Workbench.open(workbench.folder.path, writable=False)
    (workbench.folder.path / FIRST).unlink()
    with pytest.raises(ProjectError, match="mask of 'case-001' is missing"):
        reader.annotation("case-001")
    reader.close()


def test_a_project_with_changes_that_nobody_saved_is_deleted_and_nothing_is_written_before(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("nothing is to be written")

    stroke(workbench, 4)
    workbench.folder.hand_over_index(workbench.project)
    monkeypatch.setattr("segdesk.store.parts.project_file.write", refuse)
    monkeypatch.setattr("segdesk.store.journal.journals.Journals.hand_on", refuse)
    home = workbench.folder.path
    workbench.discard()
    assert not home.exists() and list(home.parent.iterdir()) == []


def with_a_gap(workbench: Workbench, *, said_right: bool = False) -> Path:
    """A stroke is in the newest mask alone, which is damaged; one over it and one elsewhere
    follow."""
    stroke(workbench, 2, value=2)
    saving.save(workbench)
    stroke(workbench, 4, case="case-002")
    saving.save(workbench)
    stroke(workbench, 2, value=1, row=12.0)
    stroke(workbench, 4, value=1)
    if said_right:
        mask, segments = workbench.annotation("case-001"), workbench.segments.numbers
        move = status_move(mask, 4, SliceStatus.VERIFIED, cause="said right", segments=segments)
        assert move is not None
        workbench.do(Edit("Right", "case-001", statuses=(move,)))
    workbench.close()
    path = workbench.folder.path
    damage(path / SECOND)
    (path / "journal-1").unlink()
    return path


def over_it(path: Path) -> list[int]:
    """The slices of what is kept apart."""
    edits = journal_contents.read(path / "left-out-1.journal", 0).edits
    return [index for edit in edits for index in edit.slices]


@pytest.mark.parametrize("how", ["in the program", "repaired"])
def test_a_slice_that_was_said_to_be_right_behind_a_gap_is_partial_and_named(
    workbench: Workbench, tmp_path: Path, how: str
) -> None:
    path = with_a_gap(workbench, said_right=True)
    named = "Slices of 'case-001' were said to be right"
    if how == "repaired":
        assert named in repair(path, tmp_path / "new.segdesk").lost[-2]
        path = tmp_path / "new.segdesk"
        workbench = Workbench.open(path)
    else:
        workbench = Workbench.open(path)
        assert named in take_older(workbench)
    assert workbench.statuses("case-001")[4] is SliceStatus.PARTIAL
    workbench.close()
    again = Workbench.open(path)
    assert again.statuses("case-001")[4] is SliceStatus.PARTIAL
    again.close()


def test_what_cannot_be_done_behind_a_gap_is_kept_apart_and_said(workbench: Workbench) -> None:
    path = with_a_gap(workbench)
    workbench = Workbench.open(path)
    said = take_older(workbench)
    assert "1 change made since fit it" in said
    assert "1 change did not fit; 'left-out-1.journal' keeps what they were." in said
    assert "may not be in it" in said
    assert over_it(path) == [2]
    assert workbench.annotation("case-001").labels[4].any()
    workbench.close()


def test_a_repair_keeps_it_apart_though_something_waited(
    workbench: Workbench, tmp_path: Path
) -> None:
    path = with_a_gap(workbench)
    Workbench.open(path).close()
    repaired = repair(path, tmp_path / "new.segdesk")
    assert "found no place were left out: 1" in repaired.lost[-1]
    assert over_it(tmp_path / "new.segdesk") == [2]


@pytest.mark.parametrize("again", ["at once", "in the next session"])
def test_an_older_mask_that_is_exported_without_its_scan_is_not_called_whole(
    workbench: Workbench, again: str
) -> None:
    path = with_a_gap(workbench)
    scan = path / "cases/case-001/volume.h5"
    scan.write_bytes(scan.read_bytes()[:-9])
    workbench = Workbench.open(path)
    older = previous(workbench)
    damaged_mask.follow(workbench, older, damaged_mask.take(workbench, older))
    if again == "in the next session":
        workbench.close()
        workbench = Workbench.open(path)
    with pytest.raises(ProjectError) as problem:
        workbench.annotation("case-001")
    notes = exporting.prepare_alone(workbench, "case-001", problem.value).notes
    assert "is whole" not in " ".join(notes)
    assert f"It is the mask of {older.when}: what else was changed since may not be in it." in notes
    workbench.close()
