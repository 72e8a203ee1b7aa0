"""A case cannot be read at one opening and can at the next: what was done stays whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.core.box import Box
from segdesk.core.cutting import cut
from segdesk.core.edit import Edit, Planes, SegmentChange
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
    new = workbench.segments.new("Imported")
    mask, box = workbench.annotation("case-001"), Box(1, 2, 0, 10, 0, 10)
    before, by = mask.labels[box.window].copy(), mask.provenance[box.window].copy()
    planes = Planes(before, np.full_like(before, new.number), by, np.full_like(by, 2))
    patches = cut(box, planes)
    workbench.do(
        Edit("Import labels", "case-001", patches=patches, segments=(SegmentChange(None, new),))
    )
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
