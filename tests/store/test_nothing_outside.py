"""A stranger's project: no link and no second name leads its reader, or its writer, elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from segdesk.core.annotation import Annotation
from segdesk.core.case import Case
from segdesk.core.prediction import Prediction
from segdesk.errors import ProjectError
from segdesk.store.disk.layout import Layout
from segdesk.store.project_folder import ProjectFolder
from segdesk.store.saving import sweep
from tests.store.painter import paint, save
from tests.store.strategies import GRID, project_with_cases

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")

#: Every kind of file that a project has.
FILES = (
    "project.h5",
    "lock",
    "journal-1",
    "cases/case-001/volume.h5",
    "cases/case-001/annotation-1.h5",
    "runs/run-001/predictions/case-001.h5",
)


@pytest.fixture
def project(tmp_path: Path) -> tuple[Path, Case]:
    """A closed project with each of `FILES`, and one of its cases as saved."""
    folder, project = project_with_cases(tmp_path / "p.segdesk", "case-001")
    with folder:
        mask = Annotation(GRID)
        paint(folder, mask, "case-001", 1)
        saved = save(folder, project, {"case-001": mask})
        paint(folder, mask, "case-001", 2)
        plane = np.zeros(GRID.shape, np.uint8)
        folder.runs.write_prediction(Prediction("run-001", "case-001", plane, plane))
    return folder.path, saved.case("case-001")


def read_all(path: Path, case: Case, *, writable: bool) -> None:
    """Open a project and read everything that `FILES` names."""
    with ProjectFolder.open(path, writable=writable) as folder:
        folder.load()
        folder.scans.read(case)
        folder.scans.location(case, checked=(0,))
        folder.read_annotation(case)
        folder.runs.read_prediction("run-001", case, weights_sha256="")


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", FILES)
def test_a_pipe_in_the_place_of_a_file_is_refused_and_never_waited_for(
    project: tuple[Path, Case], name: str
) -> None:
    path, case = project
    read_all(path, case, writable=True)
    (path / name).unlink()
    os.mkfifo(path / name)
    for writable in (True, False) if name != "lock" else (True,):
        with pytest.raises(ProjectError):
            read_all(path, case, writable=writable)


@pytest.mark.parametrize("name", [*FILES, "cases", "cases/case-001", "runs", "runs/run-001"])
def test_a_link_to_another_place_in_the_project_is_refused_too(
    project: tuple[Path, Case], name: str
) -> None:
    """So that no file has two names, one of which is cleaned away."""
    path, case = project
    (path / name).rename(path / "elsewhere")
    (path / name).symlink_to(path / "elsewhere")
    with pytest.raises(ProjectError, match="is a link"):
        read_all(path, case, writable=True)


def test_no_folder_that_is_a_link_is_listed(project: tuple[Path, Case], tmp_path: Path) -> None:
    path, _ = project
    (path / "runs").symlink_to((path / "runs").rename(tmp_path / "runs"))
    (path / "cases/case-002").symlink_to(path / "cases/case-001")
    layout = Layout(path)
    assert (layout.folders("cases"), layout.folders("runs")) == (("case-001",), ())


@pytest.mark.parametrize(
    "place", ["cases/x", "runs/x/predictions", "runs/x", "cases", "runs", "removed"]
)
def test_leftovers_are_cleaned_inside_of_the_folder_only(
    project: tuple[Path, Case], tmp_path: Path, place: str
) -> None:
    path, _ = project
    outside = tmp_path / "outside"
    for inner in ("", "x", "predictions", "x/predictions"):
        (outside / inner).mkdir(parents=True, exist_ok=True)
        (outside / inner / ".letter.txt.partial").write_text("not finished")
    before = sorted(outside.rglob("*"))
    link = path / place
    if link.exists():
        link.rename(tmp_path / "away")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)
    try:
        with ProjectFolder.open(path, writable=True) as folder:
            folder.load()
    except ProjectError as error:
        assert "is a link" in str(error)
    assert sorted(outside.rglob("*")) == before


@pytest.mark.parametrize("name", ["cases", "runs"])
def test_what_tidies_up_enters_no_link_whoever_has_looked_before(
    project: tuple[Path, Case], tmp_path: Path, name: str
) -> None:
    """It may have been put there since."""
    path, outside = project[0], tmp_path / "outside"
    (outside / "x").mkdir(parents=True)
    for left in (outside / "x/.letter.txt.partial", outside / ".letter.txt.partial"):
        left.write_text("not finished")
    (outside / ".case-002.partial").mkdir()
    before = sorted(outside.rglob("*"))
    (path / name).rename(tmp_path / "away")
    (path / name).symlink_to(outside)
    sweep(path)
    assert sorted(outside.rglob("*")) == before


@pytest.mark.parametrize("name", ["anything", "removed", "journal-7", "history-0", "lock"])
@pytest.mark.parametrize("writable", [True, False])
def test_a_project_with_any_link_at_its_top_is_not_opened(
    project: tuple[Path, Case], tmp_path: Path, name: str, writable: bool
) -> None:
    path = project[0]
    (path / name).unlink(missing_ok=True)
    (path / name).symlink_to(tmp_path)
    with pytest.raises(ProjectError, match="is a link"):
        ProjectFolder.open(path, writable=writable)


def _append(path: Path) -> None:
    with ProjectFolder.open(path, writable=True) as folder:
        folder.load()
        mask = Annotation(GRID)
        paint(folder, mask, "case-001", 3)


def _open(path: Path) -> None:
    with ProjectFolder.open(path, writable=True) as folder:
        folder.load()


@pytest.mark.parametrize(("name", "use"), [("journal-1", _append), ("lock", _open)])
def test_a_file_that_has_a_second_name_elsewhere_is_not_changed_there(
    project: tuple[Path, Case], tmp_path: Path, name: str, use: Callable[[Path], None]
) -> None:
    """A copy made of hard links stays as it was, and so does what a stranger linked in."""
    path, _ = project
    (path / name).rename(tmp_path / "kept")
    if name == "lock":
        (tmp_path / "kept").write_text("dear diary")
    (path / name).hardlink_to(tmp_path / "kept")
    before = (tmp_path / "kept").read_bytes()
    use(path)
    assert (tmp_path / "kept").read_bytes() == before


def test_a_torn_journal_that_has_a_second_name_elsewhere_is_cut_here_alone(
    project: tuple[Path, Case], tmp_path: Path
) -> None:
    path, _ = project
    kept = (path / "journal-1").rename(tmp_path / "kept")
    whole = kept.read_bytes()
    kept.write_bytes(whole + b"\1\2\3")
    (path / "journal-1").hardlink_to(kept)
    _open(path)
    assert kept.read_bytes() == whole + b"\1\2\3"
    assert (path / "journal-1").read_bytes() == whole
