"""Connected pieces of a segment that are too small to be meant, and how small its real ones are.

A piece is judged by its largest cross-section: a vessel that runs along the scan is thin in each
slice and long, a speck is small in all of them. Slices are gone through one by one, so memory does
not grow with the scan. Which areas count, and for which segments, is decided by who calls.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from segdesk.core.small_pieces import SmallPieces

Mask = npt.NDArray[np.bool_]
#: Pieces are joined over edges and corners within a slice: a thin wall is one piece.
_AROUND = np.ones((3, 3), bool)


def areas(mask: Mask) -> npt.NDArray[np.int64]:
    """Pixels of each connected region of a slice, bool, (rows, columns)."""
    regions, _ = _regions(mask)
    return np.bincount(regions.ravel())[1:].astype(np.int64)


def smallest_meant(areas: npt.ArrayLike, *, least: float, slips: float) -> float | None:
    """The smallest area that is no slip of the hand; None where all are, or there is none.

    Parameters
    ----------
    areas : of labelled regions
    least : smaller ones are slips
    slips : so are the smallest ones that have at most this share of all together
    """
    found = np.sort(np.asarray(areas, np.float64))
    is_meant = (found >= least) & (np.cumsum(found) > slips * found.sum())
    return float(found[is_meant][0]) if is_meant.any() else None


def _regions(mask: Mask) -> tuple[npt.NDArray[np.int32], int]:
    """Connected regions of a slice, numbered from 1, and how many there are."""
    # Here and not above: SciPy costs 0.3 s and the window starts without it.
    from scipy import ndimage

    regions = np.empty(mask.shape, np.int32)
    ndimage.label(mask, _AROUND, output=regions)
    return regions, int(regions.max(initial=0))


class Pieces:
    """The pieces of one segment in a scan, and which of them are small.

    Parameters
    ----------
    mask : gives the bool mask, (rows, columns), of a slice; asked twice for each
    slices : how many there are
    least : pixels; a piece of which every cross-section has fewer is small
    joined : whether pieces go on from slice to slice; False for slices without geometry
    """

    def __init__(
        self, mask: Callable[[int], Mask], slices: int, *, least: float, joined: bool = True
    ) -> None:
        self._mask = mask
        # Of each region of each slice: the region that it is joined to, and its pixels.
        self._root: list[int] = []
        self._first: list[int] = []
        largest: list[int] = []
        above: tuple[npt.NDArray[np.int32], int] | None = None
        for index in range(slices):
            regions, count = _regions(mask(index))
            first = len(self._root)
            self._first.append(first)
            self._root += range(first, first + count)
            largest += np.bincount(regions.ravel(), minlength=count + 1)[1:].tolist()
            if above is not None and joined:
                self._join(above, (regions, first))
            above = regions, first
        roots = np.array([self._find(region) for region in range(len(self._root))], np.int64)
        reach = np.zeros(len(roots), np.int64)
        np.maximum.at(reach, roots, np.array(largest, np.int64))
        self._is_small = reach[roots] < least if len(roots) else np.zeros(0, bool)

    def small(self, index: int) -> Mask:
        """The voxels of a slice that belong to small pieces, bool, (rows, columns)."""
        regions, count = _regions(self._mask(index))
        first = self._first[index]
        return np.concatenate([[False], self._is_small[first : first + count]])[regions]

    def _join(
        self,
        above: tuple[npt.NDArray[np.int32], int],
        here: tuple[npt.NDArray[np.int32], int],
    ) -> None:
        """Join the regions of two slices that share a pixel."""
        both = (above[0] > 0) & (here[0] > 0)
        pairs = np.unique(np.stack([above[0][both], here[0][both]]), axis=1).T
        for one, other in pairs.tolist():
            first, second = self._find(above[1] + one - 1), self._find(here[1] + other - 1)
            self._root[max(first, second)] = min(first, second)

    def _find(self, region: int) -> int:
        while self._root[region] != region:
            self._root[region] = self._root[self._root[region]]
            region = self._root[region]
        return region


def small_pieces(
    plane: Callable[[int], npt.NDArray[np.uint8] | None],
    shape: tuple[int, int, int],
    *,
    joined: bool = True,
) -> SmallPieces:
    """The voxels that were left out of a scan, and to which piece each belongs.

    Parameters
    ----------
    plane : gives segment numbers of what was left out of a slice, uint8, (rows, columns); None
        where that is nothing
    joined : as for `Pieces`
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = shape[1] * shape[2]
    found: list[npt.NDArray[np.int64]] = []
    numbers: list[npt.NDArray[np.uint8]] = []
    for index in range(shape[0]):
        labels = plane(index)
        if labels is not None and labels.any():
            at = np.flatnonzero(labels)
            found.append(at + index * size)
            numbers.append(labels.ravel()[at])
    if not found:
        return SmallPieces.none(shape)
    places, own = np.concatenate(found), np.concatenate(numbers)
    column = places % shape[2]
    pairs: list[npt.NDArray[np.intp]] = []
    # Within a slice over edges and corners, from slice to slice over the same pixel: as `Pieces`.
    beside_it = [(1, 1), (shape[2] - 1, -1), (shape[2], 0), (shape[2] + 1, 1)]
    steps = [(step, sideways, 0) for step, sideways in beside_it]
    for step, sideways, down in [*steps, *([(size, 0, 1)] if joined else [])]:
        there = places + step
        beside = np.minimum(np.searchsorted(places, there), len(places) - 1)
        is_next = (places[beside] == there) & (own[beside] == own)
        is_next &= (column + sideways >= 0) & (column + sideways < shape[2])
        is_next &= there // size == places // size + down
        pairs.append(np.stack([np.flatnonzero(is_next), beside[is_next]]))
    one, other = np.concatenate(pairs, axis=1)
    graph = coo_array((np.ones(len(one), bool), (one, other)), shape=(len(places),) * 2)
    _, pieces = connected_components(graph, directed=False)
    return SmallPieces(shape, places, own, np.asarray(pieces, np.int32))
