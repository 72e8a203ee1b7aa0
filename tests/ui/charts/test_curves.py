"""The curves of a long run: a message costs the same work however many came before it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyqtgraph
import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QColor, QImage, QTextDocument
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from segdesk.core.run import Epoch, Run, plan_for
from segdesk.ui.charts.curve_points import MOST_BUCKETS, Outside, Series
from segdesk.ui.charts.curves import Curves
from segdesk.ui.charts.plot import Plot
from segdesk.ui.look.theme import DARK

RUN = Run("run-001", plan_for(), started=0.0)


class Counted(tuple):
    """Epochs that count how many of them are read."""

    read = 0

    def __getitem__(self, at):
        found = super().__getitem__(at)
        Counted.read += len(found) if isinstance(at, slice) else 1
        return found

    def __iter__(self):
        for epoch in super().__iter__():
            Counted.read += 1
            yield epoch


def epoch(number: int, loss: float = 0.5, **figures: Any) -> Epoch:
    return Epoch(number, 2.0 * number, loss, 0.9, 0.001, **figures)


EPOCHS = [epoch(n, 0.5 + 0.1 / n, val_loss=0.6) for n in range(1, 10_002)]


def after(count: int, losses: dict[int, float] | None = None) -> Run:
    """The run after so many epochs; like a real one it grows by new objects behind the old."""
    losses = losses or {}
    epochs = [EPOCHS[n] for n in range(count)]
    for number, loss in losses.items():
        epochs[number - 1] = epoch(number, loss, val_loss=0.6)
    return replace(RUN, epochs=Counted(epochs))


@pytest.fixture
def curves(qtbot: QtBot) -> Iterator[Curves]:
    made = Curves(DARK)
    qtbot.addWidget(made)
    made.resize(1200, 260)
    made.show()
    qtbot.waitUntil(lambda: made.is_drawn, timeout=20_000)
    yield made


def draw(curves: Curves, qtbot: QtBot, run: Run) -> None:
    curves.show_run(run)
    qtbot.waitUntil(lambda: curves.is_drawn, timeout=20_000)


def test_a_message_reads_one_epoch_and_draws_no_more_than_the_screen_shows(
    curves: Curves, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[int] = []
    show = Plot.show_curves

    def counting(self: Plot, *series: Series, last: float) -> Outside | None:
        handed.append(sum(len(one.points()[0]) for one in series))
        return show(self, *series, last=last)

    monkeypatch.setattr(Plot, "show_curves", counting)
    work: dict[int, tuple[int, int]] = {}
    for count in (100, 10_000):
        draw(curves, qtbot, after(count))
        Counted.read, handed[:] = 0, []
        draw(curves, qtbot, after(count + 1))
        work[count] = Counted.read, max(handed)
        assert len(handed) == 4
    assert work[10_000][0] == work[100][0] <= 10
    assert work[10_000][1] <= 4 * MOST_BUCKETS


def test_axes_are_drawn_anew_only_where_they_change(
    curves: Curves, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[object] = []
    generate = pyqtgraph.AxisItem.generateDrawSpecs
    monkeypatch.setattr(
        pyqtgraph.AxisItem,
        "generateDrawSpecs",
        lambda self, painter: (drawn.append(self), generate(self, painter))[1],
    )
    draw(curves, qtbot, after(100))
    qtbot.waitUntil(lambda: bool(drawn))
    drawn.clear()
    for count in range(101, 111):
        draw(curves, qtbot, after(count))
        curves.grab()
    # Two axes of four plots, ten times, would be eighty.
    assert 0 < len(drawn) <= 30


def test_axes_are_kept_as_pictures_while_curves_between_them_change(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[object] = []
    paint = pyqtgraph.AxisItem.paint
    # Before the plots are made: Qt asks an item once for its methods.
    monkeypatch.setattr(
        pyqtgraph.AxisItem,
        "paint",
        lambda self, *rest: (painted.append(self), paint(self, *rest))[1],
    )
    made = Curves(DARK)
    qtbot.addWidget(made)
    made.resize(1200, 260)
    made.show()
    qtbot.waitUntil(lambda: made.is_drawn, timeout=20_000)
    draw(made, qtbot, after(100))
    qtbot.waitUntil(lambda: bool(painted))
    qtbot.wait(50)
    painted.clear()
    for count in range(101, 105):
        draw(made, qtbot, after(count))
        qtbot.wait(20)
    # 100 to 104 epochs have one x axis; without pictures each plot would paint its two each time.
    assert len(painted) <= 8


def test_no_curve_is_asked_where_it_goes_and_none_that_is_empty_is_painted(
    curves: Curves, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    bounds = pyqtgraph.PlotCurveItem.dataBounds
    monkeypatch.setattr(
        pyqtgraph.PlotCurveItem,
        "dataBounds",
        lambda self, *rest, **named: (asked.append(self), bounds(self, *rest, **named))[1],
    )
    for count in range(100, 104):
        draw(curves, qtbot, after(count))
        curves.grab()
    assert not asked
    # No plot has steps, Dice has no figure, and only the loss has one of the validation.
    shown = [item.isVisible() for plot in curves.findChildren(Plot) for item in plot.lines]
    none, one = [False, False, False], [False, True, False]
    assert shown == [False, True, True, *one, *none, *one]


def test_a_plot_whose_range_changes_is_painted_once(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[str] = []
    paint = pyqtgraph.GraphicsView.paintEvent
    # Before the plots are made: Qt asks a widget once for its methods.
    monkeypatch.setattr(
        pyqtgraph.GraphicsView,
        "paintEvent",
        lambda self, event: (painted.append(self.objectName()), paint(self, event))[1],
    )
    curves = Curves(DARK)
    qtbot.addWidget(curves)
    curves.resize(1200, 260)
    curves.show()
    qtbot.waitUntil(lambda: curves.is_drawn, timeout=20_000)
    draw(curves, qtbot, after(20))
    qtbot.wait(100)
    painted.clear()
    draw(curves, qtbot, after(60))
    qtbot.wait(100)
    names = ("chart_accuracy", "chart_dice", "chart_loss", "chart_rate")
    assert sorted(painted) == [f"{name}_plot" for name in names]


def test_a_plot_that_is_not_shown_is_not_drawn_until_there_is_room(
    curves: Curves, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    show = Plot.show_curves
    monkeypatch.setattr(
        Plot,
        "show_curves",
        lambda self, *series, **last: (
            drawn.append(self.objectName()),
            show(self, *series, **last),
        )[1],
    )
    curves.resize(700, 260)
    draw(curves, qtbot, after(5))
    assert set(drawn) == {"chart_loss", "chart_accuracy", "chart_dice"}
    curves.resize(1200, 260)
    qtbot.waitUntil(lambda: "chart_rate" in drawn and curves.is_drawn, timeout=20_000)
    assert "0.001" in title(curves, "chart_rate")


def test_new_figures_do_not_lay_out_the_window_again(curves: Curves, qtbot: QtBot) -> None:
    draw(curves, qtbot, after(20))
    plot = curves.findChild(Plot, "chart_loss")
    assert plot is not None
    asked: list[QEvent] = []

    class Listener(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.LayoutRequest:
                asked.append(event)
            return False

    listener = Listener()
    plot.installEventFilter(listener)
    draw(curves, qtbot, after(21, {21: 0.1234}))
    assert "0.123" in title(curves, "chart_loss")
    assert asked == []


def test_many_messages_between_two_rounds_are_drawn_once_and_every_plot_gets_its_turn(
    curves: Curves, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    show = Plot.show_curves

    def noting(self: Plot, *series: Series, last: float) -> Outside | None:
        drawn.append(self.objectName())
        return show(self, *series, last=last)

    monkeypatch.setattr(Plot, "show_curves", noting)
    count = 100
    while len(set(drawn)) < 4 and count < 2000:
        # One message each turn of the loop: before, the last plots never had their turn.
        count += 1
        curves.show_run(after(count))
        qtbot.wait(1)
    assert set(drawn) == {"chart_loss", "chart_accuracy", "chart_dice", "chart_rate"}
    assert len(drawn) < count - 100


def test_another_run_is_drawn_from_its_beginning(curves: Curves, qtbot: QtBot) -> None:
    draw(curves, qtbot, after(50, {50: 0.123}))
    assert "0.123" in title(curves, "chart_loss")
    other = replace(after(3, {3: 0.777}), id="run-002")
    draw(curves, qtbot, other)
    assert "0.777" in title(curves, "chart_loss")
    draw(curves, qtbot, after(50, {50: 0.123}))
    assert "0.123" in title(curves, "chart_loss")


def test_a_spike_is_marked_and_the_rest_keeps_its_height(curves: Curves, qtbot: QtBot) -> None:
    calm = after(40)
    draw(curves, qtbot, calm)
    before = rows_of_the_line(curves)
    assert "▲" not in plain(title(curves, "chart_loss"))
    draw(curves, qtbot, replace(after(40, {20: 1e6}), id="run-002"))
    assert "▲" in plain(title(curves, "chart_loss")) and "1e+06" in title(curves, "chart_loss")
    assert plain(title(curves, "chart_loss")).startswith("loss")
    after_spike = rows_of_the_line(curves)
    assert np.ptp(before) > 20
    # Flattened by the spike, the curve would take a row or two.
    assert np.ptp(after_spike) > 20


def test_a_constant_is_drawn_at_its_value_in_the_middle(curves: Curves, qtbot: QtBot) -> None:
    draw(curves, qtbot, after(30))
    plot = curves.findChild(Plot, "chart_rate")
    assert plot is not None
    rows = coloured_rows(plot, DARK.accent)
    # Title above and axis below: the plot's middle is near the widget's.
    assert np.ptp(rows) <= 4
    assert 0.3 < rows.mean() / plot.height() < 0.7


def test_titles_stay_while_values_come_and_go(curves: Curves, qtbot: QtBot) -> None:
    names = {"chart_loss": "loss", "chart_accuracy": "accuracy", "chart_dice": "Dice"}
    for run in (None, after(1), after(300, {7: math.inf}), None):
        draw(curves, qtbot, run) if run is not None else curves.show_run(None)
        qtbot.waitUntil(lambda: curves.is_drawn, timeout=20_000)
        for id, name in names.items():
            assert plain(title(curves, id)).startswith(name), (id, run and len(run.epochs))


def test_a_figure_in_a_title_is_never_cut(curves: Curves, qtbot: QtBot) -> None:
    # As narrow as the plots are beside the form of a 1366 pixel wide window.
    curves.resize(350, 150)
    draw(
        curves,
        qtbot,
        replace(RUN, epochs=tuple(replace(e, val_accuracy=0.7294) for e in EPOCHS[:9])),
    )
    label = curves.findChild(QLabel, "chart_accuracy_title")
    assert label is not None
    assert label.sizeHint().width() <= label.width()
    assert plain(label.text()) == "acc. 0.90 0.73"
    assert plain(label.toolTip()).split() == ["accuracy", "0.900", "0.729"]
    curves.resize(1200, 260)
    qtbot.waitUntil(lambda: curves.is_drawn and "0.729" in label.text(), timeout=20_000)
    assert label.toolTip() == ""


def title(curves: Curves, id: str) -> str:
    label = curves.findChild(QLabel, f"{id}_title")
    assert label is not None
    return label.text()


def plain(text: str) -> str:
    document = QTextDocument()
    document.setHtml(text)
    return document.toPlainText()


def rows_of_the_line(curves: Curves) -> np.ndarray:
    plot = curves.findChild(Plot, "chart_loss")
    assert plot is not None
    return coloured_rows(plot, DARK.accent)


def coloured_rows(plot: Plot, colour: str) -> np.ndarray:
    """Rows of the widget below its title where something is drawn in a colour."""
    image = plot.grab().toImage()
    wanted = QColor(colour)
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    stored = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    pixels = stored[:, : 3 * image.width()].reshape(image.height(), -1, 3).astype(int)
    far = np.abs(pixels - (wanted.red(), wanted.green(), wanted.blue())).max(axis=2)
    rows = [y for y in range(24, image.height()) if (far[y] < 90).any()]
    assert rows
    return np.array(rows)
