"""A folder that nobody can look into: a network drive that went away, a path that is too long."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segdesk.app.files import importing
from segdesk.app.project import packing, saving, unpacking
from segdesk.app.project.workbench import Workbench
from segdesk.core import place
from segdesk.errors import ProjectError, ProjectGone, SegdeskError
from segdesk.formats.export import export
from segdesk.store.checking import check
from segdesk.store.repairing import check_place
from tests.projects import make_project, stroke

TOO_LONG = "x" * 300
LOOKS = ("stat", "lstat", "scandir", "listdir")


@contextmanager
def out_of_reach(
    folder: Path, error: int = errno.ENOTCONN, looks: Sequence[str] = LOOKS
) -> Iterator[None]:
    """Every look at a path in the folder fails, by its name or by a descriptor; what is open stays
    open."""
    descriptors = str(place._DESCRIPTORS)

    def refused(look: Callable[..., Any]) -> Callable[..., Any]:
        def looked(path: Any = ".", *arguments: Any, **options: Any) -> Any:
            text = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
            if str(text).startswith((str(folder), descriptors)):
                raise OSError(error, os.strerror(error), text)
            return look(path, *arguments, **options)

        return looked

    with pytest.MonkeyPatch.context() as patched:
        for name in looks:
            patched.setattr(os, name, refused(getattr(os, name)))
        yield


@pytest.mark.parametrize("error", [errno.ENOTCONN, errno.EIO, errno.EACCES])
def test_what_is_drawn_meanwhile_waits_and_is_written_once_the_folder_is_back(
    tmp_path: Path, error: int
) -> None:
    workbench = make_project(tmp_path)
    saving.save(workbench)
    path = workbench.folder.path
    stroke(workbench, 0)
    with out_of_reach(path, error):
        stroke(workbench, 1)
        assert workbench.folder.waiting == 1
        assert isinstance(workbench.refusal, ProjectGone)
        assert f"cannot be reached: {os.strerror(error)}." in str(workbench.refusal)
        gone = workbench.folder.why_gone()
        assert gone is not None and "cannot be reached" in str(gone)
        with pytest.raises(ProjectError):
            workbench.put_project(workbench.project)
        with pytest.raises(ProjectError):
            workbench.folder.sync()
        assert not workbench.folder.is_journal_lost
    workbench.folder.sync()
    assert workbench.folder.waiting == 0
    stroke(workbench, 2)
    killed = Workbench.open(shutil.copytree(path, tmp_path / "killed.segdesk"))
    wanted = workbench.annotation("case-001").labels
    assert np.array_equal(killed.annotation("case-001").labels, wanted)
    assert killed.recovered == 3
    killed.close()
    workbench.close()


def test_it_is_not_said_that_another_folder_or_no_lock_is_there(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    with out_of_reach(workbench.folder.path / "lock"):
        assert "cannot be reached" in str(workbench.folder.why_gone())
    assert workbench.folder.why_gone() is None
    workbench.close()


WAYS: dict[str, Callable[[Path, Path], object]] = {
    "open": lambda path, good: Workbench.open(path),
    "read": lambda path, good: Workbench.open(path, writable=False),
    "create": lambda path, good: Workbench.create(path),
    "check": lambda path, good: check(path),
    "repair": lambda path, good: check_place(path, good),
    "pack": lambda path, good: packing.check_file(path.with_suffix(".h5"), overwrite=False),
    "unpack": lambda path, good: unpacking.unpack(path, good.with_name("new.segdesk")),
    "unpack to": lambda path, good: unpacking.unpack(good / "project.h5", path),
    "import": lambda path, good: importing.survey([path]),
    "import an array": lambda path, good: importing.survey([f"{path}.npz:labels"]),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_door_refuses_it_with_a_sentence(tmp_path: Path, way: str) -> None:
    workbench = make_project(tmp_path)
    good = workbench.folder.path
    workbench.close()
    away = tmp_path / "away.segdesk"
    with pytest.raises(SegdeskError) as caught:
        WAYS[way](tmp_path / f"{TOO_LONG}.segdesk", good)
    assert "damaged" not in str(caught.value)
    with out_of_reach(tmp_path / "away"), pytest.raises(SegdeskError) as caught:
        WAYS[way](away, good)
    assert "damaged" not in str(caught.value)
    assert sorted(row.name for row in tmp_path.iterdir()) == [good.name]


def test_an_export_to_a_path_too_long_is_refused_with_a_sentence(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    mask = workbench.annotation("case-001")
    with pytest.raises(SegdeskError):
        export(tmp_path / f"{TOO_LONG}.nii", mask.labels, mask.grid)
    workbench.close()


def test_a_cases_folder_that_may_not_be_entered_costs_that_case_alone(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=2)
    stroke(workbench, 1, case="case-002")
    saving.save(workbench)
    stroke(workbench, 0, case="case-001")
    stroke(workbench, 0, case="case-002")
    wanted = workbench.annotation("case-002").labels.copy()
    path = shutil.copytree(workbench.folder.path, tmp_path / "killed.segdesk")
    workbench.close()
    with out_of_reach(path / "cases/case-001", errno.EACCES, looks=("scandir", "listdir")):
        workbench = Workbench.open(path)
        assert np.array_equal(workbench.annotation("case-002").labels, wanted)
        saving.save(workbench)
        workbench.close()
    workbench = Workbench.open(path)
    assert np.array_equal(workbench.annotation("case-002").labels, wanted)
    workbench.close()


def moved_away(folder: Path, away: Path) -> None:
    folder.rename(away)


def a_file_in_its_place(folder: Path, away: Path) -> None:
    folder.rename(away)
    folder.write_bytes(b"")


def a_link_in_its_place(folder: Path, away: Path) -> None:
    folder.rename(away)
    folder.symlink_to(away)


@pytest.mark.parametrize("harm", [moved_away, a_file_in_its_place, a_link_in_its_place])
@pytest.mark.parametrize("was_left_out", [False, True])
def test_what_was_drawn_on_a_case_is_there_once_its_folder_is_back_whatever_was_saved_meanwhile(
    tmp_path: Path, harm: Callable[[Path, Path], None], was_left_out: bool
) -> None:
    workbench = make_project(tmp_path, cases=2)
    stroke(workbench, 3)
    saving.save(workbench)
    stroke(workbench, 0)
    stroke(workbench, 1)
    wanted = workbench.annotation("case-001").labels.copy()
    path = shutil.copytree(workbench.folder.path, tmp_path / "killed.segdesk")
    workbench.close()
    folder, away = path / "cases/case-001", tmp_path / "away"
    if was_left_out:
        (folder / "annotation-1.h5").rename(tmp_path / "mask")
        Workbench.open(path).close()
        (tmp_path / "mask").rename(folder / "annotation-1.h5")
        assert (folder / "waiting.journal").exists()
    harm(folder, away)
    for index in range(3):
        workbench = Workbench.open(path)
        assert "case-001" in " ".join(workbench.notes)
        stroke(workbench, index, case="case-002")
        saving.save(workbench)
        workbench.close()
    assert not list(path.glob("left-out-*"))
    folder.unlink(missing_ok=True)
    away.rename(folder)
    workbench = Workbench.open(path)
    assert np.array_equal(workbench.annotation("case-001").labels, wanted)
    saving.save(workbench)
    workbench.close()
    assert not [*path.rglob("*waiting*"), *path.glob("left-out-*")]
    workbench = Workbench.open(path)
    assert np.array_equal(workbench.annotation("case-001").labels, wanted)
    assert workbench.notes == ()
    workbench.close()


def test_a_folder_in_the_way_of_the_index_is_called_that(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    path = workbench.folder.path
    (path / "project-previous.h5").unlink(missing_ok=True)
    (path / "project-previous.h5").mkdir()
    with pytest.raises(ProjectError, match="a folder has the name 'project-previous"):
        saving.save(workbench)
    (path / "project-previous.h5").rmdir()
    saving.save(workbench)
    workbench.close()


@pytest.mark.parametrize("room", ["cases", "runs", "journal-1"])
def test_a_part_that_nobody_can_look_at_refuses_the_project_with_a_sentence(
    tmp_path: Path, room: str
) -> None:
    workbench = make_project(tmp_path)
    saving.save(workbench)
    path = workbench.folder.path
    workbench.close()
    before = sorted(path.rglob("*"))
    with out_of_reach(path / room), pytest.raises(ProjectError):
        Workbench.open(path)
    assert sorted(path.rglob("*")) == before
    workbench = Workbench.open(path)
    assert workbench.notes == ()
    workbench.close()
