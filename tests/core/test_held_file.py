"""A place in a file that is held open, which may be said by somebody else."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from segdesk.core.held_file import HeldFile


@pytest.mark.parametrize("length", [10**8, 10**12, 10**20, -1, 1.5, 7])
def test_a_length_that_the_file_does_not_have_costs_no_memory(tmp_path: Path, length: int) -> None:
    (tmp_path / "file").write_bytes(b"content")
    held = HeldFile(tmp_path / "file")
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="expected"):
            held.read(1, length)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert held.read(1, 6) == b"ontent" and held.read(7, 0) == b""


@pytest.mark.parametrize("offset", [-1, 10**20, 0.5])
def test_a_place_that_the_file_does_not_have_is_refused(tmp_path: Path, offset: int) -> None:
    (tmp_path / "file").write_bytes(b"content")
    with pytest.raises(ValueError, match="expected"):
        HeldFile(tmp_path / "file").read(offset, 1)
