"""An Edit that no journal can hold is refused as a whole, before anything is changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segdesk.app.project.workbench import Workbench
from segdesk.core.box import Box
from segdesk.core.cutting import cut
from segdesk.core.edit import Edit, Planes, SegmentChange
from segdesk.errors import UsageError
from segdesk.store.journal import edit_codec
from tests.projects import make_project, stroke

CASE = "case-001"


@pytest.mark.parametrize("way", ["at once", "piece by piece"])
def test_nothing_of_it_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    workbench = make_project(tmp_path)
    stroke(workbench, 0)
    mask, journal = workbench.annotation(CASE), workbench.folder.path / "journal-0"
    was, kept = mask.labels.copy(), journal.read_bytes()
    done, new = workbench.history.done, workbench.segments.new("Imported")
    box = Box(1, 4, 0, 20, 0, 30)
    labels, by = mask.labels[box.window].copy(), mask.provenance[box.window].copy()
    patches = cut(box, Planes(labels, np.full_like(labels, new.number), by, np.full_like(by, 2)))
    edit = Edit("Import labels", CASE, patches=patches, segments=(SegmentChange(None, new),))
    seen = workbench.see(CASE)
    monkeypatch.setattr(edit_codec, "LARGEST_HEAD", 100)
    with pytest.raises(UsageError, match="'Import labels' changes more places than one step can"):
        if way == "at once":
            workbench.do(edit)
        else:
            workbench.begin(workbench.packed(edit), seen)
    assert not workbench.going_in
    monkeypatch.undo()
    assert np.array_equal(workbench.annotation(CASE).labels, was)
    assert new.number not in workbench.segments and workbench.history.done == done
    assert journal.read_bytes() == kept
    workbench.close()
    again = Workbench.open(workbench.folder.path)
    assert np.array_equal(again.annotation(CASE).labels, was)
    again.close()
