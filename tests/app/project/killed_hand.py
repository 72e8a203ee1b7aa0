"""A hand that draws, takes back, does again and saves until it is killed, in a process of its own.

Run as `python -m tests.app.project.killed_hand PROJECT`. For each line "SEED FIRST" on stdin it
forks a hand that says its process id, then the number of each act when it is done, and goes on
until it is killed; then "dead" is said. The acts are told by seed and number alone (`act`), so that
whoever kills knows what has to be there.
"""

from __future__ import annotations

import os
import random
import sys
import threading
from pathlib import Path
from typing import Literal

import numpy as np

from segdesk.app.project.saving import PendingSave
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Provenance
from segdesk.core.box import Box
from segdesk.core.edit import Edit, Patch, Planes
from segdesk.core.project import Project
from segdesk.errors import ProjectError

CASE = "case-001"
Act = Literal["draw", "undo", "redo", "save", "fail"]


def act(seed: int, number: int) -> Act:
    """What comes at a number."""
    chance = random.Random(seed * 1_000_003 + number)
    acts: list[Act] = ["draw", "undo", "redo", "save", "fail"]
    return chance.choices(acts, [5, 4, 2, 2, 0.5])[0]


def box(seed: int, number: int) -> tuple[Box, int]:
    """Where it draws at a number, and which label."""
    chance = random.Random(seed * 1_000_033 + number)
    k, row, column = chance.randrange(4), chance.randrange(20), chance.randrange(28)
    return Box(k, k + 1 + number % 2, row, row + 4, column, column + 4), 1 + number % 250


class _Hand:
    def __init__(self, path: Path) -> None:
        self.bench = Workbench.open(path)
        self.saving: tuple[PendingSave, threading.Thread] | None = None
        self.saved: list[Project] = []

    def go_on(self, seed: int, first: int) -> None:
        for number in range(first, first + 1_000_000):
            self.take(act(seed, number), seed, number)
            _say(str(number))

    def take(self, what: Act, seed: int, number: int) -> None:
        if what == "draw":
            self.bench.do(self.drawn(seed, number))
        elif what == "undo" and len(self.bench.history.done) > 1:
            self.bench.undo()
        elif what == "redo":
            self.bench.redo()
        elif what == "save":
            self.save()
        elif what == "fail":
            self.fail()

    def drawn(self, seed: int, number: int) -> Edit:
        mask, (where, value) = self.bench.annotation(CASE), box(seed, number)
        labels, provenance = mask.labels[where.window], mask.provenance[where.window]
        hand = np.full_like(provenance, Provenance.HAND)
        planes = Planes(labels, np.full_like(labels, value), provenance, hand)
        return Edit(f"{seed} {number}", CASE, patches=(Patch.of(where, planes),), kind="stroke")

    def end(self) -> None:
        """Wait for the save that is under way."""
        if self.saving is not None:
            pending, thread = self.saving
            thread.join()
            self.saving = None
            pending.succeeded(self.saved.pop())

    def save(self) -> None:
        self.end()
        pending = PendingSave(self.bench)
        thread = threading.Thread(target=lambda: self.saved.append(pending.run()))
        thread.start()
        self.saving = pending, thread

    def fail(self) -> None:
        self.end()
        pending, real = PendingSave(self.bench), os.replace

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        os.replace = full
        try:
            pending.run()
        except ProjectError:
            pending.failed()
        finally:
            os.replace = real


def _say(line: str) -> None:
    """A whole line or none, whenever the kill comes: unbuffered, `print` writes it in two parts."""
    os.write(1, f"{line}\n".encode())


def main(path: Path) -> None:
    for line in sys.stdin:
        seed, first = map(int, line.split())
        child = os.fork()
        if not child:
            _say(f"hand {os.getpid()}")
            _Hand(path).go_on(seed, first)
        os.waitpid(child, 0)
        _say("dead")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
