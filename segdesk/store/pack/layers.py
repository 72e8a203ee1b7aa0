"""Planes of a scan in a packed project: packed slice by slice, read back against their checksums.

Packing and unpacking are done while no file is open: HDF5 has one file at a time, and a window that
reads a case must not wait for the packing of a whole project.
"""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdesk.store.pack.contents import CHECKSUM, LARGEST_SLICE, PIECE
from segdesk.store.parts import hdf5
from segdesk.store.parts.hdf5 import Group

AnyPlane = npt.NDArray[Any]
#: (slices, rows, columns), and channels where it is in colour.
Shape = tuple[int, ...]
#: zlib makes at most 1032 bytes of one: https://zlib.net/zlib_tech.html
_MOST_FROM_A_BYTE = 1032


def packed(plane: AnyPlane) -> bytes:
    """The chunk of a plane as HDF5's filters shuffle and gzip make it."""
    content = np.ascontiguousarray(plane)
    if content.itemsize > 1:
        content = content.view(np.uint8).reshape(-1, content.itemsize).T
    return zlib.compress(content.tobytes(), 1)


def unpacked(content: bytes, dtype: npt.DTypeLike, shape: Shape) -> AnyPlane:
    """The plane of a chunk.

    Raises
    ------
    ValueError
        Where it does not unpack to exactly one.
    """
    size = np.dtype(dtype).itemsize
    nbytes = math.prod(shape) * size
    unpacker = zlib.decompressobj()
    # Asked for one byte too many, so that no chunk can grow beyond its plane.
    raw = unpacker.decompress(content, nbytes + 1)
    if len(raw) != nbytes or not unpacker.eof or unpacker.unused_data:
        raise ValueError(f"expected a plane of {nbytes} bytes")
    if size > 1:
        raw = np.frombuffer(raw, np.uint8).reshape(size, -1).T.tobytes()
    return np.frombuffer(raw, dtype).reshape(shape)


def put_planes(
    path: Path,
    place: Sequence[str],
    names: tuple[str, ...],
    dtype: npt.DTypeLike,
    shape: Shape,
    planes: Iterator[tuple[AnyPlane, ...]],
    on_plane: Callable[[], None],
) -> None:
    """Add datasets of planes to a file that is being written, and their checksums.

    Parameters
    ----------
    place : names of the groups that lead there, which are there
    names : of the datasets
    planes : gives plane 0 of each, then plane 1, …
    on_plane : told after each k; raises to stop
    """
    _check_shape(shape)
    sums = [hashlib.sha256() for _ in names]
    for start in range(0, shape[0], PIECE):
        piece: list[tuple[str, int, bytes]] = []
        for index in range(start, min(start + PIECE, shape[0])):
            for name, sum_, plane in zip(names, sums, next(planes), strict=True):
                stored = np.ascontiguousarray(plane, dtype)
                sum_.update(stored.data)
                # Of labels most slices are empty; of a scan every chunk is there.
                if stored.itemsize > 1 or stored.any():
                    piece.append((name, index, packed(stored)))
            on_plane()
        with hdf5.next_piece(path) as root:
            for member in place:
                root = root.again(member)
            if not start:
                for name in names:
                    root.planes(name, shape, dtype)
            targets = {name: root.planes_again(name) for name in names}
            for name, index, content in piece:
                targets[name].put(index, content)
    with hdf5.next_piece(path) as root:
        for member in place:
            root = root.again(member)
        for name, sum_ in zip(names, sums, strict=True):
            root.again(name).put(**{CHECKSUM: sum_.hexdigest()})


def planes_of(
    path: Path, place: Sequence[str], name: str, dtype: npt.DTypeLike, shape: Shape
) -> Generator[AnyPlane, None, None]:
    """The planes of a dataset in order, read-only; at the end its checksum is compared.

    Raises
    ------
    ValueError, KeyError, OSError
        Where they are not what `put_planes` writes.
    """
    _check_shape(shape)
    nbytes = int(np.prod(shape[1:])) * np.dtype(dtype).itemsize
    sum_, wanted = hashlib.sha256(), ""
    for start in range(0, shape[0], PIECE):
        indices = range(start, min(start + PIECE, shape[0]))
        with hdf5.open_file(path) as root:
            group = inside(root, place)
            wanted = group.about(name).text(CHECKSUM)
            source = group.planes(name, shape, dtype)
            piece = [source.packed(index) for index in indices]
        for content in piece:
            if content is None and np.dtype(dtype).itemsize == 1:
                plane = np.zeros(shape[1:], dtype)
                plane.flags.writeable = False
            elif content is None or nbytes > len(content) * _MOST_FROM_A_BYTE:
                raise ValueError(f"a plane of '{name}' is not in the file")
            else:
                plane = unpacked(content, dtype, shape[1:])
            sum_.update(plane.data)
            yield plane
    if sum_.hexdigest() != wanted:
        raise ValueError(f"'{name}' does not agree with its checksum")


def inside(root: Group, place: Sequence[str]) -> Group:
    """The group that some names lead to."""
    for member in place:
        root = root.group(member)
    return root


def _check_shape(shape: Shape) -> None:
    if min(shape) < 1 or shape[1] * shape[2] > LARGEST_SLICE:
        raise ValueError(f"expected slices of at most {LARGEST_SLICE} voxels, received {shape}")
