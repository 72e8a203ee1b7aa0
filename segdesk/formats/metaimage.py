"""MetaImage headers (.mha, .mhd): "Key = Value" lines up to ElementDataFile.

Read here and not through ITK for the reason that `nrrd` gives. Source of the keys: MetaIO's
documentation; physical space is LPS, as in ITK.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdesk.core.grid import Grid
from segdesk.errors import InputError
from segdesk.formats.data_files import data_file, listed, numbered
from segdesk.formats.geometry import grid_from_axes
from segdesk.formats.stored import Block, Piece, Stored, number_type
from segdesk.formats.unpacking import Packing
from segdesk.sentence import Sentence

LONGEST_HEADER = 1 << 18
TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2",
    "MET_INT": "i4", "MET_UINT": "u4", "MET_LONG": "i4", "MET_ULONG": "u4",  # as MetaIO sizes it
    "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip
#: `DistanceUnits` to mm; "?" is unknown and taken as mm.
MM_PER_UNIT = {"?": 1.0, "um": 1e-3, "mm": 1.0, "cm": 10.0}
BYTE_ORDER = ("binarydatabyteordermsb", "elementbyteordermsb")


def open_metaimage(file: Path) -> Stored:
    """The header of a .mha, or of a .mhd with its voxels in files beside it.

    Raises
    ------
    InputError
        Where it is damaged, in colour, not three-dimensional or sheared, or names a file that is
        not in the same folder.
    """
    fields, offset, rest = _header(file)
    name = file.name
    sizes = _sizes(fields, name)
    if fields.get("elementnumberofchannels", "1") != "1":
        raise InputError(
            Sentence(
                "{name} is in colour or holds vectors, not one number for each voxel.", name=name
            )
        )
    scaling = ("elementtointensityfunctionslope", 1.0), ("elementtointensityfunctionoffset", 0.0)
    if any(_first(fields, (key,), np.array([usual]), name)[0] != usual for key, usual in scaling):
        raise InputError(
            Sentence(
                "{name} scales its numbers (ElementToIntensityFunction), which ITK leaves out.",
                name=name,
            ),
            "Save it once more with the values themselves.",
        )
    order = ">" if _flag(fields, BYTE_ORDER, False, name) else "<"
    dtype = number_type(name, TYPES, fields.get("elementtype", "").upper(), order)
    shape = (sizes[2], sizes[1], sizes[0])
    packing: Packing = "raw"
    if not _flag(fields, ("binarydata",), True, name):
        packing, dtype = "text", dtype.newbyteorder("=")
    elif _flag(fields, ("compresseddata",), False, name):
        packing = "deflate"
    nbytes = math.prod(shape) * dtype.itemsize
    files = _data_files(file, fields["elementdatafile"], rest)
    pieces = tuple(Piece(data, _start(file, data, fields, offset, nbytes)) for data in files)
    if len(pieces) > 1 and (packing != "raw" or fields.get("headersize", "0") == "-1"):
        raise InputError(
            Sentence("{name} packs its voxels into many files.", name=name),
            "Save it as one .mha file.",
        )
    block = Block(pieces, shape, dtype, packing)
    block.check()
    grid, notes = _grid(fields, shape, name)
    return Stored(
        kind="MetaImage",
        name=name,
        files=(file, *(data for data in files if data != file)),
        grid=grid,
        dtype=dtype.newbyteorder("="),
        read=block.read,
        notes=notes,
    )


def _header(file: Path) -> tuple[dict[str, str], int, list[str]]:
    """Fields, where the header ends, and the lines behind it where it ends with a list of files."""
    with file.open("rb") as stream:
        start = stream.read(LONGEST_HEADER)
    fields: dict[str, str] = {}
    at = 0
    while "elementdatafile" not in fields:
        end = start.find(b"\n", at)
        line = start[at : end if end >= 0 else len(start)].decode("latin-1")
        if "=" not in line:
            raise InputError(
                Sentence(
                    "{file} is no MetaImage file, or is damaged at its beginning.", file=file.name
                )
            )
        key, value = line.split("=", 1)
        fields[key.strip().lower()] = value.strip()
        at = end + 1 if end >= 0 else len(start)
    is_list = fields["elementdatafile"].upper().split(" ")[0] == "LIST"
    return fields, at, start[at:].decode("utf-8", "replace").splitlines() if is_list else []


def _sizes(fields: dict[str, str], name: str) -> list[int]:
    """Sizes of column, row and slice index; a fourth of one is none."""
    sizes = _numbers(fields, "dimsize", name)
    count = _numbers(fields, "ndims", name)
    if count.tolist() not in ([2.0], [3.0], [4.0]) or sizes.size != int(count[0]):
        raise InputError(Sentence("{name} is not three-dimensional, or is damaged.", name=name))
    if np.any(sizes < 1) or np.any(sizes > 1 << 31) or np.any(sizes != np.rint(sizes)):
        raise InputError(
            Sentence(
                "{name} is damaged: its sizes are {get}.",
                name=name,
                get=f"{fields.get('dimsize', '')[:40]!r}",
            )
        )
    whole = [int(size) for size in sizes]
    if whole[3:] not in ([], [1]):
        raise InputError(
            Sentence(
                "{name} has more than three dimensions ({names}).",
                name=name,
                names="×".join(map(str, whole)),
            ),
            "Save one volume of it.",
        )
    return [*whole, 1]


def _flag(fields: dict[str, str], keys: tuple[str, ...], usual: bool, name: str) -> bool:
    """True, T or 1, as MetaIO reads it: by the first letter."""
    text = next((fields[key] for key in keys if key in fields), str(usual))
    if text[:1] not in set("TtFf10"):
        raise InputError(
            Sentence(
                "{name} is damaged: {keys} is {text}.",
                name=name,
                keys=keys[0],
                text=f"{text[:40]!r}",
            )
        )
    return text[:1] in set("Tt1")


def _data_files(file: Path, named: str, rest: list[str]) -> tuple[Path, ...]:
    if named.upper() == "LOCAL":
        return (file,)
    if named.upper().split(" ")[0] == "LIST":
        return listed(file, rest)
    return numbered(file, named) if "%" in named else (data_file(file, named),)


def _start(file: Path, data: Path, fields: dict[str, str], offset: int, nbytes: int) -> int:
    """Where the voxels begin in a file: behind the header, behind HeaderSize, or at -1 its end."""
    skip = fields.get("headersize", "0")
    if skip == "-1":
        return data.stat().st_size - nbytes
    if not (skip.isascii() and skip.isdigit() and len(skip) < 16):
        raise InputError(Sentence("{file} does not say where its voxels begin.", file=file.name))
    if data != file:
        return int(skip)
    if int(skip) not in (0, offset):
        raise InputError(
            Sentence(
                "{file} is damaged: its header ends at {offset} and not at {skip}.",
                file=file.name,
                offset=offset,
                skip=skip,
            )
        )
    return offset


def _numbers(fields: dict[str, str], key: str, name: str) -> npt.NDArray[np.float64]:
    text = fields.get(key, "")
    try:
        return np.array([float(part) for part in text.split()], dtype=np.float64)
    except ValueError as error:
        raise InputError(
            Sentence(
                "{name} is damaged: {key} is {text}.", name=name, key=key, text=f"{text[:40]!r}"
            )
        ) from error


def _first(
    fields: dict[str, str], keys: tuple[str, ...], usual: npt.NDArray[np.float64], name: str
) -> npt.NDArray[np.float64]:
    for key in keys:
        if key in fields:
            found = _numbers(fields, key, name)
            if found.size != usual.size:
                raise InputError(
                    Sentence(
                        "{name} is damaged: {key} has {size} numbers.",
                        name=name,
                        key=key,
                        size=found.size,
                    )
                )
            return found
    return usual


def _grid(
    fields: dict[str, str], shape: tuple[int, int, int], name: str
) -> tuple[Grid, tuple[str, ...]]:
    count = int(_numbers(fields, "ndims", name)[0])
    spacing, origin, axes = np.ones(4), np.zeros(4), np.eye(4)
    spacing[:count] = _first(fields, ("elementspacing", "elementsize"), np.ones(count), name)
    origin[:count] = _first(fields, ("offset", "position", "origin"), np.zeros(count), name)
    turn = _first(
        fields, ("transformmatrix", "rotation", "orientation"), np.eye(count).ravel(), name
    )
    # The file gives one unit vector for each index, one after the other.
    axes[:count, :count] = turn.reshape(count, count).T
    if np.any(axes[3, :3]) or np.any(axes[:3, 3]):
        raise InputError(
            Sentence("{name} is turned into its fourth dimension.", name=name),
            "Save one volume of it.",
        )
    unit = fields.get("distanceunits", "?")
    if unit not in MM_PER_UNIT:
        raise InputError(
            Sentence(
                "{name} gives its steps in {unit}, which is no unit of length known here.",
                name=name,
                unit=f"{unit!r:.40}",
            ),
            "Save it in millimetres.",
        )
    mm = MM_PER_UNIT[unit]
    return grid_from_axes(shape, axes[:3, :3] * spacing[:3] * mm, origin[:3] * mm, name)
