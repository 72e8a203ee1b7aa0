"""Journals of before the last save: kept while something in them can be undone, many become one."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.store.journal import older
from tests.projects import make_project, stroke

CASE = "case-001"
Kept = list[tuple[str, int, bytes]]


def kept(workbench: Workbench) -> Kept:
    """Names, numbers and bytes of what can be undone."""
    done = workbench.history.done
    return [(row.name, row.sequence, b"".join(p.packed for p in row.patches)) for row in done]


def names(workbench: Workbench) -> list[str]:
    found = workbench.folder.path.iterdir()
    return sorted(path.name for path in found if path.name.startswith(("journal", "history")))


def save_often(workbench: Workbench, times: int) -> None:
    for _ in range(times):
        at = workbench.project.case(CASE).generation
        stroke(workbench, at % 5, row=2.0 * at % 24)
        saving.save(workbench)


@pytest.fixture
def often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """Saved as often as makes one history of many journals at the next save."""
    monkeypatch.setattr(older, "MOST_JOURNALS", 4)
    workbench = make_project(tmp_path)
    save_often(workbench, 5)
    assert names(workbench) == [f"journal-{number}" for number in range(6)]
    return workbench


def test_many_journals_become_one_and_every_step_stays(often: Workbench) -> None:
    save_often(often, 1)
    assert names(often) == ["history-4", "journal-5", "journal-6"]
    save_often(often, 4)
    assert names(often) == ["history-8", "journal-10", "journal-9"]
    before, path = kept(often), often.folder.path
    assert len(before) == 11
    empty = often.annotation(CASE).labels.copy() * 0
    often.close()
    again = Workbench.open(path)
    assert again.notes == ()
    assert kept(again) == before
    while again.undo() is not None:
        pass
    assert (again.annotation(CASE).labels == empty).all()
    again.close()


def test_what_left_the_history_leaves_the_file_too(often: Workbench) -> None:
    save_often(often, 1)
    size = (often.folder.path / "history-4").stat().st_size
    for _ in range(4):
        often.undo()
    often.history.budget, often.history.kept_steps = 900, 1
    save_often(often, 5)
    assert "history-4" not in names(often)
    assert len(often.history.done) < 3
    assert all((often.folder.path / name).stat().st_size < size for name in names(often))
    often.close()


@pytest.mark.parametrize("point", ["before the rename", "behind the rename", "at the removal"])
def test_a_kill_while_journals_become_one_loses_no_step(
    often: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    copy = tmp_path / "killed.segdesk"
    real = os.replace

    def replacing(source: Path, target: Path) -> None:
        is_ours = Path(target).name.startswith("history")
        if is_ours and point == "before the rename":
            shutil.copytree(often.folder.path, copy)
        real(source, target)
        if is_ours and point == "behind the rename":
            shutil.copytree(often.folder.path, copy)

    def removing(path: Path) -> None:
        path.unlink()
        if not copy.exists() and path.name == "journal-1":
            shutil.copytree(often.folder.path, copy)

    monkeypatch.setattr(os, "replace", replacing)
    if point == "at the removal":
        monkeypatch.setattr("segdesk.store.saving._remove", removing)
    save_often(often, 1)
    monkeypatch.undo()
    again = Workbench.open(copy)
    assert again.notes == ()
    assert kept(again) == kept(often)
    save_often(again, 1)
    saved = kept(again)
    path = again.folder.path
    again.close()
    last = Workbench.open(path)
    assert last.notes == () and kept(last) == saved
    last.close()
    often.close()


@pytest.mark.parametrize("call", ["replace", "fsync"])
def test_a_disk_that_is_full_of_history_keeps_the_save_and_the_journals(
    often: Workbench, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    real = getattr(os, call)

    def refuse(what: object, *rest: object) -> object:
        target = str(rest[0]) if rest else str(Path(f"/proc/self/fd/{what}").resolve())
        if "history-" in target:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(what, *rest)

    with monkeypatch.context() as full:
        full.setattr(os, call, refuse)
        save_often(often, 1)
    assert not often.has_unsaved
    assert names(often) == [f"journal-{number}" for number in range(7)]
    before, path = kept(often), often.folder.path
    often.close()
    again = Workbench.open(path)
    assert kept(again) == before
    save_often(again, 1)
    assert "history-5" in names(again)
    again.close()


def test_a_journal_that_cannot_be_read_at_this_moment_loses_no_step(
    often: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, refused = older.open_regular, list[Path]()

    def refuse(path: Path) -> object:
        if path.name == "journal-2":
            refused.append(path)
            raise OSError(errno.EMFILE, "Too many open files")
        return real(path)

    def gathering(*given: Any) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(older, "open_regular", refuse)
            older.gather(*given)

    with monkeypatch.context() as patch:
        patch.setattr("segdesk.store.saving.gather", gathering)
        save_often(often, 1)
    assert refused
    before, path = kept(often), often.folder.path
    often.close()
    again = Workbench.open(path)
    assert again.notes == ()
    assert kept(again) == before
    save_often(again, 1)
    assert "history-5" in names(again)
    again.close()


@pytest.mark.parametrize("how", ["cut", "flipped", "empty", "missing"])
def test_a_damaged_history_costs_older_steps_and_no_voxel(often: Workbench, how: str) -> None:
    save_often(often, 1)
    before, drawn = kept(often), often.annotation(CASE).labels.copy()
    path = often.folder.path
    often.close()
    file = path / "history-4"
    content = bytearray(file.read_bytes())
    if how == "missing":
        file.unlink()
    else:
        content[len(content) // 2] ^= 1
        size = {"cut": len(content) // 2, "empty": 0}.get(how, len(content))
        file.write_bytes(content[:size])
    again = Workbench.open(path)
    assert len(again.notes) == 1 and "Older changes could not be read" in again.notes[0]
    assert (again.annotation(CASE).labels == drawn).all()
    assert kept(again) == before[-1:]
    save_often(again, 1)
    again.close()
    last = Workbench.open(path)
    assert last.notes == () and len(last.history.done) == 2
    last.close()


def test_journals_of_much_that_nothing_names_become_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = make_project(tmp_path)
    save_often(workbench, 3)
    monkeypatch.setattr(older, "MOST_BYTES", 100)
    save_often(workbench, 1)
    assert names(workbench)[0] == "history-2"
    workbench.close()
