"""How an evaluation is said: the object for scripts, the table and the sentences for people.

What is compared and how means are made is `app.runs.evaluating`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from segdesk.app.runs.distances import SurfacesOfCase
from segdesk.app.runs.evaluating import Evaluation, SegmentFigures
from segdesk.cli.report import figure, table
from segdesk.core.run import Run
from segdesk.ops.surfaces import TOLERANCES_MM


def said_of(result: Evaluation, run: Run, *, is_in_use: bool) -> list[str]:
    """Sentences: what the table does not tell by itself.

    Parameters
    ----------
    run : that was compared
    is_in_use : it is the project's run in use
    """
    which = f"{run.id}, the run in use," if is_in_use else f"{run.id}, which is not in use,"
    where = "every pool" if result.pool == "all" else f"the pool '{result.pool}'"
    said = [*result.notes, f"{which} on the slices of {where} that were called right."]
    compared = {row.case for row in result.cases}
    taught = [row.case for row in run.shares if row.teach and row.case in compared]
    if taught:
        said.append(f"It learnt from {', '.join(taught)}: figures there flatter.")
    said += [
        f"{result.run} never learnt {name}: it counts 0 where it is drawn."
        for name in result.unknown
    ]
    for row in result.segments:
        if row.absent:
            where = ", ".join(row.absent)
            said.append(f"{row.name} is nowhere in {where}: undefined there, left out of its mean.")
    if result.mean.empty and result.over == "slices":
        said.append(f"{result.mean.empty} slices are empty in both and left out of the means.")
    return said


def fields_of(result: Evaluation) -> dict[str, Any]:
    """The object for scripts; a figure that is undefined is null."""
    return {
        "run": result.run,
        "pool": result.pool,
        "over": result.over,
        **asdict(result.mean),
        "dice_interval": result.dice_interval,
        "unknown": list(result.unknown),
        "notes": list(result.notes),
        "segments": [
            {
                **_segment_fields(row),
                "dice_interval": row.dice_interval,
                "absent": list(row.absent),
            }
            for row in result.segments
        ],
        "cases": [
            {
                "case": row.case,
                **asdict(row.mean),
                "segments": [_segment_fields(one) for one in row.segments],
                "slices": [
                    {"slice": at.slice, "empty": at.figures.is_empty, **asdict(at.figures)}
                    for at in row.slices
                ],
            }
            for row in result.cases
        ],
    }


def _segment_fields(row: SegmentFigures) -> dict[str, Any]:
    mean = None if row.mean is None else asdict(row.mean)
    return {
        "segment": row.number,
        "name": row.name,
        **(mean or {"dice": None}),
        **_surface_fields(row.surfaces),
    }


def _surface_fields(apart: SurfacesOfCase | None) -> dict[str, Any]:
    """Nothing without a geometry."""
    if apart is None:
        return {}
    found = apart.figures
    shares = zip(TOLERANCES_MM, found.dice, strict=True)
    return {
        "hd95_mm": found.hd95_mm,
        "mean_surface_distance_mm": found.mean_mm,
        **{f"surface_dice_{mm:g}_mm": share for mm, share in shares},
        "surfaces_in_3d": apart.in_3d,
    }


def _farthest(segments: Sequence[SegmentFigures]) -> float | None:
    """HD95 of the segment that lies farthest off."""
    found = [row.surfaces.figures.hd95_mm for row in segments if row.surfaces is not None]
    return max((one for one in found if one is not None), default=None)


def table_of(result: Evaluation) -> Table:
    """A row for each case and one for all, with the Dice of each segment."""
    lines = [(row.case, row.mean, row.segments) for row in result.cases]
    lines.append((f"all, over {result.over}", result.mean, result.segments))
    columns = ["case", "slices", "Dice", "median", "IoU", "accuracy", "HD95 mm"]
    if len(result.segments) > 1:
        columns += [row.name for row in result.segments]
    slices = [row.mean.number for row in result.cases]
    rows = [
        (
            name,
            number,
            *map(figure, (mean.dice, mean.dice_median, mean.iou, mean.accuracy)),
            figure(_farthest(segments)),
            *(
                figure(None if row.mean is None else row.mean.dice)
                for row in (segments if len(segments) > 1 else ())
            ),
        )
        for (name, mean, segments), number in zip(lines, [*slices, sum(slices)], strict=True)
    ]
    return table(*columns, rows=rows)
