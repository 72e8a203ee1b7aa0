"""Where the trainer finds a case's voxels: rows and columns as the Grid has them."""

from __future__ import annotations

import numpy as np

from segdesk.app.project.workbench import Workbench
from segdesk.app.runs.running import volume_ref
from tests.projects import SHAPE, add_case, voxels


def test_the_trainer_s_voxels_are_those_of_the_case_at_their_rows_and_columns(workbench: Workbench):
    case = add_case(workbench, scan=voxels(seed=3))
    found = volume_ref(workbench.folder, case)
    assert found.shape == SHAPE and found.shape[1] != found.shape[2]
    assert found.pixel_mm == (2.0, 1.0)  # a row step of 2 mm, a column step of 1 mm
    assert np.array_equal(found.open(), voxels(seed=3))
    assert found.slice_mm == 5.0
    assert (found.slope, found.intercept, found.unit) == (1.0, 0.0, "HU")


def test_slices_without_geometry_have_no_pixel_size_for_the_trainer(workbench: Workbench):
    case = add_case(workbench, stacked=False)
    found = volume_ref(workbench.folder, case)
    assert (found.pixel_mm, found.slice_mm) == (None, None)
