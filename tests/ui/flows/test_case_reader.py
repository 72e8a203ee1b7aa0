"""The case reader alone: what is read, in which order, and what becomes of who waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.errors import ProjectError
from segdesk.ui.flows.case_reader import CaseReader
from tests.projects import make_project, stroke
from tests.ui.flows.held_tasks import HeldTasks

pytestmark = pytest.mark.usefixtures("qapp")

BROKEN = ProjectError("The mask is damaged.")
ONE, TWO, THREE = "case-001", "case-002", "case-003"


class Desk:
    """A reader, what is on screen, and all that it says."""

    def __init__(self, project: Path) -> None:
        self.workbench = Workbench.open(project)
        self.tasks = HeldTasks()
        self.reader = CaseReader(self.tasks, self.tasks)
        self.shown: str | None = None
        self.said: list[object] = []
        self.reader.noted.connect(self.said.append)
        self.reader.failed.connect(self.said.append)
        self.reader.unreadable.connect(lambda case, error: self.said.append((case, error)))
        self.reader.start(self.workbench, lambda: self.shown)

    def ask(self, case: str, *, otherwise: bool = False) -> None:
        """Have it said once a case was read, and where asked, what went wrong with it."""
        self.reader.when_read(
            case,
            lambda: self.said.append(case),
            otherwise=(lambda error: self.said.append((f"not {case}", error)))
            if otherwise
            else None,
        )

    def show(self, case: str) -> None:
        self.shown = case
        self.reader.read_on_screen()

    def end(self, case: str) -> None:
        self.tasks.end(f"Reading {case}")

    def fail(self, case: str, error: Exception = BROKEN) -> None:
        self.tasks.fail(f"Reading {case}", error)

    @property
    def reading(self) -> list[str]:
        return [title.removeprefix("Reading ") for title in self.tasks.titles]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = make_project(tmp_path_factory.mktemp("read"), cases=3)
    saving.save(made)
    made.close()
    return made.folder.path


@pytest.fixture
def desk(saved: Path) -> Iterator[Desk]:
    made = Desk(saved)
    yield made
    made.workbench.close()


def test_who_asks_for_a_mask_in_memory_goes_on_at_once(desk: Desk) -> None:
    desk.ask(ONE)
    assert desk.said == [] and desk.reader.is_being_read(ONE)
    desk.end(ONE)
    assert desk.said == [ONE] and desk.reader.has_mask(ONE)
    assert not desk.reader.is_being_read(ONE)
    desk.ask(ONE)
    assert desk.said == [ONE, ONE] and desk.reading == []


def test_one_case_is_read_at_a_time_in_the_order_in_which_they_were_asked_for(desk: Desk) -> None:
    for case in (THREE, ONE, TWO):
        desk.ask(case)
    desk.ask(ONE)
    for case in (THREE, ONE, TWO):
        assert desk.reading == [case]
        desk.end(case)
    assert desk.said == [THREE, ONE, ONE, TWO] and desk.reading == []


def test_the_case_on_screen_comes_before_those_that_wait(desk: Desk) -> None:
    desk.ask(ONE)
    desk.ask(TWO)
    desk.show(THREE)
    assert desk.reading == [ONE] and not desk.reader.is_being_read(THREE)
    desk.end(ONE)
    assert desk.reading == [THREE]
    desk.end(THREE)
    assert desk.reading == [TWO]


def test_a_case_that_was_on_screen_and_is_not_any_more_is_not_read(desk: Desk) -> None:
    desk.ask(ONE)
    desk.show(TWO)
    desk.show(THREE)
    desk.end(ONE)
    desk.end(THREE)
    assert desk.reading == [] and not desk.reader.has_mask(TWO)


def test_a_case_that_cannot_be_read_is_said_once_and_stops_nobody(desk: Desk) -> None:
    desk.show(ONE)
    desk.ask(TWO)
    desk.fail(ONE)
    assert desk.said == [(ONE, BROKEN)]
    # It is on screen, and not tried again at once.
    assert desk.reading == [TWO]
    desk.end(TWO)
    assert desk.said == [(ONE, BROKEN), TWO]


def test_who_waits_for_a_case_hears_that_it_cannot_be_read(desk: Desk) -> None:
    desk.ask(ONE, otherwise=True)
    desk.ask(ONE)
    desk.fail(ONE)
    assert desk.said == [(f"not {ONE}", BROKEN), (ONE, BROKEN)]
    assert not desk.reader.is_being_read(ONE) and desk.reading == []


def test_another_failure_is_said_where_somebody_waits_who_does_not_hear_of_it(desk: Desk) -> None:
    bug = ValueError("a bug")
    desk.ask(ONE, otherwise=True)
    desk.fail(ONE, bug)
    assert desk.said == [(f"not {ONE}", bug)]
    desk.ask(ONE)
    desk.fail(ONE, bug)
    assert desk.said == [(f"not {ONE}", bug), bug]


def test_a_case_that_was_saved_meanwhile_is_not_replaced_by_what_was_read(desk: Desk) -> None:
    desk.ask(ONE)
    row = desk.workbench.project.case(ONE)
    newer = replace(row, generation=row.generation + 1)
    work = desk.tasks.held[0].work
    read = work(desk.tasks.held[0].task)
    desk.workbench.project = desk.workbench.project.with_case(newer)
    desk.tasks.held[0].done(read)
    assert not desk.reader.has_mask(ONE)


def test_what_follows_a_reading_may_ask_for_the_next(desk: Desk) -> None:
    desk.reader.when_read(ONE, lambda: desk.ask(TWO))
    desk.end(ONE)
    assert desk.reading == [TWO]
    desk.end(TWO)
    assert desk.said == [TWO]


def test_what_follows_a_reading_may_fail_and_the_next_is_read_all_the_same(desk: Desk) -> None:
    def bug() -> None:
        raise ZeroDivisionError

    desk.reader.when_read(ONE, bug)
    desk.ask(TWO)
    with pytest.raises(ZeroDivisionError):
        desk.end(ONE)
    desk.end(TWO)
    assert desk.said == [TWO]


def test_nobody_hears_of_a_case_of_a_project_that_was_closed(desk: Desk) -> None:
    desk.ask(ONE)
    desk.ask(TWO)
    desk.reader.stop()
    assert not desk.reader.is_being_read(ONE)
    desk.end(ONE)
    assert desk.said == [] and desk.reading == [] and not desk.workbench.is_loaded(ONE)


def test_a_failure_in_a_project_that_was_closed_is_not_said_of_the_next(desk: Desk) -> None:
    desk.ask(ONE)
    desk.reader.stop()
    desk.reader.start(desk.workbench, lambda: desk.shown)
    desk.fail(ONE)
    assert desk.said == []


def test_the_next_project_reads_at_once_whatever_the_last_one_is_still_reading(
    desk: Desk, tmp_path: Path
) -> None:
    desk.ask(ONE)
    desk.reader.stop()
    other = make_project(tmp_path)
    stroke(other, 1)
    saving.save(other)
    other.close()
    other = Workbench.open(other.folder.path)
    desk.reader.start(other, lambda: desk.shown)
    desk.show(ONE)
    assert desk.reading == [ONE, ONE]
    desk.end(ONE)
    assert not other.is_loaded(ONE)
    desk.end(ONE)
    assert other.is_loaded(ONE) and other.annotation(ONE).labels.any()
    other.close()


def test_closing_in_what_follows_a_reading_drops_what_else_follows(desk: Desk) -> None:
    desk.reader.when_read(ONE, desk.reader.stop)
    desk.ask(ONE)
    desk.ask(TWO)
    desk.end(ONE)
    assert desk.said == [] and desk.reading == []
