"""volume.h5: the voxels of one scan, written once and read by memory map.

    voxels    int16, little-endian, or uint8 with three channels where the unit is RGB, in one
              piece that begins at a multiple of 4096 bytes
    crc32     CRC-32 of each slice's bytes
    /         Grid, unit, slope, intercept, format, version
    part/     the case as it was imported, as a project of that case alone: `project_codec.part`

HDF5 lays the file out; the planes are then written as plain bytes at their offset, so that HDF5's
global lock is never held for long and a full disk is an ordinary error. The seal comes last.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import zlib
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from segdesk.core.case import Case
from segdesk.core.durable_files import Check, lasting_folder, new_folder, no_check, replacing
from segdesk.core.project import Project
from segdesk.core.regular_file import change_regular, open_regular
from segdesk.core.volume import (
    Volume,
    Voxels,
    check_form,
    stored_bytes,
    stored_shape,
    stored_type,
)
from segdesk.errors import Cancelled, ProjectError
from segdesk.sentence import Sentence
from segdesk.store.disk.disk_errors import Damage, reading, writing
from segdesk.store.disk.layout import VOLUME_FILE
from segdesk.store.parts import hdf5, seal
from segdesk.store.parts.hdf5 import Group, NewGroup
from segdesk.store.parts.project_codec import PART, check_same, decode, encode
from segdesk.store.parts.seal import Kind, Span
from segdesk.store.parts.value_codec import UNITS, grid_of, one_of, put_grid

KIND: Kind = "volume"

#: Which file it is and when it was written: device, number, size, time.
Stamp = tuple[int, int, int, int]
FORMAT = "segdesk volume"
VERSION = 1
#: Kept free on the disk, so that the journal still has room after an import.
RESERVE = 64 * 1024 * 1024
#: What a volume may hold beside its voxels and their checksums.
_LARGEST_REST = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class VolumeFacts:
    """What is known of a volume once it is written.

    Parameters
    ----------
    fingerprint : SHA-256 as `core.volume.fingerprint` gives it
    stored_min, stored_max : smallest and largest stored int16
    """

    fingerprint: str
    stored_min: int
    stored_max: int

    def of(self, case: Case) -> Case:
        """The case with what is known of its volume."""
        return replace(
            case,
            fingerprint=self.fingerprint,
            stored_min=self.stored_min,
            stored_max=self.stored_max,
        )


@dataclass(frozen=True, slots=True)
class _Places:
    """Where what is not known yet will be written: the voxels, and the offset of their sums."""

    voxels: Span
    sums: int


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the voxels lie, and the CRC-32 of each slice."""

    voxels: Span
    sums: tuple[int, ...]


def write(
    folder: Path,
    part: Project,
    *,
    planes: Callable[[int], Voxels],
    on_plane: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    check: Check = no_check,
) -> VolumeFacts:
    """Make a case's folder with its volume, complete or not at all.

    Parameters
    ----------
    folder : cases/ID, must not be there
    part : the case as the import knows it, see `project_codec.part`; its fingerprint and extremes
        are found here
    planes : gives plane k as the unit has it stored, (rows, columns) or (rows, columns, 3); asked
        in ascending order, once each
    on_plane : told k after plane k is written
    cancelled : asked before each plane
    check : asked before the folder takes its place

    Raises
    ------
    Cancelled
        Where `cancelled` said so.
    ProjectError
        Where the disk is too full or refuses.
    ValueError
        Where a plane has another dtype or shape.
    """
    what = Sentence("The scan of '{folder}'", folder=folder.name)
    with writing(what):
        lasting_folder(folder.parent)
        (case,) = part.cases
        _check_room(folder.parent, case, what)
        with new_folder(folder, check) as temporary:
            return _make(temporary / VOLUME_FILE, part, planes, on_plane, cancelled)


def put_back(
    path: Path, part: Project, planes: Callable[[int], Voxels], check: Check = no_check
) -> None:
    """Write the scan of a case anew, in the place of one that cannot be read, complete or not at
    all.

    Parameters
    ----------
    path : of the volume
    part : the case as the index says it, see `project_codec.part`
    planes : as in `write`
    check : asked before the file takes its place

    Raises
    ------
    ProjectError
        Where the disk is too full or refuses.
    ValueError
        Where the planes are not those of the case.
    """
    (case,) = part.cases
    what = Sentence("The scan of '{case}'", case=case.id)
    with writing(what):
        lasting_folder(path.parent)
        _check_room(path.parent, case, what)
        with replacing(path, check) as temporary:
            facts = _make(temporary, part, planes, None, None)
            if facts.of(case) != case:
                raise ValueError(f"expected the scan of {case.id}, received another one")


def _make(
    path: Path,
    part: Project,
    planes: Callable[[int], Voxels],
    on_plane: Callable[[int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> VolumeFacts:
    """Write a volume, have the disk keep it, and look whether it can be opened."""
    (case,) = part.cases
    places = _lay_out(path, case)
    facts = _fill(path, places, case, planes, on_plane, cancelled)
    case = facts.of(case)
    with hdf5.next_piece(path) as root:
        encode(replace(part, cases=(case,)), root.group(PART))
    with io.BufferedRandom(change_regular(path)) as file:
        seal.seal_file(file, KIND, places.voxels)
        file.flush()
        os.fsync(file.fileno())
    with open_regular(path) as file:
        _open(file, case)
    return facts


def read(path: Path, case: Case, sound: set[Stamp]) -> Volume:
    """The scan of a case as a read-only memory map, after each slice's checksum was compared.

    Parameters
    ----------
    sound : files whose slices have been compared, which is done once for each; changed in place

    Raises
    ------
    ProjectError
        Where the file is missing, damaged, or not the case's.
    """
    with reading(Sentence("The scan of '{case}'", case=case.id)), open_regular(path) as file:
        layout = _open(file, case)
        now = os.fstat(file.fileno())
        stamp = (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns)
        if stamp not in sound:
            _check_slices(file, layout, case, range(case.slices))
            sound.add(stamp)
        # Of the file that was checked, whatever has its name by now.
        voxels: Voxels = np.memmap(
            file,
            dtype=stored_type(case.unit),
            mode="r",
            offset=layout.voxels.start,
            shape=stored_shape(case.grid.shape, case.unit),
        )
    return Volume(case.grid, voxels, case.unit, case.slope, case.intercept)


def location(path: Path, case: Case, *, checked: Iterable[int] = ()) -> int:
    """The byte offset of a case's first voxel; the file is checked against the case.

    Parameters
    ----------
    checked : slices that are read and compared with their checksums

    Raises
    ------
    ProjectError
        Where the file is missing, damaged, or not the case's.
    """
    with reading(Sentence("The scan of '{case}'", case=case.id)), open_regular(path) as file:
        layout = _open(file, case)
        _check_slices(file, layout, case, checked)
        return layout.voxels.start


def read_part(path: Path, case: str) -> Project:
    """What a scan's file says of its case: as it was imported.

    Raises
    ------
    ProjectError
        Where the file is missing or damaged.
    """
    with reading(Sentence("The scan of '{case}'", case=case)), open_regular(path) as file:
        around = seal.read_around(file, KIND, most=_LARGEST_REST)
        with hdf5.open_checked(around.as_file()) as root:
            return decode(root.group(PART))


def damaged_slices(
    path: Path, case: Case, on_slice: Callable[[], None]
) -> Generator[int, None, None]:
    """Every slice of a scan that does not agree with its checksum.

    Parameters
    ----------
    on_slice : called before each slice is read; raises to stop

    Raises
    ------
    ProjectError
        Where the file is missing, damaged, or not the case's.
    """
    with reading(Sentence("The scan of '{case}'", case=case.id)), open_regular(path) as file:
        layout = _open(file, case)
        for index in range(case.slices):
            on_slice()
            if not _agrees(file, layout, case, index):
                yield index


def _check_slices(file: BinaryIO, layout: _Layout, case: Case, slices: Iterable[int]) -> None:
    """Read slices and compare them with their checksums; Damage names the first that differs."""
    for index in slices:
        if not _agrees(file, layout, case, index):
            raise Damage(
                Sentence("slice {index} does not agree with its checksum", index=index + 1)
            )


def _agrees(file: BinaryIO, layout: _Layout, case: Case, index: int) -> bool:
    nbytes = stored_bytes(case.grid.slice_shape, case.unit)
    file.seek(layout.voxels.start + nbytes * index)
    return zlib.crc32(file.read(nbytes)) == layout.sums[index]


def _check_room(folder: Path, case: Case, what: str) -> None:
    needed = stored_bytes(case.grid.shape, case.unit) + RESERVE
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ProjectError(
            Sentence(
                "{what} needs {needed} MB and the disk has {free} MB left.",
                what=what,
                needed=f"{needed / 1e6:.0f}",
                free=f"{free / 1e6:.0f}",
            ),
            "Free some disk space and try again.",
        )


def _lay_out(path: Path, case: Case) -> _Places:
    grid = case.grid
    with hdf5.new_file(path) as root:
        root.put(format=FORMAT, version=VERSION, unit=case.unit)
        root.put(slope=float(case.slope), intercept=float(case.intercept))
        put_grid(grid, root)
        voxels = _contiguous(root, case)
        sums = root.contiguous("crc32", "<u4", grid.shape[:1])
        return _Places(voxels, sums)


def _contiguous(root: NewGroup | Group, case: Case) -> Span:
    """Where the voxels lie."""
    shape, kind = stored_shape(case.grid.shape, case.unit), stored_type(case.unit)
    offset = root.contiguous("voxels", kind.str, shape)
    return Span(offset, offset + stored_bytes(case.grid.shape, case.unit))


def _fill(
    path: Path,
    places: _Places,
    case: Case,
    planes: Callable[[int], Voxels],
    on_plane: Callable[[int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> VolumeFacts:
    digest, sums = hashlib.sha256(), np.zeros(case.slices, "<u4")
    lowest, highest = 32767, -32768
    with io.BufferedRandom(change_regular(path)) as file:
        file.seek(places.voxels.start)
        for index in range(case.slices):
            if cancelled is not None and cancelled():
                raise Cancelled
            plane = planes(index)
            check_form(plane, case.grid.slice_shape, case.unit)
            stored = np.ascontiguousarray(plane, dtype=stored_type(case.unit)).tobytes()
            file.write(stored)
            digest.update(stored)
            sums[index] = zlib.crc32(stored)
            lowest, highest = min(lowest, int(plane.min())), max(highest, int(plane.max()))
            if on_plane is not None:
                on_plane(index)
        file.seek(places.sums)
        file.write(sums.tobytes())
    return VolumeFacts(digest.hexdigest(), lowest, highest)


def _open(file: BinaryIO, case: Case) -> _Layout:
    """Check a file but its voxels, against its seal and its case, and say where things lie."""
    grid = case.grid
    around = seal.read_around(file, KIND, most=_LARGEST_REST)
    with hdf5.open_checked(around.as_file()) as root:
        if root.text("format") != FORMAT or root.integer("version") != VERSION:
            raise ValueError("not a volume of this version")
        if grid_of(root) != grid:
            raise Damage(Sentence("it lies on another grid than the project says"))
        check_same("scan", case, root)
        if one_of(root.text("unit"), UNITS) != case.unit:
            raise Damage(Sentence("its numbers are of another unit than the project says"))
        voxels = _contiguous(root, case)
        sums = root.column("crc32", "<u4")
    if voxels.start % hdf5.ALIGNMENT or voxels != around.left_out or len(sums) != grid.shape[0]:
        raise ValueError("the voxels are not where they should be")
    return _Layout(voxels, tuple(sums.tolist()))
