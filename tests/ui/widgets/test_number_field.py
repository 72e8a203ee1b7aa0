"""Numbers that are typed in the window: taken as meant, or marked, whatever the locale."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from segdesk.core.status import SliceStatus
from segdesk.ui.look.theme import GRID
from segdesk.ui.panels.training import TrainingPanel
from segdesk.ui.widgets.number_field import NumberField
from tests.ui.canvas.mouse import drag
from tests.ui.panels.test_fields import wheel
from tests.windows import Desk

CTRL = Qt.KeyboardModifier.ControlModifier
Type = Callable[[str, str], NumberField]


@pytest.fixture(params=["de_DE", "ko_KR", "en_US"])
def locale(request: pytest.FixtureRequest) -> Iterator[str]:
    """The system's locale."""
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield request.param
    QLocale.setDefault(before)


@pytest.fixture
def panel(desk: Desk, project: Path) -> TrainingPanel:
    """The training panel of a project in which a slice teaches."""
    desk.open(project)
    desk.key(Qt.Key.Key_B)
    drag(desk.canvas, (12, 12), (12, 20))
    desk.key(Qt.Key.Key_Return)
    found = desk.window.training_panel
    assert found is not None and found.why_not_train() == ""
    return found


@pytest.fixture
def type_in(desk: Desk, panel: TrainingPanel, qtbot: QtBot) -> Type:
    def type_in(id: str, text: str) -> NumberField:
        """Replace a field's text with real keys."""
        budget = {"plan_epochs": 1, "plan_minutes": 2}.get(id)
        if budget is not None:
            choice = panel.findChild(QComboBox, "plan_budget")
            assert choice is not None
            choice.setFocus()
            choice.setCurrentIndex(budget)
            choice.activated.emit(budget)
        field = desk.window.findChild(NumberField, id)
        assert field is not None
        field.setFocus()
        qtbot.keyClick(field, Qt.Key.Key_A, CTRL)
        qtbot.keyClick(field, Qt.Key.Key_Delete)
        qtbot.keyClicks(field, text)
        return field

    return type_in


@pytest.mark.parametrize(
    ("id", "text", "value"),
    [
        ("plan_rate", "0.001", 0.001),
        ("plan_rate", "0,001", 0.001),
        ("plan_rate", "1e-3", 0.001),
        ("plan_rate", "5E-4", 0.0005),
        ("plan_minutes", "2.5", 2.5),
        ("plan_minutes", "2,5", 2.5),
        ("plan_minutes", "1,0240", 1.024),
        ("plan_augmentation", "0,25", 0.25),
        ("plan_augmentation", ".25", 0.25),
        ("plan_epochs", "1024", 1024),
        ("plan_batch", "16", 16),
        ("plan_filters", "8", 8),
    ],
)
def test_the_plan_has_what_was_meant(
    locale: str, panel: TrainingPanel, type_in: Type, id: str, text: str, value: float
) -> None:
    field = type_in(id, text)
    assert field.problem == "" and panel.why_not_train() == ""
    plan = panel.form.plan()
    of = {"plan_minutes": plan.max_minutes}
    assert of.get(id, getattr(plan, id.removeprefix("plan_"), None)) == value


@pytest.mark.parametrize(
    ("id", "text", "said"),
    [
        ("plan_epochs", "1,024", "Epochs: '1,024' is no whole number."),
        ("plan_epochs", "1.024", "Epochs: '1.024' is no whole number."),
        ("plan_epochs", "16.0", "Epochs: '16.0' is no whole number."),
        ("plan_epochs", "1 024", "Epochs: '1 024' is no whole number."),
        ("plan_batch", "1e2", "Batch: '1e2' is no whole number."),
        ("plan_batch", "", "Batch: A whole number is missing."),
        ("plan_batch", "300", "Batch: 300 does not lie between 1 and 256."),
        ("plan_minutes", "1,024", "Minutes: '1,024' can be read in two ways."),
        ("plan_minutes", "1.024", "Minutes: '1.024' can be read in two ways."),
        ("plan_rate", "0.0.1", "Learning rate: '0.0.1' is no number."),
        ("plan_rate", "1.000,5", "Learning rate: '1.000,5' is no number."),
        ("plan_rate", "2", "Learning rate: 2 does not lie between 1e-6 and 1."),
        ("plan_rate", "fast", "Learning rate: 'fast' is no number."),
    ],
)
def test_what_cannot_be_taken_is_marked_and_train_says_why(
    locale: str, desk: Desk, panel: TrainingPanel, type_in: Type, id: str, text: str, said: str
) -> None:
    field = type_in(id, text)
    assert field.property("problem") is True
    assert panel.why_not_train().startswith(said)
    train = panel.findChild(QPushButton, "train_button")
    assert train is not None and not train.isEnabled()
    assert train.toolTip().startswith(said)
    action = desk.window.table["train"]
    assert not action.isEnabled() and action.toolTip().startswith(said)
    desk.shortcut(Qt.Key.Key_T, CTRL)
    assert not desk.window.training.is_running
    # Also for a reader of the screen, and after the field has been left.
    described = QAccessible.queryAccessibleInterface(field).text(QAccessible.Text.Description)
    assert described and said.endswith(described[: len(said.partition(": ")[2])])
    desk.canvas.setFocus()
    desk.settle()
    assert field.problem and field.text() == text
    assert panel.why_not_train().startswith(said)


def test_a_field_that_the_plan_does_not_use_keeps_nobody_from_training(
    panel: TrainingPanel, type_in: Type
) -> None:
    type_in("plan_epochs", "1,024")
    assert panel.why_not_train()
    choice = panel.findChild(QComboBox, "plan_budget")
    assert choice is not None
    choice.setCurrentIndex(0)
    choice.activated.emit(0)
    assert panel.why_not_train() == ""


def test_what_is_held_is_shown_in_one_way(type_in: Type, qtbot: QtBot) -> None:
    for typed, shown in (("0,0010", "0.001"), ("1e-5", "1e-5"), ("1.0", "1"), ("00,5", "0.5")):
        field = type_in("plan_rate", typed)
        qtbot.keyClick(field, Qt.Key.Key_Return)
        assert field.text() == shown


def test_esc_brings_back_what_was_there_and_up_and_down_step(
    desk: Desk, type_in: Type, qtbot: QtBot
) -> None:
    field = type_in("plan_batch", "12")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert (field.count, field.text()) == (3, "3")
    type_in("plan_batch", "1,2")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert (field.count, field.text(), field.problem) == (3, "3", "")
    qtbot.keyClick(field, Qt.Key.Key_Up)
    qtbot.keyClick(field, Qt.Key.Key_Up)
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert (field.count, field.text()) == (4, "4")
    rate = type_in("plan_rate", "0.001")
    qtbot.keyClick(rate, Qt.Key.Key_Up)
    assert (rate.value, rate.text()) == (0.002, "0.002")


def test_a_page_in_a_learning_rate_is_no_leap_to_its_limit(type_in: Type, qtbot: QtBot) -> None:
    rate = type_in("plan_rate", "0.001")
    qtbot.keyClick(rate, Qt.Key.Key_PageUp)
    assert (rate.value, rate.text()) == (0.01, "0.01")
    qtbot.keyClick(rate, Qt.Key.Key_PageDown)
    assert rate.value == 0.001


def test_neither_return_nor_the_wheel_in_a_field_reaches_a_slice(
    desk: Desk, panel: TrainingPanel, type_in: Type, qtbot: QtBot
) -> None:
    view, workbench = desk.window.session.view, desk.window.session.workbench
    assert view is not None and workbench is not None
    view.crosshair.show_slice(4)
    field = type_in("plan_batch", "16")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.keyClick(field, Qt.Key.Key_Enter)
    assert workbench.statuses("case-001")[4] is SliceStatus.UNLABELLED
    assert field.hasFocus()
    wheel(field)
    assert field.count == 17
    desk.canvas.setFocus()
    wheel(field)
    assert (field.count, view.crosshair.slice) == (17, 4)


def test_the_brush_is_typed_in_every_locale(
    locale: str, desk: Desk, type_in: Type, qtbot: QtBot
) -> None:
    view = desk.window.session.view
    assert view is not None
    desk.window.table["brush"].trigger()
    desk.settle()
    for typed, diameter in (("2,5", 2.5), ("2.5", 2.5), ("12", 12.0)):
        field = type_in("brush_mm", typed)
        qtbot.keyClick(field, Qt.Key.Key_Return)
        assert view.hand.brush_mm == diameter
        assert field.text() == f"{diameter:g} mm"
    field = type_in("brush_mm", "1.024 mm")
    assert "two ways" in field.problem and view.hand.brush_mm == 12.0
    # What is being typed stays although something else has changed.
    view.workbench.add_segment("Other")
    desk.settle()
    assert field.text() == "1.024 mm"


def test_a_number_stands_as_a_choice_beside_it_does(desk: Desk, panel: TrainingPanel) -> None:
    """As far from the edge, and in a field as high."""
    desk.open_curves()
    desk.press(desk.window, "more_settings")
    choice = panel.findChild(QComboBox, "plan_size")
    field = panel.findChild(NumberField, "plan_filters")
    assert choice is not None and field is not None
    assert abs(field.height() - choice.height()) <= 1
    edit = field.findChild(QLineEdit)
    assert edit is not None and edit.textMargins().left() >= GRID
