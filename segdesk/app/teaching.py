"""Which slices teach, who validates, and the target arrays: what a training learns from.

Rules from `core.status` and `core.split`; the result is written into a Bundle by `training`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdesk.app.workbench import Workbench
from segdesk.core.annotation import Provenance
from segdesk.core.case import Case
from segdesk.core.split import Pool, Split
from segdesk.core.status import SliceStatus
from segdesk.jobs.bundle import IGNORE

FLATTERS = "validated on neighbouring slices of the same scans, so the figure flatters"
HONEST = "validated on patients that did not teach"
INDEPENDENT = "validated on slices that did not teach"
NOBODY = "no validation slice yet"
#: Share of teaching slices that validate where there is only one patient.
BLOCK = 0.2


@dataclass(frozen=True, slots=True)
class Choice:
    """The slices of one case in one pool."""

    case: str
    pool: Pool
    slices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Curriculum:
    """Who teaches and who validates, and what the validation figure means."""

    choices: tuple[Choice, ...]
    validation: str
    split: Split

    def count(self, pool: Pool) -> int:
        return sum(len(choice.slices) for choice in self.choices if choice.pool == pool)


def pool_of(case: Case, index: int, split: Split) -> Pool:
    """Pool of a slice: the case's own where it was set by hand, else its patient's.

    Raises
    ------
    ValueError
        Where the patient has not joined the split.
    """
    pool = case.pool or split.pool(case.patient_of(index))
    if pool is None:
        raise ValueError(f"expected the patient of {case.id} in the split")
    return pool


def joined_split(workbench: Workbench) -> Split:
    """The project's split with every patient whose pool is not set by hand."""
    patients: list[str] = []
    for case in workbench.project.cases:
        if case.pool is None:
            indices = [0] if case.grid.stacked else range(case.slices)
            patients += [case.patient_of(index) for index in indices]
    return workbench.project.split.joined(patients)


def curriculum(workbench: Workbench) -> Curriculum:
    """Choose the slices that teach and those that validate, by status and split, or blocks where there is one patient."""
    split = joined_split(workbench)
    teaching: list[Choice] = []
    validating: list[Choice] = []
    independent = False
    for case in workbench.project.cases:
        rows: dict[Pool, list[int]] = {"train": [], "validation": [], "test": []}
        for index, status in enumerate(workbench.statuses(case.id)):
            if status.teaches:
                rows[pool_of(case, index, split)].append(index)
        whole = _whole(workbench.statuses(case.id), rows["validation"])
        if rows["train"]:
            teaching.append(Choice(case.id, "train", tuple(rows["train"])))
        if whole:
            validating.append(Choice(case.id, "validation", whole))
            independent |= not case.grid.stacked
    if validating:
        meaning = INDEPENDENT if independent else HONEST
        return Curriculum((*teaching, *validating), meaning, split)
    statuses = {choice.case: workbench.statuses(choice.case) for choice in teaching}
    return _with_blocks(teaching, statuses, split)


def _whole(statuses: Sequence[SliceStatus], slices: Sequence[int]) -> tuple[int, ...]:
    return tuple(index for index in slices if statuses[index].teaches_whole)


def _with_blocks(
    teaching: Sequence[Choice], statuses: Mapping[str, Sequence[SliceStatus]], split: Split
) -> Curriculum:
    """Nobody validates: blocks of neighbouring slices do, with a gap of one slice around them."""
    whole = sum(len(_whole(statuses[choice.case], choice.slices)) for choice in teaching)
    if whole < 2:
        return Curriculum(tuple(teaching), NOBODY, split)
    choices: list[Choice] = []
    for choice in teaching:
        right = _whole(statuses[choice.case], choice.slices)
        share = max(1, round(BLOCK * len(right)))
        start = (len(right) - share) // 2
        block = right[start : start + share] if len(right) >= 2 else ()
        taken = set(block)
        rest = [index for index in choice.slices if index not in taken]
        gapped = [index for index in rest if not {index - 1, index + 1} & taken]
        # With very few slices a gap would leave nobody to teach.
        kept = tuple(gapped if len(gapped) >= 2 else rest)
        if kept:
            choices.append(Choice(choice.case, "train", kept))
        if block:
            choices.append(Choice(choice.case, "validation", block))
    return Curriculum(tuple(choices), FLATTERS, split)


def targets(
    labels: npt.NDArray[np.uint8],
    provenance: npt.NDArray[np.uint8],
    statuses: Sequence[SliceStatus],
    numbers: Sequence[int],
) -> npt.NDArray[np.uint8]:
    """Class index for each voxel, `IGNORE` where nothing is learnt.

    Parameters
    ----------
    labels, provenance : uint8, (n, rows, columns), of the chosen slices
    statuses : one for each of them; a partial slice teaches only where a hand touched
    numbers : segment numbers in the order of the classes after background

    Returns
    -------
    uint8, (n, rows, columns)
    """
    table = np.full(256, IGNORE, np.uint8)
    table[0] = 0
    for at, number in enumerate(numbers, 1):
        table[number] = at
    wanted = table[labels]
    for at, status in enumerate(statuses):
        if not status.teaches_whole:
            wanted[at][provenance[at] != Provenance.HAND] = IGNORE
    return wanted
