"""Where a project may be made and opened: names, other projects, copies by hard links."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from segdesk.core.annotation import Annotation
from segdesk.core.durable_files import LONGEST_NAME, partial_name
from segdesk.errors import ProjectError, ProjectLocked
from segdesk.store.disk import lock
from segdesk.store.new_project import building
from segdesk.store.parts import project_file
from segdesk.store.project_folder import ProjectFolder
from tests.packs import unpack_here
from tests.store.painter import paint, save
from tests.store.strategies import project_with_cases


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder, _ = project_with_cases(tmp_path / "p.segdesk", "case-001")
    folder.close()
    return folder.path


@pytest.mark.parametrize("inside", [".", "cases", "cases/case-001", "runs"])
@pytest.mark.parametrize("index", ["there", "gone"])
def test_no_project_is_made_inside_another(path: Path, inside: str, index: str) -> None:
    if index == "gone":
        (path / "project.h5").unlink()
    with pytest.raises(ProjectError, match=r"would lie inside the project 'p\.segdesk'"):
        ProjectFolder.create(path / inside / "q.segdesk")
    with pytest.raises(ProjectError, match="would lie inside"):
        unpack_here(path / "some.h5", path / inside / "q.segdesk")
    link = path.with_name("link")
    link.symlink_to(path / inside)
    with pytest.raises(ProjectError, match="would lie inside"):
        ProjectFolder.create(link / "q.segdesk")


def test_a_folder_that_another_program_has_removed_meanwhile_gets_no_name(tmp_path: Path) -> None:
    with (
        pytest.raises(ProjectError, match="Another program has removed"),
        building(tmp_path / "q.segdesk") as made,
    ):
        shutil.rmtree(made)
        made.mkdir()
    assert list(tmp_path.iterdir()) == []


def test_a_packed_project_beside_it_is_no_project_around_it(tmp_path: Path) -> None:
    (tmp_path / "project.h5").write_bytes(b"some file")
    ProjectFolder.create(tmp_path / "q.segdesk").close()


def test_a_folder_above_that_nobody_may_look_into_is_no_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.is_file

    def is_file(path: Path) -> bool:
        if path.parent == tmp_path:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    (tmp_path / "mine").mkdir()
    monkeypatch.setattr(Path, "is_file", is_file)
    ProjectFolder.create(tmp_path / "mine" / "q.segdesk").close()


@pytest.mark.parametrize(
    ("place", "error"), [(project_file, errno.ENOSPC), (lock, errno.ENOLCK)], ids=["full", "locks"]
)
def test_a_project_that_cannot_be_made_is_called_by_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: ModuleType, error: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(place, "write_whole" if place is project_file else "_lock", refuse)
    with pytest.raises(ProjectError, match=r"he project 'q\.segdesk' (could not be|lies on)"):
        ProjectFolder.create(tmp_path / "q.segdesk")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("letter", ["n", "\u00e9", "\u6e2c"])
def test_a_name_may_be_as_long_as_the_disk_lets_it(tmp_path: Path, letter: str) -> None:
    length = len(letter.encode())
    for longest in (LONGEST_NAME - 9, LONGEST_NAME):
        name = letter * (longest // length)
        folder, project = project_with_cases(tmp_path / name, "case-001")
        mask = Annotation(project.cases[0].grid)
        paint(folder, mask, "case-001", 0)
        save(folder, project, {"case-001": mask})
        folder.close()
        assert [each.name for each in tmp_path.iterdir()] == [name]
        shutil.rmtree(tmp_path / name)
        temporary = partial_name(tmp_path / name)
        assert len(os.fsencode(temporary.name)) <= LONGEST_NAME
        assert temporary != partial_name(tmp_path / f"{name[:-1]}x")


@pytest.mark.skipif(not hasattr(os, "link"), reason="no hard links")
def test_a_copy_by_hard_links_beside_the_open_original_is_called_that(path: Path) -> None:
    copy = path.with_name("copy.segdesk")
    with ProjectFolder.open(path, writable=True):
        shutil.copytree(path, copy, copy_function=os.link)
        with pytest.raises(ProjectLocked, match="hard links") as refused:
            ProjectFolder.open(copy, writable=True)
        assert "process" not in refused.value.sentence
        ProjectFolder.open(copy, writable=False).close()
    ProjectFolder.open(copy, writable=True).close()
