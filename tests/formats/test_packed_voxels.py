"""Packed voxels: unpacked in bounded memory, and never other voxels where a bit was flipped."""

from __future__ import annotations

import bz2
import gzip
import sys
import tempfile
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from segdesk.errors import InputError
from segdesk.formats import unpacking
from segdesk.formats.images import open_image
from segdesk.formats.intake import open_scan, survey
from segdesk.formats.labels import read_labels

SHAPE = (6, 20, 16)
NRRD = (
    "NRRD0004\ntype: {}\ndimension: 3\nspace: left-posterior-superior\nsizes: {} {} {}\n"
    "space directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nendian: {}\n"
    "encoding: {}\n\n"
)
META = (
    "NDims = 3\nDimSize = {} {} {}\nElementType = MET_SHORT\nCompressedData = True\n"
    "ElementDataFile = LOCAL\n"
)


def hu(shape=SHAPE, seed=0):
    """Smooth enough to be packed, with noise in its lowest bits."""
    rows = np.linspace(-900, 300, shape[1])[:, None] + np.linspace(0, 50, shape[2])
    noise = np.random.default_rng(seed).integers(0, 8, shape)
    return (rows + noise).astype("<i2")


def nii_gz(file: Path, array) -> int:
    nib.save(nib.Nifti1Image(array.T, np.eye(4)), file)
    return 0


def nrrd_gzip(file: Path, array) -> int:
    return written(
        file, NRRD.format("short", *array.shape[::-1], "little", "gzip"), array, gzip.compress
    )


def nrrd_bzip2(file: Path, array) -> int:
    return written(
        file, NRRD.format("short", *array.shape[::-1], "little", "bzip2"), array, bz2.compress
    )


def mha(file: Path, array) -> int:
    return written(file, META.format(*array.shape[::-1]), array, zlib.compress)


def written(file: Path, header: str, array, pack: Callable[[bytes], bytes]) -> int:
    file.write_bytes(header.encode() + pack(array.tobytes()))
    return len(header)


#: Each writes a file and returns where its packed stream begins.
PACKED: dict[str, tuple[str, Callable[..., int]]] = {
    "NIfTI, gzip": ("scan.nii.gz", nii_gz),
    "NRRD, gzip": ("scan.nrrd", nrrd_gzip),
    "NRRD, bzip2": ("scan.nrrd", nrrd_bzip2),
    "MetaImage, zlib": ("scan.mha", mha),
}


@pytest.mark.parametrize("kind", PACKED)
def test_a_flipped_bit_is_refused_or_changes_no_voxel(tmp_path: Path, kind: str):
    name, write = PACKED[kind]
    file, array = tmp_path / name, hu()
    start = write(file, array)
    sound, refused = file.read_bytes(), 0
    draw = np.random.default_rng(1)
    # The last bytes are the checksum; one of each eight bits elsewhere.
    places = [*range(start, len(sound), 5), *range(len(sound) - 8, len(sound))]
    for at in places:
        flipped = bytearray(sound)
        flipped[at] ^= 1 << int(draw.integers(8))
        file.write_bytes(flipped)
        try:
            got = open_image(file).read()
        except InputError as error:
            assert name in error.sentence and error.sentence.endswith(".")
            refused += 1
        else:
            # Adler-32 is weak: of 22,000 flips, 16 give other voxels with the same sum (+1, -2, +1
            # in a row). A stream of zlib has nothing else by which to tell.
            equal = np.array_equal(got, array)
            assert equal or (kind == "MetaImage, zlib" and zlib.adler32(got) == zlib.adler32(array))
    assert refused > len(places) * 0.9


@pytest.mark.parametrize("kind", PACKED)
def test_a_flipped_checksum_refuses_the_scan_and_the_labels(tmp_path: Path, kind: str):
    name, write = PACKED[kind]
    file, array = tmp_path / name, hu()
    write(file, array)
    data = bytearray(file.read_bytes())
    # Of gzip the CRC-32 stands before the length; of zlib and bzip2 the checksum is the end.
    data[-6 if "gzip" in kind else -2] ^= 0x10
    grid = open_image(file).grid
    file.write_bytes(data)
    (finding,) = survey([file]).volumes
    for read in (lambda: open_scan(finding, salt=""), lambda: read_labels(file, grid)):
        with pytest.raises(InputError, match=f"{name} is damaged: its voxels"):
            read()


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize("cut", [1, 4, 9, 200])
def test_a_stream_without_its_end_is_refused(tmp_path: Path, kind: str, cut: int):
    name, write = PACKED[kind]
    write(tmp_path / name, hu())
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-cut])
    with pytest.raises(InputError, match=f"{name} ends before its last voxel"):
        open_image(tmp_path / name).read()


@pytest.mark.parametrize("size", [1, 7, 1000, 1 << 20])
@pytest.mark.parametrize("kind", PACKED)
def test_the_size_of_the_chunks_changes_no_voxel(
    tmp_path: Path, kind: str, size: int, monkeypatch: pytest.MonkeyPatch
):
    name, write = PACKED[kind]
    array = hu((2, 9, 7))
    write(tmp_path / name, array)
    monkeypatch.setattr(unpacking, "CHUNK", size)
    assert np.array_equal(open_image(tmp_path / name).read(), array)


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
def test_several_members_and_padding_behind_them_are_read_as_gzip_reads_them(
    tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
):
    array = hu()
    nib.save(nib.Nifti1Image(array.T, np.eye(4)), tmp_path / "plain.nii")
    plain = (tmp_path / "plain.nii").read_bytes()
    members = [gzip.compress(plain[at : at + 1000]) for at in range(0, len(plain), 1000)]
    (tmp_path / "scan.nii.gz").write_bytes(b"".join(members) + b"\0" * 64)
    monkeypatch.setattr(unpacking, "CHUNK", size)
    assert gzip.decompress((tmp_path / "scan.nii.gz").read_bytes()) == plain
    assert np.array_equal(open_image(tmp_path / "scan.nii.gz").read(), array)


def test_big_endian_numbers_are_turned_chunk_by_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    array = np.arange(2 * 5 * 7, dtype=">i4").reshape(2, 5, 7)
    header = NRRD.format("int", 7, 5, 2, "big", "gzip").encode()
    (tmp_path / "scan.nrrd").write_bytes(header + gzip.compress(array.tobytes()))
    monkeypatch.setattr(unpacking, "CHUNK", 13)
    got = open_image(tmp_path / "scan.nrrd").read()
    assert got.dtype.isnative and np.array_equal(got, array)


@pytest.mark.parametrize("kind", PACKED)
def test_unpacking_takes_a_fraction_of_the_voxels_memory(tmp_path: Path, kind: str):
    name, write = PACKED[kind]
    array = hu((32, 512, 512))
    write(tmp_path / name, array)
    tracemalloc.start()
    try:
        planes = [plane.mean() for plane in open_image(tmp_path / name).read()]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert planes == [plane.mean() for plane in array]
    assert peak < array.nbytes / 3


def test_no_room_for_temporary_files_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    mha(tmp_path / "scan.mha", hu())
    real = unpacking.tempfile.TemporaryFile

    def full(**options):
        stream = real(**options)

        class Full:
            def __enter__(self):
                return self

            def __exit__(self, *_):
                stream.close()

            def write(self, _):
                raise OSError(28, "No space left on device")

        return Full()

    monkeypatch.setattr(unpacking.tempfile, "TemporaryFile", full)
    with pytest.raises(InputError, match=r"scan\.mha could not be unpacked: .* is full"):
        open_image(tmp_path / "scan.mha").read()


@pytest.mark.skipif(sys.platform != "linux", reason="/tmp is on a disk elsewhere")
@pytest.mark.parametrize("is_named", [False, True])
def test_voxels_are_unpacked_onto_a_disk_and_not_into_a_folder_that_may_be_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_named: bool
):
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    if is_named:
        monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    mha(tmp_path / "scan.mha", hu())
    array = open_image(tmp_path / "scan.mha").read()
    maps = Path("/proc/self/maps").read_text().splitlines()
    unpacked = [line.split()[5] for line in maps if line.endswith("(deleted)")]
    folder = str(tmp_path) if is_named else "/var/tmp"
    assert array.size and any(file.startswith(f"{folder}/") for file in unpacked)
