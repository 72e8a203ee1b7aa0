"""The only file that names h5py: strict reading, and writing that fails cleanly.

Reading refuses what a stranger's file could bring: links of any kind, object references, virtual
and external storage, filters and sizes that were not asked for; each is checked before anything is
allocated. Faults come out as ValueError, KeyError or OSError; `disk_errors` says them.

Writing goes through a file object of ours, the `Target`, which no full disk keeps from closing.

What stands in the files belongs to `project_codec`, `plane_file` and `volume_file`.
"""

from __future__ import annotations

import hashlib
import io
import math
import os
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any, BinaryIO, cast

import h5py as untyped_h5py  # pyright: ignore[reportMissingTypeStubs] - it has none
import numpy as np
import numpy.typing as npt

from segdesk.core.regular_file import change_regular, new_regular, open_regular
from segdesk.store.parts.target import Target

#: h5py says nothing about its types; what comes out of it is checked here by hand.
h5py: Any = untyped_h5py
Bytes = npt.NDArray[np.uint8]
#: Metadata with checksums; HDF5 1.10 (2016) and newer can read it.
_LIBVER = ("v110", "v110")
_MOST_IN_ATTRIBUTE = 4096
#: Of a group, and of a file in all its groups; and what a column of texts may unfold to.
MOST_MEMBERS, MOST_DATASETS, MOST_TEXTS, _LARGEST_TEXTS = 20_000, 200_000, 1 << 20, 1 << 26
#: How HDF5 keeps a text: its length, and where it lies. Many may name one and the same.
_REFERENCE = np.dtype([("length", "<u4"), ("place", "<u8"), ("number", "<u4")])
ALIGNMENT = 4096
_USER_BLOCK = 512  # what `seal` fills; no smaller one is known to HDF5
#: Groups in groups; ours have fewer.
DEEPEST = 8
#: One file at a time: h5py's own lock kept no save, import and prediction at once from a crash.
_ALONE = RLock()
#: h5py's own lock. Two of its calls, `read_direct_chunk` and `write_direct_chunk`, run without it;
#: what another thread let go of is closed under it at any time, with or without `_ALONE`.
_H5PYS_OWN: Any = h5py._objects.phil


class Group:
    """A group of an open file, for reading. Lives as long as its file is open.

    Parameters
    ----------
    source : the bytes of the file
    """

    def __init__(self, group: Any, source: BinaryIO | io.RawIOBase) -> None:
        self._group = group
        self._source = source

    def has(self, name: str) -> bool:
        """Whether there is an attribute of that name."""
        return name in self._group.attrs

    def has_member(self, name: str) -> bool:
        """Whether there is a group or dataset of that name."""
        return name in self._group

    def names(self) -> tuple[str, ...]:
        """Names of the members that are groups of this file, in alphabetical order."""
        return tuple(
            name
            for name in sorted(self._members())
            if type(self._group.get(name, getlink=True)) is h5py.HardLink
            and self._group.get(name, getclass=True) is h5py.Group
        )

    def group(self, name: str) -> Group:
        return Group(self._member(name, h5py.Group), self._source)

    def text(self, name: str) -> str:
        return self._scalar(name, str)

    def integer(self, name: str) -> int:
        return int(self._scalar(name, np.int64))

    def number(self, name: str) -> float:
        return float(self._scalar(name, np.float64))

    def flag(self, name: str) -> bool:
        return bool(self._scalar(name, np.bool_))

    def integers(self, name: str) -> tuple[int, ...]:
        return tuple(int(value) for value in self._row(name, np.dtype(np.int64)))

    def numbers(self, name: str) -> tuple[float, ...]:
        return tuple(float(value) for value in self._row(name, np.dtype(np.float64)))

    def column(self, name: str, dtype: npt.DTypeLike, *, width: int = 0) -> npt.NDArray[Any]:
        """A dataset (n,) of exactly this dtype, or (n, width)."""
        dataset = self._stored(name)
        shape = (*dataset.shape[:1], width) if width else dataset.shape[:1]
        if dataset.dtype != np.dtype(dtype) or not shape or dataset.shape != shape:
            raise ValueError(f"expected a column of {dtype}, received {dataset.dtype} in '{name}'")
        return dataset[()]

    def texts(self, name: str) -> tuple[str, ...]:
        """A dataset (n,) of texts."""
        dataset = self._stored(name)
        info = h5py.check_string_dtype(dataset.dtype)
        if info is None or info.length is not None or dataset.ndim != 1:
            raise ValueError(f"expected a column of texts in '{name}'")
        self._check_unfolded(name, dataset)
        return tuple(str(text) for text in dataset.asstr()[()])

    def planes(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike = np.uint8) -> Planes:
        """A dataset of planes with exactly this shape, one gzip chunk for each; bytes shuffled
        before where a number has more than one."""
        dataset = self._member(name, h5py.Dataset)
        plain = not dataset.is_virtual and dataset.external is None
        if not plain or dataset.dtype != np.dtype(dtype) or dataset.shape != shape:
            raise ValueError(f"expected {dtype} of shape {shape} in '{name}'")
        if dataset.chunks != (1, *shape[1:]) or _filters(dataset) != _filters_for(dtype):
            raise ValueError(f"expected one gzip chunk for each plane in '{name}'")
        return Planes(dataset, math.prod(shape[1:]) * np.dtype(dtype).itemsize)

    def about(self, name: str) -> Group:
        """The attributes of a dataset; of a Group they are its own."""
        return Group(self._member(name, h5py.Dataset), self._source)

    def size(self, name: str) -> int:
        """How many bytes a dataset (n,) of uint8 has that lies in one piece."""
        dataset = self._stored(name)
        if dataset.dtype != np.uint8 or dataset.ndim != 1:
            raise ValueError(f"expected bytes in '{name}'")
        return int(dataset.size)

    def piece(self, name: str, start: int, stop: int) -> bytes:
        """Some bytes of a dataset (n,) of uint8 that lies in one piece."""
        return self._stored(name)[start : min(stop, self.size(name))].tobytes()

    def datasets(
        self, *, depth: int = DEEPEST
    ) -> Generator[tuple[tuple[str, ...], Group, Declared]]:
        """Every dataset below: its path, the group that it is in, and what it declares.

        Raises
        ------
        ValueError
            Where there is a link, or anything that is neither group nor dataset.
        """
        yield from self._datasets(depth, [0])

    def _datasets(
        self, depth: int, seen: list[int]
    ) -> Generator[tuple[tuple[str, ...], Group, Declared]]:
        for name in self._members():
            seen[0] += 1
            if seen[0] > MOST_DATASETS:
                raise ValueError("there are more datasets than in any file of ours")
            member = self._member(name, object)
            if isinstance(member, h5py.Dataset):
                is_chunked = member.chunks is not None
                yield (name,), self, Declared(member.dtype, member.shape, is_chunked)
            elif isinstance(member, h5py.Group) and depth:
                below = Group(member, self._source)
                for path, parent, declared in below._datasets(depth - 1, seen):
                    yield (name, *path), parent, declared
            else:
                raise ValueError(f"'{name}' is no dataset")

    def digest(self, name: str) -> str:
        """SHA-256 of a dataset (n,) as it is stored; of texts, each as UTF-8 with a NUL behind."""
        if h5py.check_string_dtype(self._stored(name).dtype) is not None:
            content = b"".join(text.encode() + b"\0" for text in self.texts(name))
        else:
            content = self._stored(name)[()].tobytes()
        return hashlib.sha256(content).hexdigest()

    def contiguous(self, name: str, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> int:
        """Byte offset of a dataset that lies in one piece; its dtype and shape are checked."""
        dataset = self._stored(name)
        if dataset.dtype != np.dtype(dtype) or dataset.shape != shape:
            raise ValueError(f"expected {dtype} of shape {shape} in '{name}'")
        offset = dataset.id.get_offset()
        if offset is None:
            raise ValueError(f"expected '{name}' to lie in one piece")
        return int(offset)

    def _members(self) -> list[str]:
        """Names of the members, where they are not more than in any file of ours.

        In HDF5's own order: for any other it makes a table of them first, and where a member
        cannot be read then it frees what it never set, which ends the process (HDF5 1.14.6,
        H5G__dense_iterate).
        """
        if len(self._group) > MOST_MEMBERS:
            raise ValueError(f"'{self._group.name}' has {len(self._group)} members")
        names: list[bytes] = []
        self._group.id.links.iterate(names.append, order=h5py.h5.ITER_NATIVE)
        return [name.decode() for name in names]

    def _check_unfolded(self, name: str, texts: Any) -> None:
        """Refuse texts that are larger than a file of ours: many references can name one text."""
        place = texts.id.get_offset()
        if texts.size == 0 or place is None:
            return
        if texts.size > MOST_TEXTS:
            raise ValueError(f"'{name}' has {texts.size} texts")
        self._source.seek(place)
        kept = np.frombuffer(self._source.read(texts.size * _REFERENCE.itemsize), _REFERENCE)
        if int(kept["length"].sum(dtype=np.int64)) > _LARGEST_TEXTS:
            raise ValueError(f"the texts of '{name}' are too large")

    def _member(self, name: str, kind: type[Any]) -> Any:
        # The low-level call: h5py's own asks three times as often, and an index has many members.
        if self._group.id.links.get_info(name.encode()).type != h5py.h5l.TYPE_HARD:
            raise ValueError(f"'{name}' is a link")
        member = self._group[name]
        if not isinstance(member, kind):
            raise ValueError(f"'{name}' is not a {kind.__name__}")
        # One object under many names would be read once for each of them.
        if h5py.h5o.get_info(member.id).rc != 1:
            raise ValueError(f"'{name}' has a second name")
        return member

    def _stored(self, name: str) -> Any:
        """A dataset whose declared size is what really lies in the file."""
        dataset = self._member(name, h5py.Dataset)
        if dataset.is_virtual or dataset.external is not None or dataset.chunks is not None:
            raise ValueError(f"'{name}' is not stored in one piece")
        is_text = h5py.check_string_dtype(dataset.dtype) is not None
        size = _REFERENCE.itemsize if is_text else dataset.id.get_type().get_size()
        if dataset.id.get_storage_size() != dataset.size * size:
            raise ValueError(f"'{name}' declares another size than it has")
        return dataset

    def _attribute(self, name: str) -> Any:
        attributes = self._group.attrs
        kept = attributes.get_id(name)
        is_text = h5py.check_string_dtype(kept.dtype) is not None
        if not is_text and kept.dtype.kind not in "biuf":
            raise ValueError(f"'{name}' holds neither text nor numbers")
        if math.prod(kept.shape) > (1 if is_text else _MOST_IN_ATTRIBUTE):
            raise ValueError(f"'{name}' is too long")
        return attributes[name]

    def _scalar(self, name: str, kind: type[Any]) -> Any:
        value = self._attribute(name)
        if type(value) is not kind:
            raise ValueError(f"expected {kind.__name__} in '{name}', received {type(value)}")
        return value

    def _row(self, name: str, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        value = self._attribute(name)
        if not isinstance(value, np.ndarray):
            raise ValueError(f"expected a row in '{name}'")
        row = cast("npt.NDArray[Any]", value)
        if row.dtype != dtype or row.ndim != 1:
            raise ValueError(f"expected a row of {dtype} in '{name}'")
        return row


@dataclass(frozen=True, slots=True)
class Declared:
    """What a dataset says of itself; `is_chunked`: it is stored in pieces."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    is_chunked: bool


def largest_packed(size: int) -> int:
    """Bytes that zlib can make of `size` bytes: at worst 5 more per 16 KB, plus a frame."""
    return size + size // 1000 + 256


class Planes:
    """Planes of an open file, as they are packed there.

    Parameters
    ----------
    nbytes : of one plane, unpacked
    """

    def __init__(self, dataset: Any, nbytes: int) -> None:
        self._dataset, self._size = dataset, nbytes
        self._inside = (0,) * (dataset.ndim - 1)

    def packed(self, index: int) -> bytes | None:
        """The zlib stream of a plane as it lies in the file; None where all of it is 0."""
        info = self._dataset.id.get_chunk_info_by_coord((index, *self._inside))
        if info.byte_offset is None:
            return None
        if info.filter_mask or info.size > largest_packed(self._size):
            raise ValueError(f"plane {index} declares {info.size} bytes")
        with _H5PYS_OWN:
            _, packed = self._dataset.id.read_direct_chunk((index, *self._inside))
        return bytes(packed)


class NewGroup:
    """A group of a file that is being written."""

    def __init__(self, group: Any, target: Target | None = None) -> None:
        self._group = group
        self._target = target

    def group(self, name: str) -> NewGroup:
        return NewGroup(self._group.create_group(name), self._target)

    def put(self, **values: str | bool | int | float | tuple[int, ...] | tuple[float, ...]) -> None:
        """Attributes: text, truth, int64, float64, or a row of one of these two numbers."""
        for name, value in values.items():
            kept: Any
            match value:
                case str():
                    kept = _storable(value)
                case bool():
                    kept = np.bool_(value)
                case tuple():
                    whole = all(isinstance(item, int) for item in value)
                    kept = np.array(value, dtype=np.int64 if whole else np.float64)
                case int():
                    kept = np.int64(value)
                case _:
                    kept = np.float64(value)
            self._group.attrs[name] = kept

    def column(self, name: str, values: npt.NDArray[Any]) -> None:
        """A dataset (n,) or (n, width) of numbers."""
        self._group.create_dataset(name, data=values)

    def texts(self, name: str, values: Sequence[str]) -> None:
        """A dataset (n,) of texts."""
        kept = np.array([_storable(text) for text in values], dtype=object)
        self._group.create_dataset(name, data=kept, dtype=h5py.string_dtype())

    def link_file(self, name: str, file: str) -> None:
        """A link to another file of the project, for people with h5py; we never follow it."""
        self._group[name] = h5py.ExternalLink(file, "/")

    def planes(
        self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike = np.uint8
    ) -> NewPlanes:
        """A dataset of planes, gzip 1, one chunk each; planes that are not put are 0. Bytes are
        shuffled before where a number has more than one."""
        dataset = self._group.create_dataset(
            name,
            shape,
            np.dtype(dtype),
            chunks=(1, *shape[1:]),
            compression="gzip",
            compression_opts=1,
            shuffle=np.dtype(dtype).itemsize > 1,
        )
        return NewPlanes(dataset, self._target)

    def again(self, name: str) -> NewGroup:
        """A member that is there already, to go on with: a group, or a dataset's attributes."""
        return NewGroup(self._group[name], self._target)

    def planes_again(self, name: str) -> NewPlanes:
        """Planes that are there already, to go on with."""
        return NewPlanes(self._group[name], self._target)

    def put_piece(self, name: str, start: int, content: bytes) -> None:
        """Some bytes of a dataset that `contiguous` made of uint8."""
        stop = start + len(content)
        self._group[name][start:stop] = np.frombuffer(content, np.uint8)

    def contiguous(self, name: str, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> int:
        """Allocate a dataset in one piece, without filling it, and return its byte offset."""
        layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        layout.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        layout.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        dataset = self._group.create_dataset(name, shape, np.dtype(dtype), dcpl=layout)
        return int(dataset.id.get_offset())


class NewPlanes:
    """Planes of a file that is being written."""

    def __init__(self, dataset: Any, target: Target | None) -> None:
        self._dataset, self._target = dataset, target
        self._inside = (0,) * (dataset.ndim - 1)

    def put(self, index: int, packed: bytes) -> None:
        """Store the zlib stream of one plane."""
        with _H5PYS_OWN:
            self._dataset.id.write_direct_chunk((index, *self._inside), packed)
        if self._target is not None and self._target.fault is not None:
            raise self._target.fault


@contextmanager
def open_file(path: Path) -> Generator[Group, None, None]:
    """Open a file for reading. HDF5's own locks are off: the project's lock decides."""
    # HDF5 opens by the name; what lies there is looked at before.
    with open_regular(path) as source, _ALONE, h5py.File(path, "r", locking=False) as file:
        yield Group(file, source)


@contextmanager
def open_image(content: bytes) -> Generator[Group, None, None]:
    """Open a whole file that lies in memory."""
    with open_checked(io.BytesIO(content)) as root:
        yield root


@contextmanager
def open_checked(content: io.BytesIO | io.RawIOBase) -> Generator[Group, None, None]:
    """Open a file object for reading, whose bytes are what a seal vouches for."""
    with _ALONE, h5py.File(content, "r") as file:
        yield Group(file, content)


@contextmanager
def new_file(path: Path) -> Generator[NewGroup, None, None]:
    """Write a file anew; it is on the disk when the block has ended.

    Its first 4096 bytes are left to its seal: less would not let HDF5 align what follows.

    Raises
    ------
    OSError
        The first fault of the disk.
    """
    aligned = {"alignment_threshold": 1, "alignment_interval": ALIGNMENT}
    with _ALONE, new_regular(path) as raw:
        with _written(raw, "w", userblock_size=ALIGNMENT, **aligned) as root:
            yield root
        os.fsync(raw.fileno())


@contextmanager
def begun_file(path: Path, *, user_block: int) -> Generator[NewGroup, None, None]:
    """Begin a file that is written piece by piece, with room for something of ours before it.

    HDF5 has one file at a time: a large one is let go of between its pieces, so that nobody waits.
    Nothing is synced; whoever ends it does.

    Raises
    ------
    OSError
        The first fault of the disk.
    """
    with (
        _ALONE,
        new_regular(path) as raw,
        _written(raw, "w", userblock_size=user_block) as root,
    ):
        yield root


@contextmanager
def next_piece(path: Path) -> Generator[NewGroup, None, None]:
    """Go on with a file that `begun_file` began and nobody reads yet; as that."""
    with _ALONE, change_regular(path) as raw, _written(raw, "r+") as root:
        yield root


@contextmanager
def _written(raw: io.FileIO, mode: str, **options: int) -> Generator[NewGroup, None, None]:
    target = Target(raw)
    try:
        with h5py.File(target, mode, libver=_LIBVER, **options) as file:
            yield NewGroup(file, target)
    finally:
        if target.fault is not None:
            raise target.fault


def image(build: Callable[[NewGroup], None]) -> bytes:
    """A whole file in memory, its first 512 bytes left to its seal."""
    buffer = io.BytesIO()
    with _ALONE, h5py.File(buffer, "w", libver=_LIBVER, userblock_size=_USER_BLOCK) as file:
        build(NewGroup(file))
    return buffer.getvalue()


def _filters(dataset: Any) -> list[int]:
    kept = dataset.id.get_create_plist()
    return [kept.get_filter(at)[0] for at in range(kept.get_nfilters())]


def _filters_for(dtype: npt.DTypeLike) -> list[int]:
    shuffled = [h5py.h5z.FILTER_SHUFFLE] if np.dtype(dtype).itemsize > 1 else []
    return [*shuffled, h5py.h5z.FILTER_DEFLATE]


def _storable(text: str) -> str:
    """The text as HDF5 can hold it: NUL and lone surrogates become the replacement character."""
    return text.replace("\0", "�").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
