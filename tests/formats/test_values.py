"""What numbers mean: padding beside measured values, HU or not, and what 16 bits would lose."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segdesk.errors import InputError
from segdesk.formats.intake import Scan, open_scan
from segdesk.formats.units import UnitChoice, judge
from tests.examples import examples
from tests.formats.reading import QUICK, SALT, only, opened, values

SHAPE = (6, 40, 50)


def chest(seed: int = 0, *, noise: float = 12.0) -> np.ndarray:
    """A body of 40 HU with fat, two lungs and a bone, in air; float64."""
    rows, columns = np.mgrid[:40, :50].astype(float)
    plane = np.full((40, 50), -1000.0)
    plane[np.hypot((rows - 20) / 18, (columns - 25) / 23) < 1] = -100
    plane[np.hypot((rows - 20) / 16, (columns - 25) / 21) < 1] = 40
    for middle in (15, 35):
        plane[np.hypot((rows - 20) / 10, (columns - middle) / 7) < 1] = -850
    plane[33:35, 24:27] = 700
    return np.stack([plane] * 6) + np.random.default_rng(seed).normal(0, noise, SHAPE)


def nifti(file: Path, array: np.ndarray) -> Path:
    nib.save(nib.Nifti1Image(array.T, np.diag([-1, -1, 1, 1.0]), dtype=array.dtype), file)
    return file


def read(file: Path, unit: UnitChoice = "") -> Scan:
    return open_scan(only(file), salt=SALT, unit=unit)


# Padding


@pytest.mark.parametrize(
    "odd", [(-1e30,), (1e6,), (np.nan,), (np.inf, -np.inf), (-1e30, 1e30, np.nan), (-40000.5,),
            (-3.4e38,), (200000.0,), (-1.797e308,)],
)  # fmt: skip
@pytest.mark.parametrize("share", [1, 500, 2500])
def test_padding_leaves_the_ct_as_it_is_and_is_said(tmp_path: Path, odd, share: int):
    hu = chest()
    truth = np.rint(hu)
    at = np.random.default_rng(1).permutation(hu.size)[: share * len(odd)]
    hu.ravel()[at] = np.resize(odd, at.size)
    dtype = np.float64 if -1.797e308 in odd else np.float32
    scan = read(nifti(tmp_path / "a.nii", hu.astype(dtype)))
    kept = np.ones(hu.size, bool)
    kept[at] = False
    got = values(scan).ravel()
    assert scan.unit == "HU" and np.abs(got - truth.ravel())[kept].max() <= 1
    assert np.all(got[at] == got[kept].min())
    note = scan.source.notes[0]
    assert "no measured value" in note and "the lowest of the others" in note
    assert ("NaN or infinity" in note) == (not np.all(np.isfinite(odd)))


@settings(QUICK, max_examples=examples(60))
@given(
    odd=st.lists(st.floats(width=32).filter(lambda x: not abs(x) < 1e5), min_size=1, max_size=4),
    dtype=st.sampled_from(["<f4", ">f4", "f8"]),
)
def test_no_odd_number_takes_the_others_apart(tmp_path: Path, odd, dtype):
    hu = np.rint(chest())
    truth = hu.copy()
    hu.ravel()[: len(odd)] = odd
    scan = read(nifti(tmp_path / "a.nii", hu.astype(dtype)))
    assert scan.unit == "HU"
    assert np.array_equal(values(scan).ravel()[len(odd) :], truth.ravel()[len(odd) :])


@pytest.mark.parametrize(("dtype", "odd"), [("i4", -(2**31)), ("i4", 2**31 - 1), ("u4", 2**32 - 1),
                                            ("i8", -(2**60))])  # fmt: skip
def test_padding_of_wide_whole_numbers_is_found_too(tmp_path: Path, dtype: str, odd: int):
    stored = np.rint(chest()).astype(dtype) if dtype[0] == "i" else (chest() + 1200).astype(dtype)
    truth = stored.astype(float)
    stored[0, 0, :5] = odd
    np.save(tmp_path / "a.npy", stored)
    scan = opened(tmp_path / "a.npy")
    assert (scan.slope, scan.unit) == (1.0, "raw")
    assert np.array_equal(values(scan).ravel()[5:], truth.ravel()[5:])
    assert "5 voxels that hold no measured value" in scan.source.notes[0]


def test_padding_behind_a_files_own_falling_slope_becomes_its_lowest_value(tmp_path: Path):
    hu = np.rint(chest())
    image = nib.Nifti1Image((-hu).T.astype(np.float32), np.diag([-1, -1, 1, 1.0]))
    image.dataobj[0, 0, 0] = 1e30
    image.header.set_slope_inter(-1, 0)
    nib.save(image, tmp_path / "a.nii")
    got = values(read(tmp_path / "a.nii"))
    assert np.array_equal(got.ravel()[1:], hu.ravel()[1:]) and got[0, 0, 0] == hu.min()


@pytest.mark.parametrize("air", [-1000.0, -1024.0])
@pytest.mark.parametrize("odd", [None, 1e30])
def test_air_of_one_level_is_no_padding(tmp_path: Path, air: float, odd: float | None):
    water = np.random.default_rng(0).normal(0, 4, SHAPE)
    water[:, :20] = air
    truth = water.copy()
    if odd is not None:
        water[0, 0, 0] = odd
    scan = read(nifti(tmp_path / "a.nii", water.astype(np.float32)))
    assert scan.unit == "HU"
    assert np.abs(values(scan) - truth).ravel()[1:].max() <= 0.501


@pytest.mark.parametrize("padding", [-999.0, -1e30])
def test_shares_keep_their_steps_beside_padding(tmp_path: Path, padding: float):
    shares = np.random.default_rng(0).random(SHAPE)
    truth = shares.copy()
    shares[:, 0] = padding
    np.save(tmp_path / "a.npy", shares)
    scan = opened(tmp_path / "a.npy")
    assert np.abs(values(scan) - truth)[:, 1:].max() < 1e-4


def test_values_that_fill_a_wide_span_are_no_padding(tmp_path: Path):
    wide = np.random.default_rng(0).exponential(1e5, SHAPE)
    np.save(tmp_path / "a.npy", wide)
    scan = opened(tmp_path / "a.npy")
    assert np.abs(values(scan) - wide).max() <= scan.slope / 2 * 1.001
    (note,) = scan.source.notes
    assert "kept in steps of" in note


def test_two_kinds_of_many_values_are_refused(tmp_path: Path):
    array = np.random.default_rng(0).normal(0, 100, SHAPE)
    array[:2] += 1e9
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(InputError, match="two kinds that lie too far apart") as caught:
        opened(tmp_path / "a.npy")
    assert caught.value.hint


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_array_without_a_finite_number_is_refused(tmp_path: Path, value: float):
    np.save(tmp_path / "a.npy", np.full((2, 3, 4), value))
    with pytest.raises(InputError, match="no finite number"):
        opened(tmp_path / "a.npy")


def test_a_ct_that_16_bits_cannot_keep_to_half_a_hu_is_refused(tmp_path: Path):
    hu = chest()
    hu[:, 5:25, 20:40] += np.linspace(0, 120_000, 6 * 20 * 20).reshape(6, 20, 20)
    hu[:, :5] -= np.linspace(0, 300, 6 * 5 * 50).reshape(6, 5, 50)
    with pytest.raises(InputError, match="lose more than half a HU"):
        read(nifti(tmp_path / "a.nii", hu), "HU")


def test_shares_are_no_hu_even_where_someone_says_so(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.linspace(0, 1, 60).reshape(3, 4, 5))
    with pytest.raises(InputError, match="next to nothing"):
        read(tmp_path / "a.npy", "HU")


# HU or not

CROPS = {
    "whole": (slice(None), slice(None)),
    "left half": (slice(None), slice(0, 25)),
    "lung only": (slice(14, 27), slice(11, 20)),
}


@pytest.mark.parametrize("crop", CROPS)
@pytest.mark.parametrize("padding", [None, -1500, -2000, -2048, -3024])
def test_a_ct_is_hu_whatever_its_field_and_padding(crop: str, padding: int | None):
    hu = chest()[:, *CROPS[crop]]
    if padding is not None:
        hu[:, :3, :3] = padding
    assert judge(hu.ravel()).unit == "HU"


@pytest.mark.parametrize("offset", [1000, 1024, 1025])
@pytest.mark.parametrize("padding", [None, -1, -1000, -1024, -2000, -2048, -32768])
@pytest.mark.parametrize("share", [0.001, 0.2])
def test_stored_numbers_are_not_hu_whatever_their_padding(offset, padding, share):
    stored = chest().ravel() + offset
    if padding is not None:
        stored[: int(share * stored.size)] = padding
    assert judge(stored).unit == "raw"


@pytest.mark.parametrize(
    ("levels", "unit"),
    [
        ((-1000, 40), "HU"),
        ((-1000, -800, 40, 300), "HU"),
        ((-1024, 0, 60), "HU"),
        ((0, 1000), "raw"),
        ((0, 255), "raw"),
        ((-1024, 24, 1064), "raw"),
    ],
)
def test_phantoms_of_few_levels_are_told_too(levels: tuple[int, ...], unit: str):
    assert judge(np.repeat(levels, 100)).unit == unit


def draws(name: str) -> np.ndarray:
    draw = np.random.default_rng(3)
    return {
        "magnetic resonance": np.abs(draw.normal(300, 200, 9000)),
        "phases": draw.normal(0, 1500, 9000).clip(-4096, 4095),
        "evenly spread": draw.integers(-1000, 1000, 9000),
        "abdomen without air": np.concatenate(
            [draw.normal(40, 20, 6000), draw.normal(-100, 20, 3000)]
        ),
        "magnetic resonance, padded": np.append(np.abs(draw.normal(300, 200, 9000)), [-2000] * 99),
    }[name]


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("magnetic resonance", "raw"),
        ("magnetic resonance, padded", "raw"),
        ("phases", ""),
        ("evenly spread", ""),
        ("abdomen without air", ""),
    ],
)
def test_what_is_no_ct_or_does_not_tell_is_not_taken_as_hu(name: str, unit: str):
    assert judge(draws(name)).unit == unit


def test_what_does_not_tell_its_unit_stays_raw_with_a_doubt_until_someone_says(tmp_path: Path):
    array = draws("abdomen without air").reshape(9, 10, 100).astype(np.int16)
    file = nifti(tmp_path / "a.nii", array)
    scan = read(file)
    assert scan.unit == "raw" and "a.nii" in scan.doubt and "HU" in scan.doubt
    assert scan.source.notes == ()
    for unit in ("HU", "raw"):
        said = read(file, unit)
        assert (said.unit, said.doubt, said.source.notes) == (unit, "", ())
        assert np.array_equal(values(said), array)


def test_stored_numbers_say_why_they_are_not_hu(tmp_path: Path):
    stored = np.rint(chest() + 1024).astype(np.int16)
    stored[0, 0, 0] = -2000
    (note,) = read(nifti(tmp_path / "a.nii", stored)).source.notes
    assert "not taken as HU" in note and "near 1064" in note


@pytest.mark.parametrize(
    "folder",
    [
        "chest_dicom",
        "chest3d_mask/totalseg_dicom/dicom",
        "chest3d_mask/totalseg/example_ct_sm.nii.gz",
        "seg_rt/dcmqi_liver/ct",
        "seg_rt/rtutils_phantom",
        "dicom_odd/bare_header",
    ],
)
def test_real_scans_are_told_from_their_stored_numbers(shared_data: Path, folder: str):
    hu = values(read(shared_data / folder))
    assert judge(hu.ravel()).unit == "HU"
    stored = hu + 1024
    stored[0, :4, :4] = -2000
    assert judge(stored.ravel()).unit == "raw"
