"""A real window in a process of its own that trains and then waits to be killed.

Run as `python -m tests.journeys.training_window PROJECT SETTINGS CHILD`; CHILD is a script that
speaks the trainer's protocol. Prints the child's process number when it has said its first epoch.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from segdesk.core.run import plan_for
from segdesk.ui.application import begin, open_window
from segdesk.ui.window.main_window import MainWindow


def train_when_ready(window: MainWindow) -> None:
    if window.session.workbench is None or window.session.is_reading:
        QTimer.singleShot(20, lambda: train_when_ready(window))
        return
    window.training.train(plan_for(), ())
    tell_when_training(window)


def tell_when_training(window: MainWindow) -> None:
    workbench, session = window.session.workbench, window.training.session
    if workbench is None or session is None or not workbench.project.runs[-1].epochs:
        QTimer.singleShot(20, lambda: tell_when_training(window))
        return
    sys.stdout.write(f"{session.client.pid()}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    application = QApplication(["segdesk"])
    opened = open_window(
        application,
        settings_folder=Path(sys.argv[2]),
        trainer_command=[sys.executable, sys.argv[3]],
    )
    opened.window.show()
    begin(opened.window, Path(sys.argv[1]), [])
    train_when_ready(opened.window)
    sys.exit(application.exec())
