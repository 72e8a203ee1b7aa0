"""A slice moved, turned and bent."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segdesk.ops.warp import KNOTS, OUTSIDE, Motion, blur, move

Pair = tuple[np.ndarray, np.ndarray]


def pair(side: int = 41) -> Pair:
    labels = np.zeros((side, side), np.uint8)
    labels[10:20, 25:33] = 1
    return labels.astype(np.float32), labels


def centre(labels: np.ndarray) -> np.ndarray:
    return np.argwhere(labels == 1).mean(axis=0)


def test_no_motion_changes_nothing() -> None:
    image, labels = pair()
    moved = move(image, labels, Motion())
    assert np.array_equal(moved[0], image)
    assert np.array_equal(moved[1], labels)


def test_a_mirror_reverses_the_columns() -> None:
    image, labels = pair()
    moved = move(image, labels, Motion(mirror=True))
    assert np.array_equal(moved[0], image[:, ::-1])
    assert np.array_equal(moved[1], labels[:, ::-1])


@given(st.integers(-5, 5), st.integers(-5, 5))
def test_a_shift_by_whole_pixels_is_exact_and_what_came_in_is_unknown(
    rows: int, columns: int
) -> None:
    image, labels = pair()
    moved, moved_labels = move(image, labels, Motion(shift=(rows / 41, columns / 41)))
    np.testing.assert_allclose(centre(moved_labels), centre(labels) + np.array([rows, columns]))
    unknown = moved_labels == OUTSIDE
    assert np.count_nonzero(unknown) == 41 * 41 - (41 - abs(rows)) * (41 - abs(columns))
    assert np.array_equal((moved > 0.5)[~unknown], (moved_labels == 1)[~unknown])


def test_a_quarter_turn_is_a_rotation_of_the_array() -> None:
    image, labels = pair()
    moved, moved_labels = move(image, labels, Motion(angle=np.pi / 2))
    quarter = np.rot90(labels)
    same = np.array_equal(moved_labels, quarter) or np.array_equal(
        moved_labels, quarter[::-1, ::-1]
    )
    assert same
    np.testing.assert_allclose(moved, moved_labels, atol=1e-5)


def test_a_scale_above_one_makes_the_content_grow() -> None:
    image, labels = pair()
    _, grown = move(image, labels, Motion(scale=1.2))
    assert 1.25 < np.count_nonzero(grown == 1) / np.count_nonzero(labels) < 1.65


def test_a_bend_moves_image_and_labels_alike() -> None:
    image, labels = pair()
    bend = np.random.default_rng(0).uniform(-3, 3, (2, KNOTS, KNOTS)).astype(np.float32)
    moved, moved_labels = move(image, labels, Motion(bend=bend))
    assert not np.array_equal(moved_labels, labels)
    known = moved_labels != OUTSIDE
    assert np.mean((moved > 0.5)[known] == (moved_labels == 1)[known]) > 0.98


def test_a_bend_that_is_the_same_everywhere_is_a_shift() -> None:
    image, labels = pair()
    bend = np.zeros((2, KNOTS, KNOTS), np.float32)
    bend[0] = 4.0
    _, bent = move(image, labels, Motion(bend=bend))
    np.testing.assert_allclose(centre(bent), centre(labels) - [4, 0])


def test_a_blur_keeps_the_mean_and_lowers_the_contrast() -> None:
    image, _ = pair()
    blurred = blur(image, 2.0)
    np.testing.assert_allclose(blurred.mean(), image.mean(), rtol=1e-3)
    assert blurred.std() < image.std()
