"""A case leaves the project: index, history, files and ids stay sound."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.files import importing
from segdesk.app.project import removing, saving
from segdesk.app.project.removing import take_out
from segdesk.app.project.workbench import Workbench
from segdesk.core.prediction import Prediction
from segdesk.errors import UsageError
from tests.projects import SHAPE, add_case, make_project, stroke


@pytest.fixture
def two(tmp_path: Path) -> Workbench:
    workbench = make_project(tmp_path, cases=2)
    for case in ("case-001", "case-002"):
        stroke(workbench, 1, case=case)
    return workbench


def put_away(workbench: Workbench, case: str) -> Path:
    take_out(workbench, case)
    workbench.folder.write_index()
    return workbench.folder.scans.set_aside(case)


def test_a_case_with_unsaved_strokes_is_not_taken_out(two: Workbench) -> None:
    with pytest.raises(UsageError, match="not saved"):
        take_out(two, "case-001")
    assert [case.id for case in two.project.cases] == ["case-001", "case-002"]
    two.close()


def test_what_stays_can_be_drawn_on_undone_saved_and_opened_again(two: Workbench) -> None:
    saving.save(two)
    folder = put_away(two, "case-001")
    assert {path.name for path in folder.iterdir()} == {"volume.h5", "annotation-1.h5"}
    assert folder == two.folder.path / "removed" / "case-001"
    stroke(two, 3, case="case-002")
    drawn = two.annotation("case-002").labels.copy()
    # The stroke of now, then the older one of the same case; those of the other one are gone.
    assert [edit.case for edit in two.history.done if edit.case] == ["case-002", "case-002"]
    two.undo()
    two.redo()
    assert np.array_equal(two.annotation("case-002").labels, drawn)
    path = two.folder.path
    two.close()
    again = Workbench.open(path)
    assert [case.id for case in again.project.cases] == ["case-002"]
    assert again.notes == () or not any("left out" in note for note in again.notes)
    assert np.array_equal(again.annotation("case-002").labels, drawn)
    saving.save(again)
    again.close()


def test_the_id_of_a_removed_case_is_never_given_again(two: Workbench, tmp_path: Path) -> None:
    saving.save(two)
    put_away(two, "case-002")
    saving.save(two)
    path = two.folder.path
    two.close()
    again = Workbench.open(path)
    np.save(tmp_path / "scan.npy", np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE))
    survey = importing.survey([tmp_path / "scan.npy"])
    requests = importing.requests(again, survey.volumes)
    assert [request.case for request in requests] == ["case-003"]
    with pytest.raises(UsageError, match="already"):
        importing.requests(again, survey.volumes, case="case-002")
    again.close()


def test_predictions_go_along_and_others_stay(two: Workbench) -> None:
    saving.save(two)
    for case in ("case-001", "case-002"):
        labels = np.ones(SHAPE, np.uint8)
        two.folder.runs.paths("run-001")
        two.folder.runs.write_prediction(Prediction("run-001", case, labels, labels))
    folder = put_away(two, "case-001")
    assert (folder / "predictions" / "run-001.h5").is_file()
    kept = two.folder.path / "runs" / "run-001" / "predictions"
    assert [path.name for path in kept.iterdir()] == ["case-002.h5"]
    two.close()


def test_what_lies_elsewhere_of_a_case_goes_along_though_its_folder_is_gone(two: Workbench) -> None:
    saving.save(two)
    path = two.folder.path
    shutil.rmtree(path / "cases/case-002")
    (path / "waiting-case-002.journal").write_bytes(b"strokes")
    removed = put_away(two, "case-002")
    assert (removed / "waiting-case-002.journal").read_bytes() == b"strokes"
    assert not list(path.glob("waiting-*"))
    two.close()


def test_a_second_case_of_that_name_does_not_fall_on_the_first(two: Workbench) -> None:
    saving.save(two)
    first = put_away(two, "case-001")
    add_case(two, id="case-001")
    second = put_away(two, "case-001")
    assert first != second and first.is_dir() and second.is_dir()
    two.close()


def test_the_files_of_a_case_in_the_index_are_not_moved(two: Workbench) -> None:
    with pytest.raises(ValueError, match="does not name"):
        two.folder.scans.set_aside("case-001")
    two.close()


def test_an_edit_that_changed_segments_takes_what_is_older_along(two: Workbench) -> None:
    from dataclasses import replace

    from segdesk.core.edit import Edit, SegmentChange
    from segdesk.core.history import History

    plain = Edit("Brush", "b")
    mixed = Edit("Labels", "a", segments=(SegmentChange(None, two.segments.new("x")),))
    history = History()
    for edit in (plain, replace(plain, case="a"), mixed, plain, replace(plain, case="a"), plain):
        history.record(edit)
    assert history.forget_case("a")
    assert [edit.case for edit in history.done] == ["b", "b"]
    assert not history.forget_case("a")
    two.close()


def test_a_name_is_shown_and_files_and_records_keep_the_id(two: Workbench) -> None:
    saving.save(two)
    removing.rename(two, "case-001", "  Baseline, <3 mm>  ")
    assert two.project.case("case-001").title == "Baseline, <3 mm>"
    assert not two.has_unsaved
    path = two.folder.path
    two.close()
    again = Workbench.open(path)
    case = again.project.case("case-001")
    assert (case.id, case.title) == ("case-001", "Baseline, <3 mm>")
    assert again.volume("case-001").grid.shape == SHAPE
    removing.rename(again, "case-001", "")
    assert again.project.case("case-001").title == "case-001"
    again.close()


@pytest.mark.parametrize("name", ["x" * 81, "line\nbreak", "case-002"])
def test_a_name_that_misleads_is_refused(two: Workbench, name: str) -> None:
    with pytest.raises(UsageError):
        removing.rename(two, "case-001", name)
    two.close()
