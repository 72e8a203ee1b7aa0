"""A journal that lost even its head is told; one that is looked at while others write is sound."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from segdesk.core.annotation import Annotation
from segdesk.core.history import Stacks
from segdesk.store import checking
from segdesk.store.disk.layout import journal_name
from segdesk.store.journal import journal_file
from segdesk.store.journal import journals as journals_file
from segdesk.store.journal.journal_form import HEAD_SIZE
from segdesk.store.journal.journals import Journals
from segdesk.store.project_folder import ProjectFolder
from tests.store.painter import paint, save, stroke
from tests.store.strategies import project_with_cases


def saved_and_drawn(path: Path) -> Path:
    """A project with one save, and a stroke since."""
    folder, project = project_with_cases(path, "case-001")
    masks = {case.id: Annotation(case.grid) for case in project.cases}
    paint(folder, masks["case-001"], "case-001", 1)
    save(folder, project, masks)
    paint(folder, masks["case-001"], "case-001", 2)
    folder.close()
    return path


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda path: os.truncate(path, 0), id="no byte"),
        pytest.param(lambda path: os.truncate(path, HEAD_SIZE - 1), id="half a head"),
        pytest.param(lambda path: os.truncate(path, HEAD_SIZE), id="nothing behind its head"),
        pytest.param(lambda path: os.truncate(path, HEAD_SIZE + 4), id="half a record"),
        pytest.param(zeroed, id="zeros"),
    ],
)
def test_the_journal_that_the_index_names_is_told_where_it_holds_nothing_any_more(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    path = saved_and_drawn(tmp_path / "p.segdesk")
    harm(path / "journal-1")
    said = "'journal-1' is empty: what was changed after the last save is lost."
    assert said in [finding.sentence for finding in checking.check(path).findings]
    with ProjectFolder.open(path, writable=True) as folder:
        notes = folder.load().notes
        assert said in notes and not any("half written" in note for note in notes)


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(Path.unlink, id="deleted"),
        pytest.param(lambda path: os.truncate(path, HEAD_SIZE), id="cut"),
    ],
)
def test_the_journal_before_is_looked_after_until_a_save_has_succeeded(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    folder, project = project_with_cases(tmp_path / "p.segdesk", "case-001")
    masks = {case.id: Annotation(case.grid) for case in project.cases}
    paint(folder, masks["case-001"], "case-001", 1)
    saving = folder.begin_save(project, masks)
    folder.sync()
    assert not folder.is_journal_lost
    harm(folder.path / "journal-0")
    assert folder.is_journal_lost
    saving.run()
    saving.finish()
    assert not folder.is_journal_lost
    folder.close()


def test_a_record_that_is_written_while_it_is_looked_at_is_no_other_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = journal_file.Journal.create(tmp_path, 0, 1)
    fstat = os.fstat

    def slow(descriptor: int) -> os.stat_result:
        found = fstat(descriptor)
        monkeypatch.setattr(os, "fstat", fstat)
        journal.append(b"what comes meanwhile")
        return found

    monkeypatch.setattr(os, "fstat", slow)
    journal.look(tmp_path / journal_name(0))
    assert not journal.is_taken
    journal.close()


def test_a_journal_is_looked_for_under_its_own_name_though_a_save_has_begun_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journals = Journals(journal_file.Journal.create(tmp_path, 0, 1), set())

    def begun_meanwhile(number: int) -> str:
        monkeypatch.setattr(journals_file, "journal_name", journal_name)
        journals.follow_on(tmp_path, Stacks())
        return journal_name(number)

    monkeypatch.setattr(journals_file, "journal_name", begun_meanwhile)
    assert journals.look(tmp_path, put_back=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["journal-0", "journal-1"]
    journals.close()


@pytest.mark.parametrize("time", [1e18, -1.0])
def test_a_damaged_journal_is_said_without_a_date_that_no_calendar_knows(
    tmp_path: Path, time: float
) -> None:
    path = tmp_path / "p.segdesk"
    folder, project = project_with_cases(path, "case-001")
    mask = Annotation(project.cases[0].grid)
    edit = replace(stroke(mask, "case-001", 1), time=time)
    folder.append(edit)
    folder.close()
    journal = max(path.glob("journal-*"))
    journal.write_bytes(journal.read_bytes() + b"?" * 400)
    with ProjectFolder.open(path, writable=False) as folder:
        (note,) = folder.load().notes
    assert note == (
        f"'{journal.name}' is damaged: 1 change since the last save could be read, the rest is "
        f"lost. All before it is safe; a writer keeps the rest in '{journal.name}.damaged'."
    )
