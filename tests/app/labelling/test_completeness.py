"""For which segments a slice is right: through strokes, Enter, undo, saving and a crash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from segdesk.app.labelling import reviewing
from segdesk.app.project.saving import save
from segdesk.app.project.workbench import Workbench
from segdesk.core.status import SliceStatus
from tests.projects import add_case, stroke

CASE = "case-001"


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    workbench = Workbench.create(tmp_path / "p.segdesk")
    add_case(workbench)
    workbench.add_segment("Lung")
    yield workbench
    workbench.close()


def test_a_segment_that_is_added_later_is_not_absent_where_a_slice_was_right_before(
    workbench: Workbench,
) -> None:
    stroke(workbench, 1)
    reviewing.say_right(workbench, CASE, 1)
    assert workbench.complete(CASE)[1] == {1}
    workbench.add_segment("Tumour")
    assert workbench.complete(CASE)[1] == {1}
    stroke(workbench, 1, row=8)
    assert workbench.complete(CASE)[1] == {1}
    edit = reviewing.say_right(workbench, CASE, 1)
    assert edit is not None
    assert edit.patches == ()
    assert workbench.complete(CASE)[1] == {1, 2}
    assert reviewing.say_right(workbench, CASE, 1) is None
    workbench.undo()
    assert workbench.complete(CASE)[1] == {1}
    assert workbench.statuses(CASE)[1] is SliceStatus.CORRECTED
    workbench.redo()
    assert workbench.complete(CASE)[1] == {1, 2}


def test_undo_takes_completeness_back_step_by_step_beyond_the_added_segment(
    workbench: Workbench,
) -> None:
    stroke(workbench, 0)
    reviewing.say_right(workbench, CASE, 0)
    workbench.add_segment("Tumour")
    stroke(workbench, 2)
    reviewing.set_status(workbench, CASE, 0, SliceStatus.VERIFIED)
    assert workbench.complete(CASE) == ({1, 2}, set(), {1, 2}, set(), set())
    workbench.undo()
    assert workbench.complete(CASE) == ({1}, set(), {1, 2}, set(), set())
    workbench.undo()
    assert workbench.complete(CASE) == ({1}, set(), set(), set(), set())
    workbench.undo()
    assert workbench.segments.numbers == (1,)
    workbench.undo()
    assert workbench.statuses(CASE)[0] is SliceStatus.PARTIAL
    assert workbench.complete(CASE)[0] == {1}
    workbench.undo()
    assert workbench.complete(CASE) == (set(),) * 5
    for _ in range(5):
        workbench.redo()
    assert workbench.complete(CASE) == ({1, 2}, set(), {1, 2}, set(), set())


def test_completeness_outlives_a_crash_and_a_save(workbench: Workbench, tmp_path: Path) -> None:
    stroke(workbench, 0)
    reviewing.say_right(workbench, CASE, 0)
    workbench.add_segment("Tumour")
    reviewing.say_right(workbench, CASE, 3)
    said = workbench.complete(CASE)
    assert said == ({1}, set(), set(), {1, 2}, set())
    # A reader beside the writer sees what a crash would leave: index and journal.
    beside = Workbench.open(workbench.folder.path, writable=False)
    assert beside.complete(CASE) == said
    beside.close()
    save(workbench)
    workbench.close()
    again = Workbench.open(tmp_path / "p.segdesk")
    assert again.project.case(CASE).complete == said
    assert again.annotation(CASE).complete == said
    assert not again.has_unsaved and again.recovered == 0
    again.close()
