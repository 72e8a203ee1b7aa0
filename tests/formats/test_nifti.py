"""NIfTI against nibabel: every orientation, both transforms, every number type."""

from __future__ import annotations

import itertools
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from segdesk.errors import InputError
from segdesk.formats.images import open_image
from segdesk.formats.intake import survey
from segdesk.formats.labels import read_labels
from tests.examples import examples
from tests.formats.reading import QUICK, only, opened, values, voxels

LPS = np.diag([-1.0, -1, 1, 1])
ORIENTATIONS = [
    (order, signs)
    for order in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
]
SHAPE = (5, 4, 3)


def numbers(shape=SHAPE, seed=3):
    return np.random.default_rng(seed).integers(-1000, 1500, shape).astype(np.int16)


def affine_of(order, signs, spacing=(0.7, 0.8, 2.5), origin=(-10.0, 20.0, -300.0)):
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, order] * np.array(signs) * np.array(spacing)
    affine[:3, 3] = origin
    return affine


def write(file: Path, array, affine, *, code=1):
    image = nib.Nifti1Image(array, affine)
    image.set_sform(affine, code)
    nib.save(image, file)
    return image


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_each_voxel_of_each_orientation_lies_where_nibabel_sees_it(tmp_path: Path, order, signs):
    array = numbers()
    image = write(tmp_path / "scan.nii.gz", array, affine_of(order, signs))
    scan = opened(tmp_path / "scan.nii.gz")
    got = voxels(scan)
    for index in itertools.product(*(range(size) for size in SHAPE)):
        theirs = LPS @ image.affine @ [*index, 1]
        ours = scan.grid.to_index(tuple(theirs[:3]))
        k, j, i = np.rint(ours).astype(int)
        assert np.allclose(ours, (k, j, i), atol=1e-4) and got[k, j, i] == array[index]


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_labels_of_any_orientation_land_on_the_same_place_of_the_scan(tmp_path: Path, order, signs):
    truth = np.random.default_rng(1).integers(0, 4, SHAPE).astype(np.uint8)
    base = affine_of((0, 1, 2), (1, 1, 1))
    write(tmp_path / "scan.nii", numbers(), base)
    stored = np.transpose(truth, order)
    turn = np.zeros((4, 4))
    turn[3, 3] = 1
    for axis, (source, sign) in enumerate(zip(order, signs, strict=True)):
        turn[source, axis] = sign
        if sign < 0:
            stored = np.flip(stored, axis)
            turn[source, 3] = SHAPE[source] - 1
    write(tmp_path / "labels.nii.gz", np.ascontiguousarray(stored), base @ turn)
    placed = read_labels(tmp_path / "labels.nii.gz", opened(tmp_path / "scan.nii").grid)
    assert np.array_equal(placed.labels, truth.T) and placed.labels.flags.c_contiguous


@settings(QUICK, max_examples=examples(40))
@given(
    turn=st.tuples(*[st.floats(-1, 1)] * 3),
    flip=st.sampled_from([1.0, -1.0]),
    qform=st.booleans(),
    version=st.sampled_from([nib.Nifti1Image, nib.Nifti2Image]),
)
def test_oblique_sform_and_qform_are_read_as_nibabel_reads_them(
    tmp_path: Path, turn, flip, qform, version
):
    axes, _ = np.linalg.qr(np.eye(3) + np.cross(np.eye(3), turn))
    affine = np.eye(4)
    affine[:3, :3] = axes * np.array([0.7, 0.8, 2.5 * flip])
    affine[:3, 3] = (5, -6, 7)
    image = version(numbers(), affine)
    try:
        image.set_qform(affine, 1)
        image.set_sform(affine, 0 if qform else 2)
    except ValueError:  # nibabel refuses its own quaternion where rounding makes it too long
        reject()
    nib.save(image, tmp_path / "scan.nii")
    # As the file has it: what is nearer to another plane is turned when it is opened as a scan.
    grid = open_image(tmp_path / "scan.nii").grid
    theirs = LPS @ nib.load(tmp_path / "scan.nii").affine
    # Near half a turn the float32 quaternion itself is good to some 1e-4 only.
    assert np.allclose(grid.affine[:, [2, 1, 0, 3]], theirs, atol=3e-3 if qform else 1e-5)


def test_the_sform_goes_before_the_qform(tmp_path: Path):
    image = nib.Nifti1Image(numbers(), np.eye(4))
    image.set_qform(np.diag([1.0, 1, 1, 1]), 1)
    image.set_sform(np.diag([2.0, 3, 4, 1]), 1)
    nib.save(image, tmp_path / "scan.nii")
    assert only(tmp_path / "scan.nii").spacing_mm == (4, 3, 2)


@pytest.mark.parametrize("signs", [(-1, 1, 1), (1, -1, 1), (1, 1, -1), (-1, -1, -1)])
@pytest.mark.parametrize("qform", [0, 1])
def test_negative_steps_are_refused_unless_an_sform_says_how_the_patient_lies(
    tmp_path: Path, signs, qform: int
):
    """nibabel takes their size and ITK mirrors: one of them swaps left and right."""
    file, affine = tmp_path / "scan.nii", affine_of((0, 1, 2), (1, 1, 1))
    image = nib.Nifti1Image(numbers(), affine)
    image.set_sform(None)
    image.set_qform(affine if qform else None, qform)
    nib.save(image, file)
    _negate_steps(file, signs)
    with pytest.raises(InputError, match="negative steps"):
        opened(file)
    write(file, numbers(), affine)
    before = opened(file).grid
    _negate_steps(file, signs)
    assert np.array_equal(opened(file).grid.affine, before.affine)


def _negate_steps(file: Path, signs):
    data = bytearray(file.read_bytes())
    steps = np.frombuffer(data, "<f4", 3, 80) * np.array(signs, np.float32)
    data[80:92] = steps.astype("<f4").tobytes()
    file.write_bytes(data)


def test_without_either_transform_the_axes_are_assumed_and_that_is_said(tmp_path: Path):
    image = nib.Nifti1Image(numbers(), None)
    image.header.set_zooms((1, 2, 3))
    nib.save(image, tmp_path / "scan.nii")
    finding = only(tmp_path / "scan.nii")
    assert (
        finding.spacing_mm == (3, 2, 1) and "does not say how the patient lies" in finding.notes[0]
    )


def test_a_sheared_affine_is_refused(tmp_path: Path):
    affine = np.eye(4)
    affine[1, 2] = 0.3
    write(tmp_path / "scan.nii", numbers(), affine)
    with pytest.raises(InputError, match=r"scan\.nii are off square by 17°"):
        survey([tmp_path / "scan.nii"])


def test_four_dimensions_and_colour_are_refused(tmp_path: Path):
    write(tmp_path / "four.nii", numbers((3, 3, 3, 2)), np.eye(4))
    with pytest.raises(InputError, match="more than three dimensions"):
        survey([tmp_path / "four.nii"])
    rgb = np.zeros((3, 3, 3), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    write(tmp_path / "rgb.nii", rgb, np.eye(4))
    with pytest.raises(InputError, match="not plain numbers"):
        survey([tmp_path / "rgb.nii"])


def test_a_fourth_dimension_of_one_is_no_dimension(tmp_path: Path):
    array = numbers()
    write(tmp_path / "scan.nii", array[..., None], np.eye(4))
    assert np.array_equal(voxels(opened(tmp_path / "scan.nii")), array.T)


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
@pytest.mark.parametrize("order", "<>")
def test_every_number_type_in_either_byte_order_is_read(tmp_path: Path, dtype: str, order: str):
    array = np.random.default_rng(0).integers(0, 100, SHAPE).astype(order + dtype)
    header = nib.Nifti1Header(endianness=order)
    nib.save(nib.Nifti1Image(array, np.eye(4), header, dtype=array.dtype), tmp_path / "scan.nii")
    assert np.array_equal(values(opened(tmp_path / "scan.nii")), array.T)


@pytest.mark.parametrize(("slope", "inter"), [(0.25, -3.0), (-2.0, 7.0), (1.0, -1024.0)])
def test_the_file_s_own_scaling_is_honoured(tmp_path: Path, slope: float, inter: float):
    image = nib.Nifti1Image(numbers(seed=5), np.eye(4))
    image.header.set_slope_inter(slope, inter)
    nib.save(image, tmp_path / "scan.nii")
    theirs = nib.load(tmp_path / "scan.nii").get_fdata().T
    scan = opened(tmp_path / "scan.nii")
    # A negative slope has no int16 of its own: at most half a step is lost.
    assert np.abs(values(scan) - theirs).max() <= (0.5 * scan.slope if slope < 0 else 1e-3)


def test_a_plain_ct_is_hu_and_nothing_needs_to_be_said(tmp_path: Path):
    hu = np.where(numbers() > 0, 40, -1000).astype(np.int16) + numbers(seed=8) // 100
    write(tmp_path / "ct.nii", hu, np.eye(4))
    write(tmp_path / "mr.nii", np.abs(numbers()), np.eye(4))
    write(tmp_path / "fine.nii", hu.astype(np.float32) + 0.25, np.eye(4))
    ct, mr, fine = (opened(tmp_path / f"{name}.nii") for name in ("ct", "mr", "fine"))
    assert (ct.unit, mr.unit, fine.unit) == ("HU", "raw", "HU")
    assert ct.source.notes == () == mr.source.notes
    assert fine.source.notes == ("The values were rounded to whole HU.",)
    assert np.array_equal(voxels(fine), hu.T)


def test_units_of_metres_and_micrometres_become_millimetres(tmp_path: Path):
    for unit, expected in (("meter", 1000.0), ("micron", 0.001), ("mm", 1.0)):
        image = nib.Nifti1Image(numbers(), np.eye(4))
        image.header.set_xyzt_units(unit)
        nib.save(image, tmp_path / f"{unit}.nii")
        assert only(tmp_path / f"{unit}.nii").spacing_mm == pytest.approx((expected,) * 3)


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_a_truncated_file_is_named(tmp_path: Path, ending: str):
    file = tmp_path / f"scan{ending}"
    write(file, numbers((20, 20, 20)), np.eye(4))
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(InputError, match=rf"scan{ending} ends before its last voxel"):
        opened(file)


def test_a_header_that_declares_more_than_the_file_can_hold_allocates_nothing(tmp_path: Path):
    for ending in (".nii", ".nii.gz"):
        file = tmp_path / f"huge{ending}"
        image = nib.Nifti1Image(numbers(), np.eye(4))
        header = image.header
        header["dim"] = [3, 32767, 32767, 32767, 1, 1, 1, 1]
        raw = header.binaryblock + b"\0" * 4 + b"\0" * 100
        opener = nib.openers.Opener(str(file), "wb")
        with opener as stream:
            stream.write(raw)
        with pytest.raises(InputError, match="ends before its last voxel"):
            survey([file])
