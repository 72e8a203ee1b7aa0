"""What is made of a project elsewhere, or put aside in it, lasts before it gets its name too."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from segdesk.app.project import saving
from segdesk.app.project.elsewhere import Elsewhere
from segdesk.app.project.packing import prepare
from segdesk.app.project.workbench import Workbench
from segdesk.core.durable_files import put_all
from segdesk.core.edit import Edit
from segdesk.core.regular_file import new_regular
from segdesk.errors import ChangeWaits, ProjectError
from segdesk.store.journal import older
from segdesk.store.journal.edit_codec import encode
from segdesk.store.journal.journal_contents import read
from segdesk.store.journal.journal_file import Journal
from segdesk.store.journal.mending import keep_left_out
from segdesk.store.parts import hdf5
from segdesk.store.repairing import repair
from tests.packs import full_project, unpack_here
from tests.projects import stroke
from tests.store.recorder import Name, Write, left_unsafe, recording, what_does_not_last


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One case with a mask, predictions and runs, and strokes that no save has seen; closed."""
    workbench = full_project(tmp_path_factory.mktemp("base"), cases=1)
    workbench.close()
    return workbench.folder.path


def _a_copy(path: Path) -> None:
    workbench = Workbench.open(path)
    stroke(workbench, 3)
    Elsewhere(workbench).write(path.with_name("copy.segdesk"))
    workbench.close()


def _a_copy_from_memory(path: Path) -> None:
    workbench = Workbench.open(path)
    workbench.volume("case-001")
    stroke(workbench, 3)
    workbench.folder.sync()
    shutil.rmtree(path)
    Elsewhere(workbench).write(path.with_name("copy.segdesk"))
    with suppress(ProjectError):
        workbench.close()


def _a_repair(path: Path) -> None:
    repair(path, path.with_name("repaired.segdesk"))


def _pack_and_unpack(path: Path) -> None:
    workbench = Workbench.open(path, writable=False)
    prepare(workbench).write(path.with_name("p.h5"))
    workbench.close()
    unpack_here(path.with_name("p.h5"), path.with_name("again.segdesk"))


def _many_journals(path: Path) -> None:
    workbench = Workbench.open(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(older, "MOST_JOURNALS", 1)
        for index in (1, 2, 3):
            stroke(workbench, index)
            saving.save(workbench)
    workbench.close()


def _journal(path: Path) -> Path:
    """The one with the strokes."""
    return path / "journal-1"


def _a_damaged_journal(path: Path) -> None:
    content = bytearray(_journal(path).read_bytes())
    content[len(content) // 2] ^= 1
    _journal(path).write_bytes(content)
    Workbench.open(path).close()


def _a_torn_journal(path: Path) -> None:
    os.truncate(_journal(path), _journal(path).stat().st_size - 3)
    Workbench.open(path).close()


def _a_journal_with_two_names(path: Path) -> None:
    path.with_name("twin").hardlink_to(_journal(path))
    Workbench.open(path).close()


def _a_journal_that_was_being_written_anew(path: Path) -> None:
    with new_regular(path / ".journal-1.partial") as file:
        put_all(file, _journal(path).read_bytes())
    _journal(path).unlink()
    Workbench.open(path).close()


def _changes_left_out(path: Path) -> None:
    keep_left_out(path, [Edit("Draw", "case-001")])


def _no_second_names(path: Path) -> None:
    def refuse(*_: object) -> None:
        raise OSError

    workbench = Workbench.open(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "hardlink_to", refuse)
        saving.save(workbench)
    workbench.close()


#: Every way, and what it has to put into its place at least.
WAYS: dict[Callable[[Path], None], set[str]] = {
    _a_copy: {"copy.segdesk"},
    _a_copy_from_memory: {"copy.segdesk"},
    _a_repair: {"repaired.segdesk"},
    _pack_and_unpack: {"p.h5", "again.segdesk"},
    _many_journals: {"history-2"},
    _a_damaged_journal: {"journal-1.damaged"},
    _a_torn_journal: set(),
    _a_journal_with_two_names: {"journal-1"},
    _a_journal_that_was_being_written_anew: {"journal-1"},
    _changes_left_out: {"left-out-1.journal"},
    _no_second_names: {"project-previous.h5", "project.h5"},
}


@pytest.mark.parametrize("work", WAYS, ids=lambda work: work.__name__.strip("_"))
def test_nothing_gets_its_name_before_its_content_lasts_and_every_name_lasts_at_the_end(
    base: Path, tmp_path: Path, work: Callable[[Path], None]
) -> None:
    path = tmp_path / "p.segdesk"
    shutil.copytree(base, path)
    with recording(tmp_path) as record:
        work(path)
    assert what_does_not_last(record.events) == []
    named = {e.path.name for e in record.events if isinstance(e, Name) and e.verb != "remove"}
    assert WAYS[work] <= named


def test_the_end_of_a_journal_that_was_cut_lasts_before_anything_is_written_behind_it(
    base: Path, tmp_path: Path
) -> None:
    path = tmp_path / "p.segdesk"
    shutil.copytree(base, path)
    os.truncate(_journal(path), _journal(path).stat().st_size - 3)
    with recording(tmp_path) as record:
        workbench = Workbench.open(path)
        assert any(isinstance(e, Write) and e.content is None for e in record.events)
        assert what_does_not_last(record.events) == []
        workbench.close()


def test_a_journal_that_was_taken_away_lasts_with_its_name_once_it_was_synced(
    base: Path, tmp_path: Path
) -> None:
    """The window writes it anew and waits for no disk; a worker does."""
    path = tmp_path / "p.segdesk"
    shutil.copytree(base, path)
    workbench = Workbench.open(path)
    with recording(tmp_path) as record:
        _journal(path).unlink()
        stroke(workbench, 3)
        assert any(isinstance(e, Name) and e.path == _journal(path) for e in record.events)
        with pytest.raises(ChangeWaits):
            workbench.folder.sync()
        left = left_unsafe(record.events)
    assert not left.files
    assert [name.path.name for name in left.names if name.verb != "remove"] == []
    workbench.close()


def test_what_waited_for_a_case_is_gone_for_good_before_anything_else_is_done_on_it(
    base: Path, tmp_path: Path
) -> None:
    """Done once more after a power cut, it would meet what was undone since."""
    path = tmp_path / "p.segdesk"
    shutil.copytree(base, path)
    waiting = path / "cases/case-001/waiting.journal"
    with recording(tmp_path) as record:
        Journal.write_apart(waiting, [encode(edit) for edit in read(_journal(path), 1).edits])
        Workbench.open(path).close()
    assert not waiting.exists()
    assert [name.path.name for name in left_unsafe(record.events).names] == []


def test_a_new_hdf5_file_lasts_when_its_block_has_ended(tmp_path: Path) -> None:
    with recording(tmp_path) as record:
        with hdf5.new_file(tmp_path / "new.h5") as root:
            root.put(number=1)
        assert record.events and not left_unsafe(record.events).files
