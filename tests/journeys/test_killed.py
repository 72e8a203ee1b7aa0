"""Journey: the window is killed without a word, or asked to go, and nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.project.workbench import Workbench
from tests.windows import Desk

STROKES = 20
CHECKOUT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


@contextmanager
def painting_window(project: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A window process that has released its last stroke."""
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "SEGDESK_LOGS": str(tmp_path / "logs"),
    }
    command = [sys.executable, "-m", "tests.journeys.killed_window"]
    with subprocess.Popen(
        [*command, str(project), str(tmp_path / "settings"), str(STROKES)],
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "painted\n"
            yield process
        finally:
            process.kill()


def strokes_in(project: Path) -> list[str]:
    workbench = Workbench.open(project)
    names = [edit.name for edit in workbench.history.done]
    workbench.close()
    return names


def test_all_twenty_strokes_are_back_after_a_kill_and_the_window_says_so(
    desk: Desk, project: Path, tmp_path: Path
) -> None:
    with painting_window(project, tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(20)
    assert strokes_in(project) == ["Brush"] * STROKES
    desk.open(project)
    assert f"Recovered {STROKES} strokes that had not been saved." in desk.window.banner.text
    workbench = desk.window.session.workbench
    assert workbench is not None
    labels = workbench.annotation("case-001").labels[2]
    for number in range(STROKES):
        assert labels[3 + number % 18, 5] == 1
    assert np.count_nonzero(labels) > 0


def test_a_polite_signal_saves_and_closes(project: Path, tmp_path: Path) -> None:
    with painting_window(project, tmp_path) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    workbench = Workbench.open(project)
    assert workbench.recovered == 0
    assert workbench.annotation("case-001").labels[2].any()
    workbench.close()
