"""Folders of cases that no index names: kept apart, never deleted; half ones are swept."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.core.annotation import Annotation
from segdesk.core.prediction import Prediction
from segdesk.errors import ProjectError
from segdesk.store.parts import annotation_file, volume_file
from segdesk.store.project_folder import ProjectFolder
from tests.store.painter import paint, save
from tests.store.strategies import GRID, new_case, project_with_cases

ONE, TWO = "case-001", "case-002"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "p.segdesk"


def with_a_case_that_the_index_forgot(path: Path) -> dict[str, bytes]:
    """A project of which a case was being removed when the program was killed: the index had let it
    go, its files are there; what they are."""
    folder, project = project_with_cases(path, ONE, TWO)
    with folder:
        mask = Annotation(GRID)
        paint(folder, mask, TWO, 1)
        saved = save(folder, project, {TWO: mask})
        plane = np.ones(GRID.shape, np.uint8)
        folder.runs.write_prediction(Prediction("run-001", TWO, plane, plane))
        folder.save_index(replace(saved, cases=saved.cases[:1]))
    kept = {file.name: file.read_bytes() for file in (path / "cases" / TWO).iterdir()}
    assert set(kept) == {"volume.h5", "annotation-1.h5"}
    predicted = path / "runs/run-001/predictions" / f"{TWO}.h5"
    return {**kept, "predictions/run-001.h5": predicted.read_bytes()}


def test_a_new_scan_does_not_delete_the_masks_in_a_folder_that_no_index_names(path: Path) -> None:
    kept = with_a_case_that_the_index_forgot(path)
    with ProjectFolder.open(path, writable=True) as folder:
        project = folder.load().project
        said = folder.scans.make_room(TWO)
        assert f"'removed/{TWO}'" in said
        assert folder.scans.make_room(TWO) == ""
        project = project.with_case(new_case(folder, TWO, seed=7))
        folder.save_index(project)
        volume_file.read(path / "cases" / TWO / "volume.h5", project.case(TWO), set())
        assert [file.name for file in (path / "cases" / TWO).iterdir()] == ["volume.h5"]
        # Nothing that was predicted of the other scan is shown on this one.
        with pytest.raises(ProjectError, match="missing"):
            folder.runs.read_prediction("run-001", project.case(TWO), weights_sha256="")
    aside = path / "removed" / TWO
    assert {name: (aside / name).read_bytes() for name in kept} == kept


def test_a_scan_that_is_written_without_making_room_deletes_no_mask_either(path: Path) -> None:
    kept = with_a_case_that_the_index_forgot(path)
    with ProjectFolder.open(path, writable=True) as folder:
        folder.load()
        new_case(folder, TWO, seed=7)
    aside = path / "removed" / TWO
    assert {name: (aside / name).read_bytes() for name in kept} == kept


def test_what_an_import_takes_back_is_only_what_it_wrote(path: Path) -> None:
    """An import that fails before it has written anything has nothing to take back."""
    kept = with_a_case_that_the_index_forgot(path)
    with ProjectFolder.open(path, writable=True) as folder:
        folder.load()
        folder.scans.remove(TWO)
        aside = path / "cases" / TWO
        assert (aside / "annotation-1.h5").read_bytes() == kept["annotation-1.h5"]
        new_case(folder, "case-003", seed=3)
        folder.scans.remove("case-003")
        assert not (path / "cases/case-003").exists()


def test_a_folder_of_a_taken_id_is_left_where_it_is(path: Path) -> None:
    folder, project = project_with_cases(path, ONE)
    with folder:
        mask = Annotation(GRID)
        paint(folder, mask, ONE, 1)
        saved = save(folder, project, {ONE: mask})
        with pytest.raises(ProjectError, match="already a case"):
            folder.scans.make_room(ONE)
        annotation_file.read(path / "cases" / ONE / "annotation-1.h5", saved.case(ONE))


def opened(path: Path, *, writable: bool = True) -> None:
    with ProjectFolder.open(path, writable=writable) as folder:
        folder.load()


def test_what_a_killed_import_left_is_swept_at_opening(path: Path) -> None:
    folder, _ = project_with_cases(path, ONE)
    folder.close()
    half = path / "cases/.case-002.partial"
    half.mkdir()
    (half / "volume.h5").write_bytes(b"half a scan")
    opened(path, writable=False)
    assert half.exists()
    opened(path)
    assert [row.name for row in (path / "cases").iterdir()] == [ONE]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_sweeping_follows_no_link_and_takes_nothing_else(path: Path, tmp_path: Path) -> None:
    folder, _ = project_with_cases(path, ONE)
    folder.close()
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep/letter.txt").write_text("dear")
    half = path / "cases/.case-002.partial"
    half.mkdir()
    (half / "link").symlink_to(outside)
    (path / "cases/.case-003.partial").symlink_to(outside)
    others = [
        path / "cases/notes.partial",
        path / "cases/.partial",
        path / "cases/.hidden",
        path / "cases/.not an id.partial",
        path / ".mine.partial",
        path / "runs/.mine.partial",
        path / "cases" / ONE / ".mine.partial",
    ]
    for other in others:
        other.mkdir(parents=True)
        (other / "letter.txt").write_text("dear")
    opened(path)
    assert not half.exists()
    assert (outside / "deep/letter.txt").read_text() == "dear"
    assert (path / "cases/.case-003.partial").is_symlink()
    assert all((other / "letter.txt").read_text() == "dear" for other in others)
