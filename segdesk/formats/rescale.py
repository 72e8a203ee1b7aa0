"""How numbers of any type become int16: the linear `Rescale` that is kept with the volume.

value = stored * slope + intercept. Nothing is cast in silence: what does not fit is refused.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from segdesk.errors import InputError
from segdesk.sentence import Sentence

LOWEST, HIGHEST = -32768, 32767
STEPS = HIGHEST - LOWEST


class Rescale(NamedTuple):
    """value = stored * slope + intercept; slope > 0."""

    slope: float = 1.0
    intercept: float = 0.0

    @property
    def is_identity(self) -> bool:
        return self.slope == 1.0 and self.intercept == 0.0

    def after(self, inner: Rescale) -> Rescale:
        """The one rescale that does `inner` first and then this."""
        slope = inner.slope * self.slope
        return Rescale(slope, inner.intercept * self.slope + self.intercept)


IDENTITY = Rescale()


class Extent(NamedTuple):
    """Smallest and largest value, and whether all are whole numbers."""

    low: float
    high: float
    whole: bool

    @property
    def fits(self) -> bool:
        """Whether every value is a whole number that int16 holds."""
        return self.whole and self.low >= LOWEST and self.high <= HIGHEST


def fit(found: Extent, name: str) -> Rescale:
    """The gentlest rescale that brings an extent into int16.

    None where whole numbers fit, a shift where they span at most 65,536 steps (uint16), else the
    widest linear one, with low and high at the two ends.

    Raises
    ------
    InputError
        Where the span of the values passes what a number can hold.
    """
    if found.fits:
        return IDENTITY
    if found.whole and found.high - found.low <= STEPS:
        is_uint16 = found.low >= 0 and found.high <= STEPS
        return Rescale(1.0, float(-LOWEST) if is_uint16 else found.low - LOWEST)
    slope = (found.high - found.low) / STEPS
    # Beyond a quarter of what a double holds, giving values back would overflow on the way.
    if not found.high / 4 - found.low / 4 <= np.finfo(np.float64).max / 16:
        raise InputError(
            Sentence(
                "{name} holds values from {low} to {high}, too far apart.",
                name=name,
                low=f"{found.low:g}",
                high=f"{found.high:g}",
            ),
            "Save it once more without the numbers that are no measured values.",
        )
    if slope < np.finfo(np.float64).tiny:
        return Rescale(1.0, found.low)
    return Rescale(slope, found.low - LOWEST * slope)


def store(values: npt.NDArray[Any], rescale: Rescale, name: str) -> npt.NDArray[np.int16]:
    """Values as stored int16, C order: rint((value - intercept) / slope).

    Raises
    ------
    InputError
        Where a value does not fit.
    """
    if rescale.is_identity and values.dtype == np.int16:
        return np.ascontiguousarray(values)
    if rescale.is_identity and values.dtype.kind in "biu":
        stored = values
    else:
        stored = np.rint((values.astype(np.float64) - rescale.intercept) / rescale.slope)
    low, high = stored.min(), stored.max()
    if not (low >= LOWEST and high <= HIGHEST):
        worst = float(high if high > HIGHEST else low) * rescale.slope + rescale.intercept
        raise InputError(
            Sentence(
                "{name} holds {worst}, which 16 bits cannot keep.", name=name, worst=f"{worst:g}"
            )
        )
    return np.ascontiguousarray(stored, dtype=np.int16)
