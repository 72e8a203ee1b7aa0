"""For which segments slices are right, on disk: in the index, in the mask's file, and damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segdesk.core.completeness import status_move
from segdesk.core.edit import Edit, SegmentChange
from segdesk.core.project import Project
from segdesk.core.segment import Segment
from segdesk.core.status import SliceStatus
from segdesk.errors import ProjectError
from segdesk.store.project_folder import ProjectFolder
from tests.examples import examples
from tests.store.painter import save
from tests.store.resealing import changing, named
from tests.store.strategies import numbers_of_segments, project_with_cases, statuses

CASE = "case-001"
Said = list[tuple[SliceStatus, frozenset[int]]]
FEW = settings(
    max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def judged(path: Path, said: Said) -> Project:
    """A saved project whose first slices are right for these segments."""
    folder, project = project_with_cases(path, CASE)
    mask = folder.read_annotation(project.case(CASE))
    for index, (status, segments) in enumerate(said):
        move = status_move(mask, index, status, cause="said right", segments=segments)
        if move is not None:
            edit = Edit("Judge", CASE, statuses=(move,))
            mask.apply(edit)
            folder.append(edit)
    saved = save(folder, project, {CASE: mask})
    folder.close()
    return saved


@FEW
@given(st.lists(st.tuples(statuses, numbers_of_segments), min_size=4, max_size=4))
def test_a_save_keeps_for_which_segments_every_slice_is_right(
    tmp_path_factory: pytest.TempPathFactory, said: Said
) -> None:
    path = tmp_path_factory.mktemp("said") / "p.segdesk"
    judged(path, said)
    with ProjectFolder.open(path, writable=False) as folder:
        case = folder.load().project.case(CASE)
        mask = folder.read_annotation(case)
    expected = tuple(segments for _, segments in said)
    if mask.complete != expected:
        # Nothing was ever said of it: no file, and every set is empty.
        assert case.generation == 0
    assert mask.complete == (case.complete or (frozenset(),) * 4) == expected
    assert mask.statuses == tuple(status for status, _ in said)


RIGHT: Said = [(SliceStatus.CORRECTED, frozenset({1, 2})), (SliceStatus.VERIFIED, frozenset({1}))]


def _index_and_mask(path: Path) -> tuple[Path, Path]:
    return path / "project.h5", path / "cases" / CASE / "annotation-1.h5"


def test_people_with_h5py_read_it_in_the_index_and_beside_the_mask(tmp_path: Path) -> None:
    judged(tmp_path / "p.segdesk", RIGHT)
    index, mask = _index_and_mask(tmp_path / "p.segdesk")
    with h5py.File(index) as file:
        _read_plainly(file["cases"])
    with h5py.File(mask) as file:
        _read_plainly(file["part/cases"])


def _read_plainly(group: Any) -> None:
    sets = group["complete_sets"].asstr()[()]
    assert [sets[place] for place in group["complete"][()]] == ["1 2", "1", "", ""]
    assert group["statuses"][()].tolist() == [3, 4, 0, 0]


def _put(group: Any, name: str, values: Any, **options: Any) -> None:
    del group[name]
    group.create_dataset(name, data=values, **options)


def _texts(group: Any, *sets: str) -> None:
    _put(group, "complete_sets", list(sets), dtype=h5py.string_dtype())


@pytest.mark.parametrize(
    "harm",
    [
        lambda group: _texts(group, "1 2", "one", ""),
        lambda group: _texts(group, "1 2", "0", ""),
        lambda group: _texts(group, "1 256", "1", ""),
        lambda group: _texts(group, "2 1", "1", ""),
        lambda group: _texts(group, "1 1", "1", ""),
        lambda group: _texts(group, "1  2", "1", ""),
        lambda group: _texts(group, "1 2", "1"),
        lambda group: _put(group, "complete", np.zeros(3, np.uint32)),
        lambda group: _put(group, "complete", np.full(4, 3, np.uint32)),
        lambda group: _put(group, "complete", np.zeros(4, np.int64)),
    ],
)
@pytest.mark.parametrize("of_index", [True, False])
def test_damaged_completeness_is_refused_with_a_sentence(
    tmp_path: Path, harm: Callable[[Any], None], of_index: bool
) -> None:
    path = tmp_path / "p.segdesk"
    saved = judged(path, RIGHT)
    index, mask = _index_and_mask(path)
    with changing(index if of_index else mask) as file:
        harm(file["cases" if of_index else "part/cases"])
    with (
        pytest.raises(ProjectError, match="damaged"),
        ProjectFolder.open(path, writable=False) as folder,
    ):
        folder.read_annotation(named(mask, saved.case(CASE)))


def test_a_mask_that_says_otherwise_than_the_index_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.segdesk"
    saved = judged(path, RIGHT)
    _, mask = _index_and_mask(path)
    with changing(mask) as file:
        _texts(file["part/cases"], "1 2", "1 2 3", "")
    with (
        ProjectFolder.open(path, writable=False) as folder,
        pytest.raises(ProjectError, match="disagree on which slices"),
    ):
        folder.read_annotation(named(mask, saved.case(CASE)))


def test_numbers_that_are_spent_stay_spent_though_the_index_is_saved_between(
    tmp_path: Path,
) -> None:
    folder, project = project_with_cases(tmp_path / "p.segdesk", CASE)
    segment = Segment(7, "Tumour", "#ffffff")
    folder.append(Edit("Remove", "", segments=(SegmentChange(segment, None),)))
    folder.save_index(Project(project.id, project.cases, project.segments.spend([7])))
    folder.close()
    with ProjectFolder.open(tmp_path / "p.segdesk", writable=False) as again:
        assert again.load().project.segments.spent == {7}
