"""A trainer process is ready while a project is open, and not for longer than it is wanted."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from segdesk.core.run import plan_for
from segdesk.jobs.messages import Prepare
from segdesk.jobs.standby import Standby
from segdesk.ui.flows import trainer_ready
from segdesk.ui.flows.trainer_ready import TrainerReady
from tests.ui.canvas.mouse import drag
from tests.windows import Desk

#: Notes what it was asked to prepare.
CHILD = """
    import sys
    from segdesk.jobs.child import open_channel
    channel = open_channel()
    while True:
        with open(sys.argv[1], "a") as notes:
            notes.write(f"{channel.wait_for_task()!r}\\n")
"""


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes.txt"


@pytest.fixture
def ready(
    desk: Desk, tmp_path: Path, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TrainerReady]:
    monkeypatch.setattr(trainer_ready, "AFTER_MS", 20)
    script = tmp_path / "child.py"
    script.write_text(textwrap.dedent(CHILD))
    standby = Standby([sys.executable, str(script), str(notes)], memory_is_short=lambda: False)
    window = desk.window
    yield TrainerReady(
        standby,
        window.session,
        window.training,
        window.preferences,
        lambda: plan_for("unet_fast", filters=8),
        window,
    )
    standby.close()


def standby_of(desk: Desk) -> Standby:
    standby = desk.window.training.standby
    assert standby is not None
    return standby


def pid_of(desk: Desk) -> int:
    desk.wait(lambda: standby_of(desk).pid is not None)
    pid = standby_of(desk).pid
    assert pid is not None
    return pid


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_one_waits_once_a_scan_is_open_and_goes_with_its_project(
    desk: Desk, project: Path, ready: TrainerReady, notes: Path
) -> None:
    assert standby_of(desk).pid is None
    desk.open(project)
    pid = pid_of(desk)
    prepared = repr(Prepare("unet_fast", 8, 2, 1))
    desk.wait(lambda: notes.is_file() and notes.read_text().splitlines() == [prepared])
    desk.window.table["close_project"].trigger()
    desk.wait(lambda: not lives(pid))
    assert standby_of(desk).pid is None


def test_a_hand_draws_on_while_it_comes(desk: Desk, project: Path, ready: TrainerReady) -> None:
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (5, 5), (5, 15))
    pid_of(desk)
    workbench = desk.window.session.workbench
    assert workbench is not None
    assert workbench.annotation("case-001").labels.any()


def test_the_menu_turns_it_off_and_on_again(desk: Desk, project: Path, ready: TrainerReady) -> None:
    desk.open(project)
    pid = pid_of(desk)
    stays = desk.window.table["trainer_stays"]
    assert stays.isChecked()
    stays.trigger()
    desk.wait(lambda: not lives(pid))
    assert not stays.isChecked()
    assert not desk.window.preferences.now.trainer_stays
    stays.trigger()
    assert pid_of(desk) != pid


def test_it_is_gone_with_the_window(desk: Desk, project: Path, ready: TrainerReady) -> None:
    desk.window.gone.connect(ready.close)
    desk.open(project)
    pid = pid_of(desk)
    desk.close()
    desk.wait(lambda: not lives(pid))


def test_one_that_died_is_replaced_when_the_next_is_wanted(
    desk: Desk, project: Path, ready: TrainerReady
) -> None:
    desk.open(project)
    pid = pid_of(desk)
    os.kill(pid, 9)
    desk.wait(lambda: standby_of(desk).pid is None)
    desk.window.preferences.changed.emit()
    assert pid_of(desk) != pid
