"""How good a run is: its predictions against what a person has called right.

The figures themselves are `ops.metrics`. Only slices that teach as a whole are compared; a partial
slice says nothing about the voxels that nobody touched. A segment is left out on a slice that is
not complete for it: nobody has looked for it there. A case's figures come from counts added up
over its slices; where no case has a geometry, each slice is an image of its own and stands for
itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs.distances import SurfacesOfCase, mean_of, surfaces_of_case
from segdesk.core.case import Case
from segdesk.core.run import Run
from segdesk.core.split import Pool
from segdesk.errors import ProjectError, ProjectGone, UsageError
from segdesk.ops.intervals import Interval, interval
from segdesk.ops.metrics import (
    Figures,
    Summary,
    Tally,
    figures,
    overall,
    summary,
    tally,
)
from segdesk.sentence import Sentence

PoolChoice = Literal["validation", "test", "train", "all"]
Over = Literal["cases", "slices"]
POOL_CHOICES: tuple[PoolChoice, ...] = ("validation", "test", "train", "all")


@dataclass(frozen=True, slots=True)
class SliceFigures:
    """Figures of one slice, by its index from 0: for finding the worst, not for a case's mean."""

    slice: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class SegmentFigures:
    """Figures of one segment, of a case or over all.

    Parameters
    ----------
    number, name : of the segment
    mean : of its counts in a case; over all, or over slices, a mean of those that have it; None
        where it was compared nowhere
    absent : cases without a voxel of it in truth and prediction: it is undefined there
    surfaces : how far they lie apart; over all, means over the cases that have the figure, and in
        3-D where all of them are; None where no case has a geometry
    dice_interval : of the mean Dice over all, 95 %; None for a case, and under two that have it
    """

    number: int
    name: str
    mean: Summary | None
    absent: tuple[str, ...] = ()
    surfaces: SurfacesOfCase | None = None
    dice_interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class CaseFigures:
    """Figures of one case, of each segment in it, and of its slices.

    `mean` is made of the case's counts, with the number of its slices and the median over them; it
    is a mean over slices where each stands for itself.
    """

    case: str
    mean: Summary
    segments: tuple[SegmentFigures, ...]
    slices: tuple[SliceFigures, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of one run on one pool: means over cases or slices, and the cases.

    Parameters
    ----------
    over : what the means are over. "slices" where no case has a geometry between its slices; where
        both kinds meet, a case without one counts as one case
    unknown : names of segments that the run never learnt: they are 0 wherever they are drawn
    notes : sentences about cases that are left out, because they cannot be read
    dice_interval : of the mean Dice, 95 %, from the spread over cases or slices; None under two
    """

    run: str
    pool: PoolChoice
    over: Over
    mean: Summary
    segments: tuple[SegmentFigures, ...]
    cases: tuple[CaseFigures, ...]
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    dice_interval: Interval | None = None


def slices_to_evaluate(workbench: Workbench, pool: PoolChoice) -> dict[str, tuple[int, ...]]:
    """For each case the slices of a pool that a person has called right, for any of the segments.

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
        nothing = (
            Sentence(
                "No slice of this project is corrected or verified, so there is nothing to "
                "compare with."
            )
            if pool == "all"
            else Sentence(
                "No slice in the pool '{pool}' is corrected or verified, so there is nothing to "
                "compare with.",
                pool=pool,
            )
        )
        hint = Sentence("Call slices right, set a case's pool, or choose --pool all.")
        said = (said_of_waiting(workbench), _said_of_one_patient(workbench, pool), hint)
        raise UsageError(nothing, Sentence.joined(said))
    return chosen


def _chosen(
    workbench: Workbench, case: Case, pools: Mapping[str, Pool], pool: PoolChoice
) -> tuple[int, ...]:
    numbers, complete = workbench.segments.numbers, workbench.complete(case.id)
    return tuple(
        index
        for index, status in enumerate(workbench.statuses(case.id))
        if status.teaches_whole
        and pool in ("all", _pool_of(case, index, pools))
        and not (numbers and complete[index].isdisjoint(numbers))
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
    return Sentence.counted(
        "{names} is in no pool before the next training, only in 'all'.",
        "{names} are in no pool before the next training, only in 'all'.",
        len(waiting),
        names=", ".join(waiting),
    )


def _said_of_one_patient(workbench: Workbench, pool: PoolChoice) -> str:
    """Why nobody is in the pool although the training said that slices validate; or ""."""
    cases = workbench.project.cases
    patients = {case.patient_of(0) for case in cases}
    if pool != "validation" or len(patients) != 1 or not all(case.grid.stacked for case in cases):
        return ""
    return Sentence(
        "With scans of one patient alone a training validates on slices of those "
        "that teach; its figure stands with the run (segdesk info)."
    )


def without_prediction(
    workbench: Workbench, run: Run, cases: dict[str, tuple[int, ...]]
) -> list[str]:
    """The cases that the run has not predicted yet."""
    return [id for id in cases if run.id not in workbench.project.case(id).predictions]


def evaluate(
    workbench: Workbench, run: Run, pool: PoolChoice, chosen: dict[str, tuple[int, ...]]
) -> Evaluation:
    """Compare a run's predictions with the slices that were chosen.

    A case whose mask or prediction cannot be read is left out with a note.

    Parameters
    ----------
    chosen : from `slices_to_evaluate`; every case has been predicted by the run

    Raises
    ------
    UsageError
        Where a case was not predicted by the run, or the project has no segment.
    ProjectError
        Where no case can be read.
    """
    names = {segment.number: segment.name for segment in workbench.segments}
    if not names:
        raise UsageError("The project has no segment to compare.", "Add one first.")
    learnt = {number for number, _ in run.segments}
    counted: list[_Counted] = []
    damaged: dict[str, ProjectError] = {}
    for id, indices in chosen.items():
        try:
            counted.append(_count(workbench, run, id, indices, names))
        except ProjectGone:
            raise
        except ProjectError as error:
            damaged[id] = error
    if not counted and damaged:
        raise next(iter(damaged.values()))
    independent = not any(workbench.project.case(row.case).grid.stacked for row in counted)
    units = [unit for one in counted for unit in one.units(independent=independent)]
    rows = [overall(unit, voxel_ml=ml) for unit, ml in units]
    return Evaluation(
        run=run.id,
        pool=pool,
        over="slices" if independent else "cases",
        mean=_summary(rows),
        segments=tuple(_segment(at, name, units, counted) for at, name in names.items()),
        cases=tuple(_case(one, names, independent=independent) for one in counted),
        unknown=tuple(name for number, name in names.items() if number not in learnt),
        notes=tuple(
            Sentence("{problem} '{id}' is left out.", problem=error.sentence, id=id)
            for id, error in damaged.items()
        ),
        dice_interval=interval(row.dice for row in rows),
    )


#: Counts that stand for themselves in a mean, of a case or a slice, and mL in a voxel.
_Unit = tuple[Tally, float | None]


@dataclass(frozen=True, slots=True)
class _Counted:
    """A case's counts, slice by slice."""

    case: str
    indices: tuple[int, ...]
    slices: tuple[Tally, ...]
    voxel_ml: float | None
    surfaces: Mapping[int, SurfacesOfCase]

    @property
    def total(self) -> Tally:
        return sum(self.slices, Tally())

    def units(self, *, independent: bool) -> list[_Unit]:
        units = self.slices if independent else (self.total,)
        return [(unit, self.voxel_ml) for unit in units]

    def lacks(self, number: int) -> bool:
        """It was compared, and neither truth nor prediction has a voxel of the segment."""
        counts = dict(self.total.segments).get(number)
        return counts is not None and not counts.in_truth and not counts.in_prediction


def _count(
    workbench: Workbench, run: Run, id: str, indices: tuple[int, ...], numbers: Iterable[int]
) -> _Counted:
    row = workbench.project.case(id)
    prediction = workbench.prediction(id, run.id)
    if prediction is None and run.id in row.predictions:
        raise ProjectError(
            Sentence("What '{run}' predicted of '{id}' cannot be read.", run=run.id, id=id),
            "Predict it again.",
        )
    if prediction is None:
        raise UsageError(
            Sentence("'{run}' has not predicted '{id}'.", run=run.id, id=id), "Predict it first."
        )
    workbench.settle()
    annotation = workbench.annotation(id)
    labels = annotation.labels
    grid = workbench.project.case(id).grid
    wanted = frozenset(numbers)
    slices = tuple(
        tally(labels[at], prediction.of_slice(at), wanted & annotation.complete_for(at))
        for at in indices
    )
    apart = surfaces_of_case(annotation, prediction.whole(), indices, wanted, grid)
    return _Counted(id, indices, slices, grid.voxel_ml if grid.stacked else None, apart)


def _case(counted: _Counted, names: Mapping[int, str], *, independent: bool) -> CaseFigures:
    """A case's row: its own counts, or means over its slices where each stands for itself."""
    slices = tuple(
        SliceFigures(at, overall(one, voxel_ml=counted.voxel_ml))
        for at, one in zip(counted.indices, counted.slices, strict=True)
    )
    mean = _summary(row.figures for row in slices)
    if not independent:
        own = _summary([overall(counted.total, voxel_ml=counted.voxel_ml)])
        mean = replace(own, number=mean.number, empty=mean.empty, dice_median=mean.dice_median)
    units = counted.units(independent=independent)
    segments = tuple(_segment(at, name, units, [counted]) for at, name in names.items())
    return CaseFigures(counted.case, mean, segments, slices)


def _segment(
    number: int, name: str, units: Sequence[_Unit], cases: Sequence[_Counted]
) -> SegmentFigures:
    """One segment over the units in which it was compared."""
    rows = [
        figures(counts, voxel_ml=ml)
        for unit, ml in units
        for at, counts in unit.segments
        if at == number
    ]
    absent = tuple(one.case for one in cases if one.lacks(number))
    apart = mean_of([one.surfaces[number] for one in cases if number in one.surfaces])
    between = interval(row.dice for row in rows)
    return SegmentFigures(number, name, summary(rows), absent, apart, between)


def _summary(rows: Iterable[Figures]) -> Summary:
    mean = summary(rows)
    if mean is None:
        raise ValueError("expected at least one voxel to compare")
    return mean
