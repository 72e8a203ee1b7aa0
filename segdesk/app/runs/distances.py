"""How far a case's prediction lies from what a person has called right, surface to surface.

The arithmetic is `ops.surfaces`; here stands which slices are compared, and whether they make a
body: where they follow each other without a gap, surfaces are those of a body in 3-D, which goes on
beyond them where the scan does. Else a surface would run along every missing slice, and each slice
is measured by itself, in its plane.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import numpy.typing as npt

from segdesk.core.annotation import Annotation
from segdesk.core.grid import Grid
from segdesk.ops.surfaces import SurfaceFigures, added, distances, surface_figures

LabelMap = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class SurfacesOfCase:
    """Of one segment in one case.

    Parameters
    ----------
    figures : in mm and shares
    in_3d : whether its slices made a body; else each was measured in its plane
    """

    figures: SurfaceFigures
    in_3d: bool


def surfaces_of_case(
    annotation: Annotation,
    predicted: LabelMap,
    indices: Sequence[int],
    numbers: Iterable[int],
    grid: Grid,
) -> Mapping[int, SurfacesOfCase]:
    """By segment; one that no slice was complete for is not there, and none without a geometry.

    Parameters
    ----------
    predicted : uint8, (slices, rows, columns)
    indices : slices that are compared, ascending
    """
    if not grid.stacked:
        return {}
    found: dict[int, SurfacesOfCase] = {}
    for number in sorted(numbers):
        places = [at for at in indices if number in annotation.complete_for(at)]
        if not places:
            continue
        truth, answer = (labels[places] == number for labels in (annotation.labels, predicted))
        in_3d = len(places) > 1 and places[-1] - places[0] == len(places) - 1
        if in_3d:
            goes_on = places[0] > 0, places[-1] < grid.shape[0] - 1
            apart = distances(truth, answer, grid.spacing_mm, goes_on=goes_on)
        else:
            pairs = zip(truth, answer, strict=True)
            apart = added(distances(*pair, grid.spacing_mm[1:]) for pair in pairs)
        found[number] = SurfacesOfCase(surface_figures(apart), in_3d)
    return found


def mean_of(cases: Sequence[SurfacesOfCase]) -> SurfacesOfCase | None:
    """Means over the cases that have a figure; None without a case."""
    if not cases:
        return None
    rows = [one.figures for one in cases]
    shares = zip(*(row.dice for row in rows), strict=True)
    figures = SurfaceFigures(
        _mean(row.hd95_mm for row in rows),
        _mean(row.mean_mm for row in rows),
        tuple(_mean(share) for share in shares),
    )
    return SurfacesOfCase(figures, all(one.in_3d for one in cases))


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
