"""What a checkpoint survives: a full disk, damage, other labels; and what no step draws from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from segdesk.core.place import identity_of
from segdesk.jobs import bundle as bundles
from segdesk.jobs import halt as halts
from segdesk.jobs.messages import Failed, Judged, Note, Proposed, Resumed
from segdesk.jobs.run_paths import RunPaths
from segdesk.learning import arrays_file, feed, proposing
from segdesk.learning.arrays_file import Array
from segdesk.learning.validation import Validated, Validation
from tests.learning.builders import Recorder, write_bundle
from tests.learning.test_resume import (
    FAST,
    At,
    after_epoch,
    curve,
    lessons,
    make_quick,
    quick,
    same,
    train,
    written,
)

__all__ = ["quick"]
pytestmark = pytest.mark.keras
PLAN = replace(FAST, epochs=4)


def going_on(folder: Path, **fields: Any) -> Recorder:
    """Go on with the run of a bundle, wherever it was copied to."""
    resumed_in(folder, **fields)
    return train(folder)


def resumed_in(folder: Path, **fields: Any) -> None:
    """Write a bundle for going on."""
    run = folder.parent
    known: dict[str, Any] = {"run_folder": str(run), "identity": identity_of(run), **fields}
    bundle = replace(bundles.read(folder), resumes=True, **known)
    bundles.write(bundle, folder, Path(folder.anchor))


def said(recorder: Recorder) -> list[str]:
    return [note.sentence for note in recorder.of(Note)]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was stopped after its third epoch, of which the second was the best: it has two
    checkpoints."""
    with pytest.MonkeyPatch.context() as patch:
        make_quick(patch)
        figures = iter([0.5, 0.9, 0.6])
        patch.setattr(Validation, "measure", lambda *_: figures_of(next(figures)))
        folder = written(tmp_path_factory.mktemp("base"), PLAN)
        train(folder, At(when=after_epoch(3)))
    return folder.parent


def figures_of(dice: float) -> Validated:
    return Validated(loss=1.0, accuracy=0.5, dice=dice)


@pytest.fixture
def stopped(base: Path, tmp_path: Path) -> Path:
    """The bundle of a copy of it."""
    return Path(shutil.copytree(base, tmp_path / "run")) / "bundle"


def test_the_last_checkpoint_stays_and_that_of_the_best_epoch(stopped: Path) -> None:
    paths = RunPaths(stopped.parent)
    of_best, last = (halts.read(paths.checkpoint(step).halt) for step in paths.kept_checkpoints())
    assert (of_best.epoch, of_best.kept.epoch, last.epoch, last.kept.epoch) == (2, 2, 3, 2)
    assert paths.kept_epochs() == [2]


def test_a_full_disk_leaves_the_checkpoint_of_before_whole_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(written(tmp_path / "whole", PLAN))
    write, is_full = arrays_file.write, [False]

    def limited(path: Path, arrays: list[Array], check: Callable[[], object]) -> str:
        if is_full[0] and path.name == "optimiser.npz":
            # Some bytes get there before it is full.
            path.write_bytes(b"half")
            raise OSError(28, "No space left on device")
        return write(path, arrays, check)

    monkeypatch.setattr(arrays_file, "write", limited)
    folder = written(tmp_path / "full", PLAN)
    paths = RunPaths(folder.parent)
    first = train(folder, At(when=after_epoch(1)))
    (step,) = paths.kept_checkpoints()
    before = {file.name: file.read_bytes() for file in paths.checkpoint(step).folder.iterdir()}
    is_full[0] = True
    resumed_in(folder)
    second = train(folder, At(when=after_epoch(3)))
    assert second.last.outcome == "stopped" and curve(second).keys() == {2, 3}
    about = [sentence for sentence in said(second) if "checkpoint" in sentence]
    assert about == [
        "The checkpoint could not be written: No space left on device. The training goes on; "
        "later ones are tried again."
    ]
    assert paths.kept_checkpoints() == [step]
    kept = {file.name: file.read_bytes() for file in paths.checkpoint(step).folder.iterdir()}
    assert kept == before
    assert not list(folder.parent.glob(".checkpoint-*"))
    is_full[0] = False
    third = going_on(folder)
    assert third.last.outcome == "finished" and third.of(Resumed)[0].epoch == 1
    assert same(curve(first, second, third), curve(whole))


@pytest.mark.parametrize("name", ["halt.json", "network.npz", "optimiser.npz", "figures.npz"])
@pytest.mark.parametrize("harm", ["cut", "gone", "bit"])
def test_a_damaged_checkpoint_is_said_and_the_one_before_stands_in(
    stopped: Path, name: str, harm: str
) -> None:
    paths = RunPaths(stopped.parent)
    of_best, last = paths.kept_checkpoints()
    file = paths.checkpoint(last).folder / name
    content = bytearray(file.read_bytes())
    if harm == "gone":
        file.unlink()
    else:
        content[len(content) // 2] ^= 1
        file.write_bytes(content[: len(content) // 2] if harm == "cut" else content)
    recorder = going_on(stopped)
    assert recorder.last.outcome == "finished"
    assert recorder.of(Resumed) == [Resumed(of_best, 2)]
    (sentence,) = [one for one in said(recorder) if "cannot be used" in one]
    assert sentence.startswith(f"The checkpoint of step {last} cannot be used: it ")
    assert list(curve(recorder)) == [3, 4]


def test_a_whole_file_of_another_moment_is_not_taken(stopped: Path) -> None:
    paths = RunPaths(stopped.parent)
    of_best, last = map(paths.checkpoint, paths.kept_checkpoints())
    shutil.copyfile(of_best.network, last.network)
    # What a process that was killed left of one that it was writing.
    (stopped.parent / ".checkpoint-99.partial").mkdir()
    recorder = going_on(stopped)
    (sentence,) = [one for one in said(recorder) if "cannot be used" in one]
    assert sentence.endswith("cannot be used: it is not the file that was kept.")
    assert recorder.of(Resumed)[0].epoch == 2 and recorder.last.outcome == "finished"
    assert not list(stopped.parent.glob("*checkpoint-*"))


def test_where_no_checkpoint_is_whole_that_is_said_and_the_weights_stay(stopped: Path) -> None:
    paths = RunPaths(stopped.parent)
    for step in paths.kept_checkpoints():
        paths.checkpoint(step).network.write_bytes(b"")
    recorder = going_on(stopped)
    assert isinstance(recorder.last, Failed)
    assert "cannot be used: it is" in recorder.last.sentence
    assert recorder.last.hint == "Its weights are kept: train anew, starting from 'run-001'."
    assert not recorder.of(Resumed) and paths.kept_epochs() == [2]


def test_a_checkpoint_of_another_plan_is_not_taken(stopped: Path) -> None:
    recorder = going_on(stopped, plan=replace(PLAN, rate=0.5))
    assert isinstance(recorder.last, Failed) and "is of another plan" in recorder.last.sentence
    assert len(RunPaths(stopped.parent).kept_checkpoints()) == 2


def test_a_halt_that_says_what_cannot_be_is_damaged_whatever_its_sum(stopped: Path) -> None:
    paths = RunPaths(stopped.parent)
    file = paths.checkpoint(paths.kept_checkpoints()[-1]).halt
    whole = json.loads(file.read_text())
    for change in ({"epoch": "3"}, {"drawn": -1}, {"segments": [[1]]}, {"rate": None}):
        fields = whole["halt"] | change
        known = {"version": halts.VERSION, "sha256": halts._sum_of(fields), "halt": fields}
        file.write_text(json.dumps(known))
        with pytest.raises(halts.BadHalt, match="is damaged"):
            halts.read(file)
    plan = {name: value for name, value in whole["halt"]["plan"].items() if name != "rate"}
    fields = whole["halt"] | {"plan": plan}
    file.write_text(
        json.dumps({"version": halts.VERSION, "sha256": halts._sum_of(fields), "halt": fields})
    )
    with pytest.raises(halts.BadHalt, match="another version of segdesk"):
        halts.read(file)
    for text in ("", "[]", "{}", "[" * 100_000, json.dumps(whole | {"halt": {}})):
        file.write_text(text)
        with pytest.raises(halts.BadHalt):
            halts.read(file)


def test_best_weights_that_are_gone_cost_themselves_alone(stopped: Path) -> None:
    paths = RunPaths(stopped.parent)
    paths.weights(2).unlink()
    recorder = going_on(stopped)
    assert recorder.last.outcome == "finished" and recorder.last.best == 4
    assert "The run has no weights. The next epoch counts as the best so far." in said(recorder)


def test_with_other_labels_the_best_weights_are_measured_anew(
    stopped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(stopped)
    other = tmp_path / "other"
    other.mkdir()
    made = write_bundle(other, lessons(seed=40), plan=PLAN)
    bundle = bundles.read(made)
    shutil.move(made, stopped)
    rows = tuple(replace(row, digest="other") for row in bundle.lessons)
    figures = iter([0.3, 0.4])
    monkeypatch.setattr(Validation, "measure", lambda *_: figures_of(next(figures)))
    recorder = going_on(stopped, lessons=rows)
    assert recorder.of(Resumed)[0].epoch == 3
    assert (recorder.last.outcome, recorder.last.best) == ("finished", 4)
    # What was measured on the slices of before, .9, would have stayed the best.
    assert [row.dice for row in recorder.of(Judged)] == [0.4]


def test_proposals_and_threads_change_nothing_that_is_learnt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = train(written(tmp_path / "plain", PLAN))
    monkeypatch.setattr(proposing, "FIRST_S", 0.0)
    monkeypatch.setattr(proposing, "TIMES_THE_COST", 0.0)
    monkeypatch.setattr(feed, "FEWEST_THREADS", 1)
    monkeypatch.setattr(feed, "MOST_THREADS", 1)
    shown = train(written(tmp_path / "shown", PLAN, preview=("case-001", 2)))
    assert len(shown.of(Proposed)) > 5 and not plain.of(Proposed)
    assert curve(shown) == curve(plain)
