"""Soft shapes on one axial plane: what `phantom_anatomy` builds the body from.

A shape is an array that says for each voxel how deep it lies inside, nearly in mm, negative
outside. Depths are added, joined and met like distances; `Plane.paint` turns one into coverage
with an edge as soft as a pixel. Knows nothing of anatomy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

#: float32, (rows, columns): depth inside a shape, in mm.
Depth = npt.NDArray[np.floating]
Point = tuple[float, float, float]
#: Depth of what is nowhere near the plane.
FAR = np.float32(-1e3)


class Plane:
    """One axial plane under construction, in HU. Owned by the function that fills it.

    Parameters
    ----------
    x, y : float32, (rows, columns); mm, growing to the patient's left and to the back
    z : mm, growing to the head
    soft_mm : width of an edge, one pixel
    """

    def __init__(self, x: Depth, y: Depth, z: float, soft_mm: float) -> None:
        self.x = x
        self.y = y
        self.z = z
        self.soft_mm = soft_mm
        self.hu = np.full(x.shape, -1000, np.float32)

    def cover(self, depth: Depth) -> Depth:
        """Share of each voxel that a shape covers, 0 to 1."""
        return np.clip(depth / np.float32(self.soft_mm) + np.float32(0.5), 0, 1)

    def paint(self, depth: Depth, hu: float | Depth, *, opacity: float = 1.0) -> None:
        """Draw a shape over what is there."""
        if depth.max() > -self.soft_mm:
            self.hu += (hu - self.hu) * (self.cover(depth) * np.float32(opacity))


def ellipse(
    plane: Plane, centre: tuple[float, float], axes: tuple[float, float], angle: float = 0.0
) -> Depth:
    """An ellipse; `axes` are half-axes in mm, `angle` turns the first from x to y, in radians."""
    return ellipsoid(plane, (*centre, plane.z), (*axes, 1.0), angle)


def ellipsoid(plane: Plane, centre: Point, axes: Point, angle: float = 0.0) -> Depth:
    """The cut of an ellipsoid that is turned about z."""
    above = (plane.z - centre[2]) / axes[2]
    if abs(above) > 1.5:
        return np.full(plane.x.shape, FAR)
    x, y = plane.x - np.float32(centre[0]), plane.y - np.float32(centre[1])
    cos, sin = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    u, v = (x * cos + y * sin) / axes[0], (y * cos - x * sin) / axes[1]
    # First-order distance to an ellipsoid, after Quilez: k0 (1 - k0) / k1.
    k0 = np.sqrt(u * u + v * v + np.float32(above**2))
    gradient = (u / axes[0]) ** 2 + (v / axes[1]) ** 2 + np.float32((above / axes[2]) ** 2)
    k1 = np.sqrt(gradient + np.float32(1e-8))
    return (k0 * (1 - k0) / k1 + np.float32(min(axes)) * (k0 < 1e-3)).astype(np.float32)


def rounded(
    plane: Plane, centre: tuple[float, float], axes: tuple[float, float], power: float
) -> Depth:
    """A superellipse: between an ellipse (power 2) and a rounded box (power 3 and more)."""
    x, y = plane.x - np.float32(centre[0]), plane.y - np.float32(centre[1])
    q = (np.abs(x / axes[0]) ** power + np.abs(y / axes[1]) ** power) ** (1 / power)
    radius = np.hypot(x, y)
    return (radius / np.maximum(q, 1e-3) - radius).astype(np.float32)


def tube(plane: Plane, points: Sequence[Point], radii: Sequence[float]) -> Depth:
    """A bent tube through points (x, y, z) with a radius at each."""
    depth = np.full(plane.x.shape, FAR)
    pairs = zip(points, points[1:], radii, radii[1:], strict=False)
    for start, end, radius0, radius1 in pairs:
        reach = max(radius0, radius1) + 4 * plane.soft_mm
        if min(start[2], end[2]) - reach <= plane.z <= max(start[2], end[2]) + reach:
            np.maximum(depth, _segment(plane, start, end, (radius0, radius1)), out=depth)
    return depth


def _segment(plane: Plane, start: Point, end: Point, radii: tuple[float, float]) -> Depth:
    dx, dy, dz = (float(b - a) for a, b in zip(start, end, strict=True))
    x, y = plane.x - np.float32(start[0]), plane.y - np.float32(start[1])
    z = np.float32(plane.z - start[2])
    squared = np.float32(max(dx * dx + dy * dy + dz * dz, 1e-6))
    along = np.clip((x * np.float32(dx) + y * np.float32(dy) + z * np.float32(dz)) / squared, 0, 1)
    apart = (x - along * np.float32(dx)) ** 2 + (y - along * np.float32(dy)) ** 2
    apart += (z - along * np.float32(dz)) ** 2
    radius = np.float32(radii[0]) + along * np.float32(radii[1] - radii[0])
    return radius - np.sqrt(apart)


def join(one: Depth, other: Depth, blend_mm: float) -> Depth:
    """Both shapes as one, with the corner between them filled over `blend_mm`."""
    share = np.clip((one - other) / np.float32(2 * blend_mm) + np.float32(0.5), 0, 1)
    return other + (one - other) * share + np.float32(blend_mm) * share * (1 - share)


def meet(one: Depth, other: Depth, blend_mm: float) -> Depth:
    """What both shapes share, with its corner rounded over `blend_mm`."""
    return -join(-one, -other, blend_mm)
