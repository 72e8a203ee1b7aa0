"""Another program deletes, replaces or cuts the journal of an open project; a save heals it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.errors import ChangeWaits
from segdesk.store.journal import journal_file
from tests.projects import make_project, stroke


def deleted(journal: Path, older: Path) -> None:
    journal.unlink()


def replaced(journal: Path, older: Path) -> None:
    """As programs do that keep folders in step."""
    shutil.copy(older, journal.with_name("new"))
    journal.with_name("new").replace(journal)


def written_over(journal: Path, older: Path) -> None:
    journal.write_bytes(older.read_bytes())


def cut(journal: Path, older: Path) -> None:
    os.truncate(journal, older.stat().st_size - 1)


HARMS = [deleted, replaced, written_over, cut]


@pytest.mark.parametrize("harm", HARMS)
def test_what_was_drawn_before_and_after_is_there_after_a_kill_too(
    tmp_path: Path, harm: Callable[[Path, Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = make_project(tmp_path)
    saving.save(workbench)
    path = workbench.folder.path
    older = tmp_path / "older"
    stroke(workbench, 0)
    shutil.copy(path / "journal-1", older)
    stroke(workbench, 1)
    for index in (2, 3):
        harm(path / "journal-1", older)
        stroke(workbench, index)
        assert workbench.folder.waiting == 0
        # Whoever did it may go on, with masks too: a save is wanted all the same.
        assert workbench.folder.is_journal_lost
    harm(path / "journal-1", older)
    synced, fsync = list[int](), os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda file: (synced.append(os.fstat(file).st_ino), fsync(file))[1]
    )
    with pytest.raises(ChangeWaits):
        workbench.folder.sync()
    assert (path / "journal-1").stat().st_ino in synced
    killed = shutil.copytree(path, tmp_path / "killed.segdesk")
    assert [name.name for name in killed.glob("*.damaged*")] == []
    again = Workbench.open(killed)
    wanted = workbench.annotation("case-001").labels.copy()
    assert np.array_equal(again.annotation("case-001").labels, wanted)
    assert again.recovered == 4
    again.close()
    harm(path / "journal-1", older)
    pending = saving.PendingSave(workbench)  # killed before it runs
    again = Workbench.open(shutil.copytree(path, tmp_path / "killed again.segdesk"))
    assert np.array_equal(again.annotation("case-001").labels, wanted)
    again.close()
    pending.succeeded(pending.run())
    assert not workbench.folder.is_journal_lost
    workbench.close()


@pytest.mark.parametrize("is_torn", [False, True])
@pytest.mark.parametrize("there", ["nothing", "an older one", "another file"])
def test_what_was_being_written_anew_when_the_program_was_killed_is_taken(
    tmp_path: Path, there: str, is_torn: bool
) -> None:
    workbench = make_project(tmp_path)
    saving.save(workbench)
    path = workbench.folder.path
    stroke(workbench, 0)
    older = (path / "journal-1").read_bytes()
    stroke(workbench, 1)
    wanted = workbench.annotation("case-001").labels.copy()
    stroke(workbench, 2)
    wanted = wanted if is_torn else workbench.annotation("case-001").labels.copy()
    workbench.close()
    content = (path / "journal-1").read_bytes()
    (path / ".journal-1.partial").write_bytes(content[: len(content) - 1 * is_torn])
    (path / "journal-1").unlink()
    if there != "nothing":
        (path / "journal-1").write_bytes(older if there == "an older one" else b"another")
    again = Workbench.open(path)
    assert np.array_equal(again.annotation("case-001").labels, wanted)
    again.close()
    kept = [file.read_bytes() for file in path.glob("journal-1.damaged*")]
    assert kept == ([b"another"] if there == "another file" else [])


def test_what_another_program_left_under_the_temporary_name_is_not_taken(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    saving.save(workbench)
    path = workbench.folder.path
    stroke(workbench, 0)
    workbench.close()
    (tmp_path / "other").mkdir()
    other = make_project(tmp_path / "other")
    saving.save(other)
    for index in range(3):
        stroke(other, index)
    other.close()
    content = (path / "journal-1").read_bytes()
    for left in (other.folder.path / "journal-1").read_bytes(), content[:-1]:
        (path / ".journal-1.partial").write_bytes(left)
        again = Workbench.open(path)
        assert again.recovered == 1
        again.close()
        assert (path / "journal-1").read_bytes().startswith(content)
        assert not list(path.glob("*.partial")) and not list(path.glob("*.damaged"))


def test_what_lies_in_its_place_is_kept_where_it_is_something_else(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    stroke(workbench, 0)
    journal = workbench.folder.path / "journal-0"
    (tmp_path / "other").write_bytes(journal.read_bytes()[:-1] + b"another")
    (tmp_path / "other").replace(journal)
    stroke(workbench, 1)
    assert journal.with_name("journal-0.damaged").read_bytes().endswith(b"another")
    workbench.folder.close()
    again = Workbench.open(workbench.folder.path)
    assert again.recovered == 2 and again.annotation("case-001").labels[:2].any(axis=(1, 2)).all()
    again.close()


@pytest.mark.parametrize("harm", HARMS)
def test_where_it_is_too_much_for_the_memory_all_is_there_once_it_is_saved(
    tmp_path: Path, harm: Callable[[Path, Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_file, "MOST_IN_MEMORY", 100)
    workbench = make_project(tmp_path)
    saving.save(workbench)
    journal = workbench.folder.path / "journal-1"
    older = tmp_path / "older"
    stroke(workbench, 0)
    shutil.copy(journal, older)
    stroke(workbench, 1)
    harm(journal, older)
    assert workbench.folder.is_journal_lost
    stroke(workbench, 2)
    assert workbench.folder.waiting == 1
    assert isinstance(workbench.refusal, ChangeWaits)
    with pytest.raises(ChangeWaits):
        workbench.folder.sync()
    saving.save(workbench)
    assert workbench.folder.waiting == 0 and not workbench.folder.is_journal_lost
    stroke(workbench, 3)
    wanted = workbench.annotation("case-001").labels.copy()
    workbench.close()
    workbench = Workbench.open(workbench.folder.path)
    assert np.array_equal(workbench.annotation("case-001").labels, wanted)
    assert workbench.recovered == 1
    workbench.close()


def test_a_folder_that_was_renamed_keeps_its_journal(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    stroke(workbench, 0)
    path = workbench.folder.path
    path.rename(tmp_path / "other.segdesk")
    stroke(workbench, 1)
    assert workbench.folder.waiting == 0 and not workbench.folder.is_journal_lost
    (tmp_path / "other.segdesk").rename(path)
    workbench.close()


def test_a_journal_that_another_program_puts_where_the_next_one_begins_is_set_aside(
    tmp_path: Path,
) -> None:
    """As one does that keeps the folder in step with a copy that somebody else works on."""
    workbench = make_project(tmp_path)
    stroke(workbench, 0)
    workbench.folder.sync()
    path = workbench.folder.path
    other = Workbench.open(
        shutil.copytree(path, tmp_path / "other.segdesk", ignore=shutil.ignore_patterns("lock"))
    )
    saving.save(other)
    stroke(other, 3)
    other.close()
    theirs = (other.folder.path / "journal-1").read_bytes()
    (path / "journal-1").write_bytes(theirs)
    saving.save(workbench)
    stroke(workbench, 1)
    workbench.close()
    assert (path / "journal-1.damaged").read_bytes() == theirs
    again = Workbench.open(path)
    assert again.notes == ("Recovered 1 stroke that had not been saved.",)
    again.close()
