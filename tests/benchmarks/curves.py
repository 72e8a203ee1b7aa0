"""What a message of an epoch costs the window, at epoch 100 and at epoch 10,000.

The real window with its docks; messages go the way that the trainer's go: into the record of the
run, to the training panel and its curves. A message counts until all four plots are painted.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QComboBox

from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import running
from segdesk.app.runs.running import TrainerJob
from segdesk.core.run import Epoch, Run, plan_for
from segdesk.jobs.messages import EpochDone
from segdesk.ui.application import open_window
from segdesk.ui.charts.curves import Curves
from segdesk.ui.window.main_window import MainWindow
from tests.benchmarks.rows import Row, row_of
from tests.projects import make_project

SIZE = (1600, 1000)
MEASURED = 60
#: Milliseconds between two epochs, and between two ticks, while the timer is looked at.
EPOCH_MS, TICK_MS = 30, 10
PATIENCE_S = 30.0


def rows() -> list[Row]:
    """All rows of this file."""
    with _window() as window:
        feed = Feed(window)
        feed.run_to(100)
        early = [feed.timed() for _ in range(MEASURED)]
        feed.run_to(10_000)
        late = [feed.timed() for _ in range(MEASURED)]
        lateness = feed.lateness(seconds=6.0)
    return [
        row_of("epoch_100", early),
        row_of("epoch_10000", late),
        row_of("gui_lateness_epoch_10000", lateness),
    ]


class Feed:
    """Sends epochs into a window as its trainer would."""

    def __init__(self, window: MainWindow) -> None:
        workbench = window.session.workbench
        panel = window.training_panel
        assert workbench is not None and panel is not None
        self._workbench: Workbench = workbench
        self._controller = window.training
        self._number = 0
        run = Run("run-001", plan_for(epochs=20_000), started=time.time())
        workbench.follow_run(run, keep=False)
        self._job = TrainerJob("run-001", workbench.folder, ())
        settle(lambda: panel.findChild(QComboBox, "training_run").count() == 1)
        if not panel.is_open:
            panel.turn()
        chooser = panel.findChild(QComboBox, "training_run")
        chooser.setCurrentIndex(0)
        chooser.activated.emit(0)
        curves = panel.findChild(Curves)
        assert curves is not None
        self._curves = curves
        settle(lambda: curves.is_drawn)

    def send(self) -> None:
        """One epoch."""
        self._number += 1
        number = self._number
        loss = 0.05 + 1 / math.sqrt(number) + 0.01 * math.sin(1.7 * number)
        rate = 0.001 * (1 - number / 30_000)
        epoch = Epoch(
            number, 2.0 * number, loss, 1 - loss / 4, rate, 1 - loss, loss * 1.1, 0.9, 0.8
        )
        message = EpochDone(epoch)
        running.take(self._workbench, self._job, message)
        self._controller.message.emit(message)

    def run_to(self, number: int) -> None:
        while self._number < number:
            self.send()
        settle(lambda: self._curves.is_drawn)

    def timed(self) -> float:
        """Seconds of processor time of one epoch."""
        started = time.process_time()
        self.send()
        settle(lambda: self._curves.is_drawn)
        return time.process_time() - started

    def lateness(self, *, seconds: float) -> list[float]:
        """How late a timer's ticks come, in seconds, while epochs come."""
        late: list[float] = []
        before = time.perf_counter()

        def tick() -> None:
            nonlocal before
            now = time.perf_counter()
            late.append(max(0.0, now - before - TICK_MS / 1000))
            before = now

        timers = [QTimer(), QTimer()]
        for timer, slot, every in zip(timers, (tick, self.send), (TICK_MS, EPOCH_MS), strict=True):
            timer.timeout.connect(slot)
            timer.start(every)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            QApplication.processEvents()
            time.sleep(0.0005)
        for timer in timers:
            timer.stop()
        return late


def settle(condition: object) -> None:
    """Let the window work until it is so, without spending processor time on waiting."""
    assert callable(condition)
    end = time.monotonic() + PATIENCE_S
    QApplication.processEvents()
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the window did not come to rest")
        time.sleep(0.002)
        QApplication.processEvents()
    QApplication.processEvents()


@contextmanager
def _window() -> Iterator[MainWindow]:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    with tempfile.TemporaryDirectory() as folder:
        workbench = make_project(Path(folder))
        saving.save(workbench)
        path = workbench.folder.path
        workbench.close()
        opened = open_window(application, settings_folder=Path(folder) / "settings")
        window = opened.window
        window.resize(*SIZE)
        window.show()
        window.open_project(path)
        settle(lambda: window.session.case_id is not None and not window.session.is_reading)
        try:
            yield window
        finally:
            gone: list[bool] = []
            window.gone.connect(lambda: gone.append(True))
            window.close()
            settle(lambda: gone)
            opened.faults.uninstall()
