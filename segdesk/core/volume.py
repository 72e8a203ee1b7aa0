"""The voxels of one scan: the `Volume`, read-only int16 on a Grid.

Where they lie on disk belongs to `store.volume_file`; how they are drawn to `core.window` and
`ui.canvas`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from segdesk.core.grid import Grid

Unit = Literal["HU", "raw"]
Voxels = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """A scan. Frozen; shared freely between threads.

    Parameters
    ----------
    grid : Grid
    voxels : int16, (slices, rows, columns), not writeable; usually a memory map
    unit : "HU", or "raw" for arrays whose numbers mean nothing known
    slope, intercept : the linear rescale that made the int16: value = stored * slope + intercept.
        1 and 0 for HU.
    """

    grid: Grid
    voxels: Voxels
    unit: Unit = "HU"
    slope: float = 1.0
    intercept: float = 0.0

    def __post_init__(self) -> None:
        if self.voxels.dtype != np.int16 or self.voxels.shape != self.grid.shape:
            raise ValueError(
                f"expected int16 of shape {self.grid.shape}, "
                f"received {self.voxels.dtype} {self.voxels.shape}"
            )
        if self.voxels.flags.writeable:
            raise ValueError("expected read-only voxels, received a writeable array")

    def value(self, stored: float) -> float:
        """The value that the source gave for a stored number."""
        return stored * self.slope + self.intercept


def fingerprint(voxels: Voxels) -> str:
    """SHA-256 of stored int16, little-endian, C order, slices along the normal.

    Parameters
    ----------
    voxels : int16, (slices, rows, columns)

    Returns
    -------
    64 hexadecimal digits. Reads slice by slice, so a memory map stays on disk.
    """
    digest = hashlib.sha256()
    for plane in voxels:
        digest.update(np.ascontiguousarray(plane, dtype="<i2").tobytes())
    return digest.hexdigest()
