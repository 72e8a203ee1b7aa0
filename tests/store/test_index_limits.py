"""What an index may declare: a stranger's, sealed as ours is, is refused before memory is taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segdesk.core.segment import SegmentTable
from segdesk.errors import ProjectError
from segdesk.store.parts import project_file
from tests.store.resealing import changing, h5py
from tests.store.strategies import project_with_cases


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder, project = project_with_cases(tmp_path / "p.segdesk", "case-001")
    table = SegmentTable()
    for name in ("Lung", "Heart"):
        table = table.put(table.new(name))
    folder.save_index(type(project)(project.id, cases=project.cases, segments=table))
    folder.close()
    return folder.path


def _many_segments(root: Any) -> None:
    for name, dtype in (("number", "u1"), ("partner", "u1"), ("visible", "u1"), ("locked", "u1")):
        del root[f"segments/{name}"]
        root[f"segments/{name}"] = np.arange(300).astype(dtype)
    for name in ("name", "colour", "meaning"):
        del root[f"segments/{name}"]
        root.create_dataset(f"segments/{name}", data=["x"] * 300, dtype=h5py.string_dtype())


def _one_number_twice(root: Any) -> None:
    root["segments/number"][:] = 1


def _a_column_by_two_names(root: Any) -> None:
    del root["split/pools"]
    root["split/pools"] = root["split/patients"]


def _many_slices(root: Any) -> None:
    root["cases/shape"][:] = np.array([1 << 40, 1, 1])


def _many_voxels(root: Any) -> None:
    root["cases/shape"][:] = np.array([4, 99_999, 1 << 20])


def _a_long_attribute(root: Any) -> None:
    root.attrs["generation"] = np.zeros(8000, np.int64)


def _a_column_that_is_not_there(root: Any) -> None:
    """Declared, and never written: it takes no room in the file."""
    del root["segments/spent"]
    layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    layout.set_alloc_time(h5py.h5d.ALLOC_TIME_LATE)
    root["segments"].create_dataset("spent", (1 << 40,), np.uint8, dcpl=layout)


def _a_number_of_runs(root: Any) -> None:
    for number in range(2000):
        root[f"runs/run-{number:04d}"] = root["segments"]


@pytest.mark.parametrize(
    "harm",
    [
        _many_segments,
        _one_number_twice,
        _a_column_by_two_names,
        _many_slices,
        _many_voxels,
        _a_long_attribute,
        _a_column_that_is_not_there,
        _a_number_of_runs,
    ],
)
def test_an_index_that_declares_too_much_is_refused(
    path: Path, harm: Callable[[Any], None]
) -> None:
    project_file.read(path)
    with changing(path / "project.h5") as root:
        harm(root)
    with pytest.raises(ProjectError, match="damaged"):
        project_file.read(path)
