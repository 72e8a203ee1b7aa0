"""Saving: what comes back, what stays valid when it fails, and who may write meanwhile."""

import errno
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segdesk.core import durable_files
from segdesk.core.annotation import Annotation
from segdesk.core.completeness import status_move
from segdesk.core.edit import Edit, SegmentChange, StatusMove
from segdesk.core.project import Project
from segdesk.core.run import Run, plan_for
from segdesk.core.segment import Segment
from segdesk.core.status import SliceStatus
from segdesk.errors import ProjectError
from segdesk.store.index import Index
from segdesk.store.journal import journal_file as journal
from segdesk.store.parts import hdf5
from segdesk.store.project_folder import ProjectFolder
from segdesk.store.saving import Save
from tests.store.faults import POINTS, refusing
from tests.store.painter import dismissal, masks_of, paint, same, save
from tests.store.resealing import changing, h5py, named
from tests.store.strategies import new_case, project_with_cases

LUNG, LIVER = Segment(1, "Lung", "#56b4e9"), Segment(2, "Liver", "#e69f00")
CASES = ("case-001", "case-002")


class Bench:
    """An open project with its masks, as a Workbench would hold it."""

    def __init__(self, path: Path) -> None:
        self.folder, self.project = project_with_cases(path, *CASES)
        self.masks = {case.id: Annotation(case.grid) for case in self.project.cases}
        self.step = 0

    def paint(self, count: int, *ids: str) -> None:
        for _ in range(count):
            self.step += 1
            for id in ids or CASES:
                paint(self.folder, self.masks[id], id, self.step)

    def begin(self) -> Save:
        return self.folder.begin_save(self.project, self.masks)

    def save(self) -> Project:
        return save(self.folder, self.project, self.masks)

    def reopened(self) -> ProjectFolder:
        self.folder.close()
        self.folder = ProjectFolder.open(self.folder.path, writable=True)
        return self.folder

    def assert_all_is_there(self) -> None:
        folder = self.reopened()
        opened = folder.load()
        assert opened.notes == ()
        found = masks_of(folder, opened)
        assert all(same(found[id], self.masks[id]) for id in CASES)

    def files(self, pattern: str) -> list[str]:
        return sorted(path.name for path in self.folder.path.glob(pattern))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "p.segdesk")
    yield bench
    bench.folder.close()


def test_strokes_without_a_save_come_back_from_the_journal(bench: Bench) -> None:
    bench.paint(9)
    folder = bench.reopened()
    opened = folder.load()
    assert len(opened.edits) == 18
    assert all(same(masks_of(folder, opened)[id], bench.masks[id]) for id in CASES)


def test_a_save_leaves_nothing_to_replay_and_carries_statuses(bench: Bench) -> None:
    bench.paint(9)
    saved = bench.save()
    folder = bench.reopened()
    opened = folder.load()
    assert (opened.edits, opened.project) == ((), saved)
    assert opened.project.case("case-001").statuses == bench.masks["case-001"].statuses
    bench.assert_all_is_there()


def test_strokes_after_a_save_and_during_one_come_back(bench: Bench) -> None:
    bench.paint(3)
    bench.save()
    bench.paint(2)
    saving = bench.begin()
    bench.paint(4)
    saving.run()
    bench.paint(1)
    saving.finish()
    bench.assert_all_is_there()
    bench.paint(1)
    bench.assert_all_is_there()
    bench.save()
    bench.assert_all_is_there()


def test_a_save_writes_what_was_there_when_it_began(bench: Bench) -> None:
    bench.paint(1, "case-001")
    before = bench.masks["case-001"].labels.copy()
    saving = bench.begin()
    bench.paint(1, "case-001")
    saved = saving.run()
    assert np.array_equal(bench.folder.read_annotation(saved.cases[0]).labels, before)


def test_unchanged_cases_cost_nothing(bench: Bench) -> None:
    bench.paint(2)
    first = bench.save()
    bench.paint(1, "case-002")
    second = bench.save()
    assert [case.generation for case in first.cases] == [1, 1]
    assert [case.generation for case in second.cases] == [1, 2]


def test_unchanged_slices_are_copied_packed_and_empty_ones_are_not_stored(bench: Bench) -> None:
    bench.paint(1, "case-001")
    first = bench.save()
    bench.step += 1
    bench.paint(1, "case-001")
    bench.save()
    folder = bench.folder.path / "cases/case-001"
    assert first.cases[0].generation == 1
    with (
        h5py.File(folder / "annotation-1.h5") as old,
        h5py.File(folder / "annotation-2.h5") as new,
    ):
        assert old["provenance"].id.get_num_chunks() == 1
        assert new["provenance"].id.get_num_chunks() == 2
        kept = old["provenance"].id.read_direct_chunk((1, 0, 0))
        assert new["provenance"].id.read_direct_chunk((1, 0, 0)) == kept
        labels: Any = new["labels"]
        assert np.array_equal(labels[:], bench.masks["case-001"].labels)


def test_a_status_alone_is_written_with_the_mask_too(bench: Bench) -> None:
    """The mask's file says what its slices are, so that a mask tells all of itself."""
    bench.paint(1, "case-001")
    bench.save()
    marks = Edit("Mark", "case-002", statuses=(_verified(bench),))
    bench.masks["case-002"].apply(marks)
    bench.folder.append(marks)
    saved = bench.save()
    assert saved.case("case-002").generation == 2
    bench.assert_all_is_there()


def _verified(bench: Bench) -> StatusMove:
    mask = bench.masks["case-002"]
    move = status_move(mask, 2, SliceStatus.VERIFIED, cause="said right", segments=[1, 7])
    assert move is not None
    return move


def test_a_dismissal_is_saved(bench: Bench) -> None:
    edit = dismissal("run-001", "case-001", 2)
    bench.masks["case-001"].apply(edit)
    bench.folder.append(edit)
    bench.save()
    bench.assert_all_is_there()
    assert bench.masks["case-001"].is_dismissed("run-001", 2)


def test_the_previous_generation_stays_until_the_next_save(bench: Bench) -> None:
    for number in range(1, 5):
        bench.paint(1, "case-001")
        bench.save()
        kept = [f"annotation-{n}.h5" for n in (number - 1, number) if n]
        assert bench.files("cases/case-001/annotation-*") == kept
        assert bench.files("journal-*") == [f"journal-{number - 1}", f"journal-{number}"]


def test_a_case_with_edits_that_is_left_out_of_a_save_is_a_bug(bench: Bench) -> None:
    bench.paint(1)
    del bench.masks["case-002"]
    with pytest.raises(ValueError, match="case-002"):
        bench.begin()


def test_a_second_save_while_one_runs_is_refused(bench: Bench) -> None:
    bench.paint(1)
    refused: list[str] = []

    def again(done: int, total: int) -> None:
        with pytest.raises(ProjectError) as error:
            bench.begin()
        refused.append(error.value.sentence)

    bench.begin().run(again)
    assert set(refused) == {"A save is running already."}


def test_a_lost_journal_is_not_forgotten_while_a_save_has_not_got_through(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.paint(1)
    with refusing("os.fsync", 0), pytest.raises(ProjectError):
        bench.folder.sync()
    saving = bench.begin()
    assert bench.folder.is_journal_lost
    sync, said = journal.Journal.sync, list[bool]()

    def meanwhile(self: journal.Journal) -> None:
        said.append(bench.folder.is_journal_lost)
        sync(self)

    monkeypatch.setattr(journal.Journal, "sync", meanwhile)
    saving.run()
    assert said == [True] and not bench.folder.is_journal_lost


def test_a_save_tells_how_far_it_is(bench: Bench) -> None:
    bench.paint(1)
    told: list[tuple[int, int]] = []
    bench.begin().run(lambda done, total: told.append((done, total)))
    assert told == [(done, 8) for done in range(1, 9)]


def test_a_save_that_was_begun_and_never_run_loses_nothing(bench: Bench) -> None:
    bench.paint(2)
    forgotten = bench.begin()
    bench.paint(2)
    bench.assert_all_is_there()
    bench.paint(2)
    bench.save()
    bench.assert_all_is_there()
    with pytest.raises(ValueError, match="abandoned"):
        forgotten.run()


def test_the_project_that_a_save_is_given_is_what_is_saved(bench: Bench) -> None:
    bench.paint(1)
    rows = bench.project.segments.put(LUNG)
    bench.project = replace(bench.project, settings=(("reader", "A"),), segments=rows)
    saved = bench.save()
    assert (saved.settings, saved.segments.rows) == ((("reader", "A"),), (LUNG,))
    assert bench.reopened().load().project == saved


# Index saves beside mask saves


def test_an_index_save_keeps_statuses_generations_and_touched_segments(bench: Bench) -> None:
    bench.paint(2)
    bench.save()
    bench.paint(3)
    added = Edit("Add segment", "", segments=(SegmentChange(None, LUNG),))
    bench.folder.append(added)
    statuses = bench.masks["case-001"].statuses
    case = replace(bench.project.case("case-001"), statuses=statuses, generation=77, pool="test")
    project = replace(bench.project.with_case(case), segments=bench.project.segments.put(LUNG))
    bench.folder.save_index(project)
    opened = bench.reopened().load()
    assert opened.project.case("case-001").pool == "test"
    assert opened.project.segments.numbers == ()
    assert opened.edits[-1] == added
    bench.assert_all_is_there()


def test_an_index_save_writes_segments_that_no_edit_has_touched(bench: Bench) -> None:
    project = replace(bench.project, segments=bench.project.segments.put(LUNG).put(LIVER))
    bench.folder.append(Edit("Add segment", "", segments=(SegmentChange(None, LIVER),)))
    bench.folder.save_index(project)
    assert bench.reopened().load().project.segments.rows == (LUNG,)


def test_a_case_that_joins_during_a_save_is_in_the_index_after_it(bench: Bench) -> None:
    bench.paint(2)
    saving = bench.begin()
    joined = bench.project.with_case(new_case(bench.folder, "case-003", seed=9))
    run = Run("run-001", plan_for(), started=1.0)
    bench.folder.save_index(joined.with_run(run))
    saved = saving.run()
    saving.finish()
    assert [case.id for case in saved.cases] == [*CASES, "case-003"]
    assert [case.generation for case in saved.cases] == [1, 1, 0]
    assert saved.runs == (run,)
    opened = bench.reopened().load()
    assert opened.project == saved
    assert opened.edits == ()


def test_an_index_save_after_the_masks_are_written_does_not_undo_the_save(bench: Bench) -> None:
    bench.paint(2)
    joined = bench.project.with_run(Run("run-001", plan_for(), started=1.0))
    saving = bench.begin()
    told: list[int] = []

    def meanwhile(done: int, total: int) -> None:
        told.append(done)
        if done == total:
            bench.folder.save_index(joined)

    saving.run(meanwhile)
    assert told[-1] == 8
    bench.folder.save_index(joined)
    opened = bench.reopened().load()
    assert [case.generation for case in opened.project.cases] == [1, 1]
    assert opened.project.runs == joined.runs
    bench.assert_all_is_there()


def test_a_segment_edit_during_a_save_is_replayed_and_not_in_the_index(bench: Bench) -> None:
    bench.paint(1)
    saving = bench.begin()
    added = Edit("Add segment", "", segments=(SegmentChange(None, LUNG),))
    bench.folder.append(added)
    bench.folder.save_index(replace(bench.project, segments=bench.project.segments.put(LUNG)))
    assert saving.run().segments.rows == ()
    assert bench.reopened().load().edits == (added,)


# Faults


def _faulty(call: Callable[..., Any], countdown: list[int]) -> Callable[..., Any]:
    """The call, failing with a full disk once the countdown has run out."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        countdown[0] -= 1
        if countdown[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return call(*args, **kwargs)

    return wrapped


@pytest.mark.parametrize("point", POINTS)
def test_a_disk_that_fills_at_any_step_of_a_save_loses_nothing(bench: Bench, point: str) -> None:
    """The fault strikes at call 1, 2, 3, … of each kind, until a save gets through."""
    failures = 0
    while True:
        bench.paint(1)
        with refusing(point, failures):
            try:
                saving = bench.begin()
                saving.run()
            except ProjectError as error:
                assert "the disk is full" in error.sentence
                failures += 1
            else:
                break
        if failures % 2:
            bench.paint(1)
        assert not bench.files("**/.*.partial")
        bench.assert_all_is_there()
    assert failures >= 3
    bench.assert_all_is_there()


def test_a_failed_save_is_made_good_by_the_next_in_the_same_session(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.paint(3)
    first = bench.begin()
    bench.paint(2, "case-001")
    with monkeypatch.context() as full:
        full.setattr(os, "replace", _faulty(os.replace, [1]))
        with pytest.raises(ProjectError, match="disk is full"):
            first.run()
    with pytest.raises(ValueError, match="succeeded"):
        first.finish()
    bench.paint(1)
    saved = bench.save()
    assert [case.generation for case in saved.cases] == [2, 2]
    bench.assert_all_is_there()
    assert bench.files("journal-*")[-1] == "journal-2"


def test_an_edit_that_the_disk_refused_is_in_the_next_save_and_in_the_journal(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.paint(1)
    with monkeypatch.context() as full:
        full.setattr(journal, "put_all", _faulty(lambda *_: None, [0]))
        with pytest.raises(ProjectError, match="The last change could not be written"):
            bench.paint(1, "case-001")
    bench.paint(1)
    bench.assert_all_is_there()
    bench.save()
    bench.assert_all_is_there()


def test_what_the_disk_gives_back_differently_is_noticed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.paint(2)
    put = durable_files.put_all

    def flips(file: Any, content: bytes) -> None:
        changed = bytearray(content)
        changed[len(changed) // 2] ^= 1
        put(file, bytes(changed))

    saving = bench.begin()
    with monkeypatch.context() as bad:
        bad.setattr(durable_files, "put_all", flips)
        with pytest.raises(ProjectError, match="could not be written"):
            saving.run()
    bench.assert_all_is_there()


def test_a_chunk_that_the_disk_gives_back_differently_is_noticed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.paint(2)
    put = hdf5.NewPlanes.put

    def flips(planes: hdf5.NewPlanes, index: int, packed: bytes) -> None:
        put(planes, index, packed[:-1] + bytes([packed[-1] ^ 1]))

    saving = bench.begin()
    with monkeypatch.context() as bad:
        bad.setattr(hdf5.NewPlanes, "put", flips)
        with pytest.raises(ProjectError, match="not written as it was meant"):
            saving.run()
    bench.assert_all_is_there()


def test_temporary_files_of_a_killed_process_are_swept_at_opening(bench: Bench) -> None:
    litter = bench.folder.path / "cases/case-001/.annotation-9.h5.partial"
    litter.write_bytes(b"half")
    bench.reopened().load()
    assert not litter.exists()


def test_a_damaged_mask_is_one_sentence(bench: Bench) -> None:
    bench.paint(2)
    saved = bench.save()
    path = bench.folder.path / "cases/case-001/annotation-1.h5"
    for cut in range(0, len(content := path.read_bytes()), 97):
        path.write_bytes(content[:cut])
        with pytest.raises(ProjectError, match="case-001"):
            bench.folder.read_annotation(saved.cases[0])


def test_a_mask_whose_chunk_is_a_bomb_is_refused(bench: Bench) -> None:
    bench.paint(2)
    saved = bench.save()
    mask = bench.folder.path / "cases/case-001/annotation-1.h5"
    with changing(mask) as file:
        file["labels"].id.write_direct_chunk((0, 0, 0), zlib.compress(bytes(100_000)))
    with pytest.raises(ProjectError, match="damaged"):
        bench.folder.read_annotation(named(mask, saved.cases[0]))


def test_what_the_previous_index_names_is_kept_though_a_failed_save_left_a_newer_file(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.paint(1)
    bench.save()
    bench.paint(1)
    bench.save()
    bench.paint(1)
    with monkeypatch.context() as full:
        full.setattr(Index, "commit", _faulty(Index.commit, [0]))
        with pytest.raises(OSError, match="No space"):
            bench.begin().run()
    bench.paint(1)
    bench.save()
    names = {path.name for path in (bench.folder.path / "cases" / CASES[0]).iterdir()}
    assert {"annotation-2.h5", "annotation-4.h5"} <= names


@pytest.mark.parametrize("how", ["damaged", "deleted"])
def test_a_mask_that_is_whole_in_memory_replaces_one_that_the_disk_has_lost(
    bench: Bench, how: str
) -> None:
    bench.paint(2)
    bench.save()
    path = bench.folder.path / "cases" / CASES[0] / "annotation-1.h5"
    if how == "damaged":
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    else:
        path.unlink()
    bench.paint(1)
    with pytest.raises(ProjectError, match=CASES[0]):
        bench.begin().run()
    bench.paint(1)
    bench.save()
    bench.assert_all_is_there()
