"""What goes out is what was asked for, at the moment it was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest

from segdesk.app.files import exporting, importing, joining
from segdesk.app.labelling.editing import Gesture
from segdesk.app.labelling.reviewing import say_right
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs.running import volume_ref
from segdesk.core.box import Box
from segdesk.core.edit import Edit, SegmentChange, StatusMove
from segdesk.core.grid import Grid
from segdesk.core.prediction import Prediction
from segdesk.core.run import Run, plan_for
from segdesk.core.status import SliceStatus
from segdesk.core.volume import Volume
from segdesk.errors import ProjectError, UsageError
from tests.projects import disc, make_project, voxels


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    made = make_project(tmp_path)
    yield made
    made.close()


def paint(workbench: Workbench, row: int) -> None:
    gesture = Gesture(workbench, "case-001", "Brush")
    gesture.paint(Box(1, 2, row, row + 2, 4, 8), np.ones((1, 2, 4), bool), 1)
    gesture.finish()


def test_what_is_painted_after_asking_is_not_in_the_file(
    workbench: Workbench, tmp_path: Path
) -> None:
    paint(workbench, 3)
    before = workbench.annotation("case-001").labels.copy()
    frozen = exporting.prepare(workbench, "case-001", "annotation")
    paint(workbench, 10)
    frozen.write(tmp_path / "mask.npy")
    assert np.array_equal(np.load(tmp_path / "mask.npy"), before)


def test_a_scan_goes_out_as_its_hu(workbench: Workbench, tmp_path: Path) -> None:
    exporting.export(workbench, "case-001", "volume", tmp_path / "scan.npy")
    written = np.load(tmp_path / "scan.npy")
    assert written.dtype == np.int16
    assert np.array_equal(written, voxels())


def test_a_rescaled_array_goes_out_with_the_values_of_its_source() -> None:
    stored = np.array([[[0, 100], [200, -32768]]], np.int16)
    stored.flags.writeable = False
    volume = Volume(Grid((1, 2, 2), stacked=False), stored, "raw", slope=0.5, intercept=1.0)
    assert exporting.values(volume).tolist() == [[[1.0, 51.0], [101.0, -16383.0]]]


@pytest.mark.parametrize("low", [-(2**40), -(2**31) - 9, 2**31 - 40_000, 2**31 + 5, 10**10])
def test_whole_numbers_of_any_size_go_out_as_they_came(tmp_path: Path, low: int) -> None:
    """At the end of 32 bits and beyond it; read back by nibabel."""
    numbers = low + np.arange(60_000, dtype=np.int64).reshape(6, 100, 100)
    written = _in_and_out(tmp_path, numbers)
    assert np.array_equal(written, numbers)


def test_fractions_that_32_bits_cannot_tell_apart_go_out_in_64(tmp_path: Path) -> None:
    numbers = 1e9 + np.arange(60_000, dtype=np.float64).reshape(6, 100, 100) / 60_000
    written = _in_and_out(tmp_path, numbers)
    assert np.abs(written - numbers).max() <= 1 / 65_535


def _in_and_out(tmp_path: Path, numbers: np.ndarray) -> np.ndarray:
    image = nibabel.Nifti1Image(numbers.T, np.eye(4), dtype=numbers.dtype)
    nibabel.save(image, tmp_path / "scan.nii")
    workbench = Workbench.create(tmp_path / "p.segdesk")
    volumes = importing.survey([tmp_path / "scan.nii"]).volumes
    case = joining.import_scan(workbench, importing.requests(workbench, volumes, unit="raw")[0])
    try:
        exporting.export(workbench, case.id, "volume", tmp_path / "out.nii")
    finally:
        workbench.close()
    return np.asanyarray(nibabel.Nifti1Image.from_filename(tmp_path / "out.nii").dataobj).T


def test_a_scan_that_is_not_as_it_was_imported_does_not_leave(
    workbench: Workbench, tmp_path: Path
) -> None:
    """One bit, as a disk or a copy may turn it; nothing else in the file says so."""
    case = workbench.project.case("case-001")
    file, offset = workbench.folder.scans.location(case)
    exporting.export(workbench, case.id, "volume", tmp_path / "before.npy")
    data = bytearray(file.read_bytes())
    data[offset + 2 * (3 * 24 * 32 + 5)] ^= 4
    file.write_bytes(data)
    with pytest.raises(ProjectError, match="scan of 'case-001'"):
        exporting.export(workbench, case.id, "volume", tmp_path / "after.npy")
    assert not (tmp_path / "after.npy").exists()
    with pytest.raises(ProjectError, match="scan of 'case-001'"):
        volume_ref(workbench.folder, case, checked=[3])
    volume_ref(workbench.folder, case, checked=[0, 1, 2, 4])


def test_a_prediction_that_is_not_there_is_refused(workbench: Workbench) -> None:
    with pytest.raises(UsageError, match="no prediction"):
        exporting.prepare(workbench, "case-001", "prediction")


def test_a_prediction_goes_out_without_segments_that_were_removed_since(
    workbench: Workbench, tmp_path: Path
) -> None:
    other = workbench.add_segment("Other")
    labels = disc(voxels())
    labels[2, :3] = other.number
    workbench.put_run(Run("run-001", plan_for(), started=1.0, best=1, outcome="finished"))
    workbench.folder.runs.write_prediction(Prediction("run-001", "case-001", labels, labels))
    workbench.add_prediction("run-001", "case-001")
    exporting.export(workbench, "case-001", "prediction", tmp_path / "both.npy")
    assert np.array_equal(np.load(tmp_path / "both.npy"), labels)
    workbench.do(Edit("Remove segment", "", segments=(SegmentChange(other, None),)))
    notes = exporting.export(workbench, "case-001", "prediction", tmp_path / "disc.npy")
    assert np.array_equal(np.load(tmp_path / "disc.npy"), np.where(labels == 1, 1, 0))
    assert "96 voxels of segments that were removed since were left out." in notes


def test_a_mask_says_how_many_of_its_slices_nobody_has_looked_at(
    workbench: Workbench, tmp_path: Path
) -> None:
    paint(workbench, 3)
    notes = exporting.export(workbench, "case-001", "annotation", tmp_path / "mask.npy")
    assert notes[0] == ("Nobody has looked at 4 of the 5 slices (4 unlabelled).")
    nothing = frozenset[int]()
    move = StatusMove(0, SliceStatus.UNLABELLED, SliceStatus.PREDICTED, nothing, nothing)
    workbench.do(Edit("Accept", "case-001", statuses=(move,)))
    assert "(3 unlabelled, 1 as the prediction" in exporting.unseen(workbench, "case-001")
    for index in range(5):
        say_right(workbench, "case-001", index)
    assert exporting.unseen(workbench, "case-001") == ""
    scan = exporting.export(workbench, "case-001", "volume", tmp_path / "scan.npy")
    assert not any("looked" in note for note in scan)
