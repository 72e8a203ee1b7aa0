"""Blending layers: a part like the whole, colours as defined, dashes in every direction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.core.box import Area
from segdesk.ops.blend import compose, grown
from segdesk.ops.layers import Inks, Look, dashed_contour, overlays
from segdesk.ops.paint import Region

LOOK = Look(
    style="fill",
    annotation=0.5,
    prediction=0.9,
    colours=((1, 86, 180, 233), (2, 230, 159, 0)),
    false_positive=(229, 101, 108),
    false_negative=(78, 161, 255),
)
SHAPE = (17, 23)
WHOLE = Area(0, SHAPE[0], 0, SHAPE[1])


def grey_plane(seed: int = 3) -> npt.NDArray[np.uint32]:
    grey = np.random.default_rng(seed).integers(0, 256, SHAPE, dtype=np.uint32)
    return (0xFF000000 | grey << 16 | grey << 8 | grey).astype(np.uint32)


def blended(
    look: Look,
    annotation: npt.NDArray[np.uint8],
    prediction: npt.NDArray[np.uint8] | None = None,
) -> npt.NDArray[np.uint32]:
    out = np.zeros(SHAPE, np.uint32)
    compose(grey_plane(), overlays(Inks(look), annotation, prediction), out, WHOLE)
    return out


def plane_of(seed: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 4, SHAPE, dtype=np.uint8)


@given(
    st.sampled_from(["fill", "outline", "difference"]),
    st.integers(0, 50),
    st.tuples(st.integers(0, 16), st.integers(1, 17)).filter(lambda p: p[0] < p[1]),
    st.tuples(st.integers(0, 22), st.integers(1, 23)).filter(lambda p: p[0] < p[1]),
    st.integers(0, 3),
)
def test_drawing_the_box_that_changed_gives_what_drawing_all_of_it_gives(
    style: str, seed: int, rows: tuple[int, int], columns: tuple[int, int], value: int
) -> None:
    look = replace(LOOK, style=style)
    before, prediction = plane_of(seed), plane_of(seed + 1)
    after = before.copy()
    box = Area(*rows, *columns)
    after[box.window] = value
    in_parts = blended(look, before, prediction)
    drawn = compose(grey_plane(), overlays(Inks(look), after, prediction), in_parts, box)
    np.testing.assert_array_equal(in_parts, blended(look, after, prediction))
    assert drawn == grown(box, 1, SHAPE)


def test_a_fill_mixes_grey_and_colour_by_its_opacity() -> None:
    annotation = np.zeros(SHAPE, np.uint8)
    annotation[3:12, 4:15] = 1
    picture = blended(replace(LOOK, annotation=0.25), annotation)
    grey = int(grey_plane()[7, 9] & 0xFF)
    expected = [round(grey + (part - grey) * 0.25) for part in (86, 180, 233)]
    drawn = [int(picture[7, 9]) >> shift & 0xFF for shift in (16, 8, 0)]
    assert drawn == pytest.approx(expected, abs=1)
    assert picture[0, 0] == grey_plane()[0, 0]


def test_an_outline_is_stronger_than_its_fill_and_alone_in_outline_style() -> None:
    annotation = np.zeros(SHAPE, np.uint8)
    annotation[3:12, 4:15] = 1
    filled, outlined = (blended(replace(LOOK, style=s), annotation) for s in ("fill", "outline"))
    assert filled[3, 9] == outlined[3, 9] == 0xFF56B4E9
    assert outlined[7, 9] == grey_plane()[7, 9] != filled[7, 9]


def test_a_segment_that_is_not_drawn_leaves_the_bare_image() -> None:
    annotation = np.full(SHAPE, 3, np.uint8)
    annotation[5:, 5:] = 1
    picture = blended(LOOK, annotation, np.full(SHAPE, 3, np.uint8))
    np.testing.assert_array_equal(picture[:5], grey_plane()[:5])
    assert picture[10, 10] != grey_plane()[10, 10]


def test_layers_without_opacity_leave_the_bare_image() -> None:
    look = replace(LOOK, annotation=0.0, prediction=0.0)
    np.testing.assert_array_equal(blended(look, plane_of(1), plane_of(2)), grey_plane())


@pytest.mark.parametrize("style", ["fill", "outline"])
def test_what_only_the_prediction_has_is_hatched_and_what_both_have_is_not(style: str) -> None:
    annotation, prediction = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    prediction[1:16, 1:20] = 1
    annotation[1:16, 1:10] = 1
    look = replace(LOOK, style=style)
    alone, both = blended(look, annotation), blended(look, annotation, prediction)
    changed = alone != both
    # Away from every outline.
    assert not changed[3:14, 3:8].any()
    assert 0.1 < changed[3:14, 12:18].mean() < 0.3
    assert changed[3:14, 12:18].any(axis=1).all() and changed[3:14, 12:18].any(axis=0).all()


def test_difference_has_a_colour_for_each_side_and_stripes_where_both_disagree() -> None:
    look = replace(LOOK, style="difference", annotation=1.0)
    annotation, prediction = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    prediction[:, 1:6] = 1
    annotation[:, 8:13] = 1
    annotation[:, 15:21], prediction[:, 15:21] = 1, 2
    picture = blended(look, annotation, prediction)
    assert set(picture[2:15, 2:5].ravel().tolist()) == {0xFFE5656C}
    assert set(picture[2:15, 9:12].ravel().tolist()) == {0xFF4EA1FF}
    assert set(picture[2:15, 16:20].ravel().tolist()) == {0xFFE5656C, 0xFF4EA1FF}
    np.testing.assert_array_equal(picture[:, 22], grey_plane()[:, 22])


def test_difference_of_a_hidden_segment_is_none() -> None:
    look = replace(LOOK, style="difference")
    hidden = np.full(SHAPE, 3, np.uint8)
    np.testing.assert_array_equal(blended(look, hidden, np.zeros(SHAPE, np.uint8)), grey_plane())


@pytest.mark.parametrize("step", [(0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, -1)])
def test_dashes_have_gaps_in_every_direction(step: tuple[int, int]) -> None:
    row, column = np.mgrid[:80, :80]
    # The half plane at one side of a line along `step`.
    labels = ((row - 40) * step[1] - (column - 40) * step[0] > 0).astype(np.uint8)
    box = Area(0, 80, 0, 80)
    dashed = dashed_contour(labels, box)
    solid = np.zeros_like(dashed)
    solid[1:] |= labels[1:] != labels[:-1]
    solid[:-1] |= labels[1:] != labels[:-1]
    solid[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    solid[:, :-1] |= labels[:, 1:] != labels[:, :-1]
    solid &= labels == 1
    share = np.count_nonzero(dashed) / np.count_nonzero(solid)
    assert 0.45 < share < 0.75
    assert not (dashed & ~solid).any()


def parts_of(pixel: np.uint32) -> npt.NDArray[np.float64]:
    return np.array([int(pixel) >> shift & 0xFF for shift in (16, 8, 0)], float)


def test_a_prediction_lies_over_the_annotation_and_a_ghost_over_both() -> None:
    annotation = np.zeros(SHAPE, np.uint8)
    annotation[3:12, 4:15] = 1
    prediction = np.where(annotation == 1, 2, 0).astype(np.uint8)
    ghost = Region(Area(3, 12, 9, 15), np.ones((9, 6), np.bool_))
    rows = overlays(Inks(LOOK), annotation, prediction, (ghost, 2))
    out = np.zeros(SHAPE, np.uint32)
    compose(grey_plane(), rows, out, WHOLE)
    # On the upper edge of all three, where the prediction has a dash.
    dashed = dashed_contour(prediction, WHOLE)
    assert dashed[3, 5] and dashed[3, 11]
    ours, theirs = np.array([86, 180, 233.0]), np.array([230, 159, 0.0])
    theirs += (255 - theirs) * 0.25
    # The annotation's line is opaque: whatever was below it cannot be seen.
    both = ours + (theirs - ours) * 0.9
    np.testing.assert_allclose(parts_of(out[3, 5]), both, atol=1.5)
    filled = both + (theirs - both) * 0.5
    np.testing.assert_allclose(parts_of(out[3, 11]), filled + (255 - filled) * 0.9, atol=1.5)
    for swapped in ((1, 0, 2), (0, 2, 1)):
        other = np.zeros(SHAPE, np.uint32)
        compose(grey_plane(), [rows[at] for at in swapped], other, WHOLE)
        assert (other != out).any()
