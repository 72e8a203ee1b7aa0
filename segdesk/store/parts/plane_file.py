"""HDF5 files of uint8 planes: two layers of a scan, one gzip chunk for each slice.

Chunks are packed and unpacked here with zlib and handed to HDF5 as they are, so that an unchanged
plane can be copied without unpacking, every chunk can be verified after writing, and no chunk can
unpack to more than its plane. Either is done while no file is open: HDF5 has one file at a time,
and a window that writes its index must not wait for the packing of a whole scan.
`annotation_file` and `prediction_file` say which layers there are.
"""

from __future__ import annotations

import errno
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdesk.core.durable_files import Check, no_check, write_whole
from segdesk.store.parts import hdf5, seal
from segdesk.store.parts.hdf5 import Group, NewGroup
from segdesk.store.parts.seal import Kind

Plane = npt.NDArray[np.uint8]
Shape = tuple[int, int, int]
#: Gives the packed plane of a layer and a slice, or None where all of it is 0.
Source = Callable[[str, int], bytes | None]
#: Packed planes that are not all 0, by layer and slice; much smaller than the planes.
Packed = dict[tuple[str, int], bytes]
#: What HDF5 keeps of a chunk's place, generously; what a file may hold beside its planes.
_PLANE_OVERHEAD, _LARGEST_REST = 256, 8 * 1024 * 1024


def pack(plane: Plane) -> bytes | None:
    """The chunk of a plane, uint8, (rows, columns); None where all of it is 0."""
    if not plane.any():
        return None
    return zlib.compress(plane.tobytes(), 1)


def write(
    path: Path,
    kind: Kind,
    layers: tuple[str, ...],
    shape: Shape,
    source: Source,
    *,
    extra: Callable[[NewGroup], None],
    on_plane: Callable[[int], None] | None = None,
    check: Check = no_check,
    make_way: Callable[[Path], object] = lambda path: None,
) -> str:
    """Write a file anew, sealed, read it back, and put it in its place.

    Parameters
    ----------
    layers : names of the datasets
    shape : (slices, rows, columns) of each
    source : asked once for each layer and slice, slice by slice
    extra : puts what else the file holds
    on_plane : told the number of slices that are packed
    check : asked before the file takes its place
    make_way : as `durable_files.replacing`

    Returns
    -------
    The SHA-256 that its seal holds, in hex.

    Raises
    ------
    OSError
        Where the disk refuses or gives back something else; no new file is left.
    """
    packed: Packed = {}
    for index in range(shape[0]):
        for layer in layers:
            content = source(layer, index)
            if content is not None:
                packed[layer, index] = content
        if on_plane is not None:
            on_plane(index + 1)

    def build(root: NewGroup) -> None:
        extra(root)
        targets = {layer: root.planes(layer, shape) for layer in layers}
        for (layer, index), content in packed.items():
            targets[layer].put(index, content)

    def verify(content: bytes) -> None:
        try:
            with hdf5.open_image(content) as root:
                written = read_packed(root, layers, shape)
        except (ValueError, KeyError, RuntimeError) as error:
            raise OSError(errno.EIO, "what was written cannot be read back") from error
        if written != packed:
            raise OSError(errno.EIO, "a slice was not written as it was meant")

    content = seal.sealed(hdf5.image(build), kind)
    write_whole(path, content, verify, check, make_way=make_way)
    return seal.digest_of(content)


@contextmanager
def opened(
    path: Path, kind: Kind, layers: tuple[str, ...], shape: Shape
) -> Generator[tuple[Group, str], None, None]:
    """A file of this kind, open for reading from memory, after its seal was checked, and the
    SHA-256 that the seal holds, in hex.

    Raises
    ------
    Damage
        Where its seal does not agree.
    OSError
        Where the disk refuses.
    """
    plane = hdf5.largest_packed(shape[1] * shape[2]) + _PLANE_OVERHEAD
    most = _LARGEST_REST + shape[0] * len(layers) * plane
    content = seal.read(path, kind, most=most)
    with hdf5.open_image(content) as root:
        yield root, seal.digest_of(content)


def read_packed(root: Group, layers: tuple[str, ...], shape: Shape) -> Packed:
    """The chunks of an open file as they lie there."""
    packed: Packed = {}
    for layer in layers:
        planes = root.planes(layer, shape)
        for index in range(shape[0]):
            content = planes.packed(index)
            if content is not None:
                packed[layer, index] = content
    return packed


def unpack(packed: Packed, layers: tuple[str, ...], shape: Shape) -> tuple[Plane, ...]:
    """The layers that were packed, each uint8 of this shape; the caller's to change.

    Raises
    ------
    ValueError
        Where a chunk does not unpack to a plane.
    """
    arrays = {layer: np.zeros(shape, np.uint8) for layer in layers}
    size = shape[1] * shape[2]
    for (layer, index), content in packed.items():
        arrays[layer][index].reshape(-1)[:] = unpack_plane(content, size)
    return tuple(arrays.values())


def unpack_plane(content: bytes, size: int) -> Plane:
    """The voxels of a chunk, uint8, (size,).

    Raises
    ------
    ValueError
        Where it does not unpack to so many.
    """
    unpacker = zlib.decompressobj()
    try:
        # Asked for one byte too many, so that no chunk can grow beyond its plane.
        plane = unpacker.decompress(content, size + 1)
    except zlib.error as error:
        raise ValueError("a plane does not unpack") from error
    if len(plane) != size or not unpacker.eof:
        raise ValueError(f"a plane does not unpack to {size} bytes")
    return np.frombuffer(plane, np.uint8)
