"""The writer alone: what a save comes after, and what becomes of who waits for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from segdesk.errors import ProjectError
from segdesk.store.project_folder import ProjectFolder
from segdesk.ui.flows.project_writer import ProjectWriter
from tests.projects import make_project, stroke
from tests.ui.flows.held_tasks import HeldTasks

pytestmark = pytest.mark.usefixtures("qapp")

SAVING, SYNC, INDEX = "Saving", "Writing the journal", "Writing the index"
FULL = ProjectError("The disk is full.")


class Desk:
    """A writer, a project with a stroke that is not saved, and all that it says."""

    def __init__(self, folder: Path) -> None:
        self.workbench = make_project(folder)
        stroke(self.workbench, 1)
        self.tasks = HeldTasks()
        self.writer = ProjectWriter(self.tasks, self.tasks)
        self.said: list[object] = []
        self.writer.save_begins.connect(lambda: self.said.append("begins"))
        self.writer.save_ended.connect(lambda error: self.said.append(("ended", error)))
        self.writer.refused.connect(self.said.append)
        self.writer.failed.connect(self.said.append)
        self.writer.start(self.workbench)

    def then(self, who: str) -> Callable[[Exception | None], None]:
        return lambda error: self.said.append((who, error))

    def draw(self) -> None:
        stroke(self.workbench, 2, row=4.0)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.workbench.close()


@pytest.fixture
def other_folder(tmp_path: Path) -> Path:
    """For a second project."""
    (made := tmp_path / "other").mkdir()
    return made


def test_a_save_is_written_on_its_lane_and_says_when_it_begins_and_ends(desk: Desk) -> None:
    desk.writer.save(desk.then("asked"))
    assert desk.writer.is_saving and desk.said == ["begins"]
    assert [row.lane for row in desk.tasks.held] == ["write"]
    desk.tasks.end(SAVING)
    assert not desk.writer.is_saving and not desk.workbench.has_unsaved
    assert desk.said == ["begins", ("ended", None), ("asked", None)]


def test_where_nothing_is_unsaved_nothing_is_written(desk: Desk) -> None:
    desk.writer.save()
    desk.tasks.end(SAVING)
    desk.said.clear()
    desk.writer.save(desk.then("asked"))
    assert desk.tasks.titles == [] and desk.said == [("asked", None)]


def test_saves_follow_each_other_in_order_and_what_was_drawn_meanwhile_is_in_the_next(
    desk: Desk,
) -> None:
    desk.writer.save(desk.then("first"))
    desk.draw()
    desk.writer.save(desk.then("second"))
    desk.writer.save(desk.then("third"))
    assert desk.tasks.titles == [SAVING]
    desk.tasks.end(SAVING)
    assert desk.tasks.titles == [SAVING]
    desk.tasks.end(SAVING)
    assert desk.tasks.titles == [] and not desk.workbench.has_unsaved
    assert [row for row in desk.said if row not in ("begins", ("ended", None))] == [
        ("first", None),
        ("second", None),
        ("third", None),
    ]


def test_a_save_never_begins_while_the_journal_is_synced(desk: Desk) -> None:
    desk.writer.sync(desk.then("synced"))
    desk.writer.save(desk.then("saved"))
    assert desk.tasks.titles == [SYNC] and desk.said == [] and not desk.writer.is_saving
    desk.tasks.end(SYNC)
    assert desk.tasks.titles == [SAVING] and desk.said == [("synced", None), "begins"]


def test_a_sync_waits_for_no_save_and_the_next_save_waits_for_the_sync(desk: Desk) -> None:
    desk.writer.save()
    desk.draw()
    desk.writer.sync(desk.then("synced"))
    desk.writer.save()
    assert desk.tasks.titles == [SAVING, SYNC]
    desk.tasks.end(SAVING)
    assert desk.tasks.titles == [SYNC] and desk.writer.is_syncing
    desk.tasks.end(SYNC)
    assert desk.tasks.titles == [SAVING]


def test_one_sync_at_a_time(desk: Desk) -> None:
    desk.writer.sync(desk.then("first"))
    desk.writer.sync(desk.then("second"))
    assert desk.tasks.titles == [SYNC]
    desk.tasks.end(SYNC)
    assert desk.said == [("first", None)]


def test_a_sync_that_fails_says_so_and_lets_the_save_begin(desk: Desk) -> None:
    desk.writer.sync(desk.then("synced"))
    desk.writer.save()
    desk.tasks.fail(SYNC, FULL)
    assert desk.said == [("synced", FULL), "begins"] and desk.tasks.titles == [SAVING]


def test_a_save_waits_for_a_large_edit_and_an_index_does_not(desk: Desk) -> None:
    release = desk.writer.hold_saves()
    desk.writer.save()
    desk.writer.write_index()
    desk.writer.sync(desk.then("synced"))
    assert desk.tasks.titles == [INDEX, SYNC]
    release()
    assert SAVING not in desk.tasks.titles
    desk.tasks.end(SYNC)
    assert desk.tasks.titles == [INDEX, SAVING]


def test_two_large_edits_at_once_are_a_bug(desk: Desk) -> None:
    desk.writer.hold_saves()
    with pytest.raises(ValueError, match="one large Edit"):
        desk.writer.hold_saves()


def test_a_save_that_fails_keeps_everything_unsaved_and_the_next_one_begins(desk: Desk) -> None:
    desk.writer.save(desk.then("first"))
    desk.writer.save(desk.then("second"))
    desk.tasks.fail(SAVING, FULL)
    assert desk.said == ["begins", ("ended", FULL), ("first", FULL), "begins"]
    assert desk.tasks.titles == [SAVING]
    desk.tasks.end(SAVING)
    assert not desk.workbench.has_unsaved


@pytest.mark.parametrize(
    ("error", "said"), [(FULL, "The disk is full."), (bug := ValueError("a bug"), bug)]
)
def test_a_save_that_nobody_waits_for_says_why_it_failed(
    desk: Desk, error: Exception, said: object
) -> None:
    desk.writer.save()
    desk.tasks.fail(SAVING, error)
    assert desk.said == ["begins", ("ended", error), said]


def test_a_save_that_cannot_begin_is_told_and_those_behind_it_are_tried(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise FULL

    desk.writer.sync(desk.then("synced"))
    desk.writer.save(desk.then("first"))
    desk.writer.save(desk.then("second"))
    with monkeypatch.context() as patched:
        patched.setattr(ProjectFolder, "begin_save", refuse)
        desk.tasks.end(SYNC)
    assert desk.said == [
        ("synced", None),
        ("ended", FULL),
        ("first", FULL),
        ("ended", FULL),
        ("second", FULL),
    ]
    assert not desk.writer.is_saving and desk.workbench.has_unsaved


def test_who_asked_for_a_save_may_fail_and_the_next_begins_all_the_same(desk: Desk) -> None:
    def bug(_: object) -> None:
        raise ZeroDivisionError

    desk.writer.save(bug)
    desk.draw()
    desk.writer.save(desk.then("second"))
    with pytest.raises(ZeroDivisionError):
        desk.tasks.end(SAVING)
    desk.tasks.end(SAVING)
    assert desk.said[-1] == ("second", None)


def test_an_index_that_cannot_be_written_is_said(desk: Desk) -> None:
    desk.writer.write_index()
    desk.writer.write_the_rest(desk.then("rest"))
    desk.tasks.fail(INDEX, FULL)
    desk.tasks.fail(INDEX, FULL)
    assert desk.said == [FULL, ("rest", FULL)]


def test_saves_that_wait_are_dropped_with_the_project_and_the_one_under_way_is_told(
    desk: Desk,
) -> None:
    desk.writer.save(desk.then("first"))
    desk.writer.save(desk.then("second"))
    desk.writer.stop()
    assert not desk.writer.is_saving
    desk.tasks.end(SAVING)
    assert desk.said == ["begins", ("first", None)] and desk.tasks.titles == []


def test_a_save_that_fails_after_its_project_was_closed_says_nothing_of_the_next(
    desk: Desk, other_folder: Path
) -> None:
    desk.writer.save(lambda _: None)
    desk.writer.sync(desk.then("synced"))
    desk.writer.stop()
    other = make_project(other_folder)
    desk.writer.start(other)
    assert not desk.writer.is_saving and not desk.writer.is_syncing
    desk.said.clear()
    desk.tasks.fail(SAVING, FULL)
    desk.tasks.fail(SYNC, FULL)
    assert desk.said == []
    # What is left of the closed one holds nothing up.
    desk.writer.save(desk.then("other"))
    desk.tasks.end(SAVING)
    assert desk.said == ["begins", ("ended", None), ("other", None)]
    other.close()


def test_a_large_edit_of_a_project_that_was_closed_holds_up_no_other(
    desk: Desk, other_folder: Path
) -> None:
    release = desk.writer.hold_saves()
    desk.writer.save(desk.then("dropped"))
    desk.writer.stop()
    other = make_project(other_folder)
    desk.writer.start(other)
    desk.writer.save(desk.then("other"))
    assert desk.tasks.titles == [SAVING]
    release()
    assert desk.tasks.titles == [SAVING]
    other.close()


def test_without_a_project_nothing_is_written(desk: Desk) -> None:
    desk.writer.stop()
    desk.writer.save(desk.then("saved"))
    desk.writer.write_the_rest(desk.then("rest"))
    desk.writer.sync(desk.then("synced"))
    desk.writer.write_index()
    desk.writer.hold_saves()()
    assert desk.tasks.titles == [] and desk.said == [("saved", None), ("rest", None)]
