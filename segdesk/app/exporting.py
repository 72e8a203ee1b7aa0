"""Masks and scans out, for other programs. How a format is written and read back: `formats`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from segdesk.app.workbench import Workbench
from segdesk.errors import UsageError
from segdesk.formats.export import export as write_file

What = Literal["annotation", "prediction", "volume"]
WHATS: tuple[What, ...] = ("annotation", "prediction", "volume")


def export(workbench: Workbench, case: str, what: What, path: Path) -> tuple[str, ...]:
    """Write a case's mask, newest prediction or scan; the name's ending says the format.

    Returns
    -------
    Sentences to tell, such as what a format cannot keep.

    Raises
    ------
    UsageError
        Where there is no prediction, or the ending is unknown.
    InputError
        Where the disk refuses, or what was written reads back differently.
    """
    row = workbench.project.case(case)
    names = tuple((segment.number, segment.name) for segment in workbench.segments)
    if what == "volume":
        volume = workbench.volume(case)
        notes = write_file(path, volume.voxels, row.grid)
        if (row.slope, row.intercept) != (1.0, 0.0):
            scale = f"value = stored × {row.slope:g} + {row.intercept:g}"
            notes = (*notes, f"The file holds the stored numbers: {scale}.")
        return notes
    if what == "prediction":
        prediction = workbench.prediction(case)
        if prediction is None:
            raise UsageError(f"There is no prediction of '{case}'.", "Train or predict first.")
        return write_file(path, prediction.labels, row.grid, names=names)
    return write_file(path, workbench.annotation(case).labels, row.grid, names=names)
