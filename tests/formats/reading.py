"""How the tests of this room read: everything through the door."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from hypothesis import HealthCheck, settings

from segdesk.formats.intake import Finding, Scan, open_scan, survey

#: A property may use one folder for all its examples, and disks are slow.
QUICK = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
SALT = "salt"


def voxels(scan: Scan) -> npt.NDArray[np.int16]:
    """All planes, int16."""
    return np.stack([scan.plane(index) for index in range(scan.grid.shape[0])])


def values(scan: Scan) -> npt.NDArray[np.float64]:
    """What the source gave, by the rescale that is kept."""
    return voxels(scan).astype(np.float64) * scan.slope + scan.intercept


def only(source: Path | str) -> Finding:
    """The one volume that a source holds."""
    (finding,) = survey([source]).volumes
    return finding


def opened(source: Path | str) -> Scan:
    """The one volume that a source holds, open."""
    return open_scan(only(source), salt=SALT)
