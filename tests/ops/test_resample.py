"""Slices on another number of pixels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segdesk.ops.resample import resample_image, resample_labels, resample_probabilities

sides = st.integers(1, 70)
shapes = st.tuples(sides, sides)


@given(shapes, shapes)
def test_the_result_has_exactly_the_shape_that_was_asked_for(
    own: tuple[int, int], wanted: tuple[int, int]
) -> None:
    image = np.full(own, 0.25, np.float32)
    resampled = resample_image(image, wanted)
    assert resampled.shape == wanted
    np.testing.assert_allclose(resampled, 0.25, atol=1e-6)
    labels = resample_labels(np.full(own, 7, np.uint8), wanted)
    assert labels.shape == wanted
    assert (labels == 7).all()


@given(st.integers(2, 20), st.integers(2, 20), st.integers(2, 4))
def test_labels_grown_and_shrunk_again_are_the_same(rows: int, columns: int, factor: int) -> None:
    labels = np.random.default_rng(rows * 100 + columns).integers(0, 9, (rows, columns), np.uint8)
    grown = resample_labels(labels, (rows * factor, columns * factor))
    assert np.array_equal(grown, np.kron(labels, np.ones((factor, factor), np.uint8)))
    assert np.array_equal(resample_labels(grown, (rows, columns)), labels)


def test_a_ramp_stays_a_ramp_on_the_same_field_of_view() -> None:
    centres = (np.arange(64, dtype=np.float32) + 0.5) / 64
    image = np.tile(centres, (64, 1)).astype(np.float32)
    expected = (np.arange(128, dtype=np.float32) + 0.5) / 128
    grown = resample_image(image, (128, 128))
    np.testing.assert_allclose(grown[5, 2:-2], expected[2:-2], atol=1e-5)
    np.testing.assert_allclose(
        resample_image(image, (32, 32))[5, 3:-3], image[5].reshape(32, 2).mean(1)[3:-3], atol=1e-3
    )


def test_a_shrunk_image_loses_noise_instead_of_folding_it() -> None:
    noise = np.random.default_rng(0).normal(0, 1, (256, 256)).astype(np.float32)
    assert resample_image(noise, (64, 64)).std() < 0.4


def test_probabilities_still_add_up_to_one() -> None:
    chances = np.random.default_rng(0).dirichlet(np.ones(3), (17, 23)).astype(np.float32)
    resampled = resample_probabilities(chances, (40, 31))
    assert resampled.shape == (40, 31, 3)
    np.testing.assert_allclose(resampled.sum(axis=-1), 1, atol=1e-5)
