"""While nothing trains, the child that waits proposes the slice on screen; nothing waits for it."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from segdesk.core.run import Epoch, Intensities, Run, plan_for
from segdesk.core.run_in_use import RunInUse
from segdesk.demo.hand import pause
from segdesk.jobs.standby import Standby
from segdesk.ui.flows import trainer_ready
from segdesk.ui.flows.looking import Looking
from segdesk.ui.flows.trainer_ready import TrainerReady
from tests.ui.flows.test_trainer_ready import lives
from tests.windows import Desk

CASE, STEP = "case-001", 70
#: Proposes segment 1 everywhere, as slowly as a file says; does nothing else that it is asked for.
CHILD = """
    import os, sys, time
    from pathlib import Path
    import numpy as np
    from segdesk.jobs import bundle as bundles
    from segdesk.jobs.child import open_channel
    from segdesk.jobs.messages import *
    channel = open_channel()
    while True:
        match channel.wait_for_task():
            case Work(folder):
                bundle = bundles.read(Path(folder))
                channel.send(Hello(PROTOCOL, os.getpid(), ()))
                with open(sys.argv[1], "a") as notes:
                    notes.write(f"{bundle.train} {bundle.preview}\\n")
                time.sleep(float(Path(sys.argv[2]).read_text()))
                if bundle.predict or Path(sys.argv[2]).with_name("fails").exists():
                    channel.send(Failed("That was all.", ""))
                else:
                    case, index = bundle.preview
                    file = Path(folder) / "proposal.npy"
                    np.save(file, np.ones(bundle.volume(case).shape[1:], np.uint8))
                    channel.send(Proposed(bundle.own.step, case, index, str(file)))
                    channel.send(Finished("finished", "Looked.", 0, 0.0))
                channel.end_job()
"""


@dataclass
class Scene:
    """The window with a child that waits and looks."""

    desk: Desk
    standby: Standby
    folder: Path

    def takes(self, seconds: float) -> None:
        """What the child does from now on takes so long."""
        (self.folder / "pace").write_text(str(seconds))

    def asked(self) -> list[str]:
        """Of the child so far: whether it trains, and what is on screen."""
        notes = self.folder / "notes"
        return notes.read_text().splitlines() if notes.exists() else []

    def step(self, index: int) -> int | None:
        """Of the proposal of a slice."""
        proposal = self.desk.workbench.proposal(CASE, index)
        return None if proposal is None else proposal.step


@pytest.fixture
def scene(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr(trainer_ready, "AFTER_MS", 20)
    script = tmp_path / "child.py"
    script.write_text(textwrap.dedent(CHILD))
    made = Scene(
        desk,
        Standby(
            [sys.executable, str(script), str(tmp_path / "notes"), str(tmp_path / "pace")],
            memory_is_short=lambda: False,
        ),
        tmp_path,
    )
    made.takes(0.0)
    window = desk.window
    ready = TrainerReady(
        made.standby,
        window.session,
        window.training,
        window.preferences,
        lambda: plan_for("unet_fast", filters=8),
        window,
    )
    Looking(made.standby, window.session, window.training, ready, window)
    yield made
    made.standby.close()


def open_with_a_run(scene: Scene, project: Path) -> None:
    """A project whose run in use has predicted nothing."""
    scene.desk.open(project)
    workbench = scene.desk.workbench
    run = Run(
        "run-001",
        plan_for("unet_fast"),
        1.0,
        ended=2.0,
        outcome="stopped",
        segments=((1, "Disc"),),
        intensities=Intensities(-1024.0, 600.0, "HU"),
        input_shape=(24, 32),
        built_for=(32, 32),
        epochs=(Epoch(1, 1.0, 0.5, 0.9, 1e-3, steps=STEP),),
        best=1,
        weights_sha256="1" * 64,
    )
    workbench.follow_run(run)
    workbench.use(RunInUse(chosen=run.id))


def test_the_slice_on_screen_is_proposed_and_each_that_somebody_turns_to(
    scene: Scene, project: Path
) -> None:
    open_with_a_run(scene, project)
    first = scene.desk.view.crosshair.slice
    scene.desk.wait(lambda: scene.step(first) == STEP)
    scene.desk.wait(lambda: not scene.desk.window.training.is_looking)
    pid = scene.standby.pid
    other = 0 if first else 1
    scene.desk.view.crosshair.show_slice(other)
    scene.desk.wait(lambda: scene.step(other) == STEP)
    scene.desk.wait(lambda: not scene.desk.window.training.is_looking)
    assert scene.standby.pid == pid is not None
    # Nothing is asked twice, and nothing of it is left on the disk.
    scene.desk.view.crosshair.show_slice(first)
    scene.desk.settle()
    assert scene.asked() == [f"False ('{CASE}', {index})" for index in (first, other)]
    folder = scene.desk.workbench.folder.runs.named("run-001")
    assert not folder.bundle.exists()


def test_a_slice_that_was_drawn_on_meanwhile_is_looked_at_once_the_hand_lets_go(
    scene: Scene, project: Path
) -> None:
    open_with_a_run(scene, project)
    first = scene.desk.view.crosshair.slice
    scene.desk.wait(lambda: scene.step(first) == STEP)
    scene.desk.wait(lambda: not scene.desk.window.training.is_looking)
    workbench = scene.desk.workbench
    other = 0 if first else 1
    workbench.pressed_on = CASE
    scene.desk.view.crosshair.show_slice(other)
    pause(600)
    assert len(scene.asked()) == 1
    workbench.pressed_on = ""
    scene.desk.wait(lambda: scene.step(other) == STEP)


def test_without_a_child_that_waits_nobody_looks(scene: Scene, project: Path) -> None:
    scene.desk.window.preferences.change(trainer_stays=False)
    open_with_a_run(scene, project)
    scene.desk.view.crosshair.show_slice(1)
    quiet(scene)
    assert not scene.asked()


def test_what_is_asked_for_waits_for_the_look_under_way_and_has_its_child(
    scene: Scene, project: Path
) -> None:
    scene.takes(1.0)
    open_with_a_run(scene, project)
    workbench, training = scene.desk.workbench, scene.desk.window.training
    workbench.folder.runs.paths("run-001").weights(1).write_bytes(b"weights")
    pids: list[int | None] = []
    training.message.connect(
        lambda _: pids.append(training.session and training.session.client.pid())
    )
    scene.desk.wait(lambda: len(scene.asked()) == 1)
    looks_by = looking_pid(scene)
    training.predict(workbench.project.run("run-001"), [CASE])
    assert training.is_running
    assert len(scene.asked()) == 1
    scene.desk.wait(lambda: not training.is_running)
    assert scene.asked()[1] == "False None"
    # What comes after the child has gone back to wait is told without one.
    assert set(pids) - {None} == {looks_by}


def looking_pid(scene: Scene) -> int:
    """Of the child that looks right now."""
    looker = scene.desk.window.training._looker
    assert looker is not None
    pid = looker.session.client.pid()
    assert pid is not None
    return pid


def test_a_project_that_is_closed_during_a_look_leaves_no_child(
    scene: Scene, project: Path
) -> None:
    scene.takes(1.0)
    open_with_a_run(scene, project)
    scene.desk.wait(lambda: len(scene.asked()) == 1)
    pid = looking_pid(scene)
    scene.desk.window.table["close_project"].trigger()
    scene.desk.wait(lambda: scene.desk.window.session.workbench is None)
    assert not scene.desk.window.training.is_looking
    scene.desk.wait(lambda: not lives(pid))


def test_a_look_that_fails_is_not_tried_again_and_again(scene: Scene, project: Path) -> None:
    (scene.folder / "fails").touch()
    open_with_a_run(scene, project)
    scene.desk.wait(lambda: len(scene.asked()) == 1)
    scene.desk.wait(lambda: not scene.desk.window.training.is_looking)
    scene.desk.view.crosshair.show_slice(1)
    quiet(scene)
    assert len(scene.asked()) == 1


def quiet(scene: Scene) -> None:
    """Long enough for whatever would be asked."""
    pause(600)
    scene.desk.settle()


def test_a_child_that_looks_is_not_joined_by_another(scene: Scene, project: Path) -> None:
    """Segments change, and so does what would be trained, while it looks."""
    scene.takes(1.0)
    open_with_a_run(scene, project)
    scene.desk.wait(lambda: len(scene.asked()) == 1)
    pid = looking_pid(scene)
    scene.desk.workbench.segments_changed.emit()
    pause(200)
    assert scene.desk.window.training.is_looking
    assert scene.standby.pid is None
    scene.desk.wait(lambda: not scene.desk.window.training.is_looking)
    scene.desk.settle()
    assert scene.standby.pid == pid
