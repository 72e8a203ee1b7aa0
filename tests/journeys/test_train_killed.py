"""Journey: the window is killed while a network learns; no trainer stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from segdesk.app.labelling.reviewing import say_right
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import cut_off
from tests.app.runs.test_running import child
from tests.projects import begin_brush, make_project

CHECKOUT = Path(__file__).resolve().parents[2]
#: A child that would go on for ever, and one that does not even read what it is told.
CHILDREN = {
    "listening": "import time\nwhile not channel.should_stop(): time.sleep(0.01)",
    "busy": "import time\nwhile True: time.sleep(0.01)",
}

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A dead process whose new parent has not asked for it yet is no trainer any more.
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def taught_project(folder: Path) -> Path:
    workbench = make_project(folder)
    for index in (1, 3):
        begin_brush(workbench, "case-001", index, (10.0, 14.0), value=1, radius_mm=4.0).release()
        say_right(workbench, "case-001", index)
    path = workbench.folder.path
    workbench.close()
    return path


@pytest.mark.parametrize("kind", CHILDREN)
def test_no_trainer_is_left_after_the_window_was_killed(kind: str, tmp_path: Path) -> None:
    project = taught_project(tmp_path)
    script = child(tmp_path, CHILDREN[kind])[-1]
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "SEGDESK_LOGS": str(tmp_path / "logs"),
    }
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.journeys.training_window"),
            *(str(project), str(tmp_path / "settings"), script),
        ],
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as window:
        try:
            assert window.stdout is not None
            pid = int(window.stdout.readline())
            assert is_alive(pid)
        finally:
            window.send_signal(signal.SIGKILL)
    end = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_alive(pid)
    workbench = Workbench.open(project)
    assert cut_off.recover(workbench) == ("run-001",)
    run = workbench.project.run("run-001")
    assert (run.outcome, len(run.epochs)) == ("crashed", 1)
    assert run.reason
    workbench.close()
