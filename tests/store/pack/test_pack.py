"""A project into one file and back: equal voxel for voxel, and nothing half-done on the way."""

from pathlib import Path

import numpy as np

from segdesk.app import packing, saving, unpacking
from segdesk.app.workbench import Workbench
from tests.projects import make_project, stroke


def test_a_project_comes_back_equal(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=2)
    stroke(workbench, 2)
    saving.save(workbench)
    stroke(workbench, 3)
    file, there = tmp_path / "p.h5", tmp_path / "again.segdesk"
    packing.prepare(workbench).write(file)
    unpacking.unpack(file, there)
    saving.save(workbench)
    again = Workbench.open(there)
    try:
        assert again.project == workbench.project
        for case in workbench.project.cases:
            mine, theirs = workbench.loaded(case.id), again.loaded(case.id)
            assert np.array_equal(mine.volume.voxels, theirs.volume.voxels)
            assert np.array_equal(mine.annotation.labels, theirs.annotation.labels)
            assert np.array_equal(mine.annotation.provenance, theirs.annotation.provenance)
    finally:
        again.close()
        workbench.close()
