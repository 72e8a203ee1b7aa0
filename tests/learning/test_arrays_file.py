"""Arrays come back bit for bit, and no other file is taken for them or read beyond their size."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from segdesk.core.regular_file import NotRegular
from segdesk.learning import arrays_file
from segdesk.learning.arrays_file import BadArrays, Wanted
from tests.store.recorder import faults_of_order, recording

ARRAYS = [
    np.random.default_rng(1).normal(size=(3, 3, 1, 4)).astype(np.float32),
    np.arange(4, dtype=np.float32),
    np.array(7, np.int64),
]
WANTED: list[Wanted] = [(array.shape, array.dtype) for array in ARRAYS]


def test_arrays_come_back_as_they_were_and_their_digest_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    digest = arrays_file.write(path, ARRAYS)
    for known in (digest, None):
        back = arrays_file.read(path, WANTED, sha256=known)
        assert all(np.array_equal(a, b) for a, b in zip(back, ARRAYS, strict=True))
    with pytest.raises(BadArrays, match="not the file that was kept"):
        arrays_file.read(path, WANTED, sha256="0" * 64)
    # People read it with NumPy alone.
    with np.load(path, allow_pickle=False) as archive:
        assert all(np.array_equal(archive[f"arr_{n}"], ARRAYS[n]) for n in range(3))


def test_weights_last_before_they_get_their_name(tmp_path: Path) -> None:
    with recording(tmp_path) as record:
        arrays_file.write(tmp_path / "a.npz", ARRAYS)
    assert record.events and faults_of_order(record.events) == []


def test_equal_arrays_make_equal_files(tmp_path: Path) -> None:
    digests = {arrays_file.write(tmp_path / name, ARRAYS) for name in ("a", "b")}
    assert len(digests) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b"}


def test_every_turned_bit_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    digest = arrays_file.write(path, ARRAYS)
    sound = path.read_bytes()
    for at in range(0, len(sound), 7):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 1 << at % 8]) + sound[at + 1 :])
        with pytest.raises(BadArrays):
            arrays_file.read(path, WANTED, sha256=digest)


def _npy(array: Any, **fields: Any) -> bytes:
    """An .npy whose head says something else than the array is."""
    file = io.BytesIO()
    head = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape, **fields}
    np.lib.format.write_array_header_1_0(file, head)
    return file.getvalue() + array.tobytes()


def _zip(path: Path, *members: bytes, how: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", how) as archive:
        for place, content in enumerate(members):
            archive.writestr(f"arr_{place}.npy", content)


def _cut(path: Path) -> None:
    arrays_file.write(path, ARRAYS)
    path.write_bytes(path.read_bytes()[:-40])


def _other_shape(path: Path) -> None:
    arrays_file.write(path, [ARRAYS[0].reshape(3, 3, 4, 1), *ARRAYS[1:]])


def _other_type(path: Path) -> None:
    arrays_file.write(path, [ARRAYS[0].astype(np.int32), *ARRAYS[1:]])


def _one_more(path: Path) -> None:
    arrays_file.write(path, [*ARRAYS, ARRAYS[1]])


def _one_less(path: Path) -> None:
    arrays_file.write(path, ARRAYS[:2])


def _declares_much(path: Path) -> None:
    _zip(path, _npy(ARRAYS[0], shape=(1 << 40,)), *map(_npy, ARRAYS[1:]))


def _reversed(path: Path) -> None:
    _zip(path, _npy(ARRAYS[0], fortran_order=True), *map(_npy, ARRAYS[1:]))


def _objects(path: Path) -> None:
    np.savez(path, *ARRAYS[:2], np.array([print], dtype=object))


def _bomb(path: Path) -> None:
    _zip(path, *map(_npy, ARRAYS[:2]), bytes(1 << 26), how=zipfile.ZIP_DEFLATED)


def _small_bomb(path: Path) -> None:
    _zip(path, *map(_npy, ARRAYS), how=zipfile.ZIP_DEFLATED)


def _deep_head(path: Path) -> None:
    head = b"[" * 900 + b"]" * 900
    file = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head
    _zip(path, file, *map(_npy, ARRAYS[1:]))


def _hdf5(path: Path) -> None:
    """What Keras' own format could bring: links to other files, and data that lie in them."""
    (path.parent / "secret").write_bytes(bytes(64))
    with h5py.File(path, "w") as file:
        file["layers/conv2d/vars/0"] = h5py.ExternalLink("secret", "/")
        file.create_dataset("layers/conv2d/vars/1", (16,), "<f4", external=[("secret", 0, 64)])
        layout = h5py.VirtualLayout((16,), "<f4")
        layout[:] = h5py.VirtualSource("secret", "x", (16,))
        file.create_virtual_dataset("layers/conv2d/vars/2", layout)


def _noise(path: Path) -> None:
    path.write_bytes(os.urandom(300))


def _endless(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


@pytest.mark.parametrize(
    "harm",
    [
        _cut,
        _other_shape,
        _other_type,
        _one_more,
        _one_less,
        _declares_much,
        _reversed,
        _objects,
        _bomb,
        _small_bomb,
        _deep_head,
        _hdf5,
        _noise,
        _endless,
    ],
)
def test_a_strangers_file_is_refused(harm: Callable[[Path], None], tmp_path: Path) -> None:
    harm(tmp_path / "a.npz")
    with pytest.raises(BadArrays):
        arrays_file.read(tmp_path / "a.npz", WANTED)


def test_links_are_neither_read_nor_written_through(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    diary.write_bytes(b"dear diary")
    for name in ("a.npz", ".a.npz.partial"):
        (tmp_path / name).symlink_to(diary)
    with pytest.raises(NotRegular):
        arrays_file.read(tmp_path / "a.npz", WANTED)
    arrays_file.write(tmp_path / "a.npz", ARRAYS)
    assert len(arrays_file.read(tmp_path / "a.npz", WANTED)) == 3
    assert diary.read_bytes() == b"dear diary"
