"""From the matrices and vectors that files give to a `Grid`, and how one Grid lies in another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

from segdesk.core.grid import Grid
from segdesk.core.tolerances import OFF_SQUARE, SAID_VOXELS
from segdesk.errors import InputError
from segdesk.sentence import Sentence

Notes = tuple[str, ...]


def grid_from_axes(
    shape: tuple[int, int, int],
    axes: npt.NDArray[np.float64],
    origin_mm: npt.NDArray[np.float64],
    name: str,
) -> tuple[Grid, Notes]:
    """The Grid of voxels whose steps along column, row and slice index are the columns of a matrix.

    Axes that are off square by a rounding are squared: the nearest rotation takes their place, the
    first voxel stays where it is.

    Parameters
    ----------
    shape : (slices, rows, columns)
    axes : float64, (3, 3), LPS mm; columns: one step of the column, row and slice index
    origin_mm : float64, (3,), LPS
    name : of the file, for the sentence

    Returns
    -------
    The Grid, and a note where squaring moved a corner by more than `tolerances.SAID_VOXELS`.

    Raises
    ------
    InputError
        Where the steps are zero, not finite, or off square by more than `tolerances.OFF_SQUARE`;
        then the sentence says the angle.
    """
    with np.errstate(all="ignore"):  # of damaged headers; checked in the next line
        steps = np.linalg.norm(axes, axis=0)
    if not (np.all(np.isfinite(steps)) and np.all(np.isfinite(origin_mm)) and steps.min() > 0):
        raise InputError(
            Sentence(
                "{name} has no usable geometry: a step of the voxels is zero or no number.",
                name=name,
            )
        )
    spacing = (float(steps[2]), float(steps[1]), float(steps[0]))
    origin = (float(origin_mm[0]), float(origin_mm[1]), float(origin_mm[2]))
    return squared_grid(shape, spacing, origin, axes / steps, name)


def squared_grid(
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float, float],
    origin_mm: tuple[float, float, float],
    unit: npt.NDArray[np.float64],
    name: str,
) -> tuple[Grid, Notes]:
    """The Grid whose direction is the nearest rotation to three unit vectors.

    Parameters
    ----------
    shape, spacing_mm, origin_mm : as `Grid`
    unit : float64, (3, 3); columns: unit vectors of the column, row and slice index
    name : of the file, for the sentence

    Returns, Raises
    ---------------
    As `grid_from_axes`.
    """
    off_square = float(np.abs(unit.T @ unit - np.eye(3)).max())
    angle = f"{np.degrees(np.arcsin(min(off_square, 1.0))):.2g}°"
    if off_square > OFF_SQUARE:
        raise InputError(
            Sentence(
                "The axes of {name} are off square by {angle}, so its slices are sheared.",
                name=name,
                angle=angle,
            ),
            "Resample it onto a straight grid first.",
        )
    squared = _nearest_rotation(unit)
    grid = Grid(shape, spacing_mm, origin_mm, tuple(float(x) for x in squared.ravel()))
    lengths = ((np.asarray(shape) - 1) * spacing_mm)[::-1]
    corners = np.array(list(product((0, 1), repeat=3))) * lengths
    moved = float(np.linalg.norm(corners @ (squared - unit).T, axis=1).max()) / min(spacing_mm)
    if moved <= SAID_VOXELS:
        return grid, ()
    return grid, (
        Sentence(
            "The axes were off square by {angle} and were squared, which moved a corner "
            "by {moved} voxels.",
            angle=angle,
            moved=f"{moved:.2g}",
        ),
    )


def _nearest_rotation(unit: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The orthonormal matrix nearest to one of unit vectors (polar decomposition), same handed.

    What is orthonormal already stays as it is, to the last digit.
    """
    if np.abs(unit.T @ unit - np.eye(3)).max() < 4 * np.finfo(np.float64).eps:
        return unit
    left, _, right = np.linalg.svd(unit)
    return left @ right


def placed(
    array: npt.NDArray[np.uint8],
    source: Grid,
    target: Grid,
    name: str,
    *,
    turn_rad: float = 0.0,
) -> npt.NDArray[np.uint8]:
    """An array on `source` reordered so that each voxel lies at its place on `target`.

    Axes may be swapped and run the other way; nothing is resampled.

    Parameters
    ----------
    turn_rad : by how much the source's header rounds its direction, as `Stored.turn_rad`

    Raises
    ------
    InputError
        Where the two do not hold the same voxels; the sentence says what differs.
    """
    turn = np.rint(target.matrix.T @ source.matrix)
    if not np.array_equal(np.abs(turn).sum(axis=0), np.ones(3)) or abs(np.linalg.det(turn)) != 1:
        raise InputError(
            Sentence(
                "{name} is on another grid than the scan: it lies in another direction.", name=name
            )
        )
    # `turn` speaks of (column, row, slice); arrays of (slice, row, column).
    turn = turn[::-1, ::-1]
    order = [int(np.argmax(np.abs(turn[axis]))) for axis in range(3)]
    flipped = [axis for axis in range(3) if turn[axis, order[axis]] < 0]
    moved = np.flip(np.transpose(array, order), tuple(flipped))
    grid = reordered(source, order, flipped)
    if not target.agrees_with(grid, turn_rad=turn_rad):
        raise InputError(
            Sentence(
                "{name} is on another grid than the scan: {difference}.",
                name=name,
                difference=difference(grid, target),
            ),
            "Resample the labels onto the scan's grid first.",
        )
    return np.ascontiguousarray(moved)


def reordered(source: Grid, order: Sequence[int], flipped: Sequence[int] = ()) -> Grid:
    """The Grid of an array whose axes were permuted, and then some of them turned round.

    Parameters
    ----------
    order : of each new axis (slice, row, column), which axis it was
    flipped : new axes that run the other way
    """
    shape = tuple(source.shape[axis] for axis in order)
    steps = source.affine[:3, :3][:, list(order)]
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
        return Sentence(
            "{ours} voxels instead of {theirs}",
            ours=_times(grid.shape),
            theirs=_times(target.shape),
        )
    lengths = (np.asarray(grid.shape) - 1) * grid.spacing_mm
    wider = np.abs(np.subtract(grid.spacing_mm, target.spacing_mm)) * (np.asarray(grid.shape) - 1)
    turned = np.abs(grid.matrix - target.matrix).max(axis=0)[::-1] * lengths
    shifted = float(np.linalg.norm(np.subtract(grid.origin_mm, target.origin_mm)))
    if shifted >= max(wider.max(), turned.max()):
        ours, theirs = told_apart(grid.origin_mm, target.origin_mm)
        return Sentence("it begins at {ours} mm instead of {theirs} mm", ours=ours, theirs=theirs)
    if wider.max() >= turned.max():
        ours, theirs = told_apart(grid.spacing_mm, target.spacing_mm)
        return Sentence("steps of {ours} mm instead of {theirs} mm", ours=ours, theirs=theirs)
    trace = float(np.trace(grid.matrix.T @ target.matrix))
    angle = np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))
    return Sentence("its axes are turned by {angle}° against the scan's", angle=f"{angle:.2g}")


def told_apart(one: Sequence[float], other: Sequence[float], *, digits: int = 6) -> tuple[str, str]:
    """Both as text, with as many more digits as it takes to see that they differ."""
    while digits < 17 and _rounded(one, digits) == _rounded(other, digits):
        digits += 1
    return _rounded(one, digits), _rounded(other, digits)


def _rounded(numbers: Sequence[float], digits: int) -> str:
    return ", ".join(f"{number:.{digits}g}" for number in numbers)


def _times(shape: tuple[int, int, int]) -> str:
    return "×".join(str(size) for size in shape)
