"""How the window feels while a network learns, and how fast a training ends.

The real window, the real trainer process, offscreen. Lateness is that of a precise timer of 10 ms
on the window's thread, from the press of Train until the prediction is on screen; beside it the
same timer with nothing going on, because on a busy machine a timer is late by itself.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton

from segdesk.app.labelling.reviewing import say_right
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.core.run import Plan, plan_for
from segdesk.demo.hand import draw, wait_until
from segdesk.jobs import messages
from segdesk.ui.application import open_window
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.widgets.number_field import NumberField
from segdesk.ui.window.main_window import MainWindow
from tests.benchmarks.rows import Row, row_of
from tests.projects import add_case, begin_brush

SIZE = (1600, 1000)
#: A scan as hospitals send them, so that reading a prediction back weighs what it does there.
SHAPE = (30, 512, 512)
TAUGHT = (4, 8, 12, 16, 20, 24)
TICK_S = 0.010
RUNS = 3
IDLE_S = 10.0
PATIENCE_S = 300.0


class Ticks(QObject):
    """A timer of 10 ms on the window's thread that notes how late each tick is."""

    def __init__(self) -> None:
        super().__init__()
        self.late_s: list[float] = []
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(round(1000 * TICK_S))
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Begin to count."""
        self._last = time.perf_counter()
        self._timer.start()

    def stop(self) -> None:
        """Count no more."""
        self._timer.stop()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.late_s.append(max(0.0, now - self._last - TICK_S))
        self._last = now


def rows() -> list[Row]:
    """All rows of this file."""
    return [*gui_lateness(), *stop_training()]


def gui_lateness() -> list[Row]:
    """Lateness idle and while training: for each figure the median of three runs."""
    idle = [_lateness(_idle) for _ in range(RUNS)]
    busy = [_lateness(_train_and_paint) for _ in range(RUNS)]
    return [
        _median_of("gui_lateness_idle", idle),
        _median_of("gui_lateness_training", busy),
    ]


def stop_training() -> list[Row]:
    """From the press of Stop until the child is gone: before the first checkpoint, and after."""
    return [
        _median_of("stop_before_checkpoint", [_stopped_after(messages.Hello) for _ in range(RUNS)]),
        _median_of("stop_training", [_stopped_after(messages.Checkpoint) for _ in range(RUNS)]),
    ]


def _median_of(name: str, rows: list[Row]) -> Row:
    return Row(
        name,
        rows[0].unit,
        median(row.median for row in rows),
        median(row.p99 for row in rows),
        median(row.worst for row in rows),
    )


def _lateness(deed: Callable[[MainWindow], None]) -> Row:
    with _window() as window:
        # A reader looks for a while before Train is pressed; what loads in the background is done.
        QTest.qWait(3000)
        ticks = Ticks()
        ticks.start()
        deed(window)
        ticks.stop()
        return row_of("lateness", ticks.late_s)


def _idle(window: MainWindow) -> None:
    QTest.qWait(round(1000 * IDLE_S))


def _train_and_paint(window: MainWindow) -> None:
    """Two epochs by the real button, strokes meanwhile, the prediction on screen at the end."""
    _choose(window, "plan_budget", "epochs")
    epochs = window.findChild(NumberField, "plan_epochs")
    button = window.findChild(QPushButton, "train_button")
    canvas, workbench = window.canvas, window.session.workbench
    if epochs is None or button is None or canvas is None or workbench is None:
        raise RuntimeError("the window has no form to train with")
    epochs.set_value(2)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    wait_until("an epoch", lambda: bool(workbench.project.runs[-1].epochs), seconds=PATIENCE_S)
    _paint(canvas)
    wait_until("the end", lambda: not window.training.is_running, seconds=PATIENCE_S)
    QTest.qWait(1000)
    if workbench.predicted_by("case-001") is None:
        raise RuntimeError(f"nothing was predicted: {workbench.project.runs[-1].reason}")


def _paint(canvas: SliceView) -> None:
    QTest.keyClick(canvas, Qt.Key.Key_B)
    for turn in range(4):
        draw(canvas, np.array([(100.0 + 9 * turn, float(at)) for at in range(100, 300, 20)]))


def _stopped_after(kind: type) -> Row:
    """Stop at the first message of a kind; how long until the child is gone, in ms."""
    with _window() as window:
        moments: dict[str, float] = {}

        def heard(message: object) -> None:
            if isinstance(message, kind) and "stop" not in moments:
                moments["stop"] = time.perf_counter()
                window.training.stop()

        def ended(*_: object) -> None:
            moments.setdefault("end", time.perf_counter())

        window.training.message.connect(heard)
        window.training.finished.connect(ended)
        window.training.train(_endless(), ())
        wait_until("the end", lambda: "end" in moments, seconds=PATIENCE_S)
        return row_of("stop", [moments["end"] - moments["stop"]])


def _endless() -> Plan:
    """The default network at its defaults, without a limit."""
    return plan_for()


def _choose(window: MainWindow, id: str, data: str) -> None:
    """Choose a row of a combo box by the arrow keys."""
    box = window.findChild(QComboBox, id)
    if box is None:
        raise RuntimeError(f"there is no '{id}'")
    QTest.keyClick(box, Qt.Key.Key_Home)
    while box.currentData() != data and box.currentIndex() < box.count() - 1:
        QTest.keyClick(box, Qt.Key.Key_Down)


@contextmanager
def _window() -> Iterator[MainWindow]:
    """The window with a scan of which some slices teach."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication(["segdesk"])
    with tempfile.TemporaryDirectory() as folder:
        project = _project(Path(folder))
        opened = open_window(application, settings_folder=Path(folder) / "settings")
        window = opened.window
        window.resize(*SIZE)
        window.show()
        window.activateWindow()
        window.open_project(project)
        session = window.session
        wait_until("the mask", lambda: session.case_id is not None and not session.is_reading)
        try:
            yield window
        finally:
            window.close()
            wait_until("the window's end", lambda: not window.isVisible(), seconds=PATIENCE_S)
            opened.faults.uninstall()
            window.deleteLater()
            QApplication.sendPostedEvents(window, QEvent.Type.DeferredDelete)


def _project(folder: Path) -> Path:
    workbench = Workbench.create(folder / "bench.segdesk", reader="bench")
    case = add_case(workbench, scan=_scan())
    workbench.add_segment("Disc")
    for index in TAUGHT:
        begin_brush(
            workbench,
            case.id,
            index,
            (SHAPE[1] / 2, SHAPE[2] / 2),
            value=1,
            radius_mm=SHAPE[2] / 4,
        ).release()
        say_right(workbench, case.id, index)
    saving.save(workbench)
    path = workbench.folder.path
    workbench.close()
    return path


def _scan() -> npt.NDArray[np.int16]:
    """A bright disc in noise."""
    row, column = np.mgrid[: SHAPE[1], : SHAPE[2]]
    # The brush is round in mm, and a row is as high as two columns are wide.
    inside = np.hypot(2 * (row - SHAPE[1] / 2), column - SHAPE[2] / 2) < SHAPE[2] / 4
    noise = np.random.default_rng(1).normal(-900, 30, SHAPE)
    return (noise + 950 * inside).astype(np.int16)
