"""The folder under an open project changes: it is noticed, and nothing lands in another folder."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segdesk.core import durable_files
from segdesk.core.annotation import Annotation
from segdesk.core.place import Place
from segdesk.core.prediction import Prediction
from segdesk.core.project import Project
from segdesk.errors import ProjectError, ProjectGone
from segdesk.store.disk.guard import Guard
from segdesk.store.disk.lock import ProjectLock
from segdesk.store.parts.annotation_file import NewGeneration
from segdesk.store.project_folder import ProjectFolder
from tests.store.painter import masks_of, paint, same
from tests.store.strategies import GRID, new_case, project_with_cases

CASE = "case-001"


class Open:
    """A project that is open for writing, with a mask that has been drawn on and saved once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder, self.project = project_with_cases(path, CASE)
        self.masks: dict[str, Annotation] = {CASE: Annotation(GRID)}
        self.paint(1)
        save = self.folder.begin_save(self.project, self.masks)
        self.project = save.run()
        save.finish()
        self.paint(2)

    def paint(self, step: int) -> None:
        paint(self.folder, self.masks[CASE], CASE, step)


def renamed(path: Path) -> None:
    path.rename(path.with_name("renamed.segdesk"))


def another_folder(path: Path) -> None:
    renamed(path)
    path.mkdir()
    (path / "mine.txt").write_text("a stranger's")


def an_older_copy(path: Path) -> None:
    shutil.copytree(path, path.with_name("older.segdesk"))
    renamed(path)
    path.with_name("older.segdesk").rename(path)


def a_copy_of_hard_links(path: Path) -> None:
    shutil.copytree(path, path.with_name("links.segdesk"), copy_function=os.link)
    renamed(path)
    path.with_name("links.segdesk").rename(path)


def deleted(path: Path) -> None:
    shutil.rmtree(path)


def lock_deleted(path: Path) -> None:
    (path / "lock").unlink()


def lock_replaced(path: Path) -> None:
    (path / "lock").unlink()
    (path / "lock").write_text("elsewhere 1\n")


CHANGES = [
    renamed,
    another_folder,
    an_older_copy,
    a_copy_of_hard_links,
    deleted,
    lock_deleted,
    lock_replaced,
]


def _prediction() -> Prediction:
    labels = np.ones(GRID.shape, np.uint8)
    return Prediction("run-001", CASE, labels, labels)


def _save(open_: Open) -> None:
    save = open_.folder.begin_save(open_.project, open_.masks)
    save.run()
    save.finish()


def _write_what_was_handed_over(open_: Open) -> None:
    # That itself asks no disk: it happens on the window's thread.
    open_.folder.hand_over_index(open_.project)
    open_.folder.write_index()


WRITES: dict[str, Callable[[Open], object]] = {
    "save": _save,
    "sync": lambda open_: open_.folder.sync(),
    "index": lambda open_: open_.folder.save_index(open_.project),
    "what was handed over": _write_what_was_handed_over,
    "scan": lambda open_: new_case(open_.folder, "case-002"),
    "prediction": lambda open_: open_.folder.runs.write_prediction(_prediction()),
    "run folder": lambda open_: open_.folder.runs.paths("run-001"),
    "take out": lambda open_: open_.folder.scans.remove("case-009"),
    "set aside": lambda open_: open_.folder.scans.set_aside("case-009"),
    "left out": lambda open_: open_.folder.keep_left_out([]),
    "delete": lambda open_: open_.folder.delete(),
}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    made = Open(tmp_path / "p.segdesk")
    yield made
    with suppress(ProjectError):
        made.folder.close()


def everything(folder: Path) -> dict[str, str]:
    """Each file below a folder and the digest of what it holds."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_is_written_where_the_folder_is_no_longer_the_projects(
    opened: Open, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    change(opened.path)
    before = everything(tmp_path)
    for write in WRITES.values():
        with pytest.raises(ProjectGone, match=r"p\.segdesk"):
            write(opened)
        assert everything(tmp_path) == before


@pytest.mark.parametrize("change", [*CHANGES[:5]])
def test_a_save_that_began_before_the_folder_changed_ends_without_a_file_in_the_other(
    opened: Open, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    save = opened.folder.begin_save(opened.project, opened.masks)
    change(opened.path)
    before = everything(tmp_path)
    with pytest.raises(ProjectGone):
        save.run()
    assert everything(tmp_path) == before


def test_a_save_looks_before_it_begins_each_mask(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = new_case(opened.folder, "case-002")
    project = opened.project.with_case(case)
    opened.folder.save_index(project)
    masks = {**opened.masks, case.id: Annotation(GRID)}
    paint(opened.folder, masks[case.id], case.id, 3)
    save = opened.folder.begin_save(project, masks)
    write, before = NewGeneration.write, list[dict[str, str]]()

    def swapped_after(mask: NewGeneration, *given: Any) -> str:
        sum_ = write(mask, *given)
        if not before:
            an_older_copy(opened.path)
            before.append(everything(opened.path))
        return sum_

    monkeypatch.setattr(NewGeneration, "write", swapped_after)
    with pytest.raises(ProjectGone):
        save.run()
    assert [everything(opened.path)] == before


@pytest.mark.parametrize("file", ["project.h5", "annotation-2.h5"])
def test_the_moment_of_truth_looks_once_more(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    """Everything is written and verified; then, just before the rename, the folder is another."""
    save = opened.folder.begin_save(opened.project, opened.masks)
    real, before = durable_files.before_replacing, dict[str, str]()

    def swap(path: Path, check: Callable[[], object]) -> None:
        if path.name == file and not before:
            an_older_copy(opened.path)
            before.update(everything(opened.path))
        real(path, check)

    monkeypatch.setattr(durable_files, "before_replacing", swap)
    with pytest.raises(ProjectGone):
        save.run()
    assert before
    assert everything(opened.path) == before


def test_what_is_left_over_is_not_removed_from_another_folder(opened: Open) -> None:
    save = opened.folder.begin_save(opened.project, opened.masks)
    save.run()
    an_older_copy(opened.path)
    stranger = opened.path / "cases" / CASE / "annotation-7.h5"
    stranger.write_bytes(b"theirs")
    before = everything(opened.path)
    save.finish()
    assert everything(opened.path) == before


def test_strokes_go_on_into_the_journal_of_a_folder_that_was_renamed(
    opened: Open, tmp_path: Path
) -> None:
    an_older_copy(opened.path)
    before = everything(opened.path)
    opened.paint(3)
    assert everything(opened.path) == before
    assert opened.folder.waiting == 0
    with ProjectFolder.open(tmp_path / "renamed.segdesk", writable=False) as again:
        assert same(masks_of(again, again.load())[CASE], opened.masks[CASE])


@pytest.mark.parametrize("change", [deleted, lock_deleted, lock_replaced])
def test_a_stroke_that_no_journal_can_have_waits_in_memory(
    opened: Open, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    change(opened.path)
    before = everything(tmp_path)
    with pytest.raises(ProjectGone):
        opened.paint(3)
    assert opened.folder.waiting == 1
    assert everything(tmp_path) == before
    with pytest.raises(ProjectGone):
        opened.folder.sync()
    assert opened.folder.waiting == 1
    assert everything(tmp_path) == before


def test_a_folder_that_is_put_back_goes_on_as_if_nothing_had_been(
    opened: Open, tmp_path: Path
) -> None:
    another_folder(opened.path)
    with pytest.raises(ProjectGone):
        opened.folder.sync()
    opened.paint(3)
    shutil.rmtree(opened.path)
    (tmp_path / "renamed.segdesk").rename(opened.path)
    _save(opened)
    opened.folder.close()
    with ProjectFolder.open(opened.path, writable=True) as again:
        assert same(masks_of(again, again.load())[CASE], opened.masks[CASE])
        again.save_index(Project("other"))


def test_two_writers_never_both_write(opened: Open) -> None:
    lock_deleted(opened.path)
    with ProjectFolder.open(opened.path, writable=True) as second:
        found = second.load()
        masks = masks_of(second, found)
        paint(second, masks[CASE], CASE, 5)
        before = everything(opened.path)
        for write in WRITES.values():
            with pytest.raises(ProjectGone):
                write(opened)
        with pytest.raises(ProjectGone):
            opened.paint(3)
        assert everything(opened.path) == before
        save = second.begin_save(found.project, masks)
        save.run()
        save.finish()
    with ProjectFolder.open(opened.path, writable=False) as again:
        assert same(masks_of(again, again.load())[CASE], masks[CASE])


def test_the_sentence_says_which_of_them_it_is(opened: Open) -> None:
    for change, words in [(lock_deleted, "lock"), (another_folder, "another"), (deleted, "no lon")]:
        change(opened.path) if opened.path.exists() else None
        with pytest.raises(ProjectGone, match=words) as caught:
            opened.folder.sync()
        assert caught.value.hint
        if (renamed_ := opened.path.with_name("renamed.segdesk")).exists():
            shutil.rmtree(renamed_)


def test_a_worker_that_asks_while_the_project_is_let_go_is_told_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = Guard.of(tmp_path, ProjectLock.acquire(tmp_path))

    def found(_: Place) -> str:
        guard.release()
        return "here"

    monkeypatch.setattr(Place, "found", found)
    with pytest.raises(ProjectError):
        guard.check()
    assert not guard.may_append()
