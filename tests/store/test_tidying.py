"""What is not needed any more goes after a save; whatever a folder refuses, the save stands."""

from __future__ import annotations

import errno
from pathlib import Path
from threading import Thread
from typing import NoReturn

import pytest

from segdesk.errors import ProjectError
from segdesk.store import saving as saving_module
from segdesk.store.journal import older as older_module
from tests.store.test_saving import CASES, Bench, bench

__all__ = ["bench"]


@pytest.mark.parametrize("what", ["files_below", "older_generations", "left_behind", "older_files"])
def test_a_save_that_stands_does_not_fail_because_nothing_could_be_tidied_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def refused(*_: object) -> NoReturn:
        raise OSError(errno.EIO, "Input/output error")

    for _ in range(1, 4):
        bench.paint(1)
        saving = bench.begin()
        saving.run()
        with monkeypatch.context() as patched:
            patched.setattr(saving_module, what, refused)
            saving.finish()
    bench.assert_all_is_there()
    # The next one tidies up what was left.
    bench.paint(1)
    saving = bench.begin()
    saving.run()
    saving.finish()
    left = sorted(
        path.name for path in (bench.folder.path / "cases" / CASES[0]).glob("annotation-*")
    )
    assert len(left) == 2


@pytest.mark.parametrize(
    "name",
    [
        "annotation-1.h5.bak",
        "annotation-1 (copy).h5",
        "annotation-1.sync-conflict-20260101-101010.h5",
        "Copy of annotation-1.h5",
        "annotation-01.h5",
        "annotation-².h5",
        ".annotation-1.h5.Xy12ab",
    ],
)
def test_a_copy_that_somebody_has_put_beside_a_mask_stays(bench: Bench, name: str) -> None:
    copy = bench.folder.path / "cases" / CASES[0] / name
    for at in range(3):
        bench.paint(1)
        saving = bench.begin()
        saving.run()
        saving.finish()
        if not at:
            copy.write_bytes(b"somebody's")
    assert copy.read_bytes() == b"somebody's"
    assert not (copy.parent / "annotation-1.h5").exists()


def test_a_mask_that_was_being_written_when_a_save_failed_goes(bench: Bench) -> None:
    left = bench.folder.path / "cases" / CASES[0] / ".annotation-1.h5.partial"
    for _ in range(2):
        left.parent.mkdir(exist_ok=True)
        left.write_bytes(b"half")
        bench.paint(1)
        saving = bench.begin()
        saving.run()
        saving.finish()
    assert not left.exists()


def _three_masks_of_which_the_oldest_is_sound(bench: Bench) -> Path:
    """Two saves were cut off before they tidied up; since then two files were damaged."""
    for _ in range(3):
        bench.paint(1)
        bench.begin().run()
    home = bench.folder.path / "cases" / CASES[0]
    for number in (2, 3):
        (home / f"annotation-{number}.h5").write_bytes(b"x" * 600)
    return home


@pytest.mark.parametrize("moment", ["before it began", "before it was tidied up", "once it was"])
def test_the_newest_mask_that_can_be_read_stays_whenever_it_is_taken(
    bench: Bench, moment: str
) -> None:
    home = _three_masks_of_which_the_oldest_is_sound(bench)
    folder, case = bench.folder, bench.folder.load().project.case(CASES[0])
    older = folder.previous_mask(case)
    assert older is not None and older.case.generation == 1
    bench.paint(1, CASES[1])
    if moment == "before it began":
        folder.take_previous(older)
    saving = folder.begin_save(folder.load().project, {CASES[1]: bench.masks[CASES[1]]})
    saving.run()
    if moment == "before it was tidied up":
        folder.take_previous(older)
    saving.finish()
    if moment == "once it was":
        folder.take_previous(older)
    assert (home / "annotation-1.h5").exists()
    assert folder.read_annotation(older.case).labels.any()
    assert bench.reopened().load().project.case(CASES[0]).generation == 1


def test_an_older_mask_that_is_gone_by_now_is_not_taken(bench: Bench) -> None:
    home = _three_masks_of_which_the_oldest_is_sound(bench)
    case = bench.folder.load().project.case(CASES[0])
    older = bench.folder.previous_mask(case)
    assert older is not None
    (home / "annotation-1.h5").unlink()
    with pytest.raises(ProjectError, match="is missing"):
        bench.folder.take_previous(older)
    assert bench.reopened().load().project.case(CASES[0]).generation == 3


def test_nobody_takes_an_older_mask_while_a_save_tidies_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = _three_masks_of_which_the_oldest_is_sound(bench)
    folder, case = bench.folder, bench.folder.load().project.case(CASES[0])
    older = folder.previous_mask(case)
    assert older is not None
    bench.paint(1, CASES[1])
    saving = folder.begin_save(folder.load().project, {CASES[1]: bench.masks[CASES[1]]})
    saving.run()
    # As where the one before it could be read a moment ago.
    monkeypatch.setattr(saving_module, "newest", lambda *_: None)
    takers, real = list[Thread](), saving_module.files_below
    refused = list[ProjectError]()

    def take() -> None:
        try:
            folder.take_previous(older)
        except ProjectError as error:
            refused.append(error)

    def looked(folder: Path, *names: str) -> list[Path]:
        if folder == home and not takers:
            takers.append(Thread(target=take))
            takers[0].start()
            takers[0].join(0.5)
        return real(folder, *names)

    monkeypatch.setattr(saving_module, "files_below", looked)
    saving.finish()
    takers[0].join()
    now = folder.load().project.case(CASES[0]).generation
    assert (home / f"annotation-{now}.h5").exists()
    assert (now == 1) == (not refused)


def test_what_another_program_has_put_where_a_mask_is_written_is_set_aside(bench: Bench) -> None:
    """As one does that keeps the folder in step with a copy that somebody else works on."""
    home = bench.folder.path / "cases" / CASES[0]
    bench.paint(1)
    (home / "annotation-1.h5").write_bytes(b"another's")
    bench.save()
    assert (home / "annotation-1.h5.damaged").read_bytes() == b"another's"
    bench.assert_all_is_there()
    bench.paint(1)
    bench.save()
    assert (home / "annotation-1.h5.damaged").read_bytes() == b"another's"
    bench.assert_all_is_there()


@pytest.mark.parametrize("what", ["a file", "a folder"])
def test_what_another_program_has_put_where_a_journal_begins_is_set_aside(
    bench: Bench, what: str
) -> None:
    bench.paint(1)
    path = bench.folder.path
    if what == "a file":
        (path / "journal-1").write_bytes(b"another's" * 20)
    else:
        (path / "journal-1").mkdir()
    bench.save()
    kept = path / "journal-1.damaged"
    assert kept.is_dir() if what == "a folder" else kept.read_bytes() == b"another's" * 20
    bench.assert_all_is_there()


def test_what_another_program_has_put_where_a_history_is_written_is_set_aside(
    bench: Bench,
) -> None:
    bench.paint(1)
    bench.begin().run()
    path = bench.folder.path
    (path / "history-1").write_bytes(b"another's")
    files = [path / "journal-0", path / "journal-1"]
    for _ in range(2):
        older_module.gather(path, files, {2, 3}, lambda: None)
        assert (path / "history-1.damaged").read_bytes() == b"another's"
        assert older_module.is_sound(path / "history-1")
        files = [path / "history-1"]
    assert bench.files("*.damaged*") == ["history-1.damaged"]


def test_the_mask_that_was_taken_stays_though_a_newer_one_can_be_read_again(bench: Bench) -> None:
    """Its disk was away for a moment."""
    home = bench.folder.path / "cases" / CASES[0]
    for _ in range(3):
        bench.paint(1)
        bench.begin().run()
    between = (home / "annotation-2.h5").read_bytes()
    for number in (2, 3):
        (home / f"annotation-{number}.h5").write_bytes(b"x" * 600)
    folder = bench.folder
    older = folder.previous_mask(folder.load().project.case(CASES[0]))
    assert older is not None and older.case.generation == 1
    bench.paint(1, CASES[1])
    saving = folder.begin_save(folder.load().project, {CASES[1]: bench.masks[CASES[1]]})
    saving.run()
    folder.take_previous(older)
    (home / "annotation-2.h5").write_bytes(between)
    saving.finish()
    assert folder.read_annotation(older.case).labels.any()
