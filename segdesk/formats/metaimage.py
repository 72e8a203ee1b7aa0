"""MetaImage headers (.mha, .mhd): "Key = Value" lines up to ElementDataFile.

Read here and not through ITK for the reason that `nrrd` gives. Source of the keys: MetaIO's
documentation; physical space is LPS, as in ITK.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdesk.core.grid import Grid
from segdesk.errors import InputError
from segdesk.formats.geometry import grid_from_axes
from segdesk.formats.stored import Block, Stored, number_type

LONGEST_HEADER = 1 << 18
TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2",
    "MET_INT": "i4", "MET_UINT": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip


def open_metaimage(file: Path) -> Stored:
    """The header of a .mha, or of a .mhd with its voxels in a file beside it.

    Raises
    ------
    InputError
        Where it is damaged, in colour, not three-dimensional or sheared, or names a file that is
        not in the same folder.
    """
    fields, offset = _header(file)
    name = file.name
    sizes = _numbers(fields, "dimsize", name)
    count = _numbers(fields, "ndims", name)
    if count.tolist() not in ([2.0], [3.0]) or sizes.size != int(count[0]):
        raise InputError(f"{name} is not three-dimensional, or is damaged.")
    if np.any(sizes < 1) or np.any(sizes > 1 << 31) or np.any(sizes != np.rint(sizes)):
        raise InputError(f"{name} is damaged: its sizes are {fields.get('dimsize', '')[:40]!r}.")
    if fields.get("elementnumberofchannels", "1") != "1":
        raise InputError(f"{name} is in colour or holds vectors, not one number for each voxel.")
    if fields.get("binarydata", "true").lower() != "true":
        raise InputError(f"{name} holds its voxels as text.", "Save it as binary.")
    msb = fields.get("binarydatabyteordermsb", fields.get("elementbyteordermsb", "false"))
    dtype = number_type(
        name, TYPES, fields.get("elementtype", ""), ">" if msb.lower() == "true" else "<"
    )
    whole = [int(size) for size in (*sizes, 1)]
    shape = (whole[2], whole[1], whole[0])
    packed = fields.get("compresseddata", "false").lower() == "true"
    data, start = _data_file(file, fields, offset)
    block = Block(data, start, shape, dtype, "deflate" if packed else "raw")
    block.check()
    grid, notes = _grid(fields, shape, len(sizes), name)
    return Stored(
        kind="MetaImage",
        name=name,
        files=(file,) if data == file else (file, data),
        grid=grid,
        dtype=dtype.newbyteorder("="),
        read=block.read,
        notes=notes,
    )


def _header(file: Path) -> tuple[dict[str, str], int]:
    with file.open("rb") as stream:
        start = stream.read(LONGEST_HEADER)
    fields: dict[str, str] = {}
    at = 0
    while "elementdatafile" not in fields:
        end = start.find(b"\n", at)
        line = start[at : end if end >= 0 else len(start)].decode("latin-1")
        if "=" not in line:
            raise InputError(f"{file.name} is no MetaImage file, or is damaged at its beginning.")
        key, value = line.split("=", 1)
        fields[key.strip().lower()] = value.strip()
        at = end + 1 if end >= 0 else len(start)
    return fields, at


def _data_file(file: Path, fields: dict[str, str], offset: int) -> tuple[Path, int]:
    named = fields["elementdatafile"]
    skip = fields.get("headersize", "0")
    if not skip.isdigit():
        raise InputError(f"{file.name} does not say where its voxels begin.")
    if named.upper() == "LOCAL":
        return file, offset
    if not named or Path(named).name != named or "\\" in named or ":" in named or "%" in named:
        raise InputError(
            f"{file.name} keeps its voxels outside of its folder or in many files.",
            "Save it as one .mha file.",
        )
    data = file.with_name(named)
    if data.is_symlink() or not data.is_file():
        raise InputError(f"{file.name} keeps its voxels in {named}, which is not beside it.")
    return data, int(skip)


def _numbers(fields: dict[str, str], key: str, name: str) -> npt.NDArray[np.float64]:
    text = fields.get(key, "")
    try:
        return np.array([float(part) for part in text.split()], dtype=np.float64)
    except ValueError as error:
        raise InputError(f"{name} is damaged: {key} is {text[:40]!r}.") from error


def _first(
    fields: dict[str, str], keys: tuple[str, ...], usual: npt.NDArray[np.float64], name: str
) -> npt.NDArray[np.float64]:
    for key in keys:
        if key in fields:
            found = _numbers(fields, key, name)
            if found.size != usual.size:
                raise InputError(f"{name} is damaged: {key} has {found.size} numbers.")
            return found
    return usual


def _grid(
    fields: dict[str, str], shape: tuple[int, int, int], count: int, name: str
) -> tuple[Grid, tuple[str, ...]]:
    spacing, origin, axes = np.ones(3), np.zeros(3), np.eye(3)
    spacing[:count] = _first(fields, ("elementspacing", "elementsize"), np.ones(count), name)
    origin[:count] = _first(fields, ("offset", "position", "origin"), np.zeros(count), name)
    turn = _first(
        fields, ("transformmatrix", "rotation", "orientation"), np.eye(count).ravel(), name
    )
    # The file gives one unit vector for each index, one after the other.
    axes[:count, :count] = turn.reshape(count, count).T
    return grid_from_axes(shape, axes * spacing, origin, name)
