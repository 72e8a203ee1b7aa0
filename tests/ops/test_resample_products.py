"""Resampling by products of matrices against SciPy's own."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from segdesk.ops.resample import resample_image, resample_probabilities


@pytest.mark.parametrize(
    ("own", "wanted"),
    [((64, 64), (32, 32)), ((60, 51), (33, 20)), ((20, 31), (64, 65)), ((1, 7), (5, 1))],
)
def test_products_of_matrices_say_what_scipy_says(
    own: tuple[int, int], wanted: tuple[int, int]
) -> None:
    image = np.random.default_rng(4).random((*own, 2)).astype(np.float32)
    for smooths, resample in ((True, resample_image), (False, resample_probabilities)):
        found = resample(image, wanted)
        for place in range(2):
            plane = image[..., place]
            if smooths:
                sigma = [max(0.0, (a / b - 1) / 2) for a, b in zip(own, wanted, strict=True)]
                plane = np.asarray(ndimage.gaussian_filter(plane, sigma, mode="nearest"))
            expected = np.empty(wanted, np.float32)
            ndimage.zoom(
                plane,
                [b / a for a, b in zip(own, wanted, strict=True)],
                output=expected,
                order=1,
                mode="nearest",
                grid_mode=True,
                prefilter=False,
            )
            np.testing.assert_allclose(found[..., place], expected, atol=2e-6)
