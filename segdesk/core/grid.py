"""Where voxels lie in the patient: the `Grid`.

Owns shape, spacing, origin and direction of a scan and the questions that only need those.
Resampling lives in `ops`, reading geometry from files in `formats`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdesk.core.tolerances import CORNER_VOXELS, FLOAT32, ORTHONORMAL

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
#: Letters at the positive and the negative end of the patient's x, y and z axis (LPS).
LETTERS = (("L", "R"), ("P", "A"), ("S", "I"))


@dataclass(frozen=True, slots=True)
class Grid:
    """Shape, spacing, origin and direction of a scan, in LPS millimetres. Compares by value.

    Parameters
    ----------
    shape : (slices, rows, columns), each >= 1
    spacing_mm : (slice, row, column) step in mm, each > 0
    origin_mm : (x, y, z) of the centre of voxel (0, 0, 0)
    direction : nine numbers, the rows of a matrix whose columns are the unit vectors along which
        the column, the row and the slice index grow (ITK's order), right- or left-handed
    stacked : False for slices without geometry between them (photographs, arrays); then spacing,
        origin and direction mean nothing and no length, volume or letter is shown

    Raises
    ------
    ValueError
        Where a number is not finite, a size or a step is not positive, or the direction is not
        orthonormal within `tolerances.ORTHONORMAL`.
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0)
    origin_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    direction: tuple[float, ...] = IDENTITY
    stacked: bool = True

    def __post_init__(self) -> None:
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise ValueError(f"expected three sizes >= 1, received shape={self.shape}")
        numbers = (*self.spacing_mm, *self.origin_mm, *self.direction)
        if len(numbers) != 15 or not np.all(np.isfinite(numbers)):
            raise ValueError(f"expected 15 finite numbers, received {numbers}")
        if min(self.spacing_mm) <= 0:
            raise ValueError(f"expected steps > 0 mm, received spacing_mm={self.spacing_mm}")
        matrix = self.matrix
        if not np.allclose(matrix.T @ matrix, np.eye(3), rtol=0, atol=ORTHONORMAL):
            raise ValueError(f"expected an orthonormal direction, received {self.direction}")

    @property
    def matrix(self) -> npt.NDArray[np.float64]:
        """The direction as a 3x3 matrix; columns: unit vectors of column, row, slice index."""
        return np.asarray(self.direction, dtype=np.float64).reshape(3, 3)

    @property
    def affine(self) -> npt.NDArray[np.float64]:
        """4x4 matrix that takes (slice, row, column, 1) to (x, y, z, 1) in LPS mm."""
        affine = np.eye(4)
        affine[:3, :3] = self.matrix[:, ::-1] * np.asarray(self.spacing_mm)
        affine[:3, 3] = self.origin_mm
        return affine

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return float(np.prod(self.spacing_mm)) / 1000.0

    @property
    def slice_shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.shape[1], self.shape[2]

    def to_physical(self, index: tuple[float, float, float]) -> tuple[float, float, float]:
        """Physical point (x, y, z) in LPS mm of the index (slice, row, column)."""
        x, y, z = (self.affine @ np.array([*index, 1.0]))[:3]
        return float(x), float(y), float(z)

    def to_index(self, point_mm: tuple[float, float, float]) -> tuple[float, float, float]:
        """Index (slice, row, column), not rounded, of the physical point (x, y, z) in LPS mm."""
        k, j, i = (np.linalg.inv(self.affine) @ np.array([*point_mm, 1.0]))[:3]
        return float(k), float(j), float(i)

    @property
    def corners_mm(self) -> npt.NDArray[np.float64]:
        """The eight corner voxels' centres: float64, (8, 3), (x, y, z) in LPS mm."""
        corners = np.array([(k, j, i) for k in (0, 1) for j in (0, 1) for i in (0, 1)], np.float64)
        corners *= np.asarray(self.shape) - 1
        return corners @ self.affine[:3, :3].T + self.origin_mm

    def agrees_with(self, other: Grid, *, turn_rad: float = 0.0) -> bool:
        """Whether both have one shape and every voxel lies at the same place.

        The corners decide: a rounding of spacing or direction is only a fault where it moves a
        voxel by more than `tolerances.CORNER_VOXELS` of the smallest step, or by more than float32
        can tell.

        Parameters
        ----------
        turn_rad : what the header of `other` may be turned by, about the nearest corner of this
            one, because it rounds its direction; see `formats.stored.Stored`
        """
        if self.shape != other.shape or self.stacked != other.stacked:
            return False
        if not self.stacked:
            return True
        ours, theirs = self.corners_mm, other.corners_mm
        apart = np.linalg.norm(ours - theirs, axis=1)
        step = min(*self.spacing_mm, *other.spacing_mm)
        far = float(max(np.abs(ours).max(), np.abs(theirs).max()))
        allowed = CORNER_VOXELS * step + 4 * FLOAT32 * far
        if turn_rad:
            fixed = ours[int(np.argmin(apart))]
            allowed = allowed + turn_rad * np.linalg.norm(ours - fixed, axis=1)
        return bool(np.all(apart <= allowed))

    def axis_letters(self) -> tuple[tuple[str, str], tuple[str, str], tuple[str, str]]:
        """For slice, row and column index: the letters at its (low, high) end.

        Returns
        -------
        Three pairs such as ("I", "S"); empty strings where the slices have no geometry.
        """
        if not self.stacked:
            return ("", ""), ("", ""), ("", "")
        pairs: list[tuple[str, str]] = []
        for column in (2, 1, 0):
            vector = self.matrix[:, column]
            axis = int(np.argmax(np.abs(vector)))
            high, low = LETTERS[axis] if vector[axis] > 0 else LETTERS[axis][::-1]
            pairs.append((low, high))
        return pairs[0], pairs[1], pairs[2]
