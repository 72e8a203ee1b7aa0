"""Reading the slices that teach."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.core.run import Intensities
from segdesk.errors import TrainingError
from segdesk.jobs import bundle as bundles
from segdesk.jobs.bundle import IGNORE
from segdesk.learning.feed import Feed
from segdesk.learning.geometry import Scale
from segdesk.learning.samples import Samples, scaled
from tests.learning.builders import Lessons, discs, volume_file, write_bundle


def samples(folder: Path, cache_bytes: int = 1 << 20) -> Samples:
    bundle = bundles.read(folder)
    return Samples(
        bundle, folder, "train", scale=Scale(32, None), shape=(32, 32), cache_bytes=cache_bytes
    )


def test_values_between_the_intensities_become_zero_to_one(tmp_path: Path) -> None:
    voxels = np.array([[[-2000, -1024, -212, 600, 3000]]], np.int16)
    reference = volume_file(tmp_path, "case-001", voxels)
    image = scaled(voxels, reference, Intensities(-1024.0, 600.0, "HU"))
    np.testing.assert_allclose(image.ravel(), [0, 0, 0.5, 1, 1], atol=1e-6)


def test_the_rescale_of_an_array_counts(tmp_path: Path) -> None:
    voxels = np.array([[[-32768, 0, 32767]]], np.int16)
    reference = replace(
        volume_file(tmp_path, "case-001", voxels), slope=1 / 65535, intercept=0.5, unit="raw"
    )
    image = scaled(voxels, reference, Intensities(0.0, 1.0, "raw"))
    np.testing.assert_allclose(image.ravel(), [0, 0.5, 1], atol=1e-4)


def test_slices_on_which_nothing_is_known_are_left_out(tmp_path: Path) -> None:
    voxels, targets = discs(3)
    targets[1] = IGNORE
    found = samples(write_bundle(tmp_path, [("case-001", "train", voxels, targets)]))
    assert [found[index].slice for index in range(len(found))] == [0, 2]
    assert found.segments == [frozenset({1})] * 2
    assert found.has_background


def test_a_target_of_strokes_only_has_no_background(tmp_path: Path) -> None:
    voxels, targets = discs(1)
    targets[targets == 0] = IGNORE
    assert not samples(
        write_bundle(tmp_path, [("case-001", "train", voxels, targets)])
    ).has_background


@pytest.mark.parametrize("cache_bytes", [0, 12_000, 1 << 20])
def test_what_is_read_does_not_depend_on_what_is_kept(tmp_path: Path, cache_bytes: int) -> None:
    voxels, targets = discs(5)
    found = samples(write_bundle(tmp_path, [("case-001", "train", voxels, targets)]), cache_bytes)
    for _ in range(2):
        for index in range(5):
            image, target = found.read(index)
            expected = np.clip((voxels[index] + 1024.0) / 1624.0, 0, 1)
            np.testing.assert_allclose(image, expected, atol=1e-6)
            assert np.array_equal(target, targets[index])


def test_a_scan_that_is_gone_is_said_in_words(tmp_path: Path) -> None:
    voxels, targets = discs(1)
    folder = write_bundle(tmp_path, [("case-001", "train", voxels, targets)])
    (tmp_path / "case-001.raw").unlink()
    with pytest.raises(TrainingError, match="scan of case case-001 cannot be read"):
        samples(folder)


def test_a_scan_that_is_shorter_than_it_should_be_is_said_before_the_first_step(
    tmp_path: Path,
) -> None:
    voxels, targets = discs(2)
    folder = write_bundle(tmp_path, [("case-001", "train", voxels, targets)])
    os.truncate(tmp_path / "case-001.raw", voxels.nbytes - 1)
    with pytest.raises(TrainingError, match="scan of case case-001 cannot be read"):
        samples(folder)


def test_a_scan_that_is_cut_while_it_is_learnt_from_is_said_in_words(tmp_path: Path) -> None:
    voxels, targets = discs(2)
    found = samples(write_bundle(tmp_path, [("case-001", "train", voxels, targets)]))
    os.truncate(tmp_path / "case-001.raw", voxels.nbytes - 1)
    np.testing.assert_array_equal(found.read(0)[1], targets[0])
    with pytest.raises(TrainingError, match="scan of case case-001 cannot be read"):
        found.read(1)


def test_a_scan_and_its_labels_are_read_wherever_their_folder_goes(tmp_path: Path) -> None:
    voxels, targets = discs(1)
    (tmp_path / "project").mkdir()
    folder = write_bundle(tmp_path / "project", [("case-001", "train", voxels, targets)])
    found = samples(folder)
    (tmp_path / "project").rename(tmp_path / "moved")
    np.testing.assert_array_equal(found.read(0)[1], targets[0])


@pytest.mark.parametrize("harm", ["flipped", "cut", "gone", "a link"])
def test_labels_that_are_damaged_are_said_in_words(tmp_path: Path, harm: str) -> None:
    voxels, targets = discs(2)
    folder = write_bundle(tmp_path, [("case-001", "train", voxels, targets)])
    path = folder / bundles.TARGETS
    content = path.read_bytes()
    if harm == "flipped":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif harm == "cut":
        path.write_bytes(content[:-1])
    else:
        path.rename(tmp_path / "away")
        if harm == "a link":
            path.symlink_to(tmp_path / "away")
    words = "gone" if harm in ("gone", "a link") else "damaged"
    with pytest.raises(
        TrainingError, match=f"labels of case case-001 for this training are {words}"
    ):
        found = samples(folder)
        # The other slice is whole.
        np.testing.assert_array_equal(found.read(0)[1], targets[0])
        found.read(1)


def test_nothing_is_read_to_know_what_the_slices_show(tmp_path: Path) -> None:
    lessons: Lessons = [(f"case-{at:03d}", "train", *discs(3, seed=at)) for at in range(3)]
    folder = write_bundle(tmp_path, lessons)
    os.truncate(folder / bundles.TARGETS, 0)
    found = samples(folder)
    assert found.segments == [frozenset({1})] * 9 and found.has_background


def test_a_slice_brings_the_classes_that_it_is_not_complete_for(tmp_path: Path) -> None:
    folder = write_bundle(
        tmp_path,
        [("case-001", "train", *discs(3)), ("case-002", "validation", *discs(3))],
        incomplete={"case-001": ((), (2,), (1, 2)), "case-002": ((1, 2), (1,), ())},
        segments=((1, "lung"), (7, "tumour")),
    )
    found = samples(folder)
    assert [found.incomplete(index).tolist() for index in range(3)] == [
        [0, 0, 0],
        [0, 0, 1],
        [0, 1, 1],
    ]
    bundle = bundles.read(folder)
    validating = Samples(bundle, folder, "validation", scale=Scale(32, None), shape=(32, 32))
    # A slice that is complete for nothing has nothing to measure.
    assert [validating[index].slice for index in range(len(validating))] == [1, 2]
    assert [validating.complete(index) for index in range(2)] == [[2], [1, 2]]


def test_batches_carry_it_to_the_loss(tmp_path: Path) -> None:
    folder = write_bundle(
        tmp_path,
        [("case-001", "train", *discs(2))],
        incomplete={"case-001": ((2,), ())},
        segments=((1, "lung"), (7, "tumour")),
    )
    feed = Feed(samples(folder), batch=2, strength=0.0, partners=(), seed=0)
    images, targets, incomplete = feed.next()
    feed.close()
    assert images.shape == targets.shape == (2, 32, 32, 1)
    assert incomplete.dtype == np.float32
    assert sorted(incomplete.tolist()) == [[0, 0, 0], [0, 0, 1]]
