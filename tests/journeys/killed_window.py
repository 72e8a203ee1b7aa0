"""A real window in a process of its own that paints and then waits to be killed.

Run as `python -m tests.journeys.killed_window PROJECT SETTINGS STROKES`; prints "painted" when the
last stroke is released.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from segdesk.ui.application import run_window
from segdesk.ui.window.main_window import MainWindow
from tests.ui.canvas.mouse import drag


def paint_when_ready(strokes: int) -> None:
    windows = [row for row in QApplication.topLevelWidgets() if isinstance(row, MainWindow)]
    canvas = windows[0].canvas if windows else None
    if canvas is None or windows[0].session.case_id is None or windows[0].session.is_reading:
        QTimer.singleShot(20, lambda: paint_when_ready(strokes))
        return
    QTest.keyClick(canvas, Qt.Key.Key_B)
    for number in range(strokes):
        # A row of dabs, each one voxel longer, so that every stroke changes something.
        drag(canvas, (3 + number % 18, 4), (3 + number % 18, 6 + number))
    sys.stdout.write("painted\n")
    sys.stdout.flush()


if __name__ == "__main__":
    application = QApplication(["segdesk"])
    QTimer.singleShot(0, lambda: paint_when_ready(int(sys.argv[3])))
    sys.exit(run_window(Path(sys.argv[1]), settings_folder=Path(sys.argv[2])))
