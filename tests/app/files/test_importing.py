"""Scans and labels in: what is asked for, what becomes of it, and what a fault leaves behind."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.files import importing, joining, label_maps
from segdesk.app.files.importing import Request
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Provenance
from segdesk.core.segment import Segment
from segdesk.core.status import SliceStatus
from segdesk.errors import Cancelled, ChoiceNeeded, InputError, ProjectError, UsageError
from segdesk.formats.findings import Finding, Survey
from segdesk.formats.labels import LabelMap
from segdesk.store.journal import journal_file
from segdesk.store.journal.journal_file import Journal
from segdesk.store.parts import volume_file
from tests.projects import SHAPE, disc, make_project, voxels


def bring_labels(workbench: Workbench, case: str, source: str) -> tuple[str, ...]:
    """Read a label map and take it, as the window does on a worker and on its own thread."""
    read = label_maps.read_label_map(workbench.project.case(case), source)
    return label_maps.take_label_map(workbench, case, read)


def finding(description: str = "", uid: str = "", slices: int = 3, kernel: str = "") -> Finding:
    return Finding(
        kind="DICOM",
        description=description,
        kernel=kernel,
        date="2020-01-02",
        uid=uid,
        shape=(slices, 512, 512),
        spacing_mm=(2.5, 0.7, 0.7),
        nbytes=slices * 512 * 512 * 2,
        files=(),
    )


@pytest.fixture
def request_for(tmp_path: Path, workbench: Workbench) -> Request:
    """A request for a scan of its own with labels, as case-002."""
    np.save(tmp_path / "scan.npy", voxels(seed=3))
    np.save(tmp_path / "labels.npy", disc(voxels(seed=3)) * np.uint8(4))
    found = importing.survey([tmp_path / "scan.npy"])
    (made,) = importing.requests(workbench, found.volumes, labels=str(tmp_path / "labels.npy"))
    return made


# Choosing


def test_one_volume_needs_no_choice() -> None:
    only = finding()
    assert importing.choose(Survey((only,), (), ())) == (only,)


def test_several_volumes_are_listed_in_the_order_of_their_numbers() -> None:
    found = Survey((finding("Thorax", kernel="B70f"), finding("Lung", slices=1)), (), ())
    with pytest.raises(ChoiceNeeded) as needed:
        importing.choose(found)
    assert needed.value.choices == (
        "1  Thorax, B70f, 3 slices of 512×512, 2.5 × 0.7 × 0.7 mm, 2020-01-02",
        "2  Lung, 1 slice of 512×512, 2.5 × 0.7 × 0.7 mm, 2020-01-02",
    )
    assert importing.choose(found, "2") == found.volumes[1:]
    assert importing.choose(found, "all") == found.volumes


@pytest.mark.parametrize("series", ["0", "3", "-1", "1.2.9", "²", "", "ALL"])
def test_a_choice_that_fits_none_is_bad_use(series: str) -> None:
    found = Survey((finding(uid="1.2.3"), finding(uid="1.2.4")), (), ())
    with pytest.raises(UsageError):
        importing.choose(found, series)


def test_a_uid_means_every_volume_of_that_series() -> None:
    first, second, other = finding(uid="1.2"), finding(uid="1.2", slices=9), finding(uid="1.3")
    assert importing.choose(Survey((first, other, second), (), ()), "1.2") == (first, second)


# Requests


def test_new_cases_take_the_next_free_names(workbench: Workbench) -> None:
    rows = importing.requests(workbench, [finding(), finding()], pool="test")
    assert [(row.case, row.pool) for row in rows] == [("case-002", "test"), ("case-003", "test")]


@pytest.mark.parametrize("name", ["case-001", "../case", "nul.txt", "x" * 65])
def test_a_name_that_is_taken_or_no_file_name_is_bad_use(workbench: Workbench, name: str) -> None:
    with pytest.raises(UsageError):
        importing.requests(workbench, [finding()], case=name)


def test_more_than_the_disk_holds_is_refused_with_both_sizes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = importing.shutil.disk_usage(tmp_path)._replace(free=3_000_000)
    monkeypatch.setattr(importing.shutil, "disk_usage", lambda _: usage)
    assert importing.check_space(tmp_path, [finding(slices=5)]) == 5 * 512 * 512 * 2
    with pytest.raises(InputError, match=r"needs 5\.2 GB and the disk of '.*' has 3\.0 MB left"):
        importing.check_space(tmp_path, [finding(slices=5000), finding(slices=5000)])


# Reading and taking


def test_the_middle_slice_comes_first(workbench: Workbench, request_for: Request) -> None:
    seen: list[str] = []
    shown: list[np.ndarray] = []

    def first(plane: np.ndarray, index: int) -> None:
        seen.append(f"first {index}")
        shown.append(plane)

    importing.read_in(
        workbench.folder,
        workbench.project.id,
        request_for,
        on_first=first,
        progress=lambda _, done, total: seen.append(f"{done} of {total}"),
    )
    assert seen == ["first 2", "1 of 5", "2 of 5", "3 of 5", "4 of 5", "5 of 5"]
    assert np.array_equal(shown[0], voxels(seed=3)[2])


def test_an_imported_scan_is_there_after_reopening(
    workbench: Workbench, request_for: Request
) -> None:
    joining.import_scan(workbench, request_for)
    workbench.close()
    again = Workbench.open(workbench.folder.path)
    try:
        assert np.array_equal(again.volume("case-002").voxels, voxels(seed=3))
        assert np.array_equal(again.annotation("case-002").labels, disc(voxels(seed=3)) * 4)
        assert again.statuses("case-002") == (SliceStatus.CORRECTED,) * 5
        assert again.statuses("case-001") == (SliceStatus.UNLABELLED,) * 5
        assert again.segments[4].name == "Segment 4"
        assert again.notes == ()
    finally:
        again.close()


def test_a_scan_that_cannot_be_put_back_leaves_its_name_free(
    workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "lost.npy", voxels(seed=7))
    (lost,) = importing.survey([tmp_path / "lost.npy"]).volumes

    def read_in() -> importing.Imported:
        (request,) = importing.requests(workbench, [lost])
        return importing.read_in(workbench.folder, workbench.project.id, request)

    case = joining.take(workbench, read_in())
    workbench.folder.path.joinpath(f"cases/{case.id}/volume.h5").unlink()
    before = sorted((workbench.folder.path / "cases").iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(volume_file, "_check_room", _full_the_second_time())
        with pytest.raises(ProjectError, match="no room"):
            read_in()
    assert sorted((workbench.folder.path / "cases").iterdir()) == before
    assert read_in().is_back


def _full_the_second_time() -> Callable[..., None]:
    asked = list[int]()

    def check_room(*_: object) -> None:
        asked.append(1)
        if len(asked) > 1:
            raise ProjectError("There is no room.")

    return check_room


def test_a_cancelled_import_leaves_nothing(workbench: Workbench, request_for: Request) -> None:
    before = workbench.project
    with pytest.raises(Cancelled):
        joining.import_scan(workbench, request_for, cancelled=lambda: True)
    assert workbench.project is before
    assert not (workbench.folder.path / "cases" / "case-002").exists()


def test_a_case_whose_labels_were_interrupted_on_their_way_to_the_journal_is_taken_back(
    workbench: Workbench, request_for: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, flush, calls = workbench.project, Journal.flush, iter([KeyboardInterrupt()])

    def refuse_once(journal: Journal) -> None:
        for error in calls:
            raise error
        flush(journal)

    read = importing.read_in(workbench.folder, before.id, request_for)
    with monkeypatch.context() as fault:
        fault.setattr(Journal, "flush", refuse_once)
        with pytest.raises(KeyboardInterrupt):
            joining.take(workbench, read)
    assert workbench.project == before
    assert workbench.history.next_undo is None
    assert not (workbench.folder.path / "cases" / "case-002").exists()
    workbench.close()
    again = Workbench.open(workbench.folder.path)
    assert [case.id for case in again.project.cases] == ["case-001"]
    assert [segment.number for segment in again.segments] == [1]
    again.close()


def test_labels_that_a_full_disk_does_not_take_wait_in_memory_like_a_stroke(
    workbench: Workbench, request_for: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    read = importing.read_in(workbench.folder, workbench.project.id, request_for)
    with monkeypatch.context() as fault:
        fault.setattr(journal_file, "put_all", refuse)
        joining.take(workbench, read)
    assert workbench.folder.waiting and workbench.refusal is not None
    labels = workbench.annotation("case-002").labels.copy()
    assert labels.any()
    workbench.folder.sync()
    assert not workbench.folder.waiting
    workbench.close()
    again = Workbench.open(workbench.folder.path)
    np.testing.assert_array_equal(again.annotation("case-002").labels, labels)
    again.close()


def test_masks_in_a_folder_that_is_no_case_are_kept_apart_and_an_import_says_so(
    workbench: Workbench, request_for: Request, tmp_path: Path
) -> None:
    """Such a folder is there where a removal was cut off."""
    path = workbench.folder.path
    forgotten = path / "cases/case-002"
    forgotten.mkdir()
    (forgotten / "annotation-7.h5").write_bytes(b"hours of work")
    np.save(tmp_path / "labels.npy", np.zeros((2, 2, 2), np.uint8))
    with pytest.raises(InputError):
        joining.import_scan(workbench, request_for)
    assert (forgotten / "annotation-7.h5").read_bytes() == b"hours of work"
    np.save(tmp_path / "labels.npy", disc(voxels(seed=3)) * np.uint8(4))
    case = joining.import_scan(workbench, request_for)
    assert (path / "removed/case-002/annotation-7.h5").read_bytes() == b"hours of work"
    assert any("'removed/case-002'" in note for note in case.source.notes)


def test_the_same_voxels_are_noticed(workbench: Workbench, tmp_path: Path) -> None:
    np.save(tmp_path / "twin.npy", voxels())
    found = importing.survey([tmp_path / "twin.npy"])
    (row,) = importing.requests(workbench, found.volumes)
    (note,) = joining.import_scan(workbench, row).source.notes
    assert "case-001" in note


# Labels


@pytest.mark.parametrize(
    ("how", "full", "empty", "by"),
    [
        ("auto", SliceStatus.CORRECTED, SliceStatus.UNLABELLED, Provenance.HAND),
        ("corrected", SliceStatus.CORRECTED, SliceStatus.CORRECTED, Provenance.HAND),
        ("predicted", SliceStatus.PREDICTED, SliceStatus.UNLABELLED, Provenance.PREDICTION),
    ],
)
def test_labels_come_as_one_edit_that_can_be_undone(
    workbench: Workbench,
    how: importing.LabelsAs,
    full: SliceStatus,
    empty: SliceStatus,
    by: Provenance,
) -> None:
    labels = disc(voxels()) * np.uint8(2)
    labels[3] = 0
    label_maps.take_label_map(
        workbench, "case-001", LabelMap(labels, ((2, "Lung"),)), labels_as=how
    )
    mask = workbench.annotation("case-001")
    assert np.array_equal(mask.labels, labels)
    assert np.array_equal(mask.provenance, np.where(labels > 0, by, 0))
    assert mask.statuses == (full, full, full, empty, full)
    assert workbench.segments[2].name == "Lung"
    workbench.undo()
    assert not mask.labels.any() and not mask.provenance.any()
    assert mask.statuses == (SliceStatus.UNLABELLED,) * 5
    assert 2 not in workbench.segments


def test_labels_from_a_file_lie_on_the_case_or_are_refused(
    workbench: Workbench, tmp_path: Path
) -> None:
    np.save(tmp_path / "labels.npy", disc(voxels()))
    bring_labels(workbench, "case-001", str(tmp_path / "labels.npy"))
    assert np.array_equal(workbench.annotation("case-001").labels, disc(voxels()))
    np.save(tmp_path / "small.npy", np.ones((2, 4, 4), np.uint8))
    with pytest.raises(InputError, match="another grid"):
        bring_labels(workbench, "case-001", str(tmp_path / "small.npy"))


def test_slices_that_the_labels_leave_empty_keep_what_was_drawn(workbench: Workbench) -> None:
    drawn = np.zeros(SHAPE, np.uint8)
    drawn[0, 3:6, 3:6] = drawn[1, 3:6, 3:6] = 1
    label_maps.take_label_map(workbench, "case-001", LabelMap(drawn))
    other = np.zeros(SHAPE, np.uint8)
    other[1, 8:10, 8:10] = 1
    label_maps.take_label_map(workbench, "case-001", LabelMap(other))
    labels = workbench.annotation("case-001").labels
    assert np.array_equal(labels[0], drawn[0]) and np.array_equal(labels[1], other[1])


def test_a_name_that_differs_from_the_projects_is_said_and_changes_nothing(
    workbench: Workbench,
) -> None:
    workbench.change_segment(Segment(1, "Lung", workbench.segments[1].colour))
    workbench.add_segment("Heart")
    # The file also names what it does not hold.
    read = LabelMap(disc(voxels()), ((1, "Liver"), (2, "Spleen"), (3, "Aorta")))
    assert label_maps.take_label_map(workbench, "case-001", read) == (
        "Segment 1 is 'Lung' here and 'Liver' in the file of the labels.",
    )
    assert [row.name for row in workbench.segments] == ["Lung", "Heart"]


def test_a_nameless_label_that_meets_a_named_segment_is_said(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, segment="Lung")
    np.save(tmp_path / "spleen.npy", disc(voxels()))
    notes = bring_labels(workbench, "case-001", str(tmp_path / "spleen.npy"))
    assert any("became the segment 'Lung'" in note for note in notes)
    workbench.close()
