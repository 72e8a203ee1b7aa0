"""Labels: placed by affine, refused elsewhere, cut only where their edges are soft."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segdesk.core.grid import Grid
from segdesk.errors import InputError
from segdesk.formats.labels import read_labels
from tests.builders import write_dicom_series
from tests.examples import examples
from tests.formats.reading import QUICK

LOOSE = Grid((3, 40, 40), stacked=False)
GRID = Grid((3, 5, 4), (2.5, 0.8, 0.7), (1.0, 2.0, 3.0))
#: Half a degree about the slice axis.
TURNED = (0.99995, -0.01, 0, 0.01, 0.99995, 0, 0, 0, 1)
RAS = np.diag([-1.0, -1, 1, 1])


def save(file: Path, array: np.ndarray) -> Path:
    np.save(file, array)
    return file


def disc(radius: float = 12.0) -> np.ndarray:
    """A disc on each slice, from 0 to 1, with an edge two pixels wide."""
    row, column = np.mgrid[:40, :40] - 19.5
    edge = np.clip(radius + 1 - np.hypot(row, column), 0, 2) / 2
    return np.stack([edge] * 3)


def nifti(file: Path, labels: np.ndarray, grid: Grid) -> Path:
    affine = RAS @ grid.affine[:, [2, 1, 0, 3]]
    nib.save(nib.Nifti1Image(labels.T, affine), file)
    return file


@settings(QUICK, max_examples=examples(40))
@given(
    labels=hnp.arrays(np.uint8, (3, 40, 40), elements=st.integers(0, 254)),
    dtype=st.sampled_from(["u1", "i2", "i8", "f4"]),
)
def test_whole_numbers_up_to_254_keep_their_meaning(tmp_path: Path, labels, dtype):
    got = read_labels(save(tmp_path / "a.npy", labels.astype(dtype)), LOOSE)
    assert np.array_equal(got.labels, labels) and got.notes == ()
    assert got.labels.dtype == np.uint8


@pytest.mark.parametrize("levels", [(0, 1), (0, 1, 2, 3), (0, 5), (0, 10, 20, 255), (0, 64, 128)])
def test_a_plain_label_map_is_never_cut(tmp_path: Path, levels):
    row = np.array(levels)[np.arange(40) * len(levels) // 40]
    labels = np.broadcast_to(row, (3, 40, 40)).astype(np.uint8)
    got = read_labels(save(tmp_path / "a.npy", labels), LOOSE)
    assert np.array_equal(got.labels, labels) and got.notes == ()


def test_regions_of_a_middle_level_beside_255_are_segments_and_no_edges(tmp_path: Path):
    labels = np.zeros((3, 40, 40), np.uint8)
    labels[:, 2:30, 2:30], labels[:, 31:38, 31:38] = 255, 128
    got = read_labels(save(tmp_path / "a.npy", labels), LOOSE)
    assert np.array_equal(got.labels, labels)


def test_black_and_white_is_segment_one(tmp_path: Path):
    labels = (disc() > 0.5).astype(np.uint8) * 255
    got = read_labels(save(tmp_path / "a.npy", labels), LOOSE)
    assert np.array_equal(got.labels, labels // 255)
    assert got.notes == ("The labels are black and white: 255 became segment 1.",)


@pytest.mark.parametrize("scale", [1.0, 255.0])
def test_soft_edges_are_cut_at_half_and_that_is_said(tmp_path: Path, scale: float):
    soft = np.round(disc() * 4) / 4 * scale
    soft = np.floor(soft).astype(np.uint8) if scale == 255 else soft
    got = read_labels(save(tmp_path / "a.npy", soft), LOOSE)
    assert np.array_equal(got.labels, disc() > 0.625 - 1e-9)
    assert "soft edges (5 levels" in got.notes[0] and "cut at half" in got.notes[0]


def test_an_empty_label_map_is_empty(tmp_path: Path):
    got = read_labels(save(tmp_path / "a.npy", np.zeros((3, 40, 40))), LOOSE)
    assert not got.labels.any() and got.notes == ()


@pytest.mark.parametrize("count", [1, 2, 3, 17, 117])
@pytest.mark.parametrize("dtype", ["u1", "i2", "u2"])
def test_labels_that_nibabel_scaled_keep_their_numbers(tmp_path: Path, count: int, dtype: str):
    labels = (np.arange(60) % (count + 1)).astype(np.uint8).reshape(GRID.shape)
    image = nib.Nifti1Image(labels.T.astype(np.float64) * 1.0000001, np.diag([-1, -1, 1, 1.0]))
    image.set_data_dtype(dtype)
    nib.save(image, tmp_path / "a.nii")
    there = nib.load(tmp_path / "a.nii")
    assert there.dataobj.slope != 1
    got = read_labels(tmp_path / "a.nii", Grid(GRID.shape, (1, 1, 1)))
    assert np.array_equal(got.labels, labels) and got.notes == ()


@settings(QUICK, max_examples=examples(40))
@given(
    labels=hnp.arrays(np.uint8, (3, 4, 5), elements=st.integers(0, 254)),
    noise=hnp.arrays(np.float64, (3, 4, 5), elements=st.floats(-1e-3, 1e-3)),
    dtype=st.sampled_from(["f8", ">f8", "f4"]),
)
def test_what_arithmetic_leaves_of_whole_numbers_is_them(tmp_path: Path, labels, noise, dtype):
    array = (labels + noise * 0.98).astype(dtype)
    got = read_labels(save(tmp_path / "a.npy", array), Grid((3, 4, 5), stacked=False))
    assert np.array_equal(got.labels, labels) and got.notes == ()


@pytest.mark.parametrize(
    ("levels", "named"),
    [
        ((0, 0.5, 1), "0, 0.5, 1"),
        ((0, 0.5), "0, 0.5"),
        ((0, 1, 1.5, 2), "0, 1, 1.5, 2"),
        ((0, 0.1, 0.2, 0.3), "0, 0.1, 0.2, 0.3"),
        ((0, 127.5, 255), "0, 127.5, 255"),
        (tuple(np.linspace(0, 3, 20)), "0, 0.157895, 0.315789"),
        (tuple(np.linspace(0, 2, 40)), "and 32 more"),
    ],
)
def test_levels_that_are_no_whole_numbers_are_refused_by_name(tmp_path: Path, levels, named: str):
    row = np.array(levels, dtype=np.float32)[np.arange(40) * len(levels) // 40]
    array = np.broadcast_to(row, (3, 40, 40))
    with pytest.raises(InputError, match="holds fractions") as caught:
        read_labels(save(tmp_path / "a.npy", array), LOOSE)
    assert named in caught.value.sentence and "whole number" in caught.value.hint


@pytest.mark.parametrize("levels", [(0.5, 1.0), (128, 255)])
def test_a_thin_segment_of_a_middle_level_is_no_edge(tmp_path: Path, levels):
    array = np.zeros((3, 40, 40))
    array[:, 2:20, 2:20], array[:, 25:38, 30] = levels[1], levels[0]
    if levels[0] == 128:
        got = read_labels(save(tmp_path / "a.npy", array), LOOSE)
        assert np.array_equal(got.labels, array) and got.notes == ()
        return
    with pytest.raises(InputError, match=r"0, 0\.5, 1"):
        read_labels(save(tmp_path / "a.npy", array), LOOSE)


def test_probabilities_are_cut_at_half_and_not_at_half_of_their_largest(tmp_path: Path):
    shares = np.stack([np.linspace(0, 0.8, 1600).reshape(40, 40)] * 3)
    got = read_labels(save(tmp_path / "a.npy", shares), LOOSE)
    assert np.array_equal(got.labels, shares > 0.5)
    assert "over 256 levels from 0 to 1" in got.notes[0] and "above 0.5" in got.notes[0]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_labels_that_are_not_finite_are_refused_with_what_to_do(tmp_path: Path, value: float):
    array = np.zeros((3, 40, 40))
    array[1, 2, 3] = value
    with pytest.raises(InputError, match="not finite") as caught:
        read_labels(save(tmp_path / "a.npy", array), LOOSE)
    assert "by 0" in caught.value.hint


@pytest.mark.parametrize("value", [-1, 256, 0.5 - 1, 300.5])
def test_numbers_that_are_no_labels_are_refused(tmp_path: Path, value: float):
    array = np.zeros((3, 40, 40))
    array[0, 0, 0] = value
    with pytest.raises(InputError, match=r"a\.npy holds numbers from"):
        read_labels(save(tmp_path / "a.npy", array), LOOSE)


def test_labels_on_the_same_grid_within_a_thousandth_are_taken(tmp_path: Path):
    labels = np.arange(60, dtype=np.uint8).reshape(GRID.shape)
    near = Grid(GRID.shape, GRID.spacing_mm, (1.0005, 2.0, 3.0))
    got = read_labels(nifti(tmp_path / "a.nii", labels, near), GRID)
    assert np.array_equal(got.labels, labels)


@pytest.mark.parametrize(
    ("grid", "why"),
    [
        (Grid((3, 5, 5), (2.5, 0.8, 0.7), (1, 2, 3)), "3×5×5 voxels instead of 3×5×4"),
        (Grid(GRID.shape, (2.6, 0.8, 0.7), (1, 2, 3)), "steps of 2.6, 0.8, 0.7 mm instead of 2.5"),
        (Grid(GRID.shape, GRID.spacing_mm, (1, 2, 9)), "begins at 1, 2, 9 mm instead of 1, 2, 3"),
        (
            Grid(GRID.shape, GRID.spacing_mm, (1, 2, 3), TURNED),
            "its axes are turned by 0.57° against the scan's",
        ),
        (
            Grid(GRID.shape, GRID.spacing_mm, (1, 2, 3), (0.7071068, -0.7071068, 0, 0.7071068,
                 0.7071068, 0, 0, 0, 1)),
            "another",
        ),
    ],
)  # fmt: skip
def test_labels_on_another_grid_are_refused_with_what_differs(tmp_path: Path, grid: Grid, why: str):
    file = nifti(tmp_path / "a.nii", np.zeros(grid.shape, np.uint8), grid)
    with pytest.raises(InputError, match="another grid than the scan") as caught:
        read_labels(file, GRID)
    assert why in caught.value.sentence


def test_labels_without_geometry_are_placed_by_index_on_the_same_shape(tmp_path: Path):
    labels = np.ones(GRID.shape, np.uint8)
    got = read_labels(save(tmp_path / "a.npy", labels), GRID)
    assert got.labels.all() and "no geometry" in got.notes[0]
    with pytest.raises(InputError, match="3×5×5 voxels instead of 3×5×4"):
        read_labels(save(tmp_path / "b.npy", np.ones((3, 5, 5))), GRID)


def test_a_folder_of_pictures_is_a_label_map(tmp_path: Path):
    import SimpleITK as sitk  # noqa: N813 - its own documentation calls it so

    for index in range(3):
        plane = np.full((40, 40), index, np.uint8)
        sitk.WriteImage(sitk.GetImageFromArray(plane), str(tmp_path / f"{index}.png"))
    got = read_labels(tmp_path, LOOSE)
    assert [plane.max() for plane in got.labels] == [0, 1, 2]


def test_what_holds_no_labels_is_refused(tmp_path: Path):
    write_dicom_series(tmp_path / "scan", (1, 4, 4))
    (tmp_path / "words.txt").write_text("words" * 50)
    with pytest.raises(InputError, match=r"slice-001\.dcm is a DICOM file"):
        read_labels(tmp_path / "scan" / "slice-001.dcm", GRID)
    with pytest.raises(InputError, match=r"words\.txt is of no known format"):
        read_labels(tmp_path / "words.txt", GRID)
    with pytest.raises(InputError, match="no one stack of pictures in scan"):
        read_labels(tmp_path / "scan", GRID)
    with pytest.raises(InputError, match="nothing at"):
        read_labels(tmp_path / "nowhere.nii", GRID)


def grey(kind: str) -> np.ndarray:
    rng = np.random.default_rng(3)
    z, y, x = np.mgrid[:4, :48, :48]
    if kind == "noise":
        return rng.normal(100, 30, z.shape).clip(0, 255)
    if kind == "ramp":
        return 1 + x + y
    share = 1 / (1 + np.exp((np.hypot(y - 24, x - 24) - 12) / 2.0))
    return share * (100 if kind == "per cent" else 255)


@pytest.mark.parametrize("kind", ["noise", "ramp", "per cent", "of 255"])
def test_grey_levels_are_no_segments_and_say_what_to_do(tmp_path: Path, kind: str):
    levels = grey(kind).astype(np.uint8)
    np.save(tmp_path / "labels.npy", levels)
    with pytest.raises(InputError, match=r"\d+ grey levels from \d+ to \d+") as caught:
        read_labels(tmp_path / "labels.npy", Grid(levels.shape, stacked=False))
    assert "cut probabilities at half" in caught.value.hint


@pytest.mark.parametrize("width", [1, 2, 6])
def test_segments_of_many_numbers_keep_them_however_thin_they_are(tmp_path: Path, width: int):
    _, y, x = np.mgrid[:4, :48, :48]
    place = np.random.default_rng(5).permutation(200)
    labels = (1 + place[(x // width * 7 + y // 6 * 13) % 200]).astype(np.uint8)
    labels[:, ::12] = 0
    np.save(tmp_path / "labels.npy", labels)
    read = read_labels(tmp_path / "labels.npy", Grid(labels.shape, stacked=False))
    assert np.array_equal(read.labels, labels) and read.notes == ()
