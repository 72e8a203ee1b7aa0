"""What is being drawn becomes an Edit before another one comes, or neither could be replayed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segdesk.app.tools.strokes import BrushStroke
from segdesk.app.workbench import Workbench
from segdesk.core.edit import Box, Edit, Patch, Planes
from tests.projects import make_project

CASE = "case-001"


def test_an_edit_that_comes_over_a_stroke_in_progress_is_replayed_after_it(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    mask = workbench.annotation(CASE)
    stroke = BrushStroke(
        workbench, CASE, 2, (10.0, 6.0), value=1, radius_mm=3.0, pixel_mm=(2.0, 1.0)
    )
    box = Box(2, 8, 13, 3, 9)
    before, touched = mask.labels[box.window].copy(), mask.provenance[box.window].copy()
    assert before.any()
    planes = Planes(before, np.zeros_like(before), touched, np.full_like(touched, 3))
    workbench.do(Edit("Erase", CASE, patches=(Patch.of(box, planes),)))
    stroke.release()
    labels = mask.labels.copy()
    path = workbench.folder.path
    workbench.close()
    again = Workbench.open(path)
    assert np.array_equal(again.annotation(CASE).labels, labels)
    assert not list(path.glob("left-out*"))
    again.close()
