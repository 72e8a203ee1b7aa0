"""Volumes that are stored in other planes: axial here, and as they were in what leaves."""

# What the libraries load has their base class in the stubs.
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false, reportCallIssue=false
from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - its own documentation calls it so
from hypothesis import given, settings
from hypothesis import strategies as st

from segdesk.app.files import exporting, importing, joining
from segdesk.app.project.workbench import Workbench
from segdesk.core.grid import Grid
from segdesk.core.tolerances import AXIS_CLEARER
from segdesk.formats import planes
from segdesk.formats.images import open_image
from segdesk.formats.intake import survey
from segdesk.formats.labels import read_labels
from segdesk.formats.planes import axial, axial_axes
from tests.builders import write_dicom_series
from tests.examples import examples
from tests.formats.reading import QUICK, opened, voxels
from tests.projects import make_project

STRANGER = (
    Path(__file__).resolve().parents[3] / "shared/data/strangers/nifti-stored-sagittal/ct-PIR.nii"
)
CODES = [
    tuple(ends[way] for ends, way in zip(order, ways, strict=True))
    for order in itertools.permutations(("RL", "AP", "IS"))
    for ways in itertools.product((0, 1), repeat=3)
]


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    made = make_project(tmp_path)
    yield made
    made.close()


def patient(dtype="int16"):
    """(slices, rows, columns) from bottom to top, front to back and right to left."""
    array = np.random.default_rng(4).integers(-1000, 400, (3, 5, 4))
    return array.astype(dtype) if dtype == "int16" else (array % 4).astype(dtype)


def as_stored(array, codes, spacing=(2.5, 0.8, 0.7)):
    """The patient as a nibabel image whose axes run towards these letters."""
    # (i, j, k) towards L, P, S.
    image = nib.Nifti1Image(array.T, np.diag([-spacing[2], -spacing[1], spacing[0], 1.0]))
    turn = nib.orientations.ornt_transform(
        nib.io_orientation(image.affine), nib.orientations.axcodes2ornt(codes)
    )
    turned = image.as_reoriented(turn)
    assert nib.aff2axcodes(turned.affine) == codes
    return turned


def upright(scan: Grid, array):
    """An axial volume with its slices from bottom to top, rows to the back, columns to the left."""
    letters = [high for _, high in scan.axis_letters()]
    flips = [axis for axis, (high, to) in enumerate(zip(letters, "SPL", strict=True)) if high != to]
    return np.flip(array, flips)


@pytest.mark.parametrize("codes", CODES)
def test_each_of_48_orientations_is_axial_and_its_labels_lie_on_it(tmp_path: Path, codes):
    nib.save(as_stored(patient(), codes), tmp_path / "scan.nii.gz")
    scan = opened(tmp_path / "scan.nii.gz")
    assert [set(ends) for ends in scan.grid.axis_letters()] == [set("IS"), set("AP"), set("RL")]
    assert scan.grid.spacing_mm == pytest.approx((2.5, 0.8, 0.7))
    assert np.array_equal(upright(scan.grid, voxels(scan)), patient())
    # Labels in the file's own order, and in that of an axial file.
    for other in (codes, ("L", "P", "S"), ("R", "A", "S")):
        nib.save(as_stored(patient("uint8"), other), tmp_path / "labels.nii.gz")
        got = read_labels(tmp_path / "labels.nii.gz", scan.grid, axes=scan.source.axes)
        assert np.array_equal(upright(scan.grid, got.labels), patient("uint8"))


@pytest.mark.parametrize("codes", CODES[::5])
@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".mha", ".npy"])
def test_what_leaves_has_the_order_of_the_file_again(
    tmp_path: Path, workbench: Workbench, codes, ending: str
):
    stored = as_stored(patient(), codes)
    nib.save(stored, tmp_path / "scan.nii")
    labels = as_stored(patient("uint8"), codes)
    nib.save(labels, tmp_path / "labels.nii")
    found = importing.survey([tmp_path / "scan.nii"])
    (request,) = importing.requests(
        workbench, found.volumes, case="turned", labels=str(tmp_path / "labels.nii"), unit="HU"
    )
    joining.import_scan(workbench, request)
    workbench.close()
    again = Workbench.open(tmp_path / "test.segdesk")
    try:
        for what, image in (("volume", stored), ("annotation", labels)):
            file = tmp_path / f"{what}{ending}"
            exporting.export(again, "turned", what, file)
            array = np.asarray(image.dataobj)
            if ending == ".npy":
                assert np.array_equal(np.load(file).T, array)
                continue
            written, affine = seen(file)
            assert written.shape == array.shape and np.array_equal(written, array)
            assert np.allclose(affine, image.affine, atol=1e-4)
    finally:
        again.close()


def seen(file: Path):
    """(i, j, k) and the affine in RAS, by the library of each format."""
    if file.name.endswith(".nii.gz"):
        image = nib.load(file)
        return np.asarray(image.dataobj), image.affine
    affine = np.eye(4)
    if file.suffix == ".nrrd":
        array, header = nrrd.read(str(file))
        affine[:3, :3], affine[:3, 3] = header["space directions"].T, header["space origin"]
    else:
        image = sitk.ReadImage(str(file))
        array = sitk.GetArrayFromImage(image).T
        affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
        affine[:3, 3] = image.GetOrigin()
    return array, np.diag([-1.0, -1, 1, 1]) @ affine


def test_labels_without_geometry_may_be_in_either_order(tmp_path: Path):
    codes = ("P", "I", "R")
    nib.save(as_stored(patient(), codes), tmp_path / "scan.nii")
    nib.save(as_stored(patient("uint8"), codes), tmp_path / "labels.nii")
    scan = opened(tmp_path / "scan.nii")
    truth = read_labels(tmp_path / "labels.nii", scan.grid, axes=scan.source.axes).labels
    np.save(tmp_path / "file.npy", np.asarray(nib.load(tmp_path / "labels.nii").dataobj).T)
    np.save(tmp_path / "axial.npy", truth)
    for name, words in (("file.npy", "order of the scan's file"), ("axial.npy", "slice by slice")):
        got = read_labels(tmp_path / name, scan.grid, axes=scan.source.axes)
        assert np.array_equal(got.labels, truth) and words in got.notes[-1]


def test_the_reader_is_told_in_which_planes_the_file_lay(tmp_path: Path):
    for codes, words in (
        ("PIR", "stores sagittal slices"),
        ("RIP", "stores coronal slices"),
        ("ARS", "swaps rows and columns"),
        ("LPS", None),
    ):
        nib.save(as_stored(patient(), tuple(codes)), tmp_path / "scan.nii")
        (finding,) = survey([tmp_path / "scan.nii"]).volumes
        assert any("axial order" in note for note in finding.notes) == (words is not None)
        assert words is None or any(words in note for note in finding.notes)
        assert finding.shape == (3, 5, 4)


def test_one_slice_and_slices_without_geometry_stay_as_they_are(tmp_path: Path):
    nib.save(as_stored(patient()[:, :, :1], ("A", "S", "R")), tmp_path / "sagittal.nii")
    assert opened(tmp_path / "sagittal.nii").grid.shape == (1, 3, 5)
    np.save(tmp_path / "loose.npy", patient())
    assert opened(tmp_path / "loose.npy").source.axes == (0, 1, 2)


def test_a_dicom_series_stays_in_the_planes_of_its_acquisition(tmp_path: Path):
    sagittal = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
    write_dicom_series(tmp_path / "dicom", (4, 8, 9), orientation=sagittal)
    scan = opened(tmp_path / "dicom")
    assert scan.grid.shape == (4, 8, 9) and set(scan.grid.axis_letters()[0]) == set("LR")


@settings(QUICK, max_examples=examples(300))
@given(st.tuples(*[st.floats(-1, 1)] * 3), st.permutations(range(3)))
def test_the_slice_axis_is_the_one_nearest_to_the_patient_s_long_axis(turn, order):
    axes, _ = np.linalg.qr(np.eye(3) + np.cross(np.eye(3), turn))
    grid = Grid((4, 5, 6), direction=tuple(axes[:, order].ravel()))
    got = axial_axes(grid)
    along = np.abs(grid.matrix[2, ::-1])
    assert sorted(got) == [0, 1, 2] and along[got[0]] >= along.max() - AXIS_CLEARER
    # Once axial, it stays so.
    turned = planes.reordered(grid, got)
    assert axial_axes(turned) == (0, 1, 2)


def test_turning_takes_a_fraction_of_the_voxels_memory(tmp_path: Path):
    array = np.arange(96 * 400 * 400, dtype=np.int32).reshape(96, 400, 400) % 1200 - 1000
    image = nib.Nifti1Image(array.astype("<i2").T, np.diag([-1.0, -1, 1, 1]))
    turned = image.as_reoriented(
        nib.orientations.ornt_transform(
            nib.io_orientation(image.affine), nib.orientations.axcodes2ornt(("P", "I", "R"))
        )
    )
    nib.save(turned, tmp_path / "scan.nii.gz")
    tracemalloc.start()
    try:
        stored = axial(open_image(tmp_path / "scan.nii.gz"))
        total = sum(int(plane.sum(dtype=np.int64)) for plane in stored.read())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert stored.grid.shape == (96, 400, 400) and total == array.sum(dtype=np.int64)
    assert peak < 2 * array.size / 2


@pytest.mark.skipif(not STRANGER.is_file(), reason="the strangers' files are not here")
def test_a_stranger_s_sagittal_file_can_be_painted_in_axial_slices(
    tmp_path: Path, workbench: Workbench
):
    theirs = nib.as_closest_canonical(nib.load(STRANGER))
    scan = opened(STRANGER)
    assert scan.grid.shape == (12, 40, 48)
    # R, A, S of nibabel against this file's I, P and R.
    truth = np.asarray(theirs.dataobj).T[:, ::-1, ::-1]
    assert np.array_equal(upright(scan.grid, voxels(scan)), truth)
    (request,) = importing.requests(workbench, importing.survey([STRANGER]).volumes, case="pir")
    joining.import_scan(workbench, request)
    exporting.export(workbench, "pir", "volume", tmp_path / "out.nii")
    out, source = nib.load(tmp_path / "out.nii"), nib.load(STRANGER)
    assert out.shape == source.shape and np.allclose(out.affine, source.affine, atol=1e-5)
    assert np.array_equal(np.asarray(out.dataobj), np.asarray(source.dataobj))
