"""The voxels of one scan: the `Volume`, read-only on a Grid; int16, or RGB of a picture in colour.

Where they lie on disk belongs to `store.volume_file`; how they are drawn to `core.window` and
`ui.canvas`.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from segdesk.core.grid import Grid

#: Of the values: Hounsfield units; numbers that mean nothing known; red, green and blue.
Unit = Literal["HU", "raw", "RGB"]
Voxels = npt.NDArray[np.int16 | np.uint8]


def channels(unit: Unit) -> int:
    """Numbers that one voxel has: 3 in colour, else 1."""
    return 3 if unit == "RGB" else 1


def stored_type(unit: Unit) -> np.dtype[np.int16 | np.uint8]:
    """Of the numbers as they lie in memory and on disk, little-endian."""
    return np.dtype("u1") if unit == "RGB" else np.dtype("<i2")


def stored_shape(shape: tuple[int, ...], unit: Unit) -> tuple[int, ...]:
    """The shape of an array of voxels: in colour the channels are its last axis."""
    return (*shape, 3) if unit == "RGB" else shape


def stored_form(
    shape: tuple[int, ...], unit: Unit
) -> tuple[np.dtype[np.int16 | np.uint8], tuple[int, ...]]:
    """Type and shape of an array of voxels."""
    return stored_type(unit), stored_shape(shape, unit)


def stored_bytes(shape: tuple[int, ...], unit: Unit) -> int:
    """How many bytes the voxels of that shape take."""
    return math.prod(stored_shape(shape, unit)) * stored_type(unit).itemsize


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """A scan. Frozen; shared freely between threads.

    Parameters
    ----------
    grid : Grid
    voxels : int16, (slices, rows, columns), or uint8, (slices, rows, columns, 3), where the unit
        is "RGB"; not writeable; usually a memory map
    unit : "HU"; "raw" for arrays whose numbers mean nothing known; "RGB" for colour
    slope, intercept : the linear rescale that made the int16: value = stored * slope + intercept.
        1 and 0 for HU and colour.
    """

    grid: Grid
    voxels: Voxels
    unit: Unit = "HU"
    slope: float = 1.0
    intercept: float = 0.0

    def __post_init__(self) -> None:
        check_form(self.voxels, self.grid.shape, self.unit)
        if self.voxels.flags.writeable:
            raise ValueError("expected read-only voxels, received a writeable array")

    def value(self, stored: float) -> float:
        """The value that the source gave for a stored number."""
        return stored * self.slope + self.intercept


def check_form(voxels: Voxels, shape: tuple[int, ...], unit: Unit) -> None:
    """Refuse voxels of another type or shape than a unit's.

    Parameters
    ----------
    shape : of the grid, or of a slice of it

    Raises
    ------
    ValueError
        Where they differ.
    """
    wanted, kind = stored_shape(shape, unit), stored_type(unit)
    if voxels.dtype != kind or voxels.shape != wanted:
        raise ValueError(
            f"expected {kind.name} of shape {wanted}, received {voxels.dtype} {voxels.shape}"
        )


def fingerprint(voxels: Voxels) -> str:
    """SHA-256 of what is stored, little-endian, C order, slices along the normal.

    Parameters
    ----------
    voxels : int16, (slices, rows, columns), or uint8, (slices, rows, columns, 3)

    Returns
    -------
    64 hexadecimal digits. Reads slice by slice, so a memory map stays on disk.
    """
    digest = hashlib.sha256()
    for plane in voxels:
        kind = plane.dtype.newbyteorder("<")
        digest.update(np.ascontiguousarray(plane, dtype=kind).tobytes())
    return digest.hexdigest()
