"""Which numbers of a file are measured values: what is no number, or padding, is told apart.

One voxel of -1e30 would leave a whole CT in one of 65,536 steps. Numbers that fit 16 bits as they
are stay as they are. What becomes of the unit is decided in `units`, of the 16 bits in `rescale`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from segdesk.errors import InputError
from segdesk.formats.rescale import HIGHEST, LOWEST, STEPS, Extent
from segdesk.sentence import Sentence

#: As many voxels, spread over the whole, are sorted to find the plausible numbers.
SAMPLED = 2_000_000
#: A gap of this share of the whole span parts padding from values, ...
GAP = 0.1
#: ... if what remains would have less than this share of the 65,536 steps (8,192: 13 bits); ...
FEW_STEPS = 1 / 8
#: ... and where all is in the range of 16 bits, so that HU lose nothing, less than this (128).
FEW_STEPS_OF_FITTING = 1 / 512
#: Of two kinds of numbers, each of many, one has at least 256 of the steps of both; else both are
#: refused.
ENOUGH = 256
#: Larger doubles are halved twice before they are subtracted.
LARGEST = float(np.finfo(np.float64).max) / 4
#: So few levels may stay in few steps as long as none of them falls into another.
FEW_LEVELS = 32
#: Padding has at most so many different numbers, ...
MOST_PADDINGS = 8
#: ... or concerns at most this share of the voxels.
FEW_VOXELS = 1e-3


@dataclass(frozen=True, slots=True)
class Plausible:
    """The measured numbers of an array, in the file's own numbers.

    Parameters
    ----------
    found : their extent
    replaced : how many voxels hold something else
    odd : what those hold, for a sentence
    """

    found: Extent
    replaced: int = 0
    odd: str = ""

    def clean(self, plane: npt.NDArray[Any], fill: float) -> npt.NDArray[Any]:
        """A plane in which whatever is not measured is `fill`."""
        if not self.replaced:
            return plane
        kept = (plane >= self.found.low) & (plane <= self.found.high)
        return np.where(kept, plane, plane.dtype.type(fill))


def plausible(array: npt.NDArray[Any], name: str) -> Plausible:
    """Find the measured numbers.

    Parameters
    ----------
    array : bool, whole or floating, (slices, rows, columns), maybe a memory map
    name : of the source, for a sentence

    Raises
    ------
    InputError
        Where the numbers are of no usable type, none is finite, or they are of two kinds that lie
        too far apart for 16 bits.
    """
    whole = _look(array, -np.inf, np.inf, name)
    found = whole.found
    if found.whole and found.high - found.low <= STEPS:
        return whole
    low, high = _core(sample(array), found)
    span = high - low
    # What was not among the sampled voxels still belongs to them where it is not far away.
    near = _look(array, low - 2 * span, high + 2 * span, name)
    if (near.found.low, near.found.high) == (found.low, found.high):
        return whole
    if near.replaced > MOST_PADDINGS and near.replaced > FEW_VOXELS * array.size:
        levels = _levels_outside(array, near.found)
        if levels is None and (near.found.high - near.found.low) * ENOUGH > found.high - found.low:
            return whole
        if levels is None:
            raise InputError(
                Sentence(
                    "{name} holds values from {low} to {high} of two kinds that lie too "
                    "far apart for 16 bits.",
                    name=name,
                    low=f"{found.low:g}",
                    high=f"{found.high:g}",
                ),
                "Save what was measured without the rest.",
            )
    return near


def sample(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Finite numbers of voxels spread over the whole array, in no order."""
    step = int(np.ceil((array.size / SAMPLED) ** (1 / 3))) or 1
    some = np.asarray(array[::step, ::step, ::step]).ravel()
    return some[np.isfinite(some)] if some.dtype.kind == "f" else some


def _look(array: npt.NDArray[Any], low: float, high: float, name: str) -> Plausible:
    """Extent of the finite numbers from low to high, and what else there is."""
    smallest, largest, whole, replaced = np.inf, -np.inf, True, 0
    is_finite, least, most = True, np.inf, -np.inf
    for plane in array:
        if plane.dtype.kind not in "biuf":
            raise InputError(
                Sentence(
                    "{name} holds {dtype} and not plain numbers.", name=name, dtype=plane.dtype.name
                )
            )
        first, last = float(plane.min()), float(plane.max())
        if not (first >= low and last <= high and np.isfinite(first) and np.isfinite(last)):
            finite = plane[np.isfinite(plane)]
            kept = finite[(finite >= low) & (finite <= high)]
            is_finite = is_finite and finite.size == plane.size
            if finite.size > kept.size:
                least, most = min(least, float(finite.min())), max(most, float(finite.max()))
            replaced += plane.size - kept.size
            if not kept.size:
                continue
            plane, first, last = kept, float(kept.min()), float(kept.max())
        if plane.dtype.kind == "f" and whole:
            whole = bool(np.array_equal(plane, np.rint(plane)))
        smallest, largest = min(smallest, first), max(largest, last)
    if smallest > largest:
        raise InputError(
            Sentence("{name} holds no finite number.", name=name),
            "Save it once more with its measured values.",
        )
    odd = [] if is_finite else [Sentence("NaN or infinity")]
    odd += [f"{end:g}" for end in dict.fromkeys((least, most)) if abs(end) < np.inf
            and not smallest <= end <= largest]  # fmt: skip
    return Plausible(Extent(smallest, largest, whole), replaced, " and ".join(odd))


def _core(numbers: npt.NDArray[Any], found: Extent) -> tuple[float, float]:
    """Between which two numbers the measured ones lie, by the gaps between them all."""
    ends = np.array([found.low, found.high])
    # The span of the largest doubles has no number of its own.
    scale = 0.25 if max(-found.low, found.high) > LARGEST else 1.0
    levels = np.unique(np.concatenate([numbers.astype(np.float64), ends])) * scale
    core, count = levels, levels.size
    while levels.size > 2 and not (found.whole and (core[-1] - core[0]) / scale <= STEPS):
        cuts = np.flatnonzero(np.diff(levels) > GAP * (levels[-1] - levels[0])) + 1
        levels = max(np.split(levels, cuts), key=len)
        # What is measured has more levels than what is not.
        if not cuts.size or 2 * levels.size <= count:
            break
        if _is_lost(levels / scale, core / scale):
            core = levels
    return float(core[0]) / scale, float(core[-1]) / scale


def _is_lost(levels: npt.NDArray[np.float64], among: npt.NDArray[np.float64]) -> bool:
    """Whether 16 bits for all numbers would leave too little for some of them."""
    span = among[-1] / 2 - among[0] / 2
    if levels.size < FEW_LEVELS and np.diff(levels).min() >= span / STEPS:
        return False
    fits = among[0] >= LOWEST and among[-1] <= HIGHEST
    most = FEW_STEPS_OF_FITTING if fits else FEW_STEPS
    return bool(levels[-1] / 2 - levels[0] / 2 < most * span)


def _levels_outside(array: npt.NDArray[Any], found: Extent) -> set[float] | None:
    """The different finite numbers outside of an extent; None where they are many."""
    seen: set[float] = set()
    for plane in array:
        outside = plane[np.isfinite(plane) & ((plane < found.low) | (plane > found.high))]
        seen.update(np.unique(outside).tolist())
        if len(seen) > MOST_PADDINGS:
            return None
    return seen
