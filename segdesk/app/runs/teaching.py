"""Which slices teach, who validates, and the target arrays: what a training learns from.

Rules from `core.status` and `core.split`; the result is written into a Bundle by `bundling`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Provenance
from segdesk.core.case import Case
from segdesk.core.segment import Segment
from segdesk.core.share import Share
from segdesk.core.split import Fold, Pool, Split
from segdesk.core.status import Complete, SliceStatus
from segdesk.errors import TrainingError
from segdesk.jobs.bundle import IGNORE
from segdesk.sentence import Sentence

FLATTERS = Sentence("validated on neighbouring slices of the same scans, so the figure flatters")
HONEST = Sentence("validated on patients that did not teach")
INDEPENDENT = Sentence("validated on slices that did not teach")
NOBODY = Sentence("no validation slice yet")
ALL_TEACH = Sentence("all slices teach, so nothing was kept out to measure it on")
#: Share of teaching slices that validate where there is only one patient.
BLOCK = 0.2
#: By status, whether anything on the slice teaches.
_TEACHES = np.array([status.teaches for status in SliceStatus])
_TEACHES_WHOLE = np.array([status.teaches_whole for status in SliceStatus])

#: Why slices that somebody has said something of take no part; as in `Share`.
Aside = Literal["between", "test", "in_part", "predicted", "rejected"]


@dataclass(frozen=True, slots=True)
class Choice:
    """The slices of one case in one pool."""

    case: str
    pool: Pool
    slices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Slices of one case that take no part, and why."""

    case: str
    why: Aside
    slices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Curriculum:
    """Who teaches and who validates, who does not and why, and what the validation figure means.

    Parameters
    ----------
    choices : of the pools train and validation
    left_out : the slices that somebody has said something of and that take no part
    validation : sentence
    split : with every patient
    """

    choices: tuple[Choice, ...]
    left_out: tuple[LeftOut, ...]
    validation: str
    split: Split

    def count(self, pool: Pool) -> int:
        return sum(len(choice.slices) for choice in self.choices if choice.pool == pool)

    def shares(self, cases: Iterable[str]) -> tuple[Share, ...]:
        """What each case has of each, in the order of `cases`; none of those that have nothing."""
        counts: dict[str, Counter[str]] = {}
        for choice in self.choices:
            role = "teach" if choice.pool == "train" else "validate"
            counts.setdefault(choice.case, Counter())[role] += len(choice.slices)
        for row in self.left_out:
            counts.setdefault(row.case, Counter())[row.why] += len(row.slices)
        return tuple(Share(id, **counts[id]) for id in cases if id in counts)


def pool_of(case: Case, index: int, pools: Mapping[str, Pool]) -> Pool:
    """Pool of a slice: the case's own where it was set by hand, else its patient's.

    Parameters
    ----------
    pools : of every patient, as the split has them

    Raises
    ------
    ValueError
        Where the patient has not joined the split.
    """
    pool = case.pool or pools.get(case.patient_of(index))
    if pool is None:
        raise ValueError(f"expected the patient of {case.id} in the split")
    return pool


def why_nothing_teaches(workbench: Workbench, *, validates: bool = True) -> TrainingError | None:
    """The refusal where no slice of the training pool teaches; None where one does.

    Quick, for a button's tooltip: a patient who has not joined the split counts as training.

    Parameters
    ----------
    validates : as for `curriculum`
    """
    teach: tuple[Pool, ...] = ("train",) if validates else ("train", "validation")
    pools = dict(workbench.project.split.pools)
    teaches = False
    for case, statuses in workbench.each_case():
        teaching = _tally(statuses).teaching
        teaches |= bool(teaching)
        for index in teaching:
            pool = case.pool or pools.get(case.patient_of(index), "train")
            if pool in teach:
                return None
            if case.grid.stacked:
                break
    return _refusal(teaches=teaches)


def refusal(workbench: Workbench) -> TrainingError:
    """What is missing, where the training pool is known to teach nothing."""
    return _refusal(teaches=any(_tally(statuses).teaching for _, statuses in workbench.each_case()))


def _refusal(*, teaches: bool) -> TrainingError:
    if teaches:
        return TrainingError(
            "Every slice that is right belongs to a case that validates or tests.",
            "Correct a slice of a training case, or move one of these cases to the training pool.",
        )
    return TrainingError(
        "No slice teaches yet.", "Paint one and say that it is right once all of it is."
    )


def joined_split(workbench: Workbench) -> Split:
    """The project's split with every patient whose pool is not set by hand.

    Patients of whom something teaches already join first: the first of them goes to training, so
    that the only scan that anybody has painted is never the one that is held back. Of several it
    is the one with the most right slices.
    """
    taught: list[str] = []
    right: dict[str, tuple[int, int]] = {}
    others: list[str] = []
    for case, statuses in workbench.each_case():
        if case.pool is not None:
            continue
        teaching, sound, *_ = _tally(statuses)
        if case.grid.stacked:
            patient = case.patient_of(0)
            (taught if teaching else others).append(patient)
            whole, some = right.get(patient, (0, 0))
            right[patient] = whole + len(sound), some + len(teaching)
            continue
        teaches = set(teaching)
        for index in range(case.slices):
            (taught if index in teaches else others).append(case.patient_of(index))
    return workbench.project.split.joined(taught, right).joined(others)


def keep_split(workbench: Workbench) -> None:
    """Draw for the patients who have not joined, as a training does, and keep it."""
    split = joined_split(workbench)
    if split != workbench.project.split:
        workbench.put_project(replace(workbench.project, split=split))


def curriculum(
    workbench: Workbench, fold: Fold | None = None, *, validates: bool = True
) -> Curriculum:
    """Choose the slices that teach and those that validate, by status and split.

    Where nobody validates, blocks of the slices that teach do. Costs little where most slices are
    unlabelled, so that a panel may ask after each of them that was called right.

    Parameters
    ----------
    fold : of the patients of whom something teaches; it validates in place of the pool. A pool that
        was set by hand stays, and so does the split
    validates : False: those that would validate teach too; those that test never do

    Raises
    ------
    TrainingError
        Where nobody of the fold validates.
    """
    split = joined_split(workbench)
    pools = dict((split if fold is None else _folded(workbench, split, fold)).pools)
    teaching: list[Choice] = []
    validating: list[Choice] = []
    left_out: list[LeftOut] = []
    independent = False
    for case, statuses in workbench.each_case():
        rows: dict[Pool, list[int]] = {"train": [], "validation": [], "test": []}
        tally = _tally(statuses)
        if case.grid.stacked and tally.teaching:
            rows[pool_of(case, 0, pools)] += tally.teaching
        else:
            for index in tally.teaching:
                rows[pool_of(case, index, pools)].append(index)
        if not validates:
            rows["train"] = sorted(rows["train"] + rows["validation"])
            rows["validation"] = []
        whole = _whole(statuses, rows["validation"])
        left_out += _aside(case.id, tally, rows, whole)
        if rows["train"]:
            teaching.append(Choice(case.id, "train", tuple(rows["train"])))
        if whole:
            validating.append(Choice(case.id, "validation", whole))
            independent |= not case.grid.stacked
    if fold is not None and not validating:
        raise TrainingError(
            Sentence("No slice that is right validates in fold {name}.", name=fold.name),
            "Choose fewer folds, or call slices of more patients right.",
        )
    if validating:
        meaning = INDEPENDENT if independent else HONEST
        return Curriculum((*teaching, *validating), tuple(left_out), meaning, split)
    if not validates:
        return Curriculum(tuple(teaching), tuple(left_out), ALL_TEACH, split)
    return _with_blocks(workbench, teaching, left_out, split)


def _folded(workbench: Workbench, split: Split, fold: Fold) -> Split:
    patients: set[str] = set()
    for case, statuses in workbench.each_case():
        if case.pool is None:
            patients.update(map(case.patient_of, _tally(statuses).teaching))
    return split.folded(fold, patients)


class _Tally(NamedTuple):
    """What the statuses of a case say, slices ascending.

    Parameters
    ----------
    teaching : anything on them teaches; whole : all of it does
    """

    teaching: tuple[int, ...]
    whole: tuple[int, ...]
    predicted: tuple[int, ...]
    rejected: tuple[int, ...]

    @classmethod
    def of(cls, statuses: Sequence[SliceStatus]) -> _Tally:
        # Quick, because there may be 100,000 slices.
        codes = np.frombuffer(bytes(statuses), np.uint8)
        found = (
            _TEACHES[codes],
            _TEACHES_WHOLE[codes],
            codes == SliceStatus.PREDICTED,
            codes == SliceStatus.REJECTED,
        )
        return cls(*(tuple(np.flatnonzero(each).tolist()) for each in found))


#: By the identity of the statuses, which stay the same object while nobody works on the case: of
#: hundreds of cases a stroke has one or two counted anew.
_tallies: dict[int, tuple[Sequence[SliceStatus], _Tally]] = {}
_MOST_TALLIES = 1024


def _tally(statuses: Sequence[SliceStatus]) -> _Tally:
    kept = _tallies.get(id(statuses))
    if kept is not None and kept[0] is statuses:
        return kept[1]
    made = _Tally.of(statuses)
    if len(_tallies) >= _MOST_TALLIES:
        _tallies.clear()
    _tallies[id(statuses)] = (statuses, made)
    return made


def _aside(
    case: str,
    tally: _Tally,
    rows: Mapping[Pool, Sequence[int]],
    whole: Sequence[int],
) -> list[LeftOut]:
    """What a case has that neither teaches nor validates; gaps are not known yet."""
    kept = set(whole)
    found: tuple[tuple[Aside, Sequence[int]], ...] = (
        ("test", rows["test"]),
        ("in_part", [index for index in rows["validation"] if index not in kept]),
        ("predicted", tally.predicted),
        ("rejected", tally.rejected),
    )
    return [LeftOut(case, why, tuple(slices)) for why, slices in found if slices]


def _whole(statuses: Sequence[SliceStatus], slices: Sequence[int]) -> tuple[int, ...]:
    return tuple(index for index in slices if statuses[index].teaches_whole)


def _with_blocks(
    workbench: Workbench,
    teaching: Sequence[Choice],
    others: Sequence[LeftOut],
    split: Split,
) -> Curriculum:
    """Nobody validates: a block of the slices of each case that has enough of them does."""
    choices: list[Choice] = []
    left_out = list(others)
    validating: list[bool] = []
    for choice in teaching:
        right = _whole(workbench.statuses(choice.case), choice.slices)
        if len(right) < 2:
            choices.append(choice)
            continue
        share = max(1, round(BLOCK * len(right)))
        start = (len(right) - share) // 2
        block = right[start : start + share]
        stacked = workbench.project.case(choice.case).grid.stacked
        rest = _beside(choice.slices, block, gap=stacked)
        between = tuple(sorted(set(choice.slices) - set(rest) - set(block)))
        if between:
            left_out.append(LeftOut(choice.case, "between", between))
        choices.append(Choice(choice.case, "train", rest))
        choices.append(Choice(choice.case, "validation", block))
        validating.append(stacked)
    if not validating:
        return Curriculum(tuple(choices), tuple(left_out), NOBODY, split)
    meaning = FLATTERS if any(validating) else INDEPENDENT
    return Curriculum(tuple(choices), tuple(left_out), meaning, split)


def _beside(slices: Sequence[int], block: Sequence[int], *, gap: bool) -> tuple[int, ...]:
    """The slices outside of a block; with a gap of one slice where enough are left to teach."""
    taken = set(block)
    rest = tuple(index for index in slices if index not in taken)
    gapped = tuple(index for index in rest if not {index - 1, index + 1} & taken)
    return gapped if gap and len(gapped) >= 2 else rest


def target(
    labels: npt.NDArray[np.uint8],
    provenance: npt.NDArray[np.uint8] | None,
    complete: Complete,
    numbers: Sequence[int],
) -> npt.NDArray[np.uint8]:
    """Class index for each voxel of a slice, `IGNORE` where nothing is learnt.

    Background of a slice that is complete for none of the segments says nothing.

    Parameters
    ----------
    labels : uint8, (rows, columns)
    provenance : the same of a slice that does not teach as a whole: it teaches only where a hand
        touched; else None
    complete : for which segments
    numbers : segment numbers in the order of the classes after background

    Returns
    -------
    uint8, (rows, columns)
    """
    table = bytearray([IGNORE]) * 256
    table[0] = IGNORE if complete.isdisjoint(numbers) else 0
    for at, number in enumerate(numbers, 1):
        table[number] = at
    # A third of the time of an index into an array of classes.
    classes = labels.tobytes().translate(table)
    wanted = np.frombuffer(classes, np.uint8).reshape(labels.shape)
    if provenance is None:
        return wanted
    return np.where(provenance == Provenance.HAND, wanted, np.uint8(IGNORE))


def incomplete_classes(
    complete: Sequence[Complete], numbers: Sequence[int]
) -> tuple[tuple[int, ...], ...]:
    """For each slice the classes that it is not complete for, ascending.

    Where its target says background, it may be one of them.

    Parameters
    ----------
    complete : one for each slice
    numbers : as for `target`
    """
    classes = tuple(enumerate(numbers, 1))
    return tuple(tuple(at for at, number in classes if number not in has) for has in complete)


def learnt_segments(
    workbench: Workbench, lessons: Curriculum
) -> tuple[tuple[Segment, ...], tuple[str, ...]]:
    """The segments that a training can learn, and sentences about those that it cannot yet, or of
    which the validation will say nothing.

    A segment for which no slice of the training pool is complete has no background anywhere: a
    network would be free to find it everywhere.
    """
    complete, validated = (
        _complete_for(workbench, lessons, pool) for pool in ("train", "validation")
    )
    known = tuple(row for row in workbench.segments if row.number in complete)
    notes = tuple(
        Sentence(
            "'{name}' is not learnt yet: no slice that teaches is right for it. Call "
            "some right once it is drawn there, or is not there.",
            name=row.name,
        )
        for row in workbench.segments
        if row.number not in complete
    )
    if lessons.count("validation"):
        notes += tuple(
            Sentence(
                "No slice that validates is right for '{name}' yet, so the validation "
                "says nothing of it.",
                name=row.name,
            )
            for row in known
            if row.number not in validated
        )
    return known, notes


def _complete_for(workbench: Workbench, lessons: Curriculum, pool: Pool) -> set[int]:
    """Numbers for which any slice of a pool is complete."""
    complete: set[int] = set()
    for choice in lessons.choices:
        if choice.pool == pool:
            rows = workbench.complete(choice.case)
            complete.update(*(rows[index] for index in choice.slices))
    return complete
