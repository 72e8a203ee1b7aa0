"""Boxes are cut into tiles, and areas and boxes are joined."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segdesk.core.box import TILE, Area, Box


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    sides: list[int] = []
    for side in TILE:
        first = draw(st.integers(0, 3 * side))
        sides += [first, first + draw(st.integers(0, 3 * side))]
    return Box(*sides)


def ranges_of(parts: list[Box], axis: int) -> list[tuple[int, int]]:
    return sorted({part.ranges[axis] for part in parts})


@given(boxes())
def test_the_tiles_of_a_box_fill_it_and_none_reaches_into_two(box: Box) -> None:
    parts = list(box.tiles())
    assert sum(part.size for part in parts) == box.size
    assert len({part.tile for part in parts}) == len(parts)
    for part in parts:
        assert part.size > 0
        assert part.is_in_one_tile
        for (first, stop), side in zip(part.ranges, TILE, strict=True):
            assert first // side == (stop - 1) // side
    if parts:
        around = parts[0]
        for part in parts:
            around = around.union(part)
        assert around == box


@given(boxes())
def test_a_box_is_in_one_tile_where_cutting_leaves_it_whole(box: Box) -> None:
    if box.size:
        assert box.is_in_one_tile == (list(box.tiles()) == [box])


@given(boxes(), st.integers(0, 3))
def test_a_whole_tile_holds_what_lies_in_it_and_ends_with_the_mask(box: Box, more: int) -> None:
    shape = box.slice1 + more, box.row1 + more, box.column1 + more
    for part in box.tiles():
        tile = part.whole_tile(shape)
        assert tile.is_in_one_tile
        assert tile.union(part) == tile
        for (first, stop), side, end in zip(tile.ranges, TILE, shape, strict=True):
            assert first % side == 0
            assert stop == min(first + side, end)


def test_the_index_of_a_box_inside_another_begins_where_that_one_begins() -> None:
    inside = Box(5, 7, 10, 12, 20, 30).within(Box(4, 9, 10, 40, 15, 31))
    assert inside == (slice(1, 3), slice(0, 2), slice(5, 15))


def test_an_area_knows_its_shape_and_grows_to_hold_another() -> None:
    area = Area(2, 5, 7, 8)
    assert area.shape == (3, 1)
    assert area.window == (slice(2, 5), slice(7, 8))
    assert area.union(Area(0, 3, 9, 11)) == Area(0, 5, 7, 11)
    assert Box.of_slice(4, area) == Box(4, 5, 2, 5, 7, 8)
