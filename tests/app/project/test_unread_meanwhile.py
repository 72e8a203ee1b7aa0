"""A case cannot be read at one opening and can at the next: what was done stays whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.labelling.removing_segments import edit_of_case, remove_segment
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.core.box import Box
from segdesk.core.cutting import cut
from segdesk.core.edit import Edit, Planes, SegmentChange
from segdesk.core.segment import Segment
from tests.projects import make_project, stroke


def killed(workbench: Workbench, name: str) -> Path:
    """The folder as a kill would leave it."""
    return Path(shutil.copytree(workbench.folder.path, workbench.folder.path.with_name(name)))


@contextmanager
def without_scan(project: Path, case: str) -> Iterator[None]:
    scan = project / "cases" / case / "volume.h5"
    hidden = scan.rename(project.with_name(f"{project.stem}-{case}"))
    yield
    hidden.rename(scan)


def import_labels(workbench: Workbench) -> Segment:
    """One Edit that draws on case-001 and brings the segment along, as an import of labels does."""
    new = workbench.segments.new("Imported")
    mask, box = workbench.annotation("case-001"), Box(1, 2, 0, 10, 0, 10)
    before, by = mask.labels[box.window].copy(), mask.provenance[box.window].copy()
    planes = Planes(before, np.full_like(before, new.number), by, np.full_like(by, 2))
    patches = cut(box, planes)
    workbench.do(
        Edit("Import labels", "case-001", patches=patches, segments=(SegmentChange(None, new),))
    )
    return new


def test_an_undo_of_a_step_that_was_not_the_next_one_stands_on_one_stack(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=2)
    stroke(workbench, 0)
    saving.save(workbench)
    stroke(workbench, 1, case="case-002")
    stroke(workbench, 2, case="case-002")
    first = killed(workbench, "first.segdesk")
    workbench.close()
    with without_scan(first, "case-002"):
        other = Workbench.open(first)
        assert other.undo() is not None
        second = killed(other, "second.segdesk")
        other.close()
        shutil.copy(workbench.folder.path / "cases/case-002/volume.h5", second / "cases/case-002")
    again = Workbench.open(second)
    done = [edit.sequence for edit in (*again.history.done, *again.history.to_redo)]
    assert len(done) == len(set(done))
    again.show_segment(1, False)
    saving.save(again)
    stroke(again, 3)
    stroke(again, 4)
    wanted = again.annotation("case-001").labels.copy()
    third = killed(again, "third.segdesk")
    again.close()
    last = Workbench.open(third)
    assert last.recovered == 2
    assert np.array_equal(last.annotation("case-001").labels, wanted)
    last.close()


def test_a_segment_that_came_with_a_mask_that_cannot_be_read_stays(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=2)
    stroke(workbench, 0)
    saving.save(workbench)
    new = import_labels(workbench)
    wanted = workbench.annotation("case-001").labels.copy()
    killed_there = killed(workbench, "killed.segdesk")
    workbench.close()
    with without_scan(killed_there, "case-001"):
        unread = Workbench.open(killed_there)
        assert new in list(unread.segments)
        stroke(unread, 1, case="case-002")
        saving.save(unread)
        unread.close()
    again = Workbench.open(killed_there)
    assert np.array_equal(again.annotation("case-001").labels, wanted)
    assert again.segments[new.number].name == "Imported"
    assert again.segments.new("Other").number != new.number
    again.close()


def removal_from_two(folder: Path) -> Workbench:
    """'Tumour', 25 voxels in each of two cases, is saved and then removed from both."""
    workbench = make_project(folder, cases=2)
    workbench.add_segment("Tumour")
    for case in ("case-001", "case-002"):
        stroke(workbench, 0, case=case)
        stroke(workbench, 1, value=2, case=case)
    saving.save(workbench)
    remove_segment(workbench, 2)
    workbench.folder.sync()
    return workbench


def tumour(workbench: Workbench) -> tuple[bool, int, int]:
    """Whether it is in the table, and its voxels in both cases."""
    first, second = (workbench.annotation(case).labels for case in ("case-001", "case-002"))
    return 2 in workbench.segments, int((first == 2).sum()), int((second == 2).sum())


@pytest.mark.parametrize("comes_back", ["in the session", "after a save", "at the next opening"])
def test_a_removal_of_which_a_part_waits_is_not_half_undone(
    tmp_path: Path, comes_back: str
) -> None:
    workbench = removal_from_two(tmp_path)
    there = killed(workbench, "killed.segdesk")
    workbench.close()
    with without_scan(there, "case-002"):
        unread = Workbench.open(there)
        unread.undo()
        if comes_back == "after a save":
            saving.save(unread)
        if comes_back != "in the session":
            unread.close()
    now = unread if comes_back == "in the session" else Workbench.open(there)
    assert tumour(now) in [(False, 0, 0), (True, 25, 25)]
    while now.undo() is not None:
        assert tumour(now) in [(False, 0, 0), (True, 25, 25)]
    assert not any("does not fit" in said for said in (*now.notes, *now.brought_back.values()))
    now.close()


@pytest.mark.parametrize("parts", [("case-001", "case-002"), ("case-002",)])
def test_a_removal_that_was_cut_off_is_taken_back_on_a_case_that_waits_too(
    tmp_path: Path, parts: tuple[str, ...]
) -> None:
    workbench = make_project(tmp_path, cases=2)
    workbench.add_segment("Tumour")
    for case in ("case-001", "case-002"):
        stroke(workbench, 1, value=2, case=case)
    saving.save(workbench)
    for case in parts:
        mask = workbench.annotation(case)
        workbench.do(
            edit_of_case(mask, case, 2, name="Remove segment 'Tumour'", group="one"),
        )
    there = killed(workbench, "killed.segdesk")
    workbench.close()
    with without_scan(there, "case-002"):
        unread = Workbench.open(there)
        assert any("Remove segment 'Tumour' was cut off half-way" in note for note in unread.notes)
        unread.close()
    again = Workbench.open(there)
    assert tumour(again) == (True, 25, 25)
    again.redo()
    assert tumour(again) == (True, 25, 25)
    again.close()


@pytest.mark.parametrize("undone", [1, 2])
def test_an_undo_that_was_cut_off_is_ended_on_a_case_that_waits_too(
    tmp_path: Path, undone: int
) -> None:
    workbench = removal_from_two(tmp_path)
    for _ in range(undone):
        workbench.undo_part()
    there = killed(workbench, "killed.segdesk")
    workbench.close()
    with without_scan(there, "case-002"):
        unread = Workbench.open(there)
        assert 2 in unread.segments
        unread.close()
    again = Workbench.open(there)
    assert tumour(again) == (True, 25, 25)
    while again.redo() is not None:
        assert tumour(again) in [(True, 25, 25), (False, 0, 0)]
    again.close()


def test_a_removal_is_not_undone_without_the_case_whose_steps_are_forgotten(
    tmp_path: Path,
) -> None:
    workbench = removal_from_two(tmp_path)
    workbench.forget_steps("case-002")
    workbench.undo()
    assert tumour(workbench) == (False, 0, 0)
    workbench.close()


def test_a_segment_that_waited_for_its_mask_keeps_its_number_after_a_kill(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=2)
    stroke(workbench, 0)
    saving.save(workbench)
    new = import_labels(workbench)
    there = killed(workbench, "killed.segdesk")
    workbench.close()
    with without_scan(there, "case-001"):
        back = Workbench.open(there)
    wanted = back.annotation("case-001").labels.copy()
    assert np.count_nonzero(wanted == new.number) == 100
    again = killed(back, "again.segdesk")
    back.close()
    last = Workbench.open(again)
    assert last.segments[new.number].name == "Imported"
    assert last.add_segment("Other").number != new.number
    assert np.array_equal(last.annotation("case-001").labels, wanted)
    last.close()
