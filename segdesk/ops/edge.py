"""The learned edge: which voxels beside a network's border belong to the segment.

A network sees a scan's slices resampled, so its border is a pixel or so wide of the mark. Within
that band the scan's own voxels know better: a logistic regression on the network's logit, the
voxel's value, the value of its blurred surroundings and their products, taught by labelled slices
in the same band. A fixed threshold made things worse; it has to be learnt, and whether it is used
is decided by who calls, on slices that it did not learn from.

References: Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 2009, chapter
4.4 (logistic regression by Newton's method).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float64]
#: Columns of the features: 1, logit, value, blurred, and the products of these that count.
FEATURES = 9
#: Standard deviation of the blur, in pixels.
BLUR = 1.0
#: Added to a probability and its complement, so that no logit is infinite.
_SOFT = 0.02
#: Newton's steps, and the weight decay that keeps separable voxels from infinite weights.
_STEPS, _DECAY = 12, 0.01


def band(mask: Mask, radius: int) -> Mask:
    """The voxels within `radius` steps of a mask's border, on either side of it.

    Parameters
    ----------
    mask : bool, (rows, columns); what lies outside the slice goes on as at its border
    radius : >= 1, each step to all eight neighbours
    """
    from scipy import ndimage

    size = 2 * radius + 1
    values = mask.astype(np.uint8)
    return ndimage.maximum_filter(values, size, mode="nearest") != ndimage.minimum_filter(
        values, size, mode="nearest"
    )


def features(probability: Floats, image: Floats, where: Mask) -> Weights:
    """What is known of some voxels of a slice, float64, (voxels, FEATURES).

    Parameters
    ----------
    probability : of the segment, in [0, 1], (rows, columns)
    image : in [0, 1] as the network takes it, (rows, columns)
    where : bool, (rows, columns)
    """
    from scipy import ndimage

    chance = probability[where].astype(np.float64)
    logit = np.log((chance + _SOFT) / (1.0 - chance + _SOFT))
    value, blurred = (
        4.0 * plane[where].astype(np.float64) - 2.0
        for plane in (image, ndimage.gaussian_filter(image, BLUR, mode="nearest"))
    )
    one = np.ones_like(logit)
    products = (logit * value, value * value, blurred * blurred, logit * logit, value * blurred)
    return np.stack([one, logit, value, blurred, *products], axis=1)


def fitted(known: Weights, inside: npt.NDArray[np.bool_]) -> Weights:
    """The weights, float64, (FEATURES,), with which the features say whether a voxel is inside.

    Parameters
    ----------
    known : (voxels, FEATURES)
    inside : bool, (voxels,)
    """
    weights = np.zeros(known.shape[1])
    decay = _DECAY * np.eye(known.shape[1])
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(known @ weights, -30.0, 30.0)))
        curvature = (known * (chance * (1.0 - chance))[:, None]).T @ known + decay
        slope = known.T @ (chance - inside) + decay @ weights
        weights -= np.linalg.solve(curvature, slope)
    return weights
