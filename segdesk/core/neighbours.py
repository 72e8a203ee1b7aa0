"""Which slices stand beside a slice, where a network sees them as channels too ("2.5-D").

Slices have another distance in each scan, a network wants the same: the slices that come nearest
to it are taken, the next ones at least. At the ends of a scan the last slice stands in for those
that are missing, and where slices are independent each one for its own neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable


def steps(neighbours_mm: float, slice_mm: float | None) -> int:
    """How many slices away the neighbours are.

    Parameters
    ----------
    neighbours_mm : wanted distance; 0: each slice alone
    slice_mm : from slice to slice, or None where they are independent

    Returns
    -------
    0 where there are none
    """
    if not neighbours_mm or not slice_mm:
        return 0
    return max(1, round(neighbours_mm / slice_mm))


def beside(index: int, slices: int, away: int) -> tuple[int, int]:
    """The slices so many steps below and above one of `slices`."""
    return max(0, index - away), min(slices - 1, index + away)


def with_those_beside(indices: Iterable[int], slices: int, away: int) -> list[int]:
    """Slices and all that stand beside them, ascending, each once."""
    indices = set(indices)
    return sorted(indices.union(*(beside(index, slices, away) for index in indices)))
