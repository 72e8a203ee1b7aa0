"""The button that goes on with a run, in the real window, with a child that speaks the protocol."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from segdesk.app.runs.resuming import WITH_ITS_OWN
from segdesk.jobs.run_paths import RunPaths
from tests.app.runs.test_resuming import child
from tests.ui.panels.taught_desk import taught_desk
from tests.ui.panels.test_training import button, newest, panel, text, wait_for_end
from tests.windows import Desk


@pytest.fixture
def desk(
    qtbot: QtBot, settings_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    monkeypatch.setenv("SEGDESK_LOGS", str(tmp_path / "logs"))
    return taught_desk(tmp_path, settings_folder, child(tmp_path))


def test_a_run_that_was_stopped_is_gone_on_with_by_its_button(desk: Desk) -> None:
    said: list[str] = []
    assert desk.window.training_panel is not None
    desk.window.training_panel.said.connect(said.append)
    assert not button(desk, "resume_button").isVisible()
    assert desk.window.table["resume_training"].toolTip()
    desk.press(panel(desk), "train_button")
    wait_for_end(desk)
    assert newest(desk).outcome == "stopped"
    desk.settle()
    resume = button(desk, "resume_button")
    assert resume.isVisible() and "run-001 where it was, after epoch 3" in resume.toolTip()
    desk.press(panel(desk), "resume_button")
    assert not resume.isVisible()
    wait_for_end(desk)
    desk.settle()
    run = newest(desk)
    assert (run.id, run.outcome, run.resumed, len(run.epochs)) == ("run-001", "finished", (20,), 4)
    assert said.index(str(WITH_ITS_OWN)) < said.index("run-001 goes on after step 20, in epoch 3.")
    assert "resumed after step 20" in text(desk, "training_facts")
    # It has finished, and there is nothing to go on from.
    assert not resume.isVisible() and not desk.window.table["resume_training"].isEnabled()
    desk.close()


def test_the_menu_goes_on_too_and_says_why_where_it_cannot(desk: Desk) -> None:
    desk.press(panel(desk), "train_button")
    wait_for_end(desk)
    desk.settle()
    row = desk.window.table["resume_training"]
    assert row.isEnabled()
    workbench = desk.window.session.workbench
    assert workbench is not None
    RunPaths(workbench.folder.path / "runs" / "run-001").drop_checkpoints()
    row.trigger()
    desk.settle()
    assert "no checkpoint of 'run-001'" in text(desk, "training_state")
    assert newest(desk).outcome == "stopped" and len(newest(desk).epochs) == 3
    desk.close()
