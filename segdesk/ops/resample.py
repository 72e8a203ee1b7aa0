"""Slices on another number of pixels: images linearly, labels by the nearest voxel.

Both sides cover the same field of view: pixel edges coincide, not pixel centres. What size a
network wants belongs to `learning.geometry`; moving and bending a slice to `warp`.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Shape = tuple[int, int]
Pixel = TypeVar("Pixel", bound=np.generic)


def resample_image(image: npt.NDArray[np.float32], shape: Shape) -> npt.NDArray[np.float32]:
    """An image on another number of pixels, linearly; smoothed first where it shrinks.

    Parameters
    ----------
    image : float32, (rows, columns)
    shape : (rows, columns) wanted, each >= 1

    Returns
    -------
    float32, exactly `shape`; the image itself where it has that shape already

    Notes
    -----
    The Gaussian before shrinking has a standard deviation of (factor - 1) / 2 pixels, as in
    scikit-image's `resize`; without it noise folds into the small image.
    """
    if image.shape == shape:
        return image
    sigma = [max(0.0, (own / new - 1) / 2) for own, new in zip(image.shape, shape, strict=True)]
    if any(sigma):
        image = ndimage.gaussian_filter(image, sigma, mode="nearest")
    return _zoom(image, shape, order=1)


def resample_labels(labels: npt.NDArray[np.uint8], shape: Shape) -> npt.NDArray[np.uint8]:
    """Labels, uint8, (rows, columns), on another number of pixels, by the nearest voxel."""
    return labels if labels.shape == shape else _zoom(labels, shape, order=0)


def resample_probabilities(
    probabilities: npt.NDArray[np.float32], shape: Shape
) -> npt.NDArray[np.float32]:
    """Probabilities, float32, (rows, columns, classes), on another number of pixels, linearly."""
    if probabilities.shape[:2] == shape:
        return probabilities
    planes = [_zoom(plane, shape, order=1) for plane in np.moveaxis(probabilities, -1, 0)]
    return np.stack(planes, axis=-1)


def _zoom(image: npt.NDArray[Pixel], shape: Shape, *, order: int) -> npt.NDArray[Pixel]:
    zoomed = np.empty(shape, image.dtype)
    factors = [new / own for own, new in zip(image.shape, shape, strict=True)]
    ndimage.zoom(
        image, factors, output=zoomed, order=order, mode="nearest", grid_mode=True, prefilter=False
    )
    return zoomed
