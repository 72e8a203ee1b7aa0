"""Window and level: which values are drawn black and which white.

A window never touches voxels. `grey_table` is the only arithmetic; `ui.canvas` draws with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Window:
    """Centre (level) and width, in the volume's values (HU where it has them)."""

    level: float
    width: float

    def __post_init__(self) -> None:
        if not self.width > 0:
            raise ValueError(f"expected width > 0, received width={self.width}")

    @property
    def bounds(self) -> tuple[float, float]:
        """The value that is drawn black and the one that is drawn white."""
        return self.level - self.width / 2, self.level + self.width / 2


#: Presets in HU: name -> window. Figures as in the field's usual PACS settings.
PRESETS: dict[str, Window] = {
    "lung": Window(-600, 1500),
    "mediastinum": Window(40, 400),
    "bone": Window(400, 1800),
    "soft": Window(50, 350),
}


#: Of pictures in colour: each part as bright as it is stored.
AS_IT_IS = Window(127.5, 255)


def grey_table(
    window: Window, *, slope: float = 1.0, intercept: float = 0.0
) -> npt.NDArray[np.uint32]:
    """Table from a stored int16, viewed as uint16, to opaque 0xffRRGGBB grey.

    Parameters
    ----------
    window : in values
    slope, intercept : of the volume, value = stored * slope + intercept

    Returns
    -------
    uint32, (65536,), indexed by ``stored.view(uint16)``
    """
    stored = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.float64)
    low, high = window.bounds
    grey = np.clip((stored * slope + intercept - low) / (high - low) * 255.0 + 0.5, 0, 255)
    grey32 = grey.astype(np.uint32)
    return (0xFF000000 | grey32 << 16 | grey32 << 8 | grey32).astype(np.uint32)


def windowed(
    stored: npt.NDArray[np.int16 | np.uint8],
    table: npt.NDArray[np.uint32],
    out: npt.NDArray[np.uint32] | None = None,
) -> npt.NDArray[np.uint32]:
    """Stored voxels of a slice as 0xffRRGGBB.

    Parameters
    ----------
    stored : int16, (rows, columns), or uint8, (rows, columns, 3), in colour: each of its channels
        goes through the window by itself
    table : from `grey_table`
    out : uint32, (rows, columns), written in place; None: a new one
    """
    if stored.ndim == 2:
        return table.take(np.ascontiguousarray(stored).view(np.uint16), out=out, mode="clip")
    parts = table[:256].take(stored) & np.uint32(0xFF)
    found = np.empty(stored.shape[:2], np.uint32) if out is None else out
    found[:] = 0xFF000000 | parts[..., 0] << 16 | parts[..., 1] << 8 | parts[..., 2]
    return found


def rgb_bytes(pixels: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    """uint8, (rows, columns, 3), of 0xffRRGGBB."""
    shifts = np.array([16, 8, 0], np.uint32)
    return (pixels[..., None] >> shifts & np.uint32(0xFF)).astype(np.uint8)


def full_range(low: float, high: float) -> Window:
    """The window that shows every value between two bounds."""
    return Window((low + high) / 2, max(high - low, 1e-6))
