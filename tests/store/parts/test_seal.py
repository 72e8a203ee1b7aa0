"""The seal of a file: what is not as it was written never reaches HDF5."""

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from segdesk.core.regular_file import NotRegular
from segdesk.store.disk.disk_errors import Damage
from segdesk.store.parts import hdf5, seal

CONTENT = seal.sealed(hdf5.image(lambda root: root.put(number=3, name="x")), "project")
MOST = 1_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file.h5"
    path.write_bytes(CONTENT)
    return path


def test_a_sealed_file_comes_back_whole_and_people_with_h5py_read_it(path: Path) -> None:
    assert seal.read(path, "project", most=MOST) == CONTENT
    with h5py.File(path, "r") as file:
        assert (file.attrs["number"], file.userblock_size) == (3, seal.SIZE)


def test_every_flipped_bit_of_a_seal_is_told_and_one_of_each_other_byte(path: Path) -> None:
    bits = [(at, bit) for at in range(seal.SIZE) for bit in (0, 5)]
    bits += [(at, at % 8) for at in range(seal.SIZE, len(CONTENT))]
    for at, bit in bits:
        with path.open("rb+") as file:
            file.seek(at)
            file.write(bytes([CONTENT[at] ^ 1 << bit]))
        with pytest.raises(Damage):
            seal.read(path, "project", most=MOST)
        with path.open("rb+") as file:
            file.seek(at)
            file.write(CONTENT[at : at + 1])
    assert seal.read(path, "project", most=MOST) == CONTENT


@pytest.mark.parametrize("length", [0, 1, 511, 512, 600, len(CONTENT) - 1])
def test_a_file_that_ends_too_early_is_told(path: Path, length: int) -> None:
    path.write_bytes(CONTENT[:length])
    with pytest.raises(Damage, match="ends too early"):
        seal.read(path, "project", most=MOST)


def test_a_file_with_more_behind_it_is_told(path: Path) -> None:
    path.write_bytes(CONTENT + b"\0")
    with pytest.raises(Damage, match="longer"):
        seal.read(path, "project", most=MOST)


def test_another_kind_of_file_in_its_place_is_told(path: Path) -> None:
    with pytest.raises(Damage, match="another kind"):
        seal.read(path, "annotation", most=MOST)


def test_a_giant_is_refused_before_any_of_it_is_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = seal._head("project", (50 << 30) - seal.SIZE, seal.NOTHING, bytes(32))
    path.write_bytes(head)
    os.truncate(path, 50 << 30)
    monkeypatch.setattr(seal, "_exactly", lambda *_: pytest.fail("it was read"))
    with pytest.raises(Damage, match="larger than any file of its kind"):
        seal.read(path, "project", most=MOST)
    path.write_bytes(head)
    with pytest.raises(Damage, match="ends too early"):
        seal.read(path, "project", most=MOST)


def sealed_by_a_stranger(left_out: seal.Span) -> bytes:
    """Its sum is that of the whole file, and it says that something was left out."""
    rest = CONTENT[seal.SIZE :]
    head = seal._head("project", len(rest), left_out, hashlib.sha256(rest).digest())
    return head + rest


def test_only_a_scan_leaves_something_out(path: Path) -> None:
    path.write_bytes(sealed_by_a_stranger(seal.Span(600, 700)))
    with pytest.raises(Damage, match="leaves something out"):
        seal.read(path, "project", most=MOST)
    with pytest.raises(Damage, match="leaves something out"):
        seal.check_file(path, "project")


@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, 512), (511, 600), (600, len(CONTENT) + 1), (len(CONTENT) + 1, len(CONTENT) + 1)],
)
def test_nothing_is_left_out_that_is_not_there(path: Path, start: int, stop: int) -> None:
    path.write_bytes(sealed_by_a_stranger(seal.Span(start, stop)))
    with path.open("rb") as file, pytest.raises(Damage, match="leaves out what is not there"):
        seal.read_around(file, "project", most=MOST)


def test_a_file_without_a_seal_is_told_apart_from_a_damaged_one(path: Path) -> None:
    with h5py.File(path, "w"):
        pass
    os.truncate(path, 4096)
    with pytest.raises(Damage, match="another program or an earlier version"):
        seal.read(path, "project", most=MOST)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes among files")
@pytest.mark.timeout(20)
@pytest.mark.parametrize("put", [_pipe, _device, Path.mkdir])
def test_a_pipe_a_device_or_a_folder_in_its_place_is_told_at_once(
    path: Path, put: Callable[[Path], None]
) -> None:
    path.unlink()
    put(path)
    with pytest.raises(NotRegular):
        seal.read(path, "project", most=MOST)


def test_what_a_seal_leaves_out_is_not_read_and_reads_as_zeros(tmp_path: Path) -> None:
    path = tmp_path / "volume.h5"
    with hdf5.new_file(path) as root:
        start = root.contiguous("voxels", "<i2", (2, 50, 50))
        after = root.contiguous("sums", "<u4", (2,))
    out = seal.Span(start, start + 10_000)
    with path.open("rb+") as file:
        file.seek(start)
        file.write(bytes(range(1, 251)) * 40)
        file.seek(after)
        file.write(np.array([7, 8], "<u4").tobytes())
        seal.seal_file(file, "volume", out)
    content = path.read_bytes()
    for at in range(start, out.stop, 500):
        path.write_bytes(content[:at] + b"\0" + content[at + 1 :])
        with path.open("rb") as file:
            around = seal.read_around(file, "volume", most=MOST)
        assert around.left_out == out
        with hdf5.open_checked(around.as_file()) as root:
            assert root.column("sums", "<u4").tolist() == [7, 8]
            assert root.contiguous("voxels", "<i2", (2, 50, 50)) == start
        everything = around.as_file().readall()
        assert everything == content[:start] + bytes(10_000) + content[out.stop :]
    for at in (seal.SIZE, start - 1, out.stop, after, len(content) - 1):
        path.write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
        with path.open("rb") as file, pytest.raises(Damage, match="checksum"):
            seal.read_around(file, "volume", most=MOST)
