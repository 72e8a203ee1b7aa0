"""What a label map changes in a mask that a person has worked on already."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.files import importing, joining, label_maps
from segdesk.app.labelling.label_edit import LabelsAs, label_edit
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Provenance
from segdesk.core.status import SliceStatus
from segdesk.formats.labels import LabelMap
from tests.judging import judge
from tests.projects import add_case, disc, stroke, voxels

S = SliceStatus
#: Of the slices of `worked`, 0 to 6.
BEFORE = (S.UNLABELLED, S.PREDICTED, S.PARTIAL, S.CORRECTED, S.VERIFIED, S.REJECTED, S.CORRECTED)


@pytest.fixture
def worked(tmp_path: Path) -> Iterator[Workbench]:
    """A case with a slice of each status; a hand has drawn segment 1 from slice 2 on."""
    workbench = Workbench.create(tmp_path / "p.segdesk")
    add_case(workbench, scan=voxels((7, 24, 32)))
    workbench.add_segment("Disc")
    workbench.add_segment("Other")
    for index in range(2, 7):
        stroke(workbench, index)
    judge(workbench, "case-001", dict(enumerate(BEFORE)))
    assert workbench.statuses("case-001") == BEFORE
    yield workbench
    workbench.close()


@pytest.fixture
def labels() -> np.ndarray:
    """A disc of segment 2 in each slice but the last, which is empty."""
    found = disc(voxels((7, 24, 32))) * np.uint8(2)
    found[6] = 0
    return found


def take(workbench: Workbench, labels: np.ndarray, how: LabelsAs) -> tuple[str, ...]:
    return label_maps.take_label_map(workbench, "case-001", LabelMap(labels), labels_as=how)


def test_as_predicted_they_stop_at_a_hand_and_at_slices_that_a_person_judged(
    worked: Workbench, labels: np.ndarray
) -> None:
    mask = worked.annotation("case-001")
    before, touched = mask.labels.copy(), mask.provenance.copy()
    take(worked, labels, "predicted")
    assert mask.statuses == (S.PREDICTED, *BEFORE[1:])
    assert np.array_equal(mask.labels[:2], labels[:2])
    hand = touched[2] == Provenance.HAND
    assert np.array_equal(mask.labels[2], np.where(hand, before[2], labels[2]))
    assert np.array_equal(mask.provenance == Provenance.HAND, touched == Provenance.HAND)
    assert np.array_equal(mask.labels[3:], before[3:])


def test_as_predicted_an_empty_slice_clears_nothing(worked: Workbench, labels: np.ndarray) -> None:
    take(worked, labels, "predicted")
    mask = worked.annotation("case-001")
    before = mask.labels.copy()
    take(worked, np.zeros_like(labels), "predicted")
    assert np.array_equal(mask.labels, before)
    # The second one changed nothing, so there is one Edit to take back.
    worked.undo()
    assert mask.statuses == BEFORE
    # Nothing was taken, so nothing says that a prediction was.
    take(worked, np.zeros_like(labels), "predicted")
    assert mask.statuses == BEFORE


def test_as_corrected_every_slice_but_a_rejected_one_becomes_what_the_file_says(
    worked: Workbench, labels: np.ndarray
) -> None:
    mask = worked.annotation("case-001")
    rejected = mask.labels[5].copy()
    take(worked, labels, "corrected")
    assert mask.statuses == (*(S.CORRECTED,) * 5, S.REJECTED, S.CORRECTED)
    expected = labels.copy()
    expected[5] = rejected
    assert not expected[6].any()
    assert np.array_equal(mask.labels, expected)


def test_by_themselves_only_slices_with_foreground_change(
    worked: Workbench, labels: np.ndarray
) -> None:
    mask = worked.annotation("case-001")
    before = mask.labels.copy()
    labels[0] = 0
    take(worked, labels, "auto")
    assert mask.statuses == (S.UNLABELLED, *(S.CORRECTED,) * 4, S.REJECTED, S.CORRECTED)
    assert np.array_equal(mask.labels[1:5], labels[1:5])
    assert np.array_equal(mask.labels[[0, 5, 6]], before[[0, 5, 6]])
    assert before[6].any()


def test_a_verified_slice_that_the_file_agrees_with_stays_verified(worked: Workbench) -> None:
    take(worked, worked.annotation("case-001").labels.copy(), "auto")
    assert worked.statuses("case-001")[4] is S.VERIFIED


@pytest.mark.parametrize("how", ["auto", "corrected", "predicted"])
def test_locked_segments_are_neither_overwritten_nor_written(
    worked: Workbench, labels: np.ndarray, how: LabelsAs
) -> None:
    mask = worked.annotation("case-001")
    before = mask.labels == 1
    worked.change_segment(replace(worked.segments[1], locked=True))
    take(worked, labels, how)
    assert np.array_equal(mask.labels == 1, before)
    assert (mask.labels == 2).any()
    worked.undo()
    worked.change_segment(replace(worked.segments[1], locked=False))
    worked.change_segment(replace(worked.segments[2], locked=True))
    assert take(worked, labels, how) == (
        "'Other' is locked, so the labels of that number were left out, and no slice that lacks "
        "them was called right.",
    )
    assert not (mask.labels == 2).any()


@pytest.mark.parametrize("how", ["auto", "corrected", "predicted"])
def test_all_of_it_is_one_edit_and_twice_is_once(
    worked: Workbench, labels: np.ndarray, how: LabelsAs
) -> None:
    mask = worked.annotation("case-001")
    before, touched = mask.labels.copy(), mask.provenance.copy()
    take(worked, labels, how)
    now = frozenset({1, 2})
    assert label_edit(mask, "case-001", labels, how, segments=now).is_empty
    worked.undo()
    assert np.array_equal(mask.labels, before) and np.array_equal(mask.provenance, touched)
    assert mask.statuses == BEFORE


def test_a_segment_that_is_locked_while_the_scan_is_read_stays_out_of_it(
    worked: Workbench, tmp_path: Path
) -> None:
    np.save(tmp_path / "scan.npy", voxels(seed=3))
    np.save(tmp_path / "labels.npy", disc(voxels(seed=3)))
    found = importing.survey([tmp_path / "scan.npy"])
    (row,) = importing.requests(worked, found.volumes, labels=str(tmp_path / "labels.npy"))
    read = importing.read_in(worked.folder, worked.project.id, row)
    worked.change_segment(replace(worked.segments[1], locked=True))
    case = joining.take(worked, read)
    assert not worked.annotation(case.id).labels.any()
    assert "'Disc' is locked" in case.source.notes[-1]
    # Slices without what the file says of them would teach that nothing is there.
    assert set(worked.statuses(case.id)) == {S.UNLABELLED}
    assert not any(worked.complete(case.id))


@pytest.mark.parametrize("how", ["auto", "corrected"])
def test_a_slice_from_which_a_lock_keeps_labels_out_is_not_called_right(
    worked: Workbench, labels: np.ndarray, how: LabelsAs
) -> None:
    mask = worked.annotation("case-001")
    labels[:] = 0
    labels[0, :3], labels[0, 20:], labels[1, :3] = 1, 2, 1
    worked.change_segment(replace(worked.segments[2], locked=True))
    take(worked, labels, how)
    assert (mask.labels[0, :3] == 1).all() and not (mask.labels[0] == 2).any()
    assert mask.status(0) is S.PARTIAL
    assert mask.status(1) is S.CORRECTED


def test_a_large_map_is_counted_slice_by_slice_and_once(tmp_path: Path) -> None:
    workbench = Workbench.create(tmp_path / "p.segdesk")
    scan = voxels((64, 128, 128))
    add_case(workbench, scan=scan)
    found = LabelMap(disc(scan))
    workbench.annotation("case-001")
    tracemalloc.start()
    try:
        label_maps.take_label_map(workbench, "case-001", found)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert workbench.annotation("case-001").labels.any()
    assert peak < 2 * found.labels.nbytes
    assert found.numbers is found.numbers == {1}
    workbench.close()
