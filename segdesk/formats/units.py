"""Whether numbers are HU, by what a CT is made of: `judge`.

NIfTI, NRRD and MetaImage have no field for HU. A CT has air near -1000, lung above that, fat and
soft tissue around 0 and hardly anything between; numbers as a scanner stores them have the same
1024 or so higher. Padding far below says nothing. Where the peaks don't tell, a person has to.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from segdesk.sentence import Sentence

#: What a caller may say of the numbers; "" leaves it to their peaks.
UnitChoice = Literal["", "HU", "raw"]

#: A number is padding where the next one above is further than this, in HU.
ALONE = 100
#: Ranges in HU: from open air to the lightest lung, ...
AIR, AERATED = (-1100, -850), (-1100, -500)
#: ... what only partial volumes and fatty air hold, fat and soft tissue with blood, ...
BETWEEN, SOFT = (-500, -200), (-150, 150)
#: ... and soft tissue as a scanner stores it: 1000 or 1024 more.
STORED_SOFT = (900, 1200)
#: What a CT holds at all, metal and cupping aside.
CT_RANGE = (-1200, 3200)
#: A phantom without noise has so few levels, air aside, at most.
PHANTOM_LEVELS = 16
#: Width of a peak, in HU.
PEAK = 100


class Verdict(NamedTuple):
    """What the numbers are: `unit` "" where their peaks don't tell; `why` in words."""

    unit: UnitChoice
    why: str = ""


def judge(numbers: npt.NDArray[Any]) -> Verdict:
    """What the peaks of some values say.

    Parameters
    ----------
    numbers : float or whole, 1-D, finite: values of voxels spread over the whole scan
    """
    levels, counts = np.unique(np.rint(numbers), return_counts=True)
    levels, counts, alone = _without_padding(levels, counts)
    if _share(levels, counts, -np.inf, -30) < 1e-3:
        return _judge_positive(levels, counts, alone)
    aerated = _share(levels, counts, *AERATED)
    soft = _share(levels, counts, *SOFT)
    stored = _share(levels, counts, *STORED_SOFT)
    if aerated < 5e-3 and stored > 0.05:
        return Verdict("raw", _stored_words(levels, counts))
    between = _share(levels, counts, *BETWEEN) / (BETWEEN[1] - BETWEEN[0]) * PEAK
    is_ct = _share(levels, counts, *CT_RANGE) > 0.9
    has_air = aerated > 0.01 and _peak(levels, counts, *AERATED) > 1.5 * between
    has_tissue = soft > 0.03 and _peak(levels, counts, *SOFT) > 1.5 * between
    # Lungs cut out along their edge hold hardly anything else.
    if is_ct and has_air and (has_tissue or aerated > 0.5):
        return Verdict("HU")
    return Verdict("")


def _judge_positive(
    levels: npt.NDArray[np.float64], counts: npt.NDArray[np.int64], alone: npt.NDArray[np.float64]
) -> Verdict:
    """Numbers that are 0 or more, but for padding and the air of a phantom, which has one level."""
    if not alone.size:
        return Verdict("raw")
    if _share(levels, counts, *STORED_SOFT) > 0.05:
        return Verdict("raw", _stored_words(levels, counts))
    has_air = bool(np.any((alone >= -1050) & (alone <= -950)))
    soft = _share(levels, counts, *SOFT)
    if has_air and soft > (0.2 if levels.size <= PHANTOM_LEVELS else 0.5):
        return Verdict("HU")
    return Verdict("") if has_air else Verdict("raw", Sentence("nothing lies below 0 but padding"))


def _stored_words(levels: npt.NDArray[np.float64], counts: npt.NDArray[np.int64]) -> str:
    at = round(_peak_at(levels, counts, *STORED_SOFT))
    return Sentence("soft tissue lies near {at}, as where a scanner stores its numbers", at=at)


def _without_padding(
    levels: npt.NDArray[np.float64], counts: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Levels and counts without those at the low end that stand alone, and those."""
    first = 0
    while (
        first + 1 < levels.size
        and levels[first] < -ALONE
        and (levels[first + 1] - levels[first] > ALONE)
    ):
        first += 1
    return levels[first:], counts[first:], levels[:first]


def _share(
    levels: npt.NDArray[np.float64], counts: npt.NDArray[np.int64], low: float, high: float
) -> float:
    inside = (levels >= low) & (levels <= high)
    return float(counts[inside].sum() / counts.sum())


def _peak(
    levels: npt.NDArray[np.float64], counts: npt.NDArray[np.int64], low: float, high: float
) -> float:
    """Largest share of the numbers that lie within `PEAK` of each other, between two ends."""
    starts = np.arange(low, high - PEAK + 1, PEAK / 4)
    return max(_share(levels, counts, start, start + PEAK) for start in starts)


def _peak_at(
    levels: npt.NDArray[np.float64], counts: npt.NDArray[np.int64], low: float, high: float
) -> float:
    starts = np.arange(low, high - PEAK + 1, PEAK / 4)
    shares = [_share(levels, counts, start, start + PEAK) for start in starts]
    inside = (levels >= (best := starts[int(np.argmax(shares))])) & (levels <= best + PEAK)
    return float(np.average(levels[inside], weights=counts[inside])) if inside.any() else best
