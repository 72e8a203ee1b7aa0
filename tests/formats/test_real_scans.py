"""The real scans beside the checkout: figures that were found by other means (their README)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - its own documentation calls it so

from segdesk.core.volume import fingerprint
from segdesk.core.window import Window
from segdesk.errors import InputError
from segdesk.formats.intake import open_scan, survey
from segdesk.formats.labels import read_labels
from tests.formats.reading import SALT, only, opened, voxels

FINGERPRINTS = {
    "chest_dicom": "883346cf8fb735c8",
    "chest3d_mask/totalseg_dicom/dicom": "0d9f62d8433a424e",
    "dicom_odd/mixed_kernel_b40f": "0a04b942f14ff115",
    "dicom_odd/bare_header": "8884276743ffef12",
    "seg_rt/dcmqi_liver/ct": "88a56a4a51d188f7",
    "seg_rt/rtutils_phantom": "8c548895f1abc339",
}
REFUSED = {
    "dicom_odd/ge_tilt_varying_step": "tilted by 18.5°",
    "dicom_odd/missing_slice": "missing between IM-0001-0009-0001.dcm and IM-0001-0010-0001.dcm",
    "dicom_odd/same_position": "one place: 001.dcm and 002.dcm",
    "dicom_odd/localizer": "I10 is a localizer",
    "dicom_odd/pydicom_ct/dicomdirtests/98892001/CT2N": "6293 and 6924 are localizers",
    "dicom_odd/pydicom_ct/dicomdirtests/77654033/CT2": "missing between 17106 and 17136",
    "dicom_odd/pydicom_broken": "",
    "seg_rt/rtstruct_pydicom_nometa.dcm": "RTSTRUCT",
    "seg_rt/dcmqi_liver/liver.dcm": "SEG",
}
#: Largest difference in HU to the uncompressed slice.
SYNTAXES = {
    "BigEndian": 0, "Deflated": 0, "RLE": 0, "JPEGP14": 0, "JPEGP14SV1": 0, "JPEGLSLossless": 0,
    "JPEGLSNear": 1, "J2KLossless": 0, "J2K": 5, "JPEGP2_4_12bit": 36, "JPEGP10_12_retired": 36,
}  # fmt: skip


@pytest.mark.parametrize("folder", FINGERPRINTS)
def test_the_voxels_are_those_of_the_scan(shared_data: Path, folder: str):
    scan = opened(shared_data / folder)
    assert scan.unit == "HU"
    assert fingerprint(voxels(scan))[:16] == FINGERPRINTS[folder]


def test_the_chest_scan_is_as_its_readme_says(shared_data: Path):
    finding = only(shared_data / "chest_dicom")
    scan = open_scan(finding, salt=SALT)
    assert finding.kernel == "B70f" and finding.date == "2007-04-25"
    assert scan.grid.shape == (30, 512, 512)
    assert scan.grid.spacing_mm == (8.0, 0.646484375, 0.646484375)
    assert np.allclose(scan.grid.origin_mm, (-173.17675781, -294.17675781, 80))
    assert scan.window == Window(-600, 1200) and scan.plane(15)[256, 256] == 20
    assert scan.grid.axis_letters() == (("I", "S"), ("A", "P"), ("R", "L"))


def test_the_geometry_of_the_chest_scan_is_simpleitk_s(shared_data: Path):
    folder = str(shared_data / "chest_dicom" / "lung_dx_a0002_b70f")
    image = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(folder))
    grid = opened(shared_data / "chest_dicom").grid
    assert np.allclose(image.GetSpacing(), grid.spacing_mm[::-1], atol=1e-4)
    assert np.allclose(image.GetOrigin(), grid.origin_mm, atol=1e-4)
    assert np.allclose(image.GetDirection(), grid.direction, atol=1e-4)


def test_two_kernels_at_the_same_places_are_two_volumes(shared_data: Path):
    found = survey([shared_data / "chest_dicom", shared_data / "dicom_odd/mixed_kernel_b40f"])
    assert [(f.kernel, f.shape[0]) for f in found.volumes] == [("B70f", 30), ("B40f", 2)]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_volume_is_refused_with_one_true_sentence(shared_data: Path, name: str):
    with pytest.raises(InputError) as caught:
        survey([shared_data / name])
    assert REFUSED[name] in caught.value.sentence


def test_each_broken_file_is_refused(shared_data: Path):
    for file in sorted((shared_data / "dicom_odd/pydicom_broken").iterdir()):
        with pytest.raises(InputError, match=file.name):
            survey([file])


def test_the_oblique_scan_keeps_its_fine_rescale(shared_data: Path):
    scan = opened(shared_data / "dicom_odd/oblique")
    assert scan.grid.spacing_mm == pytest.approx((4.5, 3.5, 2.5)) and scan.unit == "raw"
    stored = voxels(scan)
    ends = [float(end) * scan.slope + scan.intercept for end in (stored.min(), stored.max())]
    assert ends == pytest.approx([-10, 9.999], abs=1e-9)
    assert np.allclose(scan.grid.matrix[:, 2], (-0.109337, 0.426707, 0.897756), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "shape", "low", "high"),
    [
        ("eCT_Supplemental.dcm", (2, 512, 512), -1024, 172),
        ("CT0012.fragmented_no_bot_jpeg_baseline.51.dcm", (2, 512, 512), -14, 1199),
        ("dcmqi_23x38x3", (3, 38, 23), 0, 1),
    ],
)
def test_multi_frame_objects_are_read(shared_data: Path, name, shape, low, high):
    scan = opened(shared_data / "dicom_odd/multiframe" / name)
    stored = voxels(scan)
    assert stored.shape == shape
    assert (stored.min() + scan.intercept, stored.max() + scan.intercept) == (low, high)
    if shape[0] == 2:
        assert scan.grid.origin_mm[2] == -149 and scan.grid.spacing_mm[0] == 10


@pytest.mark.parametrize("name", SYNTAXES)
def test_every_transfer_syntax_gives_the_slice(shared_data: Path, name: str, capfd):
    folder = shared_data / "dicom_odd/transfer_syntax"
    truth = opened(folder / "ct_ImplicitVR.dcm").plane(0)
    assert (truth.min(), truth.max()) == (-3024, 1378)
    apart = np.abs(opened(folder / f"ct_{name}.dcm").plane(0).astype(int) - truth)
    assert apart.max() <= SYNTAXES[name]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("CT_small", -896, 1167), ("J2K_pixelrep_mismatch", -2000, 1896), ("693_J2KI", None, None)],
)
def test_single_slices_of_pydicom_are_read(shared_data: Path, name: str, low, high):
    plane = opened(shared_data / f"dicom_odd/pydicom_ct/{name}.dcm").plane(0)
    assert low is None or (plane.min(), plane.max()) == (low, high)


def masked_mean(folder: Path, scan: str, labels: str, number: int) -> tuple[int, float]:
    opened_scan = opened(folder / scan)
    where = read_labels(folder / labels, opened_scan.grid).labels == number
    return int(where.sum()), float(voxels(opened_scan)[where].mean())


@pytest.mark.parametrize(
    ("number", "count", "mean"), [(5, 366708, 89.3), (1, 130634, 79.6), (52, 11723, 177.3)]
)
def test_a_flipped_mask_is_placed_by_its_affine(shared_data: Path, number, count, mean):
    folder = shared_data / "chest3d_mask/totalseg_dicom"
    got = masked_mean(folder, "dicom", "example_seg_dicom.nii.gz", number)
    assert got == (count, pytest.approx(mean, abs=0.06))


def test_nifti_scan_and_mask_agree(shared_data: Path):
    folder = shared_data / "chest3d_mask/totalseg"
    got = masked_mean(folder, "example_ct_sm.nii.gz", "example_seg.nii.gz", 14)
    assert got == (2735, pytest.approx(-746.3, abs=0.06))


def test_an_nrrd_mask_agrees_with_its_dicom_scan(shared_data: Path):
    folder = shared_data / "seg_rt/dcmqi_liver"
    count, _ = masked_mean(folder, "ct", "liver_seg.nrrd", 1)
    assert count == 36233 + 35645 + 35220


def test_a_mask_of_twice_the_resolution_is_refused(shared_data: Path):
    folder = shared_data / "chest3d_mask/elastix"
    grid = opened(folder / "3DCT_lung_baseline_small.mha").grid
    with pytest.raises(InputError, match="129×157×115 voxels instead of 64×78×57"):
        read_labels(folder / "3DCT_lung_baseline_mask.mha", grid)
    full = opened(folder / "3DCT_lung.mha")
    mask = read_labels(folder / "3DCT_lung_baseline_mask.mha", full.grid)
    assert int(mask.labels.sum()) == 721043 and full.unit == "HU"


@pytest.mark.parametrize(
    ("file", "scans", "labels", "count"),
    [
        ("val_256.npz", "x_val", "y_val", 27),
        ("all267_64.npz", "x_train", "y_train", 240),
        ("all267_64.npz", "x_val", "y_val", 27),
    ],
)
def test_the_lung_slices_come_with_masks_that_are_cut_at_half(
    shared_data: Path, file, scans, labels, count
):
    path = shared_data / "lungs2d" / file
    scan = opened(f"{path}:{scans}")
    got = read_labels(f"{path}:{labels}", scan.grid)
    truth = np.load(path)[labels].reshape(got.labels.shape) > 127
    assert scan.grid.shape[0] == count and not scan.grid.stacked
    assert np.array_equal(got.labels, truth) and "5 levels" in got.notes[0]
