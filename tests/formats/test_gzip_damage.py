"""A gzip NIfTI whose bits have turned is refused with a sentence, or reads as before."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from segdesk.core.grid import Grid
from segdesk.errors import InputError, UsageError
from segdesk.formats.export import export
from segdesk.formats.intake import open_scan, survey
from tests.harms import harms

GRID = Grid((4, 40, 40), (2.5, 0.7, 0.7))
LONGEST_S, MOST_BYTES = 2.0, 500e6


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    file = tmp_path_factory.mktemp("gzip") / "scan.nii.gz"
    scan = np.random.default_rng(0).normal(0, 200, GRID.shape).astype(np.int16)
    export(file, scan, GRID)
    yield file


def _read(file: Path) -> tuple[object, str]:
    """What the import would take, or the sentence that refuses it."""
    try:
        (finding,) = survey([file]).volumes
        scan = open_scan(finding, salt="")
        planes = [scan.plane(index).tobytes() for index in range(scan.grid.shape[0])]
    except (InputError, UsageError) as error:
        return None, error.sentence
    return (planes, scan.grid, scan.unit, scan.slope, scan.intercept), ""


def _all_are_told(file: Path, *, flips: int, sectors: int) -> None:
    content, sound = file.read_bytes(), _read(file)
    assert sound[0] is not None
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        for what, harmed in harms(content, flips=flips, sectors=sectors, seed=3):
            file.write_bytes(harmed)
            began = time.process_time()
            seen, said = _read(file)
            assert time.process_time() - began < LONGEST_S, what
            assert said or seen == sound[0], f"read differently: {what}"
    finally:
        file.write_bytes(content)
    assert 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) < MOST_BYTES
    assert _read(file) == sound


def test_flipped_bits_and_zeroed_sectors_of_a_gzip_scan_are_told(file: Path) -> None:
    _all_are_told(file, flips=50, sectors=10)


@pytest.mark.long
def test_hundreds_of_flipped_bits_and_zeroed_sectors_of_a_gzip_scan_are_told(file: Path) -> None:
    _all_are_told(file, flips=500, sectors=100)
