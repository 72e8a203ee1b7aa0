"""What is done to a network's answer, slice by slice, as `refine` has decided it: the `Refiner`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from segdesk.core.refinement import Refinement
from segdesk.learning.geometry import Frame
from segdesk.ops import edge
from segdesk.ops.fill import holes
from segdesk.ops.pieces import Pieces

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


class Refiner:
    """Does to the slices of a prediction what was decided.

    Parameters
    ----------
    refinements : for each class in order
    frame : of the scan
    """

    def __init__(self, refinements: Sequence[Refinement], frame: Frame) -> None:
        self._rows = list(enumerate(refinements, start=1))
        self._radius = radius_of(frame)
        self._share = pixel_share(frame)

    def slice(self, image: Floats, chances: Floats) -> npt.NDArray[np.intp]:
        """The class of each voxel after edge and holes, (rows, columns).

        Parameters
        ----------
        image : in [0, 1] as the network takes it, (rows, columns[, channels])
        chances : of each class, (rows, columns, classes)
        """
        found = chances.argmax(axis=-1)
        if any(row.edge for _, row in self._rows):
            found = self._with_edges(found, grey_of(image), chances)
        for place, row in self._rows:
            if row.fills_holes:
                found[holes(found == place) & (found == 0)] = place
        return found

    def _with_edges(
        self, found: npt.NDArray[np.intp], grey: Floats, chances: Floats
    ) -> npt.NDArray[np.intp]:
        best, score = np.zeros_like(found), np.zeros(found.shape)
        doubted = np.zeros(found.shape, bool)
        for place, row in self._rows:
            if not row.edge:
                continue
            mask = without_specks(found == place, row.least_piece / self._share)
            near = edge.band(mask, self._radius)
            said = edge.features(chances[..., place], grey, near) @ np.array(row.edge)
            doubted |= near & (found == place)
            wins = said > score[near]
            best[near] = np.where(wins, place, best[near])
            score[near] = np.maximum(said, score[near])
        return np.where(best > 0, best, np.where(doubted, 0, found))

    def least(self, place: int) -> float:
        """Pixels of the scan below which a cross-section of a class is small; 0 for none."""
        return self._rows[place - 1][1].least_piece / self._share


def without_specks(mask: Mask, least: float) -> Mask:
    """The regions of a slice that are not smaller than any piece that is meant."""
    if least <= 0:
        return mask
    return mask & ~Pieces(lambda _: mask, 1, least=least).small(0)


def grey_of(image: Floats) -> Floats:
    return image if image.ndim == 2 else image.mean(axis=-1)


def radius_of(frame: Frame) -> int:
    """Voxels of the scan that one pixel of the network is wide."""
    return max(
        1, round(max(own / new for own, new in zip(frame.own, frame.resampled, strict=True)))
    )


def pixel_share(frame: Frame) -> float:
    """Pixels of the network in one of the scan."""
    (rows, columns), (new_rows, new_columns) = frame.own, frame.resampled
    return new_rows * new_columns / (rows * columns)
