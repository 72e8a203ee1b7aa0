"""What is written is read back by other libraries, and nothing half-written stays."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import nibabel as nib
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - its own documentation calls it so
from hypothesis import given, settings
from hypothesis import strategies as st

from segdesk.core.grid import Grid
from segdesk.errors import InputError, UsageError
from segdesk.formats import export as export_module
from segdesk.formats.export import export
from segdesk.formats.labels import read_labels
from tests.examples import examples
from tests.formats.reading import QUICK, opened

AXES = np.linalg.qr(np.eye(3) + np.cross(np.eye(3), (0.2, -0.5, 0.3)))[0]
GRID = Grid((4, 5, 6), (2.5, 0.7, 0.8), (-10.5, 20.0, -1434.5), tuple(AXES.ravel()))
IMAGES = [".nii.gz", ".nii", ".nrrd", ".mha"]


def numbers(dtype="int16", shape=GRID.shape):
    low = 0 if np.dtype(dtype).kind == "u" else -1000
    return np.random.default_rng(1).integers(low, 250, shape).astype(dtype)


@pytest.mark.parametrize("ending", IMAGES)
@pytest.mark.parametrize("dtype", ["int16", "uint8", "uint16", "int32", "float32"])
@pytest.mark.parametrize("axes", [AXES, np.diag([1.0, -1, -1]), np.eye(3)[:, [2, 0, 1]]])
def test_simpleitk_reads_the_voxels_and_the_geometry(tmp_path: Path, ending, dtype, axes):
    grid = Grid(GRID.shape, GRID.spacing_mm, GRID.origin_mm, tuple(axes.ravel()))
    file = tmp_path / f"out{ending}"
    assert export(file, numbers(dtype), grid) == ()
    image = sitk.ReadImage(str(file))
    array = sitk.GetArrayFromImage(image)
    assert array.dtype == dtype and np.array_equal(array, numbers(dtype))
    assert np.allclose(image.GetSpacing(), grid.spacing_mm[::-1])
    assert np.allclose(image.GetOrigin(), grid.origin_mm, atol=1e-3)
    assert np.allclose(image.GetDirection(), grid.direction, atol=1e-6)


def test_nibabel_reads_the_nifti(tmp_path: Path):
    export(tmp_path / "out.nii.gz", numbers(), GRID)
    image: Any = nib.load(tmp_path / "out.nii.gz")
    assert np.array_equal(np.asarray(image.dataobj).T, numbers())
    theirs = np.diag([-1, -1, 1, 1]) @ image.affine
    assert np.allclose(theirs, GRID.affine[:, [2, 1, 0, 3]], atol=1e-3)


def test_pynrrd_reads_the_nrrd_and_the_names_come_back(tmp_path: Path):
    names = ((1, "left lung"), (2, "right lung"))
    labels = numbers("uint8") % 3
    assert export(tmp_path / "out.nrrd", labels, GRID, names=names) == ()
    array, header = nrrd.read(str(tmp_path / "out.nrrd"))
    assert np.array_equal(array.T, labels)
    assert header["Segment0_Name"] == "left lung" and header["Segment1_LabelValue"] == "2"
    got = read_labels(tmp_path / "out.nrrd", GRID)
    assert got.names == names and np.array_equal(got.labels, labels)


def test_names_in_any_script_come_back_and_stay_one_line(tmp_path: Path):
    names = ((1, '폐 "links"'), (2, "Lunge: rechts := ü"), (3, "two\nlines"))
    export(tmp_path / "out.nrrd", numbers("uint8") % 4, GRID, names=names)
    kept = (*names[:2], (3, "two lines"))
    assert read_labels(tmp_path / "out.nrrd", GRID).names == kept
    # ITK keeps them too; pynrrd reads and writes ASCII only.
    image = sitk.ReadImage(str(tmp_path / "out.nrrd"))
    theirs = tuple(image.GetMetaData(f"Segment{at}_Name") for at in range(3))
    assert theirs == tuple(name for _, name in kept)


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
@pytest.mark.parametrize("ending", IMAGES)
def test_each_number_type_is_seen_by_the_field_s_libraries(tmp_path: Path, ending, dtype):
    array, file = numbers(dtype), tmp_path / f"out{ending}"
    export(file, array, GRID)
    if ending == ".nrrd":
        theirs = nrrd.read(str(file))[0].T
    elif ending == ".mha":
        theirs = sitk.GetArrayFromImage(sitk.ReadImage(str(file)))
    else:
        image: Any = nib.load(file)
        theirs = np.asarray(image.dataobj).T
    assert theirs.dtype == array.dtype and np.array_equal(theirs, array)


def test_a_nifti_says_in_which_space_and_unit_it_is(tmp_path: Path):
    export(tmp_path / "out.nii", numbers(), GRID)
    header: Any = nib.load(tmp_path / "out.nii").header
    assert header.get_xyzt_units()[0] == "mm" and header["sform_code"] == header["qform_code"] == 1
    assert np.allclose(header.get_sform(), header.get_qform(), atol=1e-4)
    export(tmp_path / "loose.nii", numbers(), Grid(GRID.shape, stacked=False))
    header = nib.load(tmp_path / "loose.nii").header
    assert header["sform_code"] == header["qform_code"] == 0
    assert header.get_zooms() == (1, 1, 1)


def test_a_nifti_that_is_too_long_for_version_1_is_version_2(tmp_path: Path):
    grid = Grid((1, 1, 40_000))
    export(tmp_path / "out.nii", np.arange(40_000, dtype=np.uint16).reshape(grid.shape), grid)
    assert isinstance(nib.load(tmp_path / "out.nii"), nib.Nifti2Image)


def test_no_export_needs_simpleitk(tmp_path: Path):
    code = (
        "import sys; sys.modules['SimpleITK'] = None\n"
        "from pathlib import Path; import numpy as np\n"
        "from segdesk.core.grid import Grid; from segdesk.formats.export import export\n"
        f"for name in {[f'out{ending}' for ending in IMAGES] + ['pictures']}:\n"
        f"    export(Path({str(tmp_path)!r}) / name, np.ones((2, 3, 4), np.uint8), Grid((2, 3, 4)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(list(tmp_path.iterdir())) == len(IMAGES) + 1


def test_names_that_a_format_cannot_keep_are_said(tmp_path: Path):
    assert "names" in export(tmp_path / "a.mha", numbers(), GRID, names=((1, "x"),))[0]


def test_numpy_reads_the_npy(tmp_path: Path):
    assert "no geometry" in export(tmp_path / "out.npy", numbers(), GRID)[0]
    assert np.array_equal(np.load(tmp_path / "out.npy"), numbers())


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
def test_a_name_without_an_ending_is_a_folder_of_png_files(tmp_path: Path, dtype: str):
    notes = export(tmp_path / "out", numbers(dtype), GRID)
    files = sorted((tmp_path / "out").iterdir())
    assert [file.name for file in files] == [f"slice-{n:04d}.png" for n in (1, 2, 3, 4)]
    array = np.stack([sitk.GetArrayFromImage(sitk.ReadImage(str(file))) for file in files])
    shift = 32768 if dtype == "int16" else 0
    assert np.array_equal(array.astype(int) - shift, numbers(dtype))
    assert any("32768" in note for note in notes) == (dtype == "int16")


def test_an_exported_folder_is_never_written_over(tmp_path: Path):
    export(tmp_path / "out", numbers("uint8"), GRID)
    with pytest.raises(InputError, match="out is there already"):
        export(tmp_path / "out", numbers("uint8"), GRID)
    (tmp_path / "empty").mkdir()
    export(tmp_path / "empty", numbers("uint8"), GRID)
    assert len(list((tmp_path / "empty").iterdir())) == 4


def test_a_file_of_the_same_name_is_replaced(tmp_path: Path):
    (tmp_path / "out.mha").write_text("old")
    export(tmp_path / "out.mha", numbers(), GRID)
    assert opened(tmp_path / "out.mha").grid.agrees_with(GRID)


def test_slices_without_geometry_are_written_and_that_is_said(tmp_path: Path):
    loose = Grid(GRID.shape, stacked=False)
    assert "no geometry" in export(tmp_path / "out.nii.gz", numbers(), loose)[0]


def test_bool_is_written_as_noughts_and_ones(tmp_path: Path):
    mask = numbers() > 0
    export(tmp_path / "out.nii.gz", mask, GRID)
    array = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out.nii.gz")))
    assert array.dtype == np.uint8 and np.array_equal(array, mask)


def test_unknown_endings_and_numbers_that_do_not_fit_are_refused(tmp_path: Path):
    with pytest.raises(UsageError, match=r"out\.jpg has an ending"):
        export(tmp_path / "out.jpg", numbers(), GRID)
    with pytest.raises(UsageError, match="PNG files cannot hold float32"):
        export(tmp_path / "out", numbers("float32"), GRID)
    with pytest.raises(ValueError, match="expected an array of shape"):
        export(tmp_path / "out.npy", numbers()[:2], GRID)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["out.nii.gz", "out.npy", "out"])
def test_what_does_not_read_back_equal_is_refused_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    for opener in ("open_image", "open_array", "open_pictures"):
        truly = getattr(export_module, opener)

        def lying(*given, truly=truly):
            stored = truly(*given)
            return type("Lie", (), {"read": lambda self: stored.read() + 1, "grid": stored.grid})()

        monkeypatch.setattr(export_module, opener, lying)
    with pytest.raises(InputError, match="did not read back equal"):
        export(tmp_path / name, numbers("uint8"), GRID)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "files"), [("out.nii.gz", 1), ("out", 4)])
def test_every_file_is_on_the_disk_before_it_gets_its_name(
    tmp_path: Path, name: str, files: int, monkeypatch
):
    real, synced = os.fsync, []

    def fsync(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        # The folder is synced once more when the name is there, so that it lasts.
        assert is_folder or not (tmp_path / name).exists()
        synced.append(os.fstat(descriptor).st_ino)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    export(tmp_path / name, numbers("uint8"), GRID)
    there = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(there) == files
    assert {path.stat().st_ino for path in there} <= set(synced)


@pytest.mark.parametrize("name", ["out.nii.gz", "out.mha", "out.npy", "out"])
def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(
    tmp_path: Path, name: str, monkeypatch
):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_module, "_to_disk", full)
    if "." in name:
        (tmp_path / name).write_text("old")
    with pytest.raises(InputError, match=f"{name} could not be written: the disk is full"):
        export(tmp_path / name, numbers("uint8"), GRID)
    left = [file.name for file in tmp_path.iterdir()]
    assert left == ([name] if "." in name else [])
    assert "." not in name or (tmp_path / name).read_text() == "old"


@settings(QUICK, max_examples=examples(20))
@given(
    ending=st.sampled_from(IMAGES),
    spacing=st.tuples(*[st.floats(0.05, 20)] * 3),
    origin=st.tuples(*[st.floats(-2000, 2000)] * 3),
    shape=st.tuples(*[st.integers(1, 4)] * 3),
)
def test_any_grid_survives_the_round_trip(tmp_path: Path, ending, spacing, origin, shape):
    grid = Grid(shape, spacing, origin, GRID.direction)
    export(tmp_path / f"out{ending}", numbers("uint8", shape), grid)
    assert np.array_equal(
        read_labels(tmp_path / f"out{ending}", grid).labels, numbers("uint8", shape)
    )
