"""Slices as they might also have looked."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segdesk.jobs.bundle import IGNORE
from segdesk.learning.augment import augmented, swap_table
from tests.learning.builders import discs

seeds = st.integers(0, 10_000)
strengths = st.floats(0.05, 1.0)


COMPLETE = np.zeros(3, np.float32)


def slice_pair() -> tuple[np.ndarray, np.ndarray]:
    _, labels = discs(1, 48)
    return labels[0].astype(np.float32), labels[0]


@given(seeds, strengths)
def test_image_and_labels_stay_together(seed: int, strength: float) -> None:
    image, target = slice_pair()
    generator = np.random.default_rng(seed)
    image, target, _ = augmented(image, target, COMPLETE, generator, strength=strength)
    known = target != IGNORE
    # The image is 1 on the disc: but for its blurred rim the two have to agree.
    assert np.mean((image > 0.5)[known] == (target == 1)[known]) > 0.97


@given(seeds, strengths)
def test_an_augmented_slice_keeps_its_form_and_range(seed: int, strength: float) -> None:
    image, target = slice_pair()
    before = image.copy(), target.copy()
    generator = np.random.default_rng(seed)
    new_image, new_target, _ = augmented(image, target, COMPLETE, generator, strength=strength)
    assert new_image.shape == new_target.shape == image.shape
    assert new_image.dtype == np.float32
    assert new_target.dtype == np.uint8
    assert 0 <= new_image.min() <= new_image.max() <= 1
    assert set(np.unique(new_target)) <= {0, 1, IGNORE}
    assert np.array_equal(image, before[0])
    assert np.array_equal(target, before[1])


@given(seeds)
def test_one_seed_gives_one_result(seed: int) -> None:
    image, target = slice_pair()
    first, second = (
        augmented(image, target, COMPLETE, np.random.default_rng(seed), strength=0.5)
        for _ in range(2)
    )
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])


def test_strength_0_changes_nothing() -> None:
    image, target = slice_pair()
    same = augmented(image, target, COMPLETE, np.random.default_rng(0), strength=0)
    assert same[0] is image
    assert same[1] is target


def test_a_mirrored_left_lung_is_a_right_lung() -> None:
    target = np.zeros((32, 32), np.uint8)
    target[8:24, 2:14], target[8:24, 18:30] = 1, 2
    image = (target / 2).astype(np.float32)
    swap = swap_table(((1, 2),))
    only_left = np.array([0, 1, 0], np.float32)
    seen = set()
    for seed in range(20):
        moved, labels, incomplete = augmented(
            image, target, only_left, np.random.default_rng(seed), strength=0.01, swap=swap
        )
        dark_is_left = np.flatnonzero(np.abs(moved - 0.5).min(axis=0) < 0.1).mean() < 16
        seen.add(bool(dark_is_left))
        # What is not known of one side is not known of the other once it is mirrored.
        assert incomplete.tolist() == ([0, 1, 0] if dark_is_left else [0, 0, 1])
        # Whatever happened to the image, class 1 stays on the side that class 1 has in a patient.
        assert np.flatnonzero((labels == 1).any(axis=0)).mean() < 16
    assert seen == {True, False}
