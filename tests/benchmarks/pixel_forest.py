"""What ilastik's and Weka's users have, as a peer for few slices: a forest of pixels' features.

scikit-image's features of several scales teach scikit-learn's random forest, trees being added
until the seconds are up that its own prediction of all slices leaves. scikit-learn is no part of
segdesk: `pip install scikit-learn` where these rows are wanted.

References: Berg et al., "ilastik: interactive machine learning for (bio)image analysis", Nature
Methods 2019; Arganda-Carreras et al., "Trainable Weka Segmentation", Bioinformatics 2017.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
from skimage.feature import multiscale_basic_features

Pixels = npt.NDArray[np.int16]
Labels = npt.NDArray[np.uint8]
#: As in scikit-image's example of a trainable segmentation.
LARGEST_SIGMA, DEPTH, SHARE = 16, 10, 0.05
#: Trees that are added at once, and at most.
TREES, MOST_TREES = 5, 200


def is_there() -> bool:
    """Whether scikit-learn is installed."""
    return find_spec("sklearn") is not None


def segmented(
    voxels: Pixels,
    truth: Labels,
    labelled: Iterable[int],
    *,
    seconds: float,
    seed: int,
    now: Callable[[], float] = time.perf_counter,
) -> Labels:
    """Learn from some slices and label all.

    Parameters
    ----------
    voxels, truth : (slices, rows, columns); of the truth only the labelled slices are looked at
    labelled : indices
    seconds : for all of it
    now : the clock that they are read from

    Returns
    -------
    uint8, 0 or 1, (slices, rows, columns)
    """
    from sklearn.ensemble import RandomForestClassifier

    began = now()
    indices = list(labelled)
    known = np.concatenate([_features(voxels[index]) for index in indices])
    each_s = (now() - began) / len(indices)
    inside = truth[indices].ravel() > 0
    forest: Any = RandomForestClassifier(
        n_estimators=0, max_depth=DEPTH, max_samples=SHARE, warm_start=True, random_state=seed
    )
    vote_s = 0.0
    while True:
        forest.n_estimators += TREES
        forest.fit(known, inside)
        before = now()
        forest.predict(known[: voxels[0].size])
        vote_s, spent_s = now() - before, now() - began
        left_s = seconds - spent_s - len(voxels) * (each_s + vote_s)
        if left_s <= 0 or forest.n_estimators >= MOST_TREES:
            break
    return np.stack(
        [forest.predict(_features(plane)).reshape(plane.shape) for plane in voxels]
    ).astype(np.uint8)


def _features(plane: Pixels) -> npt.NDArray[np.float32]:
    """(pixels, features)."""
    made = multiscale_basic_features(plane.astype(np.float32), sigma_max=LARGEST_SIGMA)
    return made.reshape(-1, made.shape[-1])
