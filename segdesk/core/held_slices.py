"""Slices of a mask as they were at one moment, while the mask goes on: `HeldSlices`."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.uint8]
#: Labels of a slice, and its provenance where that is wanted.
Plane = tuple[Labels, Labels | None]


class HeldSlices:
    """Made by `Annotation.hold`, which calls `keep` before each change. Another thread may `take`.

    Nothing is copied at first: a slice is when it is taken, or right before it changes. Who drops
    the last reference lets go of it.

    Parameters
    ----------
    labels, provenance : uint8, (slices, rows, columns), of the mask
    slices : that will be taken
    with_provenance : those of them whose provenance is wanted too
    """

    def __init__(
        self,
        labels: Labels,
        provenance: Labels,
        slices: Iterable[int],
        with_provenance: Iterable[int] = (),
    ) -> None:
        self._labels, self._provenance = labels, provenance
        self._with_provenance = frozenset(with_provenance)
        self._waiting = set(slices)
        self._kept: dict[int, Plane] = {}
        #: Held for the copy of one slice at a time, so that a stroke waits for no more.
        self._lock = threading.Lock()

    def keep(self, slices: Iterable[int]) -> None:
        """Copy those of these slices that still wait: they change next."""
        for index in slices:
            with self._lock:
                if index in self._waiting:
                    self._kept[index] = self._copied(index)

    def take(self, index: int) -> Plane:
        """A slice as it was, once; it is the caller's.

        Raises
        ------
        ValueError
            Where it is not one of the slices, or was taken before.
        """
        with self._lock:
            if index in self._kept:
                return self._kept.pop(index)
            if index not in self._waiting:
                raise ValueError(f"expected a slice that waits, received {index}")
            return self._copied(index)

    def let_go(self) -> None:
        """What was not taken is not wanted any more; the mask is nothing to this any longer."""
        with self._lock:
            self._waiting.clear()
            self._kept.clear()
            self._labels = self._provenance = np.zeros((0, 0, 0), np.uint8)

    def _copied(self, index: int) -> Plane:
        self._waiting.remove(index)
        provenance = self._provenance[index].copy() if index in self._with_provenance else None
        return self._labels[index].copy(), provenance
