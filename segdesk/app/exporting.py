"""Masks and scans out, for other programs. How a format is written and read back: `formats`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

import numpy as np
import numpy.typing as npt

from segdesk.app.workbench import Workbench
from segdesk.core.volume import Volume
from segdesk.core.grid import Grid
from segdesk.errors import UsageError
from segdesk.formats.export import export as write_file

What = Literal["annotation", "prediction", "volume"]
WHATS: tuple[What, ...] = ("annotation", "prediction", "volume")


@dataclass(frozen=True, slots=True, eq=False)
class Export:
    """What is to be written, as it was when it was asked for; safe to hand to another thread."""

    voxels: npt.NDArray[np.int16] | npt.NDArray[np.uint8]
    grid: Grid
    names: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()

    def write(self, path: Path) -> tuple[str, ...]:
        """Write it; the name's ending says the format. Any thread.

        Returns
        -------
        Sentences to tell, such as what a format cannot keep.

        Raises
        ------
        UsageError
            Where the ending is unknown.
        InputError
            Where the disk refuses, or what was written reads back differently.
        """
        return (*write_file(path, self.voxels, self.grid, names=self.names), *self.notes)


def export(workbench: Workbench, case: str, what: What, path: Path) -> tuple[str, ...]:
    """Write a case's mask, newest prediction or scan now. See `Export.write`."""
    return prepare(workbench, case, what).write(path)


def prepare(workbench: Workbench, case: str, what: What) -> Export:
    """Freeze what is to be written. On the Workbench's thread.

    Raises
    ------
    UsageError
        Where there is no prediction.
    """
    row = workbench.project.case(case)
    names = tuple((segment.number, segment.name) for segment in workbench.segments)
    if what == "volume":
        notes: tuple[str, ...] = ()
        if (row.slope, row.intercept) != (1.0, 0.0):
            scale = f"value = stored × {row.slope:g} + {row.intercept:g}"
            notes = (f"The file holds the stored numbers: {scale}.",)
        return Export(workbench.volume(case).voxels, row.grid, notes=notes)
    if what == "prediction":
        prediction = workbench.prediction(case)
        if prediction is None:
            raise UsageError(f"There is no prediction of '{case}'.", "Train or predict first.")
        return Export(prediction.labels, row.grid, names)
    # A copy, because painting goes on while it is written.
    return Export(workbench.annotation(case).labels.copy(), row.grid, names)
