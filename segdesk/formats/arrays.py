"""Arrays without geometry: `.npy`, `.npz:KEY` and `.h5:/path`.

Of shape (N, H, W[, 1]) or (H, W), and in colour uint8 of shape (N, H, W, 3) or (H, W, 3).

Their slices are independent images. A stranger's file is never trusted: no pickle, no link out of
the file, and the size that it declares is checked before anything is allocated.
"""

from __future__ import annotations

import math
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from segdesk.core.grid import Grid
from segdesk.errors import InputError, UsageError
from segdesk.formats.stored import COPY_AGAIN, DEFLATE_LIMIT, Block, Piece, Stored
from segdesk.sentence import Sentence

HDF5_ENDINGS = (".h5", ".hdf5", ".he5")
ARRAY_ENDINGS = (".npy", ".npz", *HDF5_ENDINGS)
#: What numpy, zipfile and h5py raise on damaged files.
DAMAGE = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    OverflowError,
    MemoryError,
    SyntaxError,
    tokenize.TokenError,
    UnicodeError,
    zipfile.BadZipFile,
    zlib.error,
)

Shape = tuple[int, int, int]
#: Rows and columns of one picture in colour.
LEAST_SIDE = 32
#: An HDF5 file need not hold what was never written; so much may be made of it all the same.
MOST_UNWRITTEN = 1 << 32


def open_array(file: Path, key: str) -> Stored:
    """The form of one array; its numbers are read by `Stored.read`.

    Parameters
    ----------
    file : .npy, .npz or .h5
    key : array in a .npz, path of a dataset in a .h5; empty: the only one that there is

    Raises
    ------
    UsageError
        Where a key is needed, or there is none of that name; the hint lists what there is.
    InputError
        Where the file is damaged or the array is not made of slices of plain numbers.
    """
    ending = file.suffix.lower()
    opener = {".npy": _open_npy, ".npz": _open_npz}.get(ending, _open_hdf5)
    try:
        with warnings.catch_warnings(action="ignore"):  # numpy's, about headers of old releases
            return opener(file, key)
    except DAMAGE as error:
        raise InputError(
            Sentence("{file} is damaged, or no {ending} file.", file=file.name, ending=ending),
            COPY_AGAIN,
        ) from error


def array_keys(file: Path) -> tuple[str, ...]:
    """The keys by which `open_array` finds what a file holds, in order; one empty one for a .npy.

    Raises
    ------
    InputError
        Where the file is damaged or holds no array.
    """
    ending = file.suffix.lower()
    if ending == ".npy":
        return ("",)
    try:
        if ending == ".npz":
            with zipfile.ZipFile(file) as archive:
                found = sorted(_members(archive))
        else:
            import h5py

            with h5py.File(file, "r") as h5:
                found = _planes(h5)
    except DAMAGE as error:
        raise InputError(
            Sentence("{file} is damaged, or no {ending} file.", file=file.name, ending=ending),
            COPY_AGAIN,
        ) from error
    if not found:
        raise InputError(Sentence("{file} holds no arrays.", file=file.name))
    return tuple(found)


def is_colour(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Whether an array holds red, green and blue of 8 bits: (N, H, W, 3), or one (H, W, 3).

    One is told from many narrow slices by its size: no scan has so many rows of three columns.
    """
    is_one = len(shape) == 3 and min(shape[:2]) >= LEAST_SIDE
    return (len(shape) == 4 or is_one) and shape[-1] == 3 and dtype == np.uint8


def shape_of_slices(shape: tuple[int, ...], dtype: np.dtype[Any], name: str) -> Shape:
    """(slices, rows, columns) of an array (N, H, W[, 1]) or (H, W), or ([N, ]H, W, 3) in colour.

    Raises
    ------
    InputError
        Where the array has another form or is empty.
    """
    flat = (len(shape) == 4 and shape[-1] == 1) or is_colour(shape, dtype)
    form = shape[:-1] if flat else shape
    form = (1, *form) if len(form) == 2 else form
    if len(form) != 3 or min(form) < 1:
        sizes = "×".join(map(str, shape)) or Sentence("a single number")
        raise InputError(
            Sentence("{name} has the shape {sizes}.", name=name, sizes=sizes),
            "Slices are read from arrays of shape (N, H, W) or (N, H, W, 1), in colour from uint8 "
            "of shape (N, H, W, 3).",
        )
    return int(form[0]), int(form[1]), int(form[2])


def _stored(
    file: Path,
    key: str,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    read: Any,
    notes: tuple[str, ...] = (),
) -> Stored:
    """What opens an array of this shape; `read` gives its numbers, in whatever order of bytes."""
    name = f"{file.name}:{key}" if key else file.name
    form, in_colour = shape_of_slices(shape, dtype, name), is_colour(shape, dtype)
    if dtype.kind not in "biuf":
        raise InputError(
            Sentence(
                "{name} holds {dtype} and not plain numbers.", name=name, dtype=f"{dtype!s:.40}"
            ),
            "Save it as whole or floating numbers.",
        )

    def checked() -> npt.NDArray[Any]:
        try:
            with warnings.catch_warnings(action="ignore"):
                array = np.asarray(read()).reshape((*form, 3) if in_colour else form)
        except DAMAGE as error:
            raise InputError(
                Sentence("{name} is damaged: its numbers cannot be read.", name=name), COPY_AGAIN
            ) from error
        return array.astype(dtype.newbyteorder("="), copy=False)

    grid = Grid(form, stacked=False)
    return Stored(
        "array", name, (file,), grid, dtype, checked, notes=notes, key=key, is_colour=in_colour
    )


def _npy_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(stream)
    raise ValueError(f"expected version 1.0 or 2.0, received {version}")


def _open_npy(file: Path, key: str) -> Stored:
    if key:
        raise UsageError(
            Sentence("{file} holds one array and has no keys.", file=file.name),
            "Leave the key out.",
        )
    with file.open("rb") as stream:
        shape, is_fortran, dtype = _npy_header(stream)
        at = stream.tell()
        held = file.stat().st_size - at
    shape_of_slices(shape, dtype, file.name)
    if held < math.prod(shape) * dtype.itemsize:
        raise InputError(
            Sentence("{file} ends before its last number.", file=file.name), COPY_AGAIN
        )

    def read() -> npt.NDArray[Any]:
        # In Fortran's order the last axis is the outermost one.
        order = shape[::-1] if is_fortran else shape
        numbers = Block((Piece(file, at),), order, dtype).read()
        return numbers.T if is_fortran else numbers

    return _stored(file, "", shape, dtype, read)


def _open_npz(file: Path, key: str) -> Stored:
    with zipfile.ZipFile(file) as archive:
        members = _members(archive)
        chosen = _chosen(file, key, sorted(members))
        info = members[chosen]
        with archive.open(info) as stream:
            shape, _, dtype = _npy_header(stream)
    name = f"{file.name}:{chosen}"
    shape_of_slices(shape, dtype, name)
    nbytes = math.prod(shape) * dtype.itemsize
    most = info.compress_size * (DEFLATE_LIMIT if info.compress_type else 1)
    if nbytes > min(info.file_size, most) or info.compress_size > file.stat().st_size:
        raise InputError(
            Sentence("{name} declares more numbers than the file holds.", name=name), COPY_AGAIN
        )

    def read() -> npt.NDArray[Any]:
        with np.load(file, allow_pickle=False) as arrays:
            return arrays[chosen]

    return _stored(file, chosen, shape, dtype, read)


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The arrays of a .npz by their keys."""
    return {
        info.filename.removesuffix(".npy"): info
        for info in archive.infolist()
        if info.filename.endswith(".npy")
    }


def _planes(h5: Any) -> list[str]:
    """Paths of the datasets of an HDF5 file that may hold slices, in order."""
    return sorted(_planes_below(h5, "", set()))


def _planes_below(group: Any, path: str, seen: set[Any]) -> Iterator[str]:
    """The same of one group; an object that has several names is looked at once.

    Members are asked for in HDF5's own order: for any other, `visititems` among it, HDF5 makes a
    table of them first, and where one cannot be read then it frees what it never set, which ends
    the process (HDF5 1.14.6, H5G__dense_iterate).
    """
    import h5py as untyped_h5py

    h5py: Any = untyped_h5py
    names: list[bytes] = []
    group.id.links.iterate(names.append, order=h5py.h5.ITER_NATIVE)
    for name in sorted(names):
        if group.id.links.get_info(name).type != h5py.h5l.TYPE_HARD:
            continue
        item = group[name]
        place = h5py.h5o.get_info(item.id).addr
        if place in seen:
            continue
        seen.add(place)
        here = f"{path}/{name.decode()}"
        if isinstance(item, h5py.Group):
            yield from _planes_below(item, here, seen)
        elif _has_planes(item):
            yield here


def _open_hdf5(file: Path, key: str) -> Stored:
    # h5py is the store's library; here it only ever reads a stranger's file, in one go.
    import h5py

    with h5py.File(file, "r") as h5:
        if key:
            dataset = _dataset(h5, key, file)
        else:
            key = _chosen(file, "", _planes(h5))
            dataset = _dataset(h5, key, file)
        shape, dtype = dataset.shape, dataset.dtype
        name = f"{file.name}:{key}"
        shape_of_slices(shape, dtype, name)
        if dataset.is_virtual or dataset.external:
            raise InputError(
                Sentence("{name} keeps its numbers in another file.", name=name),
                "Save it as one file.",
            )
        written = _written(dataset)
        notes = _unwritten_note(dataset, written)
        nbytes, most = math.prod(shape) * dtype.itemsize, MOST_UNWRITTEN if notes else written
        held = dataset.id.get_storage_size() * (DEFLATE_LIMIT if dataset.compression else 1)
        if written > held or nbytes > max(most, held):
            raise InputError(
                Sentence("{name} declares more numbers than the file holds.", name=name),
                COPY_AGAIN,
            )

    def read() -> npt.NDArray[Any]:
        with h5py.File(file, "r") as h5:
            return np.asarray(_dataset(h5, key, file))

    return _stored(file, key, shape, dtype, read, notes)


def _written(dataset: Any) -> int:
    """Bytes, unpacked, of the chunks of an HDF5 dataset that the file holds."""
    if dataset.chunks is None:
        return int(dataset.id.get_storage_size())
    return int(dataset.id.get_num_chunks()) * math.prod(dataset.chunks) * dataset.dtype.itemsize


def _unwritten_note(dataset: Any, written: int) -> tuple[str, ...]:
    """A sentence where parts of a dataset were never written, so that h5py fills them."""
    if dataset.chunks is None:
        if written:
            return ()
        return (
            Sentence(
                "The array was never written; it reads as {fillvalue} everywhere.",
                fillvalue=f"{dataset.fillvalue:g}",
            ),
        )
    steps = zip(dataset.shape, dataset.chunks, strict=True)
    count = math.prod(-(-size // step) for size, step in steps)
    missing = count - int(dataset.id.get_num_chunks())
    if missing <= 0:
        return ()
    what = Sentence(
        "{missing} of the {count} chunks of the array were never written",
        missing=missing,
        count=count,
    )
    return (
        Sentence(
            "{what}; they read as {fillvalue}.", what=what, fillvalue=f"{dataset.fillvalue:g}"
        ),
    )


def _has_planes(item: Any) -> bool:
    return len(getattr(item, "shape", None) or ()) >= 2


def _dataset(h5: Any, path: str, file: Path) -> Any:
    """The dataset at a path of hard links; a link of another kind is not followed."""
    import h5py

    item: Any = h5
    for part in filter(None, path.split("/")):
        link = item.get(part, getlink=True) if isinstance(item, h5py.Group) else None
        if link is None:
            raise UsageError(
                Sentence("{file} has no dataset {path}.", file=file.name, path=path),
                _there_is(file, h5),
            )
        if not isinstance(link, h5py.HardLink):
            raise InputError(
                Sentence(
                    "{path} in {file} is a link, which is not followed.", path=path, file=file.name
                ),
                "Name the dataset that it leads to, or copy that into the file.",
            )
        item = item[part]
    if not isinstance(item, h5py.Dataset):
        raise UsageError(
            Sentence("{path} in {file} is no dataset.", path=path, file=file.name),
            _there_is(file, h5),
        )
    return item


def _there_is(file: Path, h5: Any) -> Sentence:
    found = _planes(h5)
    return (
        Sentence("There is {listed}.", listed=_listed(file, found))
        if found
        else Sentence("There is none of slices.")
    )


def _chosen(file: Path, key: str, keys: list[str]) -> str:
    if key in keys:
        return key
    if not keys:
        raise InputError(Sentence("{file} holds no arrays.", file=file.name))
    if key:
        raise UsageError(
            Sentence("{file} has no array {key}.", file=file.name, key=key),
            Sentence("There is {listed}.", listed=_listed(file, keys)),
        )
    if len(keys) > 1:
        raise UsageError(
            Sentence("{file} holds several arrays.", file=file.name),
            Sentence("Name one: {listed}.", listed=_listed(file, keys)),
        )
    return keys[0]


def _listed(file: Path, keys: list[str]) -> str:
    shown = ", ".join(f"{file.name}:{key}" for key in keys[:12])
    if len(keys) <= 12:
        return shown
    return Sentence("{names} and {count} more", names=shown, count=len(keys) - 12)
