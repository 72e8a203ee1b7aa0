"""A damaged mask and the older one in its place: answers that come late say nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from segdesk.app.project.workbench import Workbench
from segdesk.app.settings import SettingsFile
from segdesk.errors import ProjectError
from segdesk.ui.flows.damaged_masks import TAKE, DamagedMasks
from segdesk.ui.flows.session import Session
from segdesk.ui.look.preferences import Preferences
from segdesk.ui.look.theme import DARK
from segdesk.ui.widgets.banner import Banner
from tests.app.project.test_one_damaged_file import damage, drawn
from tests.ui.flows.held_tasks import HeldTasks
from tests.ui.flows.test_damaged_case import saved_twice

ONE, TWO = "case-001", "case-002"
LOOKING, TAKING = f"Looking for an older mask of {TWO}", "Taking an older mask"


class Desk:
    """A session with a damaged case, of which an older mask is offered."""

    def __init__(self, project: Path, host: QWidget, settings: Path) -> None:
        self.mask = project / f"cases/{TWO}/annotation-2.h5"
        self.whole = self.mask.read_bytes()
        damage(self.mask)
        self.tasks = HeldTasks()
        self.session = Session(self.tasks, Preferences(SettingsFile(settings), self.tasks))
        self.banner = Banner(host, DARK)
        self.masks = DamagedMasks(self.session, self.tasks, self.banner, host)
        self.said: list[object] = []
        self.masks.noted.connect(self.said.append)
        self.session.take(workbench := Workbench.open(project))
        self.workbench = workbench
        with pytest.raises(ProjectError, match="damaged") as caught:
            workbench.folder.read_annotation(workbench.project.case(TWO))
        self.problem = caught.value
        self.finish()
        self.show(TWO)
        self.finish()
        assert self.banner.has_offer(f"{TAKE}{TWO}") and TWO in self.unreadable

    def show(self, case: str) -> None:
        assert self.session.view is not None
        self.session.view.crosshair.show_case(case)

    @property
    def unreadable(self) -> list[str]:
        assert self.session.view is not None
        return list(self.session.view.marks.unreadable)

    def take(self) -> None:
        """As the offer's button does."""
        (row,) = [row for row in self.banner._messages if row.offer is not None]
        assert row.offer is not None
        row.offer.chosen()

    def end(self, title: str) -> None:
        self.tasks.end(title)

    def finish(self) -> None:
        while self.tasks.held:
            self.tasks.end(self.tasks.titles[0])


@pytest.fixture
def desk(tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    host = QWidget()
    qtbot.addWidget(host)
    made = Desk(saved_twice(tmp_path, 2), host, tmp_path / "settings")
    yield made
    made.session.let_go()


def is_as_taken(desk: Desk) -> bool:
    """The older mask with what came after it; nothing says that the case cannot be read."""
    return (
        desk.workbench.is_loaded(TWO)
        and drawn(desk.workbench, TWO) == [1, 2]
        and desk.unreadable == []
        and "is damaged" not in desk.banner.text
        and any("has the mask of" in str(said) for said in desk.said)
    )


def test_a_look_that_ends_after_the_older_mask_was_taken_says_nothing(desk: Desk) -> None:
    desk.show(ONE)
    desk.show(TWO)
    desk.take()
    desk.end(f"Reading {TWO}")
    assert LOOKING in desk.tasks.titles
    desk.end(TAKING)
    assert desk.unreadable == []
    desk.end(LOOKING)
    desk.finish()
    assert is_as_taken(desk)


def test_a_reading_of_the_mask_that_was_replaced_meanwhile_is_done_again(desk: Desk) -> None:
    desk.show(ONE)
    desk.show(TWO)
    desk.take()
    assert desk.tasks.titles == [f"Reading {TWO}", TAKING]
    desk.end(TAKING)
    # It had read the damaged file.
    desk.tasks.fail(f"Reading {TWO}", desk.problem)
    desk.finish()
    assert is_as_taken(desk)


def test_a_reading_that_did_well_on_a_mask_that_was_replaced_is_done_again(desk: Desk) -> None:
    desk.show(ONE)
    desk.show(TWO)
    row = next(row for row in desk.tasks.held if row.task.title == f"Reading {TWO}")
    damaged = desk.mask.read_bytes()
    desk.mask.write_bytes(desk.whole)
    newest = row.work(row.task)
    desk.mask.write_bytes(damaged)
    desk.take()
    desk.end(TAKING)
    desk.tasks.held.remove(row)
    row.done(newest)
    assert not desk.workbench.is_loaded(TWO)
    desk.finish()
    assert is_as_taken(desk)


def test_a_mask_that_can_be_read_again_is_marked_no_more(desk: Desk) -> None:
    desk.mask.write_bytes(desk.whole)
    desk.show(ONE)
    desk.show(TWO)
    desk.finish()
    assert drawn(desk.workbench, TWO) == [1, 2]
    assert desk.unreadable == []
    assert "is damaged" not in desk.banner.text and not desk.banner.has_offer(f"{TAKE}{TWO}")


def test_a_scan_that_is_put_back_while_its_case_is_being_read_is_read_again(desk: Desk) -> None:
    desk.show(ONE)
    desk.show(TWO)
    desk.mask.write_bytes(desk.whole)
    desk.masks.came_back(TWO)
    desk.tasks.fail(f"Reading {TWO}", desk.problem)
    desk.finish()
    assert drawn(desk.workbench, TWO) == [1, 2]
    assert desk.unreadable == [] and "is damaged" not in desk.banner.text
