"""The learned edge on slices whose border is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from segdesk.ops.edge import FEATURES, band, features, fitted


def disc(radius: float, side: int = 64) -> npt.NDArray[np.bool_]:
    rows, columns = np.mgrid[:side, :side]
    return np.asarray((rows - side / 2) ** 2 + (columns - side / 2) ** 2 < radius**2, np.bool_)


def test_the_band_lies_on_both_sides_of_the_border() -> None:
    mask = np.zeros((9, 9), bool)
    mask[2:7, 2:7] = True
    one = band(mask, 1)
    expected = ndimage.binary_dilation(mask, np.ones((3, 3))) & ~ndimage.binary_erosion(
        mask, np.ones((3, 3))
    )
    assert np.array_equal(one, expected)
    assert band(mask, 2).sum() > one.sum()
    assert not band(np.ones((5, 5), bool), 2).any()
    assert not band(np.zeros((5, 5), bool), 2).any()


def test_a_border_that_is_two_voxels_off_is_found_again() -> None:
    """The network says a larger disc; the voxels say where it ends."""
    generator = np.random.default_rng(0)
    known, inside = [], []
    for radius in (14.0, 18.0, 22.0):
        truth = disc(radius)
        image = np.clip(
            0.25 + 0.5 * np.logical_not(truth) + generator.normal(0, 0.04, truth.shape), 0, 1
        )
        chance = np.asarray(
            ndimage.gaussian_filter(disc(radius + 2).astype(np.float32), 1.5), np.float32
        )
        near = band(chance > 0.5, 3)
        known.append(features(chance, image.astype(np.float32), near))
        inside.append(truth[near])
    weights = fitted(np.concatenate(known[:2]), np.concatenate(inside[:2]))
    assert weights.shape == (FEATURES,)
    before = (known[2][:, 1] > 0) == inside[2]
    after = (known[2] @ weights > 0) == inside[2]
    assert before.mean() < 0.8
    assert after.mean() > 0.98


@pytest.mark.parametrize("answer", [True, False])
def test_voxels_of_one_kind_give_finite_weights(answer: bool) -> None:
    generator = np.random.default_rng(1)
    chance = generator.random((20, 20)).astype(np.float32)
    chance[0, 0], chance[0, 1] = 0.0, 1.0
    known = features(chance, generator.random((20, 20)).astype(np.float32), chance >= 0)
    weights = fitted(known, np.full(len(known), answer))
    assert np.isfinite(weights).all()
    assert ((known @ weights > 0) == answer).mean() > 0.95


def test_no_voxel_is_no_fault() -> None:
    empty = np.zeros((4, 4), np.float32)
    known = features(empty, empty, np.zeros((4, 4), bool))
    assert known.shape == (0, FEATURES)
    assert not fitted(known, np.zeros(0, bool)).any()
