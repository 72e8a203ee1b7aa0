"""Distances between surfaces equal a plain definition: every voxel against every voxel."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from segdesk.ops.surfaces import (
    PERCENTILE,
    TOLERANCES_MM,
    SurfaceFigures,
    added,
    distances,
    surface_figures,
)

Mask = npt.NDArray[np.bool_]
SPACING_MM = (2.5, 0.7, 1.1)
NOTHING = SurfaceFigures(None, None, (None, None))


def plain_surface(mask: Mask) -> list[tuple[int, ...]]:
    """Voxels of a mask that have a face beside something else, or beside nothing."""
    found: list[tuple[int, ...]] = []
    for place in map(tuple, np.argwhere(mask)):
        for axis, step in product(range(mask.ndim), (-1, 1)):
            beside = list(place)
            beside[axis] += step
            is_inside = 0 <= beside[axis] < mask.shape[axis]
            if not is_inside or not mask[tuple(beside)]:
                found.append(tuple(int(at) for at in place))
                break
    return found


def plain_figures(truth: Mask, predicted: Mask, spacing_mm: tuple[float, ...]) -> SurfaceFigures:
    ours, theirs = (
        np.array(plain_surface(mask), float).reshape(-1, mask.ndim) * spacing_mm
        for mask in (truth, predicted)
    )
    if not len(ours) and not len(theirs):
        return NOTHING
    if not len(ours) or not len(theirs):
        return SurfaceFigures(None, None, (0.0,) * len(TOLERANCES_MM))
    apart = np.linalg.norm(ours[:, None] - theirs[None], axis=-1)
    one, other = apart.min(axis=1), apart.min(axis=0)
    return SurfaceFigures(
        max(float(np.percentile(one, PERCENTILE)), float(np.percentile(other, PERCENTILE))),
        float((one.sum() + other.sum()) / (len(one) + len(other))),
        tuple(
            float(((one <= most).sum() + (other <= most).sum()) / (len(one) + len(other)))
            for most in TOLERANCES_MM
        ),
    )


def blobs(seed: int, shape: tuple[int, ...]) -> Mask:
    random = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(random.standard_normal(shape), 1.3)
    return smooth > np.quantile(smooth, random.uniform(0.5, 0.97))


def assert_same(found: SurfaceFigures, plain: SurfaceFigures) -> None:
    for one, other in zip(
        (found.hd95_mm, found.mean_mm, *found.dice),
        (plain.hd95_mm, plain.mean_mm, *plain.dice),
        strict=True,
    ):
        assert (one is None) == (other is None)
        assert one is None or one == pytest.approx(other, abs=1e-6)


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize(("shape", "spacing_mm"), [((7, 11, 9), SPACING_MM), ((13, 17), (0.7, 2))])
def test_figures_are_those_of_the_plain_definition(
    seed: int, shape: tuple[int, ...], spacing_mm: tuple[float, ...]
) -> None:
    truth, predicted = blobs(seed, shape), blobs(seed + 1000, shape)
    if seed == 0:
        predicted = np.zeros_like(truth)
    if seed == 1:
        truth = np.zeros_like(predicted)
    found = surface_figures(distances(truth, predicted, spacing_mm))
    assert_same(found, plain_figures(truth, predicted, spacing_mm))


def test_two_empty_masks_say_nothing_and_one_that_is_empty_is_missed() -> None:
    nothing, something = np.zeros((3, 4, 5), bool), np.ones((3, 4, 5), bool)
    assert surface_figures(distances(nothing, nothing, SPACING_MM)) == NOTHING
    missed = SurfaceFigures(None, None, (0.0, 0.0))
    assert surface_figures(distances(something, nothing, SPACING_MM)) == missed
    assert surface_figures(distances(nothing, something, SPACING_MM)) == missed


def test_masks_that_are_the_same_lie_nowhere_apart() -> None:
    mask = blobs(3, (6, 9, 9))
    assert surface_figures(distances(mask, mask, SPACING_MM)) == SurfaceFigures(0.0, 0.0, (1, 1))


def test_a_shift_is_as_far_as_the_spacing_says() -> None:
    mask = np.zeros((5, 20, 20), bool)
    mask[:, 4:10, 4:10] = True
    moved = np.roll(mask, 3, axis=2)
    found = surface_figures(distances(mask, moved, (9.0, 1.0, 2.0)))
    assert found.hd95_mm == pytest.approx(6.0)


def test_slices_that_are_added_up_count_by_their_voxels() -> None:
    pairs = [(blobs(seed, (13, 17)), blobs(seed + 50, (13, 17))) for seed in range(3)]
    parts = [distances(*pair, (1.0, 1.0)) for pair in pairs]
    whole = surface_figures(added(parts))
    both = np.concatenate([np.concatenate([p.from_truth, p.from_prediction]) for p in parts])
    assert whole.mean_mm == pytest.approx(both.mean())
    assert surface_figures(added([])) == NOTHING


def test_slices_that_are_cut_out_of_a_body_have_no_surface_where_they_are_cut() -> None:
    y, x = np.mgrid[:40, :40]
    truth, predicted = (
        np.stack([(y - 20) ** 2 + (x - 20) ** 2 <= radius**2] * 3) for radius in (9, 14)
    )
    spacing = 2.0, 1.0, 1.0
    planes = added(distances(*pair, spacing[1:]) for pair in zip(truth, predicted, strict=True))
    found = distances(truth, predicted, spacing, goes_on=(True, True))
    assert surface_figures(found) == surface_figures(planes)
    assert surface_figures(found).dice == (0.0, 0.0)
    # An end of the scan, and one that lies inside of what was cut out, are surfaces.
    upper = surface_figures(distances(truth, predicted, spacing, goes_on=(True, False)))
    assert upper.dice[0] is not None and upper.dice[0] > 0.2
    longer, other = (np.pad(mask, ((0, 1), (0, 0), (0, 0))) for mask in (truth, predicted))
    ended = surface_figures(distances(longer, other, spacing, goes_on=(True, True)))
    assert ended == upper


@pytest.mark.parametrize(
    ("truth", "predicted", "spacing_mm"),
    [
        (np.zeros((3, 4), bool), np.zeros((4, 3), bool), (1.0, 1.0)),
        (np.zeros((3, 4), bool), np.zeros((3, 4), np.uint8), (1.0, 1.0)),
        (np.zeros((3, 4), bool), np.zeros((3, 4), bool), (1.0, 1.0, 1.0)),
    ],
)
def test_masks_that_do_not_fit_are_refused(
    truth: Mask, predicted: Mask, spacing_mm: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match="expected bool of shape"):
        distances(truth, predicted, spacing_mm)


@pytest.mark.parametrize("at", range(0, 60, 7))
@pytest.mark.parametrize("step_mm", [0.1, 0.2, 0.3, 0.6, 1.0])
def test_what_lies_as_far_apart_as_is_tolerated_is_found_wherever_it_lies(
    at: int, step_mm: float
) -> None:
    steps = round(3.0 / step_mm)
    truth, predicted = np.zeros((1, 100), bool), np.zeros((1, 100), bool)
    truth[0, at], predicted[0, at + steps] = True, True
    found = surface_figures(distances(truth, predicted, (1.0, step_mm)))
    assert found.dice == ((0.0, 1.0) if steps * step_mm > 1.0 else (1.0, 1.0))
