"""Journey: from the start of the process to the first slice, with nothing that is not needed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

#: Loaded before they are needed, any of these would cost the start.
HEAVY = (
    *("keras", "tensorflow", "SimpleITK", "skimage", "scipy", "pydicom", "pyqtgraph", "tifffile"),
    *("nibabel", "nrrd", "PIL", "gdcm"),
    # Of commands, which a window has no use for.
    *("typer", "rich", "pydantic", "segdesk.cli.commands", "segdesk.store.repairing"),
)
CHILD = """
import gc
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from segdesk.cli.main import main
from segdesk.ui.window.main_window import MainWindow

def look():
    window = next(row for row in QApplication.topLevelWidgets() if isinstance(row, MainWindow))
    if window.canvas is None or window.session.is_reading:
        QTimer.singleShot(10, look)
        return
    window.canvas.grab()
    print(*(name for name in sys.argv[2].split() if name in sys.modules))
    print(gc.get_freeze_count() > len(gc.get_objects()))
    window.close()

application = QApplication(["segdesk"])
QTimer.singleShot(0, look)
sys.exit(main([sys.argv[1]]))
"""


def test_the_first_slice_is_there_before_any_heavy_library_and_the_program_is_not_looked_through(
    project: Path, tmp_path: Path
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", CHILD, str(project), " ".join(HEAVY)],
        env={
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "SEGDESK_LOGS": str(tmp_path / "logs"),
            "SEGDESK_SETTINGS": str(tmp_path / "settings"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0
    heavy, is_kept_out = ended.stdout.splitlines()
    assert heavy == ""
    # A collection that looks through the whole program holds the window for tens of milliseconds.
    assert is_kept_out == "True"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="others have a display")
def test_without_a_display_there_is_one_sentence(tmp_path: Path) -> None:
    bare = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    code = "from segdesk.ui.application import run_window; run_window()"
    ended = subprocess.run(
        [sys.executable, "-c", code], env=bare, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert "There is no display to show a window on." in ended.stderr
