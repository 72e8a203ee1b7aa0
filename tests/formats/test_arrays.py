"""Arrays of strangers: shapes, rescales, keys, and what must not happen."""

from __future__ import annotations

import io
import mmap
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Literal

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segdesk.core.grid import Grid
from segdesk.errors import InputError, UsageError
from segdesk.formats.arrays import open_array
from segdesk.formats.intake import survey
from segdesk.formats.labels import read_labels
from tests.examples import examples
from tests.formats.reading import QUICK, only, opened, values, voxels


@pytest.mark.parametrize(
    ("shape", "slices"),
    [((3, 4, 5), (3, 4, 5)), ((3, 4, 5, 1), (3, 4, 5)), ((4, 5), (1, 4, 5))],
)
def test_each_shape_of_slices_is_read_without_geometry(tmp_path: Path, shape, slices):
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", x=array)
    with h5py.File(tmp_path / "a.h5", "w") as h5:
        h5["group/x"] = array
    for source in ("a.npy", "a.npz:x", "a.npz", "a.h5:/group/x", "a.h5:group/x", "a.h5"):
        finding = only(f"{tmp_path}/{source}")
        assert finding.shape == slices and finding.spacing_mm is None and finding.kind == "array"
        scan = opened(f"{tmp_path}/{source}")
        assert scan.unit == "raw" and not scan.grid.stacked
        assert np.array_equal(values(scan), array.reshape(slices))


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4, 2), (2, 0, 3), ()])
def test_other_shapes_are_refused(tmp_path: Path, shape):
    np.save(tmp_path / "a.npy", np.zeros(shape, np.uint8))
    with pytest.raises(InputError, match=r"a\.npy has the shape"):
        survey([tmp_path / "a.npy"])


@settings(QUICK, max_examples=examples(80))
@given(
    array=hnp.arrays(
        st.sampled_from(["?", "i1", "u1", "i2", ">i2", "u2", "i4", "u4", "f2", "f4", ">f4", "f8"]),
        (2, 3, 4),
        elements={"allow_nan": False, "allow_infinity": False},
    )
)
def test_values_come_back_by_the_rescale_that_is_kept(tmp_path: Path, array: np.ndarray):
    np.save(tmp_path / "a.npy", array)
    truth = array.astype(np.float64)
    with np.errstate(over="ignore"):
        span = truth.max() - truth.min()
    try:
        scan = opened(tmp_path / "a.npy")
    except InputError as error:
        assert "two kinds" in error.sentence or not span <= np.finfo(float).max / 8
        return
    fits = np.array_equal(truth, np.rint(truth)) and np.abs(truth + 0.5).max() <= 32767.5
    if fits:
        assert (scan.slope, scan.intercept) == (1.0, 0.0)
    # Half a step of the rescale, and the rounding of doubles of that size.
    loss = 0 if fits else scan.slope / 2 + 8 * np.finfo(float).eps * max(np.abs(truth).max(), span)
    if span >= np.finfo(float).tiny * 65535:
        lost = np.abs(values(scan) - truth) > loss
        # Padding, which would have put all others into one step, is the lowest of them, and said.
        assert not lost.any() or "no measured value" in scan.source.notes[0]
        assert np.all(values(scan)[lost] <= truth[~lost].min() + loss)
        assert np.unique(truth[lost]).size <= 8


def test_numbers_from_nought_to_one_use_all_of_the_sixteen_bits(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.linspace(0, 1, 60, dtype=np.float32).reshape(3, 4, 5))
    stored = voxels(opened(tmp_path / "a.npy"))
    assert (stored.min(), stored.max()) == (-32768, 32767)


def test_uint16_is_shifted_and_loses_nothing(tmp_path: Path):
    array = np.array([[[0, 1, 40000, 65535]]], np.uint16)
    np.save(tmp_path / "a.npy", array)
    scan = opened(tmp_path / "a.npy")
    assert (scan.slope, scan.intercept) == (1.0, 32768.0)
    assert np.array_equal(values(scan), array)


@pytest.mark.parametrize("dtype", ["c8", "S3", "M8[s]", [("a", "i2")]])
def test_what_is_no_plain_number_is_refused(tmp_path: Path, dtype):
    np.save(tmp_path / "a.npy", np.zeros((2, 2, 2), dtype))
    with pytest.raises(InputError, match="not plain numbers"):
        survey([tmp_path / "a.npy"])


class Trap:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_a_pickle_is_never_opened(tmp_path: Path):
    mark = tmp_path / "mark"
    array = np.array([[[Trap(mark)]]], dtype=object)
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    np.savez(tmp_path / "a.npz", x=array)
    for source in ("a.npy", "a.npz:x"):
        with pytest.raises(InputError):
            survey([f"{tmp_path}/{source}"])
    assert not mark.exists()


def test_several_arrays_are_listed_by_their_keys(tmp_path: Path):
    np.savez(tmp_path / "a.npz", x=np.zeros((2, 2)), y=np.zeros((2, 2)), n=np.zeros(3))
    with h5py.File(tmp_path / "a.h5", "w") as h5:
        h5["x"], h5["deep/y"], h5["scalar"] = np.zeros((2, 2)), np.zeros((2, 2)), 3
    npz, hdf = survey([tmp_path / "a.npz"]), survey([tmp_path / "a.h5"])
    assert [row.description for row in npz.volumes] == ["a.npz:x", "a.npz:y"]
    (refused,) = npz.refused
    assert "a.npz:n has the shape 3" in refused.problem and "(N, H, W)" in refused.hint
    assert [row.key for row in hdf.volumes] == ["/deep/y", "/x"]


def test_labels_of_several_arrays_need_a_key_and_wrong_ones_are_refused(tmp_path: Path):
    np.savez(tmp_path / "a.npz", x=np.zeros((2, 2)), y=np.zeros((2, 2)))
    with h5py.File(tmp_path / "a.h5", "w") as h5:
        h5["x"], h5["deep/y"], h5["scalar"] = np.zeros((2, 2)), np.zeros((2, 2)), 3
    for name, listed in (("a.npz", "a.npz:x, a.npz:y"), ("a.h5", "a.h5:/deep/y, a.h5:/x")):
        with pytest.raises(UsageError) as asked:
            read_labels(tmp_path / name, Grid((1, 2, 2), stacked=False))
        assert listed in asked.value.hint
    for wrong in ("a.npz:z", "a.h5:/z", "a.h5:/deep", "a.h5:/x/y"):
        with pytest.raises(UsageError, match=r"no (array|dataset)"):
            survey([f"{tmp_path}/{wrong}"])


def test_a_colon_in_a_folder_and_a_drive_letter_are_no_keys(tmp_path: Path):
    folder = tmp_path / "C:odd"
    folder.mkdir()
    np.savez(folder / "a.npz", x=np.zeros((2, 2)))
    assert only(f"{folder}/a.npz:x").key == "x"
    with pytest.raises(InputError, match="nothing at"):
        survey([r"C:\nowhere\a.npz:x"])


def test_a_file_that_has_the_whole_name_goes_before_a_key(tmp_path: Path):
    np.savez(tmp_path / "a.npz", x=np.zeros((2, 2)))
    np.save(tmp_path / "a.npz:x.npy", np.ones((3, 3)))
    assert only(tmp_path / "a.npz:x.npy").shape == (1, 3, 3)


@pytest.mark.parametrize("kind", ["external", "soft", "storage", "virtual"])
def test_an_hdf5_file_is_never_followed_to_another(tmp_path: Path, kind: str):
    with h5py.File(tmp_path / "secret.h5", "w") as h5:
        h5["x"] = np.ones((2, 2, 2), np.uint8)
    (tmp_path / "secret.raw").write_bytes(b"\1" * 8)
    with h5py.File(tmp_path / "a.h5", "w") as h5:
        if kind == "external":
            h5["x"] = h5py.ExternalLink("secret.h5", "/x")
        elif kind == "soft":
            h5["y"] = np.ones((2, 2, 2))
            h5["x"] = h5py.SoftLink("/y")
        elif kind == "storage":
            external = [(str(tmp_path / "secret.raw"), 0, 8)]
            h5.create_dataset("x", (2, 2, 2), "u1", external=external)
        else:
            layout = h5py.VirtualLayout((2, 2, 2), "u1")
            layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "x", (2, 2, 2))
            h5.create_virtual_dataset("x", layout)
    with pytest.raises(InputError, match=r"link, which is not followed|in another file"):
        survey([f"{tmp_path}/a.h5:/x"])


def test_a_declared_size_that_the_file_cannot_hold_allocates_nothing(tmp_path: Path):
    header = io.BytesIO()
    description = {"descr": "<f8", "fortran_order": False, "shape": (99999, 9999, 9999)}
    np.lib.format.write_array_header_1_0(header, description)
    (tmp_path / "a.npy").write_bytes(header.getvalue() + b"\0" * 64)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", header.getvalue() + b"\0" * 64)
    with h5py.File(tmp_path / "a.h5", "w") as h5:
        h5.create_dataset("x", (99999, 9999, 9999), "f8", chunks=(1, 99, 99))
    for name in ("a.npy", "a.npz", "a.h5"):
        with pytest.raises(InputError, match=f"{name}.*(ends before|declares more)"):
            survey([tmp_path / name])


def test_compressed_arrays_are_read(tmp_path: Path):
    array = np.zeros((20, 64, 64), np.uint8)
    array[3, 4, 5] = 9
    np.savez_compressed(tmp_path / "a.npz", x=array)
    with h5py.File(tmp_path / "a.h5", "w") as h5:
        h5.create_dataset("x", data=array, chunks=(1, 64, 64), compression="gzip")
    for name in ("a.npz", "a.h5"):
        assert np.array_equal(voxels(opened(tmp_path / name)), array)


def test_fortran_order_is_read(tmp_path: Path):
    array = np.asfortranarray(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    np.save(tmp_path / "a.npy", array)
    assert np.array_equal(voxels(opened(tmp_path / "a.npy")), array)


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.h5"])
def test_a_file_that_is_not_what_its_ending_says_is_refused(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(b"words and more words" * 9)
    with pytest.raises(InputError, match=rf"{name} is damaged, or no"):
        survey([tmp_path / name])


@pytest.mark.parametrize("options", [{}, {"compression": "gzip"}, {"fillvalue": 3}])
@pytest.mark.parametrize("written", [(), (1, 4), range(7)])
def test_chunks_that_were_never_written_read_as_h5py_fills_them(tmp_path: Path, options, written):
    with h5py.File(tmp_path / "a.h5", "w") as h5:
        made = h5.create_dataset("x", (7, 9, 40), "u1", chunks=(1, 4, 40), **options)
        for index in written:
            made[index] = index + 1
    with h5py.File(tmp_path / "a.h5") as h5:
        truth = np.asarray(h5["x"])
    scan = opened(tmp_path / "a.h5")
    assert np.array_equal(values(scan), truth)
    assert read_labels(tmp_path / "a.h5", Grid((7, 9, 40), stacked=False)).labels.max() == (
        truth.max()
    )
    missing = 21 - 3 * len(written)
    notes = (f"{missing} of the 21 chunks of the array were never written; they read as "
             f"{options.get('fillvalue', 0)}.",)  # fmt: skip
    assert scan.source.notes == (notes if missing else ())


def test_an_array_that_was_never_written_reads_as_its_fill_value(tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w") as h5:
        h5.create_dataset("x", (2, 3, 4), "i2", fillvalue=-7)
    scan = opened(tmp_path / "a.h5")
    assert np.unique(values(scan)).tolist() == [-7] and "never written" in scan.source.notes[0]


def test_unwritten_chunks_are_no_way_to_ask_for_any_memory(tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w") as h5:
        made = h5.create_dataset("x", (9000, 999, 999), "u1", chunks=(1, 99, 99))
        made[0, 0, 0] = 1
    with pytest.raises(InputError, match="declares more"):
        survey([tmp_path / "a.h5"])


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["?", "u1", ">i2", "<f8"])
@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4), (2, 3, 4, 1)])
def test_an_array_is_read_though_someone_shortens_its_file_meanwhile(
    tmp_path: Path, shape: tuple[int, ...], dtype: str, order: Literal["C", "F"]
):
    # A map of the file itself would end the program.
    numbers = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    np.save(tmp_path / "a.npy", np.asarray(numbers, order=order))
    array = open_array(tmp_path / "a.npy", "").read()
    holder = array
    while holder is not None and not isinstance(holder, mmap.mmap | bytes):
        assert not isinstance(holder, np.memmap)
        holder = getattr(holder, "base", None)
    (tmp_path / "a.npy").write_bytes(b"")
    assert np.array_equal(array.ravel(), numbers.ravel()) and array.dtype.isnative


#: Reads a file's members in a process whose end is told, because HDF5 may be it.
READ_MEMBERS = """
import h5py, sys
from pathlib import Path
from segdesk.errors import InputError
from segdesk.formats.arrays import array_keys
try:
    array_keys(Path(sys.argv[1]))
except InputError as error:
    print(error.sentence)
"""


@pytest.mark.parametrize("part", [b"BTLF", b"FHDB"])
def test_a_group_of_many_members_that_is_damaged_is_refused_and_ends_nothing(
    tmp_path: Path, part: bytes
):
    path = tmp_path / "many.h5"
    with h5py.File(path, "w", libver="latest") as file:
        for number in range(12):
            file[f"many/{number}"] = np.zeros((2, 2), np.uint8)
    content = bytearray(path.read_bytes())
    content[content.index(part) + 20] ^= 1
    path.write_bytes(content)
    command = [sys.executable, "-c", READ_MEMBERS, path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "many.h5 is damaged, or no .h5 file.\n")
