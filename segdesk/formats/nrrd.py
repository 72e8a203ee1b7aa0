"""NRRD headers (teem's nrrd0005): text lines, an empty line, then the voxels.

Not through ITK, whose NRRD and MetaImage readers write to stderr and can abort the process on a
damaged file; here a damaged file is one sentence.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from segdesk.core.grid import Grid
from segdesk.errors import InputError
from segdesk.formats.data_files import data_file, listed, numbered
from segdesk.formats.geometry import grid_from_axes
from segdesk.formats.stored import FROM_THE_END, Block, Piece, Stored, number_type
from segdesk.formats.unpacking import Packing
from segdesk.sentence import Sentence

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
PACKINGS: dict[str, Packing] = {
    "raw": "raw", "gzip": "deflate", "gz": "deflate", "bzip2": "bzip2", "bz2": "bzip2",
    "ascii": "text", "text": "text", "txt": "text",
}  # fmt: skip
#: Fields that have two spellings.
FIELDS = {"datafile": "data file", "lineskip": "line skip", "byteskip": "byte skip"}
#: Kinds of axes along which voxels lie; colours, vectors and lists are none.
SPATIAL_KINDS = {"domain", "space", "???", "none"}
MM_PER_UNIT = {
    "mm": 1.0, "millimeter": 1.0, "millimetre": 1.0, "millimeters": 1.0, "millimetres": 1.0,
    "cm": 10.0, "centimeter": 10.0, "centimetre": 10.0,
    "m": 1000.0, "meter": 1000.0, "metre": 1000.0, "meters": 1000.0, "metres": 1000.0,
    "um": 1e-3, "µm": 1e-3, "μm": 1e-3, "micron": 1e-3, "microns": 1e-3, "micrometer": 1e-3,
    "micrometre": 1e-3, "nm": 1e-6, "": 1.0, "???": 1.0,
}  # fmt: skip


def open_nrrd(file: Path) -> Stored:
    """The header of a .nrrd, or of a .nhdr with its voxels in files beside it.

    Raises
    ------
    InputError
        Where it is damaged, not three-dimensional, sheared, in units that are none of length, or
        names a file that is not in the same folder.
    """
    header = _header(file)
    fields, name = header.fields, file.name
    sizes = _wholes(fields.get("sizes", ""), name)
    dimension = _wholes(fields.get("dimension", ""), name)
    if dimension != [len(sizes)] or not sizes or min(sizes) < 1:
        raise InputError(
            Sentence("{name} is damaged: its sizes and its dimension do not agree.", name=name)
        )
    kept, shape = _spatial_axes(fields, sizes, name)
    block = _block(file, header, shape)
    block.check()
    grid, notes = _grid(fields, kept, shape, name)
    files = tuple(piece.file for piece in block.pieces if piece.file != file)
    return Stored(
        kind="NRRD",
        name=name,
        files=(file, *files),
        grid=grid,
        dtype=block.dtype.newbyteorder("="),
        read=block.read,
        names=_segment_names(header.keys),
        notes=notes,
    )


class _Header(NamedTuple):
    """Fields, key/value pairs, the offset of what follows, and the files of a LIST."""

    fields: dict[str, str]
    keys: dict[str, str]
    end: int
    listed: list[str]


def _header(file: Path) -> _Header:
    with file.open("rb") as stream:
        start = stream.read(LONGEST_HEADER)
    found = re.search(rb"\r?\n\r?\n", start)
    # A detached header may end with its file.
    text, end = (start[: found.start()], found.end()) if found else (start, len(start))
    fields: dict[str, str] = {}
    keys: dict[str, str] = {}
    lines = text.decode("utf-8", "replace").splitlines()
    listed: list[str] = []
    for at, line in enumerate(lines[1:], 1):
        if line.startswith("#"):
            continue
        if ":=" in line:
            key, value = line.split(":=", 1)
            keys[key.strip()] = value.strip()
        elif ": " in line:
            field, value = line.split(": ", 1)
            field = field.strip().lower()
            fields[FIELDS.get(field, field)] = value.strip()
            if FIELDS.get(field, field) == "data file" and value.split()[:1] == ["LIST"]:
                listed = lines[at + 1 :]
                break
    if not start.startswith(b"NRRD000") or (found is None and "data file" not in fields):
        raise InputError(
            Sentence("{file} is no NRRD file, or is damaged at its beginning.", file=file.name)
        )
    return _Header(fields, keys, end, listed)


def _block(file: Path, header: _Header, shape: tuple[int, int, int]) -> Block:
    """Where the voxels lie, and how they are packed."""
    fields, name = header.fields, file.name
    packing = PACKINGS.get(fields.get("encoding", "").lower())
    if packing is None:
        raise InputError(
            Sentence("{name} is packed in a way that is not read here.", name=name),
            "Save it as gzip.",
        )
    dtype = number_type(name, TYPES, fields.get("type", "").lower(), "=")
    if dtype.itemsize > 1 and packing != "text":
        order = {"little": "<", "big": ">"}.get(fields.get("endian", "").lower())
        if order is None:
            raise InputError(
                Sentence(
                    "{name} does not say the order of its bytes (endian: little or big).", name=name
                ),
                "Save it again with a program that does.",
            )
        dtype = np.dtype(f"{order}{dtype.kind}{dtype.itemsize}")
    lines = _skipped(fields, "line skip", name)
    skip = _skipped(fields, "byte skip", name)
    if lines < 0 or skip < FROM_THE_END:
        raise InputError(Sentence("{name} does not say where its voxels begin.", name=name))
    named = fields.get("data file", "")
    if header.listed or named.split()[:1] == ["LIST"]:
        files = listed(file, header.listed)
    elif named:
        files = numbered(file, named) if "%" in named else (data_file(file, named),)
    else:
        files = (file,)
    starts = [_behind_lines(data, header.end if data == file else 0, lines) for data in files]
    if packing == "raw" and skip == FROM_THE_END:
        nbytes = math.prod(shape) * dtype.itemsize // len(files)
        starts, skip = [data.stat().st_size - nbytes for data in files], 0
    elif packing == "raw":
        starts, skip = [start + skip for start in starts], 0
    pieces = tuple(Piece(data, start) for data, start in zip(files, starts, strict=True))
    return Block(pieces, shape, dtype, packing, skip)


def _skipped(fields: dict[str, str], field: str, name: str) -> int:
    text = fields.get(field, "0")
    if re.fullmatch(r"-?[0-9]{1,12}", text) is None:
        raise InputError(Sentence("{name} does not say where its voxels begin.", name=name))
    return int(text)


def _behind_lines(data: Path, offset: int, lines: int) -> int:
    """Where the line that follows a number of lines begins."""
    if not lines:
        return offset
    with data.open("rb") as stream:
        stream.seek(offset)
        for _ in range(lines):
            if not stream.readline(LONGEST_HEADER).endswith(b"\n"):
                raise InputError(Sentence("{data} ends before its last voxel.", data=data.name))
        return stream.tell()


def _wholes(text: str, name: str) -> list[int]:
    parts = text.split()
    if not all(part.isascii() and part.isdigit() and len(part) < 12 for part in parts):
        raise InputError(
            Sentence("{name} is damaged: {text} are no sizes.", name=name, text=f"{text[:40]!r}")
        )
    return [int(part) for part in parts]


def _spatial_axes(
    fields: dict[str, str], sizes: list[int], name: str
) -> tuple[list[int], tuple[int, int, int]]:
    """Which file axes are space, fastest first, and the shape; lone axes of size 1 are dropped."""
    vectors = _vectors(fields.get("space directions", ""))
    kinds = fields.get("kinds", "").lower().split()
    if vectors:
        kept = [axis for axis in range(len(sizes)) if vectors[axis : axis + 1] != [""]]
    else:
        kept = [axis for axis in range(len(sizes)) if {*kinds[axis : axis + 1]} <= SPATIAL_KINDS]
    others = [sizes[axis] for axis in range(len(sizes)) if axis not in kept]
    if any(size > 1 for size in others) or len(kept) not in (2, 3):
        raise InputError(
            Sentence(
                "{name} is not one volume of plain numbers ({names}).",
                name=name,
                names="×".join(map(str, sizes)),
            ),
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
        raise InputError(
            Sentence("{name} is damaged: {text} is no vector.", name=name, text=f"{text[:40]!r}")
        ) from error


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
        raise InputError(
            Sentence("{name} does not say its geometry in three dimensions.", name=name)
        )
    space = fields.get("space", "").lower()
    notes: tuple[str, ...] = ()
    if space not in SPACES:
        notes = (
            Sentence("The file does not say how the patient lies; its axes were taken as L, P, S."),
        )
    signs = np.array(SPACES.get(space, (1, 1, 1)), dtype=np.float64)
    # Units are given for each of x, y and z, and so are the parts of each vector.
    units = re.findall(r'"([^"]*)"', fields.get("space units", ""))
    signs *= _mm(units, 3, name)
    axes = np.stack(rows, axis=1) * signs[:, None]
    grid, squared = grid_from_axes(shape, axes, origin * signs, name)
    return grid, (*notes, *squared)


def _grid_by_spacing(
    fields: dict[str, str], kept: list[int], shape: tuple[int, int, int], name: str
) -> tuple[Grid, tuple[str, ...]]:
    parts = fields.get("spacings", "").split()
    if not parts:
        return Grid(shape, stacked=False), (Sentence("The file has no geometry."),)
    steps = _numbers(",".join(parts), name)
    if steps.size <= max(kept):
        raise InputError(Sentence("{name} is damaged: it has fewer spacings than axes.", name=name))
    spacing = np.ones(3)
    units = _mm(re.findall(r'"([^"]*)"', fields.get("units", "")), steps.size, name)
    spacing[: len(kept)] = (steps * units)[kept]
    note = Sentence("The file does not say how the patient lies; its axes were taken as L, P, S.")
    grid, _ = grid_from_axes(shape, np.diag(spacing), np.zeros(3), name)
    return grid, (note,)


def _mm(units: list[str], count: int, name: str) -> npt.NDArray[np.float64]:
    """Millimetres of each unit that the file names; of what it leaves open, 1."""
    if units and len(units) < count:
        raise InputError(Sentence("{name} is damaged: it has fewer units than axes.", name=name))
    for unit in units[:count]:
        if unit.strip() not in MM_PER_UNIT:
            raise InputError(
                Sentence(
                    "{name} gives its steps in {unit}, which is no unit of length known here.",
                    name=name,
                    unit=f"{unit!r:.40}",
                ),
                "Save it in millimetres.",
            )
    return np.array([MM_PER_UNIT[unit.strip()] for unit in units[:count]] or [1.0] * count)


def _segment_names(keys: dict[str, str]) -> tuple[tuple[int, str], ...]:
    """Names as 3D Slicer writes them: SegmentN_Name and SegmentN_LabelValue."""
    names: dict[int, str] = {}
    for key, value in keys.items():
        found = re.fullmatch(r"Segment(\d+)_LabelValue", key)
        name = keys.get(f"Segment{found[1]}_Name", "") if found else ""
        if name and value.isascii() and value.isdigit() and 1 <= int(value) <= 255:
            names[int(value)] = name
    return tuple(sorted(names.items()))
