"""The store on a disk that refuses what Windows refuses."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segdesk.core.annotation import Annotation
from segdesk.core.edit import Edit
from segdesk.core.prediction import Prediction
from segdesk.errors import ProjectError, ProjectLocked
from segdesk.store import new_project
from segdesk.store.disk.lock import ProjectLock
from segdesk.store.journal.edit_codec import encode
from segdesk.store.journal.journal_file import Journal
from segdesk.store.project_folder import ProjectFolder
from tests.store.ntfs import CAN_RUN, InUse, ntfs
from tests.store.painter import masks_of, paint, same, save
from tests.store.strategies import GRID, new_case, project_with_cases

pytestmark = pytest.mark.skipif(not CAN_RUN, reason="what is open is asked of Linux")


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    with ntfs(tmp_path) as refused:
        yield tmp_path / "p.segdesk"
    # Whoever is refused and tries again would only be slow; here nothing is in the way.
    assert refused == []


def _predict(folder: ProjectFolder, case: str, value: int) -> None:
    layers = (np.full(GRID.shape, value, np.uint8),) * 2
    folder.runs.write_prediction(Prediction("run-001", case, layers[0], layers[1]))


def test_the_disk_refuses_what_windows_refuses(tmp_path: Path) -> None:
    """Else the tests below would prove nothing."""
    (tmp_path / "folder").mkdir()
    held, other = tmp_path / "folder" / "held", tmp_path / "other"
    held.write_bytes(bytes(8192))
    other.write_bytes(b"other")
    with ntfs(tmp_path):
        file = held.open("rb")
        for refused in (
            held.unlink,
            lambda: held.rename(tmp_path / "new"),
            lambda: other.replace(held),
            lambda: (tmp_path / "folder").rename(tmp_path / "new"),
            lambda: shutil.rmtree(tmp_path / "folder"),
        ):
            with pytest.raises(InUse):
                refused()
        mapped = np.memmap(held, np.uint8, mode="r")
        file.close()
        with pytest.raises(InUse):
            held.unlink()
        with pytest.raises(FileExistsError):
            other.rename(held)
        del mapped
        other.replace(held)
        (tmp_path / "folder").rename(tmp_path / "new")
    assert (tmp_path / "new" / "held").read_bytes() == b"other"


def test_a_whole_life_from_new_to_deleted(path: Path) -> None:
    folder, project = project_with_cases(path, "case-001", "case-002")
    mask = Annotation(GRID)
    volume = folder.scans.read(project.case("case-001"))
    for step in range(1, 4):
        paint(folder, mask, "case-001", step)
        _predict(folder, "case-001", step)
        project = save(folder, project, {"case-001": mask})
    folder.runs.read_prediction("run-001", project.case("case-001"), weights_sha256="")
    project = replace(project, cases=project.cases[:1])
    folder.save_index(project)
    folder.scans.set_aside("case-002")
    paint(folder, mask, "case-001", 9)
    folder.close()
    with ProjectFolder.open(path, writable=True) as again:
        opened = again.load()
        assert same(masks_of(again, opened)["case-001"], mask)
        again.scans.write(
            "case-003",
            GRID,
            unit="HU",
            slope=1.0,
            intercept=0.0,
            planes=lambda k: np.zeros(GRID.slice_shape, np.int16),
        )
        again.scans.remove("case-003")
        save(again, opened.project, {"case-001": mask})
    del volume
    gc.collect()
    last = ProjectFolder.open(path, writable=True)
    last.load()
    last.delete()
    assert not path.exists()


def test_a_torn_journal_and_one_that_does_not_follow_are_mended(path: Path) -> None:
    folder, _ = project_with_cases(path, "case-001")
    mask = Annotation(GRID)
    paint(folder, mask, "case-001", 1)
    folder.close()
    with (path / "journal-0").open("ab") as file:
        file.write(b"torn")
    stray = Journal.create(path, 5, 77)
    stray.append(encode(Edit("Draw", "case-001")))
    stray.close()
    with ProjectFolder.open(path, writable=True) as again:
        opened = again.load()
        assert len(opened.edits) == 1
        assert (path / "journal-5.damaged").is_file()
        paint(again, mask, "case-001", 2)


def test_a_killed_import_makes_way_for_the_next(path: Path) -> None:
    folder, _ = project_with_cases(path)
    for name in ("cases/case-001", "cases/.case-001.partial"):
        (path / name).mkdir()
        (path / name / "volume.h5").write_bytes(b"half")
    new_case(folder, "case-001")
    folder.close()


def test_whoever_opens_a_new_project_before_its_maker_keeps_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the folder's name and its lock anybody may come."""
    make, guests = new_project.make, list[ProjectLock]()

    def and_a_guest_comes(place: Path) -> None:
        make(place)
        guests.append(ProjectLock.acquire(place))

    monkeypatch.setattr(new_project, "make", and_a_guest_comes)
    with pytest.raises(ProjectLocked):
        ProjectFolder.create(path)
    guests[0].release()
    with ProjectFolder.open(path, writable=True) as folder:
        assert folder.load().project.cases == ()


def test_a_scan_that_is_still_looked_at_is_said_to_be_in_use_and_goes_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("segdesk.core.durable_files._IS_WINDOWS", True)
    monkeypatch.setattr("time.sleep", waited.append)
    with ntfs(tmp_path):
        folder, project = project_with_cases(tmp_path / "p.segdesk", "case-001")
        volume = folder.scans.read(project.cases[0])
        folder.save_index(replace(project, cases=()))
        with pytest.raises(ProjectError, match="a file is still in use"):
            folder.scans.set_aside("case-001")
        assert len(waited) > 3
        del volume
        gc.collect()
        assert (folder.scans.set_aside("case-001") / "volume.h5").is_file()
        folder.close()


def test_a_file_that_a_virus_scanner_looks_at_is_replaced_a_moment_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segdesk.core.durable_files._IS_WINDOWS", True)
    with ntfs(tmp_path) as refused:
        folder, project = project_with_cases(tmp_path / "p.segdesk", "case-001")
        scanner = (folder.path / "project.h5").open("rb")
        monkeypatch.setattr("time.sleep", lambda _: scanner.close())
        folder.save_index(replace(project, settings=(("a", "b"),)))
        assert len(refused) == 1
        folder.close()
    with ProjectFolder.open(folder.path, writable=False) as again:
        assert again.load().project.settings == (("a", "b"),)
