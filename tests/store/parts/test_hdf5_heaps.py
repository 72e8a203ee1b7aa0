"""Global heaps that would keep HDF5 reading for ever are told before it reads."""

from __future__ import annotations

import hashlib
import io
import random
import struct
from pathlib import Path

import h5py
import pytest

from segdesk.store.disk.disk_errors import Damage
from segdesk.store.parts import hdf5_heaps, seal

HEAD = 16
BEGIN = b"GCOL\x01\0\0\0"


def check_heaps(content: bytes) -> None:
    hdf5_heaps.check_heaps(io.BytesIO(content), len(content))


def with_texts() -> bytes:
    """A file with texts of many lengths in its attributes and in a dataset."""
    held = io.BytesIO()
    with h5py.File(held, "w", libver=("v110", "v110"), userblock_size=512) as file:
        for length in range(40):
            file.attrs[f"text {length}"] = "x" * (7 * length)
        file.create_dataset("texts", data=["y" * (length % 50) for length in range(400)], dtype="T")
    return held.getvalue()


@pytest.fixture(scope="module")
def content() -> bytes:
    made = with_texts()
    assert made.count(BEGIN) >= 2
    return made


def test_what_hdf5_writes_is_well(content: bytes) -> None:
    check_heaps(content)
    check_heaps(b"")
    check_heaps(content[: content.find(b"GCOL") + 6])


@pytest.mark.parametrize("size", [0, 1, 15, 1 << 20, 1 << 63])
def test_free_room_that_leads_nowhere_is_told(content: bytes, size: int) -> None:
    """HDF5 1.14 never comes back from reading a text of such a heap, where its size is 0."""
    at = content.find(b"GCOL") + HEAD
    harmed = bytearray(content)
    harmed[at : at + HEAD] = struct.pack("<HHIQ", 0, 0, 0, size)
    with pytest.raises(Damage, match="texts"):
        check_heaps(bytes(harmed))


@pytest.mark.parametrize("left_out", [None, seal.SIZE, -1], ids=["nothing", "before", "behind"])
def test_a_file_is_looked_at_before_it_is_given_to_hdf5(
    content: bytes, tmp_path: Path, left_out: int | None
) -> None:
    """Whoever can seal a file can seal such a heap; of a scan it may lie on either side."""
    harmed = bytearray(content)
    at = content.find(b"GCOL") + HEAD
    harmed[at : at + HEAD] = struct.pack("<HHIQ", 0, 0, 0, 0)
    path = tmp_path / "file.h5"
    if left_out is None:
        path.write_bytes(seal.sealed(bytes(harmed), "project"))
        with pytest.raises(Damage, match="its texts are damaged"):
            seal.read(path, "project", most=len(harmed))
        return
    place = left_out if left_out > 0 else len(harmed)
    rest = bytes(harmed[seal.SIZE :])
    sum_ = hashlib.sha256(rest).digest()
    path.write_bytes(seal._head("volume", len(rest), seal.Span(place, place), sum_) + rest)
    with path.open("rb") as file, pytest.raises(Damage, match="its texts are damaged"):
        seal.read_around(file, "volume", most=len(harmed))


def test_an_object_that_reaches_beyond_its_heap_is_told(content: bytes) -> None:
    at = content.find(b"GCOL") + HEAD
    harmed = bytearray(content)
    struct.pack_into("<Q", harmed, at + 8, 1 << 40)
    with pytest.raises(Damage, match="texts"):
        check_heaps(bytes(harmed))


def test_no_mutation_keeps_the_look_itself_for_ever(content: bytes) -> None:
    rng = random.Random(3)
    for _ in range(300):
        harmed = bytearray(content)
        at = content.find(b"GCOL") + rng.randrange(400)
        harmed[at : at + 8] = rng.randbytes(8)
        try:
            check_heaps(bytes(harmed))
        except Damage:
            continue


def test_a_heap_that_reaches_beyond_what_is_sealed_is_told(content: bytes) -> None:
    """Behind that lie the voxels of a scan, which HDF5 gets as zeros: free room of size 0."""
    cut = content[: content.find(BEGIN) + 2048]
    with pytest.raises(Damage, match="texts"):
        check_heaps(cut)
    with pytest.raises(Damage, match="texts"):
        check_heaps(content[: content.find(BEGIN) + 12])
    # Cut where an object ends, so that what is there is well in itself.
    at = content.find(BEGIN) + HEAD
    border = at + HEAD + (struct.unpack_from("<HHIQ", content, at)[3] + 7) // 8 * 8
    with pytest.raises(Damage, match="texts"):
        check_heaps(bytes(8192) + content[:border])


def test_heaps_in_heaps_are_told_and_not_walked_through_again_and_again(tmp_path: Path) -> None:
    # Each object holds the beginning of one more, which would reach to the end as well.
    count = 500
    inner = struct.pack("<HHIQ8sQ", 1, 1, 0, 16, BEGIN, 0)
    objects = b"".join(
        inner[:-8] + struct.pack("<Q", 32 * (count - k) - HEAD) for k in range(count)
    )
    content = bytes(512) + BEGIN + struct.pack("<Q", HEAD + len(objects)) + objects
    (tmp_path / "hdf5_heaps.h5").write_bytes(seal.sealed(content, "project"))
    with pytest.raises(Damage, match="texts"):
        seal.read(tmp_path / "hdf5_heaps.h5", "project", most=1 << 20)


def test_one_that_lies_across_two_pieces_of_a_large_file_is_told(content: bytes) -> None:
    at = content.find(BEGIN)
    harmed = bytearray(content)
    harmed[at + HEAD : at + 2 * HEAD] = bytes(HEAD)
    for before in (1, 4, 7):
        with pytest.raises(Damage, match="texts"):
            check_heaps(bytes((1 << 20) - before - at) + harmed)


def test_a_packed_file_is_looked_through_as_well(content: bytes, tmp_path: Path) -> None:
    at = content.find(BEGIN) + HEAD
    harmed = bytearray(content)
    harmed[at : at + HEAD] = bytes(HEAD)
    (tmp_path / "all.h5").write_bytes(seal.sealed(bytes(harmed), "pack"))
    with pytest.raises(Damage, match="texts"):
        seal.check_file(tmp_path / "all.h5", "pack")
