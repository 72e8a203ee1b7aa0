"""Closing: each of the things that are done then is tried, and what failed is said together."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from segdesk.core.annotation import Annotation
from segdesk.core.project import Project
from segdesk.errors import ProjectError, ProjectGone
from segdesk.store.journal.journal_file import Journal
from segdesk.store.project_folder import ProjectFolder
from tests.descriptors import open_below
from tests.store.faults import refusing
from tests.store.painter import paint
from tests.store.strategies import GRID, project_with_cases
from tests.store.test_index_door import on_disk, with_run

CASE = "case-001"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "p.segdesk"


def with_a_stroke_and_a_run(path: Path) -> tuple[ProjectFolder, Project]:
    """Neither is on the disk for good: the stroke is not synced, the run only handed over."""
    folder, project = project_with_cases(path, CASE)
    project = with_run(project, 1)
    folder.hand_over_index(project)
    paint(folder, Annotation(GRID), CASE, 1)
    return folder, project


def test_an_index_is_written_though_the_journal_could_not_be_made_lasting(path: Path) -> None:
    folder, project = with_a_stroke_and_a_run(path)
    with (
        refusing("os.fsync", 0, once=True),
        pytest.raises(ProjectError, match=r"The journal .* disk is full") as said,
    ):
        folder.close()
    assert "index" not in str(said.value)
    assert on_disk(folder).runs == project.runs
    assert open_below(path) == []


def test_all_that_failed_at_closing_is_said_and_everything_is_let_go_of(path: Path) -> None:
    folder, _ = with_a_stroke_and_a_run(path)
    with refusing("os.fsync", 0), pytest.raises(ProjectError) as said:
        folder.close()
    assert "The journal of the project" in said.value.sentence
    assert "The index of the project" in said.value.sentence
    # The next step of both is the same and is said once.
    assert said.value.hint == "Free some disk space and try again."
    assert open_below(path) == []
    with ProjectFolder.open(path, writable=True) as again:
        assert len(again.load().edits) == 1


def test_a_folder_that_is_gone_is_told_by_its_type_whatever_else_failed(path: Path) -> None:
    folder, _ = with_a_stroke_and_a_run(path)
    path.rename(path.with_name("renamed"))
    with refusing("os.fsync", 0), pytest.raises(ProjectGone) as said:
        folder.close()
    assert "The journal of the project" in said.value.sentence
    assert "no longer at its place" in said.value.sentence


def test_a_journal_that_cannot_be_closed_does_not_keep_the_lock(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, project = with_a_stroke_and_a_run(path)
    really = Journal.close

    def refused(journal: Journal) -> None:
        really(journal)
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "close", refused)
        with pytest.raises(ProjectError, match="The journal"):
            folder.close()
    assert on_disk(folder).runs == project.runs
    assert open_below(path) == []
    folder.close()


def test_a_bug_at_closing_stays_a_bug_and_the_rest_is_done(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, project = with_a_stroke_and_a_run(path)

    def broken(_: Journal) -> None:
        raise ValueError("expected something else")

    monkeypatch.setattr(Journal, "hand_on", broken)
    with pytest.raises(ValueError, match="expected something else"):
        folder.close()
    assert on_disk(folder).runs == project.runs
    assert open_below(path) == []
