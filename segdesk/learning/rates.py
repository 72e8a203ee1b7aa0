"""The learning rate: a cosine where the end is known, smaller steps on a plateau where it is not,
or one that needs no end.

References: Loshchilov and Hutter, "SGDR", ICLR 2017 (cosine); Keras' `ReduceLROnPlateau`.
"""

from __future__ import annotations

import math

#: Steps in which the rate rises to its first value: Adam's averages mean nothing before.
WARM_UP_STEPS = 10
#: Steps at the full rate before it falls with the root of their number.
FLAT_STEPS = 100
#: Epochs without a better figure until the rate is cut, and to which share.
PATIENCE, CUT = 2, 0.5
#: The rate never falls below this share of the first.
LEAST = 1e-3


def warmed(step: int) -> float:
    """Share of the rate at the run's step 0, 1, 2, …"""
    return min(1.0, (step + 1) / WARM_UP_STEPS)


def cosine(progress: float) -> float:
    """Share of the rate at a progress of 0 to 1."""
    return max(LEAST, 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress))))


def root(step: int) -> float:
    """Share of the rate at the run's step 0, 1, 2, …: falls with the root of the step.

    It needs no end, so that any moment's weights are worth showing.
    """
    return min(warmed(step), math.sqrt(FLAT_STEPS / (step + 1)))


class Plateau:
    """The share of the rate in an open-ended run. Owned by `fit`."""

    def __init__(self) -> None:
        self.share = 1.0
        self.waited = 0

    def after_epoch(self, *, better: bool) -> None:
        """Count an epoch; cut the rate after `PATIENCE` without a better figure."""
        self.waited = 0 if better else self.waited + 1
        if self.waited >= PATIENCE:
            self.share = max(LEAST, self.share * CUT)
            self.waited = 0
