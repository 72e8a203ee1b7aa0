"""The panels say which run is in use and why, and another can be chosen, with a small child."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from segdesk.app.project.workbench import Workbench
from segdesk.core.case import Case
from segdesk.core.prediction import Prediction
from segdesk.core.run import Run, plan_for
from segdesk.errors import ProjectError
from segdesk.store.run_files import RunFiles
from segdesk.ui.flows import run_choice
from segdesk.ui.panels.training import TrainingPanel
from tests.app.runs.test_run_in_use import WORTHLESS
from tests.app.runs.test_running import child
from tests.ui.panels.taught_desk import taught_desk
from tests.ui.panels.test_training import wait_for_end
from tests.windows import Desk

#: The box and the line below it.
IN_USE = ((QComboBox, "run_in_use"), (QLabel, "run_in_use_why"))
OpenDesk = Callable[[], Desk]


@pytest.fixture
def desk(
    qtbot: QtBot, settings_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """A window on a project of which two slices teach; `becomes` says what its child does."""
    monkeypatch.setenv("SEGDESK_LOGS", str(tmp_path / "logs"))
    return taught_desk(tmp_path, settings_folder, child(tmp_path))


def workbench_of(desk: Desk) -> Workbench:
    workbench = desk.window.session.workbench
    assert workbench is not None
    return workbench


def panel(desk: Desk) -> TrainingPanel:
    found = desk.window.training_panel
    assert found is not None
    return found


def train(desk: Desk) -> None:
    button = panel(desk).findChild(QPushButton, "train_button")
    assert button is not None
    desk.wait(button.isEnabled)
    desk.press(panel(desk), "train_button")
    wait_for_end(desk)
    desk.settle()


def line(desk: Desk, id: str) -> str:
    found = desk.window.findChild(QLabel, id)
    assert found is not None
    return found.text() if found.isVisible() else ""


def runs(desk: Desk) -> QComboBox:
    found = desk.window.findChild(QComboBox, "run_in_use")
    assert found is not None
    return found


def choose(box: QComboBox, data: str) -> None:
    """Choose a row by the arrow keys."""
    QTest.keyClick(box, Qt.Key.Key_Home)
    while box.currentData() != data and box.currentIndex() < box.count() - 1:
        QTest.keyClick(box, Qt.Key.Key_Down)


def test_no_run_can_be_chosen_before_there_is_one(desk: Desk) -> None:
    assert not runs(desk).isEnabled() and "train first" in runs(desk).toolTip()
    assert runs(desk).currentText() == "best: none yet"
    assert line(desk, "run_in_use_why") == ""
    desk.close()


def test_the_better_run_is_in_use_and_the_panels_say_why(desk: Desk, tmp_path: Path) -> None:
    train(desk)
    assert runs(desk).currentText() == "best: run-001"
    child(tmp_path, dice=0.2, rival=0.7)
    train(desk)
    assert workbench_of(desk).predicted_by("case-001") == "run-001"
    assert runs(desk).currentText() == "best: run-001"
    why = "Dice 0.700 on 1 validation slice; run-002 has 0.200."
    assert "· not in use ·" in line(desk, "training_facts")
    assert line(desk, "run_in_use_why") == why
    child(tmp_path, dice=0.9, rival=0.7)
    train(desk)
    assert runs(desk).currentText() == "best: run-003"
    assert workbench_of(desk).predicted_by("case-001") == "run-003"
    desk.close()


def test_another_run_is_chosen_stays_and_the_rule_comes_back(desk: Desk, tmp_path: Path) -> None:
    train(desk)
    train(desk)
    workbench = workbench_of(desk)
    path = workbench.folder.path
    assert workbench.predicted_by("case-001") == "run-002"
    choose(runs(desk), "run-001")
    desk.wait(lambda: workbench.predicted_by("case-001") == "run-001")
    desk.settle()
    assert runs(desk).currentData() == "run-001"
    assert "chosen by hand" in line(desk, "run_in_use_why")
    # The box is narrower than its words may be.
    assert runs(desk).toolTip().startswith(runs(desk).currentText())
    train(desk)
    assert workbench.predicted_by("case-001") == "run-001"
    desk.close()
    again = Workbench.open(path, writable=False)
    assert again.project.in_use.by_hand == "run-001" and again.project.in_use.chosen == "run-003"
    again.close()


def test_best_brings_the_rule_back(desk: Desk) -> None:
    train(desk)
    train(desk)
    workbench = workbench_of(desk)
    choose(runs(desk), "run-001")
    desk.wait(lambda: workbench.project.in_use.run == "run-001")
    desk.settle()
    QTest.keyClick(runs(desk), Qt.Key.Key_Home)
    desk.wait(lambda: workbench.project.in_use.run == "run-002")
    desk.settle()
    assert runs(desk).currentText() == "best: run-002"
    desk.close()


def test_a_run_that_learnt_nothing_says_so_and_what_to_do(desk: Desk, tmp_path: Path) -> None:
    train(desk)
    child(tmp_path, WORTHLESS)
    train(desk)
    assert "Nothing was learnt in 1 epoch: its Dice is 0." in line(desk, "training_state")
    state = desk.window.findChild(QLabel, "training_state")
    assert state is not None and state.property("role") == "bad"
    assert "nothing was learnt" in line(desk, "training_facts")
    assert line(desk, "training_dice") == ""
    assert "All done" not in line(desk, "training_facts")
    assert workbench_of(desk).predicted_by("case-001") == "run-001"
    texts = [runs(desk).itemText(at) for at in range(runs(desk).count())]
    assert texts == ["best: run-001", "run-002 (learnt nothing)", "run-001"]
    desk.close()


def test_an_earlier_run_that_is_better_predicts_what_was_to_be_predicted(
    desk: Desk, tmp_path: Path
) -> None:
    train(desk)
    workbench = workbench_of(desk)
    box = panel(desk).findChild(QComboBox, "plan_predict")
    assert box is not None
    choose(box, "all")
    child(tmp_path, dice=0.2, rival=0.7)
    train(desk)
    desk.wait(lambda: workbench.predicted_by("case-002") is not None)
    wait_for_end(desk)
    assert [case.predictions for case in workbench.project.cases] == [("run-001",), ("run-001",)]
    assert len(workbench.project.runs) == 2
    desk.close()


def test_the_layers_say_whose_prediction_is_shown_where_it_is_not_of_the_run_in_use(
    desk: Desk, tmp_path: Path
) -> None:
    train(desk)
    box = panel(desk).findChild(QComboBox, "plan_predict")
    assert box is not None
    choose(box, "none")
    child(tmp_path, dice=0.9, rival=0.7)
    train(desk)
    assert workbench_of(desk).project.in_use.run == "run-002"
    assert workbench_of(desk).predicted_by("case-001") == "run-001"
    said = line(desk, "run_in_use_why")
    assert "Shown is run-001: run-002, which is in use, has not predicted this case yet." in said
    assert "Press Predict this case (menu Train)." in said
    desk.press(desk.window, "predict_this_case")
    wait_for_end(desk)
    desk.wait(lambda: workbench_of(desk).predicted_by("case-001") == "run-002")
    assert "Shown is" not in line(desk, "run_in_use_why")
    desk.close()


def test_where_the_run_in_use_has_not_predicted_the_next_step_is_not_to_train(desk: Desk) -> None:
    offer = desk.window.findChild(QPushButton, "predict_this_case")
    assert offer is not None and not offer.isVisible()
    box = panel(desk).findChild(QComboBox, "plan_predict")
    assert box is not None
    choose(box, "none")
    train(desk)
    shown = [found.text() for found in desk.window.findChildren(QLabel) if found.isVisible()]
    assert "run-001 has not predicted this case yet." in shown
    assert not any("press Train" in text for text in shown)
    desk.press(desk.window, "predict_this_case")
    wait_for_end(desk)
    desk.wait(lambda: workbench_of(desk).predicted_by("case-001") == "run-001")
    desk.settle()
    assert not offer.isVisible()
    desk.close()


def test_the_layers_name_a_segment_as_soon_as_the_run_in_use_does_not_know_it(desk: Desk) -> None:
    train(desk)
    assert "never learnt" not in line(desk, "run_in_use_why")
    workbench_of(desk).add_segment("Tumour")
    desk.settle()
    assert line(desk, "run_in_use_why").endswith(" run-001 never learnt Tumour.")
    desk.close()


@pytest.mark.parametrize(("budget", "field", "value"), [("minutes", "plan_minutes", 1.0)])
def test_a_chosen_fine_tune_keeps_the_budget_that_was_set(
    desk: Desk, budget: str, field: str, value: float
) -> None:
    train(desk)
    form = panel(desk).form
    choose(form.budget, budget)
    number = form.findChild(QWidget, field)
    assert number is not None
    QTest.keyClick(number, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(number, f"{value:g}")
    QTest.keyClick(number, Qt.Key.Key_Return)
    assert form.plan().max_minutes == value
    choose(form.start_from, "run-001")
    plan = form.plan()
    assert (plan.start_from, plan.max_minutes, plan.epochs) == ("run-001", value, None)
    assert number.isVisible()
    desk.close()


def test_another_run_is_read_for_every_case_in_memory_and_never_by_the_window_itself(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = panel(desk).form
    form.predict.setCurrentIndex(form.predict.findData("all"))
    train(desk)
    train(desk)
    workbench, session = workbench_of(desk), desk.window.session
    session.case_reader.when_read("case-002", lambda: None)
    desk.wait(lambda: session.has_mask("case-002"))
    read, by_the_window = RunFiles.read_prediction, []

    def watched(files: RunFiles, run: str, case: Case, *, weights_sha256: str) -> Prediction:
        if threading.current_thread() is threading.main_thread():
            by_the_window.append((run, case.id))
        return read(files, run, case, weights_sha256=weights_sha256)

    monkeypatch.setattr(RunFiles, "read_prediction", watched)
    choose(runs(desk), "run-001")
    desk.wait(lambda: workbench.project.in_use.run == "run-001")
    desk.wait(lambda: not desk.window.runner.is_busy("read"))
    assert session.view is not None
    session.view.crosshair.show_case("case-002")
    desk.settle()
    shown = workbench.prediction("case-002")
    assert shown is not None and shown.run == "run-001"
    assert by_the_window == []
    desk.close()


def test_what_is_wrong_with_a_run_that_is_not_wanted_any_more_is_no_news(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(desk)
    train(desk)
    chosen_anew = threading.Event()

    def broken(_workbench: Workbench, _case: str, id: str) -> None:
        assert chosen_anew.wait(30)
        if id == "run-001":
            raise ProjectError("The prediction of run-001 is damaged.")

    monkeypatch.setattr(run_choice, "_read", broken)
    choice, failures = desk.window.findChild(run_choice.RunChoice), list[object]()
    assert choice is not None
    choice.failed.connect(failures.append)
    for id in ("run-001", "run-002"):
        choice.use(id)
    chosen_anew.set()
    desk.wait(lambda: workbench_of(desk).project.in_use.by_hand == "run-002")
    assert failures == [] and not desk.has_dialog("error_dialog")
    desk.close()


def test_that_no_run_has_learnt_is_said_once(desk: Desk) -> None:
    """The box says it; a line below it would push the buttons of the slice off a small screen."""
    workbench = workbench_of(desk)
    workbench.follow_run(Run("run-001", plan_for(), started=0.0), keep=False)
    desk.settle()
    box, why = (desk.window.findChild(kind, id) for kind, id in IN_USE)
    assert isinstance(box, QComboBox) and isinstance(why, QLabel)
    assert box.currentText() == "best: none yet"
    assert not why.isVisible()
    desk.close()
