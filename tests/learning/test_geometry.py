"""How slices meet the network's shape and come back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.core.networks import network
from segdesk.errors import TrainingError
from segdesk.jobs.bundle import IGNORE, VolumeRef
from segdesk.learning.geometry import Frame, Scale, framed, padded, scale_for, without_border

sides = st.integers(1, 90)
shapes = st.tuples(sides, sides)


def volume(rows: int, columns: int, pixel: tuple[float, float] | None = None) -> VolumeRef:
    return VolumeRef("case-001", "nowhere", 0, (3, rows, columns), 1.0, 0.0, "HU", pixel)


@given(shapes, shapes, st.sampled_from([8, 16, 32]))
def test_an_answer_comes_back_on_exactly_the_slices_shape(
    own: tuple[int, int], resampled: tuple[int, int], multiple: int
) -> None:
    frame = Frame(own, resampled, padded([resampled], multiple))
    image = frame.image(np.full(own, 0.5, np.float32))
    assert image.shape == frame.network
    chances = np.stack([1 - image, image], axis=-1)
    back = frame.probabilities(chances)
    assert back.shape == (*own, 2)
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, 0.5, atol=1e-5)


@given(shapes)
def test_a_slice_of_its_own_size_comes_back_untouched(own: tuple[int, int]) -> None:
    image = np.random.default_rng(0).random(own, np.float32)
    frame = Frame(own, own, padded([own], 32))
    framed = frame.image(image)
    assert np.array_equal(frame.probabilities(framed[..., None])[..., 0], image)


@given(shapes, st.sampled_from([8, 32]))
def test_the_padding_is_air_that_teaches_nothing(own: tuple[int, int], multiple: int) -> None:
    frame = Frame(own, own, padded([own], multiple))
    target = frame.target(np.ones(own, np.uint8))
    image = frame.image(np.ones(own, np.float32))
    assert np.count_nonzero(target == 1) == own[0] * own[1]
    assert np.array_equal(target == IGNORE, image == 0)


@given(shapes, shapes)
def test_a_border_is_the_slice_mirrored_and_the_answer_is_for_the_slice(
    own: tuple[int, int], resampled: tuple[int, int]
) -> None:
    row = network("unet_2015")
    frame = Frame(own, resampled, framed([resampled], row), row.border)
    assert all((side - row.rest) % row.multiple == 0 for side in frame.network)
    for side, least in zip(frame.network, resampled, strict=True):
        assert (side >= least and side - least < row.multiple) or side == row.rest
    given_ = np.random.default_rng(0).random(own, np.float32)
    image, target = frame.image(given_), frame.target(np.ones(own, np.uint8))
    assert image.shape == target.shape == frame.input
    known = target != IGNORE
    assert np.count_nonzero(known) == resampled[0] * resampled[1]
    answered = without_border(target[None], row.border)
    assert answered.shape == (1, *frame.network)
    assert np.count_nonzero(answered != IGNORE) == np.count_nonzero(known)
    top, left = np.argwhere(known)[0]
    # Beside the slice lies its own edge, and before it what lies behind.
    np.testing.assert_array_equal(image[top - 1], image[top])
    np.testing.assert_array_equal(image[:, left - 1], image[:, left])
    middle = image[row.border : -row.border, row.border : -row.border]
    back = frame.probabilities(np.stack([1 - middle, middle], axis=-1))
    assert back.shape == (*own, 2)
    if own == resampled:
        assert np.array_equal(back[..., 1], given_)


def test_without_a_size_slices_keep_their_own_up_to_256() -> None:
    assert scale_for([volume(64, 48)], 0).resampled(volume(64, 48)) == (64, 48)
    assert scale_for([volume(512, 512)], 0).resampled(volume(512, 512)) == (256, 256)
    assert scale_for([volume(512, 256)], 128).resampled(volume(512, 256)) == (128, 64)


def test_the_largest_field_of_view_sets_the_pixel_and_others_are_resampled_to_it() -> None:
    large, small = volume(512, 512, (0.8, 0.8)), volume(512, 512, (0.4, 0.4))
    scale = scale_for([small, large], 256)
    assert scale.pixel_mm == (1.6, 1.6)
    assert scale.resampled(large) == (256, 256)
    assert scale.resampled(small) == (128, 128)


def test_pixels_that_are_not_square_keep_their_own_grid_without_a_size() -> None:
    oblong = volume(50, 100, (3.5, 2.5))
    assert scale_for([oblong], 0).resampled(oblong) == (50, 100)


def test_a_scan_that_would_fill_the_memory_is_refused_in_words() -> None:
    with pytest.raises(TrainingError, match="enlarged to 5000 pixels"):
        Scale(256, (0.1, 0.1)).resampled(volume(500, 500, (1.0, 1.0)))


def test_rows_and_columns_are_resampled_each_by_its_own_pixel() -> None:
    scale = Scale(256, (2.0, 1.0))
    assert scale.resampled(volume(60, 80, (4.0, 1.0))) == (120, 80)
    assert scale.resampled(volume(60, 80, (2.0, 0.5))) == (60, 40)
