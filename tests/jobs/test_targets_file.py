"""Targets come back as they were packed, and nothing else is taken for one."""

from __future__ import annotations

import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from segdesk.jobs.targets_file import Packed, TargetsFile, TargetsWriter

Target = npt.NDArray[np.uint8]
QUIET = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9))
CLASSES = st.sampled_from([0, 1, 2, 254, 255])
TARGETS = st.lists(arrays.arrays(np.uint8, SHAPES, elements=CLASSES), min_size=1, max_size=4)
LUNGS = np.array([[0, 1, 1, 0], [0, 1, 255, 255]], np.uint8)


def written(path: Path, *targets: Target) -> list[Packed]:
    with TargetsWriter(path) as writer:
        return [writer.add(target) for target in targets]


@QUIET
@given(TARGETS)
def test_each_target_comes_back_in_any_order_and_its_voxels_are_counted(
    tmp_path: Path, targets: list[Target]
) -> None:
    packed = written(tmp_path / "targets.bin", *targets)
    file = TargetsFile(tmp_path / "targets.bin")
    for row, target in reversed(list(zip(packed, targets, strict=True))):
        np.testing.assert_array_equal(file.target(row, target.shape), target)
        numbers, counts = np.unique(target, return_counts=True)
        assert row.counts == tuple(zip(numbers.tolist(), counts.tolist(), strict=True))


def test_a_labelled_slice_takes_a_hundredth_of_its_voxels(tmp_path: Path) -> None:
    rows, columns = np.mgrid[0:512, 0:512]
    disc = ((rows - 250) ** 2 + (columns - 240) ** 2 < 120**2).astype(np.uint8)
    (packed,) = written(tmp_path / "targets.bin", disc)
    assert packed.length < disc.size / 100


@pytest.mark.parametrize("at", range(3))
def test_a_slice_with_one_wrong_byte_is_refused_and_the_others_are_read(
    tmp_path: Path, at: int
) -> None:
    path = tmp_path / "targets.bin"
    packed = written(path, LUNGS, LUNGS.T.copy(), LUNGS)
    content = bytearray(path.read_bytes())
    content[packed[at].offset + 3] ^= 4
    path.write_bytes(content)
    file = TargetsFile(path)
    for number, row in enumerate(packed):
        shape = LUNGS.T.shape if number == 1 else LUNGS.shape
        if number == at:
            with pytest.raises(ValueError, match="not those that were packed"):
                file.target(row, shape)
        else:
            assert file.target(row, shape).size == LUNGS.size


def test_a_file_that_was_cut_is_refused(tmp_path: Path) -> None:
    (packed,) = written(tmp_path / "targets.bin", LUNGS)
    (tmp_path / "targets.bin").write_bytes((tmp_path / "targets.bin").read_bytes()[:-1])
    with pytest.raises(ValueError, match=f"expected {packed.length} bytes"):
        TargetsFile(tmp_path / "targets.bin").target(packed, LUNGS.shape)


@pytest.mark.parametrize(
    "runs",
    [
        b"",
        b"\x08\0\0\0",
        b"\x07\0\0\0\1",
        b"\xff\xff\xff\xff" * 2 + b"\1\1",
        b"\0" * 5 * 9 + b"\x08\0\0\0\1",
        b"\0" * 100_000_000,
    ],
    ids=["none", "no class", "too few", "too many", "more runs than voxels", "a bomb"],
)
def test_a_stream_that_is_not_the_runs_of_a_slice_is_refused(tmp_path: Path, runs: bytes) -> None:
    content = zlib.compress(runs)
    (tmp_path / "targets.bin").write_bytes(content)
    packed = Packed(0, len(content), zlib.crc32(content), ((1, 8),))
    file = TargetsFile(tmp_path / "targets.bin")
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"expected the runs of \(2, 4\)"):
        file.target(packed, LUNGS.shape)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Nothing is unpacked beyond what a slice can have.
    assert most < 1_000_000


def test_what_is_no_stream_is_refused(tmp_path: Path) -> None:
    (tmp_path / "targets.bin").write_bytes(b"no stream")
    packed = Packed(0, 9, zlib.crc32(b"no stream"), ())
    with pytest.raises(ValueError, match="the stream is damaged"):
        TargetsFile(tmp_path / "targets.bin").target(packed, LUNGS.shape)
