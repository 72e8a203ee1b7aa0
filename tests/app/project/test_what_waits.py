"""What waits until a case can be read leads to where the hand had led, whatever came in between."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segdesk.app.project import damaged_mask, saving
from segdesk.app.project.workbench import Workbench
from segdesk.core import durable_files
from segdesk.errors import ProjectError
from segdesk.store.journal import journal_file
from segdesk.store.repairing import repair
from segdesk.store.waiting import joined
from tests.app.project.test_one_damaged_file import WAITING, damage, drawn
from tests.app.project.waiting_strokes import left_in_its_folder
from tests.full_disk import full_disk
from tests.projects import make_project, stroke


@pytest.fixture
def undone(tmp_path: Path) -> Path:
    """Two strokes in the first case, the second one taken back, all saved; then the journal with
    the undo is gone, because nothing in it can be undone."""
    workbench = make_project(tmp_path, cases=2)
    stroke(workbench, 1)
    stroke(workbench, 2)
    saving.save(workbench)
    workbench.undo()
    saving.save(workbench)
    for index in range(3):
        stroke(workbench, index, case="case-002")
        saving.save(workbench)
    workbench.close()
    assert not (workbench.folder.path / "journal-1").exists()
    return workbench.folder.path


def newest_mask(path: Path) -> Path:
    return max((path / "cases/case-001").glob("annotation-*.h5"))


def fail_to_read_once(workbench: Workbench) -> None:
    """As the window does where a network disk is away for a moment."""
    mask = newest_mask(workbench.folder.path)
    away = mask.rename(workbench.folder.path.parent / "away")
    with pytest.raises(ProjectError):
        workbench.annotation("case-001")
    damaged_mask.look(workbench, workbench.project.case("case-001"))
    away.rename(mask)


@pytest.mark.parametrize("again", ["in this session", "in the next", "in a repair"])
def test_what_was_taken_back_does_not_come_back_because_a_read_failed(
    undone: Path, again: str
) -> None:
    workbench = Workbench.open(undone)
    fail_to_read_once(workbench)
    if again == "in this session":
        assert drawn(workbench, "case-001") == [1]
        assert not (undone / WAITING).exists()
        workbench.undo()
    workbench.close()
    if again == "in a repair":
        repair(undone, undone.with_name("new.segdesk"))
        undone = undone.with_name("new.segdesk")
    workbench = Workbench.open(undone)
    assert drawn(workbench, "case-001") == [1]
    workbench.close()


def test_what_could_be_undone_before_a_gap_comes_back_on_an_older_mask(tmp_path: Path) -> None:
    workbench = make_project(tmp_path, cases=2)
    for index in range(2):
        stroke(workbench, index)
        saving.save(workbench)
    workbench.show_segment(1, visible=False)  # a journal with nothing in it, which goes
    saving.save(workbench)
    for index in range(3):
        stroke(workbench, index, case="case-002")
        saving.save(workbench)
    workbench.close()
    path = workbench.folder.path
    assert not (path / "journal-2").exists()
    damage(newest_mask(path))
    workbench = Workbench.open(path)
    previous = damaged_mask.look(workbench, workbench.project.case("case-001"))
    assert previous is not None
    damaged_mask.follow(workbench, previous, damaged_mask.take(workbench, previous))
    damaged_mask.bring_back(workbench, previous)
    assert drawn(workbench, "case-001") == [0, 1]
    workbench.close()


@pytest.mark.parametrize("newest", ["damaged", "gone"])
def test_killed_between_taking_an_older_mask_and_reading_it(tmp_path: Path, newest: str) -> None:
    workbench = make_project(tmp_path, cases=2)
    for index in (0, 1):
        stroke(workbench, index)
        saving.save(workbench)
    stroke(workbench, 2)
    expected = workbench.annotation("case-001").labels.copy()
    workbench.close()
    path = workbench.folder.path
    mask = newest_mask(path)
    damage(mask) if newest == "damaged" else mask.unlink()
    workbench = Workbench.open(path)
    previous = damaged_mask.look(workbench, workbench.project.case("case-001"))
    assert previous is not None
    damaged_mask.take(workbench, previous)
    workbench.folder.close()  # killed
    for _ in range(2):
        workbench = Workbench.open(path)
        assert np.array_equal(workbench.annotation("case-001").labels, expected)
        workbench.folder.close()  # killed


@pytest.mark.parametrize("fault", ["a link", "not to be looked into"])
def test_a_case_folder_that_cannot_be_looked_into_keeps_no_project_from_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    workbench = make_project(tmp_path, cases=2)
    stroke(workbench, 0)
    saving.save(workbench)
    workbench.close()
    folder = workbench.folder.path / "cases/case-002"
    if fault == "a link":
        folder.symlink_to(folder.rename(tmp_path / "away"))
    else:
        really = os.stat

        def stat(path: Any, *arguments: Any, **options: Any) -> os.stat_result:
            if not isinstance(path, int) and folder in Path(path).parents:
                raise PermissionError(13, "Permission denied", str(path))
            return really(path, *arguments, **options)

        monkeypatch.setattr(os, "stat", stat)
    workbench = Workbench.open(workbench.folder.path)
    assert drawn(workbench, "case-001") == [0]
    workbench.close()


@pytest.fixture
def waiting(tmp_path: Path) -> Path:
    """A stroke on the first case waits in its folder alone; the case can be read again."""
    workbench = make_project(tmp_path, cases=2)
    stroke(workbench, 0)
    saving.save(workbench)
    stroke(workbench, 1)
    workbench.close()
    path = workbench.folder.path
    left_in_its_folder(path, path / "cases/case-001/annotation-1.h5", tmp_path / "away")
    return path


def test_what_waits_goes_after_the_disk_has_what_was_done_again(
    waiting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    sync, unlink = journal_file.Journal.sync, Path.unlink
    monkeypatch.setattr(
        journal_file.Journal, "sync", lambda self: (order.append("sync"), sync(self))[1]
    )
    monkeypatch.setattr(
        Path, "unlink", lambda self, **o: (order.append(self.name), unlink(self, **o))[1]
    )
    workbench = Workbench.open(waiting)
    assert order[: order.index("waiting.journal")] == ["sync"]
    workbench.close()


def test_what_waits_stays_where_the_disk_does_not_take_what_was_done_again(waiting: Path) -> None:
    with full_disk(waiting):
        workbench = Workbench.open(waiting)
        assert drawn(workbench, "case-001") == [0, 1]
        assert (waiting / WAITING).exists()
    copy = waiting.with_name("killed.segdesk")
    durable_files.shutil.copytree(waiting, copy)
    workbench.close()
    workbench = Workbench.open(copy)
    assert drawn(workbench, "case-001") == [0, 1]
    workbench.close()


def test_what_waits_and_is_damaged_is_kept_for_people_once_the_case_can_be_read(
    waiting: Path,
) -> None:
    whole = (waiting / WAITING).read_bytes()
    (waiting / WAITING).write_bytes(whole + b"\1" * 40)
    workbench = Workbench.open(waiting)
    assert drawn(workbench, "case-001") == [0, 1]
    workbench.close()
    left = [path.name for path in (waiting / "cases/case-001").glob("waiting*")]
    assert left == ["waiting.journal.damaged"]


def test_rows_that_overlap_are_joined_without_doing_anything_twice(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    for index in range(4):
        stroke(workbench, index)
    a, b, c, d = workbench.history.done[-4:]
    workbench.close()
    assert joined([a, b], [b, c]) == [a, b, c]
    assert joined([a, b], [a, b, c]) == [a, b, c]
    assert joined([a, b], [c, d]) == [a, b, c, d]
    # An older journal stays for another case's sake, and the one with the end is gone.
    assert joined([a, b, c], [a]) == joined([a, b, c], [b]) == [a, b, c]
    assert joined([a, b], []) == [a, b]


def test_what_waits_is_done_before_anybody_trains_or_packs(waiting: Path) -> None:
    workbench = Workbench.open(waiting)
    mask = workbench.in_memory().masks["case-001"]
    assert mask.labels[1].any() and workbench.is_unsaved("case-001")
    assert "case-001: 1 change made since fit it and was done again." in workbench.notes
    workbench.close()


@pytest.mark.parametrize("away_is", ["the mask", "the whole folder"])
def test_what_a_full_disk_did_not_keep_is_kept_before_a_save_drops_the_journal(
    tmp_path: Path, away_is: str
) -> None:
    workbench = make_project(tmp_path, cases=2)
    stroke(workbench, 0)
    saving.save(workbench)
    stroke(workbench, 1)
    workbench.close()
    path = workbench.folder.path
    gone = newest_mask(path) if away_is == "the mask" else path / "cases/case-001"
    away = gone.rename(tmp_path / "away")
    with full_disk(path):
        workbench = Workbench.open(path)
    assert "The journal alone has 1 change of it." in " ".join(workbench.notes)
    stroke(workbench, 0, case="case-002")
    with full_disk(path), pytest.raises(ProjectError):
        saving.save(workbench)
    for index in range(3):
        stroke(workbench, index, case="case-002")
        workbench.history.clear()
        saving.save(workbench)
    workbench.close()
    away.rename(gone)
    workbench = Workbench.open(path)
    assert drawn(workbench, "case-001") == [0, 1]
    assert not (path / "left-out-1.journal").exists()
    workbench.close()


def test_nothing_is_said_to_wait_of_a_case_that_lacks_nothing(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    stroke(workbench, 2)
    saving.save(workbench)
    workbench.close()
    path = workbench.folder.path
    mask = path / "cases/case-001/annotation-1.h5"
    mask.rename(away := tmp_path / "away.h5")
    workbench = Workbench.open(path)
    # As the window does where it shows a case that cannot be read.
    damaged_mask.look(workbench, workbench.project.case("case-001"))
    workbench.close()
    away.rename(mask)
    for _ in range(2):
        workbench = Workbench.open(path)
        assert workbench.notes == ()
        workbench.close()
