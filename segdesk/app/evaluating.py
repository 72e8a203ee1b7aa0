"""How good a run is: its predictions against what a person has called right.

The figures themselves are `ops.metrics`. Only slices that teach as a whole are compared; a partial
slice says nothing about the voxels that nobody touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from segdesk.app.workbench import Workbench
from segdesk.core.case import Case
from segdesk.core.run import Run
from segdesk.core.split import Pool
from segdesk.errors import UsageError
from segdesk.ops.metrics import Figures, Summary, compare_segments, summary

PoolChoice = Literal["validation", "test", "train", "all"]
POOL_CHOICES: tuple[PoolChoice, ...] = ("validation", "test", "train", "all")


@dataclass(frozen=True, slots=True)
class SliceFigures:
    """Figures of one slice, by its index from 0."""

    slice: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class CaseFigures:
    """Figures of one case: means over its slices, and the slices."""

    case: str
    mean: Summary
    slices: tuple[SliceFigures, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of one run on one pool: means over all slices, and the cases."""

    run: str
    pool: PoolChoice
    mean: Summary
    cases: tuple[CaseFigures, ...]


def slices_to_evaluate(workbench: Workbench, pool: PoolChoice) -> dict[str, tuple[int, ...]]:
    """For each case the slices of a pool that a person has called right.

    Changes nothing: who has not joined the split yet is in no pool, only in "all". See
    `said_of_waiting`, and `teaching.keep_split` to draw for them.

    Raises
    ------
    UsageError
        Where there is none.
    """
    pools = dict(workbench.project.split.pools)
    chosen: dict[str, tuple[int, ...]] = {}
    for case in workbench.project.cases:
        indices = _chosen(workbench, case, pools, pool)
        if indices:
            chosen[case.id] = indices
    if not chosen:
        where = "of this project" if pool == "all" else f"in the pool '{pool}'"
        hint = "Correct some slices, set a case's pool, or choose --pool all."
        raise UsageError(
            f"No slice {where} is corrected or verified, so there is nothing to compare with.",
            " ".join(filter(None, [said_of_waiting(workbench), hint])),
        )
    return chosen


def _chosen(
    workbench: Workbench, case: Case, pools: Mapping[str, Pool], pool: PoolChoice
) -> tuple[int, ...]:
    return tuple(
        index
        for index, status in enumerate(workbench.statuses(case.id))
        if status.teaches_whole and pool in ("all", _pool_of(case, index, pools))
    )


def _pool_of(case: Case, index: int, pools: Mapping[str, Pool]) -> Pool | None:
    return case.pool or pools.get(case.patient_of(index))


def said_of_waiting(workbench: Workbench) -> str:
    """A sentence where cases with a slice that is right have no pool yet, or an empty one."""
    pools = dict(workbench.project.split.pools)
    waiting = [
        case.id
        for case in workbench.project.cases
        if any(
            status.teaches_whole and _pool_of(case, index, pools) is None
            for index, status in enumerate(workbench.statuses(case.id))
        )
    ]
    if not waiting:
        return ""
    verb = "is" if len(waiting) == 1 else "are"
    return f"{', '.join(waiting)} {verb} in no pool before the next training, only in 'all'."


def without_prediction(
    workbench: Workbench, run: Run, cases: dict[str, tuple[int, ...]]
) -> list[str]:
    """The cases that the run has not predicted yet."""
    return [id for id in cases if run.id not in workbench.project.case(id).predictions]


def evaluate(
    workbench: Workbench, run: Run, pool: PoolChoice, chosen: dict[str, tuple[int, ...]]
) -> Evaluation:
    """Compare a run's predictions with the slices that were chosen.

    Parameters
    ----------
    chosen : from `slices_to_evaluate`; every case has been predicted by the run

    Raises
    ------
    UsageError
        Where a case was not predicted by the run.
    """
    numbers = [number for number, _ in run.segments]
    rows: list[CaseFigures] = []
    for id, indices in chosen.items():
        prediction = workbench.prediction(id, run.id)
        if prediction is None:
            raise UsageError(f"'{run.id}' has not predicted '{id}'.", "Predict it first.")
        labels = workbench.annotation(id).labels
        grid = workbench.project.case(id).grid
        voxel_ml = grid.voxel_ml if grid.stacked else None
        slices = tuple(
            SliceFigures(
                index,
                compare_segments(
                    labels[index], prediction.labels[index], numbers, voxel_ml=voxel_ml
                ),
            )
            for index in indices
        )
        rows.append(CaseFigures(id, _mean(slices), slices))
    everything = tuple(row for case in rows for row in case.slices)
    return Evaluation(run.id, pool, _mean(everything), tuple(rows))


def _mean(slices: tuple[SliceFigures, ...]) -> Summary:
    mean = summary(row.figures for row in slices)
    if mean is None:
        raise ValueError("expected at least one voxel to compare")
    return mean
