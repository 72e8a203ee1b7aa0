"""One wrong bit in a scan costs nothing but the scan: the mask comes out, stays, and the same scan
is put back."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.cli.conftest import Run, truth


def flip(file: Path) -> None:
    """One wrong bit amid the voxels, which are most of the file."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def test_the_mask_of_a_damaged_scan_is_written_for_other_programs(
    segdesk: Run, project: Path, tmp_path: Path
) -> None:
    flip(project / "cases/case-001/volume.h5")
    out = tmp_path / "mask.npy"
    said = segdesk("export", project, out, "--case", "case-001")
    assert said.code == 0, said.err
    assert np.array_equal(np.load(out), truth())
    assert (
        "The scan of 'case-001' is damaged" in said.err and "is whole and needs no scan" in said.err
    )
    # The scan itself is still refused.
    scan = segdesk(
        "export", project, tmp_path / "scan.npy", "--case", "case-001", "--what", "volume"
    )
    scan.is_refusal(3, "damaged")
