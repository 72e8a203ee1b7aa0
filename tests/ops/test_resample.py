"""Slices on another number of pixels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

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


def discs(shape: tuple[int, int], radius: float) -> Iterator[np.ndarray]:
    """Discs about the middle, their centres spread over six pixels each way."""
    rows, columns = np.indices(shape) + 0.5
    for row in np.arange(0.25, 6, 0.75):
        for column in np.arange(0.25, 6, 0.75):
            centre = shape[0] / 2 - 3 + row, shape[1] / 2 - 3 + column
            yield (np.hypot(rows - centre[0], columns - centre[1]) < radius).astype(np.uint8)


def centre(weights: np.ndarray, factor: float) -> np.ndarray:
    """Centre of mass in pixels that are 1 / factor as large; edges coincide, not centres."""
    return (np.array(ndimage.center_of_mass(weights)) + 0.5) * factor


@pytest.mark.parametrize("factor", [2, 1.5, 3, 0.5])
def test_labels_stay_where_their_image_is(factor: float) -> None:
    small = round(96 / factor), round(96 / factor)
    shifts: list[np.ndarray] = []
    for disc in discs((96, 96), 20.0):
        labels = resample_labels(disc, small)
        image = resample_image(disc.astype(np.float32), small)
        assert np.abs(centre(labels, factor) - centre(image, factor)).max() < factor / 2
        shifts.append(centre(labels, factor) - centre(image, factor))
        np.testing.assert_allclose(centre(image, factor), centre(disc, 1), atol=0.05)
    assert np.abs(np.mean(shifts, axis=0)).max() < 0.05


def test_small_discs_come_back_from_half_the_size() -> None:
    dice: list[float] = []
    for disc in discs((64, 64), 8.0):
        labels = resample_labels(disc, (32, 32))
        chances = np.stack([labels == 0, labels == 1], axis=-1).astype(np.float32)
        back = resample_probabilities(chances, (64, 64)).argmax(axis=-1)
        dice.append(2 * np.sum(back * disc) / (back.sum() + disc.sum()))
    assert np.mean(dice) > 0.94


shapes_of_labels = st.tuples(st.integers(1, 12), st.integers(1, 12))


@given(shapes_of_labels, shapes_of_labels, st.integers(0, 99))
def test_a_pixel_takes_what_covers_most_of_it(
    own: tuple[int, int], new: tuple[int, int], seed: int
) -> None:
    numbers = np.array([0, 1, 4, 255], np.uint8)
    labels = numbers[np.random.default_rng(seed).integers(0, 4, own)]
    # On a grid so fine that every pixel of both is a whole number of its cells.
    fine = np.kron(labels, np.ones(new, np.uint8))
    cells = fine.reshape(new[0], own[0], new[1], own[1]).swapaxes(1, 2).reshape(*new, -1)
    areas = np.stack([(cells == number).sum(axis=-1) for number in (1, 4, 0, 255)])
    expected = np.array([1, 4, 0, 255])[areas.argmax(axis=0)]
    assert np.array_equal(resample_labels(labels, new), expected)


def test_what_teaches_nothing_is_never_mixed_into_a_segment() -> None:
    labels = np.array([[255, 255, 255, 1], [255, 0, 1, 1]], np.uint8)
    assert resample_labels(labels, (1, 2)).tolist() == [[255, 1]]


def test_a_line_one_voxel_thin_is_kept_at_half_the_size() -> None:
    for row in (8, 9):
        labels = np.zeros((16, 16), np.uint8)
        labels[row] = 3
        assert (resample_labels(labels, (8, 8))[4] == 3).all()


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


@pytest.mark.parametrize("axis", [0, 1])
def test_an_image_that_shrinks_along_one_side_is_smoothed_along_that_side_only(axis: int) -> None:
    shape, wanted = np.array([36, 36]), np.array([36, 36])
    wanted[axis] = 12
    stripes = np.indices(shape)[axis] % 2
    along = resample_image(stripes.astype(np.float32), tuple(wanted.tolist()))
    # Every third pixel alone would be 0 and 1 in turn.
    np.testing.assert_allclose(along, 0.5, atol=0.05)
    stripes = np.indices(shape)[1 - axis] % 2
    across = resample_image(stripes.astype(np.float32), tuple(wanted.tolist()))
    assert np.array_equal(across, np.indices(wanted)[1 - axis] % 2)
