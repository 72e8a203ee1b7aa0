"""Branching vessels of the phantom's lungs: grown as trees, drawn as soft tubes.

The lungs' shape comes from `phantom_anatomy`; this file only needs points inside them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdesk.ops.phantom_shapes import Depth, Plane

Points = npt.NDArray[np.float64]
#: A parent's radius from its children's: r^EXPONENT adds up (Murray 1926: 3; lungs: a bit less).
EXPONENT = 2.7
TWIG_MM = 0.85


@dataclass(frozen=True, slots=True, eq=False)
class Vessels:
    """Straight pieces, float64: starts and ends (n, 3) as (x, y, z) in mm, radii (n,) in mm."""

    starts: Points
    ends: Points
    radii: npt.NDArray[np.float64]


def grow(root: Points, targets: Points, random: np.random.Generator) -> Vessels:
    """A tree from a root that reaches every target, splitting in two on its way.

    Parameters
    ----------
    root : float64, (3,)
    targets : float64, (n, 3), n >= 1, points inside the lung
    random : draws the bends
    """
    pieces: list[tuple[Points, Points, float]] = []
    waiting = [(root, targets)]
    while waiting:
        start, group = waiting.pop()
        radius = TWIG_MM * len(group) ** (1 / EXPONENT)
        if len(group) == 1:
            pieces.append((start, group[0], radius))
            continue
        # Part of the way to the middle of what is to be reached, then two directions.
        way = group.mean(axis=0) - start
        fork = start + way * random.uniform(0.35, 0.5) + random.normal(0, 0.06, 3) * abs(way).sum()
        pieces.append((start, fork, radius))
        spread = group - group.mean(axis=0)
        axis = np.linalg.svd(spread, full_matrices=False)[2][0]
        order = np.argsort(spread @ axis)
        cut = min(max(round(len(group) * random.uniform(0.35, 0.65)), 1), len(group) - 1)
        waiting += [(fork, group[order[:cut]]), (fork, group[order[cut:]])]
    starts, ends, radii = zip(*pieces, strict=True)
    return Vessels(np.array(starts), np.array(ends), np.array(radii))


def joined(trees: list[Vessels]) -> Vessels:
    """Several trees as one."""
    return Vessels(
        np.concatenate([tree.starts for tree in trees]),
        np.concatenate([tree.ends for tree in trees]),
        np.concatenate([tree.radii for tree in trees]),
    )


def coverage(plane: Plane, vessels: Vessels, thickness_mm: float) -> Depth:
    """Share of each voxel of a plane that vessels cover, 0 to 1.

    Parameters
    ----------
    thickness_mm : of the layer that the plane stands for; the edge across it is that soft
    """
    cover = np.zeros(plane.x.shape, np.float32)
    soft = max(plane.soft_mm, thickness_mm)
    low = np.minimum(vessels.starts[:, 2], vessels.ends[:, 2]) - vessels.radii - soft
    high = np.maximum(vessels.starts[:, 2], vessels.ends[:, 2]) + vessels.radii + soft
    for index in np.flatnonzero((low <= plane.z) & (plane.z <= high)):
        _add(cover, plane, vessels.starts[index], vessels.ends[index], vessels.radii[index], soft)
    return cover


def _add(
    cover: Depth, plane: Plane, start: Points, end: Points, radius: float, soft: float
) -> None:
    """Draw the part of one piece that is near the plane, inside its own small window."""
    way = end - start
    reach = radius + soft
    if abs(way[2]) > 1e-6:
        near = np.clip(np.sort((plane.z + np.array((-reach, reach)) - start[2]) / way[2]), 0, 1)
    else:
        near = np.array((0.0, 1.0))
    ends = start[:2] + near[:, None] * way[:2]
    around = (np.abs(plane.x - ends[:, 0].mean()) <= np.ptp(ends[:, 0]) / 2 + reach) & (
        np.abs(plane.y - ends[:, 1].mean()) <= np.ptp(ends[:, 1]) / 2 + reach
    )
    x, y, z = plane.x[around] - start[0], plane.y[around] - start[1], plane.z - start[2]
    along = np.clip((x * way[0] + y * way[1] + z * way[2]) / max(way @ way, 1e-6), 0, 1)
    apart = (x - along * way[0]) ** 2 + (y - along * way[1]) ** 2 + (z - along * way[2]) ** 2
    # A twig thinner than the edge is soft covers a voxel only in part.
    full = min(1.0, 2 * radius / soft)
    drawn = full * np.clip((radius - np.sqrt(apart)) / soft + 0.5, 0, 1)
    cover[around] = np.maximum(cover[around], drawn.astype(np.float32))
