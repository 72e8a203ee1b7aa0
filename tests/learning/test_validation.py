"""A validation slice is counted for the segments that it is complete for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from segdesk.jobs import bundle as bundles
from segdesk.learning.geometry import Scale
from segdesk.learning.order import slices_of_a_pass
from segdesk.learning.samples import Samples
from segdesk.learning.validation import Validation, count_slice
from tests.learning.builders import discs, write_bundle


def test_slices_that_show_nothing_are_all_measured(tmp_path: Path) -> None:
    """They are capped where they teach; a figure is that of all slices."""
    voxels, targets = discs(9)
    targets[2:] = 0
    folder = write_bundle(tmp_path, [("case-001", "validation", voxels, targets)])
    samples = Samples(
        bundles.read(folder), folder, "validation", scale=Scale(32, None), shape=(32, 32)
    )
    assert slices_of_a_pass(samples.segments) == 4
    assert Validation(samples, cast(Any, None), cast(Any, None)).chosen == tuple(range(9))


def test_a_class_is_left_out_where_a_slice_is_not_complete_for_it(tmp_path: Path) -> None:
    """The network finds the later segment in a corner of both slices; only one says it is wrong."""
    voxels, targets = discs(2)
    folder = write_bundle(
        tmp_path,
        [("case-001", "validation", voxels, targets)],
        incomplete={"case-001": ((2,), ())},
        segments=((1, "lung"), (7, "tumour")),
    )
    samples = Samples(
        bundles.read(folder), folder, "validation", scale=Scale(32, None), shape=(32, 32)
    )
    counted = []
    for index in range(2):
        found = targets[index].copy()
        found[0, :3] = 2
        counted.append(count_slice(samples, index, found))
    before, after = counted
    assert [number for number, _ in before.segments] == [1]
    assert before.right == before.compared == 32 * 32
    assert [number for number, _ in after.segments] == [1, 2]
    assert (after.right, after.compared) == (32 * 32 - 3, 32 * 32)
    assert dict(after.segments)[2].false_positive == 3
