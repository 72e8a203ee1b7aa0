"""Pieces of a scan, against SciPy's regions of the whole volume."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from segdesk.core.plane import Plane
from segdesk.ops.pieces import Pieces, areas, small_pieces, smallest_meant

#: Within a slice over corners too, from slice to slice over faces.
JOINED = np.zeros((3, 3, 3), bool)
JOINED[1] = True
JOINED[:, 1, 1] = True


def volume(seed: int, density: float = 0.3) -> np.ndarray:
    return np.random.default_rng(seed).random((7, 12, 11)) < density


def dropped(masks: np.ndarray, least: float, *, joined: bool = True) -> np.ndarray:
    pieces = Pieces(lambda index: masks[index], len(masks), least=least, joined=joined)
    return np.stack([pieces.small(index) for index in range(len(masks))])


def plain(masks: np.ndarray, least: float, structure: np.ndarray) -> np.ndarray:
    """The same by regions of the whole volume."""
    regions = np.empty(masks.shape, np.int32)
    ndimage.label(masks, structure, output=regions)
    small = np.zeros(masks.shape, bool)
    for number in range(1, int(regions.max()) + 1):
        piece = regions == number
        if piece.sum(axis=(1, 2)).max() < least:
            small |= piece
    return small


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("least", [0, 2, 5.5, 9, 1000])
def test_small_are_the_pieces_whose_every_cross_section_is(seed: int, least: float) -> None:
    masks = volume(seed, 0.1 + 0.05 * seed)
    assert np.array_equal(dropped(masks, least), plain(masks, least, JOINED))


def test_slices_without_geometry_are_judged_alone() -> None:
    masks = volume(3)
    flat = JOINED.copy()
    flat[0] = flat[2] = False
    assert np.array_equal(dropped(masks, 6, joined=False), plain(masks, 6, flat))


def test_a_thin_and_long_piece_is_as_large_as_its_largest_slice() -> None:
    masks = np.zeros((9, 20, 20), bool)
    masks[:, 3, 3] = True
    masks[4, 2:5, 2:5] = True
    masks[6, 12:14, 12] = True
    small = dropped(masks, 5)
    assert small.sum() == 2
    assert small[6, 12:14, 12].all()


def test_nothing_and_everything() -> None:
    empty, full = np.zeros((3, 4, 4), bool), np.ones((3, 4, 4), bool)
    assert not dropped(empty, 10).any()
    assert not dropped(full, 16).any()
    assert dropped(full, 17).all()
    assert Pieces(lambda _: empty[0], 0, least=1).small is not None


def test_areas_are_those_of_regions_joined_over_corners() -> None:
    mask = np.zeros((8, 8), bool)
    mask[0:3, 0:3] = mask[5, 5] = mask[6, 6] = True
    assert sorted(areas(mask)) == [2, 9]
    assert not len(areas(np.zeros((4, 4), bool)))


@pytest.mark.parametrize(
    ("found", "meant"),
    [
        ([], None),
        ([3.0, 4.0], None),  # too small, all of them
        ([30.0, 500.0, 400.0], 30.0),
        ([30.0], 30.0),
        ([1.0, 12.0, 27.0, 30.0, 9000.0, 9000.0, 9000.0, 9000.0], 9000.0),  # specks of a lung
        ([20.0] * 6, 20.0),  # a nodule
        ([19.0, 9000.0, 900.0], 900.0),
        ([20.0, 3000.0, 900.0], 20.0),
    ],
)
def test_the_smallest_area_that_is_meant(found: list[float], meant: float | None) -> None:
    assert smallest_meant(found, least=9.0, slips=0.002) == meant


@pytest.mark.parametrize("joined", [True, False])
@pytest.mark.parametrize("shape", [(5, 9, 11), (4, 1, 7), (4, 7, 1), (1, 8, 2), (3, 2, 2)])
@pytest.mark.parametrize("share", [0.15, 0.5])
def test_voxels_that_are_left_out_belong_to_the_pieces_that_the_rule_sees(
    joined: bool, shape: tuple[int, int, int], share: float
) -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(1, 4, shape).astype(np.uint8)
    labels[rng.random(shape) > share] = 0
    found = small_pieces(
        lambda index: labels[index] if labels[index].any() else None, shape, joined=joined
    )
    again, own = np.zeros(shape, np.uint8), np.full(shape, -1)
    again.ravel()[found.places] = found.numbers
    own.ravel()[found.places] = found.pieces
    assert np.array_equal(again, labels)
    structure = np.zeros((3, 3, 3), bool)
    structure[1] = True
    structure[0, 1, 1] = structure[2, 1, 1] = joined
    for number in (1, 2, 3):
        here = labels == number
        regions = np.empty(shape, np.int32)
        count = ndimage.label(here, structure, output=regions)
        pairs = {(int(a), int(b)) for a, b in zip(regions[here], own[here], strict=True)}
        assert len(pairs) == count == len({piece for _, piece in pairs})
    for piece in range(int(own.max()) + 1):
        first, row, column = np.argwhere(own == piece)[0].tolist()
        voxel = (first, row, column)
        assert found.at(voxel) == piece
        assert found.size(piece) == np.count_nonzero(own == piece)
        assert found.number_of(piece) == labels[voxel]
    for axis in range(3):
        for index in range(shape[axis]):
            plane = Plane(axis, index, transposed=bool(index % 2))
            whole = plane.cut(labels)
            shown = found.on(plane, frozenset(), left_out=True)
            assert np.array_equal(np.zeros_like(whole) if shown is None else shown, whole)


def test_nothing_was_left_out() -> None:
    found = small_pieces(lambda _: None, (2, 3, 4))
    assert found.at((0, 0, 0)) is None and found.counts() == ()
    assert found.on(Plane(0, 1), frozenset(), left_out=True) is None
