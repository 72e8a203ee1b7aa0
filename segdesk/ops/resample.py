"""Slices on another number of pixels: images linearly, labels by a vote of the area.

Both sides cover the same field of view: pixel edges coincide, not pixel centres. What size a
network wants belongs to `learning.geometry`; moving and bending a slice to `warp`.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse

Shape = tuple[int, int]


def resample_image(image: npt.NDArray[np.float32], shape: Shape) -> npt.NDArray[np.float32]:
    """An image on another number of pixels, linearly; smoothed first where it shrinks.

    Parameters
    ----------
    image : float32, (rows, columns), or (rows, columns, channels)
    shape : (rows, columns) wanted, each >= 1

    Returns
    -------
    float32, exactly `shape`, and channels; the image itself where it has that shape already

    Notes
    -----
    The Gaussian before shrinking has a standard deviation of (factor - 1) / 2 pixels, as in
    scikit-image's `resize`; without it noise folds into the small image.
    """
    if image.shape[:2] == shape:
        return image
    if image.ndim == 3:
        planes = [resample_image(plane, shape) for plane in np.moveaxis(image, -1, 0)]
        return np.stack(planes, axis=-1)
    over_rows, over_columns = map(_smoothed, image.shape, shape)
    return _both_ways(image, over_rows, over_columns)


def resample_labels(labels: npt.NDArray[np.uint8], shape: Shape) -> npt.NDArray[np.uint8]:
    """Labels on another number of pixels: each takes the number that covers most of its area.

    Parameters
    ----------
    labels : uint8, (rows, columns)
    shape : (rows, columns) wanted, each >= 1

    Returns
    -------
    uint8, exactly `shape`; the labels themselves where they have that shape already

    Notes
    -----
    Numbers are never mixed: 255, which teaches nothing, is one of them. The nearest voxel would
    not do: at even factors two are equally near, and taking always the same one moves the mask by
    half a voxel against its image. Where areas are equal, a segment goes before background and
    255, so that a line as thin as half a pixel is kept.
    """
    if labels.shape == shape:
        return labels
    over_rows, over_columns = map(_overlaps, labels.shape, shape)
    chosen = np.zeros(shape, np.uint8)
    most = np.zeros(shape, np.float32)
    for number in _segments_first(labels):
        covered = over_rows @ (labels == number).astype(np.float32)
        votes = (over_columns @ covered.T).T
        wins = votes > most
        chosen[wins] = number
        most[wins] = votes[wins]
    return chosen


def resample_probabilities(
    probabilities: npt.NDArray[np.float32], shape: Shape
) -> npt.NDArray[np.float32]:
    """Probabilities, float32, (rows, columns, classes), on another number of pixels, linearly."""
    if probabilities.shape[:2] == shape:
        return probabilities
    over_rows, over_columns = map(_linear, probabilities.shape[:2], shape)
    planes = [
        _both_ways(plane, over_rows, over_columns) for plane in np.moveaxis(probabilities, -1, 0)
    ]
    return np.stack(planes, axis=-1)


def _segments_first(labels: npt.NDArray[np.uint8]) -> list[int]:
    """The numbers in the labels; 0 and 255 come last."""
    found = np.flatnonzero(np.bincount(labels.ravel())).tolist()
    return sorted(found, key=lambda number: (number == 255, number == 0))


def _overlaps(own: int, new: int) -> sparse.csr_array:
    """How much of each of `own` pixels lies in each of `new` on the same length, (new, own).

    In units that make every overlap a whole number, so that equal areas are exactly equal.
    """
    own_steps, new_steps = own // gcd(own, new), new // gcd(own, new)
    edges = np.union1d(np.arange(own + 1) * new_steps, np.arange(new + 1) * own_steps)
    pairs = edges[:-1] // own_steps, edges[:-1] // new_steps
    return sparse.csr_array((np.diff(edges).astype(np.float32), pairs), shape=(new, own))


def _both_ways(
    image: npt.NDArray[np.float32], over_rows: sparse.csr_array, over_columns: sparse.csr_array
) -> npt.NDArray[np.float32]:
    """Rows and columns of an image, each mixed as a matrix says: a third of the time of a spline of
    SciPy's that goes by every pixel."""
    half = over_rows @ np.ascontiguousarray(image)
    whole = over_columns @ np.ascontiguousarray(half.T)
    return np.ascontiguousarray(whole.T, np.float32)


@lru_cache(maxsize=64)
def _linear(own: int, new: int) -> sparse.csr_array:
    """What of each of `own` pixels is in each of `new` by linear interpolation, (new, own)."""
    places = np.clip((np.arange(new) + 0.5) * own / new - 0.5, 0, own - 1)
    first = np.minimum(places.astype(np.intp), max(own - 2, 0))
    second = np.minimum(first + 1, own - 1)
    share = (places - first).astype(np.float32)
    rows = np.arange(new)
    pairs = np.concatenate([rows, rows]), np.concatenate([first, second])
    return sparse.csr_array((np.concatenate([1 - share, share]), pairs), shape=(new, own))


@lru_cache(maxsize=64)
def _smoothed(own: int, new: int) -> sparse.csr_array:
    """As `_linear`, of pixels that are smoothed before they are fewer. In double precision: what
    is even stays even to the last digit."""
    sigma = max(0.0, (own / new - 1) / 2)
    if not sigma:
        return _linear(own, new)
    smooth = np.empty((own, own))
    ndimage.gaussian_filter1d(np.eye(own), sigma, axis=0, output=smooth, mode="nearest")
    mixed = _linear(own, new).astype(np.float64) @ smooth
    return sparse.csr_array(mixed)
