"""Going on with a run: which labels teach it, what its record says, and what a refusal leaves."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from segdesk.app import opening
from segdesk.app.labelling.reviewing import say_right
from segdesk.app.project import saving
from segdesk.app.project.removing import take_out
from segdesk.app.project.workbench import Workbench
from segdesk.app.runs import bundling, cut_off, predicting, resuming, running, teaching, training
from segdesk.app.runs.record import LET_GO
from segdesk.app.runs.resuming import WITH_ITS_OWN, WITH_THOSE_OF_NOW
from segdesk.app.runs.running import TrainerSession
from segdesk.core.run import Run, plan_for
from segdesk.core.split import Fold
from segdesk.errors import Cancelled, TrainingError, UsageError
from segdesk.jobs import bundle as bundles
from segdesk.jobs import halt as halts
from segdesk.jobs import kept_bundle, messages
from segdesk.jobs.messages import Message, Note
from segdesk.jobs.run_paths import RunPaths
from tests.app.runs.test_running import run_through, taught
from tests.jobs.test_halt import HALT
from tests.projects import add_case, begin_brush, make_project

__all__ = ["taught"]
RUN = "run-001"
#: It is stopped after its third epoch, goes on after it, and says what it was given.
CHILD = """
    import hashlib, json, os, sys
    from pathlib import Path
    from segdesk.jobs.child import open_channel
    channel = open_channel()
    import numpy as np
    from segdesk.core.run import Epoch
    from segdesk.jobs import bundle as bundles
    from segdesk.jobs.messages import *
    from segdesk.jobs.run_paths import RunPaths
    bundle = bundles.read(Path(sys.argv[1]))
    paths = RunPaths(Path(bundle.run_folder))
    channel.send(Hello(PROTOCOL, os.getpid(), ()))
    if not bundle.train:
        channel.send(Finished("finished", "Predicted.", 0, 0.0))
        sys.exit(0)
    if FAILS:
        channel.send(Failed("The checkpoint cannot be used.", "Train anew."))
        sys.exit(0)
    channel.send(Started("CPU", "no GPU", 10, (24, 32), (2.0, 1.0), 1, 0, (32, 32)))
    def keep(epoch):
        np.savez(paths.weights(epoch), np.full(3, epoch, np.float32))
        digest = hashlib.sha256(paths.weights(epoch).read_bytes()).hexdigest()
        channel.send(Checkpoint(epoch, paths.weights(epoch).name, digest))
    if bundle.resumes:
        lessons = [(row.case, row.pool, row.digest, list(row.slices)) for row in bundle.lessons]
        channel.send(Note(json.dumps([lessons, list(bundle.predict), bundle.rival is not None])))
        channel.send(Resumed(20, 2))
        keep(2)
        channel.send(EpochDone(Epoch(3, 3.5, 0.4, 0.8, 0.001, steps=30)))
        channel.send(EpochDone(Epoch(4, 4.5, 0.3, 0.8, 0.001, steps=40)))
        keep(4)
        channel.send(Judged("", 1, 0.5))
        paths.drop_checkpoints()
        channel.send(Finished("finished", "All done.", 4, 4.5))
        sys.exit(0)
    for number in (1, 2, 3):
        channel.send(EpochDone(Epoch(number, 1.0 * number, 0.7, 0.8, 0.001, steps=10 * number)))
    keep(3)
    paths.checkpoint(20).folder.mkdir()
    channel.send(Note("Said before."))
    if DIES:
        os.abort()
    channel.send(Finished("stopped", "Stopped.", 3, 3.0))
"""


def child(folder: Path, *, fails: bool = False, dies: bool = False) -> list[str]:
    script = folder / "child.py"
    text = textwrap.dedent(CHILD).replace("FAILS", str(fails)).replace("DIES", str(dies))
    script.write_text(text, encoding="utf-8")
    return [sys.executable, str(script)]


def begin(workbench: Workbench, folder: Path, **how: bool) -> Run:
    frozen = training.freeze(workbench, plan_for(epochs=9))
    session = training.training_session(frozen, command=child(folder, **how))
    run_through(workbench, session)
    return workbench.project.run(RUN)


def go_on(workbench: Workbench, folder: Path, **fields: Any) -> tuple[str, list[Message]]:
    begun = resuming.resume(workbench, RUN, command=child(folder), **fields)
    assert workbench.project.run(RUN).outcome == "running"
    return begun.said, run_through(workbench, begun.session)


def given(heard: list[Message]) -> Any:
    """What the bundle of the run that went on had: lessons, cases to predict, whether a rival."""
    return json.loads(next(one.sentence for one in heard if isinstance(one, Note)))


def losses(run: Run) -> dict[int, float]:
    assert len({row.number for row in run.epochs}) == len(run.epochs)
    return {row.number: row.loss for row in run.epochs}


def paths_of(workbench: Workbench) -> RunPaths:
    return RunPaths(workbench.folder.path / "runs" / RUN)


@pytest.mark.parametrize("dies", [False, True], ids=["stopped", "killed"])
def test_a_run_goes_on_with_the_labels_that_it_began_with(
    taught: Workbench, tmp_path: Path, dies: bool
) -> None:
    before = begin(taught, tmp_path, dies=dies)
    assert before.outcome == ("crashed" if dies else "stopped")
    # What was corrected since, and one more slice.
    begin_brush(taught, "case-001", 1, (16.0, 20.0), value=1, radius_mm=4.0).release()
    say_right(taught, "case-001", 2)
    said, heard = go_on(taught, tmp_path, predict=["case-001"])
    assert said == WITH_ITS_OWN
    lessons, predict, has_rival = given(heard)
    assert [(case, digest) for case, _, digest, _ in lessons] == [*map(tuple, before.labels_seen)]
    assert (predict, has_rival) == (["case-001"], False)
    run = taught.project.run(RUN)
    assert (run.outcome, run.best, run.resumed) == ("finished", 4, (20,))
    # The third epoch was done anew.
    assert [(row.number, row.loss) for row in run.epochs] == [
        (1, 0.7),
        (2, 0.7),
        (3, 0.4),
        (4, 0.3),
    ]
    assert [row.steps for row in run.epochs] == [10, 20, 30, 40]
    assert run.shares == before.shares and run.labels_seen == before.labels_seen
    assert "Said before." in run.notes and len(taught.project.runs) == 1
    assert not paths_of(taught).kept_bundle.exists() and not paths_of(taught).bundle.exists()
    path = taught.folder.path
    saving.save(taught)
    taught.close()
    again = Workbench.open(path)
    assert again.project.run(RUN) == run
    again.close()


def test_a_prediction_of_the_run_takes_nothing_of_what_it_goes_on_from(
    taught: Workbench, tmp_path: Path
) -> None:
    run = begin(taught, tmp_path)
    session = predicting.prediction_session(taught, run, ["case-001"], command=child(tmp_path))
    run_through(taught, session)
    assert not paths_of(taught).bundle.exists()
    said, _ = go_on(taught, tmp_path)
    assert said == WITH_ITS_OWN


@pytest.mark.parametrize("what", ["gone", "damaged"])
def test_where_its_labels_are_gone_those_of_now_teach_which_is_said(
    taught: Workbench, tmp_path: Path, what: str
) -> None:
    before = begin(taught, tmp_path)
    kept = paths_of(taught).kept_bundle
    if what == "gone":
        paths_of(taught).clear_kept_bundle()
    else:
        (kept / "manifest.json").write_bytes(b"{")
        begun = resuming.resume(taught, RUN, command=child(tmp_path))
        worked = begun.session.work(lambda _: None)
        assert worked.error is not None
        assert str(worked.error.sentence) == "What 'run-001' learnt from is damaged."
        assert "once more" in worked.error.hint
        assert running.finish(taught, begun.session.job, worked).epochs == before.epochs
    say_right(taught, "case-001", 2)
    said, heard = go_on(taught, tmp_path)
    assert said == WITH_THOSE_OF_NOW
    slices = [index for *_, indices in given(heard)[0] for index in indices]
    assert sorted(slices) == [1, 2, 3]
    run = taught.project.run(RUN)
    assert WITH_THOSE_OF_NOW in run.notes and "Said before." in run.notes
    assert (run.outcome, run.resumed, run.best) == ("finished", (20,), 4)
    assert run.labels_seen != before.labels_seen
    assert sum(share.teach + share.validate for share in run.shares) == 3


def test_one_that_could_not_go_on_is_as_it_was(taught: Workbench, tmp_path: Path) -> None:
    before = begin(taught, tmp_path)
    begun = resuming.resume(taught, RUN, command=child(tmp_path, fails=True))
    worked = begun.session.work(lambda message: running.take(taught, begun.session.job, message))
    run = running.finish(taught, begun.session.job, worked)
    assert run == replace(before, notes=(*before.notes, "The checkpoint cannot be used."))
    assert paths_of(taught).kept_checkpoints() == [20]
    said, _ = go_on(taught, tmp_path)
    assert said == WITH_ITS_OWN


def test_what_cannot_go_on_says_why_and_what_to_do(taught: Workbench, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        resuming.resume(taught, "run-009")
    run = begin(taught, tmp_path)
    paths_of(taught).drop_checkpoints()
    with pytest.raises(TrainingError) as caught:
        resuming.resume(taught, RUN)
    assert caught.value.sentence == "There is no checkpoint of 'run-001' to go on from."
    assert caught.value.hint == "Train anew, starting from 'run-001'."
    for outcome, words in (("finished", "has finished"), ("running", "is being trained")):
        taught.follow_run(replace(run, outcome=outcome))
        with pytest.raises(TrainingError, match=words):
            resuming.resume(taught, RUN)
    assert taught.project.run(RUN).epochs == run.epochs


def test_one_that_learns_other_segments_is_refused_where_labels_of_now_would_teach(
    taught: Workbench, tmp_path: Path
) -> None:
    run = begin(taught, tmp_path)
    paths_of(taught).clear_kept_bundle()
    taught.follow_run(replace(run, segments=((7, "other"),)))
    with pytest.raises(TrainingError, match="learns other segments than teach now"):
        resuming.resume(taught, RUN)
    assert taught.project.run(RUN).outcome == "stopped"


def test_one_that_was_cut_off_with_the_program_twice_has_its_whole_curve(
    taught: Workbench, tmp_path: Path
) -> None:
    frozen = training.freeze(taught, plan_for(epochs=9))
    taught.folder.write_index()
    path = taught.folder.path
    _work_alone(training.training_session(frozen, command=child(tmp_path, dies=True)), path)
    taught.close()
    workbench, ids = opening.open_project(path)
    assert ids == (RUN,) and paths_of(workbench).kept_bundle.is_dir()
    assert [row.number for row in workbench.project.run(RUN).epochs] == [1, 2, 3]
    begun = resuming.resume(workbench, RUN, command=child(tmp_path))
    workbench.folder.write_index()
    _work_alone(begun.session, path)
    workbench.close()
    workbench, ids = opening.open_project(path)
    run = workbench.project.run(RUN)
    assert (ids, run.outcome, run.resumed, run.best) == ((RUN,), "crashed", (20,), 4)
    assert [(row.number, row.loss) for row in run.epochs] == [
        (1, 0.7),
        (2, 0.7),
        (3, 0.4),
        (4, 0.3),
    ]
    assert list(run.notes).count("Said before.") == 1
    workbench.close()


def _work_alone(session: TrainerSession, path: Path) -> None:
    """Let the child work to its end while the program does not hear of it, and put nothing away."""
    session._put_away = lambda paths: ()
    heard: list[Message] = []
    session.work(heard.append)
    assert any(isinstance(one, messages.EpochDone) for one in heard), path


def test_weights_of_an_epoch_that_was_done_anew_are_not_those_of_the_run(
    taught: Workbench, tmp_path: Path
) -> None:
    """It goes on after epoch 2, beside weights of epoch 3, and everything dies at once."""
    begin(taught, tmp_path)
    assert paths_of(taught).weights(3).is_file()
    command = child(tmp_path)
    script = Path(command[1])
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace("    keep(2)\n", "    keep(2)\n    os.abort()\n", 1), "utf-8")
    begun = resuming.resume(taught, RUN, command=command)
    begun.session.work(lambda message: running.take(taught, begun.session.job, message))
    path = taught.folder.path
    taught.folder.close()
    again = Workbench.open(path)
    cut_off.recover(again)
    run = again.project.run(RUN)
    assert run.best == 2 and run.best_epoch is not None
    assert [row.number for row in run.epochs] == [1, 2]
    again.close()


def test_a_bundle_that_was_cut_off_while_it_was_written_is_not_kept(
    taught: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(taught, tmp_path)
    paths = paths_of(taught)
    shutil.rmtree(paths.kept_bundle)

    def cancelled(*_: object) -> None:
        raise Cancelled("Stopped before it began.")

    with monkeypatch.context() as stopped:
        stopped.setattr(bundling, "_lesson", cancelled)
        begun = resuming.resume(taught, RUN, command=child(tmp_path))
        run_through(taught, begun.session)
    assert not paths.kept_bundle.exists() and not paths.bundle.exists()
    said, _ = go_on(taught, tmp_path)
    assert said == WITH_THOSE_OF_NOW
    assert taught.project.run(RUN).outcome == "finished"


def test_a_run_does_not_go_on_with_values_of_another_kind(
    taught: Workbench, tmp_path: Path
) -> None:
    before = begin(taught, tmp_path)
    shutil.rmtree(paths_of(taught).kept_bundle)
    add_case(taught, id="raw-1", unit="raw", pool="train")
    saving.save(taught)
    take_out(taught, "case-001")
    taught.folder.write_index()
    for index in (1, 3):
        begin_brush(taught, "raw-1", index, (10.0, 14.0), value=1, radius_mm=4.0).release()
        say_right(taught, "raw-1", index)
    with pytest.raises(TrainingError, match="cannot teach one network"):
        resuming.resume(taught, RUN, command=child(tmp_path))
    assert taught.project.run(RUN) == before


@pytest.mark.parametrize("name", [bundles.MANIFEST, bundles.TARGETS, kept_bundle.SUMS])
def test_one_changed_bit_of_what_it_learnt_from_is_seen_and_the_labels_of_now_stand_in(
    taught: Workbench, tmp_path: Path, name: str
) -> None:
    """Another number of a slice is as good JSON as the right one; the next try is not in vain."""
    before = begin(taught, tmp_path)
    path = paths_of(taught).kept_bundle / name
    content = path.read_bytes()
    is_manifest = name == bundles.MANIFEST
    at = content.index(b'"slices":[') + len(b'"slices":[') if is_manifest else 7
    path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    begun = resuming.resume(taught, RUN, command=child(tmp_path))
    heard = run_through(taught, begun.session)
    assert not any(isinstance(message, messages.Resumed) for message in heard)
    after = taught.project.run(RUN)
    assert (after.outcome, after.best, after.epochs) == (before.outcome, 3, before.epochs)
    assert "is damaged" in str(after.notes[-1])
    said, _ = go_on(taught, tmp_path)
    assert said == WITH_THOSE_OF_NOW
    assert taught.project.run(RUN).outcome == "finished"


def test_a_fold_validates_again_where_labels_of_now_teach(tmp_path: Path) -> None:
    """Nobody has to remember it: else what validated would teach."""
    workbench = make_project(tmp_path)
    for id in ("", *(f"case-00{n}" for n in (2, 3, 4))):
        case = add_case(workbench, id=id).id if id else "case-001"
        begin_brush(workbench, case, 1, (10.0, 14.0), value=1, radius_mm=4.0).release()
        say_right(workbench, case, 1)
    usual = validating(teaching.curriculum(workbench))
    fold = next(
        one
        for one in (Fold(number, 4) for number in range(1, 5))
        if validating(teaching.curriculum(workbench, one)) != usual
    )
    frozen = training.freeze(workbench, plan_for(epochs=9), fold=fold)
    run_through(workbench, training.training_session(frozen, command=child(tmp_path)))
    paths = paths_of(workbench)
    halts.write(paths.checkpoint(20).halt, replace(HALT, fold=tuple(fold)))
    shares = workbench.project.run(RUN).shares
    paths.clear_kept_bundle()
    said, _ = go_on(workbench, tmp_path)
    assert said == WITH_THOSE_OF_NOW
    assert workbench.project.run(RUN).shares == shares
    workbench.close()


def validating(chosen: teaching.Curriculum) -> set[str]:
    return {row.case for row in chosen.choices if row.pool == "validation"}


def test_a_run_whose_own_labels_made_room_for_later_ones_says_so(
    taught: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_bundle, "MOST", 1)
    begin(taught, tmp_path)
    frozen = training.freeze(taught, plan_for(epochs=9))
    run_through(taught, training.training_session(frozen, command=child(tmp_path)))
    assert not paths_of(taught).kept_bundle.exists()
    first, second = taught.project.runs
    assert LET_GO in first.notes and LET_GO not in second.notes
    said, _ = go_on(taught, tmp_path)
    assert said == WITH_THOSE_OF_NOW
