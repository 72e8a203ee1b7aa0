"""From the press of Train to the first proposal on screen, in the real window on a real scan.

Six slices of the scan are labelled. Once the trainer is ready when Train is pressed, once it is
not. Beside the seconds by the clock those of the processor that the trainer used until then: on
two cores that do nothing else they would be half as many by the clock. It needs the scans beside
the checkout, see `tests.conftest`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from segdesk.app.labelling.reviewing import say_right
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Provenance
from segdesk.core.cutting import redrawn
from segdesk.core.edit import Edit
from segdesk.core.prediction import Proposal, replacement
from segdesk.demo.desk import Desk
from segdesk.demo.hand import wait_until
from segdesk.jobs.standby import Standby
from segdesk.ui.application import open_window
from segdesk.ui.flows import trainer_ready
from segdesk.ui.window.main_window import MainWindow
from tests.benchmarks.few_slices import DATA, scan
from tests.benchmarks.rows import Row
from tests.projects import add_case

SIZE = (1600, 1000)
RUNS = 3
PATIENCE_S = 300.0
#: The slice on screen; nobody has labelled it.
LOOKED_AT = 66


def rows() -> list[Row]:
    """All rows of this file; none where the scan is not there."""
    if not DATA.is_dir():
        return []
    with tempfile.TemporaryDirectory() as folder:
        project = _project(Path(folder))
        made: list[Row] = []
        for name, is_ready in (("ready", True), ("cold", False)):
            runs = [_seconds(project, Path(folder), is_ready=is_ready) for _ in range(RUNS)]
            for what, place in (("s", 0), ("s", 1)):
                figures = [one[place] for one in runs]
                worst = max(figures)
                title = f"first_proposal_{name}" + ("_cpu" if place else "")
                made.append(Row(title, what, median(figures), worst, worst))
        return made


def _seconds(project: Path, folder: Path, *, is_ready: bool) -> tuple[float, float]:
    """By the clock, and of the trainer's processor, until the proposal is painted."""
    trainer_ready.AFTER_MS = 100 if is_ready else 10**8
    opened = open_window(_application(), settings_folder=folder / "settings", trainer_stays=True)
    window = opened.window
    desk = Desk(window, SIZE)
    window.open_project(project)
    session = window.session
    wait_until("the mask", lambda: session.case_id is not None and not session.is_reading)
    view, canvas, standby = session.view, window.canvas, window.training.standby
    button = window.findChild(QPushButton, "train_button")
    if view is None or canvas is None or standby is None or button is None:
        raise RuntimeError("the window has no scan, or no trainer")
    view.crosshair.show_slice(LOOKED_AT)
    if is_ready:
        wait_until("the trainer", lambda: _rests(standby), seconds=PATIENCE_S)
    before = _cpu(standby.pid)
    started = time.perf_counter()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    wait_until("a proposal", _is_painted(window), seconds=PATIENCE_S)
    passed = time.perf_counter() - started
    session_now = window.training.session
    used = _cpu(None if session_now is None else session_now.client.pid()) - before
    window.training.stop()
    wait_until("the end", lambda: not window.training.is_running, seconds=PATIENCE_S)
    desk.close()
    opened.faults.uninstall()
    return passed, used


def _is_painted(window: MainWindow) -> Callable[[], bool]:
    def asked() -> bool:
        workbench, canvas, case = window.session.workbench, window.canvas, window.session.case_id
        if workbench is None or canvas is None or case is None:
            return False
        proposal = workbench.proposal(case, LOOKED_AT)
        return isinstance(proposal, Proposal) and canvas.scene.has_shown_prediction

    return asked


def _rests(standby: Standby) -> bool:
    """Whether the child that waits has done what it was asked to prepare."""
    pid = standby.pid
    before = _cpu(pid)
    if before < 1.0:
        return False
    time.sleep(0.5)
    return _cpu(pid) - before < 0.05


def _cpu(pid: int | None) -> float:
    """Seconds of the processor that a process has used; 0 of none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return 0.0
    user, system = stat.rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _project(folder: Path) -> Path:
    task = scan()
    workbench = Workbench.create(folder / "bench.segdesk", reader="bench")
    case = add_case(workbench, scan=task.voxels)
    number = workbench.add_segment("Lung").number
    for index in task.labelled:
        annotation = workbench.annotation(case.id)
        change = replacement(annotation, index, task.truth[index] * number, Provenance.HAND)
        if change is not None:
            workbench.do(Edit("Labels", case.id, patches=redrawn(annotation, [change])))
        say_right(workbench, case.id, index)
    saving.save(workbench)
    workbench.close()
    return workbench.folder.path


def _application() -> QApplication:
    existing = QApplication.instance()
    return existing if isinstance(existing, QApplication) else QApplication(["segdesk"])


def main() -> int:
    """Print the rows."""
    application = _application()
    for row in rows():
        sys.stdout.write(f"{row.name}: {row.median:.2f} {row.unit}, worst {row.worst:.2f}\n")
    del application
    return 0


if __name__ == "__main__":
    sys.exit(main())
