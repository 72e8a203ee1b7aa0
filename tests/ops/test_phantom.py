"""The phantom has the anatomy that its truth says, in HU, and the same one for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from segdesk.ops.phantom import (
    HEART,
    LEFT_LUNG,
    NODULE,
    OESOPHAGUS,
    ORGANS,
    RIGHT_LUNG,
    SEGMENTS,
    TRACHEA,
    Phantom,
    thorax,
)

SEEDS = (0, 1, 2)


@pytest.fixture(scope="module", params=SEEDS)
def phantom(request: pytest.FixtureRequest) -> Phantom:
    return thorax(request.param)


def millilitres(phantom: Phantom, number: int) -> float:
    return np.count_nonzero(phantom.truth == number) * phantom.grid.voxel_ml


def inside_of(phantom: Phantom, number: int) -> np.ndarray:
    """Voxels of a segment without its rim, where partial volume begins."""
    return ndimage.binary_erosion(phantom.truth == number, np.ones((1, 3, 3)))


def pieces(mask: np.ndarray) -> int:
    """How many connected parts a mask has."""
    numbers = np.empty(mask.shape, np.int32)
    ndimage.label(mask, output=numbers)
    return int(numbers.max())


def test_the_same_seed_gives_the_same_voxels_and_another_seed_another_patient():
    shape, spacing = (6, 64, 64), (32.0, 5.5, 5.5)
    one, same, other = (thorax(seed, shape, spacing) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.voxels, same.voxels)
    np.testing.assert_array_equal(one.truth, same.truth)
    assert one.grid == same.grid
    overlap = np.count_nonzero((one.truth > 0) & (other.truth > 0))
    assert overlap < 0.97 * np.count_nonzero((one.truth > 0) | (other.truth > 0))


def test_arrays_are_read_only_and_of_the_types_that_a_case_needs(phantom):
    assert (phantom.voxels.dtype, phantom.truth.dtype) == (np.int16, np.uint8)
    assert phantom.voxels.shape == phantom.truth.shape == phantom.grid.shape == (24, 160, 160)
    assert not phantom.voxels.flags.writeable and not phantom.truth.flags.writeable
    assert phantom.voxels.min() >= -1024 and phantom.voxels.max() < 3072


def test_slices_go_from_the_feet_to_the_head_and_columns_to_the_left(phantom):
    assert phantom.grid.stacked
    assert phantom.grid.spacing_mm == (8.0, 2.2, 2.2)
    assert phantom.grid.axis_letters() == (("I", "S"), ("A", "P"), ("R", "L"))


def test_every_segment_is_there(phantom):
    assert SEGMENTS == ((1, "Left lung"), (2, "Right lung"), (3, "Trachea"), (4, "Nodule"))
    assert set(np.unique(phantom.truth)) == {0, 1, 2, 3, 4}


def test_lungs_hold_air_and_vessels(phantom):
    for number in (LEFT_LUNG, RIGHT_LUNG):
        assert -875 < phantom.voxels[phantom.truth == number].mean() < -815
        values = phantom.voxels[inside_of(phantom, number)]
        assert np.median(values) < -860
        assert np.mean(values > -600) > 0.01


def test_the_left_lung_lies_at_higher_columns_and_is_the_smaller_one(phantom):
    left = np.nonzero(phantom.truth == LEFT_LUNG)[2]
    right = np.nonzero(phantom.truth == RIGHT_LUNG)[2]
    assert left.mean() > right.mean() + 40
    assert np.percentile(left, 5) > np.percentile(right, 95)
    assert 800 < millilitres(phantom, LEFT_LUNG) < millilitres(phantom, RIGHT_LUNG) < 2500


def test_the_trachea_is_air_and_splits_in_two_at_the_carina(phantom):
    assert 15 < millilitres(phantom, TRACHEA) < 60
    assert phantom.voxels[inside_of(phantom, TRACHEA)].mean() < -900
    tubes = [pieces(plane == TRACHEA) for plane in phantom.truth]
    above = max(k for k, number in enumerate(tubes) if number == 2)
    assert tubes[above + 1 :] == [1] * (len(tubes) - above - 1)
    assert 8 < above < 18


def test_the_nodule_is_soft_tissue_inside_one_lung(phantom):
    nodule = phantom.truth == NODULE
    assert pieces(nodule) == 1
    assert 0.5 < millilitres(phantom, NODULE) < 10
    assert phantom.voxels[nodule].max() > -50
    around = ndimage.binary_dilation(nodule, np.ones((3, 3, 3))) & ~nodule
    neighbours = set(np.unique(phantom.truth[around]))
    assert neighbours in ({LEFT_LUNG}, {RIGHT_LUNG})


def test_bone_blood_fat_and_table_are_where_they_belong(phantom):
    rows, columns = np.nonzero(phantom.voxels[12] > 350)
    assert len(rows) > 120
    # The spine is the bone in the middle of the back.
    assert np.any((rows > 95) & (abs(columns - 80) < 10))
    assert np.mean((phantom.voxels > -130) & (phantom.voxels < -70)) > 0.03
    assert np.mean((phantom.voxels > 110) & (phantom.voxels < 230)) > 0.01
    # Behind the back, all the way: air, then the table's shell, the same on every slice.
    table = phantom.voxels[:, 128:, 80].astype(float).mean(axis=0)
    assert table.max() > -600 and table.min() < -900


def test_outside_the_field_of_view_there_is_nothing(phantom):
    corner = phantom.voxels[:, :15, :15]
    assert (corner == -1024).all()
    air = phantom.voxels[:, 8:16, 72:88]
    assert -1010 < air.mean() < -970 and air.std() > 5


def test_noise_is_that_of_a_scanner(phantom):
    blood_like = ndimage.uniform_filter(phantom.voxels[2].astype(float), 5)
    liver = (slice(70, 85), slice(55, 70))
    residual = phantom.voxels[2].astype(float)[liver] - blood_like[liver]
    assert 6 < residual.std() < 30


def test_a_coarse_grid_shows_the_whole_thorax_too():
    coarse = thorax(3, (4, 32, 32), (48.0, 11.0, 11.0))
    fine = thorax(3)
    for number in (LEFT_LUNG, RIGHT_LUNG):
        assert millilitres(coarse, number) == pytest.approx(millilitres(fine, number), rel=0.25)
    assert set(np.unique(coarse.truth)) == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("shape", [(3, 64, 64), (8, 31, 64), (8, 64, 31)])
def test_a_grid_without_room_for_lungs_is_a_bug(shape):
    with pytest.raises(ValueError, match="at least 4 slices"):
        thorax(0, shape)


def test_organs_are_named_without_changing_the_scan_or_what_was_named():
    plain, named = thorax(4), thorax(4, organs=True)
    np.testing.assert_array_equal(plain.voxels, named.voxels)
    others = named.truth > NODULE
    np.testing.assert_array_equal(plain.truth, np.where(others, 0, named.truth))
    assert set(np.unique(named.truth)) == {0, *(number for number, _ in ORGANS)}
    assert 0.0007 < np.mean(named.truth == OESOPHAGUS) < 0.0014
    assert named.voxels[named.truth == HEART].mean() > 80
    assert -60 < np.median(named.voxels[named.truth == OESOPHAGUS]) < 70
    # The heart lies to the left, the oesophagus near the midline and further back.
    heart, gullet = (np.nonzero(named.truth == one) for one in (HEART, OESOPHAGUS))
    assert heart[2].mean() > gullet[2].mean() and heart[1].mean() < gullet[1].mean()


def test_a_nodule_has_the_diameter_that_was_asked_for():
    phantom = thorax(3, (64, 192, 192), (3.0, 1.83, 1.83), nodule_mm=8.0)
    sphere_ml = 4 / 3 * np.pi * 0.4**3
    assert 0.6 < millilitres(phantom, NODULE) / sphere_ml < 1.5
    assert pieces(phantom.truth == NODULE) == 1
