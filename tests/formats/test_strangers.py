"""Small files that strangers reported: what another library finds in each is what comes in.

The files, and how their right values were found, stand in the README beside them. Each goes the
whole way, from the survey to the project on disk that is opened again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import nibabel as nib
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from segdesk.app import importing
from segdesk.app.importing import Survey
from segdesk.app.workbench import Workbench
from segdesk.core.case import Case


@dataclass(frozen=True)
class Brought:
    """What one import left in the project on disk."""

    case: Case
    voxels: npt.NDArray[np.int16]
    labels: npt.NDArray[np.uint8]

    @property
    def counts(self) -> dict[int, int]:
        """Voxels of each segment."""
        numbers, counts = np.unique(self.labels[self.labels > 0], return_counts=True)
        return dict(zip(numbers.tolist(), counts.tolist(), strict=True))


def bring(
    tmp_path: Path, source: Path | str, labels: Path | str = ""
) -> tuple[Survey, list[Brought]]:
    """Import all that a source holds into a new project, and open that again."""
    tmp_path.mkdir(exist_ok=True)
    path = tmp_path / "p.segdesk"
    found = importing.survey([source])
    workbench = Workbench.create(path)
    try:
        for row in importing.requests(workbench, found.volumes, labels=str(labels)):
            importing.import_scan(workbench, row)
    finally:
        workbench.close()
    workbench = Workbench.open(path, writable=False)
    try:
        brought = [
            Brought(
                case,
                np.array(workbench.volume(case.id).voxels),
                workbench.annotation(case.id).labels.copy(),
            )
            for case in workbench.project.cases
        ]
    finally:
        workbench.close()
    return found, brought


def labels_a_hair_off_whole(folder: Path, tmp_path: Path) -> None:
    for name in ("lungs", "lungs-right"):
        _, (got,) = bring(tmp_path / name, folder / "ct.nii.gz", folder / f"{name}.nii.gz")
        truth = np.rint(np.asarray(nib.load(folder / f"{name}.nii.gz").dataobj)).T
        assert np.array_equal(got.labels, truth)
        assert got.counts == {1: 560, 2: 840}
        assert not any("soft" in note for note in got.case.source.notes)


def tiff_min_is_white(folder: Path, tmp_path: Path) -> None:
    _, (got,) = bring(tmp_path, folder / "ct.npy", folder / "mask-bilevel.tif")
    truth = np.load(folder / "mask-right.npy")
    assert np.array_equal(got.labels > 0, truth > 0)
    assert got.counts == {1: 1400}
    with Image.open(folder / "mask-bilevel.tif") as picture:
        for index in range(picture.n_frames):  # pyright: ignore[reportAttributeAccessIssue]
            picture.seek(index)
            assert np.array_equal(got.labels[index] > 0, np.asarray(picture))


def h5_sparse_labels(folder: Path, tmp_path: Path) -> None:
    _, (got,) = bring(tmp_path, f"{folder}/ct.npz:ct", f"{folder}/mask.h5:/labels")
    with h5py.File(folder / "mask.h5") as h5:
        assert np.array_equal(got.labels, h5["labels"])
    assert got.counts == {1: 2500, 2: 3000}


def palette_png_labels(folder: Path, tmp_path: Path) -> None:
    _, (got,) = bring(tmp_path, folder / "ct.npy", folder / "masks")
    for index, file in enumerate(sorted((folder / "masks").iterdir())):
        with Image.open(file) as picture:
            assert picture.mode == "P"
            assert np.array_equal(got.labels[index], np.asarray(picture))
    assert sorted(got.counts) == [1, 2]


def nifti_raw_with_padding(folder: Path, tmp_path: Path) -> None:
    _, (got,) = bring(tmp_path, folder / "ct.nii.gz")
    truth = np.asarray(nib.load(folder / "ct.nii.gz").dataobj).T
    assert got.case.unit == "raw" and (got.case.slope, got.case.intercept) == (1, 0)
    assert np.array_equal(got.voxels, truth)
    (note,) = (note for note in got.case.source.notes if "HU" in note)
    assert "not taken as HU" in note


#: Each folder, and what must be found in it.
RIGHT: dict[str, Callable[[Path, Path], None]] = {
    "labels-a-hair-off-whole": labels_a_hair_off_whole,
    "tiff-min-is-white": tiff_min_is_white,
    "h5-sparse-labels": h5_sparse_labels,
    "palette-png-labels": palette_png_labels,
    "nifti-raw-with-padding": nifti_raw_with_padding,
}


@pytest.fixture(scope="module")
def strangers(shared_data: Path) -> Path:
    """The folder of these files."""
    folder = shared_data / "strangers"
    if not folder.is_dir():
        pytest.skip("the strangers' files are not beside this checkout (../shared/data/strangers)")
    return folder


@pytest.mark.parametrize("name", RIGHT)
def test_what_strangers_reported_comes_in_as_it_is(strangers: Path, tmp_path: Path, name: str):
    RIGHT[name](strangers / name, tmp_path)
