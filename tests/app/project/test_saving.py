"""Save, crash, reopen: nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.labelling.reviewing import say_right, set_status
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.core.box import Box
from segdesk.core.edit import Edit, Patch, Planes
from segdesk.core.run import Run, plan_for
from segdesk.core.segment import SegmentTable
from segdesk.core.status import SliceStatus
from segdesk.errors import ProjectLocked
from segdesk.store.journal.journal_contents import read
from tests.projects import add_case, begin_brush, make_project, stroke, voxels

CASE = "case-001"


def paint(workbench: Workbench, index: int, column: float, case: str = CASE) -> None:
    begin_brush(workbench, case, index, (10.0, column), value=1, radius_mm=3.0).release()


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


def test_what_was_undone_after_a_save_can_be_done_again_after_a_crash(tmp_path: Path) -> None:
    """The journal has only the undos of what went with the save."""
    workbench = make_project(tmp_path)
    states = [everything(workbench)]
    for column in (6.0, 8.0, 10.0):
        paint(workbench, 0, column)
        states.append(everything(workbench))
    saving.save(workbench)
    workbench.undo()
    workbench.undo()
    again = reopen(workbench)
    assert everything(again) == states[1]
    assert [edit.name for edit in (again.redo(), again.redo()) if edit] == ["Brush", "Brush"]
    assert everything(again) == states[3]
    again.undo()
    assert everything(again) == states[2]
    once_more = reopen(again)
    assert everything(once_more) == states[2]
    once_more.redo()
    assert everything(once_more) == states[3]
    once_more.close()


def test_strokes_that_were_not_saved_come_back_from_the_journal(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    paint(workbench, 0, 6.0)
    saving.save(workbench)
    for column in range(4, 24, 2):
        paint(workbench, 2, float(column))
    workbench.undo()
    before = everything(workbench)
    again = reopen(workbench)
    assert again.recovered == 9
    assert "Recovered 9 strokes" in again.notes[0]
    assert again.redo() is not None
    assert again.undo() is not None
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


def test_a_save_during_a_stroke_makes_an_edit_of_what_is_drawn(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    stroke = begin_brush(workbench, CASE, 2, (10.0, 6.0), value=1, radius_mm=3.0)
    stroke.move((10.0, 12.0))
    pending = saving.PendingSave(workbench)
    stroke.move((10.0, 24.0))
    pending.succeeded(pending.run())
    stroke.release()
    before = everything(workbench)
    again = reopen(workbench)
    assert everything(again) == before
    assert again.annotation(CASE).labels[2, 10, 6:25].all()
    again.close()


def test_an_edit_that_arrives_during_a_stroke_does_not_tear_it(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    stroke = begin_brush(workbench, CASE, 2, (10.0, 6.0), value=1, radius_mm=3.0)
    set_status(workbench, CASE, 2, SliceStatus.REJECTED)
    stroke.move((10.0, 20.0))
    stroke.release()
    before = everything(workbench)
    while workbench.undo() is not None:
        pass
    assert not workbench.annotation(CASE).labels.any()
    while workbench.redo() is not None:
        pass
    assert everything(workbench) == before
    again = reopen(workbench)
    assert everything(again) == before
    again.close()


def test_an_edit_of_what_a_stroke_has_drawn_so_far_comes_behind_it(tmp_path: Path) -> None:
    """As one that comes from a worker, which asks nobody to settle before."""
    workbench = make_project(tmp_path)
    stroke = begin_brush(workbench, CASE, 2, (10.0, 6.0), value=1, radius_mm=3.0)
    mask, box = workbench.annotation(CASE), Box(2, 3, 9, 12, 5, 8)
    labels, provenance = mask.labels[box.window].copy(), mask.provenance[box.window].copy()
    assert labels.any()
    planes = Planes(labels, np.zeros_like(labels), provenance, provenance)
    workbench.do(Edit("Erase", CASE, patches=(Patch.of(box, planes),)))
    stroke.move((10.0, 20.0))
    stroke.release()
    before = everything(workbench)
    again = reopen(workbench)
    assert everything(again) == before
    assert not [note for note in again.notes if "did not fit" in note]
    assert [edit.name for edit in again.history.done[1:]] == ["Brush", "Erase", "Brush"]
    while again.undo() is not None:
        pass
    assert not again.annotation(CASE).labels.any()
    again.close()


def a_stranger(workbench: Workbench) -> Edit:
    """An Edit that was made on something else, and leads to something else."""
    (patch,) = workbench.history.done[-1].patches
    two, three = (np.full(patch.box.shape, label, np.uint8) for label in (2, 3))
    return Edit("Brush", CASE, patches=(Patch.of(patch.box, Planes(two, three, two, three)),))


def test_an_edit_that_does_not_fit_is_set_aside_and_the_project_opens(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    paint(workbench, 1, 8.0)
    workbench.folder.append(a_stranger(workbench))
    paint(workbench, 3, 8.0)
    before = everything(workbench)
    again = reopen(workbench)
    assert everything(again) == before
    assert any("left out" in note for note in again.notes)
    kept = list(again.folder.path.glob("left-out-*"))
    assert len(kept) == 1 and kept[0].stat().st_size > 0
    saving.save(again)
    last = reopen(again)
    assert last.notes == () and everything(last) == before
    last.close()


@pytest.mark.parametrize(("strokes", "words"), [(1, "1 change of"), (2, "2 changes of")])
def test_changes_of_a_case_that_an_older_index_does_not_name_are_kept_apart(
    tmp_path: Path, strokes: int, words: str
) -> None:
    workbench = make_project(tmp_path)
    saving.save(workbench)
    path = workbench.folder.path
    older = (path / "project.h5").read_bytes()
    add_case(workbench, id="case-002", scan=voxels(seed=1))
    for index in range(strokes):
        paint(workbench, index, 8.0, "case-002")
    workbench.close()
    (path / "project.h5").write_bytes(older)
    reader = Workbench.open(path, writable=False)
    assert any("a writer keeps" in note for note in reader.notes)
    reader.close()
    for _ in range(2):
        again = Workbench.open(path)
        (said,) = again.notes
        was = "was" if strokes == 1 else "were"
        assert said == (
            f"{words} the journal named no case of today and {was} left out; "
            "kept in 'left-out-1.journal'."
        )
        again.close()
    assert len(read(path / "left-out-1.journal", 0).edits) == strokes
    again = Workbench.open(path)
    saving.save(again)
    again = reopen(again)
    assert again.notes == ()
    again.close()


def test_an_import_that_was_taken_back_is_not_spoken_of_at_the_next_opening(tmp_path: Path) -> None:
    """As is a case that was removed: it took its changes along."""
    workbench = make_project(tmp_path)
    saving.save(workbench)
    before = workbench.project
    add_case(workbench, id="case-002", scan=voxels(seed=1))
    paint(workbench, 1, 8.0, "case-002")
    workbench.undo()
    workbench.redo()
    workbench.take_back_case("case-002", before)
    paint(workbench, 1, 8.0)
    again = reopen(workbench)
    assert again.notes == ("Recovered 1 stroke that had not been saved.",)
    assert not list(again.folder.path.glob("left-out*"))
    again.close()


def test_a_rename_that_is_undone_does_not_show_a_hidden_segment(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    workbench.change_segment(replace(workbench.segments[1], name="Other"))
    workbench.show_segment(1, False)
    workbench.undo()
    assert workbench.segments[1].name == "Disc" and not workbench.segments[1].visible
    workbench.close()


def test_the_id_of_an_import_that_failed_is_not_given_to_another_scan(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=0)
    workbench.add_segment("Disc")
    before = workbench.project
    add_case(workbench)
    paint(workbench, 1, 8.0)
    workbench.take_back_case(CASE, before)
    workbench.folder.scans.remove(CASE)
    assert CASE in workbench.retired
    again = reopen(workbench)
    assert CASE in again.retired
    saving.save(again)
    assert not again.retired
    add_case(again, id=CASE)
    last = reopen(again)
    assert not last.annotation(CASE).labels.any()
    last.close()


def test_a_case_that_is_being_saved_stays_in_memory_until_it_is(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=5)
    paint(workbench, 1, 8.0)
    pending = saving.PendingSave(workbench)
    for at in range(2, 6):
        workbench.annotation(f"case-{at:03d}")
    # Read again now, it would come back without the stroke.
    assert workbench.is_loaded("case-001")
    pending.succeeded(pending.run())
    workbench.annotation("case-002")
    workbench.close()


def test_closing_writes_an_index_that_was_only_handed_over(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    workbench.follow_run(Run("run-001", plan_for(), started=1.0))
    path = workbench.folder.path
    workbench.close()
    again = Workbench.open(path)
    assert [run.id for run in again.project.runs] == ["run-001"]
    again.close()


def test_an_index_that_was_handed_over_during_a_save_is_written_by_it(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    paint(workbench, 1, 8.0)
    pending = saving.PendingSave(workbench)
    workbench.follow_run(Run("run-001", plan_for(), started=1.0))
    pending.succeeded(pending.run())
    on_disk = Workbench.open(workbench.folder.path, writable=False)
    assert [run.id for run in on_disk.project.runs] == ["run-001"]
    assert on_disk.annotation("case-001").labels.any()
    on_disk.close()
    workbench.close()


def test_a_project_whose_only_unsaved_edit_does_not_fit_can_be_saved(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    paint(workbench, 1, 8.0)
    saving.save(workbench)
    workbench.folder.append(a_stranger(workbench))
    before = everything(workbench)
    again = reopen(workbench)
    assert any("left out" in note for note in again.notes)
    saving.save(again)
    last = reopen(again)
    assert last.notes == () and everything(last) == before
    last.close()


def test_a_case_that_has_left_the_memory_is_read_again_after_each_save(tmp_path: Path) -> None:
    """The window knows the checksum of the mask that the save has written."""
    workbench = make_project(tmp_path)
    for index in (0, 1):
        stroke(workbench, index)
        saving.save(workbench)
        read = workbench.read_case("case-001").annotation.labels
        assert np.array_equal(read, workbench.annotation("case-001").labels)
    workbench.close()
