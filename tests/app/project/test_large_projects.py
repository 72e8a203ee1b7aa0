"""A thousand slices and as many segments as there can be, through everything that is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Provenance
from segdesk.core.box import Box
from segdesk.core.edit import Edit, Patch, Planes
from segdesk.errors import UsageError
from segdesk.store.checking import check
from tests.packs import content_of, pack_of, unpack_here
from tests.projects import add_case

SLICES, SEGMENTS, CASE = 1000, 255, "case-001"


def _draw(workbench: Workbench, index: int, value: int) -> None:
    box, mask = Box(index, index + 1, 0, 8, 0, 8), workbench.annotation(CASE)
    labels, provenance = mask.labels[box.window], mask.provenance[box.window]
    hand = np.full_like(provenance, Provenance.HAND)
    planes = Planes(labels.copy(), np.full_like(labels, value), provenance.copy(), hand)
    workbench.do(Edit("Draw", CASE, patches=(Patch.of(box, planes),), kind="stroke"))


@pytest.mark.long
def test_a_thousand_slices_and_all_segments_are_kept_packed_and_checked(tmp_path: Path) -> None:
    workbench = Workbench.create(tmp_path / "p.segdesk")
    add_case(
        workbench, scan=np.random.default_rng(0).integers(-999, 999, (SLICES, 24, 32), np.int16)
    )
    for number in range(SEGMENTS):
        workbench.add_segment(f"Segment {number}")
    with pytest.raises(UsageError, match="255"):
        workbench.add_segment("One more")
    for index in range(SLICES):
        _draw(workbench, index, 1 + index % SEGMENTS)
    saving.save(workbench)
    for index in range(0, SLICES, 3):
        _draw(workbench, index, SEGMENTS - index % SEGMENTS)
    wanted = content_of(workbench)
    workbench.folder.close()  # without a save
    workbench = Workbench.open(tmp_path / "p.segdesk")
    assert workbench.recovered == len(range(0, SLICES, 3))
    assert content_of(workbench)[CASE] == wanted[CASE]
    unpack_here(pack_of(workbench, tmp_path / "p.h5"), tmp_path / "unpacked.segdesk")
    workbench.close()
    unpacked = Workbench.open(tmp_path / "unpacked.segdesk")
    assert content_of(unpacked)[CASE] == wanted[CASE]
    assert unpacked.project.segments == workbench.project.segments
    unpacked.close()
    for name in ("p.segdesk", "unpacked.segdesk"):
        assert check(tmp_path / name).findings == ()
