"""From the start of the process to the first slice of a project on screen, warm.

Each run is a fresh `segdesk PROJECT` through the real entry; a hook in the child notes the end of
the first paint that shows voxels and ends the process. The modules are compiled, as those of an
installed program are, whatever the environment says.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from segdesk.core.grid import Grid
from tests.benchmarks.canvas import noise_scan
from tests.benchmarks.rows import Row
from tests.ui.canvas.bench_project import add_case, new_project

RUNS = 7
#: Run by the child: the entry as it is, with the first paint of voxels watched.
CHILD = """
import sys, time
from segdesk.cli import entries
def watched(project, sources=()):
    from segdesk.ui import application
    from segdesk.ui.canvas import slice_view
    paint = slice_view.SliceView.paintEvent
    def first(view, event):
        paint(view, event)
        if view.view.crosshair.case_id is not None:
            sys.stdout.write(repr(time.time()))
            sys.stdout.flush()
            import os
            os._exit(0)
    slice_view.SliceView.paintEvent = first
    return application.run_window(project, sources)
entries.open_window = watched
from segdesk.cli.main import run
sys.argv[0] = "segdesk"
run()
"""


def rows() -> list[Row]:
    """All rows of this file."""
    return [first_slice()]


def first_slice() -> Row:
    """Seconds from the start of the process to the first slice of 512 x 512."""
    with tempfile.TemporaryDirectory() as folder:
        workbench = new_project(Path(folder))
        grid = Grid((60, 512, 512), (2.5, 0.7, 0.7))
        add_case(workbench, grid, noise_scan(grid.shape))
        path = workbench.folder.path
        workbench.close()
        environment = {
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "SEGDESK_SETTINGS": str(Path(folder) / "settings"),
            "PYTHONPYCACHEPREFIX": str(Path(folder) / "compiled"),
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        timed = [_run(path, environment) for _ in range(RUNS + 1)][1:]
    figures = statistics.median(timed), max(timed), max(timed)
    return Row("first_slice", "s", *(round(figure, 3) for figure in figures))


def _run(project: Path, environment: dict[str, str]) -> float:
    started = time.time()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(project)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return float(done.stdout.strip().splitlines()[-1]) - started
