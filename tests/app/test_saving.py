"""Save, crash, reopen: nothing is lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segdesk.app import saving
from segdesk.app.reviewing import say_right
from segdesk.app.tools.strokes import BrushStroke
from segdesk.app.workbench import Workbench
from segdesk.core.segment import SegmentTable
from segdesk.errors import ProjectLocked
from tests.projects import add_case, make_project, voxels

CASE = "case-001"


def paint(workbench: Workbench, index: int, column: float, case: str = CASE) -> None:
    BrushStroke(
        workbench, case, index, (10.0, column), value=1, radius_mm=3.0, pixel_mm=(2.0, 1.0)
    ).release()


def everything(workbench: Workbench, case: str = CASE):
    annotation = workbench.annotation(case)
    return (
        annotation.labels.tobytes(),
        annotation.provenance.tobytes(),
        annotation.statuses,
        annotation.dismissed,
        workbench.segments,
    )


def reopen(workbench: Workbench) -> Workbench:
    path = workbench.folder.path
    workbench.close()
    return Workbench.open(path)


def test_a_saved_project_reopens_as_it_was(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    paint(workbench, 1, 8.0)
    say_right(workbench, CASE, 1)
    saving.save(workbench)
    assert not workbench.has_unsaved
    before = everything(workbench)
    again = reopen(workbench)
    assert again.notes == ()
    assert everything(again) == before
    again.close()


def test_strokes_that_were_not_saved_come_back_from_the_journal(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    paint(workbench, 0, 6.0)
    saving.save(workbench)
    for column in range(4, 24, 2):
        paint(workbench, 2, float(column))
    workbench.undo()
    before = everything(workbench)
    again = reopen(workbench)
    assert again.recovered == 11
    assert "Recovered 11 strokes" in again.notes[0]
    assert everything(again) == before
    again.close()


def test_painting_goes_on_during_a_save(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    paint(workbench, 0, 6.0)
    pending = saving.PendingSave(workbench)
    paint(workbench, 0, 14.0)
    pending.succeeded(pending.run())
    assert workbench.has_unsaved
    before = everything(workbench)
    again = reopen(workbench)
    assert again.recovered == 1
    assert everything(again) == before
    saving.save(again)
    last = reopen(again)
    assert last.recovered == 0
    assert everything(last) == before
    last.close()


def test_a_failed_save_loses_nothing_and_the_next_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = make_project(tmp_path)
    paint(workbench, 0, 6.0)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.replace", refuse)
        with pytest.raises(Exception, match="space"):
            saving.save(workbench)
    assert workbench.has_unsaved
    paint(workbench, 3, 9.0)
    before = everything(workbench)
    saving.save(workbench)
    again = reopen(workbench)
    assert everything(again) == before
    again.close()


def test_segments_come_back_with_names_colours_and_visibility(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    workbench.add_segment("Trachea")
    workbench.show_segment(1, False)
    saving.save(workbench)
    before: SegmentTable = workbench.segments
    again = reopen(workbench)
    assert again.segments == before
    assert not again.segments[1].visible
    again.close()


def test_a_case_that_was_not_loaded_again_keeps_its_mask(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=2)
    paint(workbench, 1, 8.0, "case-002")
    saving.save(workbench)
    before = everything(workbench, "case-002")
    again = reopen(workbench)
    paint(again, 1, 8.0, "case-001")
    saving.save(again)
    last = reopen(again)
    assert everything(last, "case-002") == before
    last.close()


def test_a_new_case_during_unsaved_strokes_keeps_the_strokes(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    paint(workbench, 1, 8.0)
    add_case(workbench, scan=voxels(seed=5))
    before = everything(workbench)
    again = reopen(workbench)
    assert [case.id for case in again.project.cases] == ["case-001", "case-002"]
    assert everything(again) == before
    again.close()


def test_a_second_writer_is_refused_and_a_reader_is_not(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    paint(workbench, 1, 8.0)
    with pytest.raises(ProjectLocked):
        Workbench.open(workbench.folder.path)
    reader = Workbench.open(workbench.folder.path, writable=False)
    assert np.array_equal(reader.annotation(CASE).labels, workbench.annotation(CASE).labels)
    reader.close()
    workbench.close()


def test_live_volumes_follow_every_edit(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    for column in (6.0, 9.0, 20.0):
        paint(workbench, 1, column)
    workbench.undo()
    counted = int((workbench.annotation(CASE).labels == 1).sum())
    assert workbench.loaded(CASE).counts.voxels(1) == counted
    workbench.close()
