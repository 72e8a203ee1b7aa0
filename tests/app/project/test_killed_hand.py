"""kill -9 at any moment of drawing, undo, redo, saves: voxels and both stacks are the model's."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from segdesk.app.project.workbench import Workbench
from tests.app.project.killed_hand import CASE, act, box
from tests.projects import SHAPE, make_project

CHECKOUT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and fork of POSIX")


@dataclass
class Model:
    """Two lists of names, and the voxels that each step left behind."""

    done: list[tuple[str, np.ndarray]] = field(default_factory=list)
    undone: list[tuple[str, np.ndarray]] = field(default_factory=list)

    @property
    def labels(self) -> np.ndarray:
        return self.done[-1][1]

    @property
    def names(self) -> tuple[list[str], list[str]]:
        return [name for name, _ in self.done], [name for name, _ in self.undone]

    def copy(self) -> Model:
        return Model(list(self.done), list(self.undone))

    def take(self, seed: int, number: int) -> None:
        what = act(seed, number)
        if what == "draw":
            where, value = box(seed, number)
            labels = self.labels.copy()
            labels[where.window] = value
            self.done.append((f"{seed} {number}", labels))
            self.undone.clear()
        elif what == "undo" and len(self.done) > 1:
            self.undone.append(self.done.pop())
        elif what == "redo" and self.undone:
            self.done.append(self.undone.pop())


def is_as(workbench: Workbench, model: Model) -> bool:
    history = workbench.history
    undone = [edit.name for edit in history._undone]
    return ([edit.name for edit in history.done], undone) == model.names and np.array_equal(
        workbench.annotation(CASE).labels, model.labels
    )


@contextmanager
def hands(project: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.app.project.killed_hand", str(project)],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def killed(hands: subprocess.Popen[str], seed: int, after_s: float) -> int:
    """Let a hand act and kill it; how many acts it said were done."""
    assert hands.stdin is not None and hands.stdout is not None
    hands.stdin.write(f"{seed} 0\n")
    hands.stdin.flush()
    hand = int(hands.stdout.readline().split()[1])
    said = hands.stdout.readline()
    time.sleep(after_s)
    os.kill(hand, signal.SIGKILL)
    lines = [said]
    while (line := hands.stdout.readline()) != "dead\n":
        assert line, "the process that forks hands has ended"
        lines.append(line)
    return max(map(int, lines)) + 1


def kill(project: Path, *, rounds: int) -> dict[str, int]:
    """Kill so often; what was there when it was killed, in numbers."""
    chance, model = random.Random(14), Model([("Add segment", np.zeros(SHAPE, np.uint8))])
    seen = {"acts": 0, "undo of what was saved": 0, "one more than said": 0}
    with hands(project) as process:
        for seed in range(rounds):
            done = killed(process, seed, chance.expovariate(6))
            saved, after = 0, model.copy()
            for number in range(done):
                after.take(seed, number)
                if act(seed, number) == "save":
                    saved = len(after.done)
                elif act(seed, number) == "undo" and len(after.done) < saved:
                    seen["undo of what was saved"] += 1
            one_more = after.copy()
            one_more.take(seed, done)
            workbench = Workbench.open(project)
            assert not any("not" in note.split("that had")[0] for note in workbench.notes)
            # The act that was under way may be there, or not.
            found = [one for one in (after, one_more) if is_as(workbench, one)]
            assert found, f"round {seed}: neither after {done} acts nor after {done + 1}"
            workbench.close()
            model = found[0]
            seen["acts"] += done
            seen["one more than said"] += model is not after
    _walk(project, model)
    return seen


def _walk(project: Path, model: Model) -> None:
    """Every step back to the beginning, then every step to the end."""
    workbench = Workbench.open(project)
    states = [labels for _, labels in model.done]
    for labels in states[-2::-1]:
        assert workbench.undo() is not None
        assert np.array_equal(workbench.annotation(CASE).labels, labels)
    for labels in (*states[1:], *(labels for _, labels in reversed(model.undone))):
        assert workbench.redo() is not None
        assert np.array_equal(workbench.annotation(CASE).labels, labels)
    assert workbench.redo() is None
    workbench.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    workbench = make_project(tmp_path)
    path = workbench.folder.path
    workbench.close()
    return path


def test_ten_kills_with_undo_past_a_save_among_them(project: Path) -> None:
    seen = kill(project, rounds=10)
    assert seen["undo of what was saved"] > 3


@pytest.mark.long
def test_a_hundred_kills_with_undo_past_a_save_among_them(project: Path) -> None:
    seen = kill(project, rounds=100)
    assert seen["undo of what was saved"] > 50
