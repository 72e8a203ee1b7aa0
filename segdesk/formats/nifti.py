"""NIfTI-1 and NIfTI-2 headers, read by the letter of the standard.

Not through ITK, whose reader takes the qform before the sform in some releases. Source of the
offsets: nifti1.h and nifti2.h of the NIfTI Data Format Working Group.
"""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from segdesk.core.grid import Grid
from segdesk.core.tolerances import FLOAT32
from segdesk.errors import InputError
from segdesk.formats.geometry import grid_from_axes
from segdesk.formats.rescale import IDENTITY, Rescale
from segdesk.formats.stored import DEFLATE_LIMIT, Block, Stored, number_type

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


class _Layout(NamedTuple):
    """Where fields stand and how they are packed (struct letters) in one version."""

    size: int
    magic_at: int
    magic: tuple[bytes, bytes]
    fields: dict[str, tuple[int, str]]


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
    """The header of a .nii or .nii.gz.

    Raises
    ------
    InputError
        Where it is damaged, in colour, has more than three dimensions, or its axes are sheared.
    """
    with file.open("rb") as stream:
        start = stream.read(1 << 16)
    packed = start[:2] == b"\x1f\x8b"
    if packed:
        try:
            start = zlib.decompressobj(47).decompress(start, 1 << 12)
        except zlib.error as error:
            raise InputError(f"{file.name} is damaged: it cannot be unpacked.") from error
    layout, order = _layout(start, file.name)
    values = {
        name: struct.unpack_from(order + letters, start, at)
        for name, (at, letters) in layout.fields.items()
    }
    shape = _shape(values["dim"], file.name)
    dtype = number_type(file.name, TYPES, values["datatype"][0], order)
    offset = _whole(values["vox_offset"][0], file.name)
    block = Block(file, offset, shape, dtype)
    read = block.read
    if packed:
        gzip = _Gzip(block)
        gzip.check()
        read = gzip.read
    else:
        block.check()
    grid, notes, turn_rad = _grid(values, shape, file.name)
    slope, inter = float(values["slope"][0]), float(values["inter"][0])
    scaled = slope != 0 and math.isfinite(slope) and math.isfinite(inter)
    return Stored(
        kind="NIfTI",
        name=file.name,
        files=(file,),
        grid=grid,
        dtype=dtype.newbyteorder("="),
        read=read,
        values=Rescale(slope, inter) if scaled else IDENTITY,
        notes=notes,
        turn_rad=turn_rad,
    )


class _Gzip:
    """A whole .nii.gz: the header is inside the stream, so the block begins after it."""

    def __init__(self, block: Block) -> None:
        self._block = block

    def check(self) -> None:
        held = self._block.file.stat().st_size
        if self._block.offset + self._block.nbytes > held * DEFLATE_LIMIT:
            raise InputError(f"{self._block.file.name} ends before its last voxel.")

    def read(self) -> npt.NDArray[Any]:
        block = self._block
        data = _unpacked(block.file, block.offset + block.nbytes)
        if len(data) < block.offset + block.nbytes:
            raise InputError(f"{block.file.name} ends before its last voxel.")
        count = math.prod(block.shape)
        array = np.frombuffer(data, block.dtype, count=count, offset=block.offset)
        return array.reshape(block.shape).astype(block.dtype.newbyteorder("="), copy=False)


def _unpacked(file: Path, wanted: int) -> bytearray:
    """The first `wanted` bytes of a gzip file; of several members too, as bgzip writes them."""
    data = bytearray()
    try:
        with file.open("rb") as stream:
            unpacker = zlib.decompressobj(31)
            while len(data) < wanted and (chunk := stream.read(1 << 20)):
                while chunk and len(data) < wanted:
                    data += unpacker.decompress(chunk, wanted - len(data))
                    chunk = unpacker.unconsumed_tail
                    if unpacker.eof:
                        chunk = unpacker.unused_data
                        unpacker = zlib.decompressobj(31)
    except zlib.error as error:
        raise InputError(f"{file.name} is damaged: it cannot be unpacked.") from error
    return data


def _layout(start: bytes, name: str) -> tuple[_Layout, str]:
    for layout in (_NIFTI1, _NIFTI2):
        single, pair = layout.magic
        magic = start[layout.magic_at : layout.magic_at + 3]
        if magic == pair:
            raise InputError(
                f"{name} keeps its voxels in a second file (.img).", "Save it as one .nii file."
            )
        for order in "<>":
            sized = struct.unpack_from(order + "i", start)[0] if len(start) >= 4 else 0
            if magic == single and sized == layout.size and len(start) >= layout.size:
                return layout, order
    raise InputError(f"{name} is no NIfTI file, or is damaged at its beginning.")


def _shape(dim: tuple[int, ...], name: str) -> tuple[int, int, int]:
    if not 2 <= dim[0] <= 7 or min(dim[1 : dim[0] + 1]) < 1:
        raise InputError(f"{name} has no usable size ({', '.join(map(str, dim))}).")
    sizes = [*dim[1 : dim[0] + 1], 1]
    if any(size > 1 for size in sizes[3:]):
        raise InputError(
            f"{name} has more than three dimensions ({'×'.join(map(str, sizes[:-1]))}).",
            "Save one volume of it.",
        )
    return sizes[2], sizes[1], sizes[0]


def _whole(number: float, name: str) -> int:
    if not (math.isfinite(number) and 0 <= number < 1 << 40):
        raise InputError(f"{name} is damaged: it does not say where its voxels begin.")
    return int(number)


def _grid(
    values: dict[str, tuple[Any, ...]], shape: tuple[int, int, int], name: str
) -> tuple[Grid, tuple[str, ...], float]:
    """Grid, notes, and by what angle in radians the header's rounding may have turned the grid."""
    pixdim = np.array(values["pixdim"], dtype=np.float64)
    notes: tuple[str, ...] = ()
    turn_rad = 0.0
    if values["sform"][0] > 0:
        rows = np.array(values["srow"], dtype=np.float64).reshape(3, 4)
        axes, origin = rows[:, :3], rows[:, 3]
    elif values["qform"][0] > 0:
        axes = _rotation(values["quatern"]) * pixdim[1:4]
        axes[:, 2] *= -1 if pixdim[0] < 0 else 1
        origin = np.array(values["offset"], dtype=np.float64)
        turn_rad = _rounding_of(values["quatern"])
    else:
        axes, origin = np.diag(pixdim[1:4]), np.zeros(3)
        notes = ("The file does not say how the patient lies; its axes were taken as R, A, S.",)
    scale = MM_PER_UNIT.get(values["units"][0] & 7, 1.0)
    # No matrix product: a damaged header may hold what is no number, which a sign cannot harm.
    axes, origin = axes * SIGNS[:, None] * scale, origin * SIGNS * scale
    if shape[0] == 1 and not np.any(axes[:, 2]):
        # A single image has no step; any will do.
        axes[:, 2] = np.cross(axes[:, 0], axes[:, 1])
        axes[:, 2] /= np.linalg.norm(axes[:, 2]) or 1.0
    grid, squared = grid_from_axes(shape, axes, origin, name)
    return grid, (*notes, *squared), turn_rad


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
