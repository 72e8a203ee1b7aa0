"""From the matrices and vectors that files give to a `Grid`, and how one Grid lies in another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segdesk.core.grid import Grid
from segdesk.errors import InputError

#: How far unit vectors may be from right angles: as `core.grid`.
SHEAR_TOLERANCE = 1e-3


def grid_from_axes(
    shape: tuple[int, int, int],
    axes: npt.NDArray[np.float64],
    origin_mm: npt.NDArray[np.float64],
    name: str,
) -> Grid:
    """The Grid of voxels whose steps along column, row and slice index are the columns of a matrix.

    Parameters
    ----------
    shape : (slices, rows, columns)
    axes : float64, (3, 3), LPS mm; columns: one step of the column, row and slice index
    origin_mm : float64, (3,), LPS
    name : of the file, for the sentence

    Raises
    ------
    InputError
        Where the steps are zero, not finite or not at right angles.
    """
    with np.errstate(all="ignore"):  # of damaged headers; checked in the next line
        steps = np.linalg.norm(axes, axis=0)
    if not (np.all(np.isfinite(steps)) and np.all(np.isfinite(origin_mm)) and steps.min() > 0):
        raise InputError(
            f"{name} has no usable geometry: a step of the voxels is zero or no number."
        )
    unit = axes / steps
    if not np.allclose(unit.T @ unit, np.eye(3), atol=SHEAR_TOLERANCE):
        raise InputError(
            f"The axes of {name} are not at right angles, so its slices are sheared.",
            "Resample it onto a straight grid first.",
        )
    spacing = (float(steps[2]), float(steps[1]), float(steps[0]))
    origin = (float(origin_mm[0]), float(origin_mm[1]), float(origin_mm[2]))
    return Grid(shape, spacing, origin, tuple(float(x) for x in unit.ravel()))


def placed(
    array: npt.NDArray[np.uint8], source: Grid, target: Grid, name: str
) -> npt.NDArray[np.uint8]:
    """An array on `source` reordered so that each voxel lies at its place on `target`.

    Axes may be swapped and run the other way; nothing is resampled.

    Raises
    ------
    InputError
        Where the two do not hold the same voxels; the sentence says what differs.
    """
    turn = np.rint(target.matrix.T @ source.matrix)
    if not np.array_equal(np.abs(turn).sum(axis=0), np.ones(3)) or abs(np.linalg.det(turn)) != 1:
        raise InputError(f"{name} is on another grid than the scan: it lies in another direction.")
    # `turn` speaks of (column, row, slice); arrays of (slice, row, column).
    turn = turn[::-1, ::-1]
    order = [int(np.argmax(np.abs(turn[axis]))) for axis in range(3)]
    flipped = [axis for axis in range(3) if turn[axis, order[axis]] < 0]
    moved = np.flip(np.transpose(array, order), tuple(flipped))
    grid = _reordered(source, order, flipped)
    if not grid.agrees_with(target):
        raise InputError(
            f"{name} is on another grid than the scan: {difference(grid, target)}.",
            "Resample the labels onto the scan's grid first.",
        )
    return np.ascontiguousarray(moved)


def _reordered(source: Grid, order: list[int], flipped: list[int]) -> Grid:
    shape = tuple(source.shape[axis] for axis in order)
    steps = source.affine[:3, :3][:, order]
    origin = source.affine[:3, 3].copy()
    for axis in flipped:
        origin += steps[:, axis] * (shape[axis] - 1)
        steps[:, axis] *= -1
    spacing = tuple(source.spacing_mm[axis] for axis in order)
    direction = (steps / np.asarray(spacing))[:, ::-1]
    return Grid(
        (shape[0], shape[1], shape[2]),
        (spacing[0], spacing[1], spacing[2]),
        (float(origin[0]), float(origin[1]), float(origin[2])),
        tuple(float(x) for x in direction.ravel()),
    )


def difference(grid: Grid, target: Grid) -> str:
    """What differs between labels and scan, in words; the size first, then the largest cause."""
    if grid.shape != target.shape:
        return f"{_times(grid.shape)} voxels instead of {_times(target.shape)}"
    if not np.allclose(grid.spacing_mm, target.spacing_mm, rtol=1e-4, atol=1e-4):
        return (
            f"steps of {_numbers(grid.spacing_mm)} mm instead of {_numbers(target.spacing_mm)} mm"
        )
    if not np.allclose(grid.direction, target.direction, atol=1e-4):
        return "its axes are turned against the scan's"
    return f"it begins at {_numbers(grid.origin_mm)} mm instead of {_numbers(target.origin_mm)} mm"


def _times(shape: tuple[int, int, int]) -> str:
    return "×".join(str(size) for size in shape)


def _numbers(values: tuple[float, float, float]) -> str:
    return ", ".join(f"{value:.6g}" for value in values)
