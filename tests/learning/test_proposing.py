"""What a training proposes while it goes on, when, and of which slice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from segdesk.jobs.bundle import Bundle, VolumeRef
from segdesk.jobs.messages import EpochDone, Look, Proposed
from segdesk.learning import proposing, trainer
from segdesk.learning.proposing import Proposer, outwards
from tests.learning.builders import Recorder, discs, short_plan, write_bundle

CASE = VolumeRef("case-001", "", 0, (5, 4, 4), 1.0, 0.0, "HU", None)


class Now:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def perf_counter(self) -> float:
        return self.seconds


class Cheap:
    """Stands for learner, predictor and folder; a look costs a second."""

    def __init__(self, folder: Path, now: Now) -> None:
        self.folder, self.now = folder, now
        self.named = folder
        self.averaged_now = False

    def averaged(self) -> Cheap:
        return self

    def __enter__(self) -> None:
        self.averaged_now = True

    def __exit__(self, *_: object) -> None:
        self.averaged_now = False

    def labels(self, volume: VolumeRef, index: int) -> npt.NDArray[np.uint8]:
        assert self.averaged_now
        self.now.seconds += 1.0
        return np.full(volume.shape[1:], index, np.uint8)

    def bundle(self) -> Path:
        return self.folder


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Iterator[Now]:
    clock = Now()
    monkeypatch.setattr(proposing, "time", clock)
    yield clock


def made(
    folder: Path, now: Now, recorder: Recorder, *, preview: tuple[str, int] | None = None
) -> tuple[Proposer, Any]:
    cheap: Any = Cheap(folder, now)
    bundle: Any = type("B", (), {"volumes": (CASE,), "preview": preview})()
    assert not isinstance(bundle, Bundle)
    return Proposer(cheap, bundle, cheap, recorder), cheap


def run(proposer: Proposer, cheap: Any, now: Now, *, until: float) -> None:
    """A step every tenth of a second."""
    step = 0
    while now.seconds < until:
        step += 1
        now.seconds += 0.1
        proposer.after_step(step, cheap)


def test_the_first_comes_after_five_seconds_and_steps_get_four_fifths_of_the_time(
    tmp_path: Path, now: Now
) -> None:
    recorder = Recorder(look=Look("case-001", 2))
    proposer, cheap = made(tmp_path, now, recorder)
    run(proposer, cheap, now, until=104.9)
    assert not recorder.messages
    run(proposer, cheap, now, until=106.2)
    assert [one.slice for one in recorder.of(Proposed)] == [2]
    run(proposer, cheap, now, until=155.0)
    # A second each, and four seconds of steps after it.
    assert 9 <= len(recorder.messages) <= 10


def test_the_slice_on_screen_comes_first_and_its_neighbours_after_it(
    tmp_path: Path, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposing, "TIMES_THE_COST", 0.0)
    monkeypatch.setattr(proposing, "ROUND_S", 1000.0)
    recorder = Recorder(look=Look("case-001", 3))
    proposer, cheap = made(tmp_path, now, recorder)
    run(proposer, cheap, now, until=130.0)
    assert [one.slice for one in recorder.of(Proposed)][:6] == [3, 2, 4, 1, 0, 3]
    recorder.messages.clear()
    recorder.look = Look("case-001", 0)
    run(proposer, cheap, now, until=now.seconds + 1.9)
    assert [one.slice for one in recorder.of(Proposed)] == [0, 1]


def test_a_slice_that_somebody_turns_to_waits_for_one_step_alone(
    tmp_path: Path, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(look=Look("case-001", 3))
    proposer, cheap = made(tmp_path, now, recorder)
    run(proposer, cheap, now, until=106.2)
    for turned_to in (1, 4):
        recorder.messages.clear()
        recorder.look = Look("case-001", turned_to)
        now.seconds += 0.1
        proposer.after_step(50, cheap)
        assert [one.slice for one in recorder.of(Proposed)] == [turned_to]
        # The steps get what they lack before anything else is proposed.
        run(proposer, cheap, now, until=now.seconds + 6.0)
        assert len(recorder.messages) == 1
        run(proposer, cheap, now, until=now.seconds + 2.5)


def test_whoever_turns_the_wheel_takes_no_more_than_a_fifth_of_the_time(
    tmp_path: Path, now: Now
) -> None:
    recorder = Recorder()
    proposer, cheap = made(tmp_path, now, recorder)
    started = now.seconds
    step = 0
    while now.seconds < 200.0:
        step += 1
        now.seconds += 0.1
        recorder.look = Look("case-001", step % 5)
        proposer.after_step(step, cheap)
    # A second each; two may be owed at the end.
    assert 17 <= len(recorder.messages) <= (now.seconds - started) / 5 + 2


def test_the_slice_on_screen_comes_anew_while_the_network_learns(tmp_path: Path, now: Now) -> None:
    recorder = Recorder(look=Look("case-001", 3))
    proposer, cheap = made(tmp_path, now, recorder)
    run(proposer, cheap, now, until=140.0)
    slices = [one.slice for one in recorder.of(Proposed)]
    assert slices.count(3) > 3
    steps = [one.step for one in recorder.of(Proposed)]
    assert steps == sorted(set(steps))


@pytest.mark.parametrize(
    "look", [None, Look("case-009", 1), Look("case-001", 5), Look("case-001", -1)]
)
def test_nothing_is_proposed_where_nobody_looks_or_nothing_is_there(
    tmp_path: Path, now: Now, look: Look | None
) -> None:
    recorder = Recorder(look=look)
    proposer, cheap = made(tmp_path, now, recorder)
    run(proposer, cheap, now, until=120.0)
    assert not recorder.messages


def test_before_anybody_looks_it_is_the_slice_at_the_start(tmp_path: Path, now: Now) -> None:
    recorder = Recorder()
    proposer, cheap = made(tmp_path, now, recorder, preview=("case-001", 4))
    run(proposer, cheap, now, until=106.5)
    assert [one.slice for one in recorder.of(Proposed)] == [4]


def test_only_the_last_files_are_kept(
    tmp_path: Path, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposing, "TIMES_THE_COST", 0.0)
    recorder = Recorder(look=Look("case-001", 2))
    proposer, cheap = made(tmp_path, now, recorder)
    run(proposer, cheap, now, until=160.0)
    names = {Path(one.file).name for one in recorder.of(Proposed)}
    assert len(names) > proposing.KEPT_FILES
    kept = {path.name for path in tmp_path.iterdir()}
    assert kept == {Path(one.file).name for one in recorder.of(Proposed)[-proposing.KEPT_FILES :]}
    last = recorder.last
    assert (np.load(last.file) == last.slice).all()


def test_a_disk_that_refuses_costs_the_proposal_and_nothing_else(tmp_path: Path, now: Now) -> None:
    recorder = Recorder(look=Look("case-001", 2))
    proposer, cheap = made(tmp_path / "gone", now, recorder)
    run(proposer, cheap, now, until=120.0)
    assert not recorder.messages
    (tmp_path / "gone").mkdir()
    run(proposer, cheap, now, until=130.0)
    assert recorder.messages


def test_outwards_names_each_slice_once() -> None:
    assert list(outwards(1, 5)) == [1, 0, 2, 3, 4]
    assert sorted(outwards(200, 300)) == list(range(300))


@pytest.mark.keras
def test_proposals_change_nothing_that_is_learnt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def learnt(name: str, look: Look | None) -> tuple[list[float], int]:
        (tmp_path / name).mkdir()
        plan = short_plan("unet_fast", epochs=3, augmentation=0.5)
        folder = write_bundle(tmp_path / name, [("case-001", "train", *discs(6))], plan=plan)
        recorder = Recorder(look=look)
        trainer.run_bundle(folder, recorder)
        return [one.epoch.loss for one in recorder.of(EpochDone)], len(recorder.of(Proposed))

    monkeypatch.setattr(proposing, "FIRST_S", 0.0)
    monkeypatch.setattr(proposing, "TIMES_THE_COST", 0.0)
    losses, proposed = learnt("with", Look("case-001", 2))
    assert proposed > 3
    assert learnt("without", None)[0] == pytest.approx(losses, abs=1e-6)
