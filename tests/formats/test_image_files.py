"""NRRD and MetaImage against the libraries that others read and write them with."""

from __future__ import annotations

from pathlib import Path

import nrrd
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - its own documentation calls it so

from segdesk.core.grid import Grid
from segdesk.errors import InputError
from segdesk.formats.images import open_image
from segdesk.formats.intake import survey
from segdesk.formats.labels import read_labels
from segdesk.formats.planes import in_source_order
from tests.formats.reading import only, opened, voxels

SHAPE = (4, 5, 6)
AXES = np.linalg.qr(np.eye(3) + np.cross(np.eye(3), (0.2, -0.5, 0.3)))[0]


def hu(shape=SHAPE):
    return np.random.default_rng(2).integers(-1000, 1500, shape).astype(np.int16)


def image(array, axes=AXES):
    made = sitk.GetImageFromArray(array)
    made.SetSpacing((0.7, 0.8, 2.5))
    made.SetOrigin((-12.5, 30, -1434.5))
    made.SetDirection(axes.ravel())
    return made


@pytest.mark.parametrize("axes", [AXES, np.eye(3)[:, [1, 2, 0]], np.diag([1.0, -1, -1])])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("ending", [".nrrd", ".mha", ".mhd"])
def test_voxels_and_geometry_are_those_that_simpleitk_wrote(tmp_path, axes, compressed, ending):
    made = image(hu(), axes)
    file = tmp_path / f"scan{ending}"
    sitk.WriteImage(made, str(file), useCompression=compressed)
    truth = Grid(SHAPE, (2.5, 0.8, 0.7), (-12.5, 30, -1434.5), tuple(axes.ravel()))
    # As the file has it; opened as a scan, its slices are axial.
    stored, scan = open_image(file), opened(file)
    assert np.array_equal(stored.read(), hu()) and stored.grid.agrees_with(truth)
    turned, grid = in_source_order(voxels(scan), scan.grid, scan.source.axes)
    assert np.array_equal(turned, hu()) and grid.agrees_with(truth) and scan.unit == "HU"


@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
@pytest.mark.parametrize(
    "dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "float32", "float64"]
)
def test_every_number_type_is_read(tmp_path: Path, dtype: str, ending: str):
    array = np.random.default_rng(0).integers(0, 100, SHAPE).astype(dtype)
    sitk.WriteImage(image(array), str(tmp_path / f"scan{ending}"))
    assert np.array_equal(voxels(opened(tmp_path / f"scan{ending}")), array)


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("left-posterior-superior", (1, 1, 1)),
        ("right-anterior-superior", (-1, -1, 1)),
        ("RAS", (-1, -1, 1)),
        ("left-anterior-superior", (1, -1, 1)),
    ],
)
def test_each_space_of_an_nrrd_becomes_lps(tmp_path: Path, space: str, signs):
    steps = AXES * (0.7, 0.8, 2.5)
    header = {"space": space, "space directions": steps.T, "space origin": (1, 2, 3)}
    nrrd.write(str(tmp_path / "scan.nrrd"), hu().T, header)
    grid = opened(tmp_path / "scan.nrrd").grid
    signs = np.array(signs)
    assert np.allclose(grid.affine[:3, [2, 1, 0]], steps * signs[:, None])
    assert np.allclose(grid.origin_mm, signs * (1, 2, 3))


@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2"])
@pytest.mark.parametrize("endian", ["little", "big"])
def test_encodings_and_byte_orders_of_an_nrrd_are_read(tmp_path: Path, encoding, endian):
    array = hu().astype("<i2" if endian == "little" else ">i2")
    header = {"encoding": encoding, "endian": endian, "spacings": [1.0, 2.0, 3.0]}
    nrrd.write(str(tmp_path / "scan.nrrd"), array.T, header)
    finding = only(tmp_path / "scan.nrrd")
    assert finding.spacing_mm == (3, 2, 1) and "how the patient lies" in finding.notes[0]
    assert np.array_equal(voxels(opened(tmp_path / "scan.nrrd")), hu())


def test_an_nrrd_without_geometry_is_independent_slices(tmp_path: Path):
    nrrd.write(str(tmp_path / "scan.nrrd"), hu().T)
    scan = opened(tmp_path / "scan.nrrd")
    assert not scan.grid.stacked and scan.unit == "raw" and np.array_equal(voxels(scan), hu())


def test_a_layer_axis_of_one_is_dropped_and_of_more_refused(tmp_path: Path):
    directions = np.vstack([[np.nan] * 3, np.eye(3)])
    for layers in (1, 2):
        array = np.zeros((layers, 3, 4, 5), np.uint8)
        header = {"space": "LPS", "space directions": directions, "space origin": (0, 0, 0)}
        nrrd.write(str(tmp_path / f"{layers}.nrrd"), array, header)
    assert only(tmp_path / "1.nrrd").shape == (5, 4, 3)
    with pytest.raises(InputError, match="not one volume"):
        survey([tmp_path / "2.nrrd"])


def test_segment_names_of_a_slicer_segmentation_come_with_the_labels(tmp_path: Path):
    labels = (np.arange(120).reshape(SHAPE) % 4).astype(np.uint8)
    made = image(labels, np.eye(3))
    for index, (value, name) in enumerate([(3, "right lung"), (1, "left lung")]):
        made.SetMetaData(f"Segment{index}_Name", name)
        made.SetMetaData(f"Segment{index}_LabelValue", str(value))
    sitk.WriteImage(made, str(tmp_path / "seg.nrrd"))
    got = read_labels(tmp_path / "seg.nrrd", opened(tmp_path / "seg.nrrd").grid)
    assert got.names == ((1, "left lung"), (3, "right lung"))
    assert np.array_equal(got.labels, labels)


HEADERS = {
    "outside.mhd": "NDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\nElementDataFile = {}\n",
    "outside.nrrd": "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 2 2 2\nencoding: raw\n"
    "data file: {}\n\n",
}


@pytest.mark.parametrize("name", HEADERS)
def test_voxels_outside_of_the_folder_are_never_read(tmp_path: Path, name: str):
    secret = tmp_path / "secret.raw"
    secret.write_bytes(b"\1" * 8)
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "link.raw").symlink_to(secret)
    for target in ("../secret.raw", str(secret), "link.raw"):
        (folder / name).write_text(HEADERS[name].format(target))
        with pytest.raises(InputError, match=rf"{name} keeps its voxels"):
            survey([folder / name])


@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
@pytest.mark.parametrize("compressed", [False, True])
def test_a_truncated_file_is_named(tmp_path: Path, ending: str, compressed: bool):
    file = tmp_path / f"scan{ending}"
    sitk.WriteImage(image(hu((20, 20, 20))), str(file), useCompression=compressed)
    file.write_bytes(file.read_bytes()[:-300])
    with pytest.raises(InputError, match=rf"scan{ending} ends before its last voxel"):
        opened(file)


@pytest.mark.parametrize("line", ["DimSize = 99999 99999 99999", "DimSize = -1 2 3", "NDims = 5"])
def test_a_metaimage_with_an_impossible_size_is_refused_before_anything_is_allocated(
    tmp_path: Path, line: str
):
    file = tmp_path / "scan.mha"
    sitk.WriteImage(image(hu()), str(file))
    text = file.read_bytes().replace(line.split("=")[0].encode() + b"=", b"X =", 1)
    file.write_bytes(line.encode() + b"\n" + text)
    with pytest.raises(InputError, match=r"scan\.mha"):
        survey([file])


@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
def test_vectors_for_voxels_are_refused(tmp_path: Path, ending: str):
    made = sitk.GetImageFromArray(np.zeros((3, 3, 3, 2), np.uint8), isVector=True)
    sitk.WriteImage(made, str(tmp_path / f"vector{ending}"))
    with pytest.raises(InputError, match=rf"vector{ending}"):
        survey([tmp_path / f"vector{ending}"])
