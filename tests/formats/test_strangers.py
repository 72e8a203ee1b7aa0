"""Small files that strangers reported: what another library finds in each is what comes in.

The files, and how their right values were found, stand in the README beside them. Each goes the
whole way, from the survey to the project on disk that is opened again.
"""

# What the libraries load has their base class in the stubs.
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false, reportCallIssue=false
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import nibabel as nib
import numpy as np
import numpy.typing as npt
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813 - its own documentation calls it so
from PIL import Image

from segdesk.app.files import exporting, importing, joining
from segdesk.app.files.importing import Survey
from segdesk.app.project.workbench import Workbench
from segdesk.core.case import Case
from segdesk.errors import InputError


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
            joining.import_scan(workbench, row)
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


def _itk(file: Path) -> npt.NDArray[np.int16]:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(file)))


def labels_a_hair_off_whole(folder: Path, tmp_path: Path) -> None:
    for name in ("lungs", "lungs-right"):
        _, (got,) = bring(tmp_path / name, folder / "ct.nii.gz", folder / f"{name}.nii.gz")
        truth = np.rint(np.asarray(nib.load(folder / f"{name}.nii.gz").dataobj)).T
        assert np.array_equal(got.labels, truth)
        assert got.counts == {1: 560, 2: 840}
        assert not any("soft" in note for note in got.case.source.notes)


def export_dead_end(folder: Path, tmp_path: Path) -> None:
    file = folder / "sheared-1e-5.nii.gz"
    _, (got,) = bring(tmp_path, file)
    truth = sitk.ReadImage(str(file))
    assert np.array_equal(got.voxels, sitk.GetArrayFromImage(truth))
    workbench = Workbench.open(tmp_path / "p.segdesk", writable=False)
    try:
        for ending in (".nii.gz", ".nrrd", ".mha"):
            written = tmp_path / f"out{ending}"
            exporting.export(workbench, got.case.id, "annotation", written)
            read = sitk.ReadImage(str(written))
            corners = [(i, j, k) for i in (0, -1) for j in (0, -1) for k in (0, -1)]
            for corner in corners:
                index = [at % size for at, size in zip(corner, truth.GetSize(), strict=True)]
                there = np.array(truth.TransformIndexToPhysicalPoint(index))
                here = np.array(read.TransformIndexToPhysicalPoint(index))
                assert np.abs(there - here).max() <= 0.002
    finally:
        workbench.close()


def tiff_min_is_white(folder: Path, tmp_path: Path) -> None:
    _, (got,) = bring(tmp_path, folder / "ct.npy", folder / "mask-bilevel.tif")
    truth = np.load(folder / "mask-right.npy")
    assert np.array_equal(got.labels > 0, truth > 0)
    assert got.counts == {1: 1400}
    with Image.open(folder / "mask-bilevel.tif") as picture:
        for index in range(picture.n_frames):
            picture.seek(index)
            assert np.array_equal(got.labels[index] > 0, np.asarray(picture))


def qform_only_mask(folder: Path, tmp_path: Path) -> None:
    _, (got,) = bring(tmp_path, folder / "ct", folder / "mask.nii.gz")
    mask = sitk.ReadImage(str(folder / "mask.nii.gz"))
    stored = sitk.GetArrayFromImage(mask)
    assert got.counts == {int(n): int((stored == n).sum()) for n in np.unique(stored) if n}
    for index in np.argwhere(stored)[::97]:
        # Where the mask has a voxel, the case has one, to a hundredth of its size.
        point = mask.TransformIndexToPhysicalPoint([int(at) for at in index[::-1]])
        at = np.linalg.solve(got.case.grid.affine, [*point, 1.0])[:3]
        assert np.abs(at - np.rint(at)).max() < 0.01
        assert got.labels[tuple(np.rint(at).astype(int))] == stored[tuple(index)]


def enhanced_ct_in_pieces(folder: Path, tmp_path: Path) -> None:
    _, (got,) = bring(tmp_path, folder / "two-halves")
    assert got.case.grid.shape[0] == 12 and got.case.grid.spacing_mm[0] == pytest.approx(2.5)
    frames: list[tuple[float, npt.NDArray[np.float64]]] = []
    for file in sorted((folder / "two-halves").iterdir()):
        data = pydicom.dcmread(file)
        for item, plane in zip(
            data.PerFrameFunctionalGroupsSequence, data.pixel_array, strict=True
        ):
            groups = (item, data.SharedFunctionalGroupsSequence[0])
            rescale = next(
                group.PixelValueTransformationSequence[0]
                for group in groups
                if "PixelValueTransformationSequence" in group
            )
            z = float(item.PlanePositionSequence[0].ImagePositionPatient[2])
            slope, intercept = float(rescale.RescaleSlope), float(rescale.RescaleIntercept)
            frames.append((z, plane * slope + intercept))
    frames.sort(key=lambda frame: frame[0])
    assert np.array_equal(got.voxels, np.stack([plane for _, plane in frames]))


def series_with_guests(folder: Path, tmp_path: Path) -> None:
    found, (got,) = bring(tmp_path / "scout", folder / "scout-without-its-word")
    assert got.case.grid.shape[0] == 12
    said = (*found.notes, *found.volumes[0].notes, *(row.problem for row in found.refused))
    assert any("scout.dcm" in words for words in said)
    _, both = bring(tmp_path / "two", folder / "two-acquisitions")
    assert [got.case.grid.shape[0] for got in both] == [12, 12]
    assert not np.array_equal(both[0].voxels, both[1].voxels)
    try:
        found, _ = bring(tmp_path / "thick", folder / "thick-then-thicker")
    except InputError as error:
        said = (str(error),)
    else:
        said = tuple(row.problem for row in found.refused) + found.volumes[0].notes
    assert any("irregular" in words or "change" in words for words in said), said
    assert not any("missing" in words for words in said), said


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


def metaimage_variants(folder: Path, tmp_path: Path) -> None:
    for name in ("dotslash", "T_F"):
        _, (got,) = bring(tmp_path / name, folder / f"{name}.mhd")
        assert np.array_equal(got.voxels, _itk(folder / f"{name}.mhd"))


def nifti_dim4_zero(folder: Path, tmp_path: Path) -> None:
    _, (got,) = bring(tmp_path, folder / "ct.nii")
    assert got.case.grid.shape == (12, 40, 48)
    stored = np.fromfile(folder / "ct.nii", "<i2", offset=352).reshape(12, 40, 48)
    assert np.array_equal(got.voxels, stored)


def nifti_raw_with_padding(folder: Path, tmp_path: Path) -> None:
    _, (got,) = bring(tmp_path, folder / "ct.nii.gz")
    truth = np.asarray(nib.load(folder / "ct.nii.gz").dataobj).T
    assert got.case.unit == "raw" and (got.case.slope, got.case.intercept) == (1, 0)
    assert np.array_equal(got.voxels, truth)
    (note,) = (note for note in got.case.source.notes if "HU" in note)
    assert "not taken as HU" in note


def nifti_stored_sagittal(folder: Path, tmp_path: Path) -> None:
    _, (got,) = bring(tmp_path, folder / "ct-PIR.nii")
    canonical = nib.as_closest_canonical(nib.load(folder / "ct-PIR.nii"))
    truth = np.asarray(canonical.dataobj)
    assert set(got.case.grid.axis_letters()[0]) == {"I", "S"}
    lps = canonical.affine * np.array([[-1], [-1], [1], [1]])
    for index in np.ndindex(got.case.grid.shape):
        if sum(index) % 37:
            continue
        point = got.case.grid.affine @ [*index, 1]
        at = np.rint(np.linalg.solve(lps, point)[:3]).astype(int)
        assert got.voxels[index] == truth[tuple(at)]


#: Each folder, and what must be found in it.
RIGHT: dict[str, Callable[[Path, Path], None]] = {
    "labels-a-hair-off-whole": labels_a_hair_off_whole,
    "export-dead-end": export_dead_end,
    "tiff-min-is-white": tiff_min_is_white,
    "qform-only-mask": qform_only_mask,
    "enhanced-ct-in-pieces": enhanced_ct_in_pieces,
    "series-with-guests": series_with_guests,
    "h5-sparse-labels": h5_sparse_labels,
    "palette-png-labels": palette_png_labels,
    "metaimage-variants": metaimage_variants,
    "nifti-dim4-zero": nifti_dim4_zero,
    "nifti-raw-with-padding": nifti_raw_with_padding,
    "nifti-stored-sagittal": nifti_stored_sagittal,
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


def test_no_folder_of_theirs_is_left_out(strangers: Path):
    assert {folder.name for folder in strangers.iterdir() if folder.is_dir()} == set(RIGHT)
