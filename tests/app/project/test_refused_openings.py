"""An opening or a creation that is refused holds nothing: no descriptor, no lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import h5py
import pytest

from segdesk.app.opening import open_project
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import cut_off
from segdesk.core.place import Place
from segdesk.errors import ProjectError
from segdesk.store.project_folder import ProjectFolder
from tests.descriptors import open_below
from tests.full_disk import full_disk
from tests.projects import make_project, stroke
from tests.read_only_disk import read_only_disk
from tests.store.faults import refusing
from tests.store.resealing import seal_again


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A saved project with a stroke since, so that opening reads the case too."""
    workbench = make_project(tmp_path)
    saving.save(workbench)
    stroke(workbench, 2)
    workbench.close()
    return workbench.folder.path


def as_it_is(path: Path) -> Generator[None, None, None]:
    yield


def locked(path: Path) -> Generator[None, None, None]:
    with ProjectFolder.open(path, writable=True):
        yield


def damaged(path: Path) -> Generator[None, None, None]:
    (path / "project.h5").write_bytes(bytes(1000))
    yield


def of_a_newer_format(path: Path) -> Generator[None, None, None]:
    with h5py.File(path / "project.h5", "r+") as file:
        file.attrs["version"] = 99
    seal_again(path / "project.h5")
    yield


def without_rights(path: Path) -> Generator[None, None, None]:
    with read_only_disk(path):
        yield


def no_project(path: Path) -> Generator[None, None, None]:
    (path / "project.h5").unlink()
    (path / "project-previous.h5").unlink()
    yield


def with_a_link(path: Path) -> Generator[None, None, None]:
    (path / "elsewhere").symlink_to(path.parent)
    yield


def swapped_meanwhile(path: Path) -> Generator[None, None, None]:
    """The folder goes away between the lock and the look at it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Place, "found", lambda _: "another")
        yield


def with_a_journal_that_cannot_be_read(path: Path) -> Generator[None, None, None]:
    for journal in path.glob("journal-*"):
        journal.unlink()
        os.mkfifo(journal)
    yield


def on_a_full_disk_with_a_torn_journal(path: Path) -> Generator[None, None, None]:
    (newest,) = path.glob("journal-1")
    newest.write_bytes(newest.read_bytes()[:5])
    with full_disk(path):
        yield


REFUSALS = [
    locked,
    damaged,
    of_a_newer_format,
    without_rights,
    no_project,
    with_a_link,
    swapped_meanwhile,
    with_a_journal_that_cannot_be_read,
    on_a_full_disk_with_a_torn_journal,
]


@pytest.mark.parametrize("why", REFUSALS)
def test_a_refused_opening_holds_nothing(
    project: Path, why: Callable[[Path], Iterator[None]]
) -> None:
    with contextmanager(why)(project):
        before = open_below(project.parent)
        with pytest.raises(ProjectError):
            Workbench.open(project)
        assert open_below(project.parent) == before


def test_a_project_whose_cut_off_run_cannot_be_ended_holds_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Workbench) -> tuple[str, ...]:
        raise ProjectError("The disk refuses.")

    monkeypatch.setattr(cut_off, "recover", refused)
    with pytest.raises(ProjectError):
        open_project(project)
    assert open_below(project.parent) == []
    Workbench.open(project).close()


@pytest.mark.parametrize(("point", "step"), [("os.fsync", 1), ("opening a file", 3)])
def test_a_refused_creation_holds_nothing_and_leaves_nothing(
    tmp_path: Path, point: str, step: int
) -> None:
    path, refused, is_through = tmp_path / "new.segdesk", 0, False
    for well in range(0, 100, step):
        made = None
        with refusing(point, well, once=True) as failed, suppress(ProjectError):
            made = Workbench.create(path)
        if made is None:
            refused += 1
        else:
            # Not every file is needed, such as the text of the lock.
            made.discard()
        assert open_below(tmp_path) == []
        assert list(tmp_path.iterdir()) == []
        is_through = not failed
        if is_through:
            break
    assert refused > 3 and is_through


def test_a_new_project_that_cannot_be_read_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: ProjectFolder) -> None:
        raise ProjectError("The journal cannot be read.")

    monkeypatch.setattr(ProjectFolder, "load", refused)
    with pytest.raises(ProjectError, match="The journal cannot be read"):
        Workbench.create(tmp_path / "new.segdesk")
    assert open_below(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
