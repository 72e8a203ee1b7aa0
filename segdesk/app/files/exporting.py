"""Masks and scans out, for other programs. How a format is written and read back: `formats`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from segdesk.app.project.mask_alone import mask_alone
from segdesk.app.project.workbench import Workbench
from segdesk.core.case import AS_STORED, Axes
from segdesk.core.grid import Grid
from segdesk.core.status import SliceStatus
from segdesk.core.volume import Volume
from segdesk.errors import ProjectError, UsageError
from segdesk.formats.export import export as write_file
from segdesk.formats.planes import in_source_order
from segdesk.formats.rescale import LOWEST
from segdesk.sentence import Sentence

What = Literal["annotation", "prediction", "volume"]
WHATS: tuple[What, ...] = ("annotation", "prediction", "volume")


@dataclass(frozen=True, slots=True, eq=False)
class Export:
    """What is to be written, as it was when it was asked for; safe to hand to another thread.

    Parameters
    ----------
    content : a scan, or uint8 labels of the grid's shape
    axes : of the file that the case came from; what is written is in that file's order
    names : (number, name) of the segments
    is_prediction : its labels may be those of segments that were removed since; these stay out
    notes : sentences about what was asked for, told with those of the file
    check : raises ProjectError where the scan is not as it was imported
    """

    content: Volume | npt.NDArray[np.uint8]
    grid: Grid
    names: tuple[tuple[int, str], ...] = ()
    axes: Axes = AS_STORED
    is_prediction: bool = False
    notes: tuple[str, ...] = ()
    check: Callable[[], object] | None = None

    def write(self, path: Path) -> tuple[str, ...]:
        """Write it; the name's ending says the format. Any thread.

        Returns
        -------
        Sentences to tell, such as what a format cannot keep.

        Raises
        ------
        UsageError
            Where the ending is unknown, or the format cannot hold the numbers.
        InputError
            Where the disk refuses, or what was written reads back differently.
        """
        notes = self.notes
        if self.check is not None:
            self.check()
        if isinstance(self.content, Volume):
            array = values(self.content)
        elif self.is_prediction:
            array, said = _of_segments(self.content, [number for number, _ in self.names])
            notes += said
        else:
            array = self.content
        array, grid = in_source_order(array, self.grid, self.axes)
        return (*notes, *write_file(path, array, grid, names=self.names))


def export(workbench: Workbench, case: str, what: What, path: Path) -> tuple[str, ...]:
    """Write a case's mask, prediction or scan now. See `Export.write`."""
    try:
        prepared = prepare(workbench, case, what)
    except ProjectError as problem:
        if what != "annotation":
            raise
        prepared = prepare_alone(workbench, case, problem)
    return prepared.write(path)


def prepare(workbench: Workbench, case: str, what: What) -> Export:
    """Freeze what is to be written. On the Workbench's thread.

    Raises
    ------
    UsageError
        Where there is no prediction.
    """
    row = workbench.project.case(case)
    axes = row.source.axes
    names = tuple((segment.number, segment.name) for segment in workbench.segments)
    if what == "volume":
        return Export(
            workbench.volume(case),
            row.grid,
            axes=axes,
            check=lambda: workbench.folder.scans.location(row, checked=range(row.slices)),
        )
    if what == "prediction":
        prediction = workbench.prediction(case)
        if prediction is None:
            raise UsageError(
                Sentence("There is no prediction of '{case}'.", case=case),
                "Train or predict first.",
            )
        return Export(prediction.whole(), row.grid, names, axes, is_prediction=True)
    workbench.settle()
    # A copy, because painting goes on while it is written.
    labels = workbench.annotation(case).labels.copy()
    notes = tuple(filter(None, [unseen(workbench, case)]))
    return Export(labels, row.grid, names, axes, notes=notes)


def prepare_alone(workbench: Workbench, case: str, problem: ProjectError) -> Export:
    """The mask of a case whose scan cannot be read, as it is on the disk. Any thread.

    Parameters
    ----------
    problem : why the case cannot be read

    Raises
    ------
    ProjectError
        Where it is the mask that cannot be read.
    """
    row = workbench.project.case(case)
    mask, misfits, older, damage = mask_alone(workbench, case)
    names = tuple((segment.number, segment.name) for segment in workbench.segments)
    if misfits:
        said = Sentence.counted(
            "{n} change made since does not fit the mask of '{case}' and is not in it. {problem}",
            "{n} changes made since do not fit the mask of '{case}' and are not in it. {problem}",
            misfits,
            case=case,
            problem=problem.sentence,
        )
    elif older or damage or workbench.lost:
        said = Sentence(
            "The mask of '{case}' needs no scan. {problem}", case=case, problem=problem.sentence
        )
    else:
        said = Sentence(
            "The mask of '{case}' is whole and needs no scan. {problem}",
            case=case,
            problem=problem.sentence,
        )
    partly = older and Sentence(
        "It is the mask of {older}: what else was changed since may not be in it.", older=older
    )
    notes = tuple(filter(None, [said, partly, damage, _unseen(mask.statuses)]))
    return Export(mask.labels, row.grid, names, row.source.axes, notes=notes)


def _of_segments(
    labels: npt.NDArray[np.uint8], numbers: Sequence[int]
) -> tuple[npt.NDArray[np.uint8], tuple[str, ...]]:
    """A prediction without what no segment of today is, and a sentence where that is something."""
    counts = np.zeros(256, np.int64)
    # Plane by plane, because bincount makes an int64 of every voxel.
    for plane in labels:
        counts += np.bincount(plane.reshape(-1), minlength=256)
    counts[[0, *numbers]] = 0
    gone = int(counts.sum())
    if not gone:
        return labels, ()
    lookup = np.where(counts, 0, np.arange(256)).astype(np.uint8)
    said = Sentence.counted(
        "1 voxel of segments that were removed since were left out.",
        "{n} voxels of segments that were removed since were left out.",
        gone,
    )
    return lookup[labels], (said,)


def unseen(workbench: Workbench, case: str) -> str:
    """How many slices of a mask nobody has looked at, as a sentence; empty where none."""
    return _unseen(workbench.statuses(case))


def _unseen(statuses: Sequence[SliceStatus]) -> str:
    empty, proposed = (
        sum(status is wanted for status in statuses)
        for wanted in (SliceStatus.UNLABELLED, SliceStatus.PREDICTED)
    )
    if not empty + proposed:
        return ""
    kinds = (
        (empty, Sentence("{count} unlabelled", count=empty)),
        (proposed, Sentence("{count} as the prediction has them", count=proposed)),
    )
    return Sentence(
        "Nobody has looked at {unseen} of the {count} slices ({what}).",
        unseen=empty + proposed,
        count=len(statuses),
        what=Sentence.joined((words for count, words in kinds if count), ", "),
    )


def values(volume: Volume) -> npt.NDArray[Any]:
    """What the stored numbers of a scan stand for, in the smallest type that keeps them.

    Returns
    -------
    (slices, rows, columns): int16 (HU, and what was int16), uint16, int32 or int64 where the
    numbers were only shifted, else float32, or float64 where float32 is coarser than their steps;
    in colour uint8, (slices, rows, columns, 3).
    """
    slope, intercept = volume.slope, volume.intercept
    if (slope, intercept) == (1.0, 0.0):
        return volume.voxels
    if slope == 1.0 and intercept.is_integer():
        shift = int(intercept)
        low, high = int(volume.voxels.min()) + shift, int(volume.voxels.max()) + shift
        for kind in (np.uint16, np.int32, np.int64):
            if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
                # Added as int64 (the shift alone may be no number of the kind), plane by plane.
                whole = np.empty(volume.grid.shape, kind)
                for plane, stored in zip(whole, volume.voxels, strict=True):
                    plane[:] = stored.astype(np.int64) + shift
                return whole
    largest = abs(intercept) + slope * -LOWEST
    is_fine = float(np.spacing(np.float32(largest))) <= slope / 2
    found = np.empty(volume.grid.shape, np.float32 if is_fine else np.float64)
    for plane, stored in zip(found, volume.voxels, strict=True):
        plane[:] = stored * slope + intercept
    return found
