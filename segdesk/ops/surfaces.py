"""How far two masks' surfaces lie apart: Hausdorff distance, mean distance, surface Dice.

A surface are the voxels of a mask that share a face with a voxel outside of it, or with the edge
of the image, unless the image goes on there (`distances`); a distance is that between the centres
of two such voxels, in mm. `metrics` counts voxels; which slices count is decided by `app`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Points = npt.NDArray[np.float64]
#: mm within which a surface counts as found, for the surface Dice.
TOLERANCES_MM = (1.0, 3.0)
#: Percentile of the Hausdorff distance: one voxel far away says little about a mask.
PERCENTILE = 95.0


@dataclass(frozen=True, slots=True)
class Distances:
    """From each voxel of one surface to the nearest of the other, in mm, both ways. They add up.

    Parameters
    ----------
    from_truth, from_prediction : float, (n,) and (m,); not in any order. Infinite where the other
        mask is empty
    """

    from_truth: npt.NDArray[np.float64]
    from_prediction: npt.NDArray[np.float64]

    def __add__(self, other: Distances) -> Distances:
        return Distances(
            np.concatenate([self.from_truth, other.from_truth]),
            np.concatenate([self.from_prediction, other.from_prediction]),
        )


@dataclass(frozen=True, slots=True)
class SurfaceFigures:
    """What distances say; None where it is undefined: of two empty masks all, of one empty mask
    those in mm, and there surface Dice is 0.

    Parameters
    ----------
    hd95_mm : the larger of the 95th percentiles of both ways (as MONAI has it)
    mean_mm : mean over the voxels of both surfaces (average symmetric surface distance)
    dice : share of both surfaces that lies within each of `TOLERANCES_MM` of the other (Nikolov et
        al. 2018, over surface voxels instead of surface elements)
    """

    hd95_mm: float | None
    mean_mm: float | None
    dice: tuple[float | None, ...]


def distances(
    truth: Mask,
    predicted: Mask,
    spacing_mm: tuple[float, ...],
    *,
    goes_on: tuple[bool, bool] = (False, False),
) -> Distances:
    """Between the surfaces of two masks.

    Parameters
    ----------
    truth, predicted : bool, of one shape: (slices, rows, columns), or (rows, columns) of a slice
    spacing_mm : between voxels, along each axis
    goes_on : whether the first axis was cut out of a longer one, before its first and after its
        last place. Nobody knows there whether a mask ends, so a cut is no surface: else all of its
        voxels would count as surface, most of which lie nowhere apart

    Raises
    ------
    ValueError
        Where shapes or dtypes differ, or the spacing has another number of axes.
    """
    for mask in (truth, predicted):
        if mask.dtype != np.bool_ or mask.shape != truth.shape or mask.ndim != len(spacing_mm):
            raise ValueError(
                f"expected bool of shape {truth.shape} and {mask.ndim} lengths, received "
                f"{mask.dtype} {mask.shape} and spacing_mm={spacing_mm}"
            )
    box = _box(truth | predicted)
    if box is None:
        return Distances(np.empty(0), np.empty(0))
    first = box[0]
    cut = goes_on[0] and first.start == 0, goes_on[1] and first.stop == len(truth)
    ours, theirs = (_surface(mask[box], spacing_mm, cut) for mask in (truth, predicted))
    return Distances(_to(theirs, ours), _to(ours, theirs))


def surface_figures(found: Distances) -> SurfaceFigures:
    """Figures of one pair of masks, or of slices that were added up."""
    ours, theirs = found.from_truth, found.from_prediction
    both = np.concatenate([ours, theirs])
    if not len(both):
        return SurfaceFigures(None, None, tuple(None for _ in TOLERANCES_MM))
    dice = tuple(float(np.mean(both <= most)) for most in TOLERANCES_MM)
    if not np.isfinite(both).all():
        return SurfaceFigures(None, None, dice)
    ways = [float(np.percentile(way, PERCENTILE)) for way in (ours, theirs)]
    return SurfaceFigures(max(ways), float(np.mean(both)), dice)


def added(parts: Iterable[Distances]) -> Distances:
    """All of them as one."""
    return sum(parts, Distances(np.empty(0), np.empty(0)))


def _box(mask: Mask) -> tuple[slice, ...] | None:
    """Where there is anything."""
    if not mask.any():
        return None
    spans: list[slice] = []
    for axis in range(mask.ndim):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        (places,) = np.nonzero(mask.any(axis=others))
        spans.append(slice(int(places[0]), int(places[-1]) + 1))
    return tuple(spans)


def _surface(mask: Mask, spacing_mm: tuple[float, ...], cut: tuple[bool, bool]) -> Points:
    """Where the surface's voxels lie, (n, axes), in mm; `cut` at the ends of the first axis."""
    padded = np.pad(mask, 1)
    for is_cut, end, beside in zip(cut, (0, -1), (1, -2), strict=True):
        if is_cut:
            padded[end] = padded[beside]
    inside = mask.copy()
    for axis in range(mask.ndim):
        for start in (0, 2):
            window = [slice(1, -1)] * mask.ndim
            window[axis] = slice(start, start + mask.shape[axis])
            inside &= padded[tuple(window)]
    return np.argwhere(mask & ~inside).astype(np.float64) * np.asarray(spacing_mm)


def _to(surface: Points, points: Points) -> npt.NDArray[np.float64]:
    """From each of some points to the nearest of a surface."""
    # Here and not above: SciPy's trees cost a fifth of a second, and not every project is measured.
    from scipy.spatial import KDTree

    if not len(surface) or not len(points):
        return np.full(len(points), np.inf)
    apart, _ = KDTree(surface).query(points)
    # Two voxels that lie 1 mm apart are within 1 mm, wherever they lie.
    return np.round(apart, 9)
