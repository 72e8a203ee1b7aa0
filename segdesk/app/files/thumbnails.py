"""A small picture of the middle slice of what was found, before anything is imported."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segdesk.core.window import AS_IT_IS, PRESETS, full_range, grey_table, rgb_bytes, windowed
from segdesk.formats.intake import Finding, open_scan

#: Of what is compressed as a whole, no more than this is unpacked for a picture, in bytes.
MOST_UNPACKED = 256 << 20


def thumbnail(finding: Finding, side: int) -> tuple[npt.NDArray[np.uint8], float]:
    """The middle slice through the lung's window, or through the file's own range.

    May run on a worker. Read as it is stored; nothing is kept.

    Parameters
    ----------
    finding : without a problem
    side : the longer side has at most twice so many pixels

    Returns
    -------
    picture : uint8, (rows, columns, 3)
    aspect : height of a pixel over its width

    Raises
    ------
    InputError
        Where the slice cannot be read.
    """
    scan = open_scan(finding, salt="")
    plane = scan.plane(scan.grid.shape[0] // 2)
    step = max(1, max(plane.shape) // (2 * side))
    stored = np.ascontiguousarray(plane[::step, ::step])
    values = stored * scan.slope + scan.intercept
    window = full_range(float(values.min()), float(values.max()))
    if scan.unit == "HU":
        window = PRESETS["lung"]
    elif scan.unit == "RGB":
        window = AS_IT_IS
    table = grey_table(window, slope=scan.slope, intercept=scan.intercept)
    spacing = finding.spacing_mm
    return rgb_bytes(windowed(stored, table)), 1.0 if spacing is None else spacing[1] / spacing[2]


def is_cheap(finding: Finding) -> bool:
    """Whether a picture costs little: one slice, or a file that is soon unpacked."""
    is_packed = any(file.suffix in (".gz", ".npz") for file in finding.files)
    return not finding.problem and not (is_packed and finding.nbytes > MOST_UNPACKED)
