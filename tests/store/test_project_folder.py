"""Making and opening project folders, and what their prediction files hold."""

import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from segdesk.core.annotation import Annotation
from segdesk.core.case import Case
from segdesk.core.edit import Edit
from segdesk.core.prediction import Prediction
from segdesk.errors import InputError, ProjectError
from segdesk.store.project_folder import ProjectFolder
from tests.store.painter import masks_of, paint, same, save
from tests.store.strategies import GRID, project_with_cases


def test_a_new_project_is_empty_and_opens_again(tmp_path: Path) -> None:
    with ProjectFolder.create(tmp_path / "p.segdesk") as folder:
        made = folder.load()
    with ProjectFolder.open(tmp_path / "p.segdesk", writable=True) as again:
        assert again.load() == made
    assert made.project.cases == ()
    assert (made.edits, made.notes) == ((), ())


def test_two_projects_have_different_ids(tmp_path: Path) -> None:
    with ProjectFolder.create(tmp_path / "a") as a, ProjectFolder.create(tmp_path / "b") as b:
        assert a.load().project.id != b.load().project.id


@pytest.mark.parametrize("kind", ["file", "folder", "dead link"])
def test_nothing_that_is_there_is_overwritten(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "p.segdesk"
    if kind == "file":
        path.write_text("mine")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(ProjectError, match="already something"):
        ProjectFolder.create(path)
    assert [p.name for p in tmp_path.iterdir()] == ["p.segdesk"]


def test_a_disk_that_is_full_leaves_no_half_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync
    for successes in range(5):
        left = iter(range(successes))

        def full(descriptor: int, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise OSError(errno.ENOSPC, "No space left on device")
            real(descriptor)

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(ProjectError, match="the disk is full"):
            ProjectFolder.create(tmp_path / "p.segdesk")
        assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="There is no folder"):
        ProjectFolder.create(tmp_path / "no" / "p.segdesk")


def test_what_is_no_project_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file.segdesk").write_text("x")
    (tmp_path / "folder.segdesk").mkdir()
    for name, words in [("none", "is not there"), ("file", "not a proj"), ("folder", "not a proj")]:
        for writable in (True, False):
            with pytest.raises(ProjectError, match=words):
                ProjectFolder.open(tmp_path / f"{name}.segdesk", writable=writable)
    assert list((tmp_path / "folder.segdesk").iterdir()) == []


def test_reading_changes_no_byte_and_refuses_to_write(tmp_path: Path) -> None:
    folder, project = project_with_cases(tmp_path / "p.segdesk", "case-001")
    mask = Annotation(GRID)
    paint(folder, mask, "case-001", 1)
    paint(folder, mask, "case-001", 2)
    folder.close()
    with (folder.path / "journal-0").open("rb+") as file:
        file.truncate((folder.path / "journal-0").stat().st_size - 3)
    before = {p: p.read_bytes() for p in folder.path.rglob("*") if p.is_file()}
    with ProjectFolder.open(folder.path, writable=False) as reader:
        opened = reader.load()
        assert len(opened.edits) == 1
        assert len(opened.notes) == 1
        for write in (
            lambda: reader.save_index(project),
            lambda: reader.append(Edit("x", "case-001")),
            lambda: reader.begin_save(project, {}),
            lambda: reader.scans.remove("case-001"),
        ):
            with pytest.raises(ProjectError, match="for reading only"):
                write()
        reader.runs.paths("run-001")
    assert {p: p.read_bytes() for p in folder.path.rglob("*") if p.is_file()} == before


def test_a_reader_beside_a_writer_sees_what_is_saved_and_journalled(tmp_path: Path) -> None:
    folder, project = project_with_cases(tmp_path / "p.segdesk", "case-001")
    mask = Annotation(GRID)
    with folder, ProjectFolder.open(folder.path, writable=False) as reader:
        for step in range(1, 4):
            paint(folder, mask, "case-001", 2 * step)
            save(folder, project, {"case-001": mask})
            paint(folder, mask, "case-001", 2 * step + 1)
            assert same(masks_of(reader, reader.load())["case-001"], mask)


def test_edits_of_a_case_that_the_index_does_not_name_are_left_out_and_told_apart(
    tmp_path: Path,
) -> None:
    folder, project = project_with_cases(tmp_path / "p.segdesk", "case-001", "case-002")
    masks = {id: Annotation(GRID) for id in ("case-001", "case-002")}
    for id, mask in masks.items():
        paint(folder, mask, id, 1)
    smaller = type(project)(project.id, cases=project.cases[:1])
    folder.save_index(smaller)
    folder.close()
    with ProjectFolder.open(folder.path, writable=True) as again:
        opened = again.load()
        assert [edit.case for edit in opened.edits] == ["case-001"]
        assert [edit.case for edit in opened.orphans] == ["case-002"]
        again.begin_save(opened.project, {"case-001": masks["case-001"]}).run()


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
@pytest.mark.parametrize("name", ["journal-0", "project.h5", "lock", "cases"])
def test_a_folder_with_a_link_out_is_refused_and_the_target_untouched(
    tmp_path: Path, name: str
) -> None:
    folder, _ = project_with_cases(tmp_path / "p.segdesk", "case-001")
    folder.close()
    target = tmp_path / "outside"
    (folder.path / name).rename(target)
    (folder.path / name).symlink_to(target)
    for writable in (True, False):
        with pytest.raises(ProjectError, match="is a link"):
            ProjectFolder.open(folder.path, writable=writable)


def test_closing_twice_is_fine(tmp_path: Path) -> None:
    folder = ProjectFolder.create(tmp_path / "p.segdesk")
    folder.close()
    folder.close()
    assert not folder.writable


# Predictions


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[ProjectFolder, Case]]:
    folder, project = project_with_cases(tmp_path / "p.segdesk", "case-001")
    folder.close()
    again = ProjectFolder.open(folder.path, writable=True)
    again.load()
    with again:
        yield again, project.cases[0]


def _arrays() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    labels = random.integers(0, 3, GRID.shape, dtype=np.uint8)
    labels[1] = 0
    return labels, random.integers(0, 256, GRID.shape, dtype=np.uint8)


def test_a_prediction_comes_back_read_only(opened: tuple[ProjectFolder, Case]) -> None:
    folder, case = opened
    labels, probability = _arrays()
    assert not (folder.path / "runs" / "run-001" / "predictions" / f"{case.id}.h5").is_file()
    folder.runs.write_prediction(Prediction("run-001", case.id, labels, probability))
    assert (folder.path / "runs" / "run-001" / "predictions" / f"{case.id}.h5").is_file()
    found = folder.runs.read_prediction("run-001", case, weights_sha256="")
    assert np.array_equal(found.labels, labels)
    assert np.array_equal(found.probability, probability)
    assert not found.labels.flags.writeable


def test_a_trainers_files_become_a_prediction(
    opened: tuple[ProjectFolder, Case], tmp_path: Path
) -> None:
    folder, case = opened
    labels, probability = _arrays()
    np.save(tmp_path / "l.npy", labels)
    np.save(tmp_path / "p.npy", probability)
    folder.runs.write_prediction_files("run-001", case, tmp_path / "l.npy", tmp_path / "p.npy")
    found = folder.runs.read_prediction("run-001", case, weights_sha256="")
    assert np.array_equal(found.labels, labels)
    assert np.array_equal(found.probability, probability)


@pytest.mark.parametrize("fault", ["missing", "shape", "dtype", "pickle", "cut"])
def test_a_trainers_file_that_is_not_as_agreed_is_refused(
    opened: tuple[ProjectFolder, Case], tmp_path: Path, fault: str
) -> None:
    folder, case = opened
    labels, probability = _arrays()
    path = tmp_path / "l.npy"
    np.save(tmp_path / "p.npy", probability)
    if fault == "shape":
        np.save(path, labels[:-1])
    elif fault == "dtype":
        np.save(path, labels.astype(np.int16))
    elif fault == "pickle":
        np.save(path, np.array([{}], dtype=object))
    elif fault == "cut":
        np.save(path, labels)
        path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(InputError, match=r"l\.npy"):
        folder.runs.write_prediction_files("run-001", case, path, tmp_path / "p.npy")
    assert not (folder.path / "runs" / "run-001" / "predictions" / f"{case.id}.h5").is_file()


def test_a_damaged_or_foreign_prediction_is_one_sentence(
    opened: tuple[ProjectFolder, Case],
) -> None:
    folder, case = opened
    with pytest.raises(ProjectError, match="missing"):
        folder.runs.read_prediction("run-001", case, weights_sha256="")
    folder.runs.write_prediction(Prediction("run-001", case.id, *_arrays()))
    path = folder.path / "runs/run-001/predictions/case-001.h5"
    other = folder.path / "runs/run-002/predictions/case-001.h5"
    other.parent.mkdir(parents=True)
    other.write_bytes(path.read_bytes())
    with pytest.raises(ProjectError, match="damaged"):
        folder.runs.read_prediction("run-002", case, weights_sha256="")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ProjectError, match="damaged"):
        folder.runs.read_prediction("run-001", case, weights_sha256="")


def test_a_deleted_project_leaves_nothing_and_its_name_is_free_again(tmp_path: Path) -> None:
    folder, _ = project_with_cases(tmp_path / "p.segdesk", "case-001")
    folder.delete()
    assert list(tmp_path.iterdir()) == []
    ProjectFolder.create(tmp_path / "p.segdesk").close()
