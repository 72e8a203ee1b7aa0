"""Geometry whose numbers were rounded: squared, placed and written back, or refused with digits."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - its own documentation calls it so
from hypothesis import given, settings
from hypothesis import strategies as st

from segdesk.core.grid import Grid
from segdesk.errors import InputError
from segdesk.formats.export import export
from segdesk.formats.geometry import difference, grid_from_axes
from segdesk.formats.labels import read_labels
from tests.builders import write_dicom_series
from tests.examples import examples
from tests.formats.reading import QUICK, opened, voxels

IMAGES = (".nii.gz", ".nii", ".nrrd", ".mha")
SHAPE = (6, 20, 16)


def rotation(seed: int) -> np.ndarray:
    matrix = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    return matrix * np.sign(np.linalg.det(matrix))


def write_image(file: Path, axes_ras: np.ndarray, array: np.ndarray) -> None:
    affine = np.eye(4)
    affine[:3, :3] = axes_ras
    nib.save(nib.Nifti1Image(array.T, affine), file)


def labels_with_qform_only(file: Path, affine_ras: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Written as older tools do; the affine that nibabel reads back."""
    image = nib.Nifti1Image(labels.T, None)
    image.header.set_qform(affine_ras, code=1)
    image.header.set_sform(None, code=0)
    nib.save(image, file)
    return nib.load(file).affine


@settings(QUICK, max_examples=examples(25))
@given(seed=st.integers(0, 999), digits=st.sampled_from([4, 5, 6]))
def test_a_scan_with_rounded_cosines_leaves_in_every_format(tmp_path: Path, seed: int, digits: int):
    folder = tmp_path / f"{seed}-{digits}"
    turn = rotation(seed)
    cosines = tuple(np.round(turn[:, :2].T.ravel(), digits))
    write_dicom_series(folder, SHAPE, (2.5, 0.7, 0.8), orientation=cosines)
    scan = opened(folder)
    matrix = scan.grid.matrix
    assert np.allclose(matrix.T @ matrix, np.eye(3), rtol=0, atol=1e-12)
    assert np.abs(matrix[:, :2].T.ravel() - cosines).max() < 2 * 10.0**-digits
    for ending in IMAGES:
        file = tmp_path / f"{seed}-{digits}{ending}"
        export(file, voxels(scan), scan.grid)
        image = sitk.ReadImage(str(file))
        assert np.allclose(image.GetDirection(), scan.grid.direction, rtol=0, atol=1e-6)
        assert np.array_equal(sitk.GetArrayFromImage(image), voxels(scan))
        if ".nii" in ending:
            theirs = np.diag([-1, -1, 1]) @ nib.load(file).affine[:3, :3]
            assert np.allclose(theirs[:, ::-1], scan.grid.affine[:3, :3], rtol=0, atol=1e-5)


@pytest.mark.parametrize("ending", [".nii", ".nrrd", ".mha"])
@pytest.mark.parametrize("shear", [1e-5, 1.5e-4])
def test_axes_that_are_off_square_by_a_rounding_are_squared_whatever_the_format(
    tmp_path: Path, ending: str, shear: float
):
    axes = np.eye(3)
    axes[0, 1] = shear
    array = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    file = tmp_path / f"scan{ending}"
    write_skewed(file, axes, array)
    scan = opened(file)
    assert np.allclose(scan.grid.matrix.T @ scan.grid.matrix, np.eye(3), rtol=0, atol=1e-12)
    # Nineteen rows further the unsquared corner lies at 19 * shear steps; half of it is moved.
    assert np.abs(scan.grid.matrix - axes).max() == pytest.approx(shear / 2, rel=1e-3)
    for out in IMAGES:
        export(tmp_path / f"out{out}", array, scan.grid)


def write_skewed(file: Path, axes_lps: np.ndarray, array: np.ndarray) -> None:
    if file.suffix == ".nii":
        return write_image(file, np.diag([-1.0, -1.0, 1.0]) @ axes_lps, array)
    sizes = " ".join(map(str, array.shape[::-1]))
    columns = [",".join(map(repr, axes_lps[:, axis].tolist())) for axis in range(3)]
    if file.suffix == ".nrrd":
        header = (
            f"NRRD0004\ntype: short\ndimension: 3\nsizes: {sizes}\nendian: little\nencoding: raw\n"
            "space: left-posterior-superior\nspace origin: (0,0,0)\n"
            f"space directions: {' '.join(f'({column})' for column in columns)}\n\n"
        )
    else:
        header = (
            f"ObjectType = Image\nNDims = 3\nBinaryData = True\nDimSize = {sizes}\n"
            f"TransformMatrix = {' '.join(columns).replace(',', ' ')}\nElementSpacing = 1 1 1\n"
            "ElementType = MET_SHORT\nElementDataFile = LOCAL\n"
        )
    file.write_bytes(header.encode() + array.tobytes())
    return None


def axes_with_shear(shear: float) -> np.ndarray:
    axes = np.eye(3)
    axes[0, 1] = shear
    return axes


def test_squaring_is_said_from_a_hundredth_of_a_voxel_on():
    # A shear s turns either axis by s / 2, so 511 rows move by 255.5 s voxels, and columns too.
    _, quiet = grid_from_axes((2, 512, 2), axes_with_shear(3.8e-5), np.zeros(3), "scan")
    _, said = grid_from_axes((2, 512, 2), axes_with_shear(4e-5), np.zeros(3), "scan")
    assert quiet == ()
    assert said == (
        "The axes were off square by 0.0023° and were squared, which moved a corner by "
        "0.01 voxels.",
    )


def test_axes_that_are_off_square_by_more_are_refused_with_the_angle():
    with pytest.raises(InputError) as caught:
        grid_from_axes((2, 2, 2), axes_with_shear(5e-4), np.zeros(3), "a.nii")
    assert caught.value.sentence == (
        "The axes of a.nii are off square by 0.029°, so its slices are sheared."
    )


def test_what_is_square_already_stays_as_it_is_to_the_last_digit():
    for seed in range(20):
        turn = rotation(seed)
        grid, notes = grid_from_axes((3, 4, 5), turn, np.zeros(3), "scan")
        assert np.abs(grid.matrix - turn).max() < 4e-16 and notes == ()


@settings(QUICK, max_examples=examples(40))
@given(
    degrees=st.sampled_from([0.0, 0.02, 0.04, 0.05, 0.1, 0.3]) | st.floats(0.0, 2.0),
    axis=st.sampled_from([(1.0, 0, 0), (0, 1.0, 0), (0.3, -0.4, 0.2)]),
    step=st.sampled_from([0.35, 0.7, 7.5]),
)
def test_labels_whose_header_keeps_a_quaternion_alone_lie_on_their_scan(
    tmp_path: Path, degrees: float, axis: tuple[float, float, float], step: float
):
    # L, P, S as every axial CT has it: half a turn from R, A, S, where float32 tells least.
    unit = np.array(axis) / np.linalg.norm(axis)
    half = np.radians(degrees) / 2
    turn = np.array(sitk.VersorTransform([*(unit * np.sin(half)), np.cos(half)]).GetMatrix())
    grid = Grid(
        (4, 512, 512), (2 * step, step, step), (-180.0, -180.0, -900.0),
        tuple(turn.reshape(3, 3).T.ravel()),
    )  # fmt: skip
    affine = np.diag([-1.0, -1, 1, 1]) @ grid.affine[:, [2, 1, 0, 3]]
    labels = np.zeros(grid.shape, np.uint8)
    labels[1, 2, 3] = 7
    file = tmp_path / "mask.nii"
    labels_with_qform_only(file, affine, labels)
    assert np.array_equal(read_labels(file, grid).labels, labels)
    for shift in (0.5, -0.1):
        moved = affine.copy()
        moved[:3, 3] += shift * step
        labels_with_qform_only(file, moved, labels)
        # A tenth of a small voxel is less than the header's own turn, which is named then.
        with pytest.raises(InputError, match=r"another grid than the scan: it(s axes| begins at)"):
            read_labels(file, grid)


def test_a_refusal_names_two_numbers_that_differ():
    grid = Grid((6, 8, 8), (7.5, 7.5, 7.5), (-180.0, -150.0, -150.0))
    other = Grid((6, 8, 8), (7.5, 7.5, 7.5), (-180.0000004, -150.0, -150.0))
    assert difference(other, grid) == (
        "it begins at -180.0000004, -150, -150 mm instead of -180, -150, -150 mm"
    )


def test_the_mask_with_a_qform_alone_lies_on_its_turned_scan(shared_data: Path):
    folder = shared_data / "strangers/qform-only-mask"
    scan = opened(folder / "ct")
    got = read_labels(folder / "mask.nii.gz", scan.grid)
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "mask.nii.gz")))
    assert got.labels.sum() == truth.sum() > 0
    assert np.abs(got.labels.sum(axis=(1, 2)) - truth.sum(axis=(1, 2)).astype(int)).max() == 0


@pytest.mark.parametrize("ending", IMAGES)
def test_the_scan_that_was_a_dead_end_leaves_and_reads_back(
    shared_data: Path, tmp_path: Path, ending: str
):
    source = shared_data / "strangers/export-dead-end/sheared-1e-5.nii.gz"
    scan = opened(source)
    theirs = sitk.ReadImage(str(source))
    export(tmp_path / f"out{ending}", voxels(scan), scan.grid)
    image = sitk.ReadImage(str(tmp_path / f"out{ending}"))
    assert np.array_equal(sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(theirs))
    far = [size - 1 for size in theirs.GetSize()]
    apart = np.subtract(
        image.TransformIndexToPhysicalPoint(far), theirs.TransformIndexToPhysicalPoint(far)
    )
    assert np.abs(apart).max() < 0.0015
    if ".nii" in ending:
        ours, origin = nib.load(tmp_path / f"out{ending}").affine, nib.load(source).affine
        assert np.abs((ours - origin) @ [*far, 1]).max() < 0.0015
