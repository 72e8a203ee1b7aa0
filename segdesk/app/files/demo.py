"""The demo project: three thorax phantoms that segdesk makes itself, with known truth.

For trying the program without a scan at hand. The phantom's anatomy is `ops.phantom`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdesk.app.files import importing, joining
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.formats.export import export
from segdesk.ops.phantom import SEGMENTS, thorax
from segdesk.sentence import Sentence

SEEDS = (1, 2, 3)
PROJECT = "demo.segdesk"
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class DemoScan:
    """One phantom as files.

    Parameters
    ----------
    scan, truth : NRRD files
    labels : uint8, (slices, rows, columns), the truth itself
    """

    scan: Path
    truth: Path
    labels: npt.NDArray[np.uint8]


def write_scans(folder: Path, *, tell: Tell | None = None) -> tuple[DemoScan, ...]:
    """Write the phantoms and their truth as NRRD files, as a scanner and a reader would.

    Raises
    ------
    InputError
        Where the disk refuses.
    """
    made: list[DemoScan] = []
    for number, seed in enumerate(SEEDS, 1):
        if tell is not None:
            tell(Sentence("Making phantom {number} of {count}", number=number, count=len(SEEDS)))
        phantom = thorax(seed)
        scan, truth = folder / f"phantom-{number}.nrrd", folder / f"phantom-{number}-truth.nrrd"
        export(scan, phantom.voxels, phantom.grid)
        export(truth, phantom.truth, phantom.grid, names=SEGMENTS)
        made.append(DemoScan(scan, truth, phantom.truth))
    return tuple(made)


def make_project(path: Path, scans: tuple[DemoScan, ...]) -> None:
    """A project with the phantoms; the first has its truth, so that Train can be pressed at once.

    Raises
    ------
    ProjectError, InputError
        Where there is something already, or the disk refuses.
    """
    workbench = Workbench.create(path)
    try:
        for at, scan in enumerate(scans):
            found = importing.survey([scan.scan])
            labels = str(scan.truth) if at == 0 else ""
            for request in importing.requests(workbench, found.volumes, labels=labels):
                read = importing.read_in(workbench.folder, workbench.project.id, request)
                joining.take(workbench, read)
        saving.save(workbench)
    finally:
        workbench.close()
