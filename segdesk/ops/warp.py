"""A slice moved, turned, scaled, mirrored and bent: image and labels by one and the same transform.

What is drawn at random, and how strongly, belongs to `learning.augment`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

#: Labels of what moved in from outside the slice: nobody knows what lies there.
OUTSIDE = 255
#: Voxels between the knots of an elastic displacement, along each axis.
KNOTS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Where each pixel of the result is taken from.

    Parameters
    ----------
    shift : (rows, columns) that the content moves, in shares of the sides
    angle : turn in radians, rows towards columns
    scale : > 0, above 1 the content grows
    mirror : columns run the other way
    bend : float32, (2, KNOTS, KNOTS), displacement in pixels at evenly spaced knots, or None
    """

    shift: tuple[float, float] = (0.0, 0.0)
    angle: float = 0.0
    scale: float = 1.0
    mirror: bool = False
    bend: npt.NDArray[np.float32] | None = None

    @property
    def is_mirror_only(self) -> bool:
        """Whether no pixel has to be interpolated."""
        return (
            self.shift == (0.0, 0.0)
            and self.angle == 0.0
            and self.scale == 1.0
            and self.bend is None
        )


def move(
    image: npt.NDArray[np.float32], labels: npt.NDArray[np.uint8], motion: Motion
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """Image and labels after one motion: the image linearly, the labels by the nearest voxel.

    Parameters
    ----------
    image : float32, (rows, columns), or (rows, columns, channels); from outside comes the nearest
        pixel
    labels : uint8, (rows, columns); from outside comes `OUTSIDE`

    Returns
    -------
    image and labels of the same shape and dtype, new arrays
    """
    if motion.mirror:
        image, labels = image[:, ::-1], labels[:, ::-1]
    if motion.is_mirror_only:
        return image.copy(), labels.copy()
    affine = _affine(labels.shape, motion)
    moved, moved_labels = np.empty_like(image), np.empty_like(labels)
    planes = list(zip(_channels(image), _channels(moved), strict=True))
    if motion.bend is None:
        for plane, out in planes:
            ndimage.affine_transform(plane, affine, output=out, order=1, mode="nearest")
        ndimage.affine_transform(
            labels, affine, output=moved_labels, order=0, mode="constant", cval=OUTSIDE
        )
    else:
        rows, columns = labels.shape
        grid = np.mgrid[0:rows, 0:columns].astype(np.float32)
        points = np.tensordot(affine[:, :2].astype(np.float32), grid, axes=1)
        points += affine[:, 2:, None].astype(np.float32)
        points += _displacement(motion.bend, labels.shape)
        for plane, out in planes:
            ndimage.map_coordinates(plane, points, output=out, order=1, mode="nearest")
        ndimage.map_coordinates(
            labels, points, output=moved_labels, order=0, mode="constant", cval=OUTSIDE
        )
    return moved, moved_labels


def blur(image: npt.NDArray[np.float32], sigma: float) -> npt.NDArray[np.float32]:
    """The image, float32, (rows, columns[, channels]), under a Gaussian of `sigma` pixels."""
    smooth = np.empty_like(image)
    ndimage.gaussian_filter(image, sigma, output=smooth, mode="nearest", axes=(0, 1))
    return smooth


def _channels(image: npt.NDArray[np.float32]) -> Iterator[npt.NDArray[np.float32]]:
    """Views of an image, one for each channel."""
    return iter([image] if image.ndim == 2 else np.moveaxis(image, -1, 0))


def _affine(shape: tuple[int, ...], motion: Motion) -> npt.NDArray[np.float64]:
    """(2, 3): matrix and offset from a pixel of the result to where it is taken from."""
    sides = np.asarray(shape, np.float64)
    centre = (sides - 1) / 2
    sine, cosine = np.sin(motion.angle), np.cos(motion.angle)
    matrix = np.array([[cosine, sine], [-sine, cosine]]) / motion.scale
    offset = centre - matrix @ (centre + np.asarray(motion.shift) * sides)
    return np.column_stack([matrix, offset])


def _displacement(bend: npt.NDArray[np.float32], shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """The knots' displacement, spread smoothly over all pixels."""
    rows, columns = (_spread(side, bend.shape[1]) for side in shape)
    return np.einsum("rk,dkl,cl->drc", rows, bend, columns, optimize=True).astype(np.float32)


def _spread(side: int, knots: int) -> npt.NDArray[np.float32]:
    """(side, knots): each knot's weight at each pixel, by raised cosines that add up to 1."""
    place = np.linspace(0, knots - 1, side)[:, None]
    away = np.clip(np.abs(place - np.arange(knots)[None, :]), 0, 1)
    return (0.5 + 0.5 * np.cos(np.pi * away)).astype(np.float32)
