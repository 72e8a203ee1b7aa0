"""NIfTI-1 and NIfTI-2 headers, read by the letter of the standard.

Not through ITK, whose reader takes the qform before the sform in some releases. Source of the
offsets: nifti1.h and nifti2.h of the NIfTI Data Format Working Group.
"""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from segdesk.core.grid import Grid
from segdesk.core.tolerances import FLOAT32
from segdesk.errors import InputError
from segdesk.formats.data_files import data_file
from segdesk.formats.geometry import grid_from_axes
from segdesk.formats.rescale import IDENTITY, Rescale
from segdesk.formats.stored import Block, Piece, Stored, number_type
from segdesk.formats.unpacking import GZIP_START
from segdesk.sentence import Sentence

TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8",
    256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
#: RAS to LPS.
SIGNS = np.array([-1.0, -1.0, 1.0])
#: xyzt_units & 7 to mm; 0 is unknown and taken as mm.
MM_PER_UNIT = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
#: A quaternion's a² below this is taken as 0, half a turn: float32 leaves nothing of it (nifti1.h).
QUATERN_LIMIT = 1e-7
Fields = dict[str, tuple[Any, ...]]
Form = Literal["single", "pair", "analyze"]


class _Layout(NamedTuple):
    """Where fields stand and how they are packed (struct letters) in one version."""

    size: int
    magic_at: int
    magic: tuple[bytes, bytes]
    fields: dict[str, tuple[int, str]]


class _Header(NamedTuple):
    """A header's form, its length in bytes, its byte order and its fields."""

    form: Form
    size: int
    order: str
    values: Fields


_NIFTI1 = _Layout(
    348,
    344,
    (b"n+1", b"ni1"),
    {
        "dim": (40, "8h"), "datatype": (70, "h"), "pixdim": (76, "8f"), "vox_offset": (108, "f"),
        "slope": (112, "f"), "inter": (116, "f"), "units": (123, "B"), "qform": (252, "h"),
        "sform": (254, "h"), "quatern": (256, "3f"), "offset": (268, "3f"), "srow": (280, "12f"),
    },
)  # fmt: skip
_NIFTI2 = _Layout(
    540,
    4,
    (b"n+2", b"ni2"),
    {
        "dim": (16, "8q"), "datatype": (12, "h"), "pixdim": (104, "8d"), "vox_offset": (168, "q"),
        "slope": (176, "d"), "inter": (184, "d"), "units": (500, "i"), "qform": (344, "i"),
        "sform": (348, "i"), "quatern": (352, "3d"), "offset": (376, "3d"), "srow": (400, "12d"),
    },
)  # fmt: skip


def open_nifti(file: Path) -> Stored:
    """The header of a .nii or .nii.gz, or of a pair of .hdr and .img (Analyze 7.5 too).

    Raises
    ------
    InputError
        Where it is damaged, in colour, has more than three dimensions, or its axes are sheared.
    """
    with file.open("rb") as stream:
        start = stream.read(1 << 16)
    packed = start[:2] == GZIP_START
    if packed:
        try:
            start = zlib.decompressobj(47).decompress(start, 1 << 12)
        except zlib.error as error:
            raise InputError(
                Sentence("{file} is damaged: it cannot be unpacked.", file=file.name)
            ) from error
    header = _header(start, file.name)
    values = header.values
    shape = _shape(values["dim"], file.name)
    dtype = number_type(file.name, TYPES, values["datatype"][0], header.order)
    offset = _whole(values["vox_offset"][0], file.name)
    if header.form == "single":
        # As ITK does: nothing lies inside the header and its four bytes of extension flags.
        offset = max(offset, header.size + 4)
        data = file
    else:
        data = _image_beside(file)
    if packed:
        block = Block((Piece(data),), shape, dtype, "deflate", skip=offset)
    else:
        block = Block((Piece(data, offset),), shape, dtype)
    block.check()
    if header.form == "analyze":
        grid, notes, turn_rad = _analyze_grid(values, shape, file.name)
    else:
        grid, notes, turn_rad = _grid(values, shape, file.name)
    return Stored(
        kind="Analyze" if header.form == "analyze" else "NIfTI",
        name=file.name,
        files=(file,) if data == file else (file, data),
        grid=grid,
        dtype=dtype.newbyteorder("="),
        read=block.read,
        values=IDENTITY if header.form == "analyze" else _rescale(values, file.name),
        notes=notes,
        turn_rad=turn_rad,
    )


def _header(start: bytes, name: str) -> _Header:
    paired = name.lower().endswith(".hdr")
    for layout in (_NIFTI1, _NIFTI2):
        single, pair = layout.magic
        magic = start[layout.magic_at : layout.magic_at + 3]
        for order in "<>":
            sized = struct.unpack_from(order + "i", start)[0] if len(start) >= 4 else 0
            if sized != layout.size or len(start) < layout.size:
                continue
            form: Form | None = "single" if magic == single and not paired else None
            if paired and magic == pair:
                form = "pair"
            elif paired and magic not in (single, pair) and layout is _NIFTI1:
                form = "analyze"
            if form is not None:
                values = {
                    field: struct.unpack_from(order + letters, start, at)
                    for field, (at, letters) in layout.fields.items()
                }
                return _Header(form, layout.size, order, values)
            if magic == pair:
                raise InputError(
                    Sentence("{name} keeps its voxels in a second file (.img).", name=name),
                    "Name it .hdr and put the .img beside it, or save it as one .nii file.",
                )
    raise InputError(
        Sentence("{name} is no NIfTI file, or is damaged at its beginning.", name=name)
    )


def _image_beside(file: Path) -> Path:
    for ending in (".img", ".IMG"):
        image = file.with_suffix(ending)
        if image.exists():
            return data_file(file, image.name)
    raise InputError(
        Sentence("{file} keeps its voxels in an .img file, which is not beside it.", file=file.name)
    )


def _shape(dim: tuple[int, ...], name: str) -> tuple[int, int, int]:
    # A fourth and later size of 0 is taken as 1, as ITK does; the first three must be there.
    if not 2 <= dim[0] <= 7 or min(dim[1 : min(dim[0], 3) + 1]) < 1 or min(dim[1 : dim[0] + 1]) < 0:
        raise InputError(
            Sentence(
                "{name} has no usable size ({names}).", name=name, names=", ".join(map(str, dim))
            )
        )
    sizes = [*dim[1 : dim[0] + 1], 1]
    if any(size > 1 for size in sizes[3:]):
        raise InputError(
            Sentence(
                "{name} has more than three dimensions ({names}).",
                name=name,
                names="×".join(map(str, sizes[:-1])),
            ),
            "Save one volume of it.",
        )
    return sizes[2], sizes[1], sizes[0]


def _whole(number: float, name: str) -> int:
    if not (math.isfinite(number) and 0 <= number < 1 << 40):
        raise InputError(
            Sentence("{name} is damaged: it does not say where its voxels begin.", name=name)
        )
    return int(number)


def _rescale(values: Fields, name: str) -> Rescale:
    """The file's own scaling; a slope of 0 or that is no number means none (as nibabel)."""
    slope, inter = float(values["slope"][0]), float(values["inter"][0])
    if slope == 0 or not math.isfinite(slope):
        return IDENTITY
    if not math.isfinite(inter):
        raise InputError(
            Sentence(
                "{name} is damaged: it scales its numbers by {slope} and adds {inter} to them.",
                name=name,
                slope=f"{slope:g}",
                inter=f"{inter:g}",
            )
        )
    return Rescale(slope, inter)


def _grid(
    values: Fields, shape: tuple[int, int, int], name: str
) -> tuple[Grid, tuple[str, ...], float]:
    """Grid, notes, and by what angle in radians the header's rounding may have turned the grid."""
    notes: list[str] = []
    turn_rad = 0.0
    has_sform, has_qform = values["sform"][0] > 0, values["qform"][0] > 0
    rows = np.array(values["srow"], dtype=np.float64).reshape(3, 4)
    if has_sform and has_qform and not np.any(rows[:, :3]):
        has_sform = False
        notes.append(
            Sentence("The first of its two transforms (sform) is empty; the second was taken.")
        )
    if not has_sform and min(values["pixdim"][1:4]) < 0:
        # nibabel takes the size, ITK mirrors; nifti1.h has positive ones alone.
        raise InputError(
            Sentence(
                "{name} has negative steps, which some programs take for a mirror and "
                "some do not: left and right may be swapped.",
                name=name,
            ),
            "Save it again with a program that writes the sform.",
        )
    if has_sform:
        axes, origin = rows[:, :3], rows[:, 3]
    elif has_qform:
        axes, origin = _quatern_axes(values)
        turn_rad = _rounding_of(values["quatern"])
    else:
        axes, origin = np.diag(np.array(values["pixdim"][1:4], dtype=np.float64)), np.zeros(3)
        notes.append(
            Sentence("The file does not say how the patient lies; its axes were taken as R, A, S.")
        )
    unit = values["units"][0] & 7
    if unit not in MM_PER_UNIT:
        notes.append(
            Sentence("The file names a unit of length that is none of NIfTI's; mm were taken.")
        )
    scale = MM_PER_UNIT.get(unit, 1.0)
    # No matrix product: a damaged header may hold what is no number, which a sign cannot harm.
    axes, origin = axes * SIGNS[:, None] * scale, origin * SIGNS * scale
    if shape[0] == 1 and not np.any(axes[:, 2]):
        # A single image has no step; any will do.
        axes[:, 2] = np.cross(axes[:, 0], axes[:, 1])
        axes[:, 2] /= np.linalg.norm(axes[:, 2]) or 1.0
    grid, squared = grid_from_axes(shape, axes, origin, name)
    return grid, (*notes, *squared), turn_rad


def _analyze_grid(
    values: Fields, shape: tuple[int, int, int], name: str
) -> tuple[Grid, tuple[str, ...], float]:
    """Analyze 7.5 has steps but no place; as nibabel takes it: L, A, S (ITK: L, P, S)."""
    steps = np.abs(np.array(values["pixdim"][1:4], dtype=np.float64))
    if shape[0] == 1 and steps[2] == 0:
        steps[2] = 1.0
    # The middle of the volume lies at 0.
    axes = np.diag(steps) * (1, -1, 1)
    middle = -axes @ ((np.array(shape[::-1]) - 1) / 2)
    note = Sentence(
        "An Analyze file does not say how the patient lies; its axes were taken as "
        "L, A, S: left and right may be swapped."
    )
    grid, squared = grid_from_axes(shape, axes, middle, name)
    return grid, (note, *squared), 0.0


def _quatern_axes(values: Fields) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    pixdim = np.array(values["pixdim"], dtype=np.float64)
    axes = _rotation(values["quatern"]) * pixdim[1:4]
    axes[:, 2] *= -1 if pixdim[0] < 0 else 1
    return axes, np.array(values["offset"], dtype=np.float64)


def _rotation(quatern: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """Rotation of the quaternion (a, b, c, d) of which the file keeps b, c, d (nifti1.h)."""
    b, c, d = (float(x) for x in quatern)
    squared = 1.0 - (b * b + c * c + d * d)
    if squared < QUATERN_LIMIT:
        length = math.sqrt(b * b + c * c + d * d)
        a, b, c, d = 0.0, b / length, c / length, d / length
    else:
        a = math.sqrt(squared)
    return np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )


def _rounding_of(quatern: tuple[float, ...]) -> float:
    """By what angle, in radians, the rounding of b, c and d to float32 may turn the rotation.

    The file keeps a = sqrt(1 - b² - c² - d²) by its square alone, so that near half a turn (as
    every axial CT in L, P, S has it) the seven digits of b, c and d are three or four of a.
    """
    squared = 1.0 - sum(float(x) ** 2 for x in quatern)
    rounding = 2 * FLOAT32
    low = math.sqrt(max(squared - rounding, 0.0))
    high = math.sqrt(max(squared + rounding, QUATERN_LIMIT))
    read = math.sqrt(squared) if squared >= QUATERN_LIMIT else 0.0
    return 2 * max(high - read, read - low) + 8 * FLOAT32
