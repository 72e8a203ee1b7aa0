"""The child that stays, kept at random work for many minutes in the real window.

`python -m tests.benchmarks.kept_child --minutes 30 --seed 1` trains, looks, predicts, takes in new
labels, pauses and stops, as a seed says. In the first sixth of the time the child is also killed,
left idle until it goes, and its project closed and opened again; all of that once more at the end,
when no process may be left. In between one child does everything, and the private memory of both
sides is looked at: a line for each look, and how much it grew.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from statistics import median

import numpy as np
from PySide6.QtWidgets import QApplication

from segdesk.app.labelling.reviewing import say_right
from segdesk.app.project import saving
from segdesk.app.project.workbench import Workbench
from segdesk.core.annotation import Provenance
from segdesk.core.cutting import redrawn
from segdesk.core.edit import Edit
from segdesk.core.prediction import replacement
from segdesk.core.run import Plan, Run
from segdesk.demo.desk import Desk
from segdesk.demo.hand import pause, wait_until
from segdesk.jobs.messages import Message, Proposed, Step
from segdesk.jobs.standby import Standby
from segdesk.ops.phantom import Phantom, thorax
from segdesk.ui.application import open_window
from segdesk.ui.flows import trainer_ready
from segdesk.ui.flows.looking import Looking
from segdesk.ui.flows.trainer_ready import TrainerReady
from tests.projects import add_case

SHAPE, SPACING_MM = (40, 256, 256), (4.0, 1.4, 1.4)
#: Of the phantom's truth, and of what is labelled at first.
LUNGS, LABELLED = (1, 2), (8, 16, 24, 32)
#: The child is ended after so many seconds; everything else has so many.
IDLE_S, PATIENCE_S = 20.0, 240.0
#: Between two looks at the memory.
LOOK_S = 1.0
#: Share of the time in which a child is not spared; for as long again the next one may grow.
ROUGH = 1 / 6


@dataclass(frozen=True, slots=True)
class Look:
    """What both sides held when it was looked at: private memory in MB, 0 where there is none.

    `child` is the process number, `minute` since the beginning, `doing` what was asked last.
    """

    minute: float
    window_mb: float
    child_mb: float
    child: int
    doing: str
    steady: bool


@dataclass(frozen=True, slots=True)
class Growth:
    """Memory of one side, in MB: the medians of the first and of the last quarter of the looks at a
    child that may not grow any more, and the most that was seen of it."""

    side: str
    first: float
    last: float
    most: float

    @property
    def share(self) -> float:
        return self.last / self.first - 1.0


class Kept:
    """One go at it. Lives on the GUI thread.

    Parameters
    ----------
    folder : for the project and the settings
    minutes : of random work
    seed : of what is done when
    """

    def __init__(self, folder: Path, *, minutes: float, seed: int) -> None:
        self._random = Random(seed)
        self._minutes = minutes
        self._phantom = thorax(seed, SHAPE, SPACING_MM)
        self._project = _project(folder, self._phantom)
        self.looks: list[Look] = []
        self.done: dict[str, int] = {}
        self._doing = "opening"
        self._steady = False
        self._looked = 0.0
        trainer_ready.AFTER_MS = 200
        application = QApplication.instance() or QApplication(["segdesk"])
        if not isinstance(application, QApplication):
            raise TypeError("expected an application with windows")
        opened = open_window(application, settings_folder=folder / "settings")
        self._faults = opened.faults
        self._faults.uninstall()
        window = opened.window
        self._standby = Standby(idle_s=IDLE_S, look_s=1.0)

        def plan() -> Plan | None:
            panel = window.training_panel
            return None if panel is None else panel.form.plan()

        ready = TrainerReady(
            self._standby, window.session, window.training, window.preferences, plan, window
        )
        Looking(self._standby, window.session, window.training, ready, window)
        window.gone.connect(ready.close)
        window.training.message.connect(self._hear)
        window.training.looked.connect(self._count_look)
        self._stepped = False
        self._window, self._desk = window, Desk(window)
        self._began = time.monotonic()

    def work(self) -> None:
        """Do it, from the first opening to the window's end.

        Raises
        ------
        AssertionError, Impatient
            Where something that has to happen does not.
        """
        self._desk.open(self._project)
        self._train()
        rough = self._minutes * ROUGH
        harms = [self._kill_at_work, self._idle, self._kill_at_rest, self._close_and_open]
        while self._minute < rough:
            self._something()
            if harms:
                harms.pop(0)()
        for harm in harms:
            harm()
        while self._minute < self._minutes:
            self._steady = self._minute > 2 * rough
            self._something()
        self._steady = False
        for harm in (self._kill_at_work, self._kill_at_rest, self._idle):
            harm()
        self._train()
        self._save()
        self._desk.close()
        left = children()
        assert not left, f"processes are left: {left}"

    def growth(self) -> list[Growth]:
        """Of window and child in the steady part."""
        steady = [look for look in self.looks if look.steady]
        found: list[Growth] = []
        for side in ("window_mb", "child_mb"):
            figures = [figure for look in steady if (figure := getattr(look, side))]
            part = max(1, len(figures) // 4)
            first, last = median(figures[:part]), median(figures[-part:])
            found.append(Growth(side.removesuffix("_mb"), first, last, max(figures)))
        return found

    @property
    def _minute(self) -> float:
        return (time.monotonic() - self._began) / 60.0

    # What is done

    def _something(self) -> None:
        """One deed of a reader at random."""
        deeds = [self._train, self._train, self._predict, self._look, self._take_in]
        self._random.choice(deeds)()

    def _train(self) -> None:
        self._say("train")
        self._press_train()
        training, seconds = self._window.training, self._random.uniform(3.0, 20.0)
        # A stop before a quick step ends the child, and this is about one that stays.
        wait_until("a step", self._has_stepped, seconds=PATIENCE_S)
        end = time.monotonic() + seconds
        while training.is_running and time.monotonic() < end:
            match self._random.randrange(6):
                case 0:
                    training.pause(True)
                    self._pass(0.5)
                    training.pause(False)
                case 1:
                    self._label()
                case _:
                    self._go_anywhere()
            self._pass(0.7)
        if self._random.random() < 0.5 and training.is_running:
            self._say("stop")
            self._window.table["stop_training"].trigger()
        self._rest()
        run = self._runs[-1]
        assert run.outcome in ("finished", "stopped"), run.reason

    def _press_train(self) -> None:
        panel = self._window.training_panel
        assert panel is not None
        form = panel.form
        form.budget.setCurrentIndex(form.budget.findData("minutes"))
        form.minutes.set_value(self._random.choice([0.1, 0.2, 0.3]))
        form.predict.setCurrentIndex(form.predict.findData(self._random.choice(["this", "none"])))
        form.validate.setCurrentIndex(self._random.randrange(2))
        form.start_from.setCurrentIndex(self._random.randrange(min(2, form.start_from.count())))
        count, self._stepped = len(self._runs), False
        self._desk.press(self._window, "train_button")
        assert len(self._runs) == count + 1

    def _predict(self) -> None:
        if not self._desk.workbench.project.in_use.run:
            return
        self._say("predict")
        self._window.table["predict_case"].trigger()
        if self._random.random() < 0.3:
            self._pass(self._random.uniform(0.1, 3.0))
            self._say("stop")
            self._window.table["stop_training"].trigger()
        self._rest()

    def _look(self) -> None:
        self._say("look")
        for _ in range(6):
            self._go_anywhere()
            self._pass(0.5)

    def _take_in(self) -> None:
        self._say("take in")
        self._label()
        self._train()

    def _kill_at_work(self) -> None:
        self._say("kill at work")
        self._press_train()
        pid = self._child
        training = self._window.training
        wait_until("an epoch", lambda: self._has_epoch or not training.is_running, seconds=120)
        if training.is_running:
            pid = self._child
            assert pid
            os.kill(pid, 9)
        self._rest()
        if self._runs[-1].outcome == "crashed":
            self._say("mend")
            run, panel = self._runs[-1], self._window.training_panel
            assert panel is not None
            if not panel.why_not_resume():
                panel.resume()
                self._pass(5.0)
                self._window.table["stop_training"].trigger()
                self._rest()
                assert self._runs[-1].id == run.id
                assert self._runs[-1].outcome != "crashed", self._runs[-1].reason
        self._train()
        assert self._child != pid

    def _kill_at_rest(self) -> None:
        self._say("kill at rest")
        pid = self._standby.pid
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, 9)
        self._train()

    def _idle(self) -> None:
        self._say("idle")
        wait_until("the idle child's end", self._has_no_child, seconds=PATIENCE_S)
        self._train()

    def _close_and_open(self) -> None:
        self._say("close")
        self._save()
        self._window.table["close_project"].trigger()
        session = self._window.session
        wait_until("the project's end", lambda: session.workbench is None, seconds=PATIENCE_S)
        wait_until("no child", lambda: not children(), seconds=PATIENCE_S)
        self._desk.open(self._project)

    # By what

    def _has_stepped(self) -> bool:
        self._note()
        return self._stepped or not self._window.training.is_running

    def _hear(self, message: Message) -> None:
        self._stepped = self._stepped or isinstance(message, Step)
        if isinstance(message, Proposed):
            self._count("proposed while training")

    def _count_look(self, is_taken: bool, _is_answered: bool) -> None:
        self._count("looked" if is_taken else "looked in vain")

    def _has_no_child(self) -> bool:
        self._note()
        return self._standby.pid is None and not children()

    @property
    def _runs(self) -> tuple[Run, ...]:
        return self._desk.workbench.project.runs

    @property
    def _has_epoch(self) -> bool:
        return bool(self._runs[-1].epochs)

    @property
    def _child(self) -> int | None:
        session = self._window.training.session
        return self._standby.pid if session is None else session.client.pid()

    def _go_anywhere(self) -> None:
        self._desk.view.crosshair.show_slice(self._random.randrange(SHAPE[0]))

    def _label(self) -> None:
        """The truth of a slice, called right."""
        workbench, index = self._desk.workbench, self._random.randrange(SHAPE[0])
        _label(workbench, self._phantom, index, self._random.randrange(3))

    def _save(self) -> None:
        workbench = self._desk.workbench
        if workbench.has_unsaved:
            self._window.table["save"].trigger()
            wait_until("the save", lambda: not workbench.has_unsaved, seconds=PATIENCE_S)

    def _rest(self) -> None:
        """Until nothing runs."""
        training = self._window.training

        def rests() -> bool:
            self._note()
            return not training.is_running

        wait_until("its end", rests, seconds=PATIENCE_S)
        self._desk.settle()

    def _pass(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pause(20)
            self._note()

    def _say(self, doing: str) -> None:
        self._doing = doing
        self._count(doing)

    def _count(self, what: str) -> None:
        self.done[what] = self.done.get(what, 0) + 1

    def _note(self) -> None:
        now = time.monotonic()
        if now - self._looked < LOOK_S:
            return
        self._looked = now
        pid = self._child or 0
        self.looks.append(
            Look(
                round(self._minute, 3),
                private_mb(os.getpid()),
                private_mb(pid) if pid else 0.0,
                pid,
                self._doing,
                self._steady,
            )
        )


def private_mb(pid: int) -> float:
    """What no other process shares, as Linux counts it; 0 of a process that is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return 0.0
    sizes = {name: int(size) for name, size, _ in (line.split() for line in lines)}
    return round((sizes["Private_Clean:"] + sizes["Private_Dirty:"]) / 1000.0, 1)


def children() -> list[int]:
    """Processes that this one has started and that are there, dead ones too."""
    found = Path("/proc/self/task").glob("*/children")
    return [int(pid) for file in found for pid in _words(file)]


def _words(file: Path) -> Iterator[str]:
    with suppress(OSError):
        yield from file.read_text().split()


def _label(workbench: Workbench, phantom: Phantom, index: int, shift: int = 0) -> None:
    case = workbench.project.cases[0].id
    annotation = workbench.annotation(case)
    wanted = np.isin(phantom.truth[index], LUNGS).astype(np.uint8)
    wanted = np.roll(wanted, shift, axis=0)
    change = replacement(annotation, index, wanted, Provenance.HAND)
    if change is not None:
        workbench.do(Edit("Labels", case, patches=redrawn(annotation, [change])))
    with suppress(ValueError):
        say_right(workbench, case, index)


def _project(folder: Path, phantom: Phantom) -> Path:
    workbench = Workbench.create(folder / "kept.segdesk", reader="bench")
    add_case(workbench, scan=phantom.voxels)
    workbench.add_segment("Lung")
    for index in LABELLED:
        _label(workbench, phantom, index)
    saving.save(workbench)
    workbench.close()
    return workbench.folder.path


def main() -> int:
    """Work, print the looks and how much the memory grew."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=30.0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--looks", type=Path, help="file for every look, a JSON line each")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        kept = Kept(Path(folder), minutes=chosen.minutes, seed=chosen.seed)
        try:
            kept.work()
        finally:
            if chosen.looks:
                lines = (json.dumps(asdict(look)) for look in kept.looks)
                chosen.looks.write_text("\n".join(lines) + "\n")
    for row in kept.growth():
        sys.stdout.write(
            f"{row.side}: {row.first:.0f} MB, then {row.last:.0f} MB ({row.share:+.1%}), "
            f"at most {row.most:.0f} MB\n"
        )
    sys.stdout.write(f"{kept.done}\n")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.exit(main())
