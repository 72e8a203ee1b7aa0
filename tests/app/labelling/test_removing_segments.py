"""Removing a segment: in every case, as one step, with every voxel back, through a crash too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.files import importing, joining, label_maps
from segdesk.app.labelling import removing_segments
from segdesk.app.labelling.reviewing import say_right
from segdesk.app.project.saving import save
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Annotation, Provenance
from segdesk.core.cutting import SliceChange, redrawn
from segdesk.core.edit import Edit
from segdesk.core.status import SliceStatus
from segdesk.errors import UsageError
from segdesk.formats.labels import LabelMap
from tests.projects import add_case, lung_and_tumour, stroke, voxels

CASES = tuple(f"case-{number:03d}" for number in range(1, 7))
TWO = CASES[:2]
State = dict[str, tuple[bytes, bytes, object, object]]


@pytest.fixture
def drawn(tmp_path: Path) -> Workbench:
    """Six cases, more than stay in memory, saved; Tumour is drawn in all but the second."""
    workbench = lung_and_tumour(tmp_path, CASES)
    for id in CASES:
        say_right(workbench, id, 3)
    workbench.history.clear()
    save(workbench)
    # As a new session: nothing is in memory, nothing to undo.
    workbench.close()
    return Workbench.open(workbench.folder.path)


def state(workbench: Workbench, cases: Sequence[str] = CASES) -> State:
    """Everything that is drawn and said; each case read from disk where it is not in memory."""
    found: State = {}
    for id in cases:
        is_kept = workbench.is_loaded(id)
        mask = (workbench.loaded(id) if is_kept else workbench.read_case(id)).annotation
        found[id] = (
            mask.labels.tobytes(),
            mask.provenance.tobytes(),
            mask.statuses,
            mask.complete,
        )
    return found


def voxels_of(workbench: Workbench, number: int) -> int:
    return sum(row[0].count(number) for row in state(workbench).values())


def test_its_voxels_become_background_in_every_case_and_one_undo_brings_them_back(
    drawn: Workbench,
) -> None:
    before, table = state(drawn), drawn.segments
    had = removing_segments.remove_segment(drawn, 2)
    assert [found.case for found in had] == [id for id in CASES if id != "case-002"]
    assert sum(found.voxels for found in had) == sum(row[0].count(2) for row in before.values())
    assert drawn.segments.numbers == (1,)
    assert voxels_of(drawn, 2) == 0
    assert voxels_of(drawn, 1) == sum(row[0].count(1) for row in before.values())
    after = state(drawn)
    assert after["case-002"] == before["case-002"]
    drawn.undo()
    assert state(drawn) == before
    assert drawn.segments.rows == table.rows
    assert drawn.history.next_undo is None
    drawn.redo()
    assert state(drawn) == after
    assert drawn.segments.numbers == (1,)
    assert drawn.history.next_redo is None
    save(drawn)
    drawn.undo()
    assert state(drawn) == before
    drawn.close()


def test_what_is_left_is_no_background_that_a_hand_has_drawn(drawn: Workbench) -> None:
    labels = drawn.annotation("case-001").labels.copy()
    removing_segments.remove_segment(drawn, 2)
    mask = drawn.annotation("case-001")
    assert set(np.unique(mask.provenance[labels == 2])) == {Provenance.TOOL}
    assert (mask.provenance[labels == 1] == Provenance.HAND).all()
    # What was right stays right for the segment that is left.
    assert mask.status(3) is SliceStatus.CORRECTED
    assert mask.status(4) is SliceStatus.PARTIAL
    assert drawn.segments.numbers <= tuple(mask.complete_for(3))
    drawn.close()


def test_its_number_is_never_given_again(drawn: Workbench) -> None:
    removing_segments.remove_segment(drawn, 2)
    assert drawn.add_segment("Rib").number == 3
    drawn.undo()
    drawn.undo()
    assert drawn.segments.numbers == (1, 2)
    drawn.redo()
    # A reader sees what a crash would leave.
    crashed = Workbench.open(drawn.folder.path, writable=False)
    assert crashed.segments.next_free() == 3
    crashed.close()
    save(drawn)
    drawn.close()
    again = Workbench.open(drawn.folder.path)
    assert again.segments.numbers == (1,)
    assert again.add_segment("Rib").number == 3
    again.close()


@pytest.mark.parametrize("as_new_case", [False, True])
def test_a_label_map_gets_another_number_for_one_that_is_gone(
    drawn: Workbench, tmp_path: Path, as_new_case: bool
) -> None:
    removing_segments.remove_segment(drawn, 2)
    labels = np.zeros((20, 24, 32), np.uint8)
    labels[0, 0, :3] = 1, 2, 3
    np.save(tmp_path / "labels.npy", labels)
    np.save(tmp_path / "scan.npy", voxels((20, 24, 32), seed=9))
    if as_new_case:
        (request,) = importing.requests(
            drawn,
            importing.survey([tmp_path / "scan.npy"]).volumes,
            labels=str(tmp_path / "labels.npy"),
            labels_as="corrected",
        )
        case = joining.import_scan(drawn, request)
        id, notes = case.id, case.source.notes
    else:
        id = "case-001"
        notes = label_maps.take_label_map(drawn, id, LabelMap(labels), labels_as="corrected")
    said = "Label 2 of the file became segment 4: number 2 stood for a segment that was removed"
    assert any(note.startswith(said) for note in notes)
    assert drawn.annotation(id).labels[0, 0, :3].tolist() == [1, 4, 3]
    assert drawn.segments.numbers == (1, 3, 4)
    assert drawn.annotation(id).complete_for(0) == {1, 3, 4}
    drawn.close()


def test_a_removal_outlives_a_crash_and_can_be_undone_after_it(drawn: Workbench) -> None:
    before = state(drawn)
    removing_segments.remove_segment(drawn, 2)
    after = state(drawn)
    drawn.folder.close()
    again = Workbench.open(drawn.folder.path)
    assert state(again) == after
    again.undo()
    assert state(again) == before
    assert again.segments.numbers == (1, 2)
    again.close()


@pytest.mark.parametrize(("kept", "many"), [(1, 20), (2, 20), (5, 20), (1, 2), (5, 2), (19, 2)])
def test_a_removal_that_was_cut_off_is_taken_back_and_said(
    drawn: Workbench, kept: int, many: int
) -> None:
    """Killed between two of its Edits: the journal holds the first of them. An older program made
    one for each two slices."""
    before = state(drawn)
    name, group = removing_segments.name_of(drawn, 2), removing_segments.new_group()
    for id in CASES:
        for edit in parts_of(drawn.annotation(id), id, 2, many, name, group):
            if kept:
                drawn.do(edit)
                kept -= 1
    assert state(drawn) != before
    drawn.folder.close()
    again = Workbench.open(drawn.folder.path)
    assert "Remove segment 'Tumour' was cut off half-way; it is taken back." in again.notes
    assert state(again) == before
    assert again.segments.numbers == (1, 2)
    assert again.history.next_redo is None
    again.folder.close()
    # Killed again before any save: the half that was taken back can't be redone now either.
    last = Workbench.open(drawn.folder.path)
    assert not any("cut off" in note for note in last.notes)
    assert last.history.next_redo is None
    assert state(last) == before
    last.close()


def parts_of(
    mask: Annotation, case: str, number: int, many: int, name: str, group: str
) -> Iterator[Edit]:
    """A case's part of a removal, as Edits of so many slices each."""
    for first in range(0, mask.grid.shape[0], many):
        changes = [
            SliceChange(index, mask.labels[index] == number, 0 * plane, Provenance.TOOL)
            for index, plane in enumerate(mask.labels)
            if first <= index < first + many and (plane == number).any()
        ]
        if patches := redrawn(mask, changes):
            yield Edit(name, case, patches=patches, group=group)


def test_each_case_is_one_edit(drawn: Workbench) -> None:
    removing_segments.remove_segment(drawn, 2)
    (step,) = drawn.history.newest_steps(1)
    assert [edit.case for edit in step] == [*(id for id in CASES if id != "case-002"), ""]
    drawn.close()


def test_an_undo_of_a_removal_that_was_cut_off_is_finished(drawn: Workbench) -> None:
    before = state(drawn)
    removing_segments.remove_segment(drawn, 2)
    for _ in range(3):
        drawn.undo_part()
    drawn.folder.close()
    again = Workbench.open(drawn.folder.path)
    assert state(again) == before
    assert again.segments.numbers == (1, 2)
    again.close()


@pytest.mark.parametrize("slices", [1, 2, 3, 4, 5, 6])
def test_a_saved_removal_that_was_undone_stays_undone_through_a_crash(
    tmp_path: Path, slices: int
) -> None:
    """The journal of now has the undo alone: the removal itself went with the save."""
    workbench = _small(tmp_path, slices)
    before = state(workbench, TWO)
    removing_segments.remove_segment(workbench, 2)
    removed = state(workbench, TWO)
    save(workbench)
    workbench.undo()
    assert state(workbench, TWO) == before
    workbench.folder.close()
    again = Workbench.open(workbench.folder.path)
    assert state(again, TWO) == before
    assert not again.notes
    again.redo()
    assert state(again, TWO) == removed
    assert again.segments.numbers == (1,)
    again.undo()
    assert state(again, TWO) == before
    again.close()


@pytest.mark.parametrize("parts", [1, 2])
def test_an_undo_of_a_saved_removal_that_was_cut_off_is_finished_and_said(
    tmp_path: Path, parts: int
) -> None:
    workbench = _small(tmp_path, 6)
    before = state(workbench, TWO)
    removing_segments.remove_segment(workbench, 2)
    removed = state(workbench, TWO)
    save(workbench)
    for _ in range(parts):
        workbench.undo_part()
    assert state(workbench, TWO) != removed or 2 in workbench.segments
    workbench.folder.close()
    again = Workbench.open(workbench.folder.path)
    assert state(again, TWO) == before
    assert again.segments.numbers == (1, 2)
    assert again.notes[0].startswith("Remove segment 'Tumour' was cut off half-way")
    again.redo()
    assert state(again, TWO) == removed
    again.close()


@pytest.mark.parametrize("parts", [1, 2])
def test_half_an_undo_whose_other_half_cannot_be_read_is_taken_back_and_said(
    tmp_path: Path, parts: int
) -> None:
    workbench = _small(tmp_path, 6)
    removing_segments.remove_segment(workbench, 2)
    removed = state(workbench, TWO)
    save(workbench)
    for _ in range(parts):
        workbench.undo_part()
    workbench.folder.close()
    for journal in workbench.folder.path.glob("journal-[01]"):
        journal.unlink()
    again = Workbench.open(workbench.folder.path)
    assert state(again, TWO) == removed
    assert again.segments.numbers == (1,)
    assert any(note.startswith("Older changes could not be read") for note in again.notes)
    assert any(note.startswith("Undo Remove segment 'Tumour' was cut off") for note in again.notes)
    again.close()


@pytest.mark.parametrize("parts", [1, 2])
def test_half_an_undo_that_fits_no_mask_any_more_keeps_nobody_from_opening(
    tmp_path: Path, parts: int
) -> None:
    """An older generation of the mask was put back by hand."""
    workbench = _small(tmp_path, 6)
    removing_segments.remove_segment(workbench, 2)
    for _ in range(parts):
        workbench.undo_part()
    save(workbench)
    workbench.folder.close()
    (newest,) = (workbench.folder.path / "cases/case-001").glob("annotation-2.h5")
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    other = _small(stranger, 6)
    for index in range(6):
        stroke(other, index, value=1)
    save(other)
    other.close()
    newest.write_bytes((other.folder.path / "cases/case-001/annotation-2.h5").read_bytes())
    again = Workbench.open(workbench.folder.path)
    assert any("is not the one that was saved" in note for note in again.notes)
    assert again.history.next_redo is None and again.history.of("case-001") == ()
    assert all(edit.case == "case-002" and not edit.group for edit in again.history.done)
    again.close()


def _small(tmp_path: Path, slices: int) -> Workbench:
    workbench = Workbench.create(tmp_path / "small.segdesk")
    workbench.add_segment("Lung")
    workbench.add_segment("Tumour")
    for at, id in enumerate(TWO):
        add_case(workbench, id=id, scan=voxels((8, 24, 32), seed=at))
        for index in range(slices):
            stroke(workbench, index, value=2, case=id)
    save(workbench)
    return workbench


def test_a_partner_is_let_go_of_and_comes_back(drawn: Workbench) -> None:
    drawn.change_segment(replace(drawn.segments[1], partner=2))
    removing_segments.remove_segment(drawn, 2)
    assert drawn.segments[1].partner == 0
    drawn.undo()
    assert drawn.segments[1].partner == 2
    drawn.close()


def test_a_locked_segment_is_not_removed(drawn: Workbench) -> None:
    drawn.change_segment(replace(drawn.segments[2], locked=True))
    before = state(drawn)
    with pytest.raises(UsageError, match="'Tumour' is locked"):
        removing_segments.remove_segment(drawn, 2)
    assert state(drawn) == before
    drawn.close()


def test_the_step_of_many_edits_leaves_the_history_as_a_whole(drawn: Workbench) -> None:
    removing_segments.remove_segment(drawn, 2)
    size = drawn.history.nbytes
    drawn.history.budget, drawn.history.kept_steps = size - 1, 1
    drawn.add_segment("Rib")
    assert [edit.name for edit in drawn.history.done] == ["Add segment"]
    drawn.undo()
    drawn.history.budget = 1
    drawn.redo()
    drawn.close()


def test_a_stroke_that_waited_for_a_case_does_not_part_the_step(tmp_path: Path) -> None:
    """The second case is read for its part; what waited for it is done right then."""
    workbench = lung_and_tumour(tmp_path, TWO)
    stroke(workbench, 1, value=2, row=14.0, case=TWO[1])
    save(workbench)
    stroke(workbench, 2, value=2, row=14.0, case=TWO[1])
    whole = [workbench.annotation(id).labels.copy() for id in TWO]
    workbench.close()
    path = workbench.folder.path
    mask = max((path / "cases" / TWO[1]).glob("annotation-*.h5"))
    away = mask.rename(tmp_path / "away")
    workbench = Workbench.open(path)
    assert TWO[1] in workbench.left_out
    away.rename(mask)
    removing_segments.remove_segment(workbench, 2)
    for id in TWO:
        assert not (workbench.annotation(id).labels == 2).any()
    workbench.undo()
    assert [row.number for row in workbench.segments] == [1, 2]
    for id, labels in zip(TWO, whole, strict=True):
        assert np.array_equal(workbench.annotation(id).labels, labels)
    workbench.close()
