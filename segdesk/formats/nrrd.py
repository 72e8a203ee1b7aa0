"""NRRD headers (teem's nrrd0005): text lines, an empty line, then the voxels.

Not through ITK, whose NRRD and MetaImage readers write to stderr and can abort the process on a
damaged file; here a damaged file is one sentence.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from segdesk.core.grid import Grid
from segdesk.errors import InputError
from segdesk.formats.geometry import grid_from_axes
from segdesk.formats.stored import Block, Stored, number_type

LONGEST_HEADER = 1 << 20
TYPES = {
    alias: code
    for code, aliases in {
        "i1": ("signed char", "int8", "int8_t"),
        "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
        "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
        "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
        "i4": ("int", "signed int", "int32", "int32_t"),
        "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
        "i8": ("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"),
        "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
        "f4": ("float",),
        "f8": ("double",),
    }.items()
    for alias in aliases
}
#: What turns each space that can be turned into LPS, by the signs of x, y and z.
SPACES = {
    "left-posterior-superior": (1, 1, 1), "lps": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1), "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1), "las": (1, -1, 1),
}  # fmt: skip
PACKINGS: dict[str, Literal["raw", "deflate", "bzip2"]] = {
    "raw": "raw", "gzip": "deflate", "gz": "deflate", "bzip2": "bzip2", "bz2": "bzip2",
}  # fmt: skip


def open_nrrd(file: Path) -> Stored:
    """The header of a .nrrd whose voxels are in the same file.

    Raises
    ------
    InputError
        Where it is damaged, not three-dimensional, sheared, or its voxels lie in another file.
    """
    fields, keys, offset = _header(file)
    name = file.name
    if "data file" in fields or "datafile" in fields:
        raise InputError(f"{name} keeps its voxels in another file.", "Save it as one .nrrd file.")
    sizes = _wholes(fields.get("sizes", ""), name)
    dimension = _wholes(fields.get("dimension", ""), name)
    if dimension != [len(sizes)] or not sizes or min(sizes) < 1:
        raise InputError(f"{name} is damaged: its sizes and its dimension do not agree.")
    skips = (
        fields.get("line skip", fields.get("lineskip", "0")),
        fields.get("byte skip", fields.get("byteskip", "0")),
    )
    packing = PACKINGS.get(fields.get("encoding", "").lower())
    if packing is None or any(skip != "0" for skip in skips):
        raise InputError(f"{name} is packed in a way that is not read here.", "Save it as gzip.")
    order = ">" if fields.get("endian", "little").lower() == "big" else "<"
    dtype = number_type(name, TYPES, fields.get("type", "").lower(), order)
    kept, shape = _spatial_axes(fields, sizes, name)
    block = Block(file, offset, shape, dtype, packing)
    block.check()
    grid, notes = _grid(fields, kept, shape, name)
    return Stored(
        kind="NRRD",
        name=name,
        files=(file,),
        grid=grid,
        dtype=dtype.newbyteorder("="),
        read=block.read,
        names=_segment_names(keys),
        notes=notes,
    )


def _header(file: Path) -> tuple[dict[str, str], dict[str, str], int]:
    """Fields, key/value pairs, and the offset of the voxels."""
    with file.open("rb") as stream:
        start = stream.read(LONGEST_HEADER)
    end = re.search(rb"\r?\n\r?\n", start)
    if not start.startswith(b"NRRD000") or end is None:
        raise InputError(f"{file.name} is no NRRD file, or is damaged at its beginning.")
    fields: dict[str, str] = {}
    keys: dict[str, str] = {}
    for line in start[: end.start()].decode("utf-8", "replace").splitlines()[1:]:
        if line.startswith("#"):
            continue
        if ":=" in line:
            key, value = line.split(":=", 1)
            keys[key.strip()] = value.strip()
        elif ": " in line:
            field, value = line.split(": ", 1)
            fields[field.strip().lower()] = value.strip()
    return fields, keys, end.end()


def _wholes(text: str, name: str) -> list[int]:
    parts = text.split()
    if not all(part.isascii() and part.isdigit() and len(part) < 12 for part in parts):
        raise InputError(f"{name} is damaged: {text[:40]!r} are no sizes.")
    return [int(part) for part in parts]


def _spatial_axes(
    fields: dict[str, str], sizes: list[int], name: str
) -> tuple[list[int], tuple[int, int, int]]:
    """Which file axes are space, fastest first, and the shape; lone axes of size 1 are dropped."""
    vectors = _vectors(fields.get("space directions", ""))
    kept = [axis for axis in range(len(sizes)) if not vectors or vectors[axis : axis + 1] != [""]]
    others = [sizes[axis] for axis in range(len(sizes)) if axis not in kept]
    if any(size > 1 for size in others) or len(kept) not in (2, 3):
        raise InputError(
            f"{name} is not one volume of plain numbers ({'×'.join(map(str, sizes))}).",
            "Save one volume, or one layer of a segmentation, of it.",
        )
    kept_sizes = [*(sizes[axis] for axis in kept), 1]
    return kept, (kept_sizes[2], kept_sizes[1], kept_sizes[0])


def _vectors(text: str) -> list[str]:
    """The vectors of a field as text without brackets; "none" as an empty one."""
    return [inside for inside, _ in re.findall(r"\(([^)]*)\)|(none)", text)]


def _numbers(text: str, name: str) -> npt.NDArray[np.float64]:
    try:
        return np.array([float(part) for part in text.split(",")], dtype=np.float64)
    except ValueError as error:
        raise InputError(f"{name} is damaged: {text[:40]!r} is no vector.") from error


def _grid(
    fields: dict[str, str], kept: list[int], shape: tuple[int, int, int], name: str
) -> tuple[Grid, tuple[str, ...]]:
    vectors = _vectors(fields.get("space directions", ""))
    if not vectors:
        return _grid_by_spacing(fields, kept, shape, name)
    rows = [_numbers(vectors[axis], name) for axis in kept if axis < len(vectors)]
    origins = _vectors(fields.get("space origin", "")) or ["0,0,0"]
    origin = _numbers(origins[0], name)
    if len(rows) != 3 or any(row.size != 3 for row in (*rows, origin)):
        raise InputError(f"{name} does not say its geometry in three dimensions.")
    space = fields.get("space", "").lower()
    notes: tuple[str, ...] = ()
    if space not in SPACES:
        notes = ("The file does not say how the patient lies; its axes were taken as L, P, S.",)
    signs = np.array(SPACES.get(space, (1, 1, 1)), dtype=np.float64)
    axes = np.stack(rows, axis=1) * signs[:, None]
    grid, squared = grid_from_axes(shape, axes, origin * signs, name)
    return grid, (*notes, *squared)


def _grid_by_spacing(
    fields: dict[str, str], kept: list[int], shape: tuple[int, int, int], name: str
) -> tuple[Grid, tuple[str, ...]]:
    parts = fields.get("spacings", "").split()
    if not parts:
        return Grid(shape, stacked=False), ("The file has no geometry.",)
    steps = _numbers(",".join(parts), name)
    if steps.size <= max(kept):
        raise InputError(f"{name} is damaged: it has fewer spacings than axes.")
    spacing = np.ones(3)
    spacing[: len(kept)] = steps[kept]
    note = "The file does not say how the patient lies; its axes were taken as L, P, S."
    grid, _ = grid_from_axes(shape, np.diag(spacing), np.zeros(3), name)
    return grid, (note,)


def _segment_names(keys: dict[str, str]) -> tuple[tuple[int, str], ...]:
    """Names as 3D Slicer writes them: SegmentN_Name and SegmentN_LabelValue."""
    names: dict[int, str] = {}
    for key, value in keys.items():
        found = re.fullmatch(r"Segment(\d+)_LabelValue", key)
        name = keys.get(f"Segment{found[1]}_Name", "") if found else ""
        if name and value.isascii() and value.isdigit() and 1 <= int(value) <= 255:
            names[int(value)] = name
    return tuple(sorted(names.items()))
