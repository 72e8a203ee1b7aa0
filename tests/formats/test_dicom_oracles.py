"""Generated DICOM series, read here and by pydicom and SimpleITK: equal values at equal places."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
import SimpleITK as sitk  # noqa: N813 - its own documentation calls it so
from hypothesis import given, settings
from hypothesis import strategies as st

from segdesk.core.grid import Grid
from tests.builders import ct_slice, save
from tests.examples import examples
from tests.formats.reading import QUICK, opened, values


@dataclass(frozen=True)
class Series:
    """What a generated series is made of; positions have so many decimals."""

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float]
    turn: tuple[float, ...]
    digits: int
    slope: float
    intercept: float
    signed: bool
    bits: int
    order: tuple[int, ...]
    seed: int


@st.composite
def series(draw: st.DrawFn) -> Series:
    shape = draw(st.tuples(st.integers(2, 7), st.integers(2, 9), st.integers(2, 9)))
    steps = st.sampled_from([0.35, 0.625, 0.7421875, 1.25, 3.0])
    turn = np.linalg.qr(np.random.default_rng(draw(st.integers(0, 10**6))).normal(size=(3, 3)))[0]
    plain = np.eye(3)[:, list(draw(st.permutations(range(3))))] * draw(
        st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3)
    )
    return Series(
        shape,
        draw(st.tuples(st.sampled_from([0.625, 1.0, 2.5, 7.0]), steps, steps)),
        draw(st.tuples(*[st.floats(-400, 400)] * 3)),
        tuple((turn if draw(st.booleans()) else plain)[:, :2].T.ravel()),
        draw(st.sampled_from([2, 3, 6])),
        draw(st.sampled_from([1.0, 1.0, 0.5, 1.37, 2.0])),
        draw(st.sampled_from([-1024.0, 0.0, -999.5])),
        draw(st.booleans()),
        draw(st.sampled_from([12, 16])),
        tuple(draw(st.permutations(range(shape[0])))),
        draw(st.integers(0, 99)),
    )


def write(folder: Path, made: Series) -> npt.NDArray[np.int64]:
    """Write it; the stored numbers, (slices, rows, columns), upwards along the normal."""
    draw = np.random.default_rng(made.seed)
    low = -(2 ** (made.bits - 1)) // 4 if made.signed else 0
    stored = draw.integers(low, low + 2 ** (made.bits - 2), made.shape)
    along_row, along_column = np.array(made.turn[:3]), np.array(made.turn[3:])
    normal = np.cross(along_row, along_column)
    for k, name in enumerate(made.order):
        position = np.array(made.origin_mm) + k * made.spacing_mm[0] * normal
        dataset = ct_slice(
            stored[k].astype(np.int16), position, made.spacing_mm, orientation=made.turn
        )
        dataset.ImagePositionPatient = [f"{number:.{made.digits}f}" for number in position]
        dataset.ImageOrientationPatient = [f"{cosine:.6f}" for cosine in made.turn]
        dataset.PixelData = stored[k].astype("<i2" if made.signed else "<u2").tobytes()
        dataset.BitsStored, dataset.HighBit = made.bits, made.bits - 1
        dataset.PixelRepresentation = int(made.signed)
        dataset.SeriesInstanceUID, dataset.InstanceNumber = "1.2.3", name
        dataset.RescaleType = "HU"
        dataset.RescaleSlope, dataset.RescaleIntercept = str(made.slope), str(made.intercept)
        save(dataset, folder / f"{name:02d}.dcm")
    return stored


@settings(QUICK, max_examples=examples(100))
@given(made=series())
def test_every_voxel_has_its_value_at_its_place(tmp_path: Path, made: Series):
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    stored = write(folder, made)
    scan = opened(folder)
    truth = np.rint(stored * made.slope + made.intercept)
    assert scan.unit == "HU" and np.array_equal(values(scan), truth)
    by_pydicom(folder, scan.grid, values(scan))
    by_simpleitk(folder, scan.grid, values(scan), made)


def by_pydicom(folder: Path, grid: Grid, hu: npt.NDArray[np.float64]) -> None:
    """Each file alone, by the formula of the standard (PS3.3 C.7.6.2.1.1)."""
    half_step = grid.spacing_mm[0] / 2
    for file in folder.iterdir():
        dataset = pydicom.dcmread(file)
        position = np.array(dataset.ImagePositionPatient, dtype=float)
        turn = np.array(dataset.ImageOrientationPatient, dtype=float)
        row_mm, column_mm = map(float, dataset.PixelSpacing)
        k = round(grid.to_index(tuple(position))[0])
        assert np.linalg.norm(np.subtract(grid.to_physical((k, 0, 0)), position)) < half_step / 5
        last_row, last_column = dataset.Rows - 1, dataset.Columns - 1
        corner = position + turn[:3] * column_mm * last_column + turn[3:] * row_mm * last_row
        ours = grid.to_physical((k, last_row, last_column))
        assert np.linalg.norm(np.subtract(ours, corner)) < half_step / 5
        pixels = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        assert np.array_equal(np.rint(pixels), hu[k])


def by_simpleitk(folder: Path, grid: Grid, hu: npt.NDArray[np.float64], made: Series) -> None:
    sitk.ProcessObject.SetGlobalWarningDisplay(False)  # of positions that are rounded
    image = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder)))
    theirs = sitk.GetArrayFromImage(image)
    assert theirs.shape == hu.shape and np.abs(theirs - hu).max() <= 0.5
    slack = len(hu) * 10.0**-made.digits + 1e-3
    for k in (0, len(hu) - 1):
        for j in (0, made.shape[1] - 1):
            for i in (0, made.shape[2] - 1):
                point = image.TransformIndexToPhysicalPoint((i, j, k))
                assert np.allclose(point, grid.to_physical((k, j, i)), rtol=0, atol=slack)
