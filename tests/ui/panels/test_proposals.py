"""A proposal of the training that goes on, in the real window: shown, named, taken, and kept while
a hand draws; the child is a small one that speaks the protocol."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from segdesk.app.project.workbench import Workbench
from segdesk.core.status import SliceStatus
from tests.app.runs.test_running import child
from tests.journeys.test_train_and_accept import teach
from tests.ui.canvas.mouse import move, press, release
from tests.windows import Desk, open_desk

CTRL = Qt.KeyboardModifier.ControlModifier
#: Proposes for the slice on screen again and again, each time a column more of segment 1.
PROPOSES = """
step = 0
import time
while not channel.should_stop():
        look = channel.looked_at()
        if look is None:
            time.sleep(0.01)
            continue
        step += 1
        shape = bundle.volume(look.case).shape[1:]
        labels = np.zeros(shape, np.uint8)
        labels[:, : 1 + step % 8] = 1
        file = folder / f"proposal-{step}.npy"
        np.save(file, labels)
        channel.send(Proposed(step, look.case, look.slice, str(file)))
        time.sleep(0.05)
"""


@pytest.fixture
def training(
    qtbot: QtBot, project: Path, settings_folder: Path, tmp_path: Path
) -> Iterator[tuple[Desk, Workbench]]:
    """The window while a training goes on, on a slice that nobody has drawn on."""
    desk = open_desk(settings_folder, trainer_command=child(tmp_path, PROPOSES))
    desk.open(project)
    workbench = teach(desk)
    desk.shortcut(Qt.Key.Key_T, CTRL)
    desk.wait(lambda: workbench.proposal("case-001", at(desk)) is not None)
    yield desk, workbench
    if not desk.is_closed:
        desk.close()


def at(desk: Desk) -> int:
    view = desk.window.session.view
    assert view is not None
    return view.crosshair.slice


def words(desk: Desk) -> str:
    return " ".join(one.text() for one in desk.window.findChildren(QLabel))


def stop(desk: Desk) -> None:
    desk.window.training.stop()
    desk.wait(lambda: not desk.window.training.is_running)


def test_it_is_shown_named_and_can_be_taken(training: tuple[Desk, Workbench]) -> None:
    desk, _ = training
    desk.wait(lambda: desk.canvas.scene.has_shown_prediction)
    desk.wait(lambda: "Proposal run-001" in words(desk))
    take = desk.window.findChild(QPushButton, "slice_take")
    assert take is not None and take.isEnabled()
    assert "run-001, step" in words(desk)
    assert desk.window.table["take_prediction"].isEnabled()


def test_enter_takes_what_is_on_screen_and_names_run_and_step(
    training: tuple[Desk, Workbench],
) -> None:
    desk, workbench = training
    index = at(desk)
    assert workbench.statuses("case-001")[index] is SliceStatus.UNLABELLED
    desk.wait(lambda: desk.canvas.scene.has_shown_prediction)
    shown = workbench.proposal("case-001", index)
    desk.key(Qt.Key.Key_Return)
    taken = workbench.history.done[-1]
    assert shown is not None and taken.name.startswith("Take prediction (run-001, step ")
    assert workbench.statuses("case-001")[index] is SliceStatus.CORRECTED
    labels = workbench.annotation("case-001").labels[index]
    step = int(taken.name.rstrip(")").rsplit(" ", 1)[1])
    assert (labels[:, : 1 + step % 8] == 1).all()
    assert not labels[:, 1 + step % 8 :].any()


def test_another_slice_is_looked_at_next(training: tuple[Desk, Workbench]) -> None:
    desk, workbench = training
    before = at(desk)
    desk.key(Qt.Key.Key_Left)
    assert at(desk) != before
    desk.wait(lambda: workbench.proposal("case-001", at(desk)) is not None)


def test_what_is_offered_stays_while_a_hand_draws(training: tuple[Desk, Workbench]) -> None:
    desk, workbench = training
    index = at(desk)
    desk.wait(lambda: desk.canvas.scene.has_shown_prediction)
    desk.key(Qt.Key.Key_B)
    press(desk.canvas, (3, 20))
    first = workbench.proposal("case-001", index)
    heard: list[object] = []
    desk.window.training.message.connect(heard.append)
    desk.wait(lambda: len(heard) > 4)
    move(desk.canvas, (12, 24), Qt.MouseButton.LeftButton)
    assert workbench.proposal("case-001", index) is first
    release(desk.canvas, (12, 24))
    started, brush = workbench.history.done[-2:]
    assert started.name.startswith("Start from prediction (run-001, step ")
    assert brush.name == "Brush"
    desk.wait(lambda: workbench.proposal("case-001", index) is not first)


def test_after_a_stop_the_proposals_are_still_there(training: tuple[Desk, Workbench]) -> None:
    desk, workbench = training
    stop(desk)
    assert workbench.proposal("case-001", at(desk)) is not None
    desk.key(Qt.Key.Key_Return)
    assert workbench.history.done[-1].name.startswith("Take prediction (run-001, step ")


def test_an_outline_begins_on_what_was_shown_at_its_press(
    training: tuple[Desk, Workbench],
) -> None:
    desk, workbench = training
    index = at(desk)
    desk.wait(lambda: desk.canvas.scene.has_shown_prediction)
    desk.key(Qt.Key.Key_L)
    press(desk.canvas, (3, 20))
    first = workbench.proposal("case-001", index)
    assert first is not None
    heard: list[object] = []
    desk.window.training.message.connect(heard.append)
    desk.wait(lambda: len(heard) > 4)
    for place in ((12, 20), (12, 28), (3, 28)):
        move(desk.canvas, place, Qt.MouseButton.LeftButton)
    release(desk.canvas, (3, 28))
    started = workbench.history.done[-2]
    assert started.name == f"Start from prediction (run-001, step {first.step})"


def test_enter_says_nothing_of_a_slice_whose_picture_is_out_of_date(
    training: tuple[Desk, Workbench],
) -> None:
    desk, workbench = training
    index = at(desk)
    desk.wait(lambda: desk.canvas.scene.has_shown_prediction)
    stop(desk)
    desk.wait(lambda: desk.canvas.scene.has_shown_prediction)
    # Gone between two paints: what is on screen is not what Enter would take.
    workbench.drop_proposals()
    desk.window.table["slice_is_right"].trigger()
    assert workbench.statuses("case-001")[index] is SliceStatus.UNLABELLED
    desk.wait(lambda: not desk.canvas.scene.shows_what_is_gone)
    desk.key(Qt.Key.Key_Return)
    assert workbench.statuses("case-001")[index] is SliceStatus.CORRECTED
